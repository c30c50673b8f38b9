"""Trees over sentences: read from brackets and from CoNLL-U, written in one notation that a graph can read.

Three notations are read:

    labelled   (S (NP (DT The) (NN dog)) (VBZ barks))   Penn Treebank: a bracket begins with its label
    binary     ( ( The dog ) barks )                    SNLI: brackets alone, every word is a leaf
    conllu     1<TAB>The<TAB>... 2<TAB>dog ...          dependencies: every word is a node below its head

and one is written, where a bracket begins with the word of its node, if it has one:

    (((The) (dog)) (barks))        (barks (dog (The)))
"""

import re
from typing import NamedTuple

from kerasnlp_zoo.errors import InputError

NOTATIONS = ("binary", "labelled", "conllu")
TOKEN = re.compile(r"[()]|[^\s()]+")
BRACKETS = {"(": "-LRB-", ")": "-RRB-"}  # as the Penn Treebank writes those of the text
NUM_COLUMNS = 10  # of CoNLL-U
NO_PARENT = -1


class Tree(NamedTuple):
    """A tree; its nodes stand in order, each before all that is below it, children from left to right.

    Attributes:
        words: tuple of str, the word of each node, "" where it has none.
        labels: tuple of str, the label of each node, "" where it has none.
        parents: tuple of int, the number of each node's parent, -1 for the root, which comes first.
        positions: tuple of int, where the word of a node stands in the sentence, -1 where it has none.
    """

    words: tuple
    labels: tuple
    parents: tuple
    positions: tuple

    def text(self, node=0):
        """Return the words of a node and all below it, in the order of the sentence.

        Example:

        >>> read_tree("(S (NP (DT The) (NN dog)) (VBZ barks))", "labelled").text(1)
        'The dog'
        """
        below = {node}
        for other in range(node + 1, len(self.words)):
            if self.parents[other] in below:
                below.add(other)
        return " ".join(
            self.words[other] for other in sorted(below, key=self.positions.__getitem__) if self.words[other]
        )


def read_tree(text, notation, place="the text"):
    """Read one tree.

    Args:
        text: str.
        notation: "labelled", "binary" or "conllu".
        place: str, where the text is from, for messages.

    Returns:
        Tree.

    Raises:
        InputError: naming line and column of what is wrong, or saying that there is no tree, or several.

    Example:

    >>> read_tree("( ( The dog ) barks )", "binary").words
    ('', '', 'The', 'dog', 'barks')
    """
    found = [tree for _, tree in read_trees(text, notation, place)]
    if len(found) != 1:
        raise InputError(f"Expected one tree in {place}. Received: {len(found)}, in {text!r:.60}")
    return found[0]


def read_trees(text, notation, place="the text"):
    """Read all trees of a text; one may go over several lines.

    Args:
        text: str.
        notation: "labelled", "binary" or "conllu".
        place: str, where the text is from, for messages.

    Yields:
        (line, Tree): the line on which the tree begins, counted from 1.

    Raises:
        InputError: naming line and column of what is wrong.
    """
    if notation == "conllu":
        for line, tree, _ in read_dependencies(text, place):
            yield line, tree
    elif notation == "binary" and not set("()") & set(text) and len(text.split()) == 1:
        yield 1, Tree((text.strip(),), ("",), (NO_PARENT,), (0,))  # SNLI writes a sentence of one word so
    else:
        yield from _bracketed(text, notation == "labelled", place)


def _bracketed(text, labelled, place):
    """Yield (line, Tree) for every outermost bracket."""
    words, labels, parents, open_nodes, num_children = [], [], [], [], []
    first = None

    def fail(match, message):
        line, column = _line_and_column(text, match.start())
        raise InputError(f"{place}, line {line}, column {column}: {message}")

    def add(word):
        words.append(word)
        labels.append("")
        parents.append(open_nodes[-1][0] if open_nodes else NO_PARENT)
        num_children.append(0)
        if open_nodes:
            num_children[open_nodes[-1][0]] += 1

    for match in TOKEN.finditer(text):
        token = match.group()
        if token == "(":
            first = first or match
            if open_nodes and words[open_nodes[-1][0]]:
                fail(match, f"the word {words[open_nodes[-1][0]]!r} is a leaf and can hold no bracket")
            add("")
            open_nodes.append((len(words) - 1, match))
        elif token == ")":
            if not open_nodes:
                fail(match, "this ) closes no bracket. Expected a ( for each )")
            node, opened = open_nodes.pop()
            if not words[node] and not num_children[node]:
                fail(opened, "this bracket holds no word. Expected words or brackets in it")
            if not open_nodes:
                tree = _without_outer_bracket(words, labels, parents) if labelled else (words, labels, parents)
                yield _line_and_column(text, first.start())[0], _tree(*tree)
                words, labels, parents, num_children, first = [], [], [], [], None
        elif not open_nodes:
            fail(match, f"{token!r} stands outside of all brackets. Expected a tree such as ((A dog) barks)")
        elif not labelled:
            add(token)
        else:
            node = open_nodes[-1][0]
            if not labels[node] and not num_children[node]:
                labels[node] = token
            elif words[node] or num_children[node]:
                fail(match, f"{token!r} is one word too many in this bracket. Expected (label word) or brackets")
            else:
                words[node] = token
    if open_nodes:
        fail(open_nodes[-1][1], "this ( is never closed. Expected a ) for each (")


def _without_outer_bracket(words, labels, parents):
    """Drop the bracket without a label that the Penn Treebank puts around each tree."""
    if labels[0] or len(words) < 2 or parents.count(0) != 1:
        return words, labels, parents
    return words[1:], labels[1:], [parent - 1 for parent in parents[1:]]


def _tree(words, labels, parents):
    """Number the words as they stand."""
    positions, count = [], 0
    for word in words:
        positions.append(count if word else -1)
        count += bool(word)
    return Tree(tuple(words), tuple(labels), tuple(parents), tuple(positions))


def _line_and_column(text, place):
    """Return where a character stands, both counted from 1."""
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def read_dependencies(text, place="the text"):
    """Read the sentences of CoNLL-U: ten columns, of which ID, FORM, HEAD and DEPREL are used.

    Words that stand for several (1-2) and empty nodes (1.1) are skipped, as they have no head in the tree.

    Args:
        text: str, sentences parted by blank lines.
        place: str, where the text is from, for messages.

    Yields:
        (line, Tree, comments): the line of the first word; and a dict of the `# key = value` lines before it.

    Raises:
        InputError: naming the line of a row that is none, of a head that is not there, of several roots or of none.

    Example:

    >>> rows = [(1, "The", 2, "det"), (2, "dog", 3, "nsubj"), (3, "barks", 0, "root")]
    >>> lines = [f"{i}\\t{word}" + "\\t_" * 4 + f"\\t{head}\\t{label}\\t_\\t_" for i, word, head, label in rows]
    >>> [bracketed(tree) for _, tree, _ in read_dependencies("\\n".join(lines))][0]
    '(barks (dog (The)))'

    Reference: universaldependencies.org/format.html
    """
    rows, comments = [], {}
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        line = line.rstrip("\r")
        where = f"{place}, line {number}"
        if line.startswith("#"):
            key, equals, value = line[1:].partition("=")
            if equals:
                comments[key.strip()] = value.strip()
        elif line.strip():
            row = _dependency_row(line.split("\t"), where)
            if row is not None:
                rows.append((*row, where))
        elif rows:
            yield number - len(rows), _dependency_tree(rows), comments
            rows, comments = [], {}


def _dependency_row(columns, where):
    """Return (number, word, head, label) of a line; None for a line that is no node of the tree."""
    if len(columns) != NUM_COLUMNS:
        raise InputError(
            f"{where}: expected {NUM_COLUMNS} columns parted by tabs, as in CoNLL-U. Received: {len(columns)}"
        )
    number, word, head, label = (columns[place] for place in (0, 1, 6, 7))
    if re.fullmatch(r"\d+[-.]\d+", number):
        return None
    if not number.isdecimal() or not head.isdecimal() or not word.strip():
        raise InputError(
            f"{where}: expected a whole number in columns 1 and 7, the ID and the HEAD, and a word in column 2. "
            f"Received: {number!r}, {head!r} and {word!r}"
        )
    return int(number), word, int(head), label


def _dependency_tree(rows):
    """Make a tree of (number, word, head, label, where) for every word of a sentence."""
    place_of = {0: NO_PARENT}
    for place, (number, _, _, _, where) in enumerate(rows):
        if number in place_of:
            raise InputError(f"{where}: the ID {number} stands twice in this sentence, or is 0")
        place_of[number] = place
    roots = [row for row in rows if row[2] == 0]
    if len(roots) > 1:
        named = ", ".join(f"{row[1]!r}" for row in roots)
        raise InputError(
            f"{roots[1][4]}: a sentence has one root, the word with HEAD 0. Received {len(roots)}: {named}"
        )
    children = [[] for _ in rows]
    for place, (_, word, head, _, where) in enumerate(rows):
        if head not in place_of:
            raise InputError(f"{where}: the head of {word!r} is {head}, and no word of this sentence has that ID")
        if head:
            children[place_of[head]].append(place)
    order, parents, waiting = [], [], [(rows.index(root), NO_PARENT) for root in roots]
    while waiting:
        place, parent = waiting.pop()
        waiting += [(child, len(order)) for child in reversed(children[place])]
        order.append(place)
        parents.append(parent)
    if len(order) < len(rows):
        circle = _circle([place_of[row[2]] for row in rows], set(range(len(rows))) - set(order))
        named = " -> ".join(repr(rows[place][1]) for place in circle)
        raise InputError(f"{rows[circle[0]][4]}: these words are each other's heads, in a circle: {named}")
    words = [_one_word(rows[place][1]) for place in order]
    return Tree(tuple(words), tuple(rows[place][3] for place in order), tuple(parents), tuple(order))


def _circle(heads, unreached):
    """Return the places of a circle of heads, the first one twice."""
    path = [min(unreached)]
    while heads[path[-1]] not in path:
        path.append(heads[path[-1]])
    return [*path[path.index(heads[path[-1]]) :], heads[path[-1]]]


def _one_word(word):
    """Return a word that holds no space and no bracket, as a leaf must."""
    for bracket, name in BRACKETS.items():
        word = word.replace(bracket, name)
    return "_".join(word.split())


def bracketed(tree, with_labels=False):
    """Write a tree in the notation that `text.tree_schedules` reads, or with its labels.

    Args:
        tree: Tree.
        with_labels: bool, whether each bracket begins with the label of its node.

    Returns:
        str, a bracket for each node: its word, if it has one, then its children.

    Example:

    >>> bracketed(read_tree("(S (NP (DT The) (NN dog)) (VBZ barks))", "labelled"))
    '(((The) (dog)) (barks))'
    >>> bracketed(read_tree("(S (NP (DT The)\\n(NN dog)))", "labelled"), with_labels=True)
    '(S (NP (DT The) (NN dog)))'
    """
    pieces, open_nodes = [], []
    for node, (word, label, parent) in enumerate(zip(tree.words, tree.labels, tree.parents, strict=True)):
        while open_nodes and open_nodes[-1] != parent:
            open_nodes.pop()
            pieces.append(")")
        if pieces and not pieces[-1].endswith("("):
            pieces.append(" ")
        pieces.append("(" + " ".join(filter(None, [label if with_labels else "", word])))
        open_nodes.append(node)
    return "".join([*pieces, ")" * len(open_nodes)])


def dependencies(tree):
    """Write a dependency tree as CoNLL-U.

    Args:
        tree: Tree whose nodes all have words.

    Returns:
        str, a line for each word, in the order of the sentence.

    Example:

    >>> dependencies(Tree(("barks", "Rex"), ("root", "nsubj"), (-1, 0), (1, 0))).split("\\n")[0].split("\\t")
    ['1', 'Rex', '_', '_', '_', '_', '2', 'nsubj', '_', '_']
    """
    lines = [""] * len(tree.words)
    for word, label, parent, position in zip(*tree, strict=True):
        head = 0 if parent == NO_PARENT else tree.positions[parent] + 1
        lines[position] = "\t".join([str(position + 1), word, *"____", str(head), label or "_", "_", "_"])
    return "\n".join(lines)
