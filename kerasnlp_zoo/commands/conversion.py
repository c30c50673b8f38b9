"""`kerasnlp-zoo convert` and `to-huggingface`: BERT and DistilBERT from and for other libraries."""

from pathlib import Path
from typing import Literal

import tyro

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.arguments import Entry, load_task
from kerasnlp_zoo.zoo.addresses import is_address
from kerasnlp_zoo.zoo.hub import fetch


def convert(
    source: tyro.conf.Positional[str],
    folder: tyro.conf.Positional[Path],
    language: Literal["en", "zh"] = "en",
    pairs: bool = False,
    pooling: Literal["mean", "first"] | None = None,
    cased: bool = False,
    can_abstain: bool = False,
    weights_licence: str = "not stated",
) -> None:
    """Convert a BERT or DistilBERT of Hugging Face or sentence-transformers, or a BERT of Google (2018), to an entry.

    A folder that would not give the numbers of the original is refused.

    Args:
        source: Folder of the model, or its address hf://organisation/name@revision. Code in it is not executed.
        folder: Folder of the new entry.
        language: Language of the texts that the model reads.
        pairs: The model takes pairs of texts. Not needed for a CrossEncoder.
        pooling: How a sentence vector is computed. Needed if the folder does not contain this setting.
        cased: The vocabulary distinguishes capital letters. Needed for Google's folders, which do not contain this
            setting.
        can_abstain: A model for questions was trained to answer that there is no answer, as on SQuAD 2.0. Needed if the
            folder does not contain this setting.
        weights_licence: Licence of the weights, for the card.
    """
    theirs = fetch(source) if is_address(source) else Path(source)
    from kerasnlp_zoo.convert import read_huggingface, read_tf1_checkpoint

    google = (theirs / "bert_config.json").exists()
    converted = read_tf1_checkpoint(theirs, not cased) if google else read_huggingface(theirs, pooling)
    if can_abstain:
        converted = converted.abstaining()
    task = converted.task(language, pairs)
    name = zoo.exact_name(source) if is_address(source) else theirs.name
    zoo.save(task, folder, weights_licence=weights_licence, command=f"kerasnlp-zoo convert {name}")
    print(f"{folder}: {task.name}, {task.model.count_params():,} parameters, {len(converted.tokens):,} tokens")


def to_huggingface(entry: Entry, folder: tyro.conf.Positional[Path]) -> None:
    """Write a BERT or DistilBERT entry as a folder that Hugging Face's transformers can load.

    Args:
        folder: The new folder with config.json, vocab.txt, tokenizer_config.json and model.safetensors.
    """
    task = load_task(entry)  # a wrong name is reported before TensorFlow is loaded
    from kerasnlp_zoo.convert import write_huggingface

    print(write_huggingface(task, folder))
