"""The shared part of recipes that fine-tune a pretrained encoder: flags, loading, compiling and the end of a run."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar, overload

import keras

from kerasnlp_zoo import models, zoo
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.evaluation.class_table import class_table, in_percent
from kerasnlp_zoo.models.lora import HEADS, enable_lora
from kerasnlp_zoo.objectives.losses import ElementLoss, WeightedMeanLoss
from kerasnlp_zoo.tasks import QuestionAnswering, Task, TaskName, TextClassification
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.training.optimizers import ScheduleName
from kerasnlp_zoo.training.repetition import RepeatableConfig
from kerasnlp_zoo.training.run import Run
from kerasnlp_zoo.training.run_options import RunConfig
from kerasnlp_zoo.training.saving import DescribedData, draw_training, round_to_float16_if_harmless, save_task

SPAN_METRICS = {"f1": "entity F1", "unlabelled_f1": "word F1", "accuracy": "tag accuracy"}  # for spans


@dataclasses.dataclass
class FineTuningConfig(RepeatableConfig):
    """The flags that select a pretrained encoder and how it is fine-tuned."""

    pretrained: str = "bert_minilm_en"
    """Name or hf:// address of an entry, or of a BERT model of Hugging Face, or its folder. A missing entry is
    downloaded."""
    random_weights: bool = False
    """Start from random weights instead of the pretrained weights, to measure the benefit of pretraining."""
    freeze_encoder: bool = False
    """Train only the head; the weights of the encoder are fixed."""
    lora_rank: int = 0
    """Train LoRA factors of this rank instead of the kernels; the entry then contains only the changes to
    --pretrained."""
    epochs: int = 4
    """Number of passes over the training data."""
    batch_size: int = 32
    """Number of texts in a batch, for all replicas together."""
    learning_rate: float = 1e-4
    """Maximum learning rate."""
    schedule: ScheduleName = "linear"
    """Learning rate after the warm-up."""
    warmup_steps: float = 0.1
    """Number of steps in which the learning rate increases to its maximum; a number below 1 is a share of all
    steps."""
    weight_decay: float | None = 0.01
    """Weight decay of the kernels, relative to the learning rate; biases and embeddings do not decay."""
    max_sequence_length: int = 128
    """Maximum length of a text in tokens; longer texts are truncated at the end. An encoder with fewer positions
    determines the maximum."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(max_sequence_length=self.max_sequence_length)
        if self.lora_rank < 0:
            raise InputError(f"--lora-rank must be at least 0. Received: --lora-rank {self.lora_rank}")
        if self.freeze_encoder and self.lora_rank:
            raise InputError(
                "--freeze-encoder and --lora-rank cannot be used together: the first trains only the head, the second "
                "also trains the encoder. Omit one of them"
            )
        if self.random_weights and (self.freeze_encoder or self.lora_rank):
            raise InputError(
                "--random-weights trains the complete model. Omit --freeze-encoder and --lora-rank, which keep the "
                "weights of the encoder"
            )


@overload
def load_encoder(
    config: FineTuningConfig,
    task: Literal["text_classification"],
    labels: Sequence[str] | None = None,
    **preprocessing: Any,
) -> TextClassification: ...


@overload
def load_encoder(
    config: FineTuningConfig,
    task: Literal["question_answering"],
    labels: Sequence[str] | None = None,
    **preprocessing: Any,
) -> QuestionAnswering: ...


@overload
def load_encoder(
    config: FineTuningConfig, task: TaskName, labels: Sequence[str] | None = None, **preprocessing: Any
) -> Task: ...


def load_encoder(
    config: FineTuningConfig, task: TaskName, labels: Sequence[str] | None = None, **preprocessing: Any
) -> Task:
    """Load the pretrained encoder with a new head.

    Args:
        config: the flags.
        task: name of the task of the new head.
        labels: labels of the task; None for a task without labels.
        **preprocessing: arguments of the preprocessor that replace the arguments of the entry.

    Raises:
        InputError: if the entry does not exist.
    """
    if config.pretrained in zoo.DOWNLOADS:
        zoo.download(config.pretrained)
    if config.lora_rank:
        _require_all_weights(config.pretrained)
    preprocessing = {"max_sequence_length": config.max_sequence_length, **preprocessing}
    loaded = zoo.load(config.pretrained, task, labels, preprocessing=preprocessing)
    positions = loaded.model.builder_config["arguments"]["max_sequence_length"]
    if positions < preprocessing["max_sequence_length"]:
        wanted, preprocessing["max_sequence_length"] = preprocessing["max_sequence_length"], positions
        print(
            f"  length        {positions} tokens of a text are read, as {config.pretrained} has no more positions "
            f"(--max-sequence-length {wanted})"
        )
        loaded = zoo.load(config.pretrained, task, labels, preprocessing=preprocessing)
    if config.random_weights:
        return type(loaded)(models.build(loaded.model.builder_config), loaded.preprocessor, loaded.labels)
    if config.lora_rank:
        enable_lora(loaded.model, config.lora_rank, loaded.entry)
    if config.freeze_encoder:
        for layer in loaded.model.layers:
            layer.trainable = layer.name in HEADS
    return loaded


def _require_all_weights(entry: str) -> None:
    """Raise InputError unless changes that LoRA trains can be saved as changes to an entry."""
    folder = zoo.find(entry)  # a BERT folder of Hugging Face is no entry
    base = zoo.read_config(entry).get("base")
    if base is not None:
        raise InputError(
            f"--lora-rank trains changes to an entry with all weights, but {entry} contains only changes to "
            f"{base['name']}. Use --pretrained {base['name']}, or write an entry with all weights: "
            f"zoo.save(zoo.load({entry!r}), {folder.name + '_merged'!r})"
        )


def compile_for_fine_tuning(
    config: FineTuningConfig,
    model: keras.Model,
    loss: ElementLoss,
    metrics: Sequence[keras.metrics.Metric],
    num_examples: int,
) -> keras.Model:
    """Compile a model with the optimizer of the flags; the learning rate is the same for all weights.

    Args:
        config: the flags.
        model: the model.
        loss: loss of each label.
        metrics: weighted metrics.
        num_examples: examples of an epoch, for the schedule.

    Returns:
        The same model.
    """
    optimizer = config.make_optimizer(config.epochs * -(-num_examples // config.batch_size))
    model.compile(optimizer, WeightedMeanLoss(loss), weighted_metrics=list(metrics), jit_compile=config.jit)
    return model


def trainable_summary(model: keras.Model) -> str:
    """Return a line with the number of weights and of trainable weights."""
    trained = sum(keras.ops.size(weight) for weight in model.trainable_weights)
    total = sum(keras.ops.size(weight) for weight in model.weights)
    return f"  weights       {total:,}; {trained:,} are trained ({trained / total:.1%})"


class HeldOutExamples(Protocol):
    """Texts and the correct answers, as `Task.evaluate` takes them."""

    @property
    def texts(self) -> Sequence[Any]:
        """N texts, or other inputs of the task."""

    @property
    def references(self) -> Sequence[Any]:
        """N references."""


SplitT = TypeVar("SplitT", bound=HeldOutExamples)


class SplitData(DescribedData, Protocol[SplitT]):
    """Data with held-out splits."""

    validation: SplitT
    test: SplitT

    def fingerprint(self) -> str:
        """Return a hash of all texts and labels."""


def finish_fine_tuning(
    run: Run[RunConfig],
    task: Task,
    data: SplitData[SplitT],
    best: Mapping[str, Any],
    metric_names: Mapping[str, str],
    name: str | None = None,
    evaluate: Callable[[SplitT], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Score the test texts once and write everything into the output folder.

    Args:
        run: the run that ends.
        task: a task with its best weights.
        data: the data that it was trained on.
        best: the history row of the best epoch.
        metric_names: displayed name of each metric that `evaluate` may return, such as {"f1": "answer F1"}.
        name: name of the entry; None for builder, data and language.
        evaluate: returns the scores of a split; None for `task.evaluate`.

    Returns:
        The content of metrics.json.
    """
    texts = data.test.texts

    def score(split: SplitT) -> dict[str, Any]:
        return task.evaluate(split.texts, split.references) if evaluate is None else evaluate(split)

    def rounded_validation_score() -> float:
        scores = score(data.validation)
        return round(scores[scores["metric"]], ndigits=4)

    if run.config.is_trial:
        return run.finish_trial(score(data.validation))
    weights_dtype = round_to_float16_if_harmless(task, rounded_validation_score)
    scores = score(data.test)
    metric = metric_names[scores["metric"]]
    metrics = {
        "task": task.name,
        "metric": metric,
        "validation_score": score(data.validation)["score"],
        "test_score": scores["score"],
        "published_score": getattr(data, "published_score", None),
        "published_by": getattr(data, "published_by", None),
        "scores": scores,
        "test_examples": len(texts),
        "milliseconds_per_sentence": milliseconds_per_sentence(task, texts),
        "best_epoch": best["epoch"] + 1,
        "pictures": ["curves"],
    }
    draw_training(run.folder, run.history.rows(), {"recipe": run.recipe, "dataset": data.name, **metrics})
    print(
        f"\nTest {metric} {metrics['test_score']:.1f} on {len(texts):,} texts, validation "
        f"{metrics['validation_score']:.1f} (epoch {metrics['best_epoch']}), "
        f"{metrics['milliseconds_per_sentence']:.1f} ms per text"
    )
    if task.name == "multi_label_classification":
        print(f"  macro-F1 {100 * scores['macro_f1']:.1f}, exact match {100 * scores['exact_match']:.1f}")
        print(class_table({label: in_percent(of_class) for label, of_class in scores["per_class"].items()}))
    run.note_smoke()
    metrics = run.describe(metrics)
    if run.fold is None:
        metrics = save_task(run, task, data, metrics, weights_dtype, texts, fingerprint=data.fingerprint(), name=name)
    run.finish(metrics)
    return metrics
