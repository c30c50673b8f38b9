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

# Suits a few hundred thousand sentences on CPU.
SMALL = {"hidden_dim": 256, "num_layers": 3, "num_heads": 4, "intermediate_dim": 1024, "dropout": 0.1}
SIZES = {"small": SMALL, **TRANSFORMER_SIZES}


@dataclasses.dataclass
class Config(TranslationConfig):
    """Train a Transformer, by default a small one from English to Spanish on Tatoeba."""

    builders = ("transformer",)
    size: Literal["small", "base", "big"] = "small"
    """Size of the model: base or big of the paper, or small for two CPU cores. --hidden-dim, --num-layers, --num-heads,
    --intermediate-dim and --dropout override its values."""
    hidden_dim: int | None = None
    """Hidden size; default: the value of --size."""
    num_layers: int | None = None
    """Number of blocks of the encoder, and of the decoder; default: the value of --size."""
    num_heads: int | None = None
    """Number of attention heads of each block; default: the value of --size."""
    intermediate_dim: int | None = None
    """Number of units of the first dense layer of a block; default: the value of --size."""
    dropout: float | None = None
    """Dropout rate; default: the value of --size."""
    positions: Literal["sinusoidal", "learned", "none"] = "sinusoidal"
    """Positional encoding; none is for an ablation study."""
    score_mode: Literal["scaled_dot", "additive"] = "scaled_dot"
    """Score of a query and a key in each attention head. additive is slower and needs more memory."""
    norm_first: bool = True
    """Normalize the inputs of a sub-layer, which makes training more robust. The paper normalizes the sums instead."""
    residual: bool = True
    """Use residual connections: add the inputs of a sub-layer to its outputs."""
    layer_norm: bool = True
    """Use layer normalization."""

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the model that --size and its five flags determine."""
        chosen = {name: getattr(self, name) for name in SIZES[self.size]}
        return {name: SIZES[self.size][name] if value is None else value for name, value in chosen.items()}


def main(config: Config) -> dict[str, Any]:
    """Train, evaluate and export; return the content of metrics.json."""
    run = Run("transformer_translation", config)
    data, preprocessor, entry = read_translations(run)

    with run.scope():
        if entry:
            model = entry.model
        else:
            model = transformer(
                vocabulary_size=preprocessor.vocabulary_size,
                max_sequence_length=config.max_sequence_length,
                positions=None if config.positions == "none" else config.positions,
                norm_first=config.norm_first,
                residual=config.residual,
                layer_norm=config.layer_norm,
                score_mode=config.score_mode,
                **config.arguments(),
            )
    return train_translator(run, model, data, preprocessor)


if __name__ == "__main__":
    main(read_flags(Config))
