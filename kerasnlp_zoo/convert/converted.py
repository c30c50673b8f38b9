"""What the readers of other libraries' files give: all that a model, or an entry, is made of."""

import dataclasses

from kerasnlp_zoo.errors import InputError

CLASSIFIERS = ("bert_classifier", "bert_token_classifier")
# The task that a model of a builder answers, and the builder whose model does so.
TASKS_OF_BUILDERS = {
    "bert_classifier": ("text_classification", "bert_classifier"),
    "bert_token_classifier": ("token_classification", "bert_token_classifier"),
    "bert_span_predictor": ("question_answering", "bert_span_predictor"),
    "bert_masked_language_model": ("fill_mask", "bert_masked_language_model"),
    "bert_pretrainer": ("fill_mask", "bert_masked_language_model"),
    "sentence_encoder": ("sentence_similarity", "sentence_encoder"),
}


@dataclasses.dataclass(frozen=True)
class ConvertedBert:
    """A BERT that was read from files of another library.

    Attributes:
        source: what it was read from, for messages.
        builder: name of the builder whose model it is, such as "bert_classifier".
        arguments: dict, arguments of the builder `bert`.
        weights: dict from our variable paths to float32 arrays, those of the heads that are there included.
        tokens: list of str, the vocabulary.
        lower_case: bool, whether texts are lower-cased first.
        max_sequence_length: int, tokens after which a text is cut.
        pooling: how a sentence's vector is made, as `sentence_encoder` calls it, or None.
        normalize: bool, whether that vector has the length 1.
        labels: list of str, or None.
    """

    source: str
    builder: str
    arguments: dict
    weights: dict
    tokens: list
    lower_case: bool
    max_sequence_length: int
    pooling: str | None = None
    normalize: bool = False
    labels: list | None = None

    def model(self, builder=None, skip=None, **head_arguments):
        """Build a model with these weights.

        Args:
            builder: name of a builder of the family; None for its own.
            skip: prefix of variable paths that keep fresh weights, such as "logits/" for a new head; None.
            **head_arguments: arguments of another builder beside those of `bert`.

        Returns:
            `keras.Model`.

        Raises:
            InputError: if a weight of the model is missing here, or has another shape.
        """
        from kerasnlp_zoo.models import build
        from kerasnlp_zoo.weights import assign_weights

        if builder is None:
            builder, head_arguments = self.builder, {**self._head_arguments(), **head_arguments}
        model = build({"builder": builder, "arguments": {**self.arguments, **head_arguments}})
        paths = {weight.path for weight in model.weights}
        assign_weights(
            model,
            {path: self.weights[path] for path in paths & self.weights.keys()},
            self.source,
            (skip,) if skip else (),
        )
        return model

    def task(self, language, pairs=False):
        """Make the task that answers texts with this model.

        Args:
            language: "en" or "zh".
            pairs: bool, whether it answers pairs of texts, which no file says.

        Returns:
            Task.

        Raises:
            InputError: if there is no task for the head, or the vocabulary lacks a special token.
        """
        from kerasnlp_zoo.tasks import TASKS
        from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary

        task, builder = TASKS_OF_BUILDERS.get(self.builder, (None, None))
        if self._head_arguments().get("num_classes") == 1:
            task = "text_regression"  # one number is a score
        if task not in TASKS:
            answering = [builder for builder, (task, _) in TASKS_OF_BUILDERS.items() if task in TASKS]
            raise InputError(
                f"{self.source} is a {self.builder}, which answers no texts. Expected one of {', '.join(answering)}; "
                "for vectors of sentences say how they are pooled"
            )
        preprocessor = WordPiecePreprocessor(
            WordPieceVocabulary(self.tokens),
            lower_case=self.lower_case,
            language=language,
            pairs=pairs or task == "question_answering",
            max_sequence_length=self.max_sequence_length,
        )
        return TASKS[task](self.model(None if builder == self.builder else builder), preprocessor, self.labels or [])

    def _head_arguments(self):
        """Return the arguments that its own builder takes beside those of `bert`."""
        if self.builder == "sentence_encoder":
            return {"pooling": self.pooling, "normalize": self.normalize}
        return {"num_classes": len(self.weights["logits/bias"])} if self.builder in CLASSIFIERS else {}
