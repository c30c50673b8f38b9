"""GloVe as an entry, made from the published file. Only the slow test uses the complete file."""

import itertools
import json

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.published_vectors import unpacked
from kerasnlp_zoo.datasets.word_evaluation import published_word_sets
from kerasnlp_zoo.files import cache_folder
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.text import Vocabulary
from kerasnlp_zoo.training.starting_vectors import read_word_vectors

NAME = "glove_6b_50d_en"
FEW = 20_000


def empty_cache(folder, monkeypatch):
    """Make a cache that contains only the packages of the real cache."""
    folder.mkdir()
    (folder / "packages").symlink_to(cache_folder() / "packages")
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(folder))


@pytest.fixture(scope="module")
def complete():
    """The complete file, in the cache of the user."""
    return unpacked("glove_6b_50d")


@pytest.fixture(scope="module")
def cache(complete, tmp_path_factory):
    """A cache with a GloVe file of only the most frequent words."""
    with pytest.MonkeyPatch.context() as monkeypatch, open(complete, "rb") as file:
        lines = list(itertools.islice(file, FEW))
        folder = tmp_path_factory.mktemp("parent") / "cache"
        empty_cache(folder, monkeypatch)
        (folder / "vectors").mkdir()
        (folder / "vectors" / "glove_6b_50d.txt").write_bytes(b"".join(lines))
        yield folder


@pytest.fixture(scope="module")
def entry(cache):
    return zoo.download(NAME)


def test_download_makes_an_entry_that_is_found_by_name(cache, entry):
    assert entry == cache / "entries" / NAME
    assert NAME in zoo.list_entries()
    task = zoo.load(NAME)
    assert len(task.tokens) == FEW + 2
    assert task.similarity("king", "queen") == pytest.approx(0.784, abs=5e-4)
    assert task.analogy("man", "king", "woman", count=1)[0][0] == "queen"
    assert zoo.check(NAME)["answers"] == len(golden_texts(task))


def test_the_card_shows_score_and_licence(entry):
    summary = next(summary for summary in zoo.summaries() if summary["name"] == NAME)
    scores = json.loads((entry / "metrics.json").read_text())["scores"]
    assert scores == json.loads(json.dumps(zoo.load(NAME).evaluate(published_word_sets("en"))))
    assert summary["test_score"] == 100 * scores["wordsim353"]["spearman"]
    card = (entry / "README.md").read_text()
    assert f"| test score | WordSim-353 Spearman {summary['test_score']:.1f} |" in card
    assert "| licence of the weights | PDDL-1.0 |" in card
    assert "| commercial use | yes |" in card


def test_the_entry_and_the_file_start_the_same_embeddings(cache, entry):
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "king", "xyzzyx", "queen"])
    from_entry, from_file = (read_word_vectors(source, vocabulary, seed=1) for source in (NAME, "glove_6b_50d"))
    np.testing.assert_array_equal(from_entry.found, from_file.found)
    np.testing.assert_allclose(from_entry.values, from_file.values, atol=1e-3)


@pytest.mark.slow
def test_a_second_download_does_nothing_unless_the_entry_is_damaged(entry):
    before = (entry / "model.safetensors").stat()
    zoo.download(NAME)
    assert (entry / "model.safetensors").stat() == before
    (entry / "model.safetensors").write_bytes(b"half")
    zoo.download(NAME)
    assert zoo.check(NAME)["largest_difference"] == 0


@pytest.mark.slow
def test_complete_glove_keeps_its_scores(complete, tmp_path, monkeypatch):
    empty_cache(tmp_path / "cache", monkeypatch)
    (tmp_path / "cache" / "vectors").symlink_to(complete.parent)
    entry = zoo.download(NAME)
    assert len(zoo.load(NAME).tokens) == 400_002
    assert zoo.megabytes(entry) < 50
    scores = json.loads((entry / "metrics.json").read_text())["scores"]
    assert scores["wordsim353"]["spearman"] == pytest.approx(0.503, abs=5e-4)
    assert scores["simlex999"]["spearman"] == pytest.approx(0.265, abs=5e-4)
    assert scores["questions_words"]["accuracy"] == pytest.approx(0.497, abs=5e-4)


@pytest.mark.slow  # downloads 89 MB once
def test_the_chinese_encoder_has_the_vectors_and_the_licence_of_its_authors():
    folder = zoo.download("bert_small_zh")
    config = zoo.read_config(folder)
    assert config["commercial_use"] == "no"
    task = zoo.load("bert_small_zh")
    alike, different = task.similarity(["我爱看电影"] * 2, ["我喜欢看影片", "明天可能下雨"])
    assert alike > different + 0.1
    assert json.loads((folder / "metrics.json").read_text())["test_score"] == pytest.approx(73.8, abs=0.05)
