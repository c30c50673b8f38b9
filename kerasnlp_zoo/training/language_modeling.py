"""The frame of a run that trains a language model: its flags, its text, its perplexity, and what it leaves behind."""

import dataclasses
import hashlib
import time

import numpy as np
import tensorflow as tf

from kerasnlp_zoo.datasets.language_modeling import LanguageModelingOptions, load_language_modeling
from kerasnlp_zoo.decoding import Sampling, generate, greedy
from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.evaluation.perplexity import perplexity, text_log_probabilities
from kerasnlp_zoo.models.rnn_language_model import zero_state
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.training.language_model_reports import describe_text
from kerasnlp_zoo.training.run import ModelRunOptions
from kerasnlp_zoo.training.saving import draw_training, save_task
from kerasnlp_zoo.vocabulary import END_ID, UNKNOWN_ID

# On the text of this name as it was published.
PUBLISHED = {"wikitext2": (99.3, "Grave et al. 2017, one LSTM of 1,024 units")}
SMOKE_TOKENS, SMOKE_TEST_TOKENS = 10_000, 2000
GENERATED, GENERATED_ROWS = 100, 32  # tokens, and rows of the larger batch, by which generation is timed


@dataclasses.dataclass
class LanguageModelConfig(ModelRunOptions, LanguageModelingOptions):
    """The flags of recipes that train a language model on segments of one long text."""

    epochs: int = 12
    """Epochs; the learning rate falls to 0 over them, and a run can be resumed after each."""
    batch_size: int = 32
    """Streams that the text is cut into, over all replicas together."""
    segment_length: int = 35
    """Tokens of a stream in a batch; the gradient goes back no further, the state is carried on."""

    def check(self, replicas):
        """Refuse flags that cannot be."""
        super().check(replicas)
        require_positive(segment_length=self.segment_length)


def read_language_model_text(run):
    """Read the text that the flags choose, and say what is in it.

    Args:
        run: Run with a `LanguageModelConfig`.

    Returns:
        (TextSource, LanguageModelText).

    Raises:
        InputError: if the text cannot be read or is too short.
    """
    started = time.time()
    corpus, text = load_language_modeling(run.config)
    if run.config.smoke:
        parts = {name: getattr(text, name)[:SMOKE_TEST_TOKENS] for name in ("validation", "test")}
        text = dataclasses.replace(text, train=text.train[:SMOKE_TOKENS], **parts)
    print(f"{describe_text(corpus, text)} ({time.time() - started:.0f} s)", flush=True)
    return corpus, text


def finish_language_modeling(run, corpus, text, task, best):
    """Score the model on all of the text held out and leave everything in the run's folder.

    The weights are rounded to float16 first: what is scored is what is saved.

    Args:
        run: Run with a `LanguageModelConfig`.
        corpus: TextSource.
        text: LanguageModelText.
        task: LanguageModeling with the best weights.
        best: dict, the history row of the best epoch.

    Returns:
        dict, what metrics.json holds.
    """
    for weight in task.model.weights:
        weight.assign(np.asarray(weight).astype("float16").astype(weight.dtype))
    score, by = PUBLISHED.get(corpus.name, (None, None)) if run.config.unit in (None, "spaces") else (None, None)
    golden = golden_texts(task)
    metrics = {
        "task": task.name,
        "language": corpus.language,
        "metric": "perplexity",
        "validation_score": perplexity(text_log_probabilities(task.model, text.validation)),
        "test_score": perplexity(text_log_probabilities(task.model, text.test)),
        "published_score": score,
        "published_by": by,
        "best_epoch": best["epoch"] + 1,
        "tokens": len(text.train),
        "test_tokens": len(text.test),
        "unknown_share": float(np.mean(text.test == UNKNOWN_ID)),
        "vocabulary_size": len(text.vocabulary),
        "training_tokens_per_second": best["tokens_per_second"],
        "generated_tokens_per_second": {str(rows): generation_speed(task, rows) for rows in (1, GENERATED_ROWS)},
        "milliseconds_per_sentence": milliseconds_per_sentence(task, golden * 20),
    }
    named = {"recipe": run.recipe, "dataset": corpus.name, **metrics}
    metrics["pictures"] = [path.stem for path in draw_training(run.folder, run.history.rows(), named)]
    _print_results(task, metrics, golden, run.config.smoke)
    metrics = save_task(
        run,
        task,
        corpus,
        run.describe(metrics),
        "float16",
        [],
        name=f"{run.recipe}_{corpus.name}_{corpus.language}",
        fingerprint=hashlib.sha256(text.train.tobytes() + text.test.tobytes()).hexdigest(),
    )
    run.finish(metrics)
    return metrics


def generation_speed(task, rows, length=GENERATED):
    """Return how many tokens are generated in a second, several texts at a time, in the compiled graph."""

    @tf.function(autograph=False)
    def write():
        ids = tf.fill([rows], END_ID)
        state = task.start(zero_state(task.model, rows))
        return generate(task.step, state, ids, greedy, length, end_id=-1)  # none ends

    write()
    started = time.perf_counter()
    write().numpy()
    return round(rows * length / (time.perf_counter() - started), 1)


def _print_results(task, metrics, golden, smoke):
    """Print the scores, and how some texts go on."""
    beside = "" if metrics["published_score"] is None else f"  published: {metrics['published_score']:.1f}"
    speeds = ", ".join(
        f"{speed:,.0f} at batch {rows}" for rows, speed in metrics["generated_tokens_per_second"].items()
    )
    print(
        f"\nTest perplexity {metrics['test_score']:.1f} over {metrics['test_tokens']:,} tokens{beside}"
        f"{' (' + metrics['published_by'] + ')' if beside else ''}\n"
        f"  validation {metrics['validation_score']:.1f} (epoch {metrics['best_epoch']}), tokens a second: "
        f"{metrics['training_tokens_per_second']:,.0f} trained, generated {speeds}"
    )
    if smoke:
        print("This was a smoke run on a little text: its scores mean nothing")
    sampled = task.generating(Sampling(top_p=0.8)).predict(golden)
    for text, answer, drawn in zip(golden, task.predict(golden), sampled, strict=True):
        print(f"  {text} ... {answer['continuation']} | drawn: {drawn['continuation']}")
