"""Output vectors predict the contexts of a word: P(context | word), in Python and in the graph."""

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from tests.small_tasks import word_embedding, word_embedding_with_contexts


@pytest.fixture(scope="module")
def task():
    return word_embedding_with_contexts()


def probabilities(task, word):
    """Return {context: P(context | word)} by the equation, in the order of the vocabulary."""
    output = np.asarray(task.model.get_layer("output_embedding").embeddings, "float64")
    bias = np.asarray(task.model.get_layer("context_logits").bias, "float64")
    powers = {
        context: np.exp(sum(output[row] * task.vector(word)) + bias[row])
        for row, context in enumerate(task.tokens)
        if row > 1
    }
    return {context: power / sum(powers.values()) for context, power in powers.items()}


@pytest.mark.parametrize("word", ["king", "café"])
def test_contexts_equal_the_softmax_over_all_words(task, word):
    expected = probabilities(task, word)
    order = sorted(expected, key=lambda context: -expected[context])
    assert [context for context, _ in task.contexts(word, count=99)] == order
    for context, probability in task.contexts(word, count=3):
        assert probability == pytest.approx(expected[context], rel=1e-4)
        assert task.context_probability(context, word) == probability
    answer = task.predict([word])[0]
    assert [context["word"] for context in answer["contexts"]] == order[:10]
    for context in answer["contexts"]:
        assert context["probability"] == pytest.approx(expected[context["word"]], rel=1e-4)
    best = answer["contexts"][0]
    assert f"; contexts: {best['word']} {best['probability']:.3f}, " in task.readable(answer)


def test_unknown_words_have_no_contexts(task):
    answer, outputs = task.predict(["unheard"])[0], task.outputs(["unheard"])
    assert (answer["neighbours"], answer["contexts"]) == ([], [])
    assert task.readable(answer) == "unknown word"
    assert not any(outputs["contexts"][0])
    assert not outputs["context_probabilities"].any()


def test_neighbours_do_not_depend_on_output_vectors(task, tmp_path):
    without = word_embedding()
    without.model.get_layer("token_embedding").embeddings.assign(task.vectors)
    for word in ("king", "tea"):
        np.testing.assert_allclose(
            [cosine for _, cosine in without.most_similar(word)], [cosine for _, cosine in task.most_similar(word)]
        )
    loaded = zoo.load(zoo.save(task, tmp_path / "entry", weights_dtype="int8"))
    assert loaded.contexts("king") == task.contexts("king")  # a small matrix is not rounded


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda task: task.contexts("coffe"), "Did you mean 'coffee'"),
        (lambda task: task.contexts("tea", count=0), "count=0"),
        (lambda task: task.context_probability("coffe", "tea"), "Did you mean 'coffee'"),
        (lambda task: word_embedding().contexts("tea"), "no output vectors.* trained with --keep-output"),
    ],
)
def test_queries_that_cannot_be_answered_are_refused(task, ask, message):
    with pytest.raises(InputError, match=message):
        ask(task)
