"""Exact match and F1 of answers, as SQuAD scores them.

Of several true answers the one that fits best counts. A question without any expects the answer "".
"""

import collections
import re
import string
import unicodedata

import numpy as np

from kerasnlp_zoo.errors import InputError, require_choice

ARTICLES = re.compile(r"\b(?:a|an|the)\b")
CJK = r"\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
CHARACTERS = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
PUNCTUATION = str.maketrans("", "", string.punctuation)  # SQuAD's script knows ASCII's only


def normalized_answer(text):
    """Remove what two answers may differ in: case, punctuation, articles and spacing.

    Example:

    >>> normalized_answer("The  U.S., an idea")
    'us idea'
    """
    return " ".join(ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split())


def chinese_characters(text):
    """Return what is compared of a Chinese answer: its characters, and runs of other letters and digits as one each.

    Example:

    >>> chinese_characters("《红楼梦》, 1791年")
    ['红', '楼', '梦', '1791', '年']
    """
    return CHARACTERS.findall(unicodedata.normalize("NFKC", text).lower())


TOKENS = {"en": lambda text: normalized_answer(text).split(), "zh": chinese_characters}


def question_answering_scores(predictions, references, language="en"):
    """Compare the answer given to every question with the true ones.

    Args:
        predictions: list of str, "" where the passage is said to hold no answer.
        references: list of lists of str, the true answers; none where the passage holds none.
        language: "en", compared by words as SQuAD does; or "zh", by characters.

    Returns:
        dict of exact_match and f1, means over all questions; num_questions; and, where both kinds of
        questions stand, the same three under "answerable" and "unanswerable".

    Raises:
        InputError: if there is no question, or not one prediction for each.

    Example:

    >>> question_answering_scores(["the blue house", ""], [["a house", "house in blue"], []])["f1"]
    0.9

    Reference: Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", section 6.1;
    Rajpurkar et al. 2018, "Know What You Don't Know".
    """
    require_choice("language", language, tuple(TOKENS))
    if not len(references) or len(predictions) != len(references):
        raise InputError(
            "A score needs at least one question, and an answer to each. "
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


def _best(tokens_of, prediction, answers):
    """Return the best exact match and the best F1 over the true answers."""
    found = tokens_of(prediction)
    pairs = [(found, tokens_of(answer)) for answer in answers or [""]]
    return max(float(found == true) for found, true in pairs), max(token_f1(found, true) for found, true in pairs)


def token_f1(found, true):
    """Return the F1 of two lists of tokens, whatever their order; 1 if both are empty.

    Example:

    >>> token_f1(["blue", "house"], ["house", "in", "blue"])
    0.8
    """
    if not found or not true:
        return float(found == true)
    common = (collections.Counter(found) & collections.Counter(true)).total()
    return 2 * common / (len(found) + len(true))


def _summary(scores):
    exact_match, f1 = scores.mean(axis=0).tolist()
    return {"exact_match": exact_match, "f1": f1, "num_questions": len(scores)}
