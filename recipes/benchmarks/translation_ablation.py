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

# The score functions compare vectors of one width; so here both directions of the encoder are added up.
SUM = {"merge": "sum"}
GROUPS = {
    "Transformer": (
        transformer_translation,
        {
            "as it is": {},
            "no positions": {"positions": "none"},
            "one head": {"num_heads": 1},
            "half the width": {"hidden_dim": 128},
            "no residual": {"residual": False},
            "no LayerNorm": {"layer_norm": False},
        },
    ),
    "seq2seq": (
        seq2seq,
        {
            "additive": SUM,
            "general": {**SUM, "score": "general"},
            "dot": {**SUM, "score": "dot"},
            "scaled dot": {**SUM, "score": "scaled_dot"},
            "hard attention": {**SUM, "attention": "hard"},
            "no attention": {**SUM, "attention": "none"},
        },
    ),
}
EDGES = (4, 6, 8, 10, 12, 15, 20, 30)  # words of a source


@dataclasses.dataclass
class Config:
    """Train every variant; on two cores some twenty minutes each and epoch."""

    folder: Path = Path("runs/translation_ablation")
    """Where the runs, the table and the picture go."""
    epochs: int = 2
    """Passes over the training data, the same for all."""
    groups: tuple[str, ...] = tuple(GROUPS)
    """Which tables to fill."""
    smoke: bool = False
    """Try it on a few sentences; the figures mean nothing."""


def main(config):
    """Train, print the table and draw the picture; return the table's rows."""
    rows = []
    for group in config.groups:
        recipe, variants = GROUPS[group]
        scores = {}
        for name, flags in variants.items():
            scores[name] = run(config, recipe, f"{group} {name}", flags)["test_score"]
            reference = next(iter(variants))
            rows.append(row(f"{group}, {name}", "%", scores[name], scores[reference], reference))
    report(rows, config.folder / "rows.json")
    if "seq2seq" in config.groups:
        draw_lengths(config)
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


def draw_lengths(config):
    """Draw BLEU over the length of the source, with attention and without."""
    test = load_translation(TranslationOptions(smoke=config.smoke)).test
    curves = {}
    for name, shown in (("additive", "additive attention"), ("no attention", "no attention")):
        task = zoo.load(folder_of(config, f"seq2seq {name}") / "entry")
        translations = [answer["text"] for answer in task.predict(test.sources)]
        language = task.preprocessor.target_language
        curves[shown] = bleu_by_length(test.sources, translations, test.references, EDGES, language)
    plots.bleu_by_length(curves, config.folder / "lengths.png", "Tatoeba, English to Spanish")


if __name__ == "__main__":
    main(tyro.cli(Config))
