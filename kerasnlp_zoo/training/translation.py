"""The shared part of recipes that train a translator: flags, data, training and the end of a run."""

import dataclasses
import itertools
import random
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np

from kerasnlp_zoo import plots
from kerasnlp_zoo.datasets.translation import TranslationData, TranslationOptions, TranslationSplit, load_translation
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.explanation import alignment_weights
from kerasnlp_zoo.objectives.losses import WeightedMeanLoss, is_correct
from kerasnlp_zoo.tasks import Translation
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.training.callbacks import KeepBest, ValidationScore
from kerasnlp_zoo.training.continued_entry import ContinuedEntryOptions
from kerasnlp_zoo.training.optimizers import OptimizerName, ScheduleName
from kerasnlp_zoo.training.run import Run
from kerasnlp_zoo.training.run_options import ModelRunOptions
from kerasnlp_zoo.training.saving import (
    draw_training,
    round_to_float16_if_harmless,
    save_task,
)
from kerasnlp_zoo.training.word_vector_training import Throughput

if TYPE_CHECKING:
    from kerasnlp_zoo.text.preprocessors.translation import TranslationPreprocessor

DRAWN_WORDS = 8  # approximate length of the source whose alignment is drawn
SHOWN = 5  # translations printed at the end
MEASURED = 4096  # pairs per split from which the lengths are estimated; sentences that are split at a time
SAMPLE = 500  # validation sources that are translated after every epoch


@dataclasses.dataclass
class TranslationConfig(ContinuedEntryOptions, ModelRunOptions, TranslationOptions):
    """The flags of recipes that train a translator."""

    epochs: int = 10
    """Maximum number of passes over the training data."""
    batch_size: int = 2048
    """Number of source tokens, and of target tokens, in a batch, including padding, for all replicas together."""
    vocabulary_size: int = 8000
    """Number of word pieces of both languages together."""
    max_sequence_length: int = 64
    """Maximum length of a sentence in pieces, including [END]; longer sentences are truncated at the end."""
    long_pairs: Literal["cut", "skip"] = "cut"
    """What to do with training pairs in which a sentence is longer: cut truncates it, skip leaves the pair out."""
    optimizer: OptimizerName = "adam"
    """Optimizer; Adam has the beta_2 and epsilon of the Transformer paper."""
    learning_rate: float = 1e-3
    """Maximum learning rate."""
    schedule: ScheduleName = "linear"
    """Learning rate after the warm-up: constant; linear or cosine, decreasing to 0 over --epochs; or
    inverse_square_root of the number of steps, as in the Transformer paper."""
    warmup_steps: float = 1000
    """Number of steps in which the learning rate increases to its maximum; a number below 1 is a share of all
    steps."""
    label_smoothing: float = 0.1
    """Share of the target probability that is distributed over all tokens."""
    beam_width: int = 4
    """Number of hypotheses in beam search, for the test score and in the entry; 1 is greedy decoding."""
    length_penalty: float = 0.6
    """Exponent of the length in the score of a translation; a higher value favours longer translations."""
    patience: int = 3
    """Stop training after this many epochs without a better validation score."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(
            vocabulary_size=self.vocabulary_size,
            beam_width=self.beam_width,
            patience=self.patience,
        )


def read_translations(
    run: Run[TranslationConfig],
) -> tuple[TranslationData, "TranslationPreprocessor", Translation | None]:
    """Read the data that the flags select, learn its word pieces, and print its sizes.

    Returns:
        The data, the preprocessor, and the task of --from-entry, which has this preprocessor; None without the flag.

    Raises:
        InputError: if the data cannot be read, or does not fit the entry.
    """
    from kerasnlp_zoo.text.pieces import learn_piece_vocabulary  # loads tensorflow-text
    from kerasnlp_zoo.text.preprocessors.translation import TranslationPreprocessor

    config, data = run.config, run.same_data(load_translation(run.config))
    entry = run.load_entry(data.language)
    if entry is None:
        texts = [*data.train.texts, *data.train.sources_and_targets()[1]]
        vocabulary = learn_piece_vocabulary(texts, config.vocabulary_size)
        languages = (data.language, data.target_language)
        preprocessor = TranslationPreprocessor(vocabulary, *languages, config.max_sequence_length)
    else:
        preprocessor = entry.preprocessor
        if preprocessor.target_language != data.target_language:
            raise InputError(
                f"The entry {config.from_entry} translates into {preprocessor.target_language!r}. Received: --target "
                f"{data.target_language}. Use data of the entry's languages, or train without --from-entry"
            )
    run.remembered.remember_vocabulary(preprocessor.vocabulary)
    short, count = without_long_pairs(data.train, preprocessor)
    if config.long_pairs == "skip":
        if not len(short):
            raise InputError(
                f"Every training pair is longer than {config.max_sequence_length} pieces. Use a larger "
                "--max-sequence-length, or --long-pairs cut"
            )
        data.train = short
    print(_report(data, preprocessor))
    print(f"  long pairs    {count:,} of train, {'cut' if config.long_pairs == 'cut' else 'skipped'}")
    return data, preprocessor, entry


def without_long_pairs(
    split: TranslationSplit, preprocessor: "TranslationPreprocessor"
) -> tuple[TranslationSplit, int]:
    """Return a split without the pairs in which a sentence is longer than max_sequence_length, and their number."""
    sides = split.sources_and_targets()
    are_long = np.zeros(len(sides[0]), bool)
    for side, start in itertools.product(sides, range(0, len(are_long), MEASURED)):
        lengths = preprocessor.tokenizer.token_ids(side[start : start + MEASURED]).row_lengths().numpy()
        are_long[start : start + MEASURED] |= lengths >= preprocessor.max_sequence_length  # [END] is one more
    kept: dict[str, list[str]] = {}
    for source, target, is_long in zip(*sides, are_long, strict=True):
        if not is_long:
            kept.setdefault(source, []).append(target)
    return TranslationSplit(list(kept), list(kept.values())), int(are_long.sum())


def _report(data: TranslationData, preprocessor: "TranslationPreprocessor") -> str:
    """Return lines with the sizes of the splits, in sentences and in word pieces."""
    lines = [f"Data set {data.name}, {data.language} to {data.target_language}"]
    for name in ("train", "validation", "test"):
        split = getattr(data, name)
        rows = list(zip(*split.sources_and_targets(), strict=True))
        sample = random.Random(0).sample(rows, min(len(rows), MEASURED))
        lengths = np.stack([preprocessor.tokenizer.token_ids(side).row_lengths() for side in zip(*sample, strict=True)])
        source, target = np.mean(lengths, axis=1)
        truncated = np.mean(np.any(lengths >= preprocessor.max_sequence_length, axis=0))
        lines.append(
            f"  {name:<13} {len(split):,} sources with {len(rows):,} targets, {source:.1f} and {target:.1f} pieces on "
            f"average, {truncated:.1%} truncated to {preprocessor.max_sequence_length}"
        )
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in data.dropped.items() if count) or "nothing"
    lines += [
        f"  dropped       {dropped}",
        f"  vocabulary    {preprocessor.vocabulary_size:,} pieces, learned on train",
    ]
    return "\n".join(lines)


def compile_for_translation(config: TranslationConfig, model: keras.Model, total_steps: int) -> keras.Model:
    """Compile a translator with the optimizer of the flags, and cross entropy with smoothed labels.

    Args:
        config: the flags.
        model: the model.
        total_steps: number of batches of all epochs.

    Returns:
        The same model.

    Reference: Vaswani et al. 2017, sections 5.3 and 5.4.
    """
    loss = config.smoothed_cross_entropy()
    # Keras weights the loss of a batch by its number of rows, and a batch is completed for the replicas. Therefore the
    # loss that is shown, and that selects the best epoch, is a metric: the mean over all tokens.
    metrics = {"accuracy": is_correct, "loss": loss}
    model.compile(
        config.make_optimizer(total_steps, beta_2=0.98, epsilon=1e-9),
        WeightedMeanLoss(loss),
        weighted_metrics=[keras.metrics.MeanMetricWrapper(function, name=name) for name, function in metrics.items()],
        jit_compile=config.jit,
    )
    return model


def train_translator(
    run: Run[TranslationConfig], model: keras.Model, data: TranslationData, preprocessor: "TranslationPreprocessor"
) -> dict[str, Any]:
    """Train a translator, score its best epoch once and write everything into the output folder.

    Args:
        run: the run.
        model: a model from `transformer` or `seq2seq`, built in the run's scope.
        data: the data.
        preprocessor: splits sentences into word pieces.

    Returns:
        The content of metrics.json.
    """
    config = run.config
    task = Translation(model, preprocessor, beam_width=config.beam_width, length_penalty=config.length_penalty)
    datasets = [
        task.dataset(
            *split.sources_and_targets(), config.batch_size, is_training, config.seed, run.strategy.num_replicas_in_sync
        )
        for split, is_training in ((data.train, True), (data.validation, False))
    ]
    with run.strategy.scope():
        compile_for_translation(config, model, run.epochs * len(datasets[0]))
    targets = sum(int(weights.numpy().sum()) for _, _, weights in datasets[0])
    best = KeepBest(run.history, run.state / "best.safetensors", "val_loss", patience=config.patience)
    speed = Throughput("target_tokens_per_second", targets, len(datasets[0]))
    sample = data.validation.sample(SAMPLE)
    bleu = ValidationScore(task.with_decoding(beam_width=1), sample.texts, sample.references, "bleu")
    run.train(
        model,
        datasets[0],
        [speed, bleu, run.history, best],
        finished=best.out_of_patience,
        validation_data=datasets[1],
    )
    return finish_translation(run, task, data, best.best_row())


def finish_translation(
    run: Run[TranslationConfig], task: Translation, data: TranslationData, best: Mapping[str, Any]
) -> dict[str, Any]:
    """Score the test texts once, by beam search and greedily, and write everything into the output folder.

    Args:
        run: the run that ends.
        task: a task with its best weights.
        data: the data that it was trained on.
        best: the history row of the best epoch.

    Returns:
        The content of metrics.json.
    """
    if run.config.is_trial:
        return run.finish_trial(task.evaluate(data.validation.texts, data.validation.references))
    sample = data.validation.sample(SAMPLE)
    greedy = task.with_decoding(beam_width=1)
    weights_dtype = round_to_float16_if_harmless(
        task, lambda: round(greedy.evaluate(sample.texts, sample.references)["score"], ndigits=1)
    )
    scores = task.evaluate(data.test.texts, data.test.references)
    metrics = {
        "task": task.name,
        "language": data.language,
        "target_language": data.target_language,
        "metric": "BLEU",
        "validation_score": task.evaluate(data.validation.texts, data.validation.references)["score"],
        "test_score": scores["score"],
        "published_score": None,
        "published_by": None,
        "scores": scores,
        "greedy_test_score": greedy.evaluate(data.test.texts, data.test.references)["score"],
        "beam_width": task.beam_width,
        "length_penalty": task.length_penalty,
        "best_epoch": best["epoch"] + 1,
        "test_examples": len(data.test),
        "vocabulary_size": task.preprocessor.vocabulary_size,
        "training_target_tokens_per_second": best["target_tokens_per_second"],
        "milliseconds_per_sentence": milliseconds_per_sentence(task, data.test.texts),
    }
    metrics["pictures"] = [path.stem for path in _draw(run, task, data, metrics)]
    _print_results(task, data, metrics)
    run.note_smoke()
    metrics = save_task(
        run,
        task,
        data,
        run.describe(metrics),
        weights_dtype,
        data.test.texts,
        fingerprint=data.fingerprint(),
        name=f"{run.recipe}_{run.config.data_name()}",
    )
    run.finish(metrics)
    return metrics


def _draw(
    run: Run[TranslationConfig], task: Translation, data: TranslationData, metrics: Mapping[str, Any]
) -> list[Path]:
    """Draw the training curves and, for a model with attention, the attention weights of one translation."""
    named = {"recipe": run.recipe, "dataset": data.name, **metrics}
    pictures = draw_training(run.folder, run.history.rows(), named)
    if task.model.builder_config["arguments"].get("attention", "soft"):
        text = min(data.test.texts, key=lambda text: abs(len(text.split()) - DRAWN_WORDS))
        pictures.append(run.folder / "alignment.png")
        plots.alignment_maps(alignment_weights(task, text), pictures[-1], title=run.recipe)
    return pictures


def _print_results(task: Translation, data: TranslationData, metrics: Mapping[str, Any]) -> None:
    """Print the scores, and translations of some test texts."""
    scores = metrics["scores"]
    print(
        f"\nTest BLEU {scores['bleu']:.1f} (chrF {scores['chrf']:.1f}) on {len(data.test):,} sources, "
        f"greedy {metrics['greedy_test_score']:.1f}; validation {metrics['validation_score']:.1f} (epoch "
        f"{metrics['best_epoch']}), {metrics['milliseconds_per_sentence']:.1f} ms per sentence\n"
        f"  {scores['bleu_signature']}"
    )
    shown = data.test.sample(SHOWN)
    for source, answer, references in zip(shown.texts, task.predict(shown.texts), shown.references, strict=True):
        print(f"  {source} -> {answer['text']}  (references: {' / '.join(references[:2])})")
