"""How a notebook shows tasks and answers."""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from kerasnlp_zoo.markup import bar, coloured_spans, table

Answer = TypeVar("Answer", bound=Mapping[str, Any])
SHOWN_ANSWERS, SHOWN_LABELS, SHOWN_CHARACTERS = 20, 5, 600
# Lists in answers whose items are shown as bars: the keys of the text and of its share.
LISTS = {
    "candidates": ("text", "probability"),
    "neighbours": ("word", "score"),
    "alternatives": ("answer", "probability"),
}


class Answers(list[Answer], Generic[Answer]):
    """The answers of `predict`: a list, which a notebook shows as a table with the texts.

    Args:
        answers: an answer to each text.
        texts: the texts, or tuples of texts.
        labels: the labels of the task.
        readable: returns an answer as plain text.

    Example:

    >>> answers = Answers([{"label": "positive"}], ["a fine film"], [], lambda answer: answer["label"])
    >>> answers
    [{'label': 'positive'}]
    >>> "a fine film" in answers._repr_html_()
    True
    """

    def __init__(
        self,
        answers: Sequence[Answer],
        texts: Sequence[Any],
        labels: Sequence[str],
        readable: Callable[[Answer], str],
    ) -> None:
        super().__init__(answers)
        self._texts, self._labels, self._readable = list(texts), list(labels), readable

    def __reduce__(self) -> tuple[type[list[Answer]], tuple[list[Answer]]]:
        """Copy and pickle the answers as a list, without the task."""
        return list, (list(self),)

    def _repr_html_(self) -> str | None:
        if len(self) != len(self._texts):  # answers were added or removed
            return None
        rows = [
            [_text_html(text, answer, self._labels), answer_html(answer) or html.escape(self._readable(answer))]
            for text, answer in list(zip(self._texts, self, strict=True))[:SHOWN_ANSWERS]
        ]
        more = len(self) - len(rows)
        return table(rows, ["text", "answer"]) + (f"<p>and {more:,} more</p>" if more else "")


def answer_html(answer: Mapping[str, Any]) -> str:
    """Return the numbers of an answer as bars; "" if it has none that suit.

    Example:

    >>> answer_html({"label": "yes", "probabilities": {"yes": 0.75, "no": 0.25}}).count("<div")
    4
    """
    if "probabilities" in answer:
        best = sorted(answer["probabilities"].items(), key=lambda pair: -pair[1])[:SHOWN_LABELS]
        return "".join(bar(label, share) for label, share in best)
    for name, keys in LISTS.items():
        items = answer.get(name, [])[:SHOWN_LABELS]
        if items and all(key in item for item in items for key in keys):
            return "".join(bar(item[keys[0]], item[keys[1]]) for item in items)
    return ""


def _text_html(text: Any, answer: Mapping[str, Any], labels: Sequence[str]) -> str:
    """Return a text, or a pair of texts, with the spans of its answer; long texts are shortened."""
    if isinstance(text, tuple):
        question, passage = text[0], text[-1]
        if {"start", "end"} <= answer.keys() and answer["end"] > answer["start"]:
            marked = coloured_spans(passage, [(answer["start"], answer["end"], "answer")], ["answer"])
            return f"{html.escape(question)}<hr>{marked}"
        return "<hr>".join(_shortened(part) for part in text)
    if "entities" in answer:
        kinds = list(dict.fromkeys(label.partition("-")[2] or label for label in labels))
        return coloured_spans(text, [(span["start"], span["end"], span["label"]) for span in answer["entities"]], kinds)
    return _shortened(text)


def _shortened(text: Any) -> str:
    text = str(text)
    return html.escape(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} ...")


def task_html(title: str, facts: Mapping[str, Any]) -> str:
    """Return a table of facts about a task.

    Example:

    >>> task_html("TextClassification", {"language": "en", "entry": None}).count("<tr>")
    1
    """
    shown = {name: ", ".join(value) if isinstance(value, list) else str(value) for name, value in facts.items()}
    rows = [[html.escape(name), _shortened(shown[name])] for name, value in facts.items() if value is not None]
    return f"<b>{html.escape(title)}</b>{table(rows)}"
