import json

import numpy as np
import pytest

from kerasnlp_zoo.datasets import snli
from kerasnlp_zoo.datasets.report import tree_report
from kerasnlp_zoo.datasets.trees import TreeOptions, load_trees
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import TreePreprocessor
from tests.small_data import write_sentiment_trees

ROW = "{}\t{}\t_\t_\t_\t_\t{}\tdep\t_\t_\n"


def options(**arguments):
    return TreeOptions(dataset="", **arguments)


def test_a_file_of_brackets_has_labels_for_all_nodes(tmp_path):
    data = load_trees(options(train_file=write_sentiment_trees(tmp_path)))
    assert (data.labels, data.notation, data.has_node_labels) == (["0", "1", "2"], "labelled", True)
    text, labels = data.train.texts[0], data.train.labels[0]
    assert [data.labels[label] for label in labels] == [part[0] for part in text.split("(")[1:]]
    assert not set(data.train.texts) & set(data.test.texts)
    report = tree_report(data, TreePreprocessor.from_texts(data.train.texts, "labelled"))
    assert "labels        of train nodes" in report


def test_a_file_of_brackets_can_be_read_with_root_labels_only(tmp_path):
    data = load_trees(options(train_file=write_sentiment_trees(tmp_path), labelled="root"))
    assert data.train.labels.dtype == np.int64
    assert data.labels == ["0", "2"]


def test_labels_of_dependency_trees_are_read_from_comments(tmp_path):
    path = tmp_path / "trees.conllu"
    sentences = [(word, label) for label in ("good", "bad") for word in (f"{label}{n}" for n in range(20))]
    blocks = [f"# label = {label}\n{ROW.format(1, word, 0)}{ROW.format(2, '!', 1)}\n" for word, label in sentences]
    path.write_text("".join(blocks), "utf-8")
    data = load_trees(options(train_file=path))
    assert (data.labels, data.notation) == (["bad", "good"], "conllu")
    assert data.train.texts[0].split("\t")[7] == "dep"
    path.write_text(blocks[0] + blocks[1].partition("\n")[2], "utf-8")
    with pytest.raises(InputError, match="line 5: there is no label before this sentence.*# label = "):
        load_trees(options(train_file=path))


def test_tables_can_contain_pairs_of_parses(tmp_path):
    path = tmp_path / "pairs.jsonl"
    rows = [{"a": f"( dog {n} )", "b": f"( {n} barks )", "label": "yes" if n % 2 else "no"} for n in range(60)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    data = load_trees(options(train_file=path, text_column="a", text_pair_column="b"))
    assert data.has_pairs
    assert data.labels == ["no", "yes"]
    path.write_text(json.dumps(rows[0]) + "\n" + json.dumps({**rows[1], "b": "( ( barks )"}), "utf-8")
    with pytest.raises(InputError, match=r"pairs.jsonl, line 2, line 1, column 1: this \( has no matching \)"):
        load_trees(options(train_file=path, text_column="a", text_pair_column="b"))


def test_a_malformed_tree_is_refused_with_its_line(tmp_path):
    path = tmp_path / "trees.txt"
    path.write_text("(2 (2 a) (2 film))\n(2 (2 a (2 film))\n", "utf-8")
    with pytest.raises(InputError, match="trees.txt, line 2, column 9: the word 'a' is a leaf"):
        load_trees(options(train_file=path))


def test_a_label_unknown_in_training_is_refused_with_its_line(tmp_path):
    train, test = write_sentiment_trees(tmp_path), tmp_path / "test.txt"
    test.write_text("(0 (1 a) (0 plot))\n(0 (7 a) (0 plot))\n", "utf-8")
    with pytest.raises(InputError, match="test.txt, line 2: the label '7' does not occur"):
        load_trees(options(train_file=train, test_file=test))


@pytest.mark.parametrize("notation", ["binary", "labelled"])
def test_snli_has_the_parses_of_its_pairs(notation, monkeypatch):
    def row(number, label):
        pair = {"gold_label": label}
        for side in ("1", "2"):
            pair |= {f"sentence{side}_binary_parse": f"( dog {number} )", f"sentence{side}_parse": f"(NP dog{number})"}
        return json.dumps(pair)

    def read(package, member):
        start = 1000 * ("test" in member)
        return "\n".join(row(start + n, ["-", *snli.LABELS][n % 4]) for n in range(80)).encode()

    monkeypatch.setattr("kerasnlp_zoo.datasets.trees.read_member", read)
    data = load_trees(TreeOptions(notation=notation))
    assert len(data.test) == 60
    expected = {"binary": "( dog 1001 )", "labelled": "(NP dog1001)"}[notation]
    assert data.test.texts[0] == (expected, expected)
    assert data.test.labels[0] == 0


def test_bad_trees_are_skipped_on_demand_and_counted_with_the_line_of_the_first(tmp_path):
    good = write_sentiment_trees(tmp_path)
    bad = tmp_path / "bad.txt"
    bad.write_text("(())\n" + good.read_text() + "(2 (2 a\n  (2 film)\n", "utf-8")
    with pytest.raises(InputError, match="bad.txt, line 1, column 2: this bracket contains no word"):
        load_trees(options(train_file=bad))
    data = load_trees(options(train_file=bad, skip_bad=True))
    assert data.train.texts == load_trees(options(train_file=good)).train.texts
    (note,) = data.notes
    assert note.startswith("2 texts were skipped, because they cannot be read; the first: ")
    assert "bad.txt, line 1, column 2: " in note


@pytest.mark.parametrize("head", ["0", "_", "7"])
def test_bad_sentences_of_a_treebank_are_skipped_with_two_roots_or_without_a_head(head, tmp_path):
    path = tmp_path / "trees.conllu"
    sentences = [f"# label = {n % 2}\n{ROW.format(1, n, 0)}{ROW.format(2, '!', 1)}" for n in range(40)]
    bad = f"# label = 1\n{ROW.format(1, 'bad', 0)}{ROW.format(2, '!', head)}"
    path.write_text("\n".join([*sentences, bad, *sentences[:1]]), "utf-8")
    with pytest.raises(InputError, match="line 163: "):
        load_trees(options(train_file=path))
    data = load_trees(options(train_file=path, skip_bad=True))
    assert "trees.conllu, line 163: " in data.notes[0]
    assert len(data.train) + len(data.validation) + len(data.test) == 40
