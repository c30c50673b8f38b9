"""Files of word vectors: all formats, damaged files, and compatibility with gensim and TensorBoard."""

import bz2
import gzip
import logging
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kerasnlp_zoo.datasets.word_vector_files import FORMATS, read_vectors, write_projector, write_vectors
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import Vocabulary
from kerasnlp_zoo.training.starting_vectors import read_word_vectors

SPECIAL = ["[PAD]", "[UNK]"]
WORDS = ["the", "café", "电影", "3", "0.5", "10\u00a0000", "-", "'s", "\u3000", "nan"]
PACKERS = {"": open, ".gz": gzip.open, ".bz2": bz2.open}


def write(path, content):
    with PACKERS.get(path.suffix, open)(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def many(random, count=1000, dim=20):
    """Return words of several lengths and float32 numbers of all sizes, drawn as random bits."""
    bits = random.integers(0, 2**32, (count, dim), dtype="uint32").view("float32")
    words = ["w" * (number % 7 + 1) + str(number) for number in range(count)]
    return words, np.where(np.isfinite(bits), bits, 0.1).astype("float32")


@pytest.mark.parametrize("packed", list(PACKERS))
@pytest.mark.parametrize("format", FORMATS)
def test_written_vectors_are_read_without_any_change(format, packed, tmp_path, random):
    words, vectors = many(random)
    path = tmp_path / f"vectors.txt{packed}"
    write_vectors(path, SPECIAL + WORDS + words, np.concatenate([np.ones((12, 20)), vectors]), format)
    tokens, values = read_vectors(path)
    assert tokens == WORDS + words
    np.testing.assert_array_equal(values[10:].view("uint32"), vectors.view("uint32"))
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_larger_than_a_block_is_read_completely(format, tmp_path, random, monkeypatch):
    monkeypatch.setattr("kerasnlp_zoo.datasets.word_vector_blocks.PIECE", 700)
    words, vectors = many(random)
    write_vectors(tmp_path / "a", words, vectors, format)
    tokens, values = read_vectors(tmp_path / "a")
    assert tokens == words
    np.testing.assert_array_equal(values, vectors)


def test_numbers_are_written_with_the_fewest_digits(tmp_path):
    write_vectors(tmp_path / "a", ["tea"], np.array([[0.1, -1 / 3, 1e-7, 3e20, 2]], "float32"), "glove")
    assert (tmp_path / "a").read_text() == "tea 0.1 -0.33333334 1e-07 3e+20 2.0\n"


@pytest.mark.parametrize("dim", [2, 50, 300])
@pytest.mark.parametrize("line_break", [b"", b"\n"], ids=["as gensim writes", "as word2vec writes"])
def test_every_binary_file_is_detected(dim, line_break, tmp_path, random):
    """Including files in which the bytes of the numbers contain spaces, digits and line breaks."""
    for trial in range(40):
        vectors = random.normal(0, 0.2, (3, dim)).astype("<f4")
        vectors[0] = np.frombuffer(random.choice([b"\n", b" ", b"5", b"\x1f"]) * 4, "<f4")
        vectors[0, -1] = 0.1
        body = b"".join(f"w{row} ".encode() + values.tobytes() + line_break for row, values in enumerate(vectors))
        tokens, values = read_vectors(write(tmp_path / f"{trial}.bin", f"3 {dim}\n".encode() + body))
        assert tokens == ["w0", "w1", "w2"]
        np.testing.assert_array_equal(values, vectors)


@pytest.mark.parametrize(
    "text",
    ["a 1 2\nb c 3 4\n", "2 2\na 1 2 \nb c 3 4 \n", "\ufeffa 1 2\r\nb c 3 4\r\n", "\ufeff2 2\na\t1\t2\n\nb c\t3\t4"],
    ids=["GloVe", "fastText", "Windows", "tabs and an empty line"],
)
def test_text_files_of_all_kinds_are_read(text, tmp_path):
    tokens, values = read_vectors(write(tmp_path / "a.vec", text))
    assert tokens == ["a", "b c"]
    np.testing.assert_array_equal(values, [[1, 2], [3, 4]])
    assert read_vectors(tmp_path / "a.vec", max_words=1)[0] == ["a"]


def test_repeated_and_truncated_words_are_logged(tmp_path, caplog):
    content = b"tea 1 2\ncup 3 4\ntea 5 6\ncaf\xc3 7 8\n"
    with caplog.at_level(logging.WARNING, "kerasnlp_zoo"):
        tokens, values = read_vectors(write(tmp_path / "a", content))
    assert tokens == ["tea", "cup", "caf\ufffd"]
    np.testing.assert_array_equal(values, [[1, 2], [3, 4], [7, 8]])
    assert "1 words are repeated" in caplog.text
    assert "1 words are not UTF-8" in caplog.text


def test_text_files_in_an_old_encoding_are_detected_as_text(tmp_path):
    tokens, values = read_vectors(write(tmp_path / "a", "2 2\né 1 2\nü 3 4\n".encode("latin-1")))
    assert tokens == ["\ufffd"]  # both are unreadable and therefore equal
    np.testing.assert_array_equal(values, [[1, 2]])


BINARY = b"2 2\ntea " + np.array([1, 2], "<f4").tobytes() + b"cup " + np.array([3, 4], "<f4").tobytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("0 50\n", "announces 0 words of 50 numbers"),
        ("50 0\n", "announces 50 words of 0 numbers"),
        ("no vectors here\n", "line 1: expected a word and its numbers. Received: 'here'"),
        ("tea 1 2\ncup 3\n", "line 2: the word 'cup' has 1 numbers, the lines before have 2"),
        ("tea 1 2\n\ncup 3 4 5\n", "line 3: the word 'cup' has 3 numbers, the lines before have 2"),
        ("tea 1 2\ncup 3 x\n", "line 2: expected 2 numbers after the word 'cup'. Received: 'x'"),
        ("tea 1 2\ncup\n", "line 2: the word 'cup' has 0 numbers"),
        ("tea 1 2\ncup 3 nan\n", "line 2: the vector of 'cup' contains NaN"),
        ("tea 1 1e39\n", "line 1: the vector of 'tea' contains NaN or infinity"),
        ("3 2\ntea 1 2\ncup 3 4\n", "is incomplete: its first line announces 3 words, but it has 2"),
        ("1 2\ntea 1 2\ncup 3 4\n", "damaged: its first line announces 1 words, but it has 2"),
        ("999999999999 2\ntea 1 2\n", "announces 999,999,999,999 words, but it has 1"),
        ("2 999999999999\ntea 1 2\n", "line 2: the word 'tea' has 2 numbers, the first line announces 999999999999"),
        (BINARY[:-1], "is incomplete: its first line announces 2 words, but it has 1"),
        (BINARY + b"more", "damaged: its first line announces 2 words, but it has more"),
        (b"999999999999" + BINARY[1:], "announces 999,999,999,999 words, but it has 2"),
        (BINARY.replace(b"2 2", b"2 999999999999"), "is incomplete: its first line announces 2 words, but it has 0"),
        (BINARY.replace(b"2 2", b"4 1"), "is incomplete: its first line announces 4 words, but it has 2"),
        (BINARY.replace(b"cup ", b"c\np "), r"word 2: 'c\\np' is not a word"),
        (BINARY[:-4] + np.array([np.inf], "<f4").tobytes(), "word 2: the vector of 'cup' contains NaN or infinity"),
        (BINARY[:16] + bytes(100_000), "word 2: there is no space after the word"),
        (pickle.dumps({"tea": [1.0, 2.0]}), "is a pickle.*save_word2vec_format"),
        (gzip.compress(b"tea 1 2\n", mtime=0)[:-4], "cannot be read to its end"),
        (b"PK\x03\x04rest", "cannot be read to its end: File is not a zip file"),
        (b"\xba\x16\x4f\x2frest", "Give the .vec file"),
    ],
)
def test_broken_files_are_refused_with_the_line_or_word(content, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_vectors(write(tmp_path / "a", content))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("start", [b"", b"9 5\n"])
def test_random_bytes_are_refused(start, seed, tmp_path):
    with pytest.raises(InputError):
        read_vectors(write(tmp_path / "a", start + np.random.default_rng(seed).bytes(20_000)))


@pytest.mark.parametrize("packed", [".gz", ".bz2", ".xz"])
def test_truncated_compressed_files_are_refused_and_the_content_decides_not_the_name(packed, tmp_path, random):
    words, vectors = many(random)
    whole = tmp_path / f"a{packed}"
    write_vectors(whole, words, vectors)
    with pytest.raises(InputError, match="cannot be read to its end"):
        read_vectors(write(tmp_path / "truncated", whole.read_bytes()[:-100]))
    assert read_vectors(write(tmp_path / "b.txt", whole.read_bytes()))[0] == words
    (tmp_path / f"c{packed}").write_bytes(b"tea 1 2\n")
    assert read_vectors(tmp_path / f"c{packed}")[0] == ["tea"]


@pytest.mark.parametrize("format", FORMATS)
def test_memory_is_bounded_by_one_block_and_the_kept_vectors(format, tmp_path, random, monkeypatch):
    monkeypatch.setattr("kerasnlp_zoo.datasets.word_vector_blocks.PIECE", 2**15)
    words, vectors = [f"w{number}" for number in range(4000)], random.normal(size=(4000, 50)).astype("float32")
    write_vectors(tmp_path / "a", words, vectors, format)
    read_vectors(tmp_path / "a", max_words=1)  # load everything that the first call loads

    def peak(function, *arguments):
        tracemalloc.start()
        function(*arguments)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(read_word_vectors, tmp_path / "a", Vocabulary([*SPECIAL, "w0", "w3999"])) < vectors.nbytes / 2
    assert peak(read_vectors, tmp_path / "a") < 2 * vectors.nbytes + 200 * len(words)


def test_binary_vectors_are_read_for_a_vocabulary(tmp_path):
    write_vectors(tmp_path / "a.bin", ["Tea", "cup"], [[1, 2], [3, 4]], "word2vec_binary")
    vectors = read_word_vectors(tmp_path / "a.bin", Vocabulary([*SPECIAL, "cup", "tea"]))
    np.testing.assert_allclose(vectors.values[2:] / vectors.scale, [[3, 4], [1, 2]], rtol=1e-6)


@pytest.mark.parametrize("write_file", [write_vectors, write_projector])
def test_vectors_that_cannot_be_written_are_refused_and_leave_no_file(write_file, tmp_path):
    for tokens, vectors, message in [
        (["a\nb"], [[1, 2]], "contains a"),
        ([""], [[1, 2]], "is empty"),
        (["a"], [[1, np.nan]], "NaN"),
        (["a", "b"], [[1, 2]], "a row for each token"),
        (SPECIAL, [[1, 2], [3, 4]], "no words"),
    ]:
        with pytest.raises(InputError, match=message):
            write_file(tmp_path / "a", tokens, vectors)
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="'new york' cannot be written.*Join its parts"):
        write_vectors(tmp_path / "a", ["new york"], [[1, 2]])
    with pytest.raises(InputError, match="format must be one of"):
        write_vectors(tmp_path / "a", ["a"], [[1, 2]], format="fasttext")


def test_tensorboard_shows_the_projector(tmp_path, random):
    """The requests are those of the browser."""
    testing = pytest.importorskip("werkzeug.test")
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin

    tokens = [*SPECIAL, "new york", "电影", "#", '"', "tea"]
    vectors = random.normal(size=(7, 3)).astype("float32")
    write_projector(tmp_path, tokens, vectors, count=4)
    provider = data_provider.MultiplexerDataProvider(plugin_event_multiplexer.EventMultiplexer(), str(tmp_path))
    plugin = ProjectorPlugin(base_plugin.TBContext(logdir=str(tmp_path), data_provider=provider))
    apps = plugin.get_plugin_apps()

    def get(route, **query):
        from werkzeug.wrappers import Response

        response = testing.Client(apps[route], Response).get("/", query_string=query)
        assert response.status_code == 200, response.data
        return response

    assert get("/runs").json == ["."]
    (embedding,) = get("/info", run=".").json["embeddings"]
    assert embedding["tensorShape"] == [4, 3]
    values = np.frombuffer(get("/tensor", run=".", name=embedding["tensorName"]).data, "float32").reshape(4, 3)
    np.testing.assert_array_equal(values, vectors[2:6])
    metadata = get("/metadata", run=".", name=embedding["tensorName"]).data.decode()
    assert metadata == 'new york\n电影\n#\n"\n'


def neighbours(tokens, vectors, word):
    """Return the neighbours by computing every cosine."""
    place = tokens.index(word)
    cosines = [v @ vectors[place] / np.linalg.norm(v) / np.linalg.norm(vectors[place]) for v in vectors]
    return [tokens[near] for near in np.argsort(cosines)[::-1] if near != place][:10]


@pytest.fixture
def keyed_vectors():
    return pytest.importorskip("gensim.models").KeyedVectors


@pytest.fixture
def normal(random):
    return [*WORDS[:-2], *many(random)[0]], random.normal(size=(1008, 20)).astype("float32")


@pytest.mark.peers
@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("format", FORMATS)
def test_gensim_loads_written_vectors_and_finds_the_same_neighbours(format, packed, normal, keyed_vectors, tmp_path):
    tokens, vectors = normal
    path = tmp_path / f"vectors.txt{packed}"
    write_vectors(path, SPECIAL + tokens, np.concatenate([np.ones((2, 20)), vectors]), format)
    loaded = keyed_vectors.load_word2vec_format(
        str(path), binary=format == "word2vec_binary", no_header=format == "glove"
    )
    assert loaded.index_to_key == tokens
    np.testing.assert_array_equal(loaded.vectors, vectors)
    for word in ("电影", "ww1", "10\u00a0000"):
        assert [near for near, _ in loaded.most_similar(word)] == neighbours(*read_vectors(path), word)


@pytest.mark.peers
@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("arguments", [{}, {"binary": True}, {"write_header": False}], ids=str)
def test_vectors_written_by_gensim_are_read(arguments, packed, normal, keyed_vectors, tmp_path):
    tokens, vectors = normal
    gensims = keyed_vectors(20)
    gensims.add_vectors(tokens, vectors)
    gensims.save_word2vec_format(str(tmp_path / f"a{packed}"), **arguments)
    read, values = read_vectors(tmp_path / f"a{packed}")
    assert read == tokens
    np.testing.assert_array_equal(values, vectors)
    gensims.save(str(tmp_path / "a.kv"))
    with pytest.raises(InputError, match="is a pickle"):
        read_vectors(tmp_path / "a.kv")


def test_the_first_line_decides_how_many_fields_are_numbers(tmp_path):
    content = "5 3\nRoute 66 0.1 0.2 0.3\ntea 1 2 3\n 4 5 6\n\u3000 7 8 9\nNew York 10 11 12\n"
    words, vectors = read_vectors(write(tmp_path / "a", content))
    assert words == ["Route 66", "tea", "", "\u3000", "New York"]
    np.testing.assert_allclose(vectors[:, 0], [0.1, 1, 4, 7, 10])
    with pytest.raises(InputError, match="line 2: the word 'tea' has 2 numbers, the first line announces 3"):
        read_vectors(write(tmp_path / "b", "1 3\ntea 1 2\n"))


TOKENS = st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=6)
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.dictionaries(TOKENS, st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6), st.sampled_from(FORMATS))
@example({"0": (-3.869744917852979e16, 4.999999873689376e-06)}, "word2vec_binary")  # its bytes are also UTF-8
def test_random_words_and_vectors_are_read_back(tmp_path_factory, table, format):
    path = tmp_path_factory.mktemp("vectors") / "a"
    write_vectors(path, list(table), np.array(list(table.values()), "float32").reshape(-1, 2), format)
    words, vectors = read_vectors(path)
    assert words == list(table)
    np.testing.assert_array_equal(vectors, np.array(list(table.values()), "float32"))
