"""The recipes of language models that read a few previous words: n-gram counts, and Bengio's model."""

import pytest

from kerasnlp_zoo import cli, zoo
from kerasnlp_zoo.errors import InputError
from recipes import ngram, nnlm, rnn_language_model


@pytest.fixture
def lines(tmp_path, random):
    """A text in which most words depend on the previous word."""
    path = tmp_path / "text.txt"
    lines = []
    for _ in range(600):
        words = [int(random.integers(10))]
        while len(words) < 8:
            words.append((words[-1] + 1) % 10 if random.random() < 0.9 else int(random.integers(10)))
        lines.append(" ".join(f"w{word}" for word in words))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.mark.slow
def test_smoothing_and_order_are_selected_and_the_model_is_saved(lines, tmp_path):
    metrics = ngram.main(ngram.Config(corpus=lines, order=3, output_dir=tmp_path / "run"))
    assert metrics["test_tokens"] == 30 * 9
    assert metrics["perplexities"]["maximum_likelihood"][2] is None  # some n-grams are unseen
    smoothed = [value for by_order in metrics["perplexities"].values() for value in by_order if value]
    assert metrics["validation_score"] == pytest.approx(min(smoothed), rel=0.01)  # of float16 logarithms
    assert metrics["validation_score"] < 3 < metrics["perplexities"]["add_k"][0]
    assert metrics["kept_ngrams"] == metrics["different_ngrams"][: metrics["order"]]
    assert metrics["order"] > 1
    assert metrics["test_score"] == pytest.approx(metrics["test_score_of_all_ngrams"], rel=0.01)
    assert metrics["export_difference"] < 1e-5
    assert zoo.read_config(tmp_path / "run/entry")["name"] == "ngram_text_en"
    task = zoo.load(tmp_path / "run/entry")
    assert task.next_words(["w1 w3"])[0][0]["text"] == "w4"
    assert task.next_words(["w1 w3"])[0][0]["probability"] > 0.5
    assert task.predict(["w2 w3"])[0]["continuation"].startswith("w4 w5")
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert files == {"metrics.json", "perplexity.png", "entry", "export"}


@pytest.mark.slow
def test_rare_ngrams_are_dropped(lines, tmp_path):
    config = ngram.Config(corpus=lines, order=3, min_ngram_counts=(1, 5), output_dir=tmp_path / "run")
    metrics = ngram.main(config)
    complete, kept = metrics["different_ngrams"], metrics["kept_ngrams"]
    assert kept[:2] == complete[: len(kept)][:2]
    assert all(few < many for few, many in zip(kept[2:], complete[2:], strict=False))
    assert metrics["test_score"] == pytest.approx(metrics["test_score_of_all_ngrams"], rel=0.1)


def test_invalid_orders_are_refused(lines, tmp_path):
    with pytest.raises(InputError, match="order=0"):
        ngram.main(ngram.Config(corpus=lines, order=0, output_dir=tmp_path / "run"))


def test_bengios_model_learns_to_predict_the_next_word(lines, tmp_path, monkeypatch, random, capsys):
    vectors = [" ".join([f"w{number}", *map(str, random.normal(size=8))]) for number in range(1, 8)]
    (tmp_path / "vectors.txt").write_text("\n".join(vectors))
    config = nnlm.Config(
        corpus=lines,
        context_size=2,
        embeddings=str(tmp_path / "vectors.txt"),
        hidden_dim=16,
        direct_connections=True,
        batch_size=64,
        learning_rate=0.01,
        epochs=4,
        output_dir=tmp_path / "run",
    )
    metrics = nnlm.main(config)
    assert 1.5 < metrics["test_score"] < 3
    assert metrics["test_tokens"] == 30 * 9
    assert metrics["export_difference"] < 1e-5
    assert zoo.read_config(tmp_path / "run/entry")["name"] == "nnlm_text_en"
    assert zoo.read_config(tmp_path / "run/entry")["builder_arguments"]["embedding_dim"] == 8
    assert "8 columns, vectors for 7 of" in capsys.readouterr().out
    task = zoo.load(tmp_path / "run/entry")
    assert task.next_words(["w1 w2 w3"])[0][0]["text"] == "w4"
    assert task.predict(["w2 w3"])[0]["continuation"].startswith("w4 w5")
    assert task.evaluate(["w2 w3 w4 w5"])["perplexity"] < task.evaluate(["w2 w5 w2 w7"])["perplexity"]
    (tmp_path / "run" / "curves.png").unlink()
    monkeypatch.setattr("sys.argv", ["kerasnlp-zoo", "plot", str(tmp_path / "run")])
    cli.main()
    assert (tmp_path / "run" / "curves.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["nce", "hierarchical_softmax"])
def test_both_recipes_train_with_another_loss(loss, lines, tmp_path):
    flags = {"corpus": lines, "loss": loss, "epochs": 8, "embedding_dim": 16, "hidden_dim": 16, "dropout": 0.0}
    is_sampled = {"num_sampled": 64} if loss == "nce" else {}
    config = nnlm.Config(**flags, **is_sampled, batch_size=64, learning_rate=0.01, output_dir=tmp_path / "nnlm")
    assert 1.5 < nnlm.main(config)["test_score"] < 4
    config = rnn_language_model.Config(
        **flags,
        **is_sampled,
        num_layers=1,
        tie_embeddings=False,
        batch_size=4,
        segment_length=10,
        learning_rate=0.02,
        output_dir=tmp_path / "rnn",
    )
    assert 1.5 < rnn_language_model.main(config)["test_score"] < 4


def test_flags_that_do_not_fit_are_refused(lines, tmp_path):
    folder = {"corpus": lines, "output_dir": tmp_path / "run"}
    with pytest.raises(InputError, match="Add --no-tie-embeddings"):
        rnn_language_model.main(rnn_language_model.Config(loss="hierarchical_softmax", **folder))
    with pytest.raises(InputError, match="Omit --num-sampled"):
        nnlm.main(nnlm.Config(num_sampled=9, **folder))
