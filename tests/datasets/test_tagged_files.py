"""Column files of all layouts and JSON lines are read as the same character spans. Errors name their line."""

import json
import re

import pytest

from kerasnlp_zoo.datasets.tagged_files import read_tagged
from kerasnlp_zoo.datasets.token_classification import TokenClassificationOptions
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import SCHEMES, Span, tags_of

SENTENCES = [
    (["Ada", "Byron", "met", "Grace", "in", "Paris", "."], [Span(0, 2, "PER"), Span(3, 4, "PER"), Span(5, 6, "LOC")]),
    (["Paris", "Rome", "Oslo"], [Span(0, 1, "LOC"), Span(1, 2, "LOC"), Span(2, 3, "LOC")]),
    (["It", "rains"], []),
]
TEXTS = [
    ("Ada Byron met Grace in Paris .", ((0, 9, "PER"), (14, 19, "PER"), (23, 28, "LOC"))),
    ("Paris Rome Oslo", ((0, 5, "LOC"), (6, 10, "LOC"), (11, 15, "LOC"))),
    ("It rains", ()),
]


def column_file(path, scheme="iob2", separator=" ", middle=(), between="\n", start=""):
    """Write SENTENCES, one token per line. `middle` contains the columns between a token and its tag."""
    blocks = [
        "".join(
            separator.join([token, *middle, tag]) + "\n"
            for token, tag in zip(tokens, tags_of(spans, len(tokens), scheme), strict=True)
        )
        for tokens, spans in SENTENCES
    ]
    path.write_text(start + between.join(blocks), "utf-8")
    return path


def read(path, **options):
    examples, repaired = read_tagged(path, TokenClassificationOptions(**options))
    return [example for example, _ in examples], repaired


def message(path, content, **options):
    path.write_text(content, "utf-8")
    with pytest.raises(InputError) as error:
        read(path, **options)
    return str(error.value)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_schemes_are_read_as_the_same_spans(scheme, tmp_path):
    assert read(column_file(tmp_path / "a.txt", scheme)) == (TEXTS, 0)
    assert read(column_file(tmp_path / "a.txt", scheme), scheme=scheme) == (TEXTS, 0)


@pytest.mark.parametrize(
    ("layout", "options"),
    [
        ({"separator": "\t"}, {}),
        ({"separator": "   "}, {}),
        ({"separator": "|"}, {"delimiter": "|"}),
        ({"middle": ("NN", "I-NP")}, {}),
        ({"middle": ("NN", "I-NP")}, {"columns": (1, 4)}),
        ({"between": "\n\n\n"}, {}),
        ({"between": "\n# 2 of them\n"}, {}),
        ({"start": "# written for a test\n-DOCSTART- O\n\n"}, {}),
        ({"middle": ("-X-",), "start": "-DOCSTART- -X- -X- O\n\n"}, {}),
        ({"start": "\ufeff"}, {}),
    ],
)
def test_all_column_layouts_are_read_as_the_same_spans(layout, options, tmp_path):
    assert read(column_file(tmp_path / "a.conll", **layout), **options) == (TEXTS, 0)


def test_windows_line_ends_are_not_part_of_the_tags(tmp_path):
    path = column_file(tmp_path / "a.txt")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(path) == (TEXTS, 0)


def test_spans_are_at_the_positions_in_the_text(tmp_path):
    (tmp_path / "a.txt").write_text("小 B-PER\n红 E-PER\n在 O\n𠮷 B-LOC\n林 E-LOC\n", "utf-8")
    ((text, spans),), _ = read(tmp_path / "a.txt", language="zh")
    assert text == "小红在𠮷林"
    assert [text[start:end] for start, end, _ in spans] == ["小红", "𠮷林"]


def test_a_hash_sign_can_be_a_token(tmp_path):
    (tmp_path / "a.txt").write_text("# O\n1 O\n\n#1 B-x\n", "utf-8")
    assert [text for text, _ in read(tmp_path / "a.txt")[0]] == ["# 1", "#1"]


def test_broken_tags_are_counted_and_read_as_by_conlleval(tmp_path):
    (tmp_path / "a.txt").write_text("Ada I-PER\nByron I-PER\nslept O\nParis B-LOC\nBerlin B-LOC\nWest I-LOC\n")
    examples, repaired = read(tmp_path / "a.txt", scheme="iob2")
    assert examples[0].spans == ((0, 9, "PER"), (16, 21, "LOC"), (22, 33, "LOC"))
    assert repaired == 1


def test_every_tagged_word_is_a_span(tmp_path):
    (tmp_path / "a.txt").write_text("Cats NN\nsleep VB\nwell RB\n")
    expected = ("Cats sleep well", ((0, 4, "NN"), (5, 10, "VB"), (11, 15, "RB")))
    assert read(tmp_path / "a.txt")[0] == [expected]
    (tmp_path / "b.txt").write_text("Ada PER\nslept O\n")
    assert read(tmp_path / "b.txt", scheme="tokens")[0] == [("Ada slept", ((0, 3, "PER"),))]


def test_segmented_words_need_no_labels(tmp_path):
    (tmp_path / "a.txt").write_text("北\tB\n京\tE\n好\tS\n", "utf-8")
    assert read(tmp_path / "a.txt", language="zh")[0] == [("北京好", ((0, 2, "span"), (2, 3, "span")))]


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("Ada B-PER\nslept O\nin\n", {}, "line 3: 1 fields, but the line of the first token has 2"),
        ("Ada B-PER\n\nslept NN O\n", {}, "line 3: 3 fields"),
        ("Ada B-PER\nslept X-PER\n", {}, "line 2: 'X-PER' is not a tag"),
        ("Ada B-PER\nslept VB\n", {}, "line 2: 'VB' is not a tag"),
        ("Ada B-PER\n", {"columns": (1, 3)}, "line 1: the line has 2 columns, and no column 3"),
        ("Ada B-PER\n", {"columns": (0, 1)}, "no column 0"),
        ("Ada\t\n", {}, "line 1: the token or its tag is missing"),
        ("Ada PER\nslept O\n", {}, "do not mark where a span begins.*--scheme tokens"),
        ("小 B-PER\n红 E-PER\n", {}, "--language zh"),
        ("Ada||B-PER\n", {"delimiter": "||"}, "one character"),
        ("\n\n", {}, "contains no texts"),
        ("# only a comment\n", {}, "contains no texts"),
    ],
)
def test_errors_in_a_column_file_name_the_line(content, options, expected, tmp_path):
    assert re.search(expected, message(tmp_path / "a.txt", content, **options))


def test_both_forms_of_json_lines_are_read_as_the_same_spans(tmp_path):
    path = tmp_path / "a.jsonl"
    as_lists = [json.dumps({"text": text, "spans": spans[::-1]}) for text, spans in TEXTS]
    path.write_text("\n".join(as_lists) + "\n\n")
    assert read(path) == (TEXTS, 0)
    keys = ("start", "end", "label")
    path.write_text(
        "\n".join(
            json.dumps({"body": text, "entities": [dict(zip(keys, span, strict=True)) for span in spans]})
            for text, spans in TEXTS
        )
    )
    assert read(path, text_column="body", label_column="entities") == (TEXTS, 0)


def test_json_texts_are_not_changed(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "  Ada\n", "spans": [[2, 5, "PER"]]}))
    assert read(tmp_path / "a.jsonl")[0] == [("  Ada\n", ((2, 5, "PER"),))]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"text": "Ada", "spans": [[0, 2, "a"], [1, 3, "b"]]},
            "two spans overlap.*a 'Ad' at 0 to 2 and b 'da' at 1 to 3",
        ),
        ({"text": "Ada", "spans": [[0, 3, "a"], [0, 3, "a"]]}, "spans overlap"),
        ({"text": "Ada", "spans": [[0, 4, "a"]]}, "is not within its text of 3 characters"),
        ({"text": "Ada", "spans": [[-1, 2, "a"]]}, "is not within its text"),
        ({"text": "Ada", "spans": [[2, 2, "a"]]}, "is not within its text"),
        ({"text": "Ada", "spans": [[0, 2]]}, "is not a span. Expected"),
        ({"text": "Ada", "spans": [{"start": 0, "end": 2}]}, "is not a span"),
        ({"text": "Ada", "spans": [[0, 2.0, "a"]]}, "is not a span"),
        ({"text": "Ada", "spans": [[0, 2, ""]]}, "is not a span"),
        ({"text": "Ada", "spans": [7]}, "is not a span"),
        ({"text": "Ada", "spans": "all"}, "a list of spans"),
        ({"text": 3, "spans": []}, "expected a text"),
        ({"text": "Ada"}, "no key 'spans'.*--label-column"),
        ({"spans": []}, "no key 'text'.*--text-column"),
    ],
)
def test_errors_in_json_lines_name_the_line(row, expected, tmp_path):
    content = '{"text": "", "spans": []}\n' + json.dumps(row)
    error = message(tmp_path / "a.jsonl", content)
    assert "a.jsonl, line 2: " in error
    assert re.search(expected, error)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(InputError, match="is not a file"):
            read(path)
