"""The shared part of recipes that train language models: flags, text, and the end of a run."""

import dataclasses
import functools
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets.corpora import TextSource
from kerasnlp_zoo.datasets.language_modeling import LanguageModelingOptions, load_language_modeling
from kerasnlp_zoo.datasets.options import SPLITS
from kerasnlp_zoo.decoding import Sampling, generate, greedy
from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.evaluation.perplexity import perplexity, text_log_probabilities
from kerasnlp_zoo.models.language_model_state import zero_state
from kerasnlp_zoo.tasks import LanguageModeling
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.text.language_model_text import LanguageModelText
from kerasnlp_zoo.training.next_word_loss import NextWordOptions
from kerasnlp_zoo.training.optimizers import OptimizerName, ScheduleName
from kerasnlp_zoo.training.run import Run
from kerasnlp_zoo.training.run_options import RunOptions
from kerasnlp_zoo.training.saving import draw_training, published_note, round_to_float16, save_task
from kerasnlp_zoo.vocabulary import END_ID, UNKNOWN_ID
from kerasnlp_zoo.weights import read_once

# Published test perplexity by recipe and data set, on the published tokens.
PUBLISHED = {
    (recipe, "wikitext2"): (99.3, "Grave et al. 2017, one LSTM of 1,024 units")
    for recipe in ("rnn_language_model", "transformer_language_model")
}
SMOKE_TOKENS, SMOKE_TEST_TOKENS = 10_000, 2000
SHOWN_TOKENS = 10  # of a test line, to query the SavedModel with
GENERATED, GENERATED_ROWS = 100, 32  # number of tokens and size of the larger batch in the speed test of generation


@dataclasses.dataclass
class TextRunOptions(RunOptions, LanguageModelingOptions):
    """The flags of every recipe of a language model."""


@dataclasses.dataclass
class LanguageModelConfig(NextWordOptions, TextRunOptions):
    """The flags of recipes that train a language model on segments of one long text."""

    epochs: int = 12
    """Number of passes over the text. A run can be resumed after each pass."""
    batch_size: int = 32
    """Number of streams into which the text is split, for all replicas together. Each batch has a row per stream."""
    segment_length: int = 35
    """Number of tokens of each stream in a batch. The state is passed to the next batch, but the gradient is
    truncated."""
    optimizer: OptimizerName = "adam"
    """Optimizer; lazy_adam saves time only if the input embeddings have weights of their own."""
    schedule: ScheduleName = "linear"
    """Learning rate after the warm-up."""
    warmup_steps: float = 0.02
    """Number of steps in which the learning rate increases to its maximum; a number below 1 is a share of all
    steps."""
    clip_norm: float | None = 1.0
    """Maximum norm of the gradient of all weights together."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(segment_length=self.segment_length)


def read_language_model_text(
    run: Run[TextRunOptions], entry: LanguageModeling | None = None
) -> tuple[TextSource, LanguageModelText]:
    """Read the text that the flags select, and print its sizes.

    Args:
        run: the run.
        entry: the task whose training continues; its vocabulary and unit of tokens are kept.

    Raises:
        InputError: if the text cannot be read or is too short.
    """
    started = time.time()
    source, text = load_language_modeling(run.config, entry.preprocessor if entry else None)
    if run.config.smoke:
        parts = {name: getattr(text, name)[:SMOKE_TEST_TOKENS] for name in ("validation", "test")}
        text = dataclasses.replace(text, train=text.train[:SMOKE_TOKENS], **parts)
    run.remembered.remember_vocabulary(text.vocabulary)
    run.remembered.remember({f"{part} part": describe_ids(getattr(text, part)) for part in SPLITS})
    print(f"{describe_text(source, text)} ({time.time() - started:.0f} s)", flush=True)
    return source, text


def describe_ids(ids: np.ndarray) -> str:
    """Return the number of ids and their hash."""
    return f"{len(ids):,} tokens, sha256 {hashlib.sha256(ids.tobytes()).hexdigest()[:16]}"


def describe_text(source: TextSource, text: LanguageModelText) -> str:
    """Return a line about the size of a text, its vocabulary and its unknown tokens.

    Args:
        source: where the text comes from.
        text: the text as token ids.
    """
    unknown = 100 * (text.test == UNKNOWN_ID).mean()
    return (
        f"{source.name}: {len(text.train):,} training, {len(text.validation):,} validation and {len(text.test):,} test "
        f"tokens ({source.segmenter}), including line ends; {len(text.vocabulary) - 2:,} different tokens; "
        f"{unknown:.1f}% of the test tokens are unknown"
    )


def finish_language_modeling(
    run: Run[TextRunOptions],
    source: TextSource,
    text: LanguageModelText,
    task: LanguageModeling,
    best: Mapping[str, Any],
) -> dict[str, Any]:
    """Score a trained model on the held-out text and write everything into the output folder.

    Args:
        run: the run that ends.
        source: where the text comes from.
        text: the text as token ids.
        task: a task with its best weights.
        best: the history row of the best epoch.

    Returns:
        The content of metrics.json.
    """
    if run.config.is_trial:
        score = perplexity(text_log_probabilities(task.model, text.validation))
        return run.finish_trial({"metric": "perplexity", "score": score})
    facts = {"best_epoch": best["epoch"] + 1, "training_tokens_per_second": best["tokens_per_second"]}
    return save_language_model(run, source, text, task, facts, functools.partial(_draw, run))


def save_language_model(
    run: Run[TextRunOptions],
    source: TextSource,
    text: LanguageModelText,
    task: LanguageModeling,
    facts: Mapping[str, Any],
    draw: Callable[[Mapping[str, Any]], Sequence[Path]],
) -> dict[str, Any]:
    """Round the weights to float16, score the model on the held-out text and write everything into the output folder.

    Args:
        run: the run that ends.
        source: where the text comes from.
        text: the text as token ids.
        task: a task with its best weights.
        facts: further facts for metrics.json.
        draw: function of the metrics that draws the pictures of the run and returns their paths.

    Returns:
        The content of metrics.json.
    """
    round_to_float16(task.model)
    is_published = run.config.unit in (None, "spaces")
    score, by = PUBLISHED.get((run.recipe, source.name), (None, None)) if is_published else (None, None)
    golden = golden_texts(task)
    metrics = {
        "task": task.name,
        "language": source.language,
        "metric": "perplexity",
        "validation_score": perplexity(text_log_probabilities(task.model, text.validation)),
        "test_score": perplexity(text_log_probabilities(task.model, text.test)),
        "published_score": score,
        "published_by": by,
        **facts,
        "tokens": len(text.train),
        "test_tokens": len(text.test),
        "unknown_share": float(np.mean(text.test == UNKNOWN_ID)),
        "vocabulary_size": len(text.vocabulary),
        "generated_tokens_per_second": {str(rows): generation_speed(task, rows) for rows in (1, GENERATED_ROWS)},
        "milliseconds_per_sentence": milliseconds_per_sentence(task, golden * 20),
    }
    metrics["pictures"] = [path.stem for path in draw({"recipe": run.recipe, "dataset": source.name, **metrics})]
    _print_results(task, metrics, golden)
    run.note_smoke()
    metrics = save_task(
        run,
        task,
        source,
        run.describe(metrics),
        "float16",
        [first_line(text, task)],
        name=f"{run.recipe}_{source.name}_{source.language}",
        fingerprint=hashlib.sha256(text.train.tobytes() + text.test.tobytes()).hexdigest(),
    )
    run.finish(metrics)
    return metrics


def _draw(run: Run[TextRunOptions], metrics: Mapping[str, Any]) -> list[Path]:
    """Draw the curves of the training."""
    return draw_training(run.folder, run.history.rows(), metrics)


def first_line(text: LanguageModelText, task: LanguageModeling) -> str:
    """Return the first tokens of the first line of the test part that is not blank, as a string."""
    line = next(line for line in np.split(text.test, np.flatnonzero(text.test == END_ID)) if len(line) > 1)
    shown: bytes = task.preprocessor.join(line[line != END_ID][None, :SHOWN_TOKENS]).numpy()[0]
    return shown.decode()


def generation_speed(task: LanguageModeling, rows: int, length: int = GENERATED) -> float:
    """Return the number of tokens generated per second in the compiled graph, for a batch of `rows` texts."""

    @tf.function(autograph=False)
    def write() -> tf.Tensor:
        ids = tf.fill([rows], END_ID)
        state = task.start(zero_state(task.model, rows))
        with read_once(task.model):
            return generate(task.step, state, ids, greedy, length, end_id=-1)  # all texts have the same length

    write()
    started = time.perf_counter()
    write().numpy()
    return round(rows * length / (time.perf_counter() - started), 1)


def _print_results(task: LanguageModeling, metrics: Mapping[str, Any], golden: Sequence[str]) -> None:
    """Print the scores, and continuations of some texts."""
    speeds = ", ".join(
        f"{speed:,.0f} at batch size {rows}" for rows, speed in metrics["generated_tokens_per_second"].items()
    )
    print(
        f"\nTest perplexity {metrics['test_score']:.1f} on {metrics['test_tokens']:,} tokens{published_note(metrics)}\n"
        f"  validation {metrics['validation_score']:.1f}; generated tokens per second: {speeds}"
    )
    sampled = task.with_decoding(Sampling(top_p=0.8)).predict(golden)
    for text, answer, drawn in zip(golden, task.predict(golden), sampled, strict=True):
        print(f"  {text} ... {answer['continuation']} | sampled: {drawn['continuation']}")
