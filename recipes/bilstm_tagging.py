"""Train a recurrent or convolutional tagger: names, words, parts of speech; BiLSTM-CRF by default.

    kerasnlp-zoo train bilstm_tagging --dataset msra --embeddings characters/vectors.txt
    kerasnlp-zoo train bilstm_tagging --dataset msra --model cnn --head softmax
    kerasnlp-zoo train bilstm_tagging --dataset peoples_daily_segmentation
    kerasnlp-zoo train bilstm_tagging --dataset peoples_daily_pos --tags bmes
    kerasnlp-zoo train bilstm_tagging --dataset peoples_daily_pos --segmenter bilstm_crf_segmentation_zh
    kerasnlp-zoo train bilstm_tagging --dataset universal_dependencies/en_ewt --word-length 20
    kerasnlp-zoo train bilstm_tagging --train-file names.conll --columns 1 4

Chinese is tagged character by character; vectors for characters are word vectors of text cut into characters:

    kerasnlp-zoo train word2vec --dataset news_zh --segmenter characters --output-dir characters

Parts of speech are learned on given words. What the entry then answers for raw text is found by its own words: in
Chinese by those of --segmenter. With --tags bmes the characters' tags tell words and their parts of speech at once (Ng
and Low 2004), which finds the words better than words alone do.
"""

import dataclasses
from pathlib import Path
from typing import Any, Literal

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.report import span_report
from kerasnlp_zoo.datasets.tagged_texts import every_word_is_a_span, with_given_words
from kerasnlp_zoo.datasets.token_classification import TokenClassificationOptions, load_token_classification
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import bilstm_crf, bilstm_tagger, set_word_vectors, text_cnn_tagger
from kerasnlp_zoo.tasks.token_classification import TOKENS, TokenClassification, tags_for
from kerasnlp_zoo.text import TokenPreprocessor
from kerasnlp_zoo.text.preprocessors.tokens import SPLIT_AT_SPACES
from kerasnlp_zoo.training import (
    LazyAdam,
    Run,
    WarmupLinearDecay,
    WeightedMeanLoss,
    WordVectorConfig,
    classification_metrics,
    crf_loss,
    crf_metrics,
    cross_entropy,
    finish_fine_tuning,
    is_repeated_run,
    run_repeatedly,
)

RECURRENT = {"lstm": ("lstm", False), "bilstm": ("lstm", True), "bigru": ("gru", True), "birnn": ("rnn", True)}
METRICS = {"names": ("entity F1", "f1"), "words": ("word F1", "unlabelled_f1"), TOKENS: ("tag accuracy", "accuracy")}


@dataclasses.dataclass
class Config(TokenClassificationOptions, WordVectorConfig):
    """Train a tagger on texts with marked spans; without flags a BiLSTM-CRF on the Chinese names of MSRA."""

    dataset: str = "msra"
    """Name of a data set: ours, or one of TensorFlow Datasets with tokens and tags, such as conll2003."""
    train_file: Path | None = None
    """Your own data instead: a column file, a token and its tag a line; or JSON lines with a text and its spans."""
    model: Literal["bilstm", "lstm", "bigru", "birnn", "cnn"] = "bilstm"
    """What reads the text: recurrent layers in both directions, in one, or windows of words."""
    head: Literal["crf", "softmax"] = "crf"
    """Whether tags are chosen together (conditional random field) or each by itself."""
    tags: Literal["auto", "iob2", "bmes", "bioes", "tokens"] = "auto"
    """How the model writes spans as tags; auto takes bmes, or tokens where every word has one of several labels."""
    segmenter: str | None = None
    """For parts of speech in Chinese: the entry that finds words in raw text, such as bilstm_crf_segmentation_zh."""
    word_length: int | None = None
    """Read this many letters of each word, too; by default none, and 4 for parts of speech in Chinese, 20 in others."""
    num_bigram_bins: int | None = None
    """Read each token together with the next one, too: hash the pairs to so many ids, 60000 for instance."""
    hidden_dim: int = 128
    """Units of each direction of each recurrent layer; filters of each width."""
    num_layers: int = 1
    """Recurrent layers."""
    filter_width: int | None = None
    """Put a convolution over windows of so many words below the recurrent layers."""
    filter_widths: tuple[int, ...] = (3, 5)
    """Words in the windows of each group of filters, for --model cnn."""
    embedding_dim: int = 100
    """Width of a word vector; columns beyond those of --embeddings are random."""
    dropout: float = 0.5
    """Share of columns dropped in training, the same ones for all words of a text."""
    max_sequence_length: int = 1024
    """Longest text in tokens; longer ones lose their end, and with it what is to be found there."""
    epochs: int = 10
    """Most passes over the training data; the step size falls to 0 over them."""
    learning_rate: float = 2e-3
    """The first and highest step size of Adam."""
    batch_size: int = 32
    """Texts in a batch, summed over all replicas."""

    def check(self, replicas: int) -> None:
        """Raise InputError for flags that are invalid or exclude each other on this number of replicas."""
        super().check(replicas)
        if self.model == "cnn" and (self.head == "crf" or self.word_length or self.num_bigram_bins):
            raise InputError(
                "--model cnn is there to compare with: give --head softmax, and no --word-length or --num-bigram-bins"
            )


def main(config: Config, fold: int | None = None) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    if is_repeated_run(config) and fold is None:
        return run_repeatedly(main, "bilstm_tagging", config)
    run = Run("bilstm_tagging", config, fold)
    segmenter = None if config.segmenter is None else zoo.load(config.segmenter)

    data = load_token_classification(config)
    print(span_report(data))
    kind = kind_of(data, config.tags)
    scheme = TOKENS if kind == TOKENS else "bmes" if config.tags == "auto" else config.tags
    tags = tags_for(data.labels, scheme)
    prepare = with_given_words if scheme == TOKENS else lambda split: split
    train, validation = prepare(data.train), prepare(data.validation)

    preprocessor = make_preprocessor(config, data, train, scheme)
    print(f"  vocabulary    {preprocessor.vocabulary_size:,} tokens, {len(tags)} tags ({scheme})")
    channels, vectors = config.load_embeddings(preprocessor, train.texts)

    with run.scope():
        model = build(config, preprocessor, tags, channels)
        if vectors is not None:
            set_word_vectors(model, vectors)
        loss, metrics = (crf_loss, crf_metrics()) if config.head == "crf" else (cross_entropy, classification_metrics())
        steps = config.epochs * -(-len(train) // config.batch_size)
        optimizer = LazyAdam(WarmupLinearDecay(config.learning_rate, 0, steps), global_clipnorm=5.0)
        model.compile(optimizer, WeightedMeanLoss(loss), weighted_metrics=metrics, jit_compile=config.jit)
    task = TokenClassification(model, preprocessor, tags)
    best = run.fit(task, train, validation)

    served = TokenClassification(model, preprocessor.changed(segmenter=segmenter), tags)

    def evaluate(split):
        scored = served if split is data.test else task  # parts of speech: in raw text as well, or of given words alone
        return scored.evaluate(split.texts, split.labels)

    metric, score = METRICS[kind]
    about = config.data_name().removeprefix("peoples_daily_") + ("" if config.tags == "auto" else f"_{config.tags}")
    name = f"{model.builder_config['builder']}_{about}_{data.language}"
    return finish_fine_tuning(run, served, data, best, evaluate, metric, score, name)


def kind_of(data, tags):
    """Tell names, words of Chinese and parts of speech apart, by --tags, what the spans cover and their labels."""
    are_all_words = every_word_is_a_span(data.train)
    if tags == TOKENS or (tags == "auto" and are_all_words and len(data.labels) > 1):
        return TOKENS
    return "words" if are_all_words and data.language == "zh" else "names"


def make_preprocessor(config, data, train, scheme):
    """Return a TokenPreprocessor whose vocabulary is counted on the training texts."""
    is_given = scheme == TOKENS
    preprocessor = TokenPreprocessor.from_texts(
        train.texts,
        language=data.language,
        segmenter=SPLIT_AT_SPACES if is_given else None,
        min_count=config.min_count,
        max_vocabulary_size=config.max_vocabulary_size,
        max_sequence_length=config.max_sequence_length,
    )
    usual = {"zh": 4}.get(data.language, 20) if is_given and config.model != "cnn" else None
    return preprocessor.changed(word_length=config.word_length or usual)


def build(config, preprocessor, tags, channels):
    """Return the model that the flags choose."""
    shared = {
        "vocabulary_size": preprocessor.vocabulary_size,
        "num_classes": len(tags),
        "embedding_dim": config.embedding_dim,
        "channels": channels,
        "dropout": config.dropout,
    }
    if config.model == "cnn":
        return text_cnn_tagger(**shared, filter_widths=config.filter_widths, num_filters=config.hidden_dim)
    cell, bidirectional = RECURRENT[config.model]
    shared |= {
        "hidden_dim": config.hidden_dim,
        "num_layers": config.num_layers,
        "cell": cell,
        "bidirectional": bidirectional,
        "filter_width": config.filter_width,
        "character_vocabulary_size": preprocessor.character_vocabulary_size,
        "num_bigram_bins": config.num_bigram_bins,
    }
    return bilstm_crf(**shared, tags=tags) if config.head == "crf" else bilstm_tagger(**shared)


if __name__ == "__main__":
    main(read_flags(Config))
