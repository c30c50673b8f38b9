"""N-gram models: probabilities are distributions, and equal slow implementations and nltk."""

import collections
import functools
import itertools

import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import count_ngrams, ngram, ngram_smoothing
from kerasnlp_zoo.models.ngram_smoothing import SMOOTHINGS, estimate_discounts
from kerasnlp_zoo.text import GenerativeVocabulary

PAD, UNK, START, END = range(4)
EVENTS = [1, 3, 4, 5, 6]
VOCABULARY = GenerativeVocabulary.from_counts({"a": 3, "b": 2, "c": 1})
CHINESE = [sentence.split() for sentence in ("我 爱 吃 苹果", "我 爱 吃 香蕉", "我 喜欢 苹果", "他 爱 吃 苹果")]


def text_of(random, length):
    """Return random words, some in frequent sequences, and sentence starts."""
    ids = random.choice([1, 3, 4, 5], length, p=[0.1, 0.2, 0.5, 0.2])
    ids[1::3] = np.minimum(ids[0:-1:3] + 1, 6)
    ids[random.integers(1, length, length // 12)] = START
    return ids


@pytest.fixture
def train(random):
    return text_of(random, 150)


@pytest.fixture
def validation(random):
    return text_of(np.random.default_rng(1), 100)


def make(smoothing, train, validation, order=3, vocabulary=VOCABULARY, min_counts=(1,)):
    arguments = {"add_k": {"k": 0.3}, "interpolation": {"validation": validation}}.get(smoothing, {})
    return ngram(vocabulary, count_ngrams(train, len(vocabulary), 3), smoothing, order, min_counts, **arguments)


all_smoothings = pytest.mark.parametrize("smoothing", SMOOTHINGS)


@all_smoothings
@pytest.mark.parametrize("order", [1, 2, 3])
def test_probabilities_sum_to_one_after_every_history(smoothing, order, train, validation):
    model = make(smoothing, train[:60], validation, order)
    for length in range(4):
        for history in itertools.product(range(len(VOCABULARY)), repeat=length):
            distribution = model.next_word(history)
            assert distribution.min() >= 0
            assert distribution[[PAD, START]].tolist() == [0, 0]
            assert abs(distribution.sum() - 1) < 1e-6


@all_smoothings
def test_the_score_of_a_text_is_the_sum_over_its_words(smoothing, train, validation):
    model = make(smoothing, train, validation)
    text = np.append(validation, [6, 6, 1, 6, 4])
    one_by_one = [0.0 if word == START else model.probability(word, [START, *text[:n]]) for n, word in enumerate(text)]
    np.testing.assert_allclose(model.probabilities(text), one_by_one, rtol=1e-6)
    logarithms = [np.log(p) if p else -np.inf for p, word in zip(one_by_one, text, strict=True) if word != START]
    assert model.perplexity(text) == pytest.approx(np.exp(-np.mean(logarithms)))


def sentences_as_ids(vocabulary, sentences):
    return np.array([place for s in sentences for place in [START, *(vocabulary.ids[word] for word in s), END]])


def test_a_worked_example_has_the_published_probabilities():
    vocabulary = GenerativeVocabulary.from_counts(collections.Counter(itertools.chain(*CHINESE)))
    ids = vocabulary.ids
    counts = count_ngrams(sentences_as_ids(vocabulary, CHINESE), len(vocabulary), 3)
    model = ngram(vocabulary, counts, "maximum_likelihood")
    assert model.probability(ids["爱"], [ids["我"]]) == pytest.approx(2 / 3)
    assert model.probability(ids["喜欢"], [ids["我"]]) == pytest.approx(1 / 3)
    assert model.probability(ids["苹果"], [ids["爱"], ids["吃"]]) == pytest.approx(2 / 3)
    unseen = sentences_as_ids(vocabulary, [["我", "喜欢", "香蕉"]])
    assert model.perplexity(unseen) == np.inf
    smoothed = [ngram(vocabulary, counts, smoothing) for smoothing in ("back_off", "modified_kneser_ney")]
    assert all(1 < model.perplexity(unseen) < len(vocabulary) for model in smoothed)


def counted(ids, order):
    """Count n-grams of one order slowly, `order - 1` [START] before every sentence."""
    sentences = [[]]
    for word in ids:
        if word == START:
            sentences.append([])
        else:
            sentences[-1].append(int(word))
    padded = [[START] * (order - 1) + sentence for sentence in sentences]
    grams = [tuple(s[n : n + order]) for s in padded for n in range(len(s) - order + 1)]
    return collections.Counter(grams)


def slow_mixture(smoothing, ids, order, validation):
    """Return P(word, history) from relative frequencies, by recursion over the length of the history."""
    tables = {n: counted(ids, n) for n in range(1, order + 1)}
    weights = ngram_smoothing._best_weights(count_ngrams(ids, len(VOCABULARY), order), order, validation)

    def probability(word, history):
        n = len(history) + 1
        total = sum(count for gram, count in tables[n].items() if gram[:-1] == history)
        count = tables[n][(*history, word)]
        if smoothing == "add_k":
            return (count + 0.3) / (total + 0.3 * len(EVENTS))
        shorter = probability(word, history[1:]) if history else 1 / len(EVENTS)
        if not total:
            return shorter
        weight = 1 if smoothing == "maximum_likelihood" else weights[n][int(np.log2(total))]
        return weight * count / total + (1 - weight) * shorter

    return probability


@pytest.mark.parametrize("smoothing", ["maximum_likelihood", "add_k", "interpolation"])
def test_relative_frequencies_are_smoothed_by_their_equations(smoothing, train, validation):
    model, expected = make(smoothing, train, validation), slow_mixture(smoothing, train, 3, validation)
    for history in itertools.product([START, *EVENTS], repeat=2):
        if history[1] != START or history[0] == START:
            for word in EVENTS:
                assert model.probability(word, history) == pytest.approx(expected(word, history), rel=1e-5)


def slow_modified_kneser_ney(ids, order):
    """Return P(word, history) by Chen and Goodman's recursion, with explicit sums."""
    tables = {order: counted(ids, order)}
    for n in range(1, order):
        tables[n] = collections.Counter(gram[1:] for gram in counted(ids, n + 1))

    @functools.cache
    def probability(word, history):
        n = len(history) + 1
        table = tables[n]
        after = {gram[-1]: count for gram, count in table.items() if gram[:-1] == history}
        lower = 1 / len(EVENTS) if n == 1 else probability(word, history[1:])
        if not after:
            return lower
        discounts = (0, *estimate_discounts(np.array(list(table.values()))))
        left = sum(discounts[min(count, 3)] for count in after.values())
        count = after.get(word, 0)
        return (count - discounts[min(count, 3)] + left * lower) / sum(after.values())

    return probability


@pytest.mark.parametrize("length", [150, 2000])
def test_modified_kneser_ney_equals_the_equations_of_chen_and_goodman(random, length):
    ids = text_of(random, length)
    model, expected = make("modified_kneser_ney", ids, None), slow_modified_kneser_ney(ids, 3)
    for history in itertools.product([START, *EVENTS], repeat=2):
        for word in EVENTS:
            if history[1] != START or history[0] == START:
                assert model.probability(word, history) == pytest.approx(expected(word, history), rel=1e-5)


def test_discounts_are_estimated_if_the_text_is_long_enough(random):
    table = list(counted(text_of(random, 2000), 3).values())
    n1, n2, n3, n4 = (table.count(count) for count in (1, 2, 3, 4))
    base = n1 / (n1 + 2 * n2)
    expected = (1 - 2 * base * n2 / n1, 2 - 3 * base * n3 / n2, 3 - 4 * base * n4 / n3)
    assert estimate_discounts(np.array(table)) == pytest.approx(expected)
    assert estimate_discounts(np.array([1, 1, 2, 3])) == (0.5, 1.0, 1.5)  # no n-gram occurs 4 times
    assert estimate_discounts(np.array([1] * 9 + [2] + [3] * 9 + [4])) == (0.5, 1.0, 1.5)  # D2 would be negative


def test_back_off_uses_the_shorter_history_only_for_unseen_ngrams(train):
    model = make("back_off", train, None, order=2)
    bigrams, shorter = counted(train, 2), model.next_word([])
    n1, n2 = (list(bigrams.values()).count(count) for count in (1, 2))
    discount = n1 / (n1 + 2 * n2)
    for history in [START, *EVENTS]:
        after = {gram[1]: count for gram, count in bigrams.items() if gram[0] == history}
        found = model.next_word([history])
        unseen = [word for word in EVENTS if word not in after]
        total = sum(after.values())
        for word, count in after.items():
            assert found[word] == pytest.approx((count - discount) / total if unseen else count / total, rel=1e-5)
        ratios = found[unseen] / shorter[unseen]
        np.testing.assert_allclose(ratios, ratios[:1].repeat(len(unseen)), rtol=1e-5)


def test_interpolation_weights_maximise_the_validation_probability(train, validation, monkeypatch):
    monkeypatch.setattr(ngram_smoothing, "STEPS", 1000)  # the best weights for such a short text are near 0 and 1
    best = make("interpolation", train, validation).perplexity(validation)
    weights = ngram_smoothing._best_weights(count_ngrams(train, len(VOCABULARY), 3), 3, validation)
    for n, bucket in zip(*np.nonzero((weights > 0.05) & (weights < 0.95)), strict=True):
        for change in (-0.05, 0.05):
            changed = weights.copy()
            changed[n, bucket] += change
            with monkeypatch.context() as patched:
                patched.setattr(ngram_smoothing, "_best_weights", lambda *arguments, changed=changed: changed)
                assert make("interpolation", train, validation).perplexity(validation) >= best * (1 - 1e-6)


def test_smoothing_lowers_the_perplexity_of_another_text(train, validation):
    perplexities = {name: make(name, train, validation).perplexity(validation) for name in SMOOTHINGS}
    assert max(perplexities, key=perplexities.get) == "maximum_likelihood"
    assert all(1 < value < len(EVENTS) for name, value in perplexities.items() if name != "maximum_likelihood")


@all_smoothings
def test_a_pruned_model_keeps_frequent_ngrams_and_sums_to_one(smoothing, train, validation):
    complete, pruned = make(smoothing, train, validation), make(smoothing, train, validation, min_counts=(1, 2))
    trigrams, kept = counted(train, 3), 0
    for history in itertools.product([START, *EVENTS], repeat=2):
        if history[1] == START and history[0] != START:
            continue
        distribution, expected = pruned.next_word(history), complete.next_word(history)
        assert distribution.sum() == pytest.approx(1, abs=1e-6)
        frequent = [word for word in EVENTS if trigrams[(*history, word)] >= 2]
        np.testing.assert_array_equal(distribution[frequent], expected[frequent])
        others = [word for word in EVENTS if word not in frequent]
        if others and smoothing != "maximum_likelihood":
            # They share what is left in proportion to the shorter history, all of whose n-grams are kept.
            ratios = distribution[others] / complete.next_word(history[1:])[others]
            np.testing.assert_allclose(ratios, ratios[0], rtol=1e-5)
        kept += len(frequent)
    assert pruned.numbers.size(3) == kept + 1  # and [START] after two others
    assert pruned.numbers.size(2) == complete.numbers.size(2)
    assert make(smoothing, train, validation).numbers.size(3) > pruned.numbers.size(3)


@all_smoothings
def test_pruned_pairs_are_gone_and_probabilities_sum_to_one(smoothing, train, validation):
    pruned = make(smoothing, train, validation, min_counts=(2, 3))
    pairs = counted(train, 2)
    frequent = [pair for pair in itertools.product([START, *EVENTS], EVENTS) if pairs[pair] >= 2]
    assert pruned.numbers.size(2) == len(frequent) + 1  # and [START] after another
    for history in [(), *((word,) for word in [START, *EVENTS]), (EVENTS[0], EVENTS[1])]:
        assert pruned.next_word(history).sum() == pytest.approx(1, abs=1e-6)


def test_bad_input_is_refused(train, validation):
    counts = count_ngrams(train, len(VOCABULARY), 2)
    model = ngram(VOCABULARY, counts)
    for call, message in (
        (lambda: ngram(VOCABULARY, counts, "good_turing"), "smoothing must be one of.*good_turing"),
        (lambda: ngram(VOCABULARY, counts, order=3), "up to 2 words. Received: order=3"),
        (lambda: ngram(VOCABULARY, counts, order=0), "order=0"),
        (
            lambda: ngram(GenerativeVocabulary.from_counts({"a": 1}), counts),
            "vocabulary of 7 tokens. Received one of 5",
        ),
        (lambda: ngram(VOCABULARY, counts, "add_k", k=0), "k=0"),
        (lambda: ngram(VOCABULARY, counts, "interpolation", validation=None), "validation=ids"),
        (lambda: model.next_word([4, 7]), "ids 0 to 6. Received: 7"),
        (lambda: model.probability(7, [4]), "Received: 7"),
        (lambda: model.probabilities(np.array([-1])), "Received: -1"),
        (lambda: model.perplexity(np.array([], "int32")), "The text is empty"),
        (lambda: ngram(VOCABULARY, counts, min_counts=(0,)), "must be positive.* Received: 0"),
        (lambda: ngram(VOCABULARY, counts, min_counts=(3, 2)), "must not decrease.* Received: 3 2"),
    ):
        with pytest.raises(InputError, match=message):
            call()


@pytest.mark.peers
@pytest.mark.parametrize(
    ("smoothing", "order"),
    [(name, order) for name in ("maximum_likelihood", "add_k", "modified_kneser_ney") for order in (1, 2, 3)][:-3]
    + [("modified_kneser_ney", 2), ("modified_kneser_ney", 3)],  # for order 1, nltk counts histories instead of words
)
def test_probabilities_and_perplexity_equal_those_of_nltk(smoothing, order, random, monkeypatch):
    peers = pytest.importorskip("nltk.lm")
    # nltk counts what is not an event as [UNK]. There is none here, and its name is used for [START].
    text, other = (np.where(ids == UNK, 4, ids) for ids in (text_of(random, 300), text_of(random, 100)))
    # nltk has one discount, and none for unigrams.
    discounts = {len(VOCABULARY): (0.0,) * 3}
    monkeypatch.setattr(ngram_smoothing, "estimate_discounts", lambda counts: discounts.get(len(counts), (0.1,) * 3))
    vocabulary = peers.Vocabulary([VOCABULARY.tokens[place] for place in EVENTS[1:]], unk_label="[UNK]")
    peer = {
        "maximum_likelihood": lambda: peers.MLE(order, vocabulary),
        "add_k": lambda: peers.Lidstone(0.3, order, vocabulary),
        "modified_kneser_ney": lambda: peers.KneserNeyInterpolated(order, 0.1, vocabulary=vocabulary),
    }[smoothing]()

    def named(ids, n):
        return [tuple(VOCABULARY.tokens[place] for place in gram) for gram in counted(ids, n).elements()]

    peer.fit([named(text, n) for n in range(1, order + 1)])
    model = make(smoothing, text, None, order)
    assert set(counted(text, 2)) != set(counted(other, 2))
    expected = [peer.score(gram[-1], gram[:-1]) for gram in named(other, order)]
    found = [model.probability(gram[-1], gram[:-1]) for gram in counted(other, order).elements()]
    seen = [gram[:-1] in {known[:-1] for known in counted(text, order)} for gram in counted(other, order).elements()]
    kept = np.array(seen) | (smoothing != "maximum_likelihood")  # nltk returns 0 after unseen histories
    np.testing.assert_allclose(np.array(found)[kept], np.array(expected)[kept], rtol=1e-5)
    if kept.all():
        assert model.perplexity(other) == pytest.approx(peer.perplexity(named(other, order)), rel=1e-5)
