"""What each part of a translator is worth: variants trained alike, one table, and the gain of attention by length.

    python -m recipes.benchmarks.translation_ablation --folder runs/ablation

Every variant is a run of its recipe in a folder of its own; those that are finished are not trained again.
"""

import dataclasses
import json
from pathlib import Path

import tyro

from kerasnlp_zoo import plots, zoo
from kerasnlp_zoo.datasets import TranslationOptions, load_translation
from kerasnlp_zoo.evaluation import bleu_by_length
from recipes import seq2seq, transformer_translation
from recipes.benchmarks.comparison import report, row

# Half as wide as the recipes' models, so that in the same time they learn more. The score functions compare vectors
# of one width; so both directions of the encoder are added up.
GROUPS = {
    "Transformer": (
        transformer_translation,
        {"hidden_dim": 128, "intermediate_dim": 512},
        {
            "as it is": {},
            "no positions": {"positions": "none"},
            "one head": {"num_heads": 1},
            "half the width": {"hidden_dim": 64},
            "no residual": {"residual": False},
            "no LayerNorm": {"layer_norm": False},
        },
    ),
    "seq2seq": (
        seq2seq,
        {"embedding_dim": 128, "hidden_dim": 256, "merge": "sum"},
        {
            "additive": {},
            "general": {"score_mode": "general"},
            "dot": {"score_mode": "dot"},
            "scaled dot": {"score_mode": "scaled_dot"},
            "no attention": {"attention": "none"},
        },
    ),
}
EDGES = (4, 6, 8, 10, 12, 15, 20, 30)  # words of a source


@dataclasses.dataclass
class Config:
    """Train every variant; each busies a core for a quarter of an hour."""

    folder: Path = Path("runs/translation_ablation")
    """Where the runs, the table and the picture go."""
    epochs: int = 4
    """Passes over the training data, the same for all."""
    groups: tuple[str, ...] = tuple(GROUPS)
    """Which tables to fill."""
    smoke: bool = False
    """Try it on a few sentences; the figures mean nothing."""


def main(config):
    """Train, print the table and draw the picture; return the table's rows."""
    rows = []
    for group in config.groups:
        recipe, shared, variants = GROUPS[group]
        scores = {}
        for name, flags in variants.items():
            scores[name] = run(config, recipe, f"{group} {name}", shared | flags)["test_score"]
            reference = next(iter(variants))
            rows.append(row(f"{group}, {name}", "%", scores[name], scores[reference], reference))
    if "seq2seq" in config.groups:
        rows += lengths(config)
    report(rows, config.folder / "rows.json")
    return rows


def run(config, recipe, name, flags):
    """Train a variant, unless that is done; return what its metrics.json holds."""
    folder = folder_of(config, name)
    if (folder / "metrics.json").exists():
        return json.loads((folder / "metrics.json").read_text("utf-8"))
    resume = (folder / "state").exists()
    return recipe.main(
        recipe.Config(output_dir=folder, epochs=config.epochs, smoke=config.smoke, resume=resume, **flags)
    )


def folder_of(config, name):
    """Return the folder of a variant."""
    return config.folder / name.replace(" ", "_")


def lengths(config):
    """Draw BLEU over the length of the source, with attention and without; return it as rows."""
    test = load_translation(TranslationOptions(smoke=config.smoke)).test
    curves = {}
    attention, without = "additive attention", "no attention"
    for name, shown in (("additive", attention), ("no attention", without)):
        task = zoo.load(folder_of(config, f"seq2seq {name}") / "entry")
        translations = [answer["text"] for answer in task.predict(test.sources)]
        language = task.preprocessor.target_language
        curves[shown] = bleu_by_length(test.sources, translations, test.references, EDGES, language)
    plots.bleu_by_length(curves, config.folder / "lengths.png", "Tatoeba, English to Spanish")
    return [
        row(f"sources of at most {some['up_to']} words ({some['texts']})", "%", some["bleu"], none["bleu"], without)
        for some, none in zip(curves[attention], curves[without], strict=True)
    ]


if __name__ == "__main__":
    main(tyro.cli(Config))
