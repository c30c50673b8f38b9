"""A lock file names the files of entries by their sha256, and loading refuses every difference."""

import json
import os
import shutil

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import sha256
from kerasnlp_zoo.zoo.configs import write_entry_config
from tests.entry_files import TEXTS, edit_config, small_classifier

PACKAGED = "text_cnn_trec_en"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return zoo.save(small_classifier(), tmp_path_factory.mktemp("saved") / "reviews")


@pytest.fixture
def entry(saved, tmp_path, monkeypatch):
    monkeypatch.delenv("KERASNLP_ZOO_LOCK", raising=False)
    return shutil.copytree(saved, tmp_path / "reviews")


@pytest.fixture
def lock(entry, tmp_path):
    return zoo.pin(entry, PACKAGED, lock=tmp_path / "zoo.lock.json")


def test_a_lock_file_has_the_sha256_of_every_file_in_a_fixed_order(entry, lock, tmp_path):
    content = json.loads(lock.read_text("utf-8"))
    expected = {path.name: sha256(path) for path in sorted(entry.iterdir())}
    assert content["entries"]["reviews"] == {"sha256": expected}
    assert list(content["entries"]) == ["reviews", PACKAGED]
    other = zoo.pin(PACKAGED, lock=tmp_path / "other.json")
    assert zoo.pin(entry, lock=other).read_bytes() == lock.read_bytes()


def test_pinned_entries_load_by_the_argument_and_by_the_variable(entry, lock, monkeypatch):
    expected = zoo.load(entry).predict(TEXTS)
    assert zoo.load(entry, lock=lock).predict(TEXTS) == expected
    monkeypatch.setenv("KERASNLP_ZOO_LOCK", f" {lock} ")
    assert zoo.load(entry).predict(TEXTS) == expected
    assert zoo.check(entry)["answers"] > 0
    monkeypatch.chdir(entry.parent)
    assert zoo.load("./reviews").predict(TEXTS) == zoo.load("reviews").predict(TEXTS) == expected


def changed(entry):
    edit_config(entry, seed=2)
    return "config.json was changed"


def changed_with_new_hashes(entry):
    (entry / "vocabulary.txt").write_text(
        (entry / "vocabulary.txt").read_text("utf-8").replace("film", "book"), "utf-8"
    )
    write_entry_config(entry, json.loads((entry / "config.json").read_text("utf-8")))
    return "config.json was changed, vocabulary.txt was changed"


def added(entry):
    (entry / "notes.txt").write_text("new")
    return "notes.txt was added"


def added_in_a_folder(entry):
    (entry / "more").mkdir()
    (entry / "more" / "notes.txt").write_text("new")
    return "more/notes.txt was added"


def removed(entry):
    (entry / "README.md").unlink()
    return "README.md is missing"


def linked(entry):
    shutil.move(entry / "model.safetensors", entry.parent / "elsewhere")
    (entry / "model.safetensors").symlink_to(entry.parent / "elsewhere")
    return "model.safetensors is no regular file, such as a link"


def linked_folder(entry):
    (entry / "more").symlink_to(entry.parent)
    return "more is no regular file, such as a link"


def piped(entry):
    os.mkfifo(entry / "pipe")
    return "pipe is no regular file, such as a link"


CHANGES = [changed, changed_with_new_hashes, added, added_in_a_folder, removed, linked, linked_folder, piped]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_every_change_of_a_pinned_entry_is_refused(entry, lock, monkeypatch, change):
    what = change(entry)
    message = f"{entry} differs from the lock file {lock}: {what}. .*: kerasnlp-zoo pin {entry} --lock {lock}"
    with pytest.raises(InputError, match=message):
        zoo.load(entry, lock=lock)
    monkeypatch.setenv("KERASNLP_ZOO_LOCK", str(lock))
    for use in (zoo.load, zoo.check):
        with pytest.raises(InputError, match=message):
            use(entry)


def test_an_entry_that_was_changed_on_purpose_is_pinned_again(entry, lock):
    edit_config(entry, seed=2)
    zoo.pin(entry, lock=lock)
    assert zoo.load(entry, lock=lock).predict(TEXTS) == zoo.load(entry).predict(TEXTS)


def test_an_entry_that_is_not_pinned_is_refused(entry, lock):
    with pytest.raises(
        InputError, match="does not contain the entry 'text_cnn_imdb_en'. It contains: reviews, text_cnn"
    ):
        zoo.load("text_cnn_imdb_en", lock=lock)


def test_a_lock_file_moves_with_the_folders_below_it(entry, lock, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    for path in (entry, lock):
        shutil.move(path, project)
    assert zoo.load(project / "reviews", lock=project / lock.name).predict(TEXTS)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format_version": 2, "entries": {}}', '{"format_version": 1, "entries": []}']
    + [f'{{"format_version": 1, "entries": {{"a": {record}}}}}' for record in ("{}", '{"sha256": {"x": "1"}}')],
)
def test_a_damaged_lock_file_is_refused(entry, tmp_path, content):
    lock = tmp_path / "damaged.json"
    lock.write_text(content)
    for use in (zoo.load, zoo.pin):
        with pytest.raises(InputError, match="kerasnlp-zoo pin ENTRY... --lock"):
            use(entry, lock=lock)
    assert lock.read_text() == content


def test_a_missing_lock_file_is_no_permission_to_load(entry, tmp_path, monkeypatch):
    monkeypatch.setenv("KERASNLP_ZOO_LOCK", str(tmp_path / "missing.json"))
    with pytest.raises(InputError, match="missing.json does not contain a lock file. Write it with"):
        zoo.load(entry)
    with pytest.raises(InputError, match="does not contain a lock file"):
        zoo.load(entry, lock="")


def test_what_changed_after_it_was_saved_or_has_links_is_not_pinned(entry, tmp_path):
    lock = tmp_path / "new.json"
    linked(entry)
    with pytest.raises(InputError, match="contains links .*: model.safetensors. Copy the files themselves"):
        zoo.pin(entry, lock=lock)
    (entry / "model.safetensors").unlink()
    with pytest.raises(InputError, match="is incomplete: model.safetensors is missing"):
        zoo.pin(entry, lock=lock)
    with pytest.raises(InputError, match="pin needs the name of at least one entry"):
        zoo.pin(lock=lock)
    assert not lock.exists()


def test_the_entries_that_an_entry_needs_are_pinned_too(tmp_path, monkeypatch):
    lock = zoo.pin("bilstm_crf_pos_zh", lock=tmp_path / "zoo.lock.json")
    content = json.loads(lock.read_text("utf-8"))
    needed = "bilstm_crf_segmentation_zh"
    assert sorted(content["entries"]) == ["bilstm_crf_pos_zh", needed]
    content["entries"][needed]["sha256"]["vocabulary.txt"] = "0" * 64
    lock.write_text(json.dumps(content))
    with pytest.raises(InputError, match=f"{needed} differs from the lock file .*: vocabulary.txt was changed"):
        zoo.load("bilstm_crf_pos_zh", lock=lock)


def test_an_entry_of_the_hub_is_pinned_with_its_commit(hub, entry, tmp_path):
    from kerasnlp_zoo.zoo.hub import forget

    repository = hub.add("team/reviews", entry)
    first = repository.branches["main"]
    lock = zoo.pin("hf://team/reviews", lock=tmp_path / "zoo.lock.json")
    record = json.loads(lock.read_text("utf-8"))["entries"]["hf://team/reviews"]
    assert record["commit"] == first
    assert record["sha256"].keys() == {"config.json", *zoo.read_config(entry)["sha256"]}
    assert zoo.load("hf://team/reviews", lock=lock).predict(TEXTS) == zoo.load(entry).predict(TEXTS)
    edit_config(entry, seed=2)
    repository.commit({path.name: path.read_bytes() for path in entry.iterdir()})
    forget()
    with pytest.raises(
        InputError, match=f"config.json was changed. hf://team/reviews has moved from the commit {first}"
    ):
        zoo.load("hf://team/reviews", lock=lock)


def test_a_file_of_another_program_in_the_cache_of_the_hub_does_not_matter(hub, entry, tmp_path):
    hub.add("team/reviews", entry)
    lock = zoo.pin("hf://team/reviews", lock=tmp_path / "zoo.lock.json")
    folder = zoo.find("hf://team/reviews")
    (folder / "pytorch_model.bin").write_text("of another program")
    zoo.load("hf://team/reviews", lock=lock)
    (folder / "README.md").unlink()
    with pytest.raises(InputError, match="README.md is missing"):
        zoo.load("hf://team/reviews", lock=lock)
