"""Word vectors are read from files and entries to start a training."""

import bz2
import gzip

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import set_word_vectors, softmax_regression, text_cnn
from kerasnlp_zoo.text import Vocabulary
from kerasnlp_zoo.training.starting_vectors import first_words, read_word_vectors
from tests.small_tasks import sentence_similarity, word_embedding

VOCABULARY = Vocabulary(["[PAD]", "[UNK]", "film", "dull", "gripping", "café"])
LINES = "the 1 2 3\nfilm 0.5 -1 2e-1\ncafé 1 1 1\ndull 4 5 6\n"


def from_file(vectors, rows):
    """Return the rows with the values of the file."""
    return vectors.values[rows, : vectors.columns] / vectors.scale


def write(folder, text, name="vectors.txt"):
    path = folder / name
    {"gz": gzip.open, "bz2": bz2.open}.get(path.suffix[1:], open)(path, "wb").write(text.encode())
    return str(path)


@pytest.mark.parametrize("header", ["", "4 3\n"])
@pytest.mark.parametrize("name", ["vectors.txt", "vectors.vec.gz", "vectors.txt.bz2"])
def test_all_text_formats_are_read_as_the_same_vectors(header, name, tmp_path):
    vectors = read_word_vectors(write(tmp_path, header + LINES, name), VOCABULARY)
    np.testing.assert_allclose(from_file(vectors, [2, 3, 5]), [[0.5, -1, 0.2], [4, 5, 6], [1, 1, 1]], rtol=1e-5)
    assert vectors.found.tolist() == [False, False, True, True, False, True]
    assert vectors.duplicates == 0


def test_vectors_from_the_file_and_random_ones_have_the_same_variance(tmp_path, random):
    words = [f"w{number}" for number in range(2000)]
    known = random.normal(0, 0.4, (1000, 10))
    lines = [" ".join([word, *map(str, row)]) for word, row in zip(words[:1000], known, strict=True)]
    vocabulary = Vocabulary(["[PAD]", "[UNK]", *words])
    path = write(tmp_path, "\n".join(lines))
    for deviation in (0.25 / np.sqrt(3), 0.7):
        vectors = read_word_vectors(path, vocabulary, seed=1, deviation=deviation)
        for rows in (vectors.values[2:1002], vectors.values[1002:]):
            assert rows.std() == pytest.approx(deviation, rel=0.05)
    vectors = read_word_vectors(path, vocabulary, seed=1)
    np.testing.assert_allclose(from_file(vectors, slice(2, 1002)), known, rtol=1e-4)
    assert not vectors.values[0].any()
    np.testing.assert_array_equal(read_word_vectors(path, vocabulary, seed=1).values, vectors.values)
    assert np.any(read_word_vectors(path, vocabulary, seed=2).values != vectors.values)


def test_a_trailing_space_windows_lines_and_words_with_spaces_are_read(tmp_path):
    lines = "film 1 2 3 \r\ndull 4 5 6 \r\n. . 7 8 9\r\ndull boy 7 8 9\r\n"
    vectors = read_word_vectors(write(tmp_path, lines), VOCABULARY)
    np.testing.assert_allclose(from_file(vectors, [2, 3]), [[1, 2, 3], [4, 5, 6]], rtol=1e-5)


def test_a_word_is_looked_up_in_another_case_if_it_is_missing(tmp_path):
    vectors = read_word_vectors(write(tmp_path, "FILM 9 9\nDull 7 7\nFilm 8 8\ndull 1 2\n"), VOCABULARY)
    np.testing.assert_allclose(from_file(vectors, [2, 3]), [[9, 9], [1, 2]], rtol=1e-5)


def test_coverage_counts_words_and_tokens(tmp_path):
    vectors = read_word_vectors(write(tmp_path, LINES + "film 9 9 9\n"), VOCABULARY)
    line = vectors.coverage(np.array([2, 2, 4, 1]))
    assert "3 columns" in line
    assert "3 of 4 words (75.0%)" in line
    assert "50.0% of the training tokens" in line
    assert "repeated words: 1, their first vector was used" in line
    np.testing.assert_allclose(from_file(vectors, 2), [0.5, -1, 0.2], rtol=1e-5)


def test_columns_beyond_those_of_the_file_are_random(tmp_path):
    path = write(tmp_path, LINES)
    vectors = read_word_vectors(path, VOCABULARY, embedding_dim=300, seed=1)
    assert vectors.values.shape == (6, 300)
    np.testing.assert_allclose(from_file(vectors, 2), [0.5, -1, 0.2], rtol=1e-5)
    assert vectors.values[2, 3:].std() == pytest.approx(0.25 / np.sqrt(3), rel=0.15)
    assert "3 columns and 297 random ones" in vectors.coverage(np.array([2]))
    with pytest.raises(InputError, match="vectors of 3 columns. Received: --embedding-dim 2"):
        read_word_vectors(path, VOCABULARY, embedding_dim=2)


def test_equal_vectors_stay_finite(tmp_path):
    assert np.isfinite(read_word_vectors(write(tmp_path, "film 1 1\ndull 1 1\n"), VOCABULARY).values).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("film 1 2 3\ndull 4 5\n", r"line 2: the word 'dull' has 2 numbers, the lines before have 3"),
        ("film 1 2 3\ndull 4 5 6 7\n", r"line 2: the word 'dull' has 4 numbers, the lines before have 3"),
        ("2 4\nfilm 1 2 3\ndull 4 5 6\n", r"line 2: the word 'film' has 3 numbers, the first line announces 4"),
        ("9 3\nfilm 1 2 3\ndull 4 5 6\n", r"is incomplete: its first line announces 9 words, but it has 2"),
        ("film 1 nan 3\n", r"line 1: the vector of 'film' contains NaN"),
        ("dull 1 2 3\nfilm inf 2 3\n", r"line 2: the vector of 'film' contains NaN or infinity"),
        ("dull 1 2 3\nfilm 1 x 3\n", r"line 2: expected 3 numbers after the word 'film'"),
        ("der 1 2 3\ndie 4 5 6\n", r"none of the 4 words of the vocabulary, such as film, dull"),
        ("", r"vectors.txt is empty. Expected a word and its numbers"),
    ],
)
def test_broken_files_are_refused_with_the_line(text, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_word_vectors(write(tmp_path, text), VOCABULARY)


def test_an_entry_is_read_like_a_text_file_of_its_vectors(tmp_path):
    task = word_embedding()
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "king", "unheard", "queen", "café"])
    words = ["king", "man", "queen", "café"]
    path = write(tmp_path, "".join(" ".join([word, *map(str, task.vector(word))]) + "\n" for word in words))
    expected = read_word_vectors(path, vocabulary, embedding_dim=10, seed=4)
    vectors = read_word_vectors(str(zoo.save(task, tmp_path / "entry")), vocabulary, embedding_dim=10, seed=4)
    np.testing.assert_allclose(vectors.values, expected.values, rtol=1e-5)
    np.testing.assert_array_equal(vectors.found, expected.found)
    assert (vectors.columns, vectors.duplicates) == (expected.columns, 0)
    assert vectors.scale == pytest.approx(expected.scale)


def test_a_sentence_encoder_has_a_vector_for_each_word_of_known_pieces(tmp_path):
    task = sentence_similarity()
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "film", "猫", "Films", "gripping"])
    vectors = read_word_vectors(str(zoo.save(task, tmp_path / "entry")), vocabulary)
    assert vectors.found.tolist() == [False, False, True, False, True, True]
    expected = task.vectors(["film", "films", "gripping"])
    np.testing.assert_allclose(vectors.values[[2, 4, 5]], vectors.scale * expected, rtol=1e-4, atol=1e-6)


def test_entries_without_word_vectors_or_without_the_words_are_refused(tmp_path):
    with pytest.raises(InputError, match="is an entry of text_classification. Expected one of word_embedding"):
        read_word_vectors("text_cnn_movie_reviews_en", VOCABULARY)
    with pytest.raises(InputError, match="none of the 4 words"):
        read_word_vectors(zoo.save(word_embedding(), tmp_path / "entry"), Vocabulary(["[PAD]", "[UNK]", *"猫狗鸟鱼"]))


def test_an_unknown_name_is_answered_with_a_suggestion():
    with pytest.raises(InputError, match="Did you mean 'glove_6b_50d'"):
        read_word_vectors("glove_6b_50", VOCABULARY)


def test_downloaded_vectors_equal_the_published_ones():
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "king", "queen", "xyzzyqq"])
    vectors = read_word_vectors("glove_6b_50d", vocabulary)
    king, queen = vectors.values[2:4]
    assert king @ queen / np.linalg.norm(king) / np.linalg.norm(queen) == pytest.approx(0.784, abs=5e-4)
    assert vectors.found.tolist() == [False, False, True, True, False]


@pytest.mark.parametrize("channels", ["static", "non_static", "multichannel"])
def test_all_channels_start_from_the_vectors(channels, random):
    model = text_cnn(6, num_classes=2, embedding_dim=3, num_filters=2, channels=channels)
    vectors = random.normal(size=(6, 3)).astype("float32")
    set_word_vectors(model, vectors)
    embeddings = [np.array(weight) for weight in model.weights if weight.path.endswith("embeddings")]
    assert len(embeddings) == (2 if channels == "multichannel" else 1)
    for values in embeddings:
        np.testing.assert_array_equal(values, vectors)


def test_vectors_of_another_shape_are_refused():
    with pytest.raises(InputError, match=r"shape \(6, 3\).*Received: \(6, 2\)"):
        set_word_vectors(text_cnn(6, num_classes=2, embedding_dim=3, num_filters=2), np.zeros((6, 2)))
    with pytest.raises(InputError, match="has no word vectors"):
        set_word_vectors(softmax_regression(6, num_classes=2), np.zeros((6, 2)))


def test_the_first_words_of_a_file_or_an_entry_are_those_it_begins_with(tmp_path):
    path = write(tmp_path, LINES + ". . 7 8 9\ndull boy 7 8 9\n")
    assert first_words(path, 3) == ["the", "film", "café"]
    assert first_words(path, 99)[:4] == ["the", "film", "café", "dull"]
    task = word_embedding()
    entry = zoo.save(task, tmp_path / "vectors_en")
    assert first_words(entry, 5) == task.tokens[2:7]
    assert first_words(zoo.save(sentence_similarity(), tmp_path / "encoder_en"), 5) == []
