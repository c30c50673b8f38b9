"""Train a Transformer to translate.

    kerasnlp-zoo train transformer_translation
    kerasnlp-zoo train transformer_translation --dataset reversal --epochs 20
    kerasnlp-zoo train transformer_translation --source en --target uk
    kerasnlp-zoo train transformer_translation --dataset wmt14_translate/de-en --source en --target de --size base
    kerasnlp-zoo train transformer_translation --train-file news.en --target-file news.zh --source en --target zh

Published (Vaswani et al. 2017, WMT 2014 English to German): BLEU 27.3 of base, 28.4 of big.
"""

import dataclasses
from typing import Any, Literal

from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import TRANSFORMER_SIZES, transformer
from kerasnlp_zoo.training import Run, TranslationConfig, read_translations, train_translator

# For some hundred thousand sentences on CPU cores.
SMALL = {"hidden_dim": 256, "num_layers": 3, "num_heads": 4, "intermediate_dim": 1024, "dropout": 0.1}
SIZES = {"small": SMALL, **TRANSFORMER_SIZES}


@dataclasses.dataclass
class Config(TranslationConfig):
    """Train a Transformer; without flags a small one from English to Spanish, on Tatoeba."""

    size: Literal["small", "base", "big"] = "small"
    """The paper's base or big model, or one for two CPU cores; the flags below change it."""
    hidden_dim: int | None = None
    """Width of the vectors."""
    num_layers: int | None = None
    """Blocks of the encoder, and of the decoder."""
    num_heads: int | None = None
    """Attention heads of each block."""
    intermediate_dim: int | None = None
    """Width between the two dense layers of a block."""
    dropout: float | None = None
    """Share of features dropped in training."""
    positions: Literal["sinusoidal", "learned", "none"] = "sinusoidal"
    """How a piece's place is told."""
    norm_first: bool = True
    """Normalise what goes into a sub-layer, which trains without much care, instead of the sums, as the paper does."""
    residual: bool = True
    """Add the outputs of a sub-layer to its inputs."""
    layer_norm: bool = True
    """Normalise at all."""

    def arguments(self):
        """Return the arguments of the model that its size decides, with what the flags change."""
        chosen = {name: getattr(self, name) for name in SIZES[self.size]}
        return {name: SIZES[self.size][name] if value is None else value for name, value in chosen.items()}


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("transformer_translation", config)
    data, preprocessor = read_translations(run)

    with run.scope():
        model = transformer(
            vocabulary_size=preprocessor.vocabulary_size,
            max_sequence_length=config.max_sequence_length,
            positions=None if config.positions == "none" else config.positions,
            norm_first=config.norm_first,
            residual=config.residual,
            layer_norm=config.layer_norm,
            **config.arguments(),
        )
    return train_translator(run, model, data, preprocessor)


if __name__ == "__main__":
    main(read_flags(Config))
