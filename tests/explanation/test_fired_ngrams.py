import functools

import keras
import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.explanation import fired_ngrams, readable
from kerasnlp_zoo.models import text_cnn, text_cnn_tagger
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPreprocessor
from tests import oracles
from tests.quick_cases import first_is_quick
from tests.small_tasks import TEXTS

ENTRY = "text_cnn_movie_reviews_en"
LABELS = ["bad", "fair", "good"]
WIDTHS = (1, 2, 5)
SENTENCES = ["fine", "a gripping story", "too long , and nobody in it is qwerty , qwerty"]
POOLINGS = ["max", "mean", "sum", "k_max"]


def random_task(pooling="max", texts=TEXTS, seed=0, options=None, **preprocessing):
    """Return an untrained task with three classes and non-zero biases."""
    preprocessor = WordPreprocessor.from_texts(list(texts), **preprocessing)
    sizes = {"embedding_dim": 6, "num_filters": 4, "filter_widths": WIDTHS, "pooling": pooling, "k": 3}
    sizes |= options or {}
    model = text_cnn(preprocessor.vocabulary_size, num_classes=3, **sizes)
    random = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape))
    return TextClassification(model, preprocessor, LABELS)


@functools.cache
def shared_task(pooling="max"):
    """Return the same task each time. Tests do not change it."""
    return random_task(pooling)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("sentence", first_is_quick(SENTENCES))
def test_contributions_of_ngrams_equal_what_their_filters_add_to_the_logits(pooling, sentence):
    task = shared_task(pooling)
    explanation = fired_ngrams(task, sentence)
    weights = {weight.path: np.array(weight) for weight in task.model.weights}
    ids = task.preprocessor([sentence])["token_ids"][0].numpy()
    expected = oracles.ngram_contributions(ids, weights, WIDTHS, pooling, k=3)
    received = {(ngram.width, ngram.start): ngram.contributions for ngram in explanation.ngrams}
    assert received.keys() == {window for window, added in expected.items() if np.any(added)}
    for window, contributions in received.items():
        np.testing.assert_allclose(contributions, expected[window], atol=1e-4)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("sentence", first_is_quick([*SENTENCES, "", "fine fine fine fine fine fine fine"]))
def test_contributions_and_bias_sum_to_the_logits(pooling, sentence):
    task = shared_task(pooling)
    explanation = fired_ngrams(task, sentence)
    logits = np.array(task.model(task.preprocessor([sentence])["token_ids"]))[0]
    np.testing.assert_allclose(explanation.logits, logits, atol=1e-5)
    from_ngrams = sum((ngram.contributions for ngram in explanation.ngrams), explanation.bias)
    np.testing.assert_allclose(from_ngrams, logits, rtol=1e-5, atol=1e-4)
    from_words = explanation.word_contributions.sum(axis=0) + explanation.bias
    np.testing.assert_allclose(from_words, logits, rtol=1e-5, atol=1e-4)
    assert explanation.answer == task.predict([sentence])[0]


@pytest.mark.parametrize(("padding", "starts"), [("full", range(-4, 3)), ("same", range(-2, 1)), ("valid", range(1))])
def test_contributions_sum_to_the_logits_with_other_convolutions(padding, starts):
    """The text is shorter than the widest filter, whose windows begin at `starts`."""
    task = random_task("mean", options={"padding": padding, "activation": "tanh", "batch_normalization": True})
    explanation = fired_ngrams(task, "gripping fine film")
    from_ngrams = sum((ngram.contributions for ngram in explanation.ngrams), explanation.bias)
    np.testing.assert_allclose(from_ngrams, explanation.logits, rtol=1e-5, atol=1e-4)
    widest = [ngram for ngram in explanation.ngrams if ngram.width == 5]
    assert [ngram.start for ngram in widest] == list(starts)
    words = ["·"] * 4 + explanation.words + ["·"] * 4
    assert [ngram.words for ngram in widest] == [tuple(words[start + 4 : start + 9]) for start in starts]


def test_stacked_convolutions_are_refused():
    with pytest.raises(InputError, match=r"dilation_rates=\[1, 2\]"):
        fired_ngrams(random_task(options={"dilation_rates": (1, 2)}), "fine")


def test_an_explanation_and_its_ngrams_have_a_short_repr():
    explanation = fired_ngrams(zoo.load(ENTRY), "a gripping, beautifully acted film with a fine story")
    words = "['a', 'gripping', ',', 'beautifully', 'acted', 'film', ...]"
    assert repr(explanation) == f"Explanation('positive', words={words}, ngrams={len(explanation.ngrams)})"
    ngram = explanation.strongest(count=1)[0][0]
    assert repr(ngram) == f"FiredNgram({' '.join(ngram.words)!r}, start={ngram.start}, filters={len(ngram.filters)})"


def test_with_max_pooling_each_filter_contributes_activation_times_weight_once():
    task = shared_task()
    ngrams = fired_ngrams(task, SENTENCES[2]).ngrams
    kernel = np.array(task.model.get_layer("logits").kernel)
    for place, width in enumerate(WIDTHS):
        fired = [ngram for ngram in ngrams if ngram.width == width]
        filters = np.concatenate([ngram.filters for ngram in fired])
        assert len(set(filters)) == len(filters)
        for ngram in fired:
            weights = kernel[4 * place + ngram.filters]  # [K, C]
            np.testing.assert_allclose(ngram.filter_contributions, ngram.activations[:, None] * weights, rtol=1e-5)


def test_an_ngram_that_occurs_twice_shares_its_contribution():
    ngrams = fired_ngrams(shared_task(), "fine film fine film").ngrams
    pairs = [[n for n in ngrams if n.words == (word,)] for word in ("fine", "film")]
    assert any(pairs)
    for pair in filter(None, pairs):
        np.testing.assert_allclose(pair[0].contributions, pair[1].contributions, rtol=1e-5)
        assert pair[0].filters.tolist() == pair[1].filters.tolist()


def test_contributions_of_a_window_are_divided_among_its_real_words():
    explanation = fired_ngrams(shared_task("sum"), "gripping story")
    shares = np.zeros((2, 3))
    for ngram in explanation.ngrams:
        for place, word in enumerate(("gripping", "story")):
            if word in ngram.words:
                shares[place] += ngram.contributions / sum(word != "·" for word in ngram.words)
    np.testing.assert_allclose(explanation.word_contributions, shares, atol=1e-5)
    assert ("·", "·", "gripping", "story", "·") in {ngram.words for ngram in explanation.ngrams}


def test_strongest_ngrams_are_sorted_by_contribution():
    explanation = fired_ngrams(shared_task("sum"), SENTENCES[2])
    speak_for, speak_against = explanation.strongest(count=4)
    values = sorted(ngram.contributions[explanation.predicted] for ngram in explanation.ngrams)
    assert [ngram.contributions[explanation.predicted] for ngram in speak_for] == values[:-5:-1]
    assert [ngram.contributions[explanation.predicted] for ngram in speak_against] == values[:4]
    assert values[3] < 0 < values[-4]


def test_the_entry_distinguishes_praise_and_blame_in_one_sentence():
    explanation = fired_ngrams(zoo.load(ENTRY), "dull and clumsy, but the actors are wonderful")
    for_positive = dict(zip(explanation.words, explanation.word_contributions[:, 1], strict=True))
    assert for_positive["dull"] < 0
    assert for_positive["clumsy"] < 0
    assert for_positive["wonderful"] > 0


def test_the_entry_answers_positive_because_of_beautifully_acted():
    explanation = fired_ngrams(zoo.load(ENTRY), "a gripping, beautifully acted film")
    assert explanation.answer["label"] == "positive"
    speak_for, _ = explanation.strongest(count=2)
    assert speak_for[0].words == (",", "beautifully", "acted", "film")
    assert "gripping" in speak_for[1].words


def test_half_precision_is_explained():
    explanation = fired_ngrams(zoo.load(ENTRY, dtype="mixed_bfloat16"), "dull but wonderful")
    from_words = explanation.word_contributions.sum(axis=0) + explanation.bias
    np.testing.assert_allclose(from_words, explanation.logits, atol=0.05)


def test_unknown_words_and_truncated_words_are_reported():
    explanation = fired_ngrams(random_task(max_sequence_length=3), "Qwerty is FINE and long")
    assert explanation.words == ["qwerty[?]", "is", "fine"]
    assert explanation.words_cut == 2
    assert "2 more words" in readable(explanation)


def test_chinese_characters_are_not_separated():
    explanation = fired_ngrams(random_task(texts=["质量很好", "太差了"], language="zh"), "iPhone质量差")
    assert explanation.words == ["iphone[?]", "质", "量", "差"]
    assert "iphone[?]质量差" in readable(explanation).splitlines()


def test_colors_follow_the_contributions():
    explanation = fired_ngrams(shared_task(), SENTENCES[2])
    contributions = explanation.word_contributions[:, explanation.predicted]
    line = readable(explanation, colored=True).splitlines()[1]
    words = explanation.words
    assert f"\033[30;48;5;{75 if max(contributions) > -min(contributions) else 208}m" in line
    assert words[np.argmax(abs(contributions))] + "\033[0m" in line
    plain = line.replace("\033[0m", "")
    for color in (153, 111, 75, 223, 215, 208):
        plain = plain.replace(f"\033[30;48;5;{color}m", "")
    assert plain == " ".join(words)


def test_models_of_other_builders_are_refused():
    task = random_task()
    task.model = text_cnn_tagger(task.preprocessor.vocabulary_size, num_classes=3, embedding_dim=4)
    with pytest.raises(InputError, match=r"the builder text_cnn made.*made by text_cnn_tagger"):
        fired_ngrams(task, "fine")
    task.model = keras.Sequential(name="mine")
    with pytest.raises(InputError, match="mine, not made by a builder"):
        fired_ngrams(task, "fine")


def test_other_types_than_strings_are_refused():
    with pytest.raises(InputError, match="Received: 3 at index 0"):
        fired_ngrams(shared_task(), 3)
