"""Column files of all layouts and JSON lines are read as the same character spans. Errors name their line."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasnlp_zoo.datasets.notes import Notes
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
    assert read(tmp_path / "b.txt", scheme="tokens")[0] == [("Ada slept", ((0, 3, "PER"), (4, 9, "O")))]


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


def noted(path, **options):
    notes = Notes()
    examples, _ = read_tagged(path, TokenClassificationOptions(**options), notes)
    return [example for example, _ in examples], notes.lines()


def sentence(tokens, tags):
    return "".join(f"{token} {tag}\n" for token, tag in zip(tokens.split(), tags.split(), strict=True)) + "\n"


ADA = ("Ada Byron sat in Ulm", ((0, 9, "PER"), (17, 20, "LOC")))


@pytest.mark.parametrize(
    "tags",
    [
        "B-PER I-PER O O B-LOC",
        "I-PER I-PER O O I-LOC",
        "I-PER E-PER O O E-LOC",
        "B-PER E-PER O O S-LOC",
        "B-PER L-PER O O U-LOC",
        "b-PER i-PER o o b-LOC",
        "PER-B PER-I O O LOC-B",
        "PER_B PER_E O O LOC_S",
        "B_PER I_PER O O B_LOC",
    ],
)
def test_tags_of_every_scheme_and_notation_are_read(tags, tmp_path):
    (tmp_path / "a.txt").write_text(sentence("Ada Byron sat in Ulm", tags))
    assert read(tmp_path / "a.txt") == ([ADA], 0)


def test_adjacent_spans_of_ioe1_are_two_spans(tmp_path):
    (tmp_path / "a.txt").write_text(sentence("Ulm Bonn Rome", "E-LOC I-LOC O") + sentence("Ada sat", "I-PER O"))
    assert read(tmp_path / "a.txt") == (
        [("Ulm Bonn Rome", ((0, 3, "LOC"), (4, 8, "LOC"))), ("Ada sat", ((0, 3, "PER"),))],
        0,
    )
    assert read(tmp_path / "a.txt", scheme="ioe1") == read(tmp_path / "a.txt")
    assert "the scheme ioe2 has no tag 'B-x'" in message(tmp_path / "b.txt", "Ada B-x\n", scheme="ioe2")


def test_two_schemes_in_one_file_are_both_read_and_reported(tmp_path):
    iob2, bioes = (
        sentence("Ada Byron sat in Ulm", tags) for tags in ("B-PER I-PER O O B-LOC", "B-PER E-PER O O S-LOC")
    )
    (tmp_path / "a.txt").write_text(iob2 * 3 + bioes * 2)
    examples, notes = noted(tmp_path / "a.txt")
    assert examples == [ADA] * 5
    assert notes == [
        f"2 texts have tags of BIOES instead of IOB2; both are read; the first: {tmp_path / 'a.txt'}, line 19"
    ]


@pytest.mark.parametrize(
    "content",
    [
        "# doc0\nAda B-PER\nsat O\n\n# doc1\nBob B-PER\nsat O\n",
        "Ada B-PER\nsat O\n\t\nBob B-PER\nsat O\n",
        "Ada B-PER\nsat O\n\u3000\xa0\nBob B-PER\nsat O\n",
        "Ada B-PER\nsat O\n\ufeff\nBob B-PER\nsat O\n",
        "Ada\tB-PER\t\nsat\tO\t\n\nBob\tB-PER\t\nsat\tO\t\n",
        "Ada\tB-PER\nsat\tO\t\n\nBob\tB-PER\nsat\tO\n",
        "# two words\tand a tab\tmore\nAda\tB-PER\nsat\tO\n\nBob\tB-PER\nsat\tO\n",
        "\u3000 O\nAda B-PER\nsat O\n\nBob B-PER\n\xa0 O\nsat O\n",
    ],
)
def test_comments_blank_lines_and_delimiters_at_the_end_are_no_tokens(content, tmp_path):
    (tmp_path / "a.txt").write_text(content, "utf-8")
    assert [text for text, _ in read(tmp_path / "a.txt")[0]] == ["Ada sat", "Bob sat"]


CONLLU = """# sent_id = 1
# text = Vámonos a el mar de noche y de
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\t_\tVERB\t_\t_\t0\troot\t_\t_
2\tnos\t_\tPRON\t_\t_\t1\tobj\t_\t_
2.1\telided\t_\tNOUN\t_\t_\t_\t_\t_\t_
3\tmar\t_\t_\t_\t_\t1\tobl\t_\t_

"""


@pytest.mark.parametrize("name", ["a.conllu", "a.conll", "a.txt"])
def test_conllu_is_read_by_name_and_by_content(name, tmp_path):
    (tmp_path / name).write_text(CONLLU, "utf-8")
    expected = [("Vamos nos mar", ((0, 5, "VERB"), (6, 9, "PRON")))]
    assert read(tmp_path / name)[0] == expected
    assert read(tmp_path / name, columns=(2, 4), scheme="tokens")[0] == expected
    assert read(tmp_path / name, columns=(2, 8))[0] == [
        ("Vamos nos mar", ((0, 5, "root"), (6, 9, "obj"), (10, 13, "obl")))
    ]


WORDS = st.text(st.characters(exclude_categories=["Cs", "Z", "Cc", "Cf"], max_codepoint=0x33FF), min_size=1, max_size=5)


@given(st.lists(st.lists(st.tuples(WORDS, st.sampled_from(["N", "V", "O", "B-x", "#"])), min_size=1), min_size=1))
def test_random_sentences_of_conllu_and_columns_are_read_back(tmp_path_factory, sentences):
    folder = tmp_path_factory.mktemp("columns")
    lines = [[f"{i}\t{word}\t_\t{tag}" + "\t_" * 6 for i, (word, tag) in enumerate(s, 1)] for s in sentences]
    (folder / "a.conllu").write_bytes("\n\n".join(map("\n".join, lines)).encode())
    (folder / "a.tsv").write_bytes("\n\n".join("\n".join(map("\t".join, s)) for s in sentences).encode())
    expected = [(" ".join(word for word, _ in s), tuple(tag for _, tag in s)) for s in sentences]
    has_hash = any(word.startswith("#") for s in sentences for word, _ in s)  # it can be a comment in the columns
    for path in [folder / "a.conllu"] if has_hash else [folder / "a.conllu", folder / "a.tsv"]:
        examples, _ = read(path, scheme="tokens")
        assert [(text, tuple(span.label for span in spans)) for text, spans in examples] == expected


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.txt", "Ada B-PER\n\nBob\n\nCid B-PER\n", 3),
        ("a.txt", "Ada B-PER\n\nBob X-PER\nsat O\n\nCid B-PER\n", 3),
        ("a.jsonl", '{"text": "Ada", "spans": [[0, 3, "PER"]]}\n{"text": "B", "spans": [[0, 3, "x"]]}\n', 2),
    ],
)
def test_bad_texts_are_skipped_on_demand_and_counted_with_the_line_of_the_first(name, content, line, tmp_path):
    assert f"line {line}" in message(tmp_path / name, content)
    examples, (note,) = noted(tmp_path / name, skip_bad=True)
    assert {text for text, _ in examples} == ({"Ada", "Cid"} if name == "a.txt" else {"Ada"})
    assert note.startswith("1 texts were skipped, because they cannot be read; the first: ")
    assert f"{name}, line {line}: " in note


def test_spans_are_trimmed_and_counted(tmp_path):
    rows = [{"text": " Ada\u3000sat \n", "spans": [[0, 5, "PER"], [8, 10, "LOC"]]}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    examples, notes = noted(tmp_path / "a.jsonl")
    assert examples == [(" Ada\u3000sat \n", ((1, 4, "PER"),))]
    place = f"{tmp_path / 'a.jsonl'}, line 1"
    assert notes == [
        f"1 spans were trimmed, because they began or ended with white space; the first: {place}",
        f"1 spans of white space were dropped; the first: {place}",
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "text": "Ada sat", "label": [[0, 3, "PER"]]},
        {"id": 1, "text": "Ada sat", "entities": [{"id": 9, "label": "PER", "start_offset": 0, "end_offset": 3}]},
        {"id": 1, "text": "Ada sat", "label": [{"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}]},
        {
            "id": 1,
            "data": {"text": "Ada sat"},
            "annotations": [{"result": [{"from_name": "label", "value": {"start": 0, "end": 3, "labels": ["PER"]}}]}],
        },
    ],
)
def test_exports_of_doccano_and_label_studio_are_read_as_they_are(row, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([row]))
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    for name in ("a.json", "a.jsonl"):
        assert read(tmp_path / name)[0] == [("Ada sat", ((0, 3, "PER"),))]


def test_lines_that_are_taken_for_comments_and_tokens_of_white_space_are_counted(tmp_path):
    (tmp_path / "a.txt").write_text("# doc0\nAda B-PER\n\u3000 O\nsat O\n\n\ufeff# doc1\nBob B-PER\n", "utf-8")
    examples, notes = noted(tmp_path / "a.txt")
    assert [text for text, _ in examples] == ["Ada sat", "Bob"]
    assert notes == [
        f"2 lines that begin with # were read as comments; the first: {tmp_path / 'a.txt'}, line 1",
        f"1 tokens of white space were dropped; the first: {tmp_path / 'a.txt'}, line 3",
    ]
