"""The shared part of recipes that pretrain BERT: flags, documents, compiling and the end of a run."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo import files, models, plots, zoo
from kerasnlp_zoo.datasets.corpora import TextOptions, TextSource, open_corpus, parallel_map
from kerasnlp_zoo.datasets.encoded_text import EncodedText
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.objectives.losses import WeightedMeanLoss, is_correct
from kerasnlp_zoo.tasks import FillMask
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.text import WordPieceVocabulary, learn_wordpiece_vocabulary
from kerasnlp_zoo.text.corpus import IDS
from kerasnlp_zoo.text.documents import Documents, encode_documents, ids_of_sentences
from kerasnlp_zoo.training.optimizers import ScheduleName
from kerasnlp_zoo.training.run import Run
from kerasnlp_zoo.training.run_options import ModelRunOptions
from kerasnlp_zoo.training.saving import round_to_float16, save_task
from kerasnlp_zoo.vocabulary import CONTINUES, MASK

if TYPE_CHECKING:
    from kerasnlp_zoo.text import WordPiecePreprocessor

SHOWN_TOKENS = 12  # of a sentence, to query the SavedModel with
SMOKE_STEPS, SMOKE_VOCABULARY_SIZE = 10, 1000


@dataclasses.dataclass
class PretrainingConfig(ModelRunOptions, TextOptions):
    """The flags of recipes that pretrain BERT."""

    size: Literal["tiny", "mini", "small", "medium", "base", "large"] = "tiny"
    """Number of layers and hidden size: tiny 2 x 128, mini 4 x 256, small 4 x 512, medium 8 x 512, base 12 x 768,
    large 24 x 1024."""
    vocabulary: str | None = None
    """Entry, or vocab.txt file, with the word pieces. Default: they are learned from the text."""
    vocabulary_size: int = 8192
    """Maximum number of word pieces to learn."""
    cased: bool = False
    """Keep case and accents of letters. Ignored if --vocabulary is an entry, which contains this setting."""
    max_sequence_length: int = 128
    """Number of tokens in an example."""
    epochs: int = 10
    """Number of epochs. A run can be resumed after each epoch."""
    epoch_steps: int | None = None
    """Number of batches in an epoch. Default: about one pass over the text."""
    batch_size: int = 32
    """Number of examples in a batch, for all replicas together."""
    learning_rate: float = 1e-3
    """Maximum learning rate; use 1e-4 for large models."""
    schedule: ScheduleName = "linear"
    """Learning rate after the warm-up."""
    warmup_steps: float = 0.1
    """Number of steps in which the learning rate increases to its maximum; a number below 1 is a share of all
    steps."""
    weight_decay: float | None = 0.01
    """Weight decay of the kernels, relative to the learning rate; biases and embeddings do not decay."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(
            vocabulary_size=self.vocabulary_size,
            max_sequence_length=self.max_sequence_length,
            epoch_steps=1 if self.epoch_steps is None else self.epoch_steps,
        )


def read_documents(run: Run[PretrainingConfig]) -> tuple[TextSource, Documents, "WordPiecePreprocessor"]:
    """Write the text that the flags select as token ids into the run's state, where a resumed run finds them.

    Raises:
        InputError: if the text or the vocabulary is empty or cannot be read.
    """
    from kerasnlp_zoo.text import WordPiecePreprocessor

    started, config, source, folder = time.time(), run.config, open_corpus(run.config), run.state / "documents"
    run.remembered.remember({"text": config.fingerprint()})
    if source.encoded:
        folder, lower_case = _encoded_folder(config, source.encoded), source.encoded.lower_case
        vocabulary = None
    else:
        vocabulary, lower_case = given_vocabulary(config.vocabulary, config.cased)
    with run.chief_first():
        if folder.exists():
            vocabulary = Documents.load(folder).vocabulary
        elif vocabulary is None:
            lines = (line for lines in source.read() for line in lines)
            size = min(config.vocabulary_size, SMOKE_VOCABULARY_SIZE) if config.smoke else config.vocabulary_size
            vocabulary = learn_wordpiece_vocabulary(lines, size, lower_case)
        preprocessor = WordPiecePreprocessor(
            vocabulary, lower_case, source.language, max_sequence_length=config.max_sequence_length
        )
        if not folder.exists():
            chunks = parallel_map(lambda lines: ids_of_sentences(preprocessor, lines), source.read())
            encode_documents(chunks, vocabulary, folder)
        documents = Documents.load(folder)
    print(
        f"{source.name}: {documents.num_tokens:,} tokens in {documents.num_documents:,} documents, "
        f"{len(vocabulary):,} different ones ({time.time() - started:.0f} s)",
        flush=True,
    )
    return source, documents, preprocessor


def _encoded_folder(config: PretrainingConfig, encoded: EncodedText) -> Path:
    """Return the folder of token ids that --corpus names."""
    assert config.corpus is not None
    encoded.require_unit("pieces", config.corpus)
    if config.vocabulary is not None or config.cased:
        raise InputError(
            f"{config.corpus} contains token ids and their vocabulary. Received: --vocabulary {config.vocabulary}, "
            f"--cased {config.cased}. Leave both out, or encode the text again"
        )
    documents = Documents.load(config.corpus)
    documents.check_ids(len(documents.vocabulary))
    return config.corpus


def given_vocabulary(vocabulary: str | None, cased: bool) -> tuple[WordPieceVocabulary | None, bool]:
    """Return a vocabulary of word pieces, and whether text is lower-cased.

    Args:
        vocabulary: an entry with word pieces, or a vocab.txt; None for no vocabulary.
        cased: whether the case of letters is kept. An entry contains this setting.

    Raises:
        InputError: if there is no such entry, or it has no word pieces, or the file is not valid.
    """
    if vocabulary is None:
        return None, not cased
    if Path(vocabulary).is_file():
        return WordPieceVocabulary.load(vocabulary), not cased
    folder = zoo.find(vocabulary)
    preprocessing = zoo.read_config(folder)["preprocessing"]
    if preprocessing["class"] != "WordPiecePreprocessor":
        raise InputError(
            f"Expected a vocab.txt or an entry with word pieces. Received: --vocabulary {vocabulary}, "
            f"an entry with a {preprocessing['class']}"
        )
    return WordPieceVocabulary.load(folder / "vocabulary.txt"), preprocessing["config"]["lower_case"]


def compile_for_pretraining(config: PretrainingConfig, model: keras.Model, total_steps: int) -> keras.Model:
    """Compile a `bert_pretrainer`; the loss is the sum of the mean losses of both heads.

    Args:
        config: the flags.
        model: a model from `bert_pretrainer`.
        total_steps: steps in which the learning rate increases and decreases.

    Returns:
        The same model.

    Reference: Devlin et al. 2019, appendix A.2.
    """
    model.compile(
        config.make_optimizer(total_steps),
        {head: WeightedMeanLoss(config.smoothed_cross_entropy()) for head in ("mlm_logits", "nsp_logits")},
        weighted_metrics={
            "mlm_logits": [keras.metrics.MeanMetricWrapper(is_correct, name="accuracy")],
            "nsp_logits": [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        },
        jit_compile=config.jit,
    )
    return model


def finish_pretraining(
    run: Run[PretrainingConfig],
    source: TextSource,
    documents: Documents,
    model: keras.Model,
    preprocessor: "WordPiecePreprocessor",
    validation: tf.data.Dataset,
) -> dict[str, Any]:
    """Round the weights to float16, score the model on held-out documents and write everything into the output folder.

    Args:
        run: the run that ends.
        source: where the text comes from.
        documents: the text as token ids.
        model: a compiled model from `bert_pretrainer`.
        preprocessor: splits sentences into tokens.
        validation: batches of held-out documents.

    Returns:
        The content of metrics.json.
    """
    task = FillMask(model, preprocessor)
    round_to_float16(model)
    # A copy that no strategy distributes: of several workers, only the chief evaluates.
    copy = models.build(model.builder_config)
    copy.set_weights(model.get_weights())
    scores = compile_for_pretraining(run.config, copy, total_steps=1).evaluate(validation, return_dict=True, verbose=0)
    golden = golden_texts(task)
    metrics = {
        "task": task.name,
        "language": source.language,
        "metric": "masked token accuracy",
        "test_score": 100 * scores["mlm_logits_accuracy"],
        "validation_score": None,
        "published_score": None,
        "published_by": None,
        "masked_cross_entropy": scores["mlm_logits_loss"],
        "next_sentence_accuracy": 100 * scores["nsp_logits_accuracy"],
        "tokens": documents.num_tokens,
        "vocabulary_size": len(documents.vocabulary),
        "milliseconds_per_sentence": milliseconds_per_sentence(task, golden * 20),
    }
    named = {"recipe": run.recipe, "dataset": source.name, **metrics}
    metrics["pictures"] = [path.stem for path in draw_pretraining(run.folder, run.history.rows(), named)]
    _print_results(task, metrics, golden)
    run.note_smoke()
    metrics = save_task(
        run,
        task,
        source,
        run.describe(metrics),
        "float16",
        [masked_sentence(documents, preprocessor)],
        name=f"bert_{run.config.size}_{source.language}",
        fingerprint=files.sha256(documents.folder / IDS),
        use="train bert_classification --pretrained {}",
    )
    run.finish(metrics)
    return metrics


def masked_sentence(documents: Documents, preprocessor: "WordPiecePreprocessor") -> str:
    """Return the first sentence of the text, its first tokens only, with a mask in the middle."""
    ids = documents.read(0, SHOWN_TOKENS)
    end = np.flatnonzero(np.append(ids, 0) == 0)[0]
    before, after = (preprocessor.detokenize(part) for part in (ids[: end // 2], ids[end // 2 + 1 : end]))
    return f"{before} {MASK} {after.removeprefix(CONTINUES)}".strip()


def draw_pretraining(folder: Path, history: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]) -> list[Path]:
    """Draw the training curves, curves.png.

    Args:
        folder: output folder.
        history: rows of history.csv.
        metrics: content of metrics.json; recipe and dataset are used.

    Returns:
        The paths of the plots.
    """
    path = folder / "curves.png"
    plots.pretraining_curves(history, path, f"{metrics['recipe']} on {metrics['dataset']}")
    return [path]


def _print_results(task: FillMask, metrics: Mapping[str, Any], golden: Sequence[str]) -> None:
    """Print the scores, and predictions for some texts."""
    print(
        f"\nHeld-out documents: accuracy {metrics['test_score']:.1f}% on masked tokens (cross entropy "
        f"{metrics['masked_cross_entropy']:.2f}), {metrics['next_sentence_accuracy']:.1f}% on next sentences"
    )
    for text, answer in zip(golden, task.predict(golden), strict=True):
        print(f"  {text}: {task.readable(answer)}")
