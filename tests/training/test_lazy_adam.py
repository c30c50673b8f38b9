import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.training import LazyAdam, WeightedMeanLoss, cross_entropy
from tests.quick_cases import first_is_quick


def slices(random, rows):
    values = tf.constant(random.normal(size=(len(rows), 3)), "float32")
    return tf.IndexedSlices(values, tf.constant(rows), dense_shape=[5, 3])


def test_updates_of_rows_equal_adam_without_momentum(random):
    """Including rows that some batches lack or contain several times, and rows in no batch."""
    start = random.normal(size=(5, 3)).astype("float32")
    lazy, dense = keras.Variable(start), keras.Variable(start)
    lazy_adam, adam = LazyAdam(0.1), keras.optimizers.Adam(0.1, beta_1=0.0)
    for _ in range(30):
        gradient = slices(random, random.integers(0, 4, 3).tolist())  # row 4 never occurs
        lazy_adam.apply([gradient], [lazy])
        adam.apply([tf.convert_to_tensor(gradient)], [dense])
    np.testing.assert_allclose(lazy, dense, atol=1e-5)
    np.testing.assert_array_equal(np.array(lazy)[4], start[4])


@pytest.mark.slow
def test_the_total_update_of_a_word_is_close_to_that_of_adam(random):
    """After one occurrence, Adam continues by momentum and reaches nearly the same vector."""
    start = np.ones((5, 3), "float32")
    lazy, dense = keras.Variable(start), keras.Variable(start)
    lazy_adam, adam = LazyAdam(0.1), keras.optimizers.Adam(0.1)
    empty = tf.IndexedSlices(tf.zeros((1, 3)), tf.constant([0]), dense_shape=[5, 3])
    for step in range(600):
        gradient = slices(random, [2]) if step == 499 else empty
        lazy_adam.apply([gradient], [lazy])
        adam.apply([tf.convert_to_tensor(gradient)], [dense])
    moved = np.array(dense)[2] - start[2]
    np.testing.assert_allclose(np.array(lazy)[2] - start[2], moved, rtol=0.05)


def test_dense_weights_are_updated_as_by_adam(random):
    start = random.normal(size=(4, 3)).astype("float32")
    lazy, dense = keras.Variable(start), keras.Variable(start)
    lazy_adam, adam = LazyAdam(0.1), keras.optimizers.Adam(0.1)
    for _ in range(5):
        gradient = tf.constant(random.normal(size=(4, 3)), "float32")
        lazy_adam.apply([gradient], [lazy])
        adam.apply([gradient], [dense])
    np.testing.assert_array_equal(lazy, dense)


def test_clipping_equals_that_of_complete_tables(random):
    """Repeated rows count with the sum of their gradients, and rows without a gradient do not change."""
    start = random.normal(size=(5, 3)).astype("float32")
    lazy, dense, others = keras.Variable(start), keras.Variable(start), [keras.Variable(start) for _ in range(2)]
    clipping, adam = (
        LazyAdam(0.1, epsilon=0.1, global_clipnorm=0.3),
        keras.optimizers.Adam(0.1, beta_1=0.0, epsilon=0.1, global_clipnorm=0.3),
    )
    for rows in ([2, 2, 0], [1, 0, 0]):
        gradient = slices(random, rows)
        clipping.apply([gradient, 0 * others[0]], [lazy, others[0]])
        adam.apply([tf.convert_to_tensor(gradient), 0 * others[1]], [dense, others[1]])
    np.testing.assert_allclose(lazy, dense, atol=1e-5)
    np.testing.assert_array_equal(np.array(lazy)[3:], start[3:])


@pytest.mark.parametrize("options", first_is_quick([{}, {"jit_compile": True}]))
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_words_outside_the_batch_do_not_change_in_fit(options, policy, random):
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(policy)
        ids = keras.Input((None,), dtype="int32")
        vectors = keras.layers.Embedding(10, 4, name="vectors")(ids)
        model = keras.Model(ids, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling1D()(vectors)))
        model.compile(LazyAdam(0.1), WeightedMeanLoss(cross_entropy), **options)
    finally:
        keras.config.set_dtype_policy(before)
    start = np.array(model.get_layer("vectors").embeddings)
    model.fit(random.integers(0, 5, (8, 6)), random.integers(0, 2, 8), epochs=3, verbose=0)
    changed = np.any(np.array(model.get_layer("vectors").embeddings) != start, axis=1)
    assert changed[:5].all()
    assert not changed[5:].any()


def test_the_optimizer_is_restored_from_a_keras_file(random, tmp_path):
    model = keras.Sequential([keras.Input((3,), dtype="int32"), keras.layers.Embedding(9, 2)])
    model.compile(LazyAdam(0.3), "mse")
    data = random.integers(0, 9, (4, 3)), random.normal(size=(4, 3, 2))
    model.fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again.optimizer, LazyAdam)
    for one in (model, again):  # continues from its state
        one.fit(*data, verbose=0)
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
