"""Analogies by vector arithmetic: a is to b as c is to ?

Shapes: V words, D width of a vector, Q questions, U different words of a group of questions.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.evaluation.correlation import Vectors
from kerasnlp_zoo.evaluation.word_lookup import WordLookup

EPSILON = 1e-3  # prevents division by zero: Levy and Goldberg 2014, equation 4
SYNTACTIC = "gram"  # prefix of the names of word2vec's syntactic sections; the others are semantic
GROUP_CELLS = 2**26  # similarities in memory at a time: 256 MB
BLOCK_CELLS = 2**18  # scores computed at a time: they fit into the processor's cache


@dataclasses.dataclass(frozen=True)
class AnalogyQuestions:
    """Questions "a is to b as c is to ?", in sections.

    Attributes:
        name: name or path of the data.
        sections: (a, b, c, answer) of each question, by section.
    """

    name: str
    sections: dict[str, list[tuple[str, str, str, str]]]

    def __len__(self) -> int:
        return sum(map(len, self.sections.values()))


def three_cos_add(to_a: np.ndarray, to_b: np.ndarray, to_c: np.ndarray) -> np.ndarray:
    """Return 3CosAdd from the similarities of every answer to a, b and c: Levy and Goldberg 2014, equation 3."""
    to_b += to_c
    to_b -= to_a
    return to_b


def three_cos_mul(to_a: np.ndarray, to_b: np.ndarray, to_c: np.ndarray) -> np.ndarray:
    """Return 3CosMul from the similarities in [0, 1] of every answer to a, b and c: equation 4."""
    to_b *= to_c
    to_a += EPSILON
    to_b /= to_a
    return to_b


Measure: TypeAlias = Literal["3cosadd", "3cosmul"]
MEASURES = {"3cosadd": three_cos_add, "3cosmul": three_cos_mul}


def analogy_scores(
    tokens: Sequence[str],
    vectors: Vectors,
    questions: AnalogyQuestions,
    measure: Measure = "3cosadd",
    most_frequent: int | None = 30_000,
) -> dict[str, Any]:
    """Return the accuracy of the answers to analogy questions.

    The answer is the word with the best score, except the three words of the question. Questions with an unknown word
    are skipped and reduce the coverage. A word is looked up as written, and then in lower case.

    Args:
        tokens: V tokens, the most frequent first.
        vectors: float [V, D].
        questions: questions in sections, from `datasets.word_evaluation.load_analogies`.
        measure: "3cosadd": cos(x, b) - cos(x, a) + cos(x, c); "3cosmul": cos(x, b) cos(x, c) / cos(x, a), with
            cosines shifted to [0, 1].
        most_frequent: number of known words, the first of `tokens`; None for all. Only scores with the same number
            can be compared: word2vec's program is usually run with 30,000, and gensim's default is 300,000.

    Returns:
        dict of accuracy, num_questions, num_known and coverage; "semantic", "syntactic" and each section in "sections"
        have the same values. An accuracy is None if all its questions were skipped.

    Raises:
        InputError: if all questions have an unknown word, or an argument is outside its range.

    Example:

    >>> questions = AnalogyQuestions("mine", {"family": [("man", "king", "woman", "queen")]})
    >>> vectors = [[1.0, 0.1], [1.0, 1.0], [-1.0, 0.1], [-1.0, 1.0]]
    >>> analogy_scores(["man", "king", "woman", "queen"], vectors, questions)["accuracy"]
    1.0

    Reference: Mikolov et al. 2013, "Efficient Estimation of Word Representations"; Levy and Goldberg 2014,
    "Linguistic Regularities in Sparse and Explicit Word Representations".
    """
    require_choice("measure", measure, tuple(MEASURES))
    if most_frequent is not None:
        require_positive(most_frequent=most_frequent)
    words = WordLookup(tokens, vectors, most_frequent)
    asked = [(name, question) for name, section in questions.sections.items() for question in section]
    names = np.array([name for name, _ in asked])
    rows = np.array([words.find(question) for _, question in asked])  # [Q, 4]
    known = np.all(rows >= 0, axis=1)
    if not known.any():
        raise InputError(
            f"None of the {len(rows):,} questions of {questions.name} has all its words among the "
            f"{len(words.vectors):,} most frequent words. Expected questions in the language of the vocabulary, which "
            f"begins with {', '.join(tokens[:7])}. Received: questions such as {' '.join(asked[0][1])}"
        )
    correct = np.zeros(len(rows), bool)
    correct[known] = best_answers(words.vectors, rows[known, :3], MEASURES[measure]) == rows[known, 3]

    def summary(chosen: np.ndarray) -> dict[str, Any]:
        return _summary(correct[chosen & known], int(chosen.sum()))

    syntactic = np.char.startswith(names, SYNTACTIC)
    return {
        **summary(np.ones(len(rows), bool)),
        "semantic": summary(~syntactic),
        "syntactic": summary(syntactic),
        "sections": {name: summary(names == name) for name in questions.sections},
    }


def _summary(correct: np.ndarray, num_questions: int) -> dict[str, Any]:
    """Return the accuracy of the known questions, and the coverage."""
    return {
        "accuracy": float(correct.mean()) if len(correct) else None,
        "num_questions": num_questions,
        "num_known": len(correct),
        "coverage": len(correct) / num_questions if num_questions else None,
    }


def best_answers(
    vectors: np.ndarray,
    questions: np.ndarray,
    measure: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return the row of the best answer to every question, which is never one of its three words: int array [Q].

    If several answers have the best score, the first one is returned.

    Args:
        vectors: float array [V, D] of unit vectors.
        questions: int array [Q, 3], the rows of a, b and c.
        measure: function of three float arrays [questions, V], the similarities of all words to a, b and c, that
            returns their scores and may overwrite its arguments. Similarities are cosines shifted to [0, 1]:
            3CosMul needs this, and it does not change the order of the sums of 3CosAdd.

    Example:

    >>> vectors = np.array([[0.0, 1.0], [0.6, 0.8], [0.8, 0.6], [1.0, 0.0]])
    >>> best_answers(vectors, np.array([[0, 1, 2]]), three_cos_add)
    array([3])
    """
    answers = []
    for group in _blocks(questions, GROUP_CELLS // (3 * len(vectors))):
        # Adjacent questions share words, so the similarities of each word are computed once per group.
        rows, places = np.unique(group, return_inverse=True)
        similarities = vectors[rows] / 2 @ vectors.T  # [U, V]
        similarities += 0.5
        size = BLOCK_CELLS // len(vectors)
        for own, abc in zip(_blocks(group, size), _blocks(places.reshape(-1, 3), size), strict=True):
            scores = measure(*(similarities[place] for place in abc.T))
            np.put_along_axis(scores, own, -np.inf, axis=1)
            answers.append(np.argmax(scores, axis=1))
    return np.concatenate(answers)


def _blocks(rows: np.ndarray, size: int) -> list[np.ndarray]:
    """Return blocks of at most `size` rows, or of one row if `size` is smaller than 1."""
    size = max(1, size)
    return [rows[start : start + size] for start in range(0, len(rows), size)]
