"""Data to evaluate word vectors on: pairs of words with human scores, and analogy questions.

Published sets by name, or the user's own files in the same formats.

Shapes: P pairs.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from kerasnlp_zoo.datasets.packages import GENSIM, read_member
from kerasnlp_zoo.datasets.text_files import raw_lines, read_text
from kerasnlp_zoo.errors import InputError, did_you_mean
from kerasnlp_zoo.evaluation.analogies import AnalogyQuestions
from kerasnlp_zoo.evaluation.word_similarity import WordPairs
from kerasnlp_zoo.types import FilePath

# WordSim-353 (Finkelstein et al. 2002) scores relatedness; SimLex-999 (Hill et al. 2015) scores similarity only.
WORD_PAIRS = {"wordsim353": "gensim/test/test_data/wordsim353.tsv", "simlex999": "gensim/test/test_data/simlex999.txt"}
# The questions published with word2vec (Mikolov et al. 2013, "Efficient Estimation of Word Representations").
ANALOGIES = {"questions_words": "gensim/test/test_data/questions-words.txt"}
PUBLISHED = {"en": (*WORD_PAIRS, *ANALOGIES)}  # names by language
WordSet: TypeAlias = WordPairs | AnalogyQuestions


def published_word_sets(language: str) -> list[WordSet]:
    """Read all published sets of a language, word pairs first.

    Raises:
        InputError: if there are none, or a package cannot be downloaded.
    """
    if language not in PUBLISHED:
        raise InputError(
            f"No word pairs or analogies are published for the language {language!r}. Give your own: a file with "
            "a word, a word and a score on each line, separated by tabs (--test-file FILE)"
        )
    return [load_word_set(name) for name in PUBLISHED[language]]


def load_word_set(source: FilePath, encoding: str = "utf-8-sig") -> WordSet:
    """Read a published set by its name, or a file of word pairs or of analogy questions.

    Args:
        source: a name that `load_word_pairs` or `load_analogies` takes, or the path of a file. A file that begins
            with a section has analogy questions.
        encoding: encoding of the user's file.

    Raises:
        InputError: for an unknown name, a package that cannot be downloaded, or an invalid line; the message names
            file and line.
    """
    is_own_file = source not in (*WORD_PAIRS, *ANALOGIES) and Path(source).is_file()
    if source in ANALOGIES or (is_own_file and _has_sections(source, encoding)):
        return load_analogies(source, encoding)
    return load_word_pairs(source, encoding)


def load_word_pairs(source: FilePath, encoding: str = "utf-8-sig") -> WordPairs:
    """Read pairs of words with human scores.

    Args:
        source: "wordsim353" or "simlex999", or the path of a file with a word, a word and a number on each line,
            separated by tabs. Empty lines and lines that begin with # are ignored.
        encoding: encoding of the user's file.

    Raises:
        InputError: for an unknown name, a package that cannot be downloaded, or an invalid line; the message names
            file and line.

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
        raise InputError(f"{source} contains no word pairs. Expected a word, a word and a score on each line")
    return WordPairs(str(source), words, np.array(scores))


def load_analogies(source: FilePath = "questions_words", encoding: str = "utf-8-sig") -> AnalogyQuestions:
    """Read analogy questions.

    Args:
        source: "questions_words", with 19,544 questions in 14 sections, or the path of a file in the same format: a
            line `: name` begins a section, every other line has four words separated by spaces.
        encoding: encoding of the user's file.

    Raises:
        InputError: for an unknown name, a package that cannot be downloaded, or an invalid line; the message names
            file and line.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "questions.txt")
    ...     _ = path.write_text(": family\\nking queen man woman\\n")
    ...     load_analogies(path).sections
    {'family': [('king', 'queen', 'man', 'woman')]}
    """
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    section = None
    for place, line in _lines(source, ANALOGIES, encoding):
        if line.startswith(":"):
            section = sections.setdefault(line[1:].strip(), [])
            continue
        words = line.split()
        if len(words) != 4:
            raise InputError(
                f"{place}: expected four words separated by spaces, or the name of a section after a colon. "
                f"Received {len(words)} words: {line[:80]!r}"
            )
        if section is None:
            raise InputError(f"{place}: there is a question before the first section. Begin the file with ': name'")
        section.append((words[0], words[1], words[2], words[3]))
    if not any(sections.values()):
        raise InputError(f"{source} contains no questions. Expected four words on each line")
    return AnalogyQuestions(str(source), sections)


def _has_sections(path: FilePath, encoding: str) -> bool:
    """Return whether a file begins with a section, as a file of analogy questions does."""
    return next((line for line in raw_lines(path, encoding) if line.strip()), "").lstrip().startswith(":")


def _lines(source: FilePath, published: Mapping[str, str], encoding: str) -> Iterator[tuple[str, str]]:
    """Yield (file and line number, line) of a published set or a file, without empty lines and comments."""
    if isinstance(source, str) and source in published:
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


def _score(field: str, place: str) -> float:
    try:
        score = float(field)
    except ValueError:
        score = np.nan
    if not np.isfinite(score):
        raise InputError(f"{place}: the score {field!r} is not a number. Begin a line of headings with #")
    return score
