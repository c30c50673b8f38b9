"""The facts of a run that may not change before it is resumed: flags, data, labels, vocabulary and initial weights."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import keras
import numpy as np

from kerasnlp_zoo import files
from kerasnlp_zoo.datasets.options import SPLITS
from kerasnlp_zoo.datasets.splits import TextClassificationData
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.vocabulary import TokenList

MAY_CHANGE = ("resume", "output_dir", "epochs", "patience", "save_steps")
SHOWN = 200  # characters of a changed fact in a message


class DataOfSplits(Protocol):
    """Data for training, validation and test."""

    train: Any
    validation: Any
    test: Any

    def fingerprint(self, splits: Sequence[str] = SPLITS) -> str:
        """Return a hash of all texts and labels of the splits."""


DataT = TypeVar("DataT", bound=DataOfSplits)


class RunState:
    """The facts of a run, in a file of its state.

    Args:
        folder: output folder of the run.
        path: the file. It exists if the run is resumed.
        is_chief: whether this process writes the file; of several workers, only the chief does.

    Raises:
        InputError: from all methods, if a fact of the resumed run was different.
    """

    def __init__(self, folder: Path, path: Path, is_chief: bool = True) -> None:
        self.folder, self.path, self.is_chief = folder, path, is_chief
        self.facts: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def save(self) -> None:
        """Write the facts."""
        if self.is_chief:
            files.write_json(self.path, self.facts)

    def remember(self, facts: Mapping[str, Any]) -> None:
        """Add facts, which must be equal to the facts of the resumed run."""
        changed = [
            f"{name} {shown(self.facts[name])} (now {shown(value)})"
            for name, value in facts.items()
            if self.facts.get(name, value) != value
        ]
        if changed:
            raise InputError(
                f"A run can only be resumed with its own flags and data. Expected for {self.folder}: "
                f"{', '.join(changed)}. Only --epochs, --patience and --save-steps may change; start a new run "
                "for other flags or other data"
            )
        self.facts |= facts
        if self.path.parent.exists():
            self.save()

    def remember_flags(self, config: Any) -> None:
        """Add the flags of a run."""
        may_change = {_flag(name) for name in MAY_CHANGE}
        self.remember({flag: value for flag, value in flags_of(config).items() if flag not in may_change})

    def remember_vocabulary(self, vocabulary: TokenList) -> None:
        """Add the vocabulary of a run."""
        digest = hashlib.sha256("\n".join(vocabulary.tokens).encode("utf-8", "surrogatepass")).hexdigest()
        self.remember({"vocabulary": f"{len(vocabulary):,} tokens, sha256 {digest[:16]}"})

    def remember_initial_weights(self, model: keras.Model) -> None:
        """Add a digest of the weights before training. They are random, or those of an encoder, entry or file."""
        digest, count = hashlib.sha256(), 0
        for weight in model.weights:
            values = np.asarray(weight.value)
            digest.update(values.tobytes())
            count += values.size
        self.remember({"weights before training": f"{count:,}, sha256 {digest.hexdigest()[:16]}"})

    def same_data(self, data: DataT, known: Sequence[str] = ()) -> DataT:
        """Add the data of a run, and return it with the labels in the order of the resumed run.

        Args:
            data: the data.
            known: labels whose order a new run takes, if the data has the same labels.
        """
        if isinstance(data, TextClassificationData):
            before, labels = self.facts.get("labels", list(known)), data.labels
            if before != labels and sorted(before) == sorted(labels):
                labels, data = before, data.with_labels(before)
            self.remember({"labels": labels})
        self.remember(
            {
                f"{split} data": f"{len(getattr(data, split)):,} examples, sha256 {data.fingerprint([split])[:16]}"
                for split in SPLITS
            }
        )
        return data


def flags_of(config: Any) -> dict[str, str]:
    """Return {flag: value} of the flags of a run, as strings."""
    return {_flag(field.name): str(getattr(config, field.name)) for field in dataclasses.fields(config)}


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def shown(fact: Any) -> str:
    """Return a fact for a message; the middle of a long one is omitted."""
    text = ", ".join(fact) if isinstance(fact, list) else str(fact)
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]} ... {text[-SHOWN // 2 :]}"
