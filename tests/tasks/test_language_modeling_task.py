import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets import corpora
from kerasnlp_zoo.datasets.evaluation_examples import load_evaluation_examples
from kerasnlp_zoo.datasets.language_modeling import LanguageModelingOptions, load_language_modeling
from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.decoding import Sampling
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.perplexity import perplexity, text_log_probabilities
from kerasnlp_zoo.models import rnn_language_model
from kerasnlp_zoo.tasks import LanguageModeling
from kerasnlp_zoo.tasks.export import check_export
from kerasnlp_zoo.text import GenerativeVocabulary, LanguageModelPreprocessor
from kerasnlp_zoo.vocabulary import END_ID
from tests.quick_cases import first_is_quick

WORDS = "tea with milk and a cup of it".split()


@pytest.fixture(scope="module")
def task():
    """A LanguageModeling with large random weights, so that words have different probabilities."""
    vocabulary = GenerativeVocabulary.from_counts({word: 9 - place for place, word in enumerate(WORDS)})
    model = rnn_language_model(len(vocabulary), embedding_dim=6, hidden_dim=5, cell="gru")
    random = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(random.normal(size=weight.shape))
    return LanguageModeling(model, LanguageModelPreprocessor(vocabulary, max_sequence_length=90), max_new_tokens=6)


def probabilities_after(task, ids):
    """Return the probabilities of the next token after a line that begins with ids, without a cache."""
    logits = np.asarray(task.model(np.array([[END_ID, *ids]])))[0, -1].astype("float64")
    return np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()


def ids_of(task, text):
    return task.preprocessor.token_ids([text])[0].numpy().tolist()


TEXTS = ["tea with milk", "", "a cup of tea, and milk", "of " * 70]


@pytest.mark.parametrize("text", first_is_quick(TEXTS))
def test_a_text_is_scored_word_by_word(task, text):
    ids = ids_of(task, text)
    logs = [np.log(probabilities_after(task, ids[:place])[word]) for place, word in enumerate(ids)]
    for texts in ([text], TEXTS):  # alone, and in a batch with longer and shorter texts
        answer = task.predict(texts)[texts.index(text)]
        assert answer["log_probability"] == pytest.approx(sum(logs), rel=1e-4, abs=1e-5)
        assert answer["perplexity"] == pytest.approx(np.exp(-np.mean(logs)) if logs else 1.0, rel=1e-4)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_continued_with_the_most_probable_words(task, text):
    ids, written = ids_of(task, text), []
    while len(written) < 6:
        probabilities = probabilities_after(task, ids + written)
        probabilities[:3] = 0  # no [PAD], [UNK] or [START]
        if np.argmax(probabilities) == END_ID:
            break
        written.append(int(np.argmax(probabilities)))
    expected = " ".join(task.preprocessor.vocabulary.tokens[word] for word in written)
    assert task.predict(TEXTS)[TEXTS.index(text)]["continuation"] == expected


def test_probabilities_of_next_words_equal_the_softmax(task):
    probabilities = probabilities_after(task, ids_of(task, "tea with"))
    found = task.next_words(["milk", "tea with"])[1]
    assert len(found) == 10
    for rank, place in enumerate(np.argsort(-probabilities)[:10]):
        assert found[rank]["text"] == task.preprocessor.vocabulary.tokens[place]
        assert found[rank]["probability"] == pytest.approx(probabilities[place], abs=1e-5)


@pytest.mark.slow
def test_continuations_follow_the_sampling_arguments(task):
    greedy = task.predict(TEXTS)
    assert task.with_decoding(Sampling(top_k=1), max_new_tokens=6).predict(TEXTS) == greedy
    drawn = task.with_decoding(Sampling(temperature=5.0, seed=3), max_new_tokens=30)
    assert drawn.predict(TEXTS) == drawn.predict(TEXTS)
    others = task.with_decoding(Sampling(temperature=5.0, seed=4), max_new_tokens=30).predict(TEXTS)
    assert [answer["continuation"] for answer in others] != [answer["continuation"] for answer in drawn.predict(TEXTS)]
    assert "[" not in "".join(answer["continuation"] for answer in others)


def test_evaluation_reads_consecutive_lines(task):
    stream = [*ids_of(task, "tea with milk"), END_ID, END_ID, *ids_of(task, "a cup"), END_ID]
    scores = task.evaluate(["tea with milk", "", "a cup"])
    assert scores["tokens"] == 8
    assert scores["perplexity"] == pytest.approx(perplexity(text_log_probabilities(task.model, stream)), rel=1e-6)
    assert scores["log_probability"] == pytest.approx(-8 * np.log(scores["perplexity"]), rel=1e-6)


def test_a_data_set_is_evaluated_on_the_tokens_of_its_test_part(monkeypatch):
    lines = [f"tea with milk {number % 7} , and a <unk>" for number in range(60)]
    monkeypatch.setitem(corpora.CORPORA, "small", corpora.TextSource("small", lambda: [lines]))
    for unit in ("spaces", "characters", "pieces"):
        source, text = load_language_modeling(LanguageModelingOptions(dataset="small", unit=unit))
        model = rnn_language_model(len(text.vocabulary), embedding_dim=4, num_layers=1)
        task = LanguageModeling(model, LanguageModelPreprocessor(text.vocabulary, source.segmenter))
        lines_, references, name = load_evaluation_examples("language_modeling", DataOptions(dataset="small"), {})
        assert (references, name) == (None, "small")
        expected = perplexity(text_log_probabilities(model, text.test))
        assert task.evaluate(lines_)["perplexity"] == pytest.approx(expected, rel=1e-6)


def test_training_lines_start_and_end_with_the_end_token(task):
    token_ids, words, weights = next(iter(task.dataset(["tea with milk", "a cup"], batch_size=2)))
    tea, cup = ids_of(task, "tea with milk"), ids_of(task, "a cup")
    assert sorted(token_ids.numpy().tolist()) == sorted([[END_ID, *tea], [END_ID, *cup, 0]])
    assert sorted(words.numpy().tolist()) == sorted([[*tea, END_ID], [*cup, END_ID, 0]])
    assert sorted(weights.numpy().sum(axis=1)) == [3, 4]


def test_chinese_characters_are_written_without_spaces():
    vocabulary = GenerativeVocabulary.from_counts(dict.fromkeys("东西很好", 1))
    model = rnn_language_model(len(vocabulary), embedding_dim=4, num_layers=1)
    model.get_layer("logits").bias.assign(np.arange(8) * 9.0)
    task = LanguageModeling(model, LanguageModelPreprocessor(vocabulary, "characters", "zh"), max_new_tokens=3)
    assert task.predict(["东 西"])[0]["continuation"] == vocabulary.tokens[-1] * 3


def test_special_tokens_in_a_text_are_unknown_and_long_texts_keep_their_end():
    vocabulary = GenerativeVocabulary.from_counts({"tea": 2, "milk": 1})
    preprocessor = LanguageModelPreprocessor(vocabulary, "spaces", max_sequence_length=3)
    ids = preprocessor(["tea [PAD] [END] milk", "milk", ""])["token_ids"]
    assert ids.numpy().tolist() == [[1, 1, 5], [5, 0, 0], [0, 0, 0]]


def test_punctuation_is_separated_with_the_spaces_segmenter():
    vocabulary = GenerativeVocabulary.from_counts(dict.fromkeys(["it", "'s", ",", "@-@", "p.m."], 1))
    preprocessor = LanguageModelPreprocessor(vocabulary, "spaces")
    text = "it's, <unk> @-@ p.m. odd!"
    words = [vocabulary.tokens[place] for place in preprocessor([text])["token_ids"][0]]
    assert words == ["it", "'s", ",", "[UNK]", "@-@", "p.m.", "[UNK]", "[UNK]"]
    assert len(preprocessor.token_ids([text])[0]) == 5  # the text is scored unchanged


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"unit": "syllables"}, "unit='syllables'"),
        ({"unit": "jieba"}, "language='zh'"),
        ({"language": "fr"}, "language='fr'"),
        ({"max_sequence_length": 0}, "max_sequence_length=0"),
    ],
)
def test_invalid_preprocessor_arguments_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        LanguageModelPreprocessor(GenerativeVocabulary.from_counts({"tea": 2}), **arguments)


@pytest.mark.slow
def test_the_compiled_continuation_equals_the_eager_one_and_is_exported(task, tmp_path):
    compiled = task.with_decoding(max_new_tokens=6, jit=True)
    for texts in (TEXTS, TEXTS[:1]):
        assert zoo.difference(compiled.predict(texts), task.predict(texts)) <= 1e-5
    assert check_export(compiled, compiled.export(tmp_path), TEXTS) <= 1e-5
