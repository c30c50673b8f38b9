"""Train a tagger, by default a BiLSTM-CRF, to find names, words or parts of speech.

    kerasnlp-zoo train bilstm_tagging --dataset msra --embeddings characters/vectors.txt
    kerasnlp-zoo train bilstm_tagging --dataset msra --model cnn --head softmax
    kerasnlp-zoo train bilstm_tagging --dataset msra --model transformer --num-layers 2 --dropout 0.3
    kerasnlp-zoo train bilstm_tagging --dataset peoples_daily_segmentation
    kerasnlp-zoo train bilstm_tagging --dataset peoples_daily_pos --tags bmes
    kerasnlp-zoo train bilstm_tagging --dataset peoples_daily_pos --segmenter bilstm_crf_segmentation_zh
    kerasnlp-zoo train bilstm_tagging --dataset universal_dependencies/en_ewt --word-length 20
    kerasnlp-zoo train bilstm_tagging --train-file names.conll --columns 1 4

Chinese is tagged character by character. This trains vectors of characters:

    kerasnlp-zoo train word2vec --dataset news_zh --segmenter characters --output-dir characters

Part-of-speech taggers are trained on given words. For raw text, the entry first splits the text into words, in Chinese
with the entry given as --segmenter. With --tags bmes, one tag per character encodes words and their parts of speech
together (Ng and Low 2004). This finds words better than a model that predicts only words.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

import keras

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.options import TokenClassificationOptions
from kerasnlp_zoo.datasets.report import alignment_report, span_report
from kerasnlp_zoo.datasets.tagged_texts import TaggedTexts, TokenClassificationData, with_given_words
from kerasnlp_zoo.datasets.token_classification import load_token_classification
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.layers.cells_by_name import Cell
from kerasnlp_zoo.layers.characters import CharacterEncoder
from kerasnlp_zoo.models import (
    bilstm_crf,
    bilstm_tagger,
    set_word_vectors,
    text_cnn_crf,
    text_cnn_tagger,
    transformer_crf,
    transformer_tagger,
)
from kerasnlp_zoo.models.embedding_inputs import Channels
from kerasnlp_zoo.tasks.span_tags import TOKENS, TagScheme, tags_for
from kerasnlp_zoo.tasks.token_classification import TokenClassification
from kerasnlp_zoo.text import TokenPreprocessor
from kerasnlp_zoo.text.preprocessors.tokens import SPLIT_AT_SPACES
from kerasnlp_zoo.text.tagged_text import cuts_of, every_word_is_a_span
from kerasnlp_zoo.training import (
    SPAN_METRICS,
    Run,
    ScheduleName,
    ValidationScore,
    WeightedMeanLoss,
    WordVectorConfig,
    classification_metrics,
    crf_loss,
    crf_metrics,
    finish_fine_tuning,
    is_repeated_run,
    run_repeatedly,
)
from kerasnlp_zoo.training.starting_vectors import GLOVES_DEVIATION, KIMS_DEVIATION

RECURRENT = {"lstm": ("lstm", False), "bilstm": ("lstm", True), "bigru": ("gru", True), "birnn": ("rnn", True)}
RECURRENT_FLAGS = ("cell", "skip_connections", "layer_norm", "num_input_layers", "num_output_layers", "filter_width")
Tags: TypeAlias = Literal["auto", "iob2", "bmes", "bioes", "tokens"]


@dataclasses.dataclass
class Config(TokenClassificationOptions, WordVectorConfig):
    """Train a tagger on texts with marked spans, by default a BiLSTM-CRF on the Chinese names of MSRA."""

    builders = (
        "bilstm_crf",
        "bilstm_tagger",
        "transformer_crf",
        "transformer_tagger",
        "text_cnn_crf",
        "text_cnn_tagger",
    )
    dataset: str = "msra"
    """Name of a data set of this package, or of TensorFlow Datasets with tokens and tags, such as
    universal_dependencies/en_ewt."""
    train_file: Path | None = None
    """Your own data instead of a named set: a column file with one token and its tag per line, or JSON lines with a
    text and its spans."""
    model: Literal["bilstm", "lstm", "bigru", "birnn", "transformer", "cnn"] = "bilstm"
    """Encoder: recurrent layers in both directions (bi...) or in one, blocks of the Transformer, or a convolution."""
    cell: Cell | None = None
    """Type of the recurrent cell; default: the type that --model names."""
    head: Literal["crf", "softmax"] = "crf"
    """crf predicts all tags of a text together (conditional random field); softmax predicts each tag separately."""
    tags: Tags = "auto"
    """Scheme in which the model encodes spans as tags. auto: tokens if every word has a label and there are several
    labels; iob2 for --model lstm, which does not see whether a span ends before the next word; otherwise bmes."""
    # The flag of the base class names a library.
    segmenter: str | None = None  # type: ignore[assignment]
    """Only for Chinese parts of speech: entry that splits raw text into words, such as bilstm_crf_segmentation_zh."""
    word_length: int | None = None
    """Number of characters of each word that the model also reads; 0 for none. Default: 20; 4 for parts of speech in
    Chinese; none for other Chinese texts."""
    num_bigram_bins: int | None = None
    """Number of hash bins for pairs of adjacent tokens, which are then also embedded, for example 60000. Default: no
    pairs."""
    hidden_dim: int = 128
    """Number of units of each recurrent layer, per direction; for --model transformer, width of the vectors in the
    blocks; for --model cnn, number of filters of each width."""
    num_layers: int = 1
    """Number of recurrent layers, of blocks of the Transformer, or of stacked convolutions."""
    num_heads: int = 4
    """Number of attention heads of each block, for --model transformer."""
    intermediate_dim: int = 256
    """Number of units between the two dense layers of a block, for --model transformer."""
    positions: Literal["sinusoidal", "learned", "none"] = "sinusoidal"
    """Positional encoding, for --model transformer."""
    skip_connections: bool = False
    """Add the inputs of each recurrent layer after the first to its outputs."""
    layer_norm: bool = False
    """Normalize the inputs of each recurrent layer after the first."""
    num_input_layers: int = 0
    """Number of dense layers with tanh before the recurrent layers."""
    num_output_layers: int = 0
    """Number of dense layers with tanh after the recurrent layers."""
    filter_width: int | None = None
    """Window width, in words, of a convolution before the recurrent layers. Default: no convolution."""
    filter_widths: tuple[int, ...] = (3, 5)
    """Window width, in words, of each group of filters, for --model cnn."""
    usual_embedding_dim: ClassVar[int] = 100
    character_encoder: CharacterEncoder | None = None
    """Layer that reads the letters of a word: a convolution (cnn, the default) or a bidirectional LSTM (lstm)."""
    word_dropout: float = 0.0
    """Fraction of the words that are replaced by [UNK] in training. Their letters are not replaced."""
    dropout: float = 0.5
    """Dropout rate before and after each layer; a feature is dropped at all positions."""
    max_sequence_length: int = 1024
    """Maximum length of a text in tokens; longer texts are truncated at the end, and their last spans are lost."""
    epochs: int = 15
    """Maximum number of passes over the training data."""
    patience: int = 15
    """Stop training after this many epochs without a better validation score. The last epochs, with a low learning
    rate, are usually the best."""
    learning_rate: float = 2e-3
    """Maximum learning rate."""
    schedule: ScheduleName = "linear"
    """Learning rate after the warm-up."""
    clip_norm: float | None = 5.0
    """Maximum norm of the gradient of all weights together."""
    batch_size: int = 32
    """Number of texts in a batch, for all replicas together."""

    def usual_deviation(self, language: str) -> float:
        """Return the standard deviation of pretrained vectors that serves best in this recipe, by validation."""
        return GLOVES_DEVIATION if language == "en" else KIMS_DEVIATION

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        if self.head == "crf":
            self.refuse_label_smoothing("the loss of --head crf is over sequences of tags; --head softmax has classes")
        given = [f"--{name.replace('_', '-')}" for name in RECURRENT_FLAGS if getattr(self, name)]
        if self.model not in RECURRENT and given:
            raise InputError(f"Only recurrent encoders have {', '.join(given)}. Received: --model {self.model}")


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bilstm_tagging", config)
    run = Run("bilstm_tagging", config, fold)
    segmenter = None if config.segmenter is None else zoo.load(config.segmenter)

    data = run.same_data(load_token_classification(config))
    print(span_report(data))
    scheme = scheme_for(data, config.tags, reads_ahead=config.model != "lstm")
    tags = tags_for(data.labels, scheme)
    entry = run.load_entry(data.language, tags)
    prepare = with_given_words if scheme == TOKENS else lambda split: split
    train, validation = prepare(data.train), prepare(data.validation)

    if entry:
        tags, segmenter = entry.labels, entry.preprocessor.segmenter
        preprocessor = entry.preprocessor.changed(segmenter=SPLIT_AT_SPACES if scheme == TOKENS else None)
    else:
        preprocessor = make_preprocessor(config, data, train, scheme)
        preprocessor = config.with_words_of_vectors(preprocessor, validation.texts)
    if preprocessor.cut_at:
        print(f"  cut           words at {' '.join(preprocessor.cut_at)} between letters, as train spans do")
    print(alignment_report(train, preprocessor))
    print(f"  vocabulary    {preprocessor.vocabulary_size:,} tokens, {len(tags)} tags ({scheme})")
    channels, vectors = config.load_embeddings(preprocessor, train.texts)

    with run.scope():
        model = entry.model if entry else build(config, preprocessor, tags, channels, config.width(vectors))
        if vectors is not None:
            set_word_vectors(model, vectors)
        loss, metrics = config.smoothed_cross_entropy(), classification_metrics()
        if model.builder_config["builder"].endswith("crf"):
            loss, metrics = crf_loss, crf_metrics()
        optimizer = config.make_optimizer(run.total_steps(len(train)))
        model.compile(optimizer, WeightedMeanLoss(loss), weighted_metrics=metrics, jit_compile=config.jit)
    task = TokenClassification(model, preprocessor, tags)
    score = ValidationScore(task, validation.texts, validation.references, "f1")
    best = run.fit(task, train, validation, "val_f1", scores=[score])

    served = TokenClassification(model, preprocessor.changed(segmenter=segmenter), tags)

    def evaluate(split: TaggedTexts) -> dict[str, Any]:
        scored = served if split is data.test else task  # only the test texts are also scored as raw text
        return scored.evaluate(split.texts, split.references)

    about = config.data_name().removeprefix("peoples_daily_") + ("" if config.tags == "auto" else f"_{config.tags}")
    name = f"{model.builder_config['builder']}_{about}_{data.language}"
    return finish_fine_tuning(run, served, data, best, SPAN_METRICS, name, evaluate)


def scheme_for(data: TokenClassificationData, tags: Tags, reads_ahead: bool = True) -> TagScheme:
    """Return the scheme of the tags: the value of --tags, or for auto the scheme that fits the spans and the encoder.

    Args:
        data: the data, with their spans.
        tags: value of the flag.
        reads_ahead: whether the vector of a word depends on the words after it. If not, the model cannot predict
            whether a span ends at this word, which the tags of bmes say and those of iob2 do not.
    """
    if tags != "auto":
        return tags
    are_all_words = every_word_is_a_span(data.train.texts, data.train.references)
    if are_all_words and len(data.labels) > 1:
        return TOKENS
    return "bmes" if reads_ahead else "iob2"


def make_preprocessor(
    config: Config, data: TokenClassificationData, train: TaggedTexts, scheme: TagScheme
) -> TokenPreprocessor:
    """Return a preprocessor whose vocabulary is counted on the training texts."""
    is_given = scheme == TOKENS
    preprocessor = TokenPreprocessor.from_texts(
        train.texts,
        language=data.language,
        segmenter=SPLIT_AT_SPACES if is_given else None,
        min_count=config.min_count,
        max_vocabulary_size=config.max_vocabulary_size,
        max_sequence_length=config.max_sequence_length,
        cut_at=cuts_of(train.texts, train.references) if data.language == "en" and not is_given else "",
    )
    usual_length = 20 if data.language != "zh" else 4 if is_given else 0  # raw Chinese is read character by character
    length = usual_length if config.word_length is None else config.word_length
    if config.character_encoder is not None and not length:
        raise InputError(
            f"--character-encoder {config.character_encoder} needs the letters of words, which this model does not "
            "read. Give their number, such as --word-length 20, or omit --character-encoder"
        )
    return preprocessor.changed(word_length=length or None)


def build(
    config: Config, preprocessor: TokenPreprocessor, tags: Sequence[str], channels: Channels, embedding_dim: int
) -> keras.Model:
    """Return the model that the flags select."""
    shared: dict[str, Any] = {
        "vocabulary_size": preprocessor.vocabulary_size,
        "num_classes": len(tags),
        "embedding_dim": embedding_dim,
        "channels": channels,
        "dropout": config.dropout,
        "num_layers": config.num_layers,
        "character_vocabulary_size": preprocessor.character_vocabulary_size,
        "character_encoder": config.character_encoder or "cnn",
        "num_bigram_bins": config.num_bigram_bins,
        "word_dropout": config.word_dropout,
    }
    if config.model == "cnn":
        shared |= {"num_filters": config.hidden_dim, "filter_widths": config.filter_widths}
        return text_cnn_crf(**shared, tags=tags) if config.head == "crf" else text_cnn_tagger(**shared)
    shared["hidden_dim"] = config.hidden_dim
    if config.model == "transformer":
        shared |= {
            "num_heads": config.num_heads,
            "intermediate_dim": config.intermediate_dim,
            "max_sequence_length": config.max_sequence_length,
            "positions": None if config.positions == "none" else config.positions,
        }
        return transformer_crf(**shared, tags=tags) if config.head == "crf" else transformer_tagger(**shared)
    named_cell, bidirectional = RECURRENT[config.model]
    shared |= {
        "cell": config.cell or named_cell,
        "bidirectional": bidirectional,
        "skip_connections": config.skip_connections,
        "layer_norm": config.layer_norm,
        "num_input_layers": config.num_input_layers,
        "num_output_layers": config.num_output_layers,
        "filter_width": config.filter_width,
    }
    return bilstm_crf(**shared, tags=tags) if config.head == "crf" else bilstm_tagger(**shared)


if __name__ == "__main__":
    main(read_flags(Config))
