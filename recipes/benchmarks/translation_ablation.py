"""Ablation study: scores of translators without single parts, and the benefit of attention by length of the source.

    python -m recipes.benchmarks.translation_ablation --folder runs/ablation

Every variant is a run of its recipe in its own folder. Finished variants are not trained again.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import tyro

from kerasnlp_zoo import plots, zoo
from kerasnlp_zoo.datasets import TranslationOptions, load_translation
from kerasnlp_zoo.evaluation import bleu_by_length
from recipes import seq2seq, transformer_translation
from recipes.benchmarks.comparison import Row, report, row

# The models are half as wide as in the recipes, to train faster. The score functions need vectors of one width,
# so the two directions of the encoder are summed.
GROUPS: dict[str, tuple[Any, dict[str, Any], dict[str, dict[str, Any]]]] = {
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
EDGES = (4, 6, 8, 10, 12, 15, 20, 30)  # limits of the length groups, in words of the source


@dataclasses.dataclass
class Config:
    """Train every variant; each takes a quarter of an hour on one core."""

    folder: Path = Path("runs/translation_ablation")
    """Output folder of the runs, the table and the plot."""
    epochs: int = 4
    """Number of passes over the training data, the same for all variants."""
    groups: tuple[str, ...] = tuple(GROUPS)
    """Tables to fill."""
    smoke: bool = False
    """Try it on a few sentences; the results are meaningless."""


def main(config: Config) -> list[Row]:
    """Train, print the table and draw the plot; return the rows of the table."""
    rows = []
    for group in config.groups:
        recipe, shared, variants = GROUPS[group]
        scores = {}
        for name, flags in variants.items():
            scores[name] = run(config, recipe, f"{group} {name}", shared | flags)["test_score"]
            reference = next(iter(variants))
            rows.append(row(f"{group}, {name}", "%", scores[name], scores[reference], peer_name=reference))
    if "seq2seq" in config.groups:
        rows += lengths(config)
    report(rows, config.folder / "rows.json")
    return rows


def run(config: Config, recipe: Any, name: str, flags: dict[str, Any]) -> dict[str, Any]:
    """Train a variant unless it is finished; return the content of its metrics.json."""
    folder = folder_of(config, name)
    metrics: dict[str, Any]
    if (folder / "metrics.json").exists():
        metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    else:
        resume = (folder / "state").exists()
        flags = {"output_dir": folder, "epochs": config.epochs, "smoke": config.smoke, "resume": resume, **flags}
        metrics = recipe.main(recipe.Config(**flags))
    return metrics


def folder_of(config: Config, name: str) -> Path:
    """Return the folder of a variant."""
    return config.folder / name.replace(" ", "_")


def lengths(config: Config) -> list[Row]:
    """Draw BLEU by length of the source, with and without attention; return it as rows."""
    data = load_translation(TranslationOptions(smoke=config.smoke))
    test = data.test
    curves = {}
    attention, without = "additive attention", "no attention"
    for name, shown in (("additive", attention), ("no attention", without)):
        task = zoo.load(folder_of(config, f"seq2seq {name}") / "entry", "translation")
        translations = [answer["text"] for answer in task.predict(test.texts)]
        curves[shown] = bleu_by_length(test.texts, translations, test.references, EDGES, data.target_language)
    plots.bleu_by_length(curves, config.folder / "lengths.png", "Tatoeba, English to Spanish")
    return [
        row(
            f"sources of at most {some['up_to']} words ({some['texts']})",
            "%",
            some["bleu"],
            none["bleu"],
            peer_name=without,
        )
        for some, none in zip(curves[attention], curves[without], strict=True)
    ]


if __name__ == "__main__":
    main(tyro.cli(Config))
