"""An entry is pushed to a stand-in of the Hugging Face Hub, and loaded from there."""

import json
import shutil

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.zoo.cards import without_metadata
from tests.entry_files import TEXTS, edit_config, small_classifier

yaml = pytest.importorskip("yaml", reason="the extra hub is not installed")
httpx2 = pytest.importorskip("httpx2", reason="the extra hub is not installed")
NAME = "hf://team/reviews"


@pytest.fixture
def entry(tmp_path):
    metrics = {"dataset": "trec", "metric": "accuracy", "test_score": 75.5}
    return zoo.save(small_classifier(), tmp_path / "reviews", metrics, weights_licence="Apache-2.0")


def test_a_pushed_entry_answers_with_the_same_bits_and_passes_its_check(hub, entry):
    pushed = zoo.push(entry, NAME)
    assert pushed == ("hf://team/reviews@v1", hub.repositories["team/reviews"].branches["main"])
    expected = zoo.load(entry).predict(TEXTS)
    for name in (NAME, pushed.address):
        assert zoo.load(name).predict(TEXTS) == expected
    assert zoo.check(pushed.address) == {**zoo.check(entry), "largest_difference": 0.0}


def test_only_the_files_of_the_entry_are_pushed_and_the_user_is_told(hub, entry):
    (entry / "secrets.env").write_text("PASSWORD=1")
    lines = []
    zoo.push(entry, NAME, report=lines.append)
    repository = hub.repositories["team/reviews"]
    files = repository.commits[repository.branches["main"]]
    assert set(files) == {"config.json", *zoo.read_config(entry)["sha256"]}
    text = "\n".join(lines)
    assert "Private repository hf://team/reviews: 0.0 MB" in text
    for name, content in files.items():
        assert f"  {name}  {len(content):,} bytes" in text
    assert "Not pushed, because the entry does not name them: secrets.env" in text


def test_a_new_repository_is_private_unless_it_is_meant_to_be_public(hub, entry):
    zoo.push(entry, NAME)
    zoo.push(entry, "hf://team/open", public=True)
    assert [hub.repositories[name].private for name in ("team/reviews", "team/open")] == [True, False]
    commits = len(hub.repositories["team/open"].commits)
    with pytest.raises(InputError, match="hf://team/open is public: everyone could read the entry. Add --public"):
        zoo.push(entry, "hf://team/open", version=2)
    assert len(hub.repositories["team/open"].commits) == commits
    with pytest.raises(InputError, match="hf://team/reviews is private, and push does not change that"):
        zoo.push(entry, NAME, public=True)


def test_the_card_has_the_metadata_of_the_hub_and_the_address(hub, entry):
    zoo.push(entry, NAME)
    repository = hub.repositories["team/reviews"]
    card = repository.commits[repository.branches["main"]]["README.md"].decode()
    _, metadata, text = card.split("---\n", 2)
    found = yaml.safe_load(metadata)
    results = found.pop("model-index")[0]["results"]
    assert found == {
        "language": ["en"],
        "license": "apache-2.0",
        "library_name": "kerasnlp_zoo",
        "tags": ["kerasnlp_zoo", "keras", "text_cnn", "text_classification"],
        "pipeline_tag": "text-classification",
        "datasets": ["trec"],
        "metrics": ["accuracy"],
    }
    assert results[0]["metrics"] == [{"type": "accuracy", "value": 75.5, "name": "test accuracy"}]
    assert 'zoo.load("hf://team/reviews@v1")' in text
    assert without_metadata(card).startswith("# reviews\n")


def test_a_version_that_was_pushed_does_not_change(hub, entry):
    first = zoo.push(entry, NAME)
    lines = []
    assert zoo.push(entry, NAME, report=lines.append) == first
    assert "has these files already" in lines[0]
    edit_config(entry, seed=2)
    with pytest.raises(InputError, match="@v1 was pushed before with other files.*--version 2"):
        zoo.push(entry, NAME)
    second = zoo.push(entry, NAME, version=2)
    assert second.address == "hf://team/reviews@v2"
    assert [zoo.read_config(f"{NAME}@{tag}")["version"] for tag in ("v1", "v2")] == [1, 2]
    assert hub.repositories["team/reviews"].tags == {"v1": first.commit, "v2": second.commit}
    assert zoo.exact_name(NAME) == f"{NAME}@{second.commit}"


def test_a_push_that_was_interrupted_before_the_tag_is_finished_by_the_next(hub, entry, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("huggingface_hub.HfApi.create_tag", interrupted)
        with pytest.raises(KeyboardInterrupt):
            zoo.push(entry, NAME)
    pushed = zoo.push(entry, NAME)
    assert hub.repositories["team/reviews"].tags == {"v1": pushed.commit}


def test_an_entry_that_does_not_pass_its_check_is_not_pushed(hub, entry):
    golden = json.loads((entry / "golden.json").read_text("utf-8"))
    golden[0]["answer"]["probability"] /= 2
    (entry / "golden.json").write_text(json.dumps(golden), "utf-8")
    with pytest.raises(InputError, match="golden.json was changed or damaged"):
        zoo.push(entry, NAME)
    edit_config(entry)
    with pytest.raises(InputError, match="has changed. Expected the answer when it was saved"):
        zoo.push(entry, NAME)
    assert hub.requests == []


def test_an_entry_that_needs_a_local_entry_is_not_pushed(hub, entry, tmp_path):
    base = shutil.copytree(entry, tmp_path / "base")
    edit_config(entry, base={"name": str(base), "sha256": "0" * 64})
    with pytest.raises(InputError, match=r"reviews needs the entry .*base, which others do not have"):
        zoo.push(entry, NAME)
    assert hub.requests == []


def test_a_wrong_call_of_push_is_refused_without_a_request(hub, entry):
    with pytest.raises(InputError, match="its address has no revision. Received: hf://team/reviews@v1"):
        zoo.push(entry, f"{NAME}@v1")
    with pytest.raises(InputError, match="version must be an integer of at least 1"):
        zoo.push(entry, NAME, version=0)
    with pytest.raises(InputError, match="is no address"):
        zoo.push(entry, "team/reviews")
    assert hub.requests == []


def test_missing_rights_are_explained(hub, entry, monkeypatch):
    hub.writers = set()
    with pytest.raises(InputError, match="You may not write hf://team/reviews. Ask its organisation"):
        zoo.push(entry, NAME)
    hub.add("team/reviews", private=True)
    with pytest.raises(InputError, match="You may not write hf://team/reviews"):
        zoo.push(entry, NAME)
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_stranger")
    with pytest.raises(InputError, match="does not know you, so you may not read hf://team/reviews. Log in with"):
        zoo.push(entry, NAME)


def test_no_network_is_explained_and_the_next_push_succeeds(hub, entry, monkeypatch):
    def broken(*arguments, **options):
        raise httpx2.ConnectError("no route to host")

    for function in ("repo_info", "create_repo", "create_commit", "create_tag"):
        with monkeypatch.context() as patch:
            patch.setattr(f"huggingface_hub.HfApi.{function}", broken)
            with pytest.raises(InputError, match="Hub cannot be reached.*Repeat the command.*ConnectError: no route"):
                zoo.push(entry, NAME)
    assert zoo.push(entry, NAME).commit == hub.repositories["team/reviews"].branches["main"]


def test_an_entry_of_the_hub_is_pushed_to_another_repository(hub, entry):
    zoo.push(entry, NAME)
    zoo.push(NAME, "hf://others/copy")
    assert zoo.check("hf://others/copy")["largest_difference"] == 0.0
    first, second = (zoo.read_config(name) for name in (NAME, "hf://others/copy"))
    assert {**first, "sha256": 0, "config_sha256": 0} == {**second, "sha256": 0, "config_sha256": 0}
