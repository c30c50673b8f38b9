"""What word vectors are judged by: pairs of words that people scored, and analogy questions.

Published sets by name, or the user's own files in the same formats.

Shapes: P pairs.
"""

import dataclasses
from pathlib import Path

import numpy as np

from kerasnlp_zoo.datasets.packages import GENSIM, read_member
from kerasnlp_zoo.datasets.user_files import read_text
from kerasnlp_zoo.errors import InputError, did_you_mean

# WordSim-353 (Finkelstein et al. 2002) scores relatedness; SimLex-999 (Hill et al. 2015) similarity alone.
WORD_PAIRS = {"wordsim353": "gensim/test/test_data/wordsim353.tsv", "simlex999": "gensim/test/test_data/simlex999.txt"}
# The questions published with word2vec (Mikolov et al. 2013, "Efficient Estimation of Word Representations").
ANALOGIES = {"questions_words": "gensim/test/test_data/questions-words.txt"}


@dataclasses.dataclass(frozen=True)
class WordPairs:
    """Pairs of words with the score that people gave them.

    Attributes:
        name: str, name or path they came from.
        words: list of (word, word), P of them.
        scores: float array [P].
    """

    name: str
    words: list
    scores: np.ndarray

    def __len__(self):
        return len(self.words)


@dataclasses.dataclass(frozen=True)
class AnalogyQuestions:
    """Questions "a is to b as c is to ?", in sections.

    Attributes:
        name: str, name or path they came from.
        sections: dict, section -> list of (a, b, c, answer).
    """

    name: str
    sections: dict

    def __len__(self):
        return sum(map(len, self.sections.values()))


def load_word_pairs(source, encoding="utf-8-sig"):
    """Read pairs of words with human scores.

    Args:
        source: "wordsim353" or "simlex999"; or path of a file with a word, a word and a number on each
            line, separated by tabs. Empty lines, and lines that begin with #, are passed over.
        encoding: str, of the user's file.

    Returns:
        WordPairs.

    Raises:
        InputError: for an unknown name, a package that cannot be had, or a line that is no such pair;
            the message names file and line.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "pairs.tsv")
    ...     _ = path.write_text("cup\\tmug\\t9.1\\ncup\\train\\t0.4\\n")
    ...     load_word_pairs(path).scores
    array([9.1, 0.4])
    """
    words, scores = [], []
    for place, line in _lines(source, WORD_PAIRS, encoding):
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) != 3 or not all(fields):
            raise InputError(
                f"{place}: expected three columns separated by tabs: word, word, score. Received {len(fields)} "
                f"columns: {line[:80]!r}"
            )
        words.append((fields[0], fields[1]))
        scores.append(_score(fields[2], place))
    if not words:
        raise InputError(f"{source} holds no word pairs. Expected a word, a word and a score on each line")
    return WordPairs(str(source), words, np.array(scores))


def load_analogies(source="questions_words", encoding="utf-8-sig"):
    """Read analogy questions.

    Args:
        source: "questions_words", 19,544 questions in 14 sections; or path of a file in the same format:
            a line `: name` begins a section, every other line has four words separated by spaces.
        encoding: str, of the user's file.

    Returns:
        AnalogyQuestions.

    Raises:
        InputError: for an unknown name, a package that cannot be had, or a line that is no question; the
            message names file and line.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "questions.txt")
    ...     _ = path.write_text(": family\\nking queen man woman\\n")
    ...     load_analogies(path).sections
    {'family': [('king', 'queen', 'man', 'woman')]}
    """
    sections, section = {}, None
    for place, line in _lines(source, ANALOGIES, encoding):
        if line.startswith(":"):
            section = sections.setdefault(line[1:].strip(), [])
            continue
        words = tuple(line.split())
        if len(words) != 4:
            raise InputError(
                f"{place}: expected four words separated by spaces, or a section's name after a colon. "
                f"Received {len(words)} words: {line[:80]!r}"
            )
        if section is None:
            raise InputError(f"{place}: a question stands before the first section. Begin the file with ': name'")
        section.append(words)
    if not any(sections.values()):
        raise InputError(f"{source} holds no questions. Expected four words on each line")
    return AnalogyQuestions(str(source), sections)


def _lines(source, published, encoding):
    """Yield (place, line) for every line of a published or own file that says something."""
    if source in published:
        text = read_member(GENSIM, published[source]).decode("utf-8")
    elif Path(source).is_file():
        text = read_text(source, encoding)
    else:
        raise InputError(
            f"There is no file {str(source)!r}.{did_you_mean(source, list(published))} Expected "
            f"{' or '.join(published)}, or the path of a file in the same format"
        )
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.startswith("#"):
            yield f"{source}, line {number}", line


def _score(field, place):
    try:
        score = float(field)
    except ValueError:
        score = np.nan
    if not np.isfinite(score):
        raise InputError(f"{place}: the score {field!r} is no number. Begin a line of headings with #")
    return score
