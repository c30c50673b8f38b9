"""Attention weights equal the equations, and words are those of the text."""

import keras
import numpy as np
import pytest

from kerasnlp_zoo import models, zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.explanation import Attention, attention_weights, position_vectors
from kerasnlp_zoo.layers.positions import sinusoids
from kerasnlp_zoo.tasks import LanguageModeling, QuestionAnswering, SentenceSimilarity, TextClassification
from kerasnlp_zoo.text import (
    GenerativeVocabulary,
    LanguageModelPreprocessor,
    WordPiecePreprocessor,
    WordPieceVocabulary,
    WordPreprocessor,
)
from tests import oracles

SIZES = {"hidden_dim": 8, "num_layers": 3, "num_heads": 2, "intermediate_dim": 16}
TOKENS = "[PAD] [UNK] [CLS] [SEP] [MASK] the cat didn ' t see sleep ##ing dog ##s . 很 好 café cafe".split()
VOCABULARY = WordPieceVocabulary(TOKENS)
TEXT = "The cat didn't see sleeping dogs."


def randomized(model, seed=0):
    random = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape) * 0.7)
    return model


def bert_task(**preprocessing):
    model = randomized(models.sentence_encoder(vocabulary_size=len(VOCABULARY), **SIZES))
    return SentenceSimilarity(model, WordPiecePreprocessor(VOCABULARY, **preprocessing))


def word_task(**arguments):
    preprocessor = WordPreprocessor.from_texts([TEXT], max_sequence_length=8)
    arguments = {"vocabulary_size": preprocessor.vocabulary_size, "num_classes": 2, **SIZES, **arguments}
    return TextClassification(randomized(models.transformer_encoder(**arguments)), preprocessor, ["no", "yes"])


def slow_attention(w, x, activation, norm_first, epsilon, **arguments):
    """Return the attention weights of all layers for one text [1, T, D], layer by layer."""
    weights = []
    for n in range(SIZES["num_layers"]):

        def norm(x, name, n=n):
            return oracles.layer_norm(x, w[f"layer_{n}/{name}/gamma"], w[f"layer_{n}/{name}/beta"], epsilon)

        names = ("query_key_value/kernel", "query_key_value/bias", "output/kernel", "output/bias")
        attention = [w[f"layer_{n}/attention/{name}"] for name in names]
        read = norm(x, "attention_norm") if norm_first else x
        attended, shares = oracles.self_attention(read, np.ones(x.shape[:2], bool), *attention, 2, **arguments)
        x = x + attended if norm_first else norm(x + attended, "attention_norm")
        read = norm(x, "output_norm") if norm_first else x
        hidden = activation(read @ w[f"layer_{n}/intermediate/kernel"] + w[f"layer_{n}/intermediate/bias"])
        added = hidden @ w[f"layer_{n}/output/kernel"] + w[f"layer_{n}/output/bias"]
        x = x + added if norm_first else norm(x + added, "output_norm")
        weights.append(shares[0])
    return np.array(weights)


def weights_of(task):
    return {weight.path: np.asarray(weight, "float64") for weight in task.model.weights}


@pytest.mark.parametrize("text", [TEXT, ("The cat.", "Dogs didn't sleep."), ""], ids=["text", "pair", "empty"])
def test_weights_of_bert_equal_its_equations(text):
    task = bert_task()
    attention = attention_weights(task, text)
    ids = [VOCABULARY.ids[token.lower()] if token[0] != "[" else VOCABULARY.ids[token] for token in attention.tokens]
    w = weights_of(task)
    segments = np.cumsum([0, *(token == "[SEP]" for token in attention.tokens)])[:-1]
    x = w["token_embedding/embeddings"][ids] + w["segment_embedding/embeddings"][segments]
    x = x + w["position_embedding/embeddings"][: len(ids)]
    x = oracles.layer_norm(x[None], w["embedding_norm/gamma"], w["embedding_norm/beta"], 1e-12)
    expected = slow_attention(w, x, oracles.gelu, norm_first=False, epsilon=1e-12)
    np.testing.assert_allclose(attention.weights, expected, atol=2e-5)
    np.testing.assert_allclose(attention.weights.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("norm_first", [False, True])
def test_weights_of_a_transformer_over_words_equal_its_equations(norm_first):
    task = word_task(norm_first=norm_first)
    attention = attention_weights(task, "the cat didn't see qwerty")
    assert attention.tokens == ["the", "cat", "did", "n't", "see", "qwerty[?]"]
    ids = task.preprocessor(["the cat didn't see qwerty"])["token_ids"].numpy()
    w = weights_of(task)
    x = w["token_embedding/embeddings"][ids] * np.sqrt(8) + sinusoids(ids.shape[1], 8)
    expected = slow_attention(w, x, lambda x: np.maximum(x, 0), norm_first, epsilon=1e-5)
    np.testing.assert_allclose(attention.weights, expected, atol=2e-5)


@pytest.mark.parametrize(("text", "tokens"), [("tea, milk!", ["tea", ",", "milk", "![?]"]), ("", [])])
def test_weights_of_a_language_model_equal_its_equations(text, tokens):
    vocabulary = GenerativeVocabulary.from_counts({"tea": 3, "milk": 2, ",": 1})
    model = randomized(models.transformer_language_model(len(vocabulary), attention_window=3, **SIZES))
    task = LanguageModeling(model, LanguageModelPreprocessor(vocabulary))
    attention = attention_weights(task, text)
    assert attention.tokens == ["[END]", *tokens]
    ids = [vocabulary.ids.get(token, 1) for token in attention.tokens]
    w = weights_of(task)
    causal = {"is_causal": True, "window": 3, "slopes": [1 / 16, 1 / 256]}
    x = w["token_embedding/embeddings"][ids][None] * np.sqrt(8)
    expected = slow_attention(w, x, lambda x: np.maximum(x, 0), norm_first=True, epsilon=1e-5, **causal)
    np.testing.assert_allclose(attention.weights, expected, atol=2e-5)
    assert not np.triu(attention.weights, 1).any()  # no token attends to a later one


def test_tokens_are_those_of_the_text():
    attention = attention_weights(bert_task(), "SLEEPING CAFÉ 的 [MASK]好")
    assert attention.tokens == ["[CLS]", "SLEEP", "##ING", "CAFÉ", "的[?]", "[MASK]", "好", "[SEP]"]
    tokens = "['[CLS]', 'SLEEP', '##ING', 'CAFÉ', '的[?]', '[MASK]', ...]"
    assert repr(attention) == f"Attention({tokens}, layers=3, heads=2)"
    assert [word for word, _ in attention.words] == ["[CLS]", "SLEEPING", "CAFÉ", "的", "[MASK]", "好", "[SEP]"]


def test_truncated_tokens_are_left_out_and_counted():
    attention = attention_weights(bert_task(max_sequence_length=6), ("the cat the cat", "the dog"))
    assert attention.tokens == ["[CLS]", "the", "cat", "[SEP]", "the", "[SEP]"]
    assert attention.num_cut == 3
    with pytest.raises(InputError, match="'dog' is not a word of the text. 3 more tokens were truncated"):
        attention.places("dog")
    assert attention_weights(word_task(), "the cat " * 5).num_cut == 2


def test_models_for_pairs_read_single_texts_and_vice_versa():
    model = models.bert_span_predictor(vocabulary_size=len(VOCABULARY), **SIZES)
    of_pairs = QuestionAnswering(model, WordPiecePreprocessor(VOCABULARY, pairs=True))
    of_pairs.model.set_weights(randomized(model).get_weights())
    single = bert_task()
    shared = {weight.path: weight for weight in single.model.weights}
    for weight in model.weights:
        if weight.path in shared:
            weight.assign(shared[weight.path])
    for text in (TEXT, ("the cat", "dogs")):
        first, second = attention_weights(of_pairs, text), attention_weights(single, text)
        assert first.tokens == second.tokens
        np.testing.assert_allclose(first.weights, second.weights, atol=1e-6)


def test_half_precision_is_close():
    task = bert_task()
    expected = attention_weights(task, TEXT).weights
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        received = attention_weights(bert_task(), TEXT).weights
    finally:
        keras.config.set_dtype_policy("float32")
    assert received.dtype == np.float32
    np.testing.assert_allclose(received[0], expected[0], atol=0.05)  # random weights amplify differences


def attention(random, tokens=("[CLS]", "The", "sleep", "##ing", "dog", "didn", "'", "t", "see", "the", "[SEP]")):
    weights = random.random((2, 3, len(tokens), len(tokens)))
    return Attention(list(tokens), weights / weights.sum(-1, keepdims=True), 0)


def test_attention_of_a_word_is_averaged_over_its_pieces_and_summed_over_theirs(random):
    found = attention(random)
    words = ["[CLS]", "The", "sleeping", "dog", "didn", "'", "t", "see", "the", "[SEP]"]
    assert [word for word, _ in found.words] == words
    shares = found.of_word("Sleeping", layers=[0], heads=[1])
    assert shares.sum() == pytest.approx(1)
    w = found.weights[0, 1]
    assert shares[2] == pytest.approx((w[2, 2] + w[2, 3] + w[3, 2] + w[3, 3]) / 2)
    assert shares[3] == pytest.approx((w[2, 4] + w[3, 4]) / 2)
    both = np.mean([found.of_word("sleeping", [layer], [head]) for layer in (0, 1) for head in (0, 2)], axis=0)
    np.testing.assert_allclose(found.of_word("sleeping", [0, 1], [0, 2]), both)
    by_default = np.mean([found.of_word("sleeping", [1], [head]) for head in range(3)], axis=0)
    np.testing.assert_allclose(found.of_word("sleeping"), by_default)


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("didn't", [5, 6, 7]),
        ("the", [1, 9]),
        ("DOG", [4]),
        ("sleeping dog", [2, 3, 4]),
        ("[SEP]", [10]),
        ("ｄｏｇ", [4]),
    ],
)
def test_words_are_found_at_every_position(query, places, random):
    assert attention(random).places(query) == places


@pytest.mark.parametrize("query", ["sleep", "ing", "cat", "do", "dogs", ""])
def test_the_error_for_an_unknown_word_lists_the_words_of_the_text(query, random):
    with pytest.raises(InputError, match=r"is not a word of the text.*Its words: \[CLS\] The sleeping dog didn ' t"):
        attention(random).places(query)


def test_layers_and_heads_out_of_range_are_refused(random):
    found = attention(random)
    assert found.choose() == ([1], [0, 1, 2])
    assert found.choose((0, 1), (2,)) == ([0, 1], [2])
    with pytest.raises(InputError, match="2 layers. Expected numbers from 0 to 1. Received: layer 0, 2"):
        found.choose([0, 2])
    with pytest.raises(InputError, match="3 heads. Expected numbers from 0 to 2. Received: head -1"):
        found.choose(heads=[-1])


def test_models_and_texts_without_attention_are_refused():
    with pytest.raises(InputError, match="text_cnn has no attention"):
        attention_weights(zoo.load("text_cnn_movie_reviews_en"), "fine")
    with pytest.raises(InputError, match="of words reads one text. Received: a pair"):
        attention_weights(word_task(), ("the", "cat"))
    with pytest.raises(InputError, match="has no token"):
        attention_weights(word_task(), "")
    for text in (3, [], ["a", "b", "c"], ["a", b"b"]):
        with pytest.raises(InputError, match="a text or a pair of texts. Received: "):
            attention_weights(bert_task(), text)


def test_position_vectors_are_those_that_the_model_adds():
    np.testing.assert_array_equal(position_vectors(word_task().model), sinusoids(512, 8))
    task = bert_task()
    table = weights_of(task)["position_embedding/embeddings"]
    np.testing.assert_array_equal(position_vectors(task.model), table.astype("float32"))
    with pytest.raises(InputError, match="text_cnn has no position vectors"):
        position_vectors(zoo.load("text_cnn_movie_reviews_en").model)
