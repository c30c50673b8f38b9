"""Analogies by vector arithmetic: a is to b as c is to ?

Shapes: V words, D width of a vector, Q questions, U different words among them.
"""

import numpy as np

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.evaluation.word_lookup import WordLookup

EPSILON = 1e-3  # Levy and Goldberg 2014, equation 4: against division by zero
SYNTACTIC = "gram"  # how the names of word2vec's syntactic sections begin; the others are semantic
GROUP_CELLS = 2**26  # similarities held at a time, 256 MB
BLOCK_CELLS = 2**18  # scores worked on at a time: they stay in the processor's cache


def add(to_a, to_b, to_c):
    """3CosAdd from the similarity of every answer to a, b and c: Levy and Goldberg 2014, equation 3."""
    to_b += to_c
    to_b -= to_a
    return to_b


def multiply(to_a, to_b, to_c):
    """3CosMul from the similarity in [0, 1] of every answer to a, b and c: equation 4."""
    to_b *= to_c
    to_a += EPSILON
    to_b /= to_a
    return to_b


MEASURES = {"3cosadd": add, "3cosmul": multiply}


def analogy_scores(tokens, vectors, questions, measure="3cosadd", most_frequent=30_000):
    """Count how often the best answer of all words is the right one.

    The three words of a question are never its answer. Questions with an unknown word are left out and
    lower the coverage. Words are found as written, else lower-cased.

    Args:
        tokens: list of str, V, most frequent first.
        vectors: float array [V, D].
        questions: `AnalogyQuestions`, from `datasets.word_evaluation.load_analogies`.
        measure: "3cosadd", cos(x, b) - cos(x, a) + cos(x, c); or "3cosmul", a product and a quotient of the
            cosines shifted to [0, 1].
        most_frequent: int, only the first so many words are known and can be answers, as is usual:
            word2vec's own program is run with 30,000, gensim takes 300,000. Scores compare only where
            it is the same. None for all.

    Returns:
        dict of accuracy, num_questions, num_known, coverage; the same under "semantic", "syntactic" and, for
        each section, under "sections". An accuracy is None where no question could be asked.

    Raises:
        InputError: if no question has all its words in the vocabulary, or an argument is outside its range.

    Example:

    >>> from kerasnlp_zoo.datasets.word_evaluation import AnalogyQuestions
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
            f"{len(words.vectors):,} most frequent, such as {' '.join(asked[0][1])}. The vocabulary begins with "
            f"{', '.join(tokens[:7])}. Expected questions in its language"
        )
    correct = np.zeros(len(rows), bool)
    correct[known] = best_answers(words.vectors, rows[known, :3], MEASURES[measure]) == rows[known, 3]

    def summary(chosen):
        return _summary(correct[chosen & known], int(chosen.sum()))

    syntactic = np.char.startswith(names, SYNTACTIC)
    return {
        **summary(np.ones(len(rows), bool)),
        "semantic": summary(~syntactic),
        "syntactic": summary(syntactic),
        "sections": {name: summary(names == name) for name in questions.sections},
    }


def _summary(correct, num_questions):
    """Describe how the questions that could be asked were answered."""
    return {
        "accuracy": float(correct.mean()) if len(correct) else None,
        "num_questions": num_questions,
        "num_known": len(correct),
        "coverage": len(correct) / num_questions if num_questions else None,
    }


def best_answers(vectors, questions, measure):
    """Return the best answer to every question, of equals the first, never one of its own words.

    Args:
        vectors: float array [V, D], of length 1.
        questions: int array [Q, 3], rows of a, b and c.
        measure: function of three float arrays [questions, V], the similarity of all words to a, b and c,
            that returns their scores; it may overwrite its arguments. A similarity is a cosine shifted to
            [0, 1]: a product needs that, and a sum ranks the answers as before.

    Returns:
        int array [Q].

    Example:

    >>> vectors = np.array([[0.0, 1.0], [0.6, 0.8], [0.8, 0.6], [1.0, 0.0]])
    >>> best_answers(vectors, np.array([[0, 1, 2]]), add)
    array([3])
    """
    answers = []
    for group in _blocks(questions, GROUP_CELLS // (3 * len(vectors))):
        # Questions that follow each other share their words: one product with all vectors for each word.
        rows, places = np.unique(group, return_inverse=True)
        similarities = vectors[rows] / 2 @ vectors.T  # [U, V]
        similarities += 0.5
        size = BLOCK_CELLS // len(vectors)
        for own, abc in zip(_blocks(group, size), _blocks(places.reshape(-1, 3), size), strict=True):
            scores = measure(*(similarities[place] for place in abc.T))
            np.put_along_axis(scores, own, -np.inf, axis=1)
            answers.append(np.argmax(scores, axis=1))
    return np.concatenate(answers)


def _blocks(rows, size):
    """Cut an array into blocks of at most `size` rows, at least one."""
    size = max(1, size)
    return [rows[start : start + size] for start in range(0, len(rows), size)]
