import os
import re
import sys

import pytest

from kerasnlp_zoo import cli
from kerasnlp_zoo.files import atomic_file, atomic_folder, cache_folder, sha256, write_json


def fail_half_way(writing, write, error):
    with writing as temporary:
        write(temporary)
        raise error


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other_file(tmp_path):
    path = tmp_path / "scores.json"
    write_json(path, {"accuracy": 0.5})
    before = sha256(path)
    with pytest.raises(OSError, match="disk"):
        fail_half_way(atomic_file(path), lambda new: new.write_text("half"), OSError("disk full"))
    assert sha256(path) == before
    assert os.listdir(tmp_path) == ["scores.json"]


def test_a_failed_folder_keeps_the_old_folder_and_leaves_no_other_folder(tmp_path):
    with atomic_folder(tmp_path / "entry") as new:
        (new / "a").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        fail_half_way(
            atomic_folder(tmp_path / "entry"), lambda new: (new / "a").write_text("half"), KeyboardInterrupt()
        )
    assert (tmp_path / "entry" / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["entry"]
    with atomic_folder(tmp_path / "entry") as new:
        (new / "b").write_text("new")
    assert os.listdir(tmp_path / "entry") == ["b"]


def test_the_cache_folder_is_set_by_its_environment_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("KERASNLP_ZOO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "kerasnlp_zoo"


@pytest.mark.parametrize(
    "command",
    [
        ["predict", "text_cnn_movie_reviews_en", "--file"],
        ["evaluate", "text_cnn_movie_reviews_en", "--test-file"],
        ["evaluate", "rnn_language_model_wikitext2_en", "--test-file"],
        ["train", "word2vec", "--corpus"],
    ],
)
@pytest.mark.parametrize("path", ["/dev/null", "missing.csv", "."])
def test_what_is_no_file_is_named_for_what_it_is(command, path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", *command, path])
    with pytest.raises(SystemExit) as error:
        cli.main()
    expected = {"/dev/null": "is a pipe or a device", "missing.csv": "does not exist", ".": r"folder|contains no"}
    assert re.search(expected[path], str(error.value)), error.value
