"""Runs that learn word vectors turn a text into an entry, and can be interrupted and resumed."""

import csv
import json
import re

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.word_vector_files import read_vectors
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import word_vector_training
from recipes import word2vec
from tests.small_data import write_topics
from tests.small_tasks import word_embedding, word_embedding_with_contexts


@pytest.mark.parametrize(
    ("model", "loss", "options"),
    [
        ("skip_gram", "negative_sampling", {"keep_output": True}),
        pytest.param("cbow", "hierarchical_softmax", {}, marks=pytest.mark.slow),
        pytest.param("cbow", "nce", {"subsample": 0, "learning_rate": 0.02}, marks=pytest.mark.slow),
        pytest.param(
            "cbow",
            "negative_sampling",
            {"pooling": "sum", "window_kind": "fixed", "window": 3, "keep_output": True},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_own_text_becomes_vectors_an_entry_and_a_served_model(model, loss, options, tmp_path, capsys):
    config = word2vec.Config(
        corpus=write_topics(tmp_path),
        model=model,
        loss=loss,
        epochs=8,
        embedding_dim=12,
        output_dir=tmp_path / "run",
        **options,
    )
    metrics = word2vec.main(config)
    assert metrics["export_difference"] < 1e-6
    assert metrics["words"] == 9600
    assert metrics["pictures"] == ["curves", "words"]
    tokens, vectors = read_vectors(tmp_path / "run" / "vectors.txt")
    assert vectors.shape == (len(tokens), 12)
    task = zoo.load(tmp_path / "run" / "entry")
    assert task.tokens[2:] == tokens
    np.testing.assert_allclose(task.vectors[2:], vectors, atol=1e-2)  # int8 of them
    nearest = [task.most_similar(word, count=3) for word in ("cat1", "sun1")]
    assert [{word[:3] for word, _ in found} for found in nearest] == [{"cat"}, {"sun"}]
    if config.keep_output:
        assert sum(p for context, p in task.contexts("cat1", count=40) if context.startswith("cat")) > 0.65
    assert zoo.read_config(tmp_path / "run" / "entry")["name"] == f"{model}_topics_en"
    assert (tmp_path / "run" / "projector" / "projector_config.pbtxt").exists()
    with open(tmp_path / "run" / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert all(float(row["words_per_second"]) > 0 for row in rows)
    assert "40 different words" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"loss": "full_softmax", "subsample": 0, "learning_rate": 0.02}], ids=str)
def test_training_continues_from_an_entry_at_its_loss(options, tmp_path, capsys):
    def history(name):
        with open(tmp_path / name / "history.csv") as file:
            return [float(row["loss"]) for row in csv.DictReader(file)]

    topics = write_topics(tmp_path)
    shared = {"epochs": 10, "embedding_dim": 12, "keep_output": True, **options}
    word2vec.main(word2vec.Config(corpus=topics, output_dir=tmp_path / "first", **shared))
    text = tmp_path / "more.txt"
    text.write_text(topics.read_text().replace("cat7", "dog7") + "cat1 dog7 dog8\n" * 9)
    entry = str(tmp_path / "first" / "entry")
    capsys.readouterr()
    word2vec.main(word2vec.Config(corpus=text, from_entry=entry, output_dir=tmp_path / "second", **shared))
    printed = capsys.readouterr().out
    assert "39 of the 40 words of the entry occur, and 2 words are new" in printed
    old, new = zoo.load(entry), zoo.load(tmp_path / "second" / "entry")
    assert new.tokens == [*old.tokens, "dog7", "dog8"]
    np.testing.assert_array_equal(new.vector("cat7"), old.vector("cat7"))  # does not occur in the second text
    assert history("second")[-1] < history("second")[0] < history("first")[0]
    if not options:
        assert {word[:3] for word, _ in new.most_similar("dog7", count=4)} <= {"cat", "dog"}
        loss = float(re.search(r"entry has the loss ([\d.]+) on this text", printed).group(1))
        assert history("second")[-1] < loss < 0.7 * history("first")[0]
        assert history("second")[0] == pytest.approx(loss, rel=0.05)  # the first epoch starts at the entry's loss


@pytest.mark.slow
def test_a_resumed_run_is_bit_identical_to_an_uninterrupted_one(tmp_path, monkeypatch, capsys):
    def config(name, **changes):
        corpus = write_topics(tmp_path)
        return word2vec.Config(corpus=corpus, epochs=4, embedding_dim=12, output_dir=tmp_path / name, **changes)

    word2vec.main(config("uninterrupted"))

    on_epoch_end = word_vector_training.Throughput.on_epoch_end

    def interrupt(callback, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt
        on_epoch_end(callback, epoch, logs)

    with monkeypatch.context() as patch:
        patch.setattr(word_vector_training.Throughput, "on_epoch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            word2vec.main(config("cut"))
    assert "Continue with: kerasnlp-zoo train word2vec" in capsys.readouterr().err
    word2vec.main(config("cut", resume=True))
    assert "Resuming after epoch 2" in capsys.readouterr().out
    (_, uninterrupted), (_, cut) = (read_vectors(tmp_path / name / "vectors.txt") for name in ("uninterrupted", "cut"))
    np.testing.assert_array_equal(uninterrupted, cut)
    assert not (tmp_path / "cut" / "state").exists()


@pytest.mark.slow
def test_chinese_text_is_segmented_by_jieba(tmp_path):
    text = "我们在上海工作。\n他们在北京学习。\n上海和北京都是城市。\n" * 30
    (tmp_path / "城市.txt").write_text(text, "gb18030")
    config = word2vec.Config(
        corpus=tmp_path / "城市.txt",
        encoding="gb18030",
        language="zh",
        segmenter="jieba",
        embedding_dim=8,
        epochs=1,
        output_dir=tmp_path / "run",
    )
    metrics = word2vec.main(config)
    assert metrics["test_score"] is None
    answer = zoo.load(tmp_path / "run" / "entry").predict(["上海"])[0]
    assert answer["word"] == "上海"
    assert "北京" in {neighbour["word"] for neighbour in answer["neighbours"]}
    card = (tmp_path / "run" / "entry" / "README.md").read_text("utf-8")
    assert "| language | zh |" in card


@pytest.mark.slow
def test_a_smoke_run_is_scored_on_published_sets(tmp_path):
    metrics = word2vec.main(word2vec.Config(smoke=True, output_dir=tmp_path / "run"))
    written = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(written["scores"]) == ["score", "metric", "wordsim353", "simlex999", "questions_words"]
    assert metrics["metric"] == "WordSim-353 Spearman"
    assert metrics["test_score"] == 100 * written["scores"]["wordsim353"]["spearman"]
    assert written["command"] == "kerasnlp-zoo train word2vec --smoke"


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, "empty|no words"),
        ("one two three\n", {}, "No word occurs min_count=5 times"),
        ("a b\n" * 20, {"window": 0}, "window"),
        ("a b\n" * 20, {"subsample": 2.0}, "subsample"),
        ("a b\n" * 20, {"num_negatives": 0}, "num_negatives"),
        ("a b\n" * 20, {"embedding_dim": 0}, "embedding_dim"),
        ("a b\n" * 20, {"pooling": "sum"}, "skip_gram .* Use --model cbow"),
        ("a b\n" * 20, {"keep_output": True, "loss": "hierarchical_softmax"}, "nodes of a tree .* another --loss"),
        ("a b\n" * 20, {"from_entry": "x", "loss": "hierarchical_softmax"}, "nodes of a tree .* another --loss"),
        ("a b\n" * 20, {"from_entry": "skip_gram_mixd_en"}, "Did you mean 'skip_gram_mixed_en'"),
    ],
)
def test_invalid_input_is_refused_before_training(content, options, message, tmp_path):
    (tmp_path / "text.txt").write_text(content)
    config = word2vec.Config(corpus=tmp_path / "text.txt", output_dir=tmp_path / "run", **options)
    with pytest.raises(InputError, match=message):
        word2vec.main(config)
    assert not (tmp_path / "run" / "history.csv").exists()


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (word_embedding, {}, "no output vectors, .* Expected an entry of kerasnlp-zoo train word2vec --keep-output"),
        (word_embedding_with_contexts, {}, "8 columns. Received: --embedding-dim 100. Use --embedding-dim 8"),
        (word_embedding_with_contexts, {"embedding_dim": 8, "language": "zh"}, "'en'. Received: .* 'zh'"),
    ],
)
def test_entries_that_cannot_be_continued_are_refused(make, options, message, tmp_path):
    (tmp_path / "text.txt").write_text("a b\n" * 20)
    entry = zoo.save(make(), tmp_path / "entry")
    config = word2vec.Config(
        corpus=tmp_path / "text.txt", from_entry=str(entry), output_dir=tmp_path / "run", **options
    )
    with pytest.raises(InputError, match=message):
        word2vec.main(config)


def test_a_corpus_without_pairs_of_words_is_refused(tmp_path):
    (tmp_path / "words.txt").write_text("tea\ncup\nmug\n" * 50)
    with pytest.raises(InputError, match="learned from pairs of words in a line. Received: words, in which every line"):
        word2vec.main(word2vec.Config(corpus=tmp_path / "words.txt", min_count=1, output_dir=tmp_path / "run"))
