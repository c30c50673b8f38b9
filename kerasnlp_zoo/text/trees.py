"""Parse trees: read from brackets or CoNLL-U, and written in one notation that TensorFlow operations can read.

Three notations can be read:

    labelled   (S (NP (DT The) (NN dog)) (VBZ barks))   Penn Treebank: a bracket begins with its label
    binary     ( ( The dog ) barks )                    SNLI: brackets without labels, every word is a leaf
    conllu     1<TAB>The<TAB>... 2<TAB>dog ...          dependencies: every word is a node below its head

Trees are written in plain brackets. A bracket begins with the word of its node, if it has one:

    (((The) (dog)) (barks))        (barks (dog (The)))
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple, NoReturn, TypeAlias

from kerasnlp_zoo.errors import InputError

Notation: TypeAlias = Literal["binary", "labelled", "conllu"]
NOTATIONS = ("binary", "labelled", "conllu")
TOKEN = re.compile(r"[()]|[^\s()]+")
BRACKETS = {"(": "-LRB-", ")": "-RRB-"}  # the Penn Treebank's notation for brackets of the text
NUM_COLUMNS = 10  # of CoNLL-U
NO_PARENT = -1
# A line of these is blank: white space, the zero-width space and the byte-order mark.
BLANKS = "".join(character for character in map(chr, range(0x3001)) if character.isspace()) + "\u200b\ufeff"


class DependencyRow(NamedTuple):
    """A word of a CoNLL-U sentence; `where` names its line in error messages."""

    number: int
    word: str
    head: int
    label: str
    where: str


class Tree(NamedTuple):
    """A tree. A node comes before the nodes below it, and children are in order from left to right.

    Attributes:
        words: the word of each node, or "".
        labels: the label of each node, or "".
        parents: the index of each node's parent; -1 for the root, which comes first.
        positions: the position of each node's word in the sentence; -1 for nodes without a word.
    """

    words: tuple[str, ...]
    labels: tuple[str, ...]
    parents: tuple[int, ...]
    positions: tuple[int, ...]

    def text(self, node: int = 0) -> str:
        """Return the words of a node and of all nodes below it, in the order of the sentence.

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


def read_tree(text: str, notation: Notation, place: str = "the text") -> Tree:
    """Read one tree.

    Args:
        text: the tree.
        notation: notation of the text.
        place: source of the text, for error messages.

    Raises:
        InputError: if the text is invalid (the message names line and column), or does not contain exactly one tree.

    Example:

    >>> read_tree("( ( The dog ) barks )", "binary").words
    ('', '', 'The', 'dog', 'barks')
    """
    found = [tree for _, tree in read_trees(text, notation, place)]
    if len(found) != 1:
        raise InputError(f"Expected one tree in {place}. Received: {len(found)}, in {text!r:.60}")
    return found[0]


def read_trees(text: str, notation: Notation, place: str = "the text", first: int = 1) -> Iterator[tuple[int, Tree]]:
    """Read all trees of a text; a tree can have several lines.

    Args:
        text: the trees.
        notation: notation of the text.
        place: source of the text, for error messages.
        first: number of the first line of the text.

    Yields:
        (line, tree): the first line of the tree, and the tree.

    Raises:
        InputError: if the text is invalid (the message names line and column).
    """
    if notation == "conllu":
        for line, tree, _ in read_dependencies(text, place, first):
            yield line, tree
    elif notation == "binary" and not set("()") & set(text) and len(text.split()) == 1:
        # SNLI writes a sentence of one word without brackets.
        yield first, Tree((text.strip(),), ("",), (NO_PARENT,), (0,))
    else:
        yield from _bracketed(text, notation == "labelled", place, first)


def _bracketed(text: str, labelled: bool, place: str, first: int) -> Iterator[tuple[int, Tree]]:
    """Yield (line, tree) for every outermost bracket."""
    words: list[str] = []
    labels: list[str] = []
    parents: list[int] = []
    num_children: list[int] = []
    open_nodes: list[tuple[int, re.Match[str]]] = []
    start = 0  # line of the outermost bracket

    def fail(match: re.Match[str], message: str) -> NoReturn:
        line, column = _line_and_column(text, match.start())
        raise InputError(f"{place}, line {line + first - 1}, column {column}: {message}")

    def add(word: str) -> None:
        words.append(word)
        labels.append("")
        parents.append(open_nodes[-1][0] if open_nodes else NO_PARENT)
        num_children.append(0)
        if open_nodes:
            num_children[open_nodes[-1][0]] += 1

    for match in TOKEN.finditer(text):
        token = match.group()
        if token == "(":
            if not open_nodes:
                start = match.start()
            elif words[open_nodes[-1][0]]:
                fail(match, f"the word {words[open_nodes[-1][0]]!r} is a leaf and cannot contain a bracket")
            add("")
            open_nodes.append((len(words) - 1, match))
        elif token == ")":
            if not open_nodes:
                fail(match, "this ) has no matching (. Expected a ( for each )")
            node, opened = open_nodes.pop()
            if not words[node] and not num_children[node]:
                fail(opened, "this bracket contains no word. Expected words or brackets in it")
            if not open_nodes:
                tree = _without_outer_bracket(words, labels, parents) if labelled else (words, labels, parents)
                yield _line_and_column(text, start)[0] + first - 1, _tree(*tree)
                words, labels, parents, num_children = [], [], [], []
        elif not open_nodes:
            fail(match, f"{token!r} is outside of all brackets. Expected a tree such as ((A dog) barks)")
        elif not labelled:
            add(token)
        else:
            node = open_nodes[-1][0]
            if not labels[node] and not num_children[node]:
                labels[node] = token
            elif words[node] or num_children[node]:
                fail(match, f"{token!r} is an additional word in this bracket. Expected (label word) or brackets")
            else:
                words[node] = token
    if open_nodes:
        fail(open_nodes[-1][1], "this ( has no matching ). Expected a ) for each (")


def _without_outer_bracket(
    words: list[str], labels: list[str], parents: list[int]
) -> tuple[list[str], list[str], list[int]]:
    """Return the tree without the unlabelled bracket that the Penn Treebank puts around each tree."""
    if labels[0] or len(words) < 2 or parents.count(0) != 1:
        return words, labels, parents
    return words[1:], labels[1:], [parent - 1 for parent in parents[1:]]


def _tree(words: Sequence[str], labels: Sequence[str], parents: Sequence[int]) -> Tree:
    """Return the tree, with the positions of words in the order of the text."""
    positions, count = [], 0
    for word in words:
        positions.append(count if word else -1)
        count += bool(word)
    return Tree(tuple(words), tuple(labels), tuple(parents), tuple(positions))


def _line_and_column(text: str, place: int) -> tuple[int, int]:
    """Return the line and the column of a character, both counted from 1."""
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def read_dependencies(text: str, place: str = "the text", first: int = 1) -> Iterator[tuple[int, Tree, dict[str, str]]]:
    """Read the sentences of a CoNLL-U text; of its ten columns, ID, FORM, HEAD and DEPREL are used.

    Multiword tokens (1-2) and empty nodes (1.1) are skipped, because they are not part of the tree.

    Args:
        text: sentences, separated by blank lines.
        place: source of the text, for error messages.
        first: number of the first line of the text.

    Yields:
        (line, tree, comments): the line of the first word, the tree, and the `# key = value` lines before it.

    Raises:
        InputError: if a row is invalid, a head is missing, or there is not exactly one root (the message names the
            line).

    Example:

    >>> rows = [(1, "The", 2, "det"), (2, "dog", 3, "nsubj"), (3, "barks", 0, "root")]
    >>> lines = [f"{i}\\t{word}" + "\\t_" * 4 + f"\\t{head}\\t{label}\\t_\\t_" for i, word, head, label in rows]
    >>> [bracketed(tree) for _, tree, _ in read_dependencies("\\n".join(lines))][0]
    '(barks (dog (The)))'

    Reference: universaldependencies.org/format.html
    """
    rows: list[DependencyRow] = []
    comments: dict[str, str] = {}
    for number, line in enumerate([*text.split("\n"), ""], start=first):
        line = line.rstrip("\r")
        where = f"{place}, line {number}"
        if line.startswith("#"):
            key, equals, value = line[1:].partition("=")
            if equals:
                comments[key.strip()] = value.strip()
        elif line.strip(BLANKS):
            row = _dependency_row(line.split("\t"), where)
            if row is not None:
                rows.append(row)
        elif rows:
            yield number - len(rows), _dependency_tree(rows), comments
            rows, comments = [], {}


def _dependency_row(columns: list[str], where: str) -> DependencyRow | None:
    """Return the row of a line; None if the line is not a node of the tree."""
    if len(columns) != NUM_COLUMNS:
        raise InputError(
            f"{where}: expected {NUM_COLUMNS} columns separated by tabs, as in CoNLL-U. Received: {len(columns)}"
        )
    number, word, head, label = (columns[place] for place in (0, 1, 6, 7))
    if re.fullmatch(r"\d+[-.]\d+", number):
        return None
    if not number.isdecimal() or not head.isdecimal() or not word.strip():
        raise InputError(
            f"{where}: expected an integer in columns 1 (ID) and 7 (HEAD), and a word in column 2. "
            f"Received: {number!r}, {head!r} and {word!r}"
        )
    return DependencyRow(int(number), word, int(head), label, where)


def _dependency_tree(rows: list[DependencyRow]) -> Tree:
    """Return the tree of a sentence."""
    place_of = {0: NO_PARENT}
    for place, row in enumerate(rows):
        if row.number in place_of:
            raise InputError(f"{row.where}: the ID {row.number} occurs twice in this sentence, or is 0")
        place_of[row.number] = place
    roots = [row for row in rows if row.head == 0]
    if len(roots) > 1:
        named = ", ".join(f"{row.word!r}" for row in roots)
        raise InputError(
            f"{roots[1].where}: a sentence has one root, the word with HEAD 0. Received {len(roots)}: {named}"
        )
    children: list[list[int]] = [[] for _ in rows]
    for place, row in enumerate(rows):
        if row.head not in place_of:
            raise InputError(
                f"{row.where}: the head of {row.word!r} is {row.head}, but no word of this sentence has that ID"
            )
        if row.head:
            children[place_of[row.head]].append(place)
    order: list[int] = []
    parents: list[int] = []
    waiting = [(rows.index(root), NO_PARENT) for root in roots]
    while waiting:
        place, parent = waiting.pop()
        waiting += [(child, len(order)) for child in reversed(children[place])]
        order.append(place)
        parents.append(parent)
    if len(order) < len(rows):
        circle = _circle([place_of[row.head] for row in rows], set(range(len(rows))) - set(order))
        named = " -> ".join(repr(rows[place].word) for place in circle)
        raise InputError(f"{rows[circle[0]].where}: the heads of these words form a cycle: {named}")
    words = [_one_word(rows[place].word) for place in order]
    return Tree(tuple(words), tuple(rows[place].label for place in order), tuple(parents), tuple(order))


def _circle(heads: list[int], unreached: Collection[int]) -> list[int]:
    """Return the positions of a cycle of heads; the first one is also the last."""
    path = [min(unreached)]
    while heads[path[-1]] not in path:
        path.append(heads[path[-1]])
    return [*path[path.index(heads[path[-1]]) :], heads[path[-1]]]


def _one_word(word: str) -> str:
    """Return a word without spaces and brackets, which a leaf cannot contain."""
    for bracket, name in BRACKETS.items():
        word = word.replace(bracket, name)
    return "_".join(word.split())


def bracketed(tree: Tree, with_labels: bool = False) -> str:
    """Return a tree in plain brackets, which `text.tree_schedules` reads, or with its labels.

    Args:
        tree: tree to write.
        with_labels: whether each bracket begins with the label of its node.

    Returns:
        a bracket for each node, with its word, if it has one, and its children.

    Example:

    >>> bracketed(read_tree("(S (NP (DT The) (NN dog)) (VBZ barks))", "labelled"))
    '(((The) (dog)) (barks))'
    >>> bracketed(read_tree("(S (NP (DT The)\\n(NN dog)))", "labelled"), with_labels=True)
    '(S (NP (DT The) (NN dog)))'
    """
    pieces: list[str] = []
    open_nodes: list[int] = []
    for node, (word, label, parent) in enumerate(zip(tree.words, tree.labels, tree.parents, strict=True)):
        while open_nodes and open_nodes[-1] != parent:
            open_nodes.pop()
            pieces.append(")")
        if pieces and not pieces[-1].endswith("("):
            pieces.append(" ")
        pieces.append("(" + " ".join(filter(None, [label if with_labels else "", word])))
        open_nodes.append(node)
    return "".join([*pieces, ")" * len(open_nodes)])


def dependencies(tree: Tree) -> str:
    """Return a dependency tree in CoNLL-U: a line for each word, in the order of the sentence.

    Args:
        tree: tree in which every node has a word.

    Example:

    >>> dependencies(Tree(("barks", "Rex"), ("root", "nsubj"), (-1, 0), (1, 0))).split("\\n")[0].split("\\t")
    ['1', 'Rex', '_', '_', '_', '_', '2', 'nsubj', '_', '_']
    """
    lines = [""] * len(tree.words)
    for word, label, parent, position in zip(*tree, strict=True):
        head = 0 if parent == NO_PARENT else tree.positions[parent] + 1
        lines[position] = "\t".join([str(position + 1), word, *"____", str(head), label or "_", "_", "_"])
    return "\n".join(lines)
