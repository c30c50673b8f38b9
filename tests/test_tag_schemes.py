"""All sets of spans of short texts are written and read in all schemes; broken tags are read as by conlleval."""

import itertools

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tag_schemes import (
    LETTERS,
    SCHEMES,
    Span,
    allowed_transitions,
    num_repaired,
    parse_tag,
    scheme_of,
    scheme_of_tags,
    spans_of,
    tags_of,
)


def all_span_sets(length, labels="xy"):
    """Yield every list of spans that do not overlap in `length` tokens."""
    if length == 0:
        yield []
        return
    for spans in all_span_sets(length - 1, labels):
        yield spans  # the last token is outside
    for size, label in itertools.product(range(1, length + 1), labels):
        for spans in all_span_sets(length - size, labels):
            yield [*spans, Span(length - size, length, label)]


def conlleval_spans(tags):
    """Return the spans, slowly: all runs of tags that continue each other and are not continued on either side."""

    def continues(before, after):
        opened, inside = before[0] in "BIM", after[0] in "IMEL"
        return opened and inside and before[1:] == after[1:]

    padded = ["O", *tags, "O"]
    return [
        Span(start - 1, end - 1, tags[start - 1][2:])
        for start in range(1, len(padded) - 1)
        for end in range(start + 1, len(padded))
        if all(tag != "O" for tag in padded[start:end])
        and all(continues(padded[place], padded[place + 1]) for place in range(start, end - 1))
        and not continues(padded[start - 1], padded[start])
        and not continues(padded[end - 1], padded[end])
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_spans_of_a_short_text_are_kept_by_every_scheme(scheme):
    count = 0
    for spans in all_span_sets(5):
        tags = tags_of(spans, 5, scheme)
        assert len(tags) == 5
        assert spans_of(tags) == spans
        assert num_repaired(tags, scheme) == 0
        count += 1
    assert count == 571  # 1, 3, 11, 41, 153, 571: f(n) = 4 f(n - 1) - f(n - 2)


@pytest.mark.parametrize("letters", ["BI", "BME", "BIES", "BILU"])
def test_all_sequences_of_tags_are_read_as_by_conlleval(letters):
    known = ["O", *(f"{letter}-{label}" for letter in letters for label in "xy")]
    for tags in itertools.product(known, repeat=4 if len(known) > 7 else 5):
        assert spans_of(tags) == conlleval_spans(tags), tags


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("I-x I-x O", [(0, 2, "x")]),  # a span without B
        ("B-x I-y", [(0, 1, "x"), (1, 2, "y")]),  # a new label begins a new span
        ("B-x B-x", [(0, 1, "x"), (1, 2, "x")]),
        ("B-x M-x O", [(0, 2, "x")]),  # never closed
        ("E-x E-x", [(0, 1, "x"), (1, 2, "x")]),
        ("B-x E-x E-x", [(0, 2, "x"), (2, 3, "x")]),
        ("S-x I-x", [(0, 1, "x"), (1, 2, "x")]),
        ("B-x O I-x", [(0, 1, "x"), (2, 3, "x")]),
        ("B_x I_x", [(0, 2, "x")]),
        ("B-a-b I-a-b", [(0, 2, "a-b")]),
        ("B M E S", [(0, 3, "span"), (3, 4, "span")]),
    ],
)
def test_tags_of_worked_examples(tags, expected):
    assert spans_of(tags.split()) == expected


@pytest.mark.parametrize(
    ("tags", "scheme", "expected"),
    [
        ("O I-x I-x", "iob2", 1),
        ("O I-x I-x", "iob1", 0),
        ("B-x I-x O", "iob1", 1),
        ("O M-x M-x", "bmes", 2),
        ("B-x O", "bioes", 1),
        ("B-x I-y I-y", "iob2", 1),
    ],
)
def test_tags_that_break_their_scheme_are_counted(tags, scheme, expected):
    assert num_repaired(tags.split(), scheme) == expected


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_scheme_is_inferred_from_tags_even_if_one_is_broken(scheme):
    texts = [
        tags_of(spans, 8, scheme)
        for spans in ([Span(0, 3, "x"), Span(3, 5, "x")], [Span(1, 2, "y")], [Span(0, 4, "y"), Span(4, 5, "y")])
    ]
    assert scheme_of(texts * 3) == scheme
    assert scheme_of([*texts * 3, ["O", "I-x"]]) == scheme


@pytest.mark.parametrize("scheme", LETTERS)
def test_a_sequence_is_legal_only_if_its_scheme_can_write_it(scheme):
    tags = ["O", *(f"{letter}-{label}" for letter in dict.fromkeys(LETTERS[scheme]) for label in "xy")]
    legal = allowed_transitions(tags)
    for path in itertools.product(range(len(tags)), repeat=3):
        steps = itertools.pairwise([-1, *path, -1])
        names = [tags[place] for place in path]
        assert all(legal[before][after] for before, after in steps) == (num_repaired(names, scheme) == 0), names


def test_the_scheme_of_a_model_is_inferred_from_its_tags():
    for scheme, letters in LETTERS.items():
        assert scheme_of_tags(["O", *(f"{letter}-x" for letter in letters)]) == scheme
    assert scheme_of_tags(["O", "NN", "B-x"]) == "tokens"
    with pytest.raises(InputError, match="No scheme has all of the letters B, M, U"):
        scheme_of_tags(["B-x", "M-x", "U-x"])


def test_invalid_tags_are_refused():
    for tag in ("NN", "b-x", "X-x", "B-", "", "O-x"):
        with pytest.raises(InputError, match="is not a tag"):
            parse_tag(tag)
    with pytest.raises(InputError, match="scheme must be one of"):
        tags_of([], 3, "bio")
