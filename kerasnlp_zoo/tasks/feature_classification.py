"""One label for each row of numbers.

Shapes: N rows, F columns, C classes.
"""

from typing import Any

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks.exportable import Texts
from kerasnlp_zoo.tasks.iterables import listed
from kerasnlp_zoo.tasks.text_classification import TextClassification
from kerasnlp_zoo.text import FeaturePreprocessor
from kerasnlp_zoo.text.preprocessors.features import required_number


class FeatureClassification(TextClassification):
    """Assign one of the labels to every row of numbers, with probabilities.

    A row is a list of F numbers, or a string with commas between them, as in a line of a CSV file. An exported model
    takes "features", float32 [N, F].

    Args:
        model: `keras.Model`, features [N, F] -> logits [N, C].
        preprocessor: the names of the columns.
        labels: C different labels, in the order of the logits.

    Raises:
        InputError: if the model was built for another number of features.

    Example:

    >>> from kerasnlp_zoo.models import logistic_regression
    >>> from kerasnlp_zoo.vocabulary import TokenList
    >>> preprocessor = FeaturePreprocessor(TokenList(["hours", "absences"]))
    >>> task = FeatureClassification(logistic_regression(num_features=2), preprocessor, ["failed", "passed"])
    >>> [answer["probability"] for answer in task.predict([[6.5, 1.0], "2, 4"])]
    [0.5, 0.5]
    """

    name = "feature_classification"
    main_metric: str = "accuracy"
    unit = "row"
    preprocessor: FeaturePreprocessor

    def columns(self, texts: Texts) -> list[list[Any]]:
        """Return the input of the graph: the rows, each a list of floats."""
        return [[list(row) for row in self._checked(texts)]]

    @property
    def _empty(self) -> Any:
        """A row of zeros."""
        return [0.0] * self.preprocessor.vocabulary_size

    def _checked(self, texts: Any) -> list[Any]:
        """Return the rows as tuples of float."""
        rows = listed(texts, "rows, such as [[6.5, 1.0]]")
        return [self._numbers(row, index) for index, row in enumerate(rows)]

    def _numbers(self, row: Any, index: int) -> tuple[float, ...]:
        names = self.preprocessor.vocabulary.tokens
        values = row.split(",") if isinstance(row, str) else row
        if not hasattr(values, "__len__") or len(values) != len(names):
            raise InputError(
                f"Row {index}: expected {len(names)} numbers, the columns {', '.join(names)}. Received: {row!r:.60}"
            )
        named = zip(names, values, strict=True)
        return tuple(required_number(value, f"Row {index}, column {name!r}") for name, value in named)

    def _check_fit(self) -> None:
        super()._check_fit()
        expected, size = self._builder_arguments.get("num_features"), self.preprocessor.vocabulary_size
        if expected not in (size, None):
            raise InputError(
                f"The model {self.model.name} was built for num_features={expected}. Received: {size} columns. "
                f"Build the model with num_features={size}"
            )
