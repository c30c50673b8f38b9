"""The entries that are too large to ship: what can be downloaded, and under which licence. `making` makes them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Download:
    """An entry that is made in the cache on request.

    Attributes:
        task: name of its task.
        language: "en" or "zh".
        licence: licence of the weights.
        megabytes: size of the download.
    """

    task: str
    language: str
    licence: str
    megabytes: int


DOWNLOADS = {
    "glove_6b_50d_en": Download(task="word_embedding", language="en", licence="PDDL-1.0", megabytes=85),
    "bert_minilm_en": Download(task="sentence_similarity", language="en", licence="Apache-2.0", megabytes=84),
}
