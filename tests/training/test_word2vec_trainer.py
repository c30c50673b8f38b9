"""The fast trainers equal a slow loop over words, contexts and noise, and behave as Keras models."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.huffman import huffman_codes
from kerasnlp_zoo.models.word2vec import word2vec_bias
from kerasnlp_zoo.text import cooccurrence_counts
from kerasnlp_zoo.text.corpus import encode_corpus
from kerasnlp_zoo.text.word2vec_examples import WindowSampling, segment_dataset
from kerasnlp_zoo.training import EpochBackup, EpochSeed, HierarchicalSoftmaxTrainer, Word2VecTrainer, make_strategy
from kerasnlp_zoo.training.table_trainer import Table, row_adagrad
from tests.quick_cases import first_is_quick

DIM, WINDOW, SEGMENT, NEGATIVES, RATE = 5, 2, 4, 3, 0.3
ARCHITECTURES = ("skip_gram", "cbow")
architectures = pytest.mark.parametrize("architecture", ARCHITECTURES)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Sentences about two topics, which share no words."""
    random = np.random.default_rng(0)
    sentences = [[f"{topic}{n}" for n in random.integers(0, 10, 8)] for topic in "ab" for _ in range(300)]
    sentences = [sentences[place] for place in random.permutation(len(sentences))]
    chunk = [word for sentence in sentences for word in sentence], [8] * len(sentences)
    return encode_corpus([chunk], tmp_path_factory.mktemp("topics") / "corpus", 1)


def segments(corpus, negatives=NEGATIVES, **arguments):
    windows = WindowSampling(WINDOW, subsample=0, seed=3)
    return segment_dataset(corpus, windows, SEGMENT, negatives, minibatch=16, **{"chunk": 1024, **arguments})


def made(kind, corpus, architecture, pooling="mean"):
    if kind == "negative_sampling":
        return Word2VecTrainer(len(corpus.vocabulary), DIM, architecture, num_negatives=2, pooling=pooling)
    return HierarchicalSoftmaxTrainer(corpus.counts, DIM, architecture, pooling)


def contexts(batch, segment, place):
    """Return the positions of the contexts of one centre in the words of its segment."""
    left, right = divmod(int(batch["codes"][segment, place]), WINDOW + 1)
    centre = WINDOW + place
    return [p for p in range(centre - left, centre + right + 1) if p != centre]


def slow_pairs(batch, architecture, kind, counts, pooling):
    """Yield (input words with their shares, [(output row, label, weight)]) of a minibatch, one prediction each."""
    if kind == "hierarchical_softmax":
        nodes, signs = huffman_codes(counts)
    for segment, words in enumerate(batch["words"]):
        for place in range(SEGMENT):
            centre, around = words[WINDOW + place], [words[p] for p in contexts(batch, segment, place)]
            if not around:
                continue
            if architecture == "cbow":
                share = 1 / len(around) if pooling == "mean" else 1
                predictions = [([(word, share) for word in around], centre)]
            elif kind == "negative_sampling":
                predictions = [([(centre, 1.0)], context) for context in around]
            else:  # as in the published code, the contexts predict the centre
                predictions = [([(context, 1.0)], centre) for context in around]
            for inputs, word in predictions:
                if kind == "negative_sampling":
                    noise = [(row, 0.0, 2 / NEGATIVES) for row in batch["negatives"][segment]]
                    yield inputs, [(word, 1.0, 1.0), *noise]
                else:
                    ways = zip(nodes[word], signs[word], strict=True)
                    yield inputs, [(node, (sign + 1) / 2, 1.0) for node, sign in ways if sign]


def slow_gradients(tables, batch, architecture, kind, counts, pooling):
    """Return the gradients of the rows of both tables as dicts, and the mean loss."""
    inputs, outputs = [vectors.astype("float64") for vectors, _ in tables]
    input_gradients, output_gradients, loss, number = {}, {}, 0.0, 0
    for given, asked in slow_pairs(batch, architecture, kind, counts, pooling):
        hidden = sum(share * inputs[word] for word, share in given)
        by_hidden = np.zeros(DIM)
        for row, label, weight in asked:
            probability = 1 / (1 + np.exp(-hidden @ outputs[row]))
            loss -= weight * np.log(probability if label else 1 - probability)
            by_hidden += weight * (probability - label) * outputs[row]
            output_gradients[row] = output_gradients.get(row, 0) + weight * (probability - label) * hidden
        for word, share in given:
            input_gradients[word] = input_gradients.get(word, 0) + share * by_hidden
        number += 1
    return input_gradients, output_gradients, loss / number


@pytest.mark.parametrize(("architecture", "pooling"), [("skip_gram", "mean"), ("cbow", "mean"), ("cbow", "sum")])
@pytest.mark.parametrize("kind", ["negative_sampling", "hierarchical_softmax"])
def test_gradients_and_loss_equal_a_slow_loop_over_the_equations(kind, architecture, pooling, corpus, random):
    trainer = made(kind, corpus, architecture, pooling)
    trainer.compile(1.0)
    for table in trainer.tables:
        table.vectors.assign(random.normal(size=table.vectors.shape))
        table.accumulators.assign(np.full(table.accumulators.shape, 1e12))  # steps so small that all are parallel
    before = [[np.asarray(part) for part in table] for table in trainer.tables]
    batches = next(iter(segments(corpus, NEGATIVES if kind == "negative_sampling" else 0)))
    batch = {name: values[0, 0].numpy() for name, values in batches.items() if name != "minibatches"}
    expected = slow_gradients(before, batch, architecture, kind, corpus.counts, pooling)

    tables, losses, weight = trainer.minibatch(
        [Table(*map(tf.constant, table)) for table in before],
        {name: tf.constant(values) for name, values in batch.items()},
        tf.constant(1e12),
    )
    assert float(losses / weight) == pytest.approx(expected[2], rel=1e-5)
    for (vectors, _), (old, _), gradients in zip(tables, before, expected[:2], strict=True):
        received = (old - vectors.numpy()) / 1e6  # the update: 1e12 / sqrt(1e12)
        for row in range(len(old)):
            np.testing.assert_allclose(received[row], gradients.get(row, np.zeros(DIM)), atol=2e-4)


def test_row_adagrad_sums_all_squares_before_it_updates_a_row(random):
    vectors, sums = random.normal(size=(6, DIM)).astype("float32"), random.random(6).astype("float32")
    rows, gradients = np.array([[1, 4], [1, 5]]), random.normal(size=(2, 2, DIM)).astype("float32")
    after = row_adagrad(Table(tf.constant(vectors), tf.constant(sums)), rows, tf.constant(gradients), RATE)
    expected_sums, expected = sums.copy(), vectors.copy()
    for row, gradient in zip(rows.ravel(), gradients.reshape(-1, DIM), strict=True):
        expected_sums[row] += np.mean(gradient**2)
    for row, gradient in zip(rows.ravel(), gradients.reshape(-1, DIM), strict=True):
        expected[row] -= RATE * gradient / np.sqrt(expected_sums[row] + 1e-10)
    np.testing.assert_allclose(after.vectors, expected, atol=1e-6)
    np.testing.assert_allclose(after.accumulators, expected_sums, atol=1e-6)


def nearness(vectors, corpus):
    """Return the mean cosine within the topics, and between them."""
    words = vectors[2:] / np.linalg.norm(vectors[2:], axis=1, keepdims=True)
    topic = np.array([token[0] for token in corpus.vocabulary.tokens[2:]])
    cosines, same = words @ words.T, topic[:, None] == topic
    return cosines[same & ~np.eye(len(words), dtype=bool)].mean(), cosines[~same].mean()


@pytest.mark.parametrize("architecture", first_is_quick(ARCHITECTURES))
@pytest.mark.parametrize("kind", ["negative_sampling", pytest.param("hierarchical_softmax", marks=pytest.mark.slow)])
def test_words_of_a_topic_become_similar_and_the_loss_falls(kind, architecture, corpus):
    trainer = made(kind, corpus, architecture)
    trainer.compile(keras.optimizers.schedules.PolynomialDecay(0.2, 55, 0.001))
    dataset = segments(corpus, NEGATIVES if kind == "negative_sampling" else 0)
    losses = trainer.fit(dataset, epochs=10, shuffle=False, verbose=0).history["loss"]
    assert losses[-1] < 0.98 * losses[0]
    within, across = nearness(trainer.vectors, corpus)
    assert within > across + 0.5
    assert not trainer.vectors[:2].any()  # [PAD] and [UNK] are never trained


@pytest.mark.slow
def test_output_vectors_predict_the_counted_contexts(tmp_path):
    """Negative sampling learns P(context | word), with the noise distribution as bias and not without it."""
    random = np.random.default_rng(5)
    follows = random.dirichlet(np.full(12, 0.3), 12)
    sentences = []
    for _ in range(3000):
        words = [int(random.zipf(1.6)) % 12]
        for _ in range(7):
            words.append(random.choice(12, p=follows[words[-1]]))
        sentences.append([f"w{word}" for word in words])
    chunk = [word for sentence in sentences for word in sentence], [8] * len(sentences)
    corpus = encode_corpus([chunk], tmp_path / "corpus", 1)
    counts = cooccurrence_counts(corpus, window=1, weighting="flat").toarray()[2:, 2:]
    counted = counts / counts.sum(axis=1, keepdims=True)

    trainer = Word2VecTrainer(len(corpus.vocabulary), embedding_dim=14)
    trainer.compile(keras.optimizers.schedules.PolynomialDecay(0.2, 80, 0.0))
    trainer.fit(trainer.dataset(corpus, WindowSampling(1, subsample=0, dynamic=False)), epochs=80, verbose=0)
    scores = trainer.vectors[2:] @ np.asarray(trainer.output_table.vectors)[2:, :14].T
    apart = {}
    for name, bias in (("noise", word2vec_bias("negative_sampling", corpus.counts)[2:]), ("none", 0)):
        powers = np.exp(scores + bias)
        apart[name] = np.abs(powers / powers.sum(axis=1, keepdims=True) - counted).sum(axis=1).mean() / 2
    print(apart)
    assert apart["noise"] < 0.05
    assert apart["none"] > 4 * apart["noise"]


@pytest.mark.slow
@architectures
def test_padding_of_minibatches_does_not_change_the_vectors(architecture, corpus):
    """Rows of padding do not change the vectors: the corpus is trained in larger, incomplete minibatches."""
    results = []
    for chunk in (6000, 9000):  # one chunk, with more and more padding
        trainer = made("negative_sampling", corpus, architecture)
        trainer.compile(0.2)
        dataset = segments(corpus, chunk=chunk).take(1)
        batch = next(iter(dataset))
        batch["negatives"] = tf.ones_like(batch["negatives"]) * 3  # drawn negatives depend on the size
        trainer.fit(tf.data.Dataset.from_tensors(batch), shuffle=False, verbose=0)
        results.append(trainer.vectors)
    np.testing.assert_allclose(results[1], results[0], atol=1e-6)


def test_a_resumed_run_is_bit_identical_to_an_uninterrupted_one(corpus, tmp_path):
    def fit(folder, epochs):
        folder.mkdir(exist_ok=True)
        trainer = made("negative_sampling", corpus, "skip_gram")
        trainer.compile(keras.optimizers.schedules.PolynomialDecay(0.2, 25, 0.001))
        backup = EpochBackup(folder)
        first = backup.restore(trainer)
        trainer.fit(
            segments(corpus),
            epochs=epochs,
            initial_epoch=first,
            callbacks=[EpochSeed(1), backup],
            shuffle=False,
            verbose=0,
        )
        return trainer.vectors

    uninterrupted = fit(tmp_path / "uninterrupted", 4)
    fit(tmp_path / "cut", 2)
    np.testing.assert_array_equal(fit(tmp_path / "cut", 4), uninterrupted)


@pytest.mark.slow
def test_replicas_stay_equal_and_learn(corpus):
    with make_strategy("mirrored").scope():
        trainer = made("negative_sampling", corpus, "skip_gram")
        trainer.compile(0.2)
    trainer.fit(segments(corpus, replicas=2), epochs=20, shuffle=False, verbose=0)
    for table in trainer.tables:
        for variable in table:
            first, second = (np.asarray(part) for part in variable.value.values)
            np.testing.assert_array_equal(first, second)
    within, across = nearness(trainer.vectors, corpus)
    assert within > across + 0.5


def test_calling_a_trainer_is_refused_with_advice():
    with pytest.raises(InputError, match=r"has no outputs. Train it with fit\(dataset\)"):
        Word2VecTrainer(10, DIM)(np.array([[2]]))
