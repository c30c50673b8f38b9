"""`kerasnlp-zoo push` and `pin`, and entries of a team and of the Hub in other commands."""

import json
import shutil
import sys

import pytest

from kerasnlp_zoo import cli, zoo
from kerasnlp_zoo.convert import write_huggingface
from kerasnlp_zoo.zoo.configs import write_entry_config
from tests.entry_files import TEXTS, edit_config, small_classifier
from tests.small_tasks import sentence_similarity

NAME = "hf://team/reviews"


@pytest.fixture
def entry(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return zoo.save(small_classifier(), tmp_path / "reviews")


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process; return what it printed, or the message of its error."""

    def run(*arguments, fails=False):
        monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", *map(str, arguments)])
        if not fails:
            cli.main()
            return capsys.readouterr().out
        with pytest.raises(SystemExit) as error:
            cli.main()
        return str(error.value)

    return run


def test_an_entry_is_pushed_and_used_by_its_address(hub, entry, run):
    printed = run("push", entry, NAME)
    commit = hub.repositories["team/reviews"].tags["v1"]
    assert printed.startswith("Private repository hf://team/reviews: ")
    last = f'hf://team/reviews@v1 is the commit {commit}. Load it: zoo.load("hf://team/reviews@v1")'
    assert printed.splitlines()[-1] == last
    assert run("predict", NAME, *TEXTS, "--json") == run("predict", entry, *TEXTS, "--json")
    assert run("check", NAME).startswith(f"{NAME}: 5 files unchanged")
    shown = run("show", f"{NAME}@v1")
    assert shown.startswith("# reviews\n")
    assert f"Version 1 of hf://team/reviews@{commit}, in {zoo.find(NAME)}" in shown


def test_a_bert_of_the_hub_is_converted_to_an_entry(hub, run, tmp_path):
    write_huggingface(sentence_similarity(), tmp_path / "theirs")
    commit = hub.add("team/bert", tmp_path / "theirs").branches["main"]
    run("convert", "hf://team/bert", tmp_path / "converted")
    assert zoo.read_config(tmp_path / "converted")["command"] == f"kerasnlp-zoo convert hf://team/bert@{commit}"
    assert "sentence" in run("show", tmp_path / "converted")
    error = run("show", "hf://team/bert", fails=True)
    assert "is a folder from Hugging Face, not an entry. zoo.load('hf://team/bert') converts it" in error


def test_an_entry_that_was_saved_without_a_version_is_version_1(entry, run):
    config = json.loads((entry / "config.json").read_text("utf-8"))
    del config["version"]
    write_entry_config(entry, config)
    assert f"Version 1 of {entry}, in {entry}" in run("show", entry)
    assert run("check", entry).startswith(f"{entry}: 5 files unchanged")
    for version in (0, "1", 1.0, True):
        edit_config(entry, version=version)
        assert "version must be a number of at least 1" in run("show", entry, fails=True)


def test_errors_of_the_hub_are_printed_without_a_traceback(hub, entry, run):
    for arguments in (["predict", "hf://team/none", "text"], ["show", "hf://team/none"], ["check", "hf://team/none"]):
        assert run(*arguments, fails=True).startswith("kerasnlp-zoo: There is no repository hf://team/none")
    hub.writers = set()
    assert run("push", entry, NAME, fails=True).startswith("kerasnlp-zoo: You may not write hf://team/reviews")


def test_pin_writes_the_lock_file_that_other_commands_obey(entry, run, monkeypatch, tmp_path):
    printed = run("pin", "reviews", "text_cnn_trec_en")
    lock = tmp_path / "zoo.lock.json"
    assert printed.endswith(f"pins reviews, text_cnn_trec_en. Use it: export KERASNLP_ZOO_LOCK={lock}\n")
    assert list(json.loads(lock.read_text("utf-8"))["entries"]) == ["reviews", "text_cnn_trec_en"]
    monkeypatch.setenv("KERASNLP_ZOO_LOCK", str(lock))
    before = run("predict", "reviews", *TEXTS)
    edit_config(entry, seed=2)
    for command in (["predict", "reviews", "text"], ["check", "reviews"], ["push", "reviews", NAME]):
        error = run(*command, fails=True)
        assert f"differs from the lock file {lock}: config.json was changed" in error
        assert f"kerasnlp-zoo pin reviews --lock {lock}" in error
    run("pin", "reviews")
    assert run("predict", "reviews", *TEXTS) == before


def test_list_shows_where_entries_are_and_which_are_hidden(entry, run, monkeypatch, tmp_path):
    team = tmp_path / "team"
    for name in ("reviews", "text_cnn_trec_en"):
        shutil.copytree(entry, team / name)
    monkeypatch.setenv("KERASNLP_ZOO_PATH", str(team))
    lines = run("list").splitlines()
    assert lines[0].split("  ")[-1] == "found in"
    found = {line.split(" ")[0]: line.split("  ")[-1].strip() for line in lines}
    assert (found["reviews"], found["text_cnn_trec_en"]) == (str(team), "package")
    first = zoo.find("text_cnn_trec_en")
    assert f"{team / 'text_cnn_trec_en'} is not used by its name: {first} comes first. Load it by its path" in lines
    assert "found in" not in run("list", "--markdown")
