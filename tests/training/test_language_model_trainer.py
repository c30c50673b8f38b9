import keras
import numpy as np
import pytest

from kerasnlp_zoo.models import rnn_language_model
from kerasnlp_zoo.text.language_model_batches import language_model_batches
from kerasnlp_zoo.training import EpochBackup, EpochSeed, HistoryFile, KeepBest, WeightedMeanLoss, cross_entropy
from kerasnlp_zoo.training.language_model_trainer import LanguageModelTrainer, compile_for_language_modeling
from kerasnlp_zoo.training.next_word_loss import NextWordLoss
from kerasnlp_zoo.training.strategies import make_strategy

V = 13
IDS = np.random.default_rng(2).integers(1, V, 60)
SMALL = {"vocabulary_size": V, "embedding_dim": 4, "hidden_dim": 6, "num_layers": 1}


def sampled(model, num_sampled):
    return NextWordLoss(model, "sampled_softmax", num_sampled) if num_sampled else None


def trained(batch_size=2, segment_length=5, epochs=1, num_sampled=None, jit=False, clip_norm=1.0, **arguments):
    keras.utils.set_random_seed(3)
    model = rnn_language_model(**{**SMALL, "dropout": 0.0, **arguments})
    trainer = LanguageModelTrainer(model, batch_size, sampled(model, num_sampled))
    compile_for_language_modeling(trainer, keras.optimizers.Adam(0.01, global_clipnorm=clip_norm), jit)
    batches = language_model_batches(IDS, batch_size, segment_length)
    history = trainer.fit(batches, epochs=epochs, shuffle=False, verbose=0).history
    return trainer, history


def untrained(batch_size=2, num_sampled=None):
    keras.utils.set_random_seed(3)
    model = rnn_language_model(**SMALL)
    trainer = LanguageModelTrainer(model, batch_size, sampled(model, num_sampled))
    return compile_for_language_modeling(trainer, keras.optimizers.Adam(0.01, global_clipnorm=1.0))


def close(actual, expected, tolerance=1e-5):
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("tie_embeddings", [True, False])
def test_a_segment_as_long_as_the_text_equals_full_backpropagation(tie_embeddings):
    trainer, _ = trained(batch_size=1, segment_length=len(IDS), epochs=2, tie_embeddings=tie_embeddings)
    keras.utils.set_random_seed(3)
    model = rnn_language_model(**SMALL, dropout=0.0, tie_embeddings=tie_embeddings)
    model.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0), WeightedMeanLoss(cross_entropy))
    model.fit(np.append(3, IDS[:-1])[None], IDS[None], epochs=2, verbose=0)
    close(trainer.trainable_variables, model.trainable_variables)


def test_the_state_is_carried_from_segment_to_segment():
    trainer = untrained(batch_size=1)
    losses = [
        np.concatenate([trainer(inputs) for inputs, _, _ in language_model_batches(IDS, 1, length)], axis=1)
        for length in (6, 60)
    ]
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-5)


def test_the_state_is_reset_at_the_start_of_every_epoch():
    trainer, batches = untrained(), language_model_batches(IDS, 2, 5)
    first, second = (trainer.evaluate(batches, verbose=0, return_dict=True) for _ in range(2))
    assert first == second
    assert first["perplexity"] == pytest.approx(np.exp(first["loss"]), rel=1e-4)


def test_sampled_training_is_scored_with_the_full_softmax():
    inputs, _, _ = next(iter(language_model_batches(IDS, 2, 5)))
    close([untrained(num_sampled=4)(inputs)], [untrained()(inputs)])


@pytest.mark.slow
def test_training_with_xla_equals_training_without():
    plain, compiled = (trained(jit=jit)[0] for jit in (False, True))
    close(compiled.trainable_variables, plain.trainable_variables)


@pytest.mark.slow
def test_two_replicas_train_the_same_weights_as_one():
    results = []
    for name in ("none", "mirrored"):
        with make_strategy(name).scope():
            results.append(trained(batch_size=4, epochs=2))
    close(results[1][0].trainable_variables, results[0][0].trainable_variables)
    close(results[1][1]["perplexity"], results[0][1]["perplexity"], 1e-3)


class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 1 and batch == 1:
            raise KeyboardInterrupt


def test_a_resumed_run_is_bit_identical_to_an_uninterrupted_one(tmp_path):
    batches = language_model_batches(IDS, 2, 10)

    def fit(folder, *more):
        keras.utils.set_random_seed(3)
        model = rnn_language_model(**SMALL, dropout=0.4, recurrent_dropout=0.2)
        trainer = LanguageModelTrainer(model, 2, sampled(model, 6))
        compile_for_language_modeling(trainer, keras.optimizers.Adam(0.01, global_clipnorm=1.0))
        history, backup = HistoryFile(folder / "history.csv"), EpochBackup(folder)
        best = KeepBest(history, folder / "best.safetensors", "val_perplexity", patience=9)
        trainer.fit(
            batches,
            validation_data=batches,
            epochs=3,
            initial_epoch=backup.restore(trainer),
            callbacks=[EpochSeed(7), history, best, backup, *more],
            shuffle=False,
            verbose=0,
        )
        return trainer

    uninterrupted = fit(tmp_path / "uninterrupted")
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "cut", Interrupt())
    resumed = fit(tmp_path / "cut")
    for expected, actual in zip(uninterrupted.trainable_variables, resumed.trainable_variables, strict=True):
        np.testing.assert_array_equal(actual, expected)
    assert (tmp_path / "cut/history.csv").read_text() == (tmp_path / "uninterrupted/history.csv").read_text()
