"""`kerasnlp-zoo compare`."""

import json
import sys

import numpy as np
import pytest

from kerasnlp_zoo import cli, zoo
from kerasnlp_zoo.tasks import text_contributions
from tests.small_tasks import text_classification

LINEAR, TEXT_CNN = "softmax_regression_movie_reviews_en", "text_cnn_movie_reviews_en"


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


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.csv"
    rows = [
        "a moving and clever film,positive",
        "dull and too long,negative",
        "not bad at all,positive",
        "bad,negative",
        "a film,negative",
    ]
    path.write_text("\n".join(["text,label", *rows * 4]))
    return path


def test_two_entries_are_scored_on_the_same_texts(run, reviews):
    found = json.loads(run("compare", LINEAR, TEXT_CNN, "--test-file", reviews, "--json"))
    scores = [json.loads(run("evaluate", entry, "--test-file", reviews, "--json")) for entry in (LINEAR, TEXT_CNN)]
    assert found["scores"] == {LINEAR: scores[0]["score"], TEXT_CNN: scores[1]["score"]}
    assert found["bootstrap"]["difference"] == scores[1]["score"] - scores[0]["score"]
    only = found["mcnemar"]
    assert 100 * (only["only_second"] - only["only_first"]) / found["examples"] == found["bootstrap"]["difference"]
    assert "(McNemar)" in run("compare", LINEAR, TEXT_CNN, "--test-file", reviews)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (LINEAR, "Two different entries are needed"),
        ("text_cnn_trec_en", "different data sets, movie_reviews and trec"),
        ("bilstm_crf_msra_zh", "Only entries of one task"),
        ("text_cnn_movie_review_en", "text_cnn_movie_reviews_en"),
    ],
)
def test_entries_that_cannot_be_compared_are_refused(run, second, message):
    assert message in run("compare", LINEAR, second, fails=True)


def test_perplexities_of_other_vocabularies_are_refused(run):
    output = run("compare", "nnlm_wikitext2_en", "rnn_language_model_wikitext2_en", fails=True)
    assert "different tokens cannot be compared" in output


def test_entries_with_unknown_labels_name_them(run, tmp_path):
    zoo.save(text_classification(), tmp_path / "entry")
    (tmp_path / "test.csv").write_text("text,label\na film,pos\n")
    output = run("compare", LINEAR, tmp_path / "entry", "--test-file", tmp_path / "test.csv", fails=True)
    assert "pos" in output


def test_scores_of_different_metrics_are_not_subtracted(run, reviews, monkeypatch):
    metrics = iter(["f1", "unlabelled_f1"])

    def contributions(task, texts, references):
        return text_contributions.TextContributions(np.ones((len(texts), 1)), np.mean, next(metrics))

    monkeypatch.setattr(text_contributions, "text_contributions", contributions)
    output = run("compare", LINEAR, TEXT_CNN, "--test-file", reviews, fails=True)
    assert "the entries have different metrics: f1 and unlabelled_f1" in output
