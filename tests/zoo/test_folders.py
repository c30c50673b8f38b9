"""The folders of a team, in KERASNLP_ZOO_PATH, contain entries that are found by name."""

import os
import shutil

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from tests.entry_files import TEXTS, edit_config, small_classifier

PACKAGED = "text_cnn_trec_en"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return zoo.save(small_classifier(), tmp_path_factory.mktemp("saved") / "reviews")


@pytest.fixture
def share(saved, tmp_path, monkeypatch):
    """Set the variable to folders with entries of these names; return the folders."""
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path / "cache"))

    def share(**folders):
        for folder, names in folders.items():
            (tmp_path / folder).mkdir()
            for name in names:
                shutil.copytree(saved, tmp_path / folder / name)
        paths = [tmp_path / folder for folder in folders]
        monkeypatch.setenv("KERASNLP_ZOO_PATH", os.pathsep.join(map(str, paths)))
        return paths

    return share


def summary(name):
    return next(summary for summary in zoo.summaries() if summary["name"] == name)


def test_entries_of_a_team_are_listed_and_found_by_name(share, saved):
    first, second = share(first=["reviews"], second=["news"])
    assert {"reviews", "news", PACKAGED} <= set(zoo.list_entries())
    assert (zoo.find("reviews"), zoo.find("news")) == (first / "reviews", second / "news")
    assert zoo.load("news").predict(TEXTS) == zoo.load(saved).predict(TEXTS)
    found = [summary(name)["found_in"] for name in (PACKAGED, "reviews", "news")]
    assert found == ["package", str(first), str(second)]


def test_a_name_is_looked_up_in_the_package_then_in_the_folders_in_order_then_in_the_cache(share, saved, tmp_path):
    first, second = share(first=["a", PACKAGED], second=["a", "b"])
    for name in ("a", "b", "c"):
        shutil.copytree(saved, tmp_path / "cache" / "entries" / name)
    assert zoo.find(PACKAGED).parent not in (first, second)
    assert zoo.find("a") == first / "a"
    assert zoo.find("b") == second / "b"
    assert zoo.find("c") == tmp_path / "cache" / "entries" / "c"
    assert summary("c")["found_in"] == "cache"
    cache = tmp_path / "cache" / "entries"
    assert zoo.hidden_entries() == [
        (first / PACKAGED, zoo.find(PACKAGED)),
        (second / "a", first / "a"),
        (cache / "a", first / "a"),
        (cache / "b", second / "b"),
    ]


def test_an_empty_part_counts_as_not_written_and_a_tilde_is_the_home(share, monkeypatch, tmp_path):
    share(mine=["reviews"])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = zoo.list_entries()
    for value in (
        f"{os.pathsep}~/mine",
        f"~/mine{os.pathsep} {os.pathsep}",
        f" {tmp_path / 'mine'} ",
        f"~/mine{os.pathsep}~/mine",
    ):
        monkeypatch.setenv("KERASNLP_ZOO_PATH", value)
        assert zoo.list_entries() == before
        assert zoo.hidden_entries() == []
    for value in ("", " ", os.pathsep):
        monkeypatch.setenv("KERASNLP_ZOO_PATH", value)
        assert "reviews" not in zoo.list_entries()


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("{}/missing", "which does not exist. Expected folders of entries, separated by ':'"),
        ("{}/a_file", "which is no folder"),
        ("relative", "the relative path 'relative', so the entries would depend on the current folder"),
        ("{}/mine/reviews", "which is an entry. Expected the folder that contains its folder: .*mine"),
        ("~nobody_has_this_name/x", "KERASNLP_ZOO_PATH contains"),
        ("/" + "x" * 5000, "KERASNLP_ZOO_PATH contains"),
    ],
)
def test_a_part_that_is_no_folder_of_entries_is_refused(share, monkeypatch, tmp_path, part, message):
    (mine,) = share(mine=["reviews"])
    (tmp_path / "a_file").touch()
    monkeypatch.setenv("KERASNLP_ZOO_PATH", f"{mine}{os.pathsep}{part.format(tmp_path)}")
    for use in (zoo.list_entries, lambda: zoo.find("reviews")):
        with pytest.raises(InputError, match=message):
            use()
    assert zoo.find(mine / "reviews") == mine / "reviews"  # a path does not depend on the variable


def test_an_entry_that_the_team_has_is_not_downloaded_again(share):
    (team,) = share(team=["bert_small_zh"])
    assert zoo.download("bert_small_zh") == zoo.find("bert_small_zh") == team / "bert_small_zh"
    (team / "bert_small_zh" / "golden.json").write_text("[]")
    with pytest.raises(InputError, match="golden.json was changed or damaged"):
        zoo.download("bert_small_zh")


def test_an_entry_of_a_team_that_needs_an_entry_names_both(share):
    (mine,) = share(mine=["changes", "base"])
    edit_config(mine / "changes", base={"name": "base_of_the_team", "sha256": "0" * 64}, name="changes")
    with pytest.raises(
        InputError, match="changes needs the entry 'base_of_the_team', which cannot be read. There is no"
    ):
        zoo.load("changes")
    edit_config(mine / "changes", base={"name": "bert_small_zh", "sha256": "0" * 64}, name="changes")
    with pytest.raises(
        InputError,
        match="changes needs the entry 'bert_small_zh'.*Download it once: kerasnlp-zoo download bert_small_zh",
    ):
        zoo.load("changes")
