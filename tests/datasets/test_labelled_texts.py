"""Sets of labels: read from every form of file, split and cleaned."""

import csv
import io
import json
import random as random_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasnlp_zoo.datasets.labelled_texts import has_label_sets, load_labelled_texts, read_label_sets
from kerasnlp_zoo.datasets.options import LabelOptions
from kerasnlp_zoo.datasets.splits import LabelSetSplit, hold_out, remove_duplicates
from kerasnlp_zoo.errors import InputError

ROWS = [
    ("the match of the year", {"sport", "news"}),
    ("a film about a match", {"film", "sport"}),
    ("nothing of note", set()),
    ("a film", {"film"}),
]
SEPARATED = LabelOptions(label_separator="|")
COLUMNS = LabelOptions(label_columns=("film", "news", "sport"))


def write(folder, form, rows=ROWS):
    """Write rows in one of the forms. Return the path and the options that read it."""
    path = folder / f"rows.{'jsonl' if form == 'list' else 'csv'}"
    if form == "list":
        path.write_text("".join(json.dumps({"text": t, "label": sorted(labels)}) + "\n" for t, labels in rows))
        return path, LabelOptions()
    stream = io.StringIO()
    writer = csv.writer(stream)
    if form == "separator":
        writer.writerows([("text", "label"), *((t, " | ".join(sorted(labels, reverse=True))) for t, labels in rows)])
    else:
        names = COLUMNS.label_columns
        yes = {"columns": "1", "true": "True"}[form]
        no = {"columns": "0", "true": ""}[form]
        writer.writerow(("text", *names))
        writer.writerows((t, *(yes if name in labels else no for name in names)) for t, labels in rows)
    path.write_text(stream.getvalue(), newline="")
    return path, SEPARATED if form == "separator" else COLUMNS


@pytest.mark.parametrize("form", ["list", "separator", "columns", "true"])
def test_every_form_of_file_has_the_same_sets_of_labels(tmp_path, form):
    path, options = write(tmp_path, form)
    assert [(example.text, set(example.labels)) for example in read_label_sets(path, options)] == ROWS
    assert has_label_sets(LabelOptions(**{**vars(options), "train_file": path}))


LABEL = st.text(st.characters(exclude_characters="|", exclude_categories=("Cs", "Cc", "Z")), min_size=1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sets(LABEL, max_size=4), min_size=1, max_size=8))
def test_random_sets_of_labels_are_read_back(tmp_path_factory, sets):
    folder = tmp_path_factory.mktemp("sets")
    rows = [(f"text {number}", labels) for number, labels in enumerate(sets)]
    for form in ("list", "separator"):
        path, options = write(folder, form, rows)
        assert [set(example.labels) for example in read_label_sets(path, options)] == sets


def test_a_string_among_lists_is_a_set_of_one_label_and_null_is_missing(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "label": ["x", 1]}\n{"text": "b", "label": "x"}\n{"text": "c", "label": null}\n')
    assert [example.labels for example in read_label_sets(path, LabelOptions())] == [("x", "1"), ("x",), None]


def test_strings_without_lists_are_single_labels(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a", "label": "x"}\n')
    assert not has_label_sets(LabelOptions(train_file=path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_separator": "|", "label_columns": ("a", "b")}, "cannot be used together"),
        ({"label_separator": ""}, "at least one character"),
        ({"label_columns": ("a",)}, "needs at least two columns"),
        ({"label_columns": ("film", "love")}, "no column 'love'.*--label-columns"),
        ({"label_columns": ("film", "text")}, "line 2: the column 'text' must be 1 or 0.*the match of the year"),
    ],
)
def test_flags_that_do_not_fit_are_refused(tmp_path, options, message):
    path, _ = write(tmp_path, "columns")
    with pytest.raises(InputError, match=message):
        load_labelled_texts(LabelOptions(train_file=path, **options))


def test_label_sets_of_named_data_are_not_chosen_by_flags():
    with pytest.raises(InputError, match="describe your own file"):
        load_labelled_texts(LabelOptions(dataset="trec", label_separator="|"))


def many(count=600):
    """Rows with a frequent, two usual and a rare label, in random combinations."""
    chance = random_module.Random(0)
    shares = {"all": 0.9, "film": 0.4, "sport": 0.3, "chess": 0.05}
    return [(f"text {n}", {label for label, share in shares.items() if chance.random() < share}) for n in range(count)]


def test_every_label_has_about_its_share_in_every_split(tmp_path):
    path, _ = write(tmp_path, "separator", many())
    data = load_labelled_texts(LabelOptions(train_file=path, label_separator="|"))
    assert (data.kind, data.labels) == ("labels", ["all", "chess", "film", "sport"])
    assert len(data.train) + len(data.validation) + len(data.test) == 600
    total = np.zeros(4)
    for split in (data.train, data.validation, data.test):
        total += [sum(label in labels for labels in split.labels) for label in range(4)]
    for split in (data.validation, data.test):
        held_out = [sum(label in labels for labels in split.labels) for label in range(4)]
        np.testing.assert_allclose(held_out, 0.1 * total, rtol=0.35, atol=1)


def test_splits_do_not_depend_on_the_order_of_rows_and_labels(tmp_path):
    rows = many(120)
    path, options = write(tmp_path, "list", rows)
    first = load_labelled_texts(LabelOptions(train_file=path))
    path.write_text("".join(json.dumps({"text": t, "label": sorted(s, reverse=True)}) + "\n" for t, s in rows[::-1]))
    second = load_labelled_texts(LabelOptions(train_file=path))
    for name in ("train", "validation", "test"):
        one, other = getattr(first, name), getattr(second, name)
        assert dict(zip(one.texts, one.labels, strict=True)) == dict(zip(other.texts, other.labels, strict=True))


def test_duplicates_with_equal_sets_are_removed_once_and_with_other_sets_completely():
    labels = np.empty(5, object)
    for row, ids in enumerate([(0, 1), (0, 1), (0,), (1,), ()]):
        labels[row] = ids
    cleaned, dropped = remove_duplicates({"train": LabelSetSplit(["same", "Same", "other", "other", "none"], labels)})
    assert list(cleaned["train"].labels) == [(0, 1), ()]
    assert (dropped["duplicates"], dropped["texts with two labels"]) == (1, 2)


def test_held_out_texts_without_labels_are_a_class_of_their_own():
    labels = np.empty(40, object)
    for row in range(40):
        labels[row] = (0,) if row < 20 else ()
    rest, held_out = hold_out(LabelSetSplit([f"text {row}" for row in range(40)], labels), share=0.1)
    assert sorted(map(len, held_out.labels)) == [0, 0, 1, 1]
    assert len(rest) == 36


def test_a_label_that_training_does_not_have_is_refused(tmp_path):
    train, _ = write(tmp_path, "separator", many(60))
    test = tmp_path / "test.csv"
    test.write_text("text,label\nx,film|love\n")
    with pytest.raises(InputError, match="test.csv, line 2: the label 'love' does not occur in the training data"):
        load_labelled_texts(LabelOptions(train_file=train, test_file=test, label_separator="|"))


@pytest.mark.slow
def test_topics_of_newsgroups_are_all_prefixes_of_the_group():
    data = load_labelled_texts(LabelOptions(dataset="newsgroups_topics"))
    sets = {tuple(data.labels[label] for label in labels) for labels in data.test.labels}
    assert ("comp", "comp.sys", "comp.sys.mac", "comp.sys.mac.hardware") in sets
    assert len(sets) == 20
    assert len(data.labels) == 38
