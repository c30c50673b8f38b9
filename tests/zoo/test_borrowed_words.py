"""Entries that leave words and vectors in an entry of word vectors."""

import json

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import set_word_vectors, text_cnn, word_embedding
from kerasnlp_zoo.models.quantization import quantize_model
from kerasnlp_zoo.tasks import TextClassification, WordEmbedding
from kerasnlp_zoo.text import WordPreprocessor
from kerasnlp_zoo.training.starting_vectors import first_words, read_word_vectors
from kerasnlp_zoo.vocabulary import BorrowedWords, Vocabulary
from kerasnlp_zoo.weights import round_weights
from kerasnlp_zoo.zoo.configs import needed_entries, write_entry_config
from recipes import text_cnn as recipe

WORDS = ["the", "film", "good", "bad", "dull", "story", "actor", "scene", "music", "end"]
TEXTS = ["the good film", "the bad film", "a dull story", "music and an end", "", "unheard words"]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The folder of an entry of word vectors."""
    random = np.random.default_rng(0)
    words = [*WORDS, *(f"word{number}" for number in range(2000))]  # so many that the table is stored as int8
    model = word_embedding(len(words) + 2, embedding_dim=8)
    set_word_vectors(model, random.normal(size=(len(words) + 2, 8)))
    task = WordEmbedding(model, WordPreprocessor(Vocabulary(["[PAD]", "[UNK]", *words])))
    return zoo.save(task, tmp_path_factory.mktemp("vectors") / "vectors_en", weights_dtype="float16")


def classifier(source, channels="non_static", embedding_dim=8, limit=3000):
    """A classifier whose vocabulary ends with words of the entry, and in which one of them was trained."""
    preprocessor = WordPreprocessor.from_texts(["the good film", "the bad film"]).extended(first_words(source, limit))
    vectors = read_word_vectors(source, preprocessor.vocabulary, embedding_dim)
    own = preprocessor.vocabulary_size - preprocessor.num_added
    vectors.values[own:, vectors.columns :] = 0
    model = text_cnn(preprocessor.vocabulary_size, 2, embedding_dim=embedding_dim, num_filters=3, channels=channels)
    set_word_vectors(model, vectors.values)
    if channels == "non_static":
        table = model.get_layer("token_embedding").embeddings
        values = np.array(table)
        values[preprocessor.vocabulary.ids["dull"]] += 1
        table.assign(values)
    preprocessor.vocabulary.borrowed = BorrowedWords(str(source), limit, preprocessor.num_added, vectors.scale)
    return TextClassification(model, preprocessor, ["negative", "positive"])


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize(("channels", "embedding_dim"), [("non_static", 8), ("static", 8), ("multichannel", 11)])
def test_an_entry_without_the_words_of_another_answers_as_its_model(dtype, channels, embedding_dim, source, tmp_path):
    task = classifier(source, channels, embedding_dim)
    round_weights(task.model, dtype)  # as a run does before it scores
    entry = zoo.save(task, tmp_path / "entry", weights_dtype=dtype)
    trained = ["dull"] if channels == "non_static" else []
    own = task.preprocessor.vocabulary.tokens[: -task.preprocessor.num_added]
    assert (entry / "vocabulary.txt").read_text("utf-8").splitlines() == [*own, *trained]
    assert (entry / "model.safetensors").stat().st_size < 10_000
    loaded = zoo.load(entry)
    assert loaded.preprocessor.vocabulary.tokens == task.preprocessor.vocabulary.tokens
    for weight, expected in zip(loaded.model.get_weights(), task.model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert loaded.predict(TEXTS) == task.predict(TEXTS)
    assert zoo.check(entry)["largest_difference"] == 0
    assert needed_entries(zoo.read_config(entry)) == [str(source)]
    assert "which it needs" in (entry / "README.md").read_text("utf-8")
    again = zoo.save(loaded, tmp_path / "again", weights_dtype=dtype)  # borrows the same words
    assert (again / "vocabulary.txt").read_bytes() == (entry / "vocabulary.txt").read_bytes()
    assert zoo.load(again).predict(TEXTS) == task.predict(TEXTS)


def test_quantized_weights_are_stored_with_all_words(source, tmp_path):
    task = classifier(source)
    quantize_model(task.model)
    entry = zoo.save(task, tmp_path / "entry")
    assert "borrowed_words" not in zoo.read_config(entry)
    assert zoo.load(entry).predict(TEXTS) == task.predict(TEXTS)


@pytest.mark.parametrize("file", ["vocabulary.txt", "model.safetensors"])
def test_another_entry_of_that_name_is_refused(file, source, tmp_path):
    copied = tmp_path / "copied"
    task = zoo.load(source)
    zoo.save(task, copied)
    entry = zoo.save(classifier(copied), tmp_path / "entry")
    if file == "vocabulary.txt":
        tokens = ["[PAD]", "[UNK]", *reversed(task.preprocessor.vocabulary.tokens[2:])]
        task = WordEmbedding(task.model, WordPreprocessor(Vocabulary(tokens)))
    else:
        set_word_vectors(task.model, task.vectors + 1)
    zoo.save(task, copied)
    with pytest.raises(InputError, match=f"{file} is not the file that they come from.*Download or train"):
        zoo.load(entry)


def test_a_missing_entry_is_named(source, tmp_path):
    copied = tmp_path / "copied"
    zoo.save(zoo.load(source), copied)
    entry = zoo.save(classifier(copied), tmp_path / "entry")
    copied.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="copied"):
        zoo.load(entry)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("count", 10**9, "reads 2,006 of them"),
        ("count", 1, "reads .* of them"),
        ("own", 10**6, "reads|damaged|has"),
        ("own", 0, "must start with|damaged|reads"),
        ("limit", 5, "reads .* of them"),
        ("scale", "0.5", "borrowed_words must be"),
        ("dtype", "float64", "borrowed_words must be"),
        ("sha256", {}, "borrowed_words must be"),
    ],
)
def test_changed_facts_are_refused(field, value, message, source, tmp_path):
    entry = zoo.save(classifier(source), tmp_path / "entry")
    config = json.loads((entry / "config.json").read_text("utf-8"))
    config["borrowed_words"][field] = value
    write_entry_config(entry, config)
    with pytest.raises(InputError, match=message):
        zoo.load(entry)


@pytest.mark.slow
def test_a_run_borrows_the_words_of_an_entry_that_everyone_has(tmp_path):
    flags = {"dataset": "trec", "embeddings": "skip_gram_mixed_en", "max_vectors": 5000, "smoke": True}
    metrics = recipe.main(recipe.Config(output_dir=tmp_path / "run", **flags))
    entry = tmp_path / "run" / "entry"
    config = zoo.read_config(entry)
    assert config["borrowed_words"]["name"] == "skip_gram_mixed_en"
    stored = (entry / "vocabulary.txt").read_text("utf-8").count("\n")
    assert stored < config["builder_arguments"]["vocabulary_size"]
    assert metrics["test_score"] > 0
    assert zoo.check(entry)["largest_difference"] == 0
