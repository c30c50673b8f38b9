"""`kerasnlp-zoo convert` and `to-huggingface`: BERT from and for other libraries."""

from pathlib import Path
from typing import Literal

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.arguments import Entry, load_task


def convert(
    source: tyro.conf.Positional[Path],
    folder: tyro.conf.Positional[Path],
    language: Literal["en", "zh"] = "en",
    pairs: bool = False,
    pooling: Literal["mean", "first"] | None = None,
    cased: bool = False,
    weights_licence: str = "not stated",
) -> None:
    """Write an entry from a BERT of Hugging Face, of sentence-transformers or of Google in 2018.

    Args:
        source: Folder of that BERT. Nothing in it is executed.
        folder: The new entry's folder.
        language: Language of its texts.
        pairs: The model answers pairs of texts.
        pooling: How the vector of a sentence is computed, if the folder does not say so.
        cased: The vocabulary distinguishes capital letters; Google's folders do not say so.
        weights_licence: Licence of the weights, for the card.
    """
    from kerasnlp_zoo.convert import read_huggingface, read_tf1_checkpoint

    google = (source / "bert_config.json").exists()
    converted = read_tf1_checkpoint(source, not cased) if google else read_huggingface(source, pooling)
    task = converted.task(language, pairs)
    zoo.save(task, folder, weights_licence=weights_licence, command=f"kerasnlp-zoo convert {source.name}")
    print(f"{folder}: {task.name}, {task.model.count_params():,} parameters, {len(converted.tokens):,} tokens")


def to_huggingface(entry: Entry, folder: tyro.conf.Positional[Path]) -> None:
    """Write an entry of BERT as a folder that Hugging Face's transformers loads.

    Args:
        folder: The new folder with config.json, vocab.txt, tokenizer_config.json and model.safetensors.
    """
    from kerasnlp_zoo.convert import write_huggingface

    print(write_huggingface(load_task(entry), folder))
