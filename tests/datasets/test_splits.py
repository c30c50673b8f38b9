import os
import subprocess
import sys

import numpy as np

from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.splits import (
    Split,
    TextClassificationData,
    duplicate_key,
    hold_out,
    parts_of,
    prepare_splits,
    remove_duplicates,
)


def split(*examples):
    return Split([text for text, _ in examples], np.array([label for _, label in examples], "int64"))


def many(count=200):
    return Split([f"text {number}" for number in range(count)], np.arange(count) % 2)


def test_duplicates_contradictions_and_leaks_are_removed_and_counted():
    cleaned, dropped = remove_duplicates(
        {
            "validation": split(("held out", 0), ("HELD  out", 0), ("both", 0), ("both", 1)),
            "train": split(("fine", 1), ("ＦＩＮＥ", 1), ("held Out", 0), (" ", 1), ("own", 0)),
        }
    )
    assert cleaned["validation"].texts == ["held out"]
    assert cleaned["train"].texts == ["fine", "own"]
    assert dropped == {"rows without text": 1, "duplicates": 2, "texts with two labels": 2, "texts of another split": 1}


def test_a_given_test_split_is_not_changed():
    official = split(("same", 0), ("same", 1), ("same", 1), ("", 0))
    cleaned, dropped = remove_duplicates({"test": official, "train": split(("Same", 0), ("own", 1))})
    assert cleaned["test"].texts == ["same", "same", "same"]
    assert cleaned["train"].texts == ["own"]
    assert dropped["rows without text"] == dropped["texts of another split"] == 1


def test_a_validation_split_that_is_held_out_from_an_official_one_shares_no_text_with_it():
    rows = [(f"text {number // 2}", number % 2) for number in range(400)]  # every text twice, with both labels
    splits = {"train": split(*rows), "test": split(("text 1", 0), ("other", 1))}
    whole, dropped, notes = prepare_splits(splits, DataOptions(validation_split=0.1), "twice")
    assert not set(whole["train"].texts) & set(whole["validation"].texts)
    assert "text 1" in whole["train"].texts + whole["validation"].texts
    assert dropped == {"rows without text": 0}
    assert "400 texts with two labels" in notes[0]
    splits = {"train": many(), "test": split(("text 1", 1))}
    cleaned, dropped, notes = prepare_splits(splits, DataOptions(drop_duplicates=True), "once")
    assert (dropped["texts of another split"], notes) == (1, [])
    assert "text 1" not in cleaned["train"].texts + cleaned["validation"].texts


def test_texts_that_differ_only_in_case_width_or_spacing_are_duplicates():
    assert duplicate_key("Ｆｉｎｅ\u3000 Straße ") == duplicate_key("fine strasse")


def test_order_does_not_change_the_held_out_texts(random):
    data = many()
    rest, held_out = hold_out(data, 0.1)
    assert np.bincount(held_out.labels).tolist() == [10, 10]
    assert len(rest) == 180
    _, again = hold_out(data.take(random.permutation(200)), 0.1)
    assert set(again.texts) == set(held_out.texts)


def test_folds_do_not_overlap_and_cover_all_texts():
    tested = [text for fold in range(10) for text in hold_out(many(207), 0.1, fold)[1].texts]
    assert sorted(tested) == sorted(many(207).texts)


def test_pairs_are_duplicates_only_if_both_texts_are_equal():
    pairs = [("A film?", "yes"), ("a  FILM?", "Yes"), ("a film?", "no"), ("yes", "a film?"), ("a film? yes", "")]
    cleaned, dropped = remove_duplicates({"train": Split(pairs, np.zeros(5, "int64"))})
    assert cleaned["train"].texts == [pairs[0], pairs[2], pairs[3]]
    assert (dropped["duplicates"], dropped["rows without text"]) == (1, 1)
    assert duplicate_key(("a", "b c")) != duplicate_key(("a b", "c"))
    assert [parts_of("a"), parts_of(("a", "b"))] == [("a",), ("a", "b")]


def test_pairs_that_share_their_first_text_are_held_out_together(random):
    pairs = [(f"premise {n // 3}", f"hypothesis {n}") for n in range(300)]
    data = Split(pairs, np.arange(300) % 3).take(random.permutation(300))
    rest, held_out = hold_out(data, 0.1)
    assert len(held_out) == 30
    assert len({first for first, _ in held_out.texts}) == 10
    assert not {first for first, _ in held_out.texts} & {first for first, _ in rest.texts}


def test_texts_with_scores_are_held_out_without_classes_and_sampled_in_order():
    data = Split([f"text {number}" for number in range(50)], np.arange(50) / 10)
    rest, held_out = hold_out(data, 0.2)
    assert (len(rest), len(held_out)) == (40, 10)
    assert (
        dict(zip(data.texts, data.labels, strict=True)).items()
        >= dict(zip(held_out.texts, held_out.labels, strict=True)).items()
    )
    assert data.first_of_each_class(3).texts == data.texts[:3]


def test_a_fingerprint_depends_on_the_order_of_a_pair():
    def fingerprint(*texts):
        data = Split(list(texts), np.zeros(len(texts), "int64"))
        return TextClassificationData("mine", ["a"], data, data, data, {}).fingerprint()

    assert len({fingerprint(("a", "b")), fingerprint(("b", "a")), fingerprint("a b")}) == 3


def test_labels_and_splits_do_not_depend_on_the_hash_seed(tmp_path):
    labels = ["1", "１", "01", "2", "\u0661"]  # four integers with the value 1
    rows = [f"text {number},{labels[number % 5]}" for number in range(100)]
    (tmp_path / "a.csv").write_text("\n".join(["text,label", *rows]), "utf-8")
    code = (
        "import sys; from pathlib import Path; from kerasnlp_zoo.datasets import DataOptions, load_text_classification;"
        "data = load_text_classification(DataOptions(train_file=Path(sys.argv[1])));"
        "print(ascii(data.labels), data.fingerprint())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / "a.csv"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(answers) == 1
    assert answers.pop().startswith(str(["01", "1", r"\u0661", r"\uff11", "2"]).replace("\\\\", "\\"))
