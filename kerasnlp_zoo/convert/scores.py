"""What the outputs of a classifier mean: classes, sets of labels, or a score, with a sigmoid or without.

A CrossEncoder of sentence-transformers is a classifier of pairs of texts. Its folder has an activation of its outputs.
"""

from pathlib import Path
from typing import NamedTuple

from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.types import Config

SEVERAL_LABELS = "multi_label_classification"  # the `problem_type` in transformers
REGRESSION = "regression"
PROBLEMS = ("single_label_classification", SEVERAL_LABELS, REGRESSION)
# Class of an activation in PyTorch -> our name.
ACTIVATIONS = {
    "torch.nn.modules.linear.Identity": "linear",
    "torch.nn.modules.activation.Sigmoid": "sigmoid",
    "torch.nn.modules.activation.Softmax": "softmax",
}
SECTION = "sentence_transformers"  # of config.json, by versions 4 and 5
OLDER = "sbert_ce_default_activation_function"  # in config.json, by older versions


class Outputs(NamedTuple):
    """What the outputs of a classifier of texts mean.

    Attributes:
        score_activation: activation of a score; None for classes.
        has_label_sets: whether a text has any number of labels.
        pairs: whether the texts are known to be pairs.
    """

    score_activation: str | None
    has_label_sets: bool
    pairs: bool


def read_outputs(config: Config, count: int, path: Path, cross_encoder: Config | None) -> Outputs:
    """Return what the outputs of a classifier mean.

    Args:
        config: content of config.json.
        count: number of outputs.
        path: path of config.json, for messages.
        cross_encoder: config_sentence_transformers.json of a CrossEncoder; None for a folder of transformers, and for
            older CrossEncoders, whose config.json has the activation.

    Raises:
        InputError: if the activation is not supported, or the meaning of the outputs is not known.
    """
    problem = config.get("problem_type")
    require_choice(f"problem_type in {path}", problem, (None, *PROBLEMS))
    section = cross_encoder if cross_encoder is not None else _section(config, path)
    if section is not None:
        return _of_cross_encoder(section.get("activation_fn"), count, problem, path)
    if count == 1 and problem not in (REGRESSION, SEVERAL_LABELS):
        raise InputError(
            f"{path} does not say whether the score of a text is passed to a sigmoid, as in sentence-transformers, or "
            'not. For a score without a sigmoid, write "problem_type": "regression" into it. For a CrossEncoder, write '
            f'"{SECTION}": {{"activation_fn": "torch.nn.modules.activation.Sigmoid"}}. '
            f"Received: problem_type={problem!r}"
        )
    if count > 1 and problem == REGRESSION:
        raise InputError(
            f"{path}: a model with {count} scores for each text. Expected one score, or classes. Write one folder for "
            "each score, with its row of the weights of the classifier"
        )
    return Outputs("linear" if problem == REGRESSION else None, problem == SEVERAL_LABELS, pairs=False)


def _section(config: Config, path: Path) -> Config | None:
    """Return the part of config.json that makes it the config of a CrossEncoder; None if there is none."""
    section = {"activation_fn": config[OLDER]} if config.get(OLDER) is not None else config.get(SECTION)
    if section is not None and not isinstance(section, dict):
        raise InputError(f"{path}: {SECTION} must be an object {{...}}. Received: {section!r:.80}")
    return section


def _of_cross_encoder(activation: object, count: int, problem: str | None, path: Path) -> Outputs:
    """Return what the outputs of a CrossEncoder mean."""
    if activation is None:  # the default of sentence-transformers
        name = "sigmoid" if count == 1 else "linear"
    else:
        possible = [theirs for theirs, ours in ACTIVATIONS.items() if count > 1 or ours != "softmax"]
        require_choice(f"the activation of the CrossEncoder {path.parent}", activation, possible)
        name = ACTIVATIONS[str(activation)]
    if count == 1 and problem != SEVERAL_LABELS:
        return Outputs(name, has_label_sets=False, pairs=True)
    return Outputs(None, has_label_sets=name == "sigmoid" or problem == SEVERAL_LABELS, pairs=True)


def their_outputs(num_classes: int, score_activation: str, is_multi_label: bool, pairs: bool | None) -> Config:
    """Return what config.json says about the outputs of a classifier of texts, the inverse of `read_outputs`.

    Args:
        num_classes: number of outputs.
        score_activation: "linear" or "sigmoid".
        is_multi_label: whether a text has any number of labels.
        pairs: whether the texts are pairs, as for a CrossEncoder; None if that is not known.

    Raises:
        InputError: if the score of a text that is not a pair is passed to a sigmoid.
    """
    is_score = score_activation == "sigmoid"
    if is_score and pairs is False:
        raise InputError(
            "transformers has no model that passes the score of one text to a sigmoid; sentence-transformers has one "
            'for pairs of texts. Received: a model of single texts with score_activation="sigmoid"'
        )
    config: Config = {}
    if is_multi_label:
        config["problem_type"] = SEVERAL_LABELS
    elif num_classes == 1 and not is_score:
        config["problem_type"] = REGRESSION
    if pairs or is_score:
        ours = "sigmoid" if is_score or is_multi_label else "linear"
        config[SECTION] = {"activation_fn": next(theirs for theirs, name in ACTIVATIONS.items() if name == ours)}
    return config
