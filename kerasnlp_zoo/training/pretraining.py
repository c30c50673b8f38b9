"""The frame of a run that pretrains BERT: its flags, the documents, how it is trained, and what it leaves behind."""

import dataclasses
import time
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from kerasnlp_zoo import files, plots, zoo
from kerasnlp_zoo.datasets.corpora import TextOptions, open_corpus, parallel_map
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.tasks import FillMask
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.text import WordPieceVocabulary, learn_wordpiece_vocabulary
from kerasnlp_zoo.text.corpus import IDS
from kerasnlp_zoo.text.documents import Documents, encode_documents
from kerasnlp_zoo.text.sentences import split_sentences
from kerasnlp_zoo.training.fine_tuning import adam_with_decay
from kerasnlp_zoo.training.losses import WeightedMeanLoss, cross_entropy, is_correct
from kerasnlp_zoo.training.run import ModelRunOptions
from kerasnlp_zoo.training.saving import save_task
from kerasnlp_zoo.training.schedules import WarmupLinearDecay

SMOKE_STEPS, SMOKE_VOCABULARY_SIZE = 10, 1000


@dataclasses.dataclass
class PretrainingConfig(ModelRunOptions, TextOptions):
    """The flags of recipes that pretrain BERT."""

    size: Literal["tiny", "mini", "small", "medium", "base", "large"] = "tiny"
    """Layers and width: tiny 2 x 128, mini 4 x 256, small 4 x 512, medium 8 x 512, base 12 x 768, large 24 x 1024."""
    vocabulary: str | None = None
    """Pieces of an entry, or of a vocab.txt; by default they are learned from the text."""
    vocabulary_size: int = 8192
    """Most pieces to learn."""
    cased: bool = False
    """Keep case and accents of letters; an entry named by --vocabulary knows by itself."""
    max_sequence_length: int = 128
    """Tokens of an example."""
    epochs: int = 10
    """Epochs; the learning rate falls to 0 over them, and a run can be resumed after each."""
    epoch_steps: int | None = None
    """Batches of an epoch; by default about a pass over the text."""
    batch_size: int = 32
    """Examples in a batch, over all replicas together."""
    learning_rate: float = 1e-3
    """The highest step size; 1e-4 suits large models."""
    warmup: float = 0.1
    """Share of the steps over which the step size rises."""
    weight_decay: float = 0.01
    """Decay of kernels, per unit of step size."""

    def check(self, replicas):
        """Refuse flags that cannot be."""
        super().check(replicas)
        require_positive(
            vocabulary_size=self.vocabulary_size,
            max_sequence_length=self.max_sequence_length,
            epoch_steps=1 if self.epoch_steps is None else self.epoch_steps,
        )
        if not 0 <= self.warmup < 1:
            raise InputError(f"--warmup is a share of the steps, from 0 to below 1. Received: {self.warmup}")


def read_documents(run):
    """Write the text that the flags choose as ids of pieces, once: a resumed run finds them.

    Args:
        run: Run with a `PretrainingConfig`.

    Returns:
        (TextSource, Documents, WordPiecePreprocessor).

    Raises:
        InputError: if the text or the vocabulary cannot be read, or hold nothing.
    """
    from kerasnlp_zoo.text import WordPiecePreprocessor

    started, config, text, folder = time.time(), run.config, open_corpus(run.config), run.state / "documents"
    vocabulary, lower_case = _given_vocabulary(config)
    if folder.exists():
        vocabulary = Documents.load(folder).vocabulary
    elif vocabulary is None:
        lines = (line for lines in text.read() for line in lines)
        size = min(config.vocabulary_size, SMOKE_VOCABULARY_SIZE) if config.smoke else config.vocabulary_size
        vocabulary = learn_wordpiece_vocabulary(lines, size, lower_case)
    preprocessor = WordPiecePreprocessor(
        vocabulary, lower_case, text.language, max_sequence_length=config.max_sequence_length
    )
    if not folder.exists():
        chunks = parallel_map(lambda lines: ids_of_sentences(preprocessor, lines), text.read())
        encode_documents(chunks, vocabulary, folder)
    documents = Documents.load(folder)
    print(
        f"{text.name}: {documents.num_tokens:,} tokens in {documents.num_documents:,} documents, "
        f"{len(vocabulary):,} different ones ({time.time() - started:.0f} s)",
        flush=True,
    )
    return text, documents, preprocessor


def ids_of_sentences(preprocessor, lines):
    """Turn lines into ids of pieces, a 0 after every sentence.

    Args:
        preprocessor: WordPiecePreprocessor.
        lines: list of str; a blank one gives a 0 alone, which ends a document.

    Returns:
        int32 array.
    """
    rows = preprocessor.token_ids([sentence for line in lines for sentence in split_sentences(line)])
    return np.insert(rows.values.numpy(), rows.row_limits().numpy(), 0)


def _given_vocabulary(config):
    """Return the vocabulary that --vocabulary names, or None, and whether letters are lower-cased."""
    if config.vocabulary is None:
        return None, not config.cased
    if Path(config.vocabulary).is_file():
        return WordPieceVocabulary.load(config.vocabulary), not config.cased
    folder = zoo.find(config.vocabulary)
    preprocessing = zoo.read_config(folder)["preprocessing"]
    if preprocessing["class"] != "WordPiecePreprocessor":
        raise InputError(f"--vocabulary takes a vocab.txt, or an entry with word pieces. Received: {config.vocabulary}")
    return WordPieceVocabulary.load(folder / "vocabulary.txt"), preprocessing["config"]["lower_case"]


def compile_for_pretraining(config, model, total_steps):
    """Compile a `bert_pretrainer`: the sum of both losses, each the mean over what is to be told.

    Args:
        config: PretrainingConfig.
        model: `keras.Model`.
        total_steps: int, over which the step size rises and falls.

    Returns:
        The same model.

    Reference: Devlin et al. 2019, appendix A.2.
    """
    schedule = WarmupLinearDecay(config.learning_rate, int(config.warmup * total_steps), total_steps)
    model.compile(
        adam_with_decay(schedule, config.weight_decay),
        {head: WeightedMeanLoss(cross_entropy) for head in ("mlm_logits", "nsp_logits")},
        weighted_metrics={
            "mlm_logits": [keras.metrics.MeanMetricWrapper(is_correct, name="accuracy")],
            "nsp_logits": [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        },
        jit_compile=config.jit,
    )
    return model


def finish_pretraining(run, text, documents, model, preprocessor, validation):
    """Score the model on held-out documents and leave everything in the run's folder.

    The weights are rounded to float16 first: what is scored is what is saved.

    Args:
        run: Run with a `PretrainingConfig`.
        text: TextSource.
        documents: Documents.
        model: `keras.Model` from `bert_pretrainer`, compiled.
        preprocessor: WordPiecePreprocessor.
        validation: `tf.data.Dataset`.

    Returns:
        dict, what metrics.json holds.
    """
    for weight in model.weights:
        weight.assign(np.asarray(weight).astype("float16").astype(weight.dtype))
    scores = model.evaluate(validation, return_dict=True, verbose=0)
    task = FillMask(model, preprocessor)
    golden = golden_texts(task)
    metrics = {
        "task": task.name,
        "language": text.language,
        "metric": "masked tokens guessed",
        "test_score": 100 * scores["mlm_logits_accuracy"],
        "validation_score": None,
        "published_score": None,
        "masked_cross_entropy": scores["mlm_logits_loss"],
        "next_sentence_accuracy": 100 * scores["nsp_logits_accuracy"],
        "tokens": documents.num_tokens,
        "vocabulary_size": len(documents.vocabulary),
        "milliseconds_per_sentence": milliseconds_per_sentence(task, golden * 20),
    }
    named = {"recipe": run.recipe, "dataset": text.name, **metrics}
    metrics["pictures"] = [path.stem for path in draw_pretraining(run.folder, run.history.rows(), named)]
    _print_results(task, metrics, golden)
    metrics = save_task(
        run,
        task,
        text,
        run.describe(metrics),
        "float16",
        [],
        name=f"bert_{run.config.size}_{text.language}",
        fingerprint=files.sha256(documents.folder / IDS),
        use="train bert_classification --pretrained {}",
    )
    run.finish(metrics)
    return metrics


def draw_pretraining(folder, history, metrics):
    """Draw how the training went.

    Args:
        folder: Path, where the picture goes.
        history: list of dict, rows of history.csv.
        metrics: dict with recipe and dataset.

    Returns:
        list of Path, the pictures drawn.
    """
    path = folder / "curves.png"
    plots.pretraining_curves(history, path, f"{metrics['recipe']} on {metrics['dataset']}")
    return [path]


def _print_results(task, metrics, golden):
    """Print the scores, and what is guessed for some texts."""
    print(
        f"\nHeld-out documents: {metrics['test_score']:.1f}% of masked tokens guessed (cross entropy "
        f"{metrics['masked_cross_entropy']:.2f}), {metrics['next_sentence_accuracy']:.1f}% of next sentences told"
    )
    for text, answer in zip(golden, task.predict(golden), strict=True):
        print(f"  {text}: {task.readable(answer)}")
