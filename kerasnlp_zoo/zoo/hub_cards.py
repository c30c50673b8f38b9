"""The card of an entry on the Hugging Face Hub: metadata by which it is found there, and the card of the entry."""

import re
from collections.abc import Mapping
from typing import Any

from kerasnlp_zoo.types import Config
from kerasnlp_zoo.zoo.addresses import Address
from kerasnlp_zoo.zoo.cards import BAR, card, languages

# Task -> the Hub's name of the nearest kind of answer.
PIPELINES = {
    "text_classification": "text-classification",
    "multi_label_classification": "text-classification",
    "feature_classification": "tabular-classification",
    "text_regression": "text-classification",
    "token_classification": "token-classification",
    "tree_classification": "text-classification",
    "question_answering": "question-answering",
    "sentence_similarity": "sentence-similarity",
    "fill_mask": "fill-mask",
    "language_modeling": "text-generation",
    "translation": "translation",
    "word_embedding": "feature-extraction",
}
# The Hub's identifiers of licences that are not their SPDX names in small letters.
LICENCES = {"PDDL-1.0": "pddl", "not stated": "unknown"}
KNOWN_LICENCES = ("apache-2.0", "mit", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "pddl")
METRICS = ("accuracy", "bleu", "f1", "perplexity", "spearmanr")  # the Hub's names
DATASET = re.compile(r"[A-Za-z0-9][\w.-]*")  # a name of a data set, not a file or a sentence


def hub_card(config: Config, metrics: Mapping[str, Any], size: float, address: Address) -> str:
    """Return the README.md of an entry on the Hub.

    Args:
        config, metrics, size: as for `card`.
        address: where the entry will be.
    """
    return f"{BAR}\n{_metadata(config, metrics)}\n{BAR}\n\n{card(config, metrics, size, str(address))}"


def _metadata(config: Config, metrics: Mapping[str, Any]) -> str:
    """Return the metadata in YAML: https://huggingface.co/docs/hub/model-cards."""
    from huggingface_hub import EvalResult, ModelCardData

    pipeline, dataset = PIPELINES[config["task"]], metrics.get("dataset") or config.get("data", {}).get("name", "")
    has_dataset = bool(DATASET.fullmatch(dataset))
    metric, value = str(metrics.get("metric", "")), metrics.get("test_score")
    kind = _metric(metric)
    is_scored = value is not None and has_dataset
    result = EvalResult(pipeline, dataset, dataset, kind, value, metric_name=f"test {metric}") if is_scored else None
    licence, licence_name = _licence(config.get("weights_licence", "not stated"))
    quantized = ["int8"] if {"quantization", "quantized_from"} & set(config) else []
    return ModelCardData(
        language=languages(config),
        license=licence,
        license_name=licence_name,
        library_name="kerasnlp_zoo",
        tags=["kerasnlp_zoo", "keras", config["builder"], config["task"], *quantized],
        pipeline_tag=pipeline,
        datasets=[dataset] if has_dataset else None,
        metrics=[kind] if kind in METRICS else None,
        model_name=config["name"],
        eval_results=[result] if result else None,
    ).to_yaml()


def _licence(name: str) -> tuple[str, str | None]:
    """Return the licence as the Hub writes it: an identifier and None, or "other" and a name."""
    identifier = LICENCES.get(name, name.lower())
    if identifier in (*KNOWN_LICENCES, "unknown"):
        return identifier, None
    return "other", re.sub(r"[^a-z0-9.]+", "-", identifier).strip("-")[:90]


def _metric(name: str) -> str:
    """Return the Hub's name of a metric, such as "f1" of "entity F1"; other names in small letters.

    Example:

    >>> _metric("entity F1"), _metric("WordSim-353 Spearman"), _metric("masked token accuracy")
    ('f1', 'spearmanr', 'accuracy')
    """
    last = name.lower().split(" ")[-1]
    return "spearmanr" if last == "spearman" else last if last in METRICS else name.lower()
