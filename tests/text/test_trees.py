import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.trees import bracketed, dependencies, read_dependencies, read_tree, read_trees


def conllu(*rows):
    """Return CoNLL-U lines for (word, head) rows."""
    lines = [f"{i}\t{word}\t_\t_\t_\t_\t{head}\tdep\t_\t_" for i, (word, head) in enumerate(rows, start=1)]
    return "\n".join(lines) + "\n"


def test_penn_brackets_are_read_with_words_labels_and_parents():
    tree = read_tree("(ROOT (S (NP (DT The)\n (NN dog)) (VP (VBZ barks))))", "labelled")
    assert tree.labels == ("ROOT", "S", "NP", "DT", "NN", "VP", "VBZ")
    assert tree.words == ("", "", "", "The", "dog", "", "barks")
    assert tree.parents == (-1, 0, 1, 2, 2, 1, 5)
    assert [tree.text(node) for node in range(3)] == ["The dog barks", "The dog barks", "The dog"]


def test_the_unlabelled_outer_bracket_of_a_treebank_tree_is_dropped():
    assert read_tree("( (S (NP a) (VP b)) )", "labelled") == read_tree("(S (NP a) (VP b))", "labelled")


@pytest.mark.parametrize("text", ["(3 (2 It) (4 (3 really) (4 works)))", "(1 word)", "(X (X (X deep)))"])
def test_labelled_brackets_are_written_unchanged(text):
    assert bracketed(read_tree(text, "labelled"), with_labels=True) == text


def test_trees_of_a_file_have_line_numbers():
    trees = list(read_trees("(1 a)\n\n(2 (1 b)\n   (3 c)) (0 d)\n", "labelled"))
    assert [(line, tree.text()) for line, tree in trees] == [(1, "a"), (3, "b c"), (4, "d")]


def test_binary_parses_can_have_any_shape_and_depth():
    assert bracketed(read_tree("( a b c )", "binary")) == "((a) (b) (c))"
    assert bracketed(read_tree("Word", "binary")) == "(Word)"
    depth = 5000
    assert len(read_tree("( x " * depth + "y" + " )" * depth, "binary").words) == 2 * depth + 1


@pytest.mark.parametrize(
    ("text", "notation", "message"),
    [
        ("(S (NP a)\n  (VP b", "labelled", r"line 2, column 3: this \( has no matching \)"),
        ("(S (NP a))\n)", "labelled", r"line 2, column 1: this \) has no matching \("),
        ("(S (NP a) b)", "labelled", "line 1, column 11: 'b' is an additional word"),
        ("(S (NP a (X b)))", "labelled", "line 1, column 10: the word 'a' is a leaf"),
        ("(S\n (NP))", "labelled", "line 2, column 2: this bracket contains no word"),
        ("( a ( ) )", "binary", "line 1, column 5: this bracket contains no word"),
        ("a dog barks", "binary", "line 1, column 1: 'a' is outside"),
        ("", "binary", "Expected one tree in the text. Received: 0"),
        ("(a b) (c d)", "binary", "Expected one tree in the text. Received: 2"),
    ],
)
def test_malformed_brackets_are_refused_with_their_position(text, notation, message):
    with pytest.raises(InputError, match=message):
        read_tree(text, notation)


def test_dependents_are_children_of_their_heads_in_sentence_order():
    text = "# sent_id = 1\n# label = fine\n" + conllu(("She", 3), ("often", 3), ("gives", 0), ("him", 3), ("(", 4))
    [(line, tree, comments)] = read_dependencies(text)
    assert (line, comments) == (3, {"sent_id": "1", "label": "fine"})
    assert bracketed(tree) == "(gives (She) (often) (him (-LRB-)))"
    assert tree.text() == "She often gives him -LRB-"
    assert read_tree(dependencies(tree), "conllu") == tree


def test_multiword_tokens_and_empty_nodes_are_skipped():
    text = "1-2\tdu" + "\t_" * 8 + "\n" + conllu(("de", 0), ("le", 1)) + "2.1\tx" + "\t_" * 8
    assert bracketed(read_tree(text, "conllu")) == "(de (le))"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (conllu(("a", 2), ("b", 3), ("c", 2)), "line 2: the heads of these words form a cycle: 'b' -> 'c'"),
        (conllu(("root", 0), ("a", 2)), "line 2: the heads of these words .* 'a' -> 'a'"),
        (conllu(("a", 0), ("b", 0)), "line 2: a sentence has one root.*'a', 'b'"),
        (conllu(("a", 0), ("b", 9)), "line 2: the head of 'b' is 9"),
        ("1\ta\t0\n", "line 1: expected 10 columns separated by tabs.*Received: 3"),
        (conllu(("a", "x")), r"line 1: expected an integer in columns 1 \(ID\) and 7"),
        (conllu(("a", 0)) + conllu(("b", 1)), "line 2: the ID 1 occurs twice"),
        ("# only = a comment\n\n", "Received: 0"),
    ],
)
def test_dependencies_that_form_no_tree_are_refused_with_their_line(text, message):
    with pytest.raises(InputError, match=message):
        read_tree(text, "conllu")
