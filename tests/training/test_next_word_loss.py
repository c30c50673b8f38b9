import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.perplexity import text_log_probabilities
from kerasnlp_zoo.models import nnlm, rnn_language_model
from kerasnlp_zoo.text.context_windows import context_windows
from kerasnlp_zoo.text.language_model_batches import language_model_batches
from kerasnlp_zoo.training import (
    LanguageModelTrainer,
    LazyAdam,
    NextWordLoss,
    NextWordOptions,
    Perplexity,
    WeightedMeanLoss,
    compile_for_language_modeling,
    identity_loss,
    initialize_output_bias,
    next_word_trainer,
)
from kerasnlp_zoo.training.next_word_loss import SAMPLED

V = 24
TEXT = np.random.default_rng(1).permutation(np.arange(3, V))[np.arange(600) % (V - 3)]  # a cycle of words
TEXT[::7] = 3  # and other words between them
LOSSES = ("full_softmax", *SAMPLED, "hierarchical_softmax")
QUICK = "nce"


def trained_nnlm(loss):
    keras.utils.set_random_seed(2)
    output = "hierarchical_softmax" if loss == "hierarchical_softmax" else "softmax"
    model = nnlm(V, embedding_dim=8, hidden_dim=16, context_size=3, output=output, dropout=0.0)
    if loss in SAMPLED:
        initialize_output_bias(model, TEXT)
    trainer = next_word_trainer(model, NextWordLoss(model, loss, 12, np.bincount(TEXT, minlength=V)))
    trainer.compile(LazyAdam(0.02), WeightedMeanLoss(identity_loss), weighted_metrics=[Perplexity()])
    windows = context_windows(TEXT, 3, 50)
    trainer.fit(windows, validation_data=windows, epochs=12, shuffle=False, verbose=0)
    return model, trainer.evaluate(windows, verbose=0, return_dict=True)["perplexity"]


def trained_recurrent(loss):
    keras.utils.set_random_seed(2)
    has_tree = loss == "hierarchical_softmax"
    output = {"tie_embeddings": False, "output": "hierarchical_softmax"} if has_tree else {}
    model = rnn_language_model(V, embedding_dim=16, num_layers=1, cell="gru", dropout=0.0, **output)
    if not has_tree:
        initialize_output_bias(model, TEXT)
    next_word_loss = NextWordLoss(model, loss, 12, np.bincount(TEXT, minlength=V))
    trainer = compile_for_language_modeling(LanguageModelTrainer(model, 6, next_word_loss), keras.optimizers.Adam(0.02))
    batches = language_model_batches(TEXT, 6, 20)
    trainer.fit(batches, epochs=12, shuffle=False, verbose=0)
    return model, trainer.evaluate(batches, verbose=0, return_dict=True)["perplexity"]


@pytest.mark.parametrize(
    "loss", [loss if loss == QUICK else pytest.param(loss, marks=pytest.mark.slow) for loss in LOSSES]
)
def test_every_loss_trains_a_model_whose_normalised_perplexity_falls(loss):
    model, reached = trained_nnlm(loss)
    assert 1 < reached < 2
    probabilities = np.exp(keras.ops.log_softmax(model(np.array([TEXT[:3]]))))
    assert probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert np.argmax(probabilities) == TEXT[3]
    assert np.exp(-np.mean(text_log_probabilities(model, TEXT))) == pytest.approx(reached, rel=0.05)


@pytest.mark.parametrize("loss", [pytest.param(loss, marks=pytest.mark.slow) for loss in LOSSES])
def test_every_loss_trains_a_recurrent_model(loss):
    model, reached = trained_recurrent(loss)
    assert 1 < reached < 3
    assert np.exp(-np.mean(text_log_probabilities(model, TEXT))) < 4


@pytest.mark.parametrize("tie_embeddings", [True, False])
@pytest.mark.parametrize("loss", SAMPLED)
def test_a_sampled_loss_uses_the_output_layer_of_the_model(loss, tie_embeddings, random):
    """Its gradient reaches the same weights as that of the full softmax."""
    model = rnn_language_model(V, embedding_dim=4, num_layers=1, tie_embeddings=tie_embeddings)
    next_word_loss = NextWordLoss(model, loss, num_sampled=12)
    table = model.get_layer("token_embedding")
    weight = table.embeddings if tie_embeddings else table.reverse_embeddings
    hidden = random.normal(size=(2, 3, 4)).astype("float32")
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(next_word_loss(hidden, tf.zeros((2, 3, V)), np.full((2, 3), 9), training=True))
    gradient = np.array(tf.convert_to_tensor(tape.gradient(total, weight.value)))
    assert np.any(gradient[9] if tie_embeddings else gradient[:, 9])
    assert not next_word_loss.trainable_weights


def test_in_inference_the_loss_is_that_of_the_softmax(random):
    model = rnn_language_model(V, embedding_dim=4, num_layers=1)
    hidden, logits = random.normal(size=(2, 3, 4)), random.normal(size=(2, 3, V)).astype("float32")
    words = random.integers(1, V, (2, 3))
    expected = -np.take_along_axis(np.asarray(keras.ops.log_softmax(logits)), words[..., None], -1)[..., 0]
    for loss in ("full_softmax", *SAMPLED):
        np.testing.assert_allclose(NextWordLoss(model, loss, 12)(hidden, logits, words), expected, atol=1e-5)


def test_a_loss_that_does_not_fit_is_refused():
    model, tree = nnlm(V), nnlm(V, output="hierarchical_softmax")
    for call, message in (
        (lambda: NextWordLoss(model, "hinge"), "loss must be one of.*hinge"),
        (lambda: NextWordLoss(model, "nce", 0), "num_sampled=0"),
        (lambda: NextWordLoss(model, "hierarchical_softmax"), "require each other.*no hierarchical output"),
        (lambda: NextWordLoss(tree, "nce"), "require each other"),
        (lambda: rnn_language_model(V, output="hierarchical_softmax"), "Use tie_embeddings=False"),
        (lambda: nnlm(V, output="tree"), "output must be one of.*tree"),
        (lambda: options(loss="full_softmax", num_sampled=9).check(1), "--num-sampled is for the losses.*Omit"),
        (lambda: options(loss="nce", num_sampled=0).check(1), "at least 1. Received: 0. Use --loss full_softmax"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    options(loss="nce", num_sampled=9).check(1)


def options(**flags):
    return dataclasses.replace(NextWordOptions(), **flags)
