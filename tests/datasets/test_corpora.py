"""Text files of all kinds become a corpus. Other input is refused before any long computation."""

import bz2
import gzip

import pytest

from kerasnlp_zoo.datasets import encodings
from kerasnlp_zoo.datasets.corpora import CORPORA, CorpusOptions, open_corpus, parallel_map
from kerasnlp_zoo.datasets.text_files import read_lines
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.corpus import encode_corpus

LINES = ["A cat sat on the mat.", "", "Dogs don't sit; they lie, as cats do."] * 40


def words(options):
    return [token.decode() for tokens, _ in open_corpus(options).chunks() for token in tokens]


def test_a_folder_of_plain_and_compressed_files_is_read_as_one_corpus(tmp_path):
    text = "\n".join(LINES)
    (tmp_path / "below").mkdir()
    (tmp_path / "a.txt").write_text(text)
    (tmp_path / "below" / "b.txt.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "c.txt.bz2").write_bytes(bz2.compress(text.encode()))
    (tmp_path / "notes.md").write_text("not read")
    single = words(CorpusOptions(corpus=tmp_path / "a.txt"))
    assert single[:8] == ["a", "cat", "sat", "on", "the", "mat", "dogs", "do"]
    assert words(CorpusOptions(corpus=tmp_path)) == single * 3


def test_sentences_are_lines(tmp_path):
    (tmp_path / "a.txt").write_text("one two\nthree\n\nfour five six")
    chunks = open_corpus(CorpusOptions(corpus=tmp_path / "a.txt")).chunks()
    assert [length for _, lengths in chunks for length in lengths if length] == [2, 1, 3]


@pytest.mark.parametrize("separator", [" ", "\n", " \n"])
def test_chunk_ends_and_long_lines_do_not_lose_words(tmp_path, monkeypatch, separator):
    monkeypatch.setattr(encodings, "PIECE", 50)
    expected = [f"word{number}" for number in range(200)]
    (tmp_path / "a.txt").write_text(separator.join(expected))
    pieces = list(read_lines(tmp_path / "a.txt"))
    assert [word for lines in pieces for line in lines for word in line.split()] == expected
    assert max(len(line) for lines in pieces for line in lines) <= 100


def test_a_very_long_line_without_spaces_is_split(tmp_path, monkeypatch):
    monkeypatch.setattr(encodings, "PIECE", 50)
    (tmp_path / "a.txt").write_text("x" * 1000)
    pieces = [line for lines in read_lines(tmp_path / "a.txt") for line in lines]
    assert "".join(pieces) == "x" * 1000
    assert max(map(len, pieces)) <= 100


def test_words_between_spaces_are_normalized_and_not_split(tmp_path):
    (tmp_path / "a.txt").write_text("迈向 充满 希望 的 ＮＥＷ 世纪 １９９８年 。", "utf-8")
    options = CorpusOptions(corpus=tmp_path / "a.txt", language="zh", segmenter="spaces")
    assert words(options) == ["迈向", "充满", "希望", "的", "new", "世纪", "1998年", "。"]


def test_jieba_and_characters_segment_chinese_text(tmp_path):
    (tmp_path / "a.txt").write_text("我们喜欢苹果。", "gb18030")
    options = CorpusOptions(corpus=tmp_path / "a.txt", language="zh", encoding="gb18030")
    assert words(options) == list("我们喜欢苹果。")
    options.segmenter = "jieba"
    assert words(options) == ["我们", "喜欢", "苹果", "。"]
    options.segmenter = "characters"
    assert words(options) == list("我们喜欢苹果。")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x00\x01\x02\x7fELF" * 100, "not a text file: it contains zero bytes"),
        (b"caf\xe9 cr\xe8me " * 10, "cannot be read as utf-8.*--encoding"),
    ],
)
def test_files_other_than_text_are_refused(tmp_path, content, message):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(InputError, match=message):
        words(CorpusOptions(corpus=tmp_path / "a.txt"))


def test_a_truncated_archive_is_refused(tmp_path):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"some words " * 10_000)[:-20])
    with pytest.raises(InputError, match="cannot be read to its end"):
        words(CorpusOptions(corpus=tmp_path / "a.txt.gz"))


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(InputError, match="no words"):
        encode_corpus(open_corpus(CorpusOptions(corpus=tmp_path / "a.txt")).chunks(), tmp_path / "corpus")


def test_wrong_paths_names_and_flags_are_refused(tmp_path):
    for options, message in (
        (CorpusOptions(corpus=tmp_path / "none.txt"), "does not exist"),
        (CorpusOptions(corpus=tmp_path), r"contains no \.txt"),
        (CorpusOptions(dataset="wikitext"), "Did you mean 'wikitext2'.* package index only: wikitext2, "),
        (CorpusOptions(dataset=""), "Name a data set with --dataset .wikitext2, .* or give --corpus"),
        (CorpusOptions(segmenter="jieba"), "--language zh"),
    ):
        with pytest.raises(InputError, match=message):
            open_corpus(options)
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(InputError, match="Unknown encoding 'utf-9'"):
        words(CorpusOptions(corpus=tmp_path / "a.txt", encoding="utf-9"))


def test_parallel_map_keeps_the_order():
    assert list(parallel_map(lambda n: n * n, range(100))) == [n * n for n in range(100)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wikitext2", "tatoeba", "peoples_daily"])
def test_packaged_corpora_have_words(name):
    options = CorpusOptions(dataset=name, smoke=True)
    found = words(options)
    assert 5000 < len(found) < 1_000_000
    assert {"wikitext2": "valkyria", "tatoeba": "tom", "peoples_daily": "希望"}[name] in found
    assert CORPORA[name].licence


def test_blank_lines_end_documents_in_files_and_packages(tmp_path):
    def documents(options):
        lines = [line.strip() for lines in open_corpus(options).read() for line in lines]
        return [text.split("\n") for text in "\n".join(lines).strip().split("\n\n") if text.strip()]

    (tmp_path / "a.txt").write_text("one\ntwo\n\nthree\n")
    (tmp_path / "b.txt").write_text("four")
    assert [[line for line in d if line] for d in documents(CorpusOptions(corpus=tmp_path))] == [
        ["one", "two"],
        ["three"],
        ["four"],
    ]
    articles = documents(CorpusOptions(dataset="wikitext2", smoke=True))
    assert all(article[0].startswith("= ") and not article[0].startswith("= =") for article in articles)
    assert articles[0][0] == "= Valkyria Chronicles III ="
    assert 100 < len(articles) < 400
    reviews = documents(CorpusOptions(dataset="film_reviews", smoke=True))
    assert all(len(review) == 1 for review in reviews)
    assert len(reviews) == 2048
