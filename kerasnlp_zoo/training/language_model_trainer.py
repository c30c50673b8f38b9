"""Training on a text longer than any batch: the state is carried over segments, the gradient is cut.

Shapes: B streams, T tokens of a segment, V vocabulary.

Reference: Williams and Peng 1990, "An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent Network
Trajectories", for truncated back-propagation through time.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from kerasnlp_zoo.models.rnn_language_model import state_sizes, with_state
from kerasnlp_zoo.training.losses import WeightedMeanLoss, cross_entropy, identity_loss
from kerasnlp_zoo.training.sampled_softmax import draw_candidates, sampled_cross_entropy


class LanguageModelTrainer(keras.Model):
    """A language model that remembers where its last batch ended: `trainer(inputs) -> losses [B, T]`.

    Trained with `fit` on `language_model_batches`; `compile_for_language_modeling` compiles it.

    Args:
        model: `keras.Model` from `rnn_language_model`, whose weights it trains.
        batch_size: int, B.
        num_sampled: int, words that the softmax is estimated by in training; None for all.
        seed: int, decides which.

    Call arguments:
        inputs: dict of token_ids int [B, T], words int [B, T], those that follow, and is_start int [B], 1 where
            the state is to be forgotten.
        training: bool; otherwise the softmax is over all words.

    Returns:
        float32 tensor [B, T], -log of the probability of each word.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> from kerasnlp_zoo.text.language_model_batches import language_model_batches
    >>> model = rnn_language_model(vocabulary_size=9, embedding_dim=4, num_layers=1)
    >>> trainer = compile_for_language_modeling(LanguageModelTrainer(model, batch_size=2), learning_rate=1e-3)
    >>> history = trainer.fit(language_model_batches(np.arange(9), 2, 3), shuffle=False, verbose=0).history
    >>> round(history["perplexity"][0])
    9
    """

    def __init__(self, model, batch_size, num_sampled=None, seed=0):
        super().__init__(name="language_model_trainer")
        self.stepwise = with_state(model)
        self.embedding = model.get_layer("token_embedding")
        self.head = model.get_layer("logits")
        self.num_sampled = num_sampled
        self.seed_generator = keras.random.SeedGenerator(seed)
        # Every replica has streams, and so a state, of its own.
        streams = batch_size // tf.distribute.get_strategy().num_replicas_in_sync
        own = {"synchronization": "on_read", "aggregation": "mean", "trainable": False}
        self.state = {
            name: keras.Variable(np.zeros((streams, units), "float32"), name=name, **own)
            for name, units in state_sizes(model).items()
        }

    def call(self, inputs, training=False):
        """Read a segment of every stream and keep the state at its end."""
        is_start = inputs["is_start"][:, None] > 0
        state = {name: ops.where(is_start, 0.0, kept.value) for name, kept in self.state.items()}
        outputs = self.stepwise({"token_ids": inputs["token_ids"], **state}, training=training)
        for name, kept in self.state.items():
            kept.assign(outputs[name])
        words = inputs["words"]
        if not training or self.num_sampled is None:
            return cross_entropy(words, ops.cast(outputs["logits"], "float32"))
        vectors, biases = self.word_vectors(), ops.convert_to_tensor(self.head.bias)
        candidates = draw_candidates(self.vocabulary_size, self.num_sampled, self.seed_generator)
        return sampled_cross_entropy(outputs["hidden"], words, vectors, biases, *candidates)

    def word_vectors(self):
        """Return the vectors that words are told by, [V, D]."""
        if self.embedding.tie_weights:
            return ops.convert_to_tensor(self.embedding.embeddings)
        return ops.transpose(self.embedding.reverse_embeddings)

    @property
    def vocabulary_size(self):
        """Number of token ids, V."""
        return self.embedding.input_dim


@keras.saving.register_keras_serializable(package="kerasnlp_zoo")
class Perplexity(keras.metrics.Mean):
    """e to the mean loss of a token: among how many equally likely ones the model seems to choose.

    Example:

    >>> metric = Perplexity()
    >>> metric.update_state(None, np.log([[4.0, 9.0, 5.0]]), np.array([[1.0, 1.0, 0.0]]))
    >>> round(float(metric.result()), 3)
    6.0
    """

    def __init__(self, name="perplexity", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, labels, losses, sample_weight=None):
        """Take in the losses of a batch; the labels are not looked at."""
        super().update_state(losses, sample_weight)

    def result(self):
        """Return the perplexity of all tokens so far."""
        return ops.exp(super().result())


def initialize_output_bias(model, token_ids):
    """Set the bias of every word to the logarithm of its share of a text: what is known before any other word.

    A step of Adam moves a bias by about the learning rate, and the shares of words lie some ten apart: learning
    them would take thousands of steps.

    Args:
        model: `keras.Model` from `rnn_language_model`.
        token_ids: int array, the text to train on.

    Example:

    >>> from kerasnlp_zoo.models import rnn_language_model
    >>> model = rnn_language_model(vocabulary_size=6, embedding_dim=4, num_layers=1)
    >>> initialize_output_bias(model, np.array([4, 4, 4, 5]))
    >>> ops.softmax(model.get_layer("logits").bias).numpy().round(1)  # every word seen once more
    array([0.1, 0.1, 0.1, 0.1, 0.4, 0.2], dtype=float32)
    """
    bias = model.get_layer("logits").bias
    counts = np.bincount(token_ids, minlength=bias.shape[0]) + 1
    bias.assign(np.log(counts / counts.sum()))


def compile_for_language_modeling(trainer, learning_rate, clip_norm=1.0, jit=False):
    """Compile a trainer: Adam, gradients clipped by the norm of them all.

    Args:
        trainer: LanguageModelTrainer.
        learning_rate: float or schedule.
        clip_norm: float, longest gradient.
        jit: bool, whether XLA compiles it.

    Returns:
        The same trainer.

    Reference: Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", section 3.2.
    """
    trainer.compile(
        keras.optimizers.Adam(learning_rate, global_clipnorm=clip_norm),
        WeightedMeanLoss(identity_loss),
        weighted_metrics=[Perplexity()],
        jit_compile=jit,
    )
    return trainer
