"""Entries and BERT folders are loaded from a stand-in of the Hugging Face Hub, and errors say what to do."""

import errno
import os
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.convert import write_huggingface
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.zoo.hub import fetch, forget
from tests.entry_files import TEXTS, small_classifier
from tests.small_tasks import fill_mask, sentence_similarity

file_download = pytest.importorskip("huggingface_hub.file_download", reason="the extra hub is not installed")
httpx2 = pytest.importorskip("httpx2")
NAME = "hf://team/reviews"


@pytest.fixture
def entry(tmp_path):
    return zoo.save(small_classifier(), tmp_path / "reviews")


def test_an_entry_of_the_hub_answers_as_the_entry_in_its_folder(hub, entry):
    commit = hub.add("team/reviews", entry).branches["main"]
    task = zoo.load(NAME)
    assert task.predict(TEXTS) == zoo.load(entry).predict(TEXTS)
    assert task.entry == f"hf://team/reviews@{commit}"
    assert zoo.check(NAME)["answers"] > 0
    assert zoo.read_config(NAME) == zoo.read_config(entry)


def test_only_the_files_that_the_entry_names_are_downloaded(hub, entry):
    for name in ("notes.txt", "pytorch_model.bin", "handler.py"):
        (entry / name).write_text("not of the entry")
    hub.add("team/reviews", entry)
    downloaded = {path.name for path in fetch(NAME).iterdir()}
    assert downloaded == {"config.json", *zoo.read_config(entry)["sha256"]}


def test_a_revision_is_a_branch_a_tag_or_a_commit(hub, entry, tmp_path):
    repository = hub.add("team/reviews", entry)
    first = repository.tags["v1"] = repository.branches["main"]
    second_entry = zoo.save(small_classifier(), tmp_path / "second")
    second = repository.commit({path.name: path.read_bytes() for path in second_entry.iterdir()})
    repository.branches["work/in progress".replace(" ", "_")] = first
    revisions = {"": second, "@main": second, "@v1": first, f"@{first}": first, "@work%2Fin_progress": first}
    assert {revision: fetch(NAME + revision).name for revision in revisions} == revisions


def test_one_process_reads_one_commit_of_a_branch(hub, entry):
    repository = hub.add("team/reviews", entry)
    first = fetch(NAME)
    repository.commit({"README.md": b"other"})
    assert fetch(NAME) == first
    forget()
    assert fetch(NAME) != first


def test_a_cached_revision_is_loaded_without_a_network(hub, entry):
    repository = hub.add("team/reviews", entry)
    repository.tags["v1"] = commit = repository.branches["main"]
    for revision in ("", "@v1", f"@{commit}"):
        zoo.load(NAME + revision)
    forget()
    hub.close()
    for revision in ("", "@v1", f"@{commit}"):
        assert zoo.load(NAME + revision).predict(TEXTS) == zoo.load(entry).predict(TEXTS)


def test_a_cached_revision_is_loaded_although_a_proxy_breaks_connections(hub, entry, monkeypatch):
    hub.add("team/reviews", entry)
    folder = fetch(NAME)
    forget()

    def broken(*arguments, **options):
        raise httpx2.ProxyError("502 Bad Gateway")

    monkeypatch.setattr("huggingface_hub.HfApi.repo_info", broken)
    assert fetch(NAME) == folder
    with pytest.raises(InputError, match="cannot be reached.*ProxyError: 502 Bad Gateway"):
        fetch("hf://team/never_loaded")


def test_only_a_download_draws_a_progress_bar(hub, entry, capsys):
    hub.add("team/reviews", entry)
    fetch(NAME)
    assert "Fetching 6 files" in capsys.readouterr().err
    forget()
    fetch(NAME)
    assert capsys.readouterr().err == ""


def test_a_cached_commit_needs_no_request(hub, entry):
    commit = hub.add("team/reviews", entry).branches["main"]
    fetch(f"{NAME}@{commit}")
    forget()
    hub.requests.clear()
    fetch(f"{NAME}@{commit}")
    assert hub.requests == []


@pytest.mark.parametrize("make", [sentence_similarity, pytest.param(fill_mask, marks=pytest.mark.slow)])
def test_a_bert_folder_of_the_hub_answers_as_the_folder_on_disk(hub, tmp_path, make):
    task = make()
    folder = tmp_path / "theirs"
    write_huggingface(task, folder)
    (folder / "modeling_custom.py").write_text("raise SystemExit")
    (folder / "pytorch_model.bin").write_bytes(b"not read: there are safetensors")
    hub.add("team/bert", folder)
    loaded, local = zoo.load("hf://team/bert"), zoo.load(folder)
    for weight, expected in zip(loaded.model.weights, local.model.weights, strict=True):
        np.testing.assert_array_equal(weight, expected)
    text = "a [MASK] film"
    assert str(loaded.predict([text])) == str(local.predict([text]))
    assert loaded.entry == zoo.exact_name("hf://team/bert")
    names = {path.name for path in fetch("hf://team/bert").rglob("*")}
    assert not names & {"modeling_custom.py", "pytorch_model.bin"}


def test_a_pytorch_file_is_downloaded_only_without_safetensors(hub, tmp_path):
    folder = tmp_path / "theirs"
    write_huggingface(sentence_similarity(), folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")  # which file is chosen, not its content
    hub.add("team/old", folder)
    assert "pytorch_model.bin" in {path.name for path in fetch("hf://team/old").iterdir()}


def test_a_repository_of_something_else_is_refused(hub, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text("{}")
    hub.add("team/other", tmp_path / "other")
    hub.add("team/empty")
    for name in ("hf://team/other", "hf://team/empty"):
        with pytest.raises(InputError, match="contains no entry and no BERT"):
            zoo.load(name)


def test_no_network_is_explained_and_so_is_an_incomplete_cache(hub, entry, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between the attempts of huggingface_hub
    hub.add("team/reviews", entry)
    weights = fetch(NAME) / "model.safetensors"
    weights.unlink()
    forget()
    hub.close()
    for name in (NAME, "hf://team/never_loaded"):
        with pytest.raises(
            InputError, match=f"Hub cannot be reached, and the cache does not contain all files of {name}"
        ):
            zoo.load(name)


def test_offline_mode_is_explained(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="cannot be reached.*HF_HUB_OFFLINE"):
        zoo.load(NAME)
    assert hub.requests == []


def test_a_wrong_name_a_wrong_revision_and_missing_rights_are_explained(hub, entry, monkeypatch):
    hub.add("team/reviews", entry, private=True)
    with pytest.raises(InputError, match="There is no repository hf://team/review, or you may not read it"):
        zoo.load("hf://team/review")
    with pytest.raises(
        InputError, match="hf://team/reviews has no revision 'v7'. Expected a tag, a branch or a commit"
    ):
        zoo.load(f"{NAME}@v7")
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_stranger")
    with pytest.raises(InputError, match="does not know you, so you may not read hf://team/reviews. Log in with"):
        zoo.load(NAME)
    hub.repositories["team/reviews"].private, hub.repositories["team/reviews"].gated = False, True
    with pytest.raises(InputError, match="Ask for access on its page"):
        zoo.load(NAME)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "does not know you"),
        (403, "You may not read hf://team/reviews"),
        (404, "HTTP status 404"),
        (500, "HTTP status 500"),
    ],
)
def test_an_answer_with_an_error_is_explained(hub, status, message):
    hub.status = status
    with pytest.raises(InputError, match=message):
        zoo.load(NAME)


def test_a_file_that_is_cut_off_is_refused_and_downloaded_again(hub, entry):
    hub.add("team/reviews", entry)
    hub.cut = True
    with pytest.raises(InputError, match="did not arrive completely. Repeat the command"):
        zoo.load(NAME)
    hub.cut = False
    assert zoo.load(NAME).predict(TEXTS) == zoo.load(entry).predict(TEXTS)


def test_a_full_disk_is_explained_and_the_download_continues(hub, entry, monkeypatch):
    hub.add("team/reviews", entry)

    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("huggingface_hub.file_download.http_get", full)
        with pytest.raises(InputError, match="The disk is full.*set HF_HOME to a folder on another disk"):
            zoo.load(NAME)
    assert zoo.check(NAME)["answers"] > 0


def test_an_interrupted_download_continues(hub, entry, monkeypatch):
    hub.add("team/reviews", entry)
    download, calls = file_download.http_get, []

    def interrupted(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return download(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr("huggingface_hub.file_download.http_get", interrupted)
        with pytest.raises(KeyboardInterrupt):
            zoo.load(NAME)
    assert zoo.check(NAME)["answers"] > 0


def test_an_answer_of_another_server_is_explained(hub, monkeypatch):
    page = SimpleNamespace(sha=None)
    monkeypatch.setattr("huggingface_hub.HfApi.repo_info", lambda *arguments, **options: page)
    with pytest.raises(InputError, match="not the answer of a Hugging Face Hub"):
        zoo.load(NAME)


def test_an_entry_that_was_changed_on_the_hub_is_refused(hub, entry):
    data = bytearray((entry / "vocabulary.txt").read_bytes())
    data[-2] ^= 1
    (entry / "vocabulary.txt").write_bytes(data)
    hub.add("team/reviews", entry)
    with pytest.raises(InputError, match="changed or damaged"):
        zoo.load(NAME)


def test_a_name_in_a_config_cannot_lead_out_of_the_folder(hub, entry):
    from tests.entry_files import edit_config

    edit_config(entry)
    shutil.copytree(entry, entry.with_name("evil"))
    text = (entry / "config.json").read_text("utf-8").replace('"golden.json"', '"../../golden.json"')
    (entry.with_name("evil") / "config.json").write_text(text, "utf-8")
    hub.add("team/evil", entry.with_name("evil"))
    with pytest.raises(InputError, match="sha256 must be an object with the sha256 of files in the entry's folder"):
        zoo.load("hf://team/evil")
    assert not any("golden" in path for path in hub.paths("GET"))
