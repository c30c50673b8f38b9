"""An entry whose training continues on other data: its flag, and the checks that the flags and the data fit it."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.flags import group_of
from kerasnlp_zoo.zoo.addresses import is_address
from kerasnlp_zoo.zoo.cards import STARTS

KEPT_GROUPS = ("model", "text")  # groups of flags whose values the entry determines


@dataclasses.dataclass
class ContinuedEntryOptions:
    """The flag that names the entry.

    Attributes:
        builders: names of the builders of the recipe. The entry was built by one of them.
    """

    builders: ClassVar[tuple[str, ...]] = ()
    from_entry: str | None = None
    """Continue the training of this entry, a name, folder or hf:// address, on other data. Its model, vocabulary and
    preprocessing are kept; labels that differ from its labels get a new output layer."""

    def check_entry(self) -> None:
        """Raise InputError if the entry cannot be trained by this recipe, or other flags contradict it."""
        if self.from_entry is None:
            return
        config = zoo.read_config(self.from_entry)
        if config["builder"] not in self.builders:
            raise InputError(
                f"The entry {self.from_entry} was built by {config['builder']}. Expected an entry of this recipe, "
                f"built by {' or '.join(self.builders)}. Train it with the recipe of its family"
            )
        if "quantization" in config:
            raise InputError(
                f"The entry {self.from_entry} has {config['quantization']} weights, which cannot be trained. Use "
                f"--from-entry with the entry it was made from, {config.get('quantized_from', 'with float weights')}, "
                "and quantize the result"
            )
        own = {"model": config["builder"], **config["builder_arguments"], **config["preprocessing"]["config"]}
        contradicting = [
            f"--{field.name.replace('_', '-')} {value}"
            + (f" (the entry: {own[field.name]})" if field.name in own else "")
            for field in dataclasses.fields(self)
            for value in [getattr(self, field.name)]
            if group_of(field.name) in KEPT_GROUPS and value != field.default and not _is_own(field.name, value, own)
        ]
        if contradicting:
            raise InputError(
                f"--from-entry keeps the model, the vocabulary and the preprocessing of {self.from_entry}. Received: "
                f"{', '.join(contradicting)}. Omit these flags, or train a new model without --from-entry"
            )

    def entry_labels(self) -> list[str]:
        """Return the labels of the entry; without an entry or labels, an empty list."""
        return zoo.read_config(self.from_entry)["labels"] if self.from_entry else []

    def load_entry(self, language: str, labels: Sequence[str] = (), has_pairs: bool = False) -> Any:
        """Load the entry, with a new output layer unless it has the labels of the data.

        Args:
            language: language of the data.
            labels: labels of the data.
            has_pairs: whether the data consists of pairs of texts.

        Returns:
            The task of the entry; None without an entry. Labels of the entry keep its order.

        Raises:
            InputError: if the data does not fit the entry.
        """
        if self.from_entry is None:
            return None
        is_known = sorted(labels) == sorted(self.entry_labels())
        task = zoo.load(self.from_entry, labels=None if is_known else list(labels))
        if task.preprocessor.language != language:
            raise InputError(
                f"The entry {self.from_entry} reads texts of the language {task.preprocessor.language!r}. Received: "
                f"data of the language {language!r}. Use data of the entry's language, or train without --from-entry"
            )
        if (len(task.preprocessor.inputs) == 2) != has_pairs:
            raise InputError(
                f"The entry {self.from_entry} reads {'single texts' if has_pairs else 'pairs of texts'}. Received: "
                f"{'pairs of texts' if has_pairs else 'single texts'}. Use data like the entry's, or train without "
                "--from-entry"
            )
        output = "" if is_known else ", with a new output layer for other labels"
        print(f"Continuing {self.from_entry}: {task.model.count_params():,} weights{output}")
        return task


def starting_entries(config: object) -> dict[str, str]:
    """Return the entries in which the training of a run starts, by the names of their flags, for metrics.json.

    An address of the Hugging Face Hub has the commit that was loaded, because branches move.
    """
    entries = {name: getattr(config, name, None) for name in STARTS}
    return {
        name: zoo.exact_name(entry)
        for name, entry in entries.items()
        if entry is not None and (name == "from_entry" or is_address(entry))
    }


def _is_own(name: str, value: Any, own: dict[str, Any]) -> bool:
    """Return whether the value of a flag is the argument with which the entry was built."""
    plain = list(value) if isinstance(value, tuple) else None if value == "none" else value
    return name in own and own[name] == plain
