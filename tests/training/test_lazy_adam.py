import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.training import LazyAdam, WeightedMeanLoss, cross_entropy


def slices(random, rows):
    values = tf.constant(random.normal(size=(len(rows), 3)), "float32")
    return tf.IndexedSlices(values, tf.constant(rows), dense_shape=[5, 3])


def test_equals_adam_while_every_row_is_in_every_batch(random):
    start = random.normal(size=(5, 3)).astype("float32")
    lazy, dense = keras.Variable(start), keras.Variable(start)
    lazy_adam, adam = LazyAdam(0.1), keras.optimizers.Adam(0.1)
    for _ in range(5):
        gradient = slices(random, [2, 0, 1, 4, 3, 2, 2, 0])  # some rows stand several times
        lazy_adam.apply([gradient], [lazy])
        adam.apply([tf.convert_to_tensor(gradient)], [dense])
    np.testing.assert_allclose(lazy, dense, atol=1e-6)


def test_each_row_moves_as_if_the_batches_without_it_did_not_touch_it(random):
    """The equations of the paper, one row at a time."""
    start = random.normal(size=(5, 3)).astype("float32")
    variable, optimizer = keras.Variable(start), LazyAdam(0.1)
    expected = start.astype("float64")
    momentum, velocity = np.zeros_like(expected), np.zeros_like(expected)
    for step in range(1, 7):
        gradient = slices(random, random.integers(0, 4, 3).tolist())  # row 4 never occurs
        for row in {int(row) for row in gradient.indices}:
            g = sum(
                value
                for index, value in zip(gradient.indices.numpy(), gradient.values.numpy(), strict=True)
                if index == row
            )
            momentum[row] = 0.9 * momentum[row] + 0.1 * g
            velocity[row] = 0.999 * velocity[row] + 0.001 * g**2
            corrected = momentum[row] / (1 - 0.9**step), velocity[row] / (1 - 0.999**step)
            expected[row] -= 0.1 * corrected[0] / (np.sqrt(corrected[1]) + 1e-7)
        optimizer.apply([gradient], [variable])
    np.testing.assert_allclose(variable, expected, atol=1e-4)
    np.testing.assert_array_equal(np.array(variable)[4], start[4])


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}], ids=str)
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_words_outside_the_batch_keep_their_vectors_in_fit(options, policy, random):
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


def test_survives_a_keras_file(random, tmp_path):
    model = keras.Sequential([keras.Input((3,), dtype="int32"), keras.layers.Embedding(9, 2)])
    model.compile(LazyAdam(0.3), "mse")
    model.fit(random.integers(0, 9, (4, 3)), random.normal(size=(4, 3, 2)), verbose=0)
    model.save(tmp_path / "model.keras")
    optimizer = keras.saving.load_model(tmp_path / "model.keras").optimizer
    assert isinstance(optimizer, LazyAdam)
    assert float(optimizer.learning_rate) == pytest.approx(0.3)
