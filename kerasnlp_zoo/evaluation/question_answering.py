"""Exact match and F1 of answers, as in SQuAD.

If a question has several true answers, the one with the best score counts. If it has none, the expected answer is "".
"""

import collections
import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.types import Language

ARTICLES = re.compile(r"\b(?:a|an|the)\b")
CJK = r"\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
CHARACTERS = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
PUNCTUATION = str.maketrans("", "", string.punctuation)  # ASCII only, as in SQuAD's script


def normalized_answer(text: str) -> str:
    """Return an answer without the differences that do not count: case, punctuation, articles and spacing.

    Example:

    >>> normalized_answer("The  U.S., an idea")
    'us idea'
    """
    return " ".join(ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split())


def chinese_characters(text: str) -> list[str]:
    """Return the tokens of a Chinese answer: each Chinese character, and each run of other letters and digits.

    Example:

    >>> chinese_characters("《红楼梦》, 1791年")
    ['红', '楼', '梦', '1791', '年']
    """
    return CHARACTERS.findall(unicodedata.normalize("NFKC", text).lower())


TOKENS: dict[str, Callable[[str], list[str]]] = {
    "en": lambda text: normalized_answer(text).split(),
    "zh": chinese_characters,
}


def question_answering_scores(
    predictions: Sequence[str], references: Sequence[Sequence[str]], language: Language = "en"
) -> dict[str, Any]:
    """Return exact match and F1 of the predicted answers.

    Args:
        predictions: predicted answer of each question; "" if the model finds no answer in the passage.
        references: true answers of each question; empty if the passage has no answer.
        language: language of the answers: "en" compares words, as in SQuAD; "zh" compares characters.

    Returns:
        dict of exact_match and f1, means over all questions, and num_questions. If there are both kinds of
        questions, "answerable" and "unanswerable" contain the same three values.

    Raises:
        InputError: if there are no questions, or the number of predictions differs.

    Example:

    >>> question_answering_scores(["the blue house", ""], [["a house", "house in blue"], []])["f1"]
    0.9

    Reference: Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", section 6.1;
    Rajpurkar et al. 2018, "Know What You Don't Know".
    """
    require_choice("language", language, tuple(TOKENS))
    if not len(references) or len(predictions) != len(references):
        raise InputError(
            "A score needs at least one question, and one predicted answer for each. "
            f"Received: {len(predictions)} answers to {len(references)} questions"
        )
    tokens_of = TOKENS[language]
    scores = np.array([_best(tokens_of, *pair) for pair in zip(predictions, references, strict=True)])  # [questions, 2]
    is_answerable = np.array([bool(answers) for answers in references])
    summary = _summary(scores)
    if not is_answerable.all() and is_answerable.any():
        summary["answerable"] = _summary(scores[is_answerable])
        summary["unanswerable"] = _summary(scores[~is_answerable])
    return summary


def _best(tokens_of: Callable[[str], list[str]], prediction: str, answers: Sequence[str]) -> tuple[float, float]:
    """Return the best exact match and the best F1 over the true answers."""
    found = tokens_of(prediction)
    pairs = [(found, tokens_of(answer)) for answer in answers or [""]]
    return max(float(found == true) for found, true in pairs), max(token_f1(found, true) for found, true in pairs)


def token_f1(found: Sequence[str], true: Sequence[str]) -> float:
    """Return the F1 of two lists of tokens, ignoring their order; 1 if both are empty.

    Example:

    >>> token_f1(["blue", "house"], ["house", "in", "blue"])
    0.8
    """
    if not found or not true:
        return float(found == true)
    common = (collections.Counter(found) & collections.Counter(true)).total()
    return 2 * common / (len(found) + len(true))


def _summary(scores: np.ndarray) -> dict[str, Any]:
    exact_match, f1 = scores.mean(axis=0).tolist()
    return {"exact_match": exact_match, "f1": f1, "num_questions": len(scores)}
