"""The entries that are too large to ship: their sizes and licences. The module `making` downloads and creates them."""

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
