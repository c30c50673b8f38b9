"""The benchmarks run and report their results. The tests do not depend on speed."""

import json
import math
import re
import sys

import pytest

from kerasnlp_zoo.errors import InputError
from recipes import seq2seq, transformer_translation
from recipes.benchmarks import (
    bert,
    comparison,
    families,
    gpu,
    label_sets,
    long_texts,
    recurrent,
    scaling,
    serving,
    text_cnn,
    text_cnn_ablation,
    translation,
    translation_ablation,
    translation_quality,
    tree_lstm,
    word2vec,
)


def test_both_sides_are_measured_in_turn_and_the_first_round_is_discarded():
    calls = []

    def side(name, values):
        values = iter(values)
        return lambda: calls.append(name) or next(values)

    medians = comparison.in_turn(side("ours", [99, 3, 1, 2]), side("peer", [99, 6, 9, 7]), rounds=3)
    assert medians == (2, 7)
    assert calls == ["ours", "peer"] * 4
    pairs = comparison.in_turn(lambda: (1, 2), lambda: (3, 4), rounds=2)
    assert pairs == ((1, 2), (3, 4))


def test_the_ratio_is_above_one_if_ours_is_better(tmp_path, capsys):
    faster = comparison.row("training", "sentences/s", ours=300.0, peer=200.0, peer_name="peer")
    quicker = comparison.row("one sentence", "ms", ours=2.0, peer=5.0, peer_name="peer")
    assert faster["ratio"] == 1.5
    assert comparison.row("analogies", "%", ours=30.0, peer=20.0, peer_name="peer")["ratio"] == 1.5
    assert quicker["ratio"] == 2.5
    comparison.report([faster, quicker], tmp_path / "rows.json", peer="1.0")
    written = json.loads((tmp_path / "rows.json").read_text())
    assert written["rows"] == [faster, quicker]
    assert written["versions"]["peer"] == "1.0"
    assert "1.50" in capsys.readouterr().out


def test_missing_pytorch_is_reported_with_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match="pip install torch"):
        text_cnn.main(text_cnn.Config())


def test_bert_is_compared_with_keras_hub_and_pytorch():
    for peer in ("keras_hub", "transformers", "torch"):
        pytest.importorskip(peer, reason="peers are installed by hand: pip install keras-hub grain transformers torch")
    rows = bert.main(bert.Config(rounds=1, sizes=("base",), smoke=True))
    assert [row["unit"] for row in rows] == ["texts/s"] * 4 + ["ms"] * 2 + ["texts/s"]
    assert all(row["ours"] > 0 and row["peer"] > 0 for row in rows)


def test_text_cnn_is_compared_with_pytorch():
    pytest.importorskip("torch", reason="peers are installed by hand: pip install torch")
    rows = text_cnn.main(text_cnn.Config(rounds=1, steps=2, sentences=3, smoke=True))
    assert [row["unit"] for row in rows] == ["sentences/s"] * 5 + ["ms", "ms", "sentences/s"]
    assert all(row["ours"] > 0 and row["peer"] > 0 for row in rows)


def test_batches_of_trees_are_compared_with_recursion():
    pytest.importorskip("torch", reason="peers are installed by hand: pip install torch")
    rows = tree_lstm.main(tree_lstm.Config(rounds=1, smoke=True))
    assert [row["unit"] for row in rows] == ["trees/s"] * 2
    assert all(row["ours"] > 0 and row["peer"] > 0 for row in rows)


def test_recurrent_networks_are_compared_with_keras_and_pytorch():
    pytest.importorskip("torch", reason="peers are installed by hand: pip install torch")
    pytest.importorskip("torchcrf", reason="peers are installed by hand: pip install pytorch-crf")
    rows = recurrent.main(recurrent.Config(rounds=1, steps=2, smoke=True))
    names = [row["peer_name"] for row in rows]
    assert names[:4] == ["Keras, Bidirectional(LSTM)", "PyTorch, nn.LSTM"] * 2
    assert names[4:13] == ["pytorch-crf"] * 8 + ["PyTorch, nn.LSTM + pytorch-crf"]
    assert names[13:] == ["PyTorch, nn.LSTM"] * 2
    assert all(row["ours"] > 0 and row["peer"] > 0 for row in rows)


@pytest.mark.slow
def test_each_optimisation_is_measured(tmp_path):
    config = text_cnn_ablation.Config(rounds=1, smoke=True, output=tmp_path / "rows.json")
    rows = text_cnn_ablation.main(config)
    assert rows[0]["ratio"] == 1
    for row, before in zip(rows[1:6], rows, strict=False):
        assert row["peer"] == before["ours"]
    assert [row["peer"] for row in rows[6:]] == [rows[5]["ours"]] * 2
    assert json.loads((tmp_path / "rows.json").read_text())["rows"] == rows


def test_missing_gensim_is_reported_with_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim", None)
    with pytest.raises(InputError, match="pip install gensim"):
        word2vec.main(word2vec.Config())


@pytest.mark.peers
def test_word2vec_is_compared_with_gensim(tmp_path):
    pytest.importorskip("gensim", reason='peers are installed by hand: pip install "kerasnlp-zoo[peers]"')
    config = word2vec.Config(corpus="wikitext2", smoke=True, epochs=1, seeds=1, output=tmp_path / "rows.json")
    rows = word2vec.main(config)
    assert {row["unit"] for row in rows} == {"words/s", "%", "cells/s", "MB"}
    assert all(row["ours"] > 0 for row in rows if row["unit"] != "%")
    assert json.loads((tmp_path / "rows.json").read_text())["rows"] == rows


def test_translators_are_compared_with_pytorch():
    for peer in ("transformers", "torch"):
        pytest.importorskip(peer, reason="peers are installed by hand: pip install transformers torch")
    rows = translation.main(translation.Config(rounds=1, steps=1, smoke=True))
    peers = [row["peer_name"].split(",")[0] for row in rows]
    assert peers == [*["PyTorch"] * 5, "ours without a cache", *["PyTorch"] * 5]
    assert all(row["ours"] > 0 and row["peer"] > 0 for row in rows)


@pytest.mark.parametrize("recipe", [seq2seq, transformer_translation])
@pytest.mark.slow
def test_peers_of_translators_are_trained_as_long_as_ours(recipe, tmp_path, capsys):
    pytest.importorskip("torch", reason="peers are installed by hand: pip install transformers torch")
    recipe.main(recipe.Config(dataset="reversal", smoke=True, hidden_dim=16, output_dir=tmp_path / "run"))
    (found,) = translation_quality.main(translation_quality.Config(tmp_path / "run"))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text("utf-8"))
    assert found["ours"] == metrics["greedy_test_score"]
    assert 0 <= found["peer"] <= 100
    assert re.search(r"PyTorch, \w+: \d+ steps in \d+ s, final loss \d", capsys.readouterr().out)


def test_a_translator_that_pytorch_does_not_have_has_no_peer(tmp_path):
    pytest.importorskip("torch", reason="peers are installed by hand: pip install transformers torch")
    seq2seq.main(
        seq2seq.Config(
            dataset="reversal", smoke=True, hidden_dim=16, score_mode="dot", merge="sum", output_dir=tmp_path
        )
    )
    with pytest.raises(InputError, match="another score: train without"):
        translation_quality.main(translation_quality.Config(tmp_path))


@pytest.mark.slow
def test_finished_variants_of_translators_are_not_trained_again(tmp_path, monkeypatch):
    variants = {"additive": {}, "no attention": {"attention": "none"}}
    recipe = translation_ablation.GROUPS["seq2seq"][0]
    monkeypatch.setattr(translation_ablation, "GROUPS", {"seq2seq": (recipe, {"hidden_dim": 8}, variants)})
    config = translation_ablation.Config(folder=tmp_path, groups=("seq2seq",), epochs=1, smoke=True)
    rows = translation_ablation.main(config)
    assert [row["what"] for row in rows[:2]] == ["seq2seq, additive", "seq2seq, no attention"]
    assert all(row["what"].startswith("sources of at most") for row in rows[2:])
    assert (tmp_path / "lengths.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr(recipe, "main", lambda _: 1 / 0)
    assert translation_ablation.main(config) == rows


def test_classifiers_of_several_labels_are_compared_with_scikit_learn(tmp_path):
    pytest.importorskip("sklearn", reason="a peer is installed by hand: pip install scikit-learn")
    scores = {"micro_f1": 0.9, "macro_f1": 0.8, "exact_match": 0.7}
    (tmp_path / "run").mkdir()
    facts = {"recipe": "linear", "dataset": "newsgroups_topics", "scores": scores}
    (tmp_path / "run" / "metrics.json").write_text(json.dumps(facts))
    rows = label_sets.main(label_sets.Config(runs=(tmp_path / "run",), output=tmp_path / "rows.json", smoke=True))
    assert [entry["what"] for entry in rows] == ["micro-F1, linear", "macro-F1, linear", "exact match, linear"]
    assert all(0 < entry["peer"] <= 100 for entry in rows)
    assert rows[0]["ours"] == 90


def test_runs_on_several_data_sets_are_refused(tmp_path):
    pytest.importorskip("sklearn", reason="a peer is installed by hand: pip install scikit-learn")
    with pytest.raises(InputError, match="on one data set with several labels. Received: none"):
        label_sets.main(label_sets.Config(runs=()))


@pytest.mark.slow
def test_long_texts_are_scored_cut_and_in_windows(tmp_path):
    output = tmp_path / "rows.json"
    config = long_texts.Config(entries=("text_cnn_movie_reviews_en",), min_words=5, smoke=True, output=output)
    (row,) = long_texts.main(config)
    assert row["ours"] == row["peer"]  # no text of this data set is longer than a window
    assert json.loads(output.read_text())["rows"] == [row]
    with pytest.raises(InputError, match="No text of movie_reviews has more than 5000 words"):
        long_texts.main(long_texts.Config(entries=("text_cnn_movie_reviews_en",), min_words=5000, smoke=True))


@pytest.mark.slow
def test_devices_are_measured_and_two_agree_with_one(tmp_path, capsys):
    names = ("TextCNN", "BiLSTM-CRF")
    rows = gpu.main(gpu.Config(families=names, steps=2, smoke=True, output=tmp_path / "gpu.json"))
    assert [row["family"] for row in rows] == list(names)
    for row in rows:
        assert all(row[precision] > 0 for precision in gpu.PRECISIONS)
        assert row["difference"] < 1e-3
    assert json.loads((tmp_path / "gpu.json").read_text())["rows"] == rows
    assert "| TextCNN |" in capsys.readouterr().out
    with pytest.raises(InputError, match="one of 'TextCNN'"):
        gpu.main(gpu.Config(families=("TextCN",)))


@pytest.mark.slow
def test_gradients_are_counted_and_the_scaling_is_drawn(tmp_path):
    times = {"rows": [{"family": name, "float32": 20.0} for name in families.FAMILIES]}
    (tmp_path / "gpu.json").write_text(json.dumps(times))
    rows = scaling.main(
        scaling.Config(step_times=tmp_path / "gpu.json", smoke=True, plot=tmp_path / "scaling.png", steps=1)
    )
    assert (tmp_path / "scaling.png").read_bytes().startswith(b"\x89PNG")
    by_family = {row["family"]: row for row in rows}
    assert by_family["TextCNN"]["seconds"] == 0.02
    assert by_family["TextCNN"]["tables"] == 50 * 300 * 4
    assert by_family["TextCNN"]["sparse"] == 4 * 6 * (300 * 4 + 8)  # a row for each token
    for name, row in by_family.items():
        model = families.FAMILIES[name].model(smoke=True)
        assert row["dense"] + row["tables"] == 4 * sum(math.prod(w.shape) for w in model.trainable_weights)


@pytest.mark.slow
def test_clients_at_once_are_compared_with_one_at_a_time(tmp_path):
    rows = serving.main(serving.Config(clients=4, smoke=True, output=tmp_path / "rows.json"))
    assert [row["unit"] for row in rows] == ["requests/s", "ms", "ms"] * 2
    assert all(row["ours"] > 0 and row["peer"] > 0 for row in rows)
    assert json.loads((tmp_path / "rows.json").read_text())["rows"] == rows


@pytest.mark.slow
def test_a_server_that_does_not_start_is_reported():
    with pytest.raises(InputError, match="kerasnlp-zoo serve no_such_entry"):
        serving.main(serving.Config(entry="no_such_entry", smoke=True))
