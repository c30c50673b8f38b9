"""The entries that are not in the package: those that `making` downloads and creates, and those of a second package."""

import dataclasses

from kerasnlp_zoo.types import Language


@dataclasses.dataclass(frozen=True)
class Download:
    """An entry that `zoo.download` creates in the cache.

    Attributes:
        task: name of its task.
        language: language of its texts.
        licence: licence of the weights.
        megabytes: size of the download.
        commercial_use: whether the licence allows commercial use, "yes" or "no".
    """

    task: str
    language: Language
    licence: str
    megabytes: int
    commercial_use: str = "yes"


DOWNLOADS = {
    "glove_6b_50d_en": Download(task="word_embedding", language="en", licence="PDDL-1.0", megabytes=85),
    "bert_minilm_en": Download(task="sentence_similarity", language="en", licence="Apache-2.0", megabytes=84),
    "bert_small_zh": Download(
        task="sentence_similarity",
        language="zh",
        licence="research only, not for commercial use",
        megabytes=89,
        commercial_use="no",
    ),
}

# Entries of 2 MB and more are in the package kerasnlp-zoo-entries: pip install "kerasnlp-zoo[entries]".
ENTRIES_OF_EXTRA = (
    "bilstm_crf_pos_zh",
    "bilstm_crf_segmentation_zh",
    "bilstm_imdb_en",
    "cbow_news_zh",
    "cooccurrence_mixed_en",
    "ngram_wikitext2_en",
    "rnn_language_model_wikitext2_en",
    "seq2seq_attention_en_es",
    "seq2seq_attention_en_zh",
    "skip_gram_mixed_en",
    "text_cnn_imdb_en",
    "text_cnn_movie_reviews_en",
    "transformer_en_es",
    "transformer_encoder_imdb_en",
    "transformer_language_model_wikitext2_en",
)
