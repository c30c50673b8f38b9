import json

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from recipes import copy_task

PNG = b"\x89PNG"


def test_labels_are_the_first_symbols_after_the_delay():
    token_ids, labels, weights = map(np.asarray, copy_task.sequences(delay=7, count=20, seed=3))
    assert token_ids.shape == labels.shape == weights.shape == (20, 17)
    np.testing.assert_array_equal(labels[:, 12:], token_ids[:, :5] - copy_task.FIRST_SYMBOL)
    assert (token_ids[:, 5:11] == copy_task.BLANK).all()
    assert (token_ids[:, 11] == copy_task.MARK).all()
    assert (token_ids[:, 12:] == copy_task.BLANK).all()
    np.testing.assert_array_equal(weights, [[0] * 12 + [1] * 5] * 20)
    assert set(np.unique(labels[:, 12:])) == set(range(copy_task.ALPHABET))
    again, other = (np.asarray(copy_task.sequences(7, 20, seed)[0]) for seed in (3, 4))
    np.testing.assert_array_equal(token_ids, again)
    assert (token_ids != other).any()


def test_gradients_equal_finite_differences(monkeypatch):
    """Compare the share at each distance with finite differences along every axis of one input vector."""
    monkeypatch.setattr(copy_task, "TEST_EXAMPLES", 4)
    model = copy_task.build(copy_task.Config(hidden_dim=4), "gru", delay=2)
    ids, labels, _ = (np.asarray(values) for values in copy_task.sequences(2, 4, seed=copy_task.TEST_SEED))
    vectors = np.asarray(model.get_layer("token_embedding").embeddings)[ids[:, :8]]  # [4, 8, 16]
    steps = 0.02 * np.eye(8 * 16).reshape(8 * 16, 1, 8, 16)

    def losses(vectors):  # [8 x 16, 4, 8, 16] -> [8, 16, 4]
        outputs, _ = model.get_layer("recurrent_0")(vectors.reshape(-1, 8, 16).astype("float32"))
        logits = np.asarray(model.get_layer("logits")(outputs[:, 7]), "float64")
        right = logits[np.arange(len(logits)), np.tile(labels[:, 7], 8 * 16)]
        return (np.log(np.exp(logits).sum(axis=1)) - right).reshape(8, 16, 4)

    slopes = (losses(vectors + steps) - losses(vectors - steps)) / 0.04
    expected = np.linalg.norm(slopes, axis=1).mean(axis=-1)[::-1]
    np.testing.assert_allclose(copy_task.gradient_norms(model, 2), expected / expected[0], rtol=2e-3)


def test_untrained_gates_keep_the_gradient_and_the_simple_rnn_loses_it():
    norms = {
        network: copy_task.gradient_norms(copy_task.build(copy_task.Config(), network, delay=40), delay=40)[-1]
        for network in ("rnn", "gru", "lstm")
    }
    assert norms["rnn"] < 1e-6 < 1e-3 < min(norms["gru"], norms["lstm"])


@pytest.mark.slow
def test_a_run_writes_metrics_and_pictures(tmp_path, capsys):
    config = copy_task.Config(delays=(2,), networks=("orthogonal_rnn", "gru"), epochs=2, output_dir=tmp_path)
    metrics = copy_task.main(config)
    assert metrics == json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["command"] == "kerasnlp-zoo train copy_task --epochs 2 --delays 2 --networks orthogonal_rnn gru"
    assert metrics["accuracies"]["2"]["orthogonal_rnn"] > 0.9
    assert metrics["test_score"] == 100 * max(metrics["accuracies"]["2"].values())
    assert metrics["steps"]["2"]["gru"] == 100
    for name in ("accuracy.png", "gradients.png"):
        assert (tmp_path / name).read_bytes().startswith(PNG)
    assert "delay    2  gru" in capsys.readouterr().out


@pytest.mark.parametrize("changes", [{"delays": (10, 0)}, {"delays": ()}, {"networks": ()}, {"epochs": 0}], ids=str)
def test_invalid_flags_are_refused(changes, tmp_path):
    with pytest.raises(InputError, match="Received"):
        copy_task.main(copy_task.Config(output_dir=tmp_path, **changes))
