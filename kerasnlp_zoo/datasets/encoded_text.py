"""A folder of token ids that `kerasnlp-zoo corpus` wrote: recipes train from it as from the text."""

import dataclasses
from pathlib import Path
from typing import Literal, NoReturn, Self, TypeAlias

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.files import read_json, write_json
from kerasnlp_zoo.types import FilePath, Language

Segmenter: TypeAlias = Literal["jieba", "spaces", "characters"]
SOURCE = "source.json"
UNITS = {"words": "word2vec, glove and cooccurrence", "pieces": "bert_pretraining"}  # unit -> recipes that train on it


@dataclasses.dataclass(frozen=True)
class EncodedText:
    """How a text was converted to token ids: content of source.json.

    Attributes:
        unit: what a token is.
        language: language of the text.
        segmenter: for words: how the text was split.
        min_count: for words: minimum number of occurrences of a word.
        lower_case: for pieces: whether letters were lower-cased.
    """

    unit: Literal["words", "pieces"]
    language: Language
    segmenter: Segmenter | None = None
    min_count: int = 1
    lower_case: bool = True

    def save(self, folder: FilePath) -> None:
        """Write source.json."""
        write_json(Path(folder, SOURCE), dataclasses.asdict(self))

    @classmethod
    def load(cls, folder: FilePath) -> Self | None:
        """Return the content of source.json; None if the folder does not have this file.

        Raises:
            InputError: if the file is not valid.
        """
        path = Path(folder, SOURCE)
        if not path.is_file():
            return None
        values = read_json(path, "how a text was encoded", "Encode it again with kerasnlp-zoo corpus")
        try:
            encoded = cls(**values)
            require_choice("unit", encoded.unit, tuple(UNITS))
            require_choice("language", encoded.language, ("en", "zh"))
        except (TypeError, ValueError) as error:
            raise InputError(f"{path} is damaged. Encode the text again with kerasnlp-zoo corpus. {error}") from error
        return encoded

    def require_unit(self, unit: str, folder: FilePath | None) -> None:
        """Raise InputError if the token ids are of another unit than a recipe reads."""
        if self.unit != unit:
            self.refuse(folder)

    def refuse(self, folder: FilePath | None) -> NoReturn:
        """Raise InputError: the recipe needs the text, or token ids of another unit."""
        raise InputError(
            f"{folder} contains token ids of {self.unit}, which only {UNITS[self.unit]} can train on. Give this recipe "
            "the text itself: --corpus TEXT"
        )
