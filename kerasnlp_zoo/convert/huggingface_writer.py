"""Write a BERT model as a folder that Hugging Face's transformers, or sentence-transformers, can load."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from safetensors.numpy import save

from kerasnlp_zoo.convert.bert_names import to_theirs
from kerasnlp_zoo.convert.configs import their_config
from kerasnlp_zoo.convert.huggingface import CAN_ABSTAIN, SEVERAL_LABELS
from kerasnlp_zoo.convert.sentence_transformers import POOLINGS, modules_of
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import atomic_folder, write_json
from kerasnlp_zoo.types import Config, FilePath

if TYPE_CHECKING:
    import keras

    from kerasnlp_zoo.tasks import Task
    from kerasnlp_zoo.text import WordPiecePreprocessor

Folder = TypeVar("Folder", bound=FilePath)
ARCHITECTURE_OF = {
    "bert": "BertModel",
    "sentence_encoder": "BertModel",
    "bert_masked_language_model": "BertForMaskedLM",
    "bert_pretrainer": "BertForPreTraining",
    "bert_classifier": "BertForSequenceClassification",
    "bert_token_classifier": "BertForTokenClassification",
    "bert_span_predictor": "BertForQuestionAnswering",
}


def write_huggingface(task_or_model: "Task | keras.Model", folder: Folder) -> Folder:
    """Write a model of the family `bert` for transformers. The folder is written completely or not at all.

    `transformers.AutoModel.from_pretrained(folder)`, or the class for the head, returns a model with the same outputs.
    sentence-transformers can also load a sentence encoder.

    Args:
        task_or_model: a task, or a model of a builder. A task also has a vocabulary and labels.
        folder: folder to write: config.json and model.safetensors, and for a task vocab.txt and
            tokenizer_config.json. An existing folder is replaced.

    Returns:
        The folder.

    Raises:
        InputError: if the model is not of the family, or transformers has no such head.
    """
    preprocessor = getattr(task_or_model, "preprocessor", None)
    model: keras.Model = getattr(task_or_model, "model", task_or_model)
    built = getattr(model, "builder_config", {"builder": None})
    _require_known(built, model)
    arguments = built["arguments"]
    weights = {weight.path: weight.numpy() for weight in model.weights}
    tensors = to_theirs(weights, arguments["num_layers"], built["builder"] == "bert_span_predictor")
    if ARCHITECTURE_OF[built["builder"]] == "BertModel":
        tensors = {name.removeprefix("bert."): tensor for name, tensor in tensors.items()}
    with atomic_folder(folder) as new:
        write_json(new / "config.json", {**_config(built, task_or_model), **_facts(built, task_or_model)})
        (new / "model.safetensors").write_bytes(save(tensors, metadata={"format": "pt"}))
        if preprocessor is not None:
            _write_tokenizer(new, preprocessor)
        if built["builder"] == "sentence_encoder":
            for path, content in modules_of(arguments).items():
                write_json(new / path, content)
    return folder


def _facts(built: Config, task_or_model: "Task | keras.Model") -> Config:
    """Return what config.json says about the task."""
    if built["builder"] == "bert_span_predictor":
        return {CAN_ABSTAIN: bool(getattr(task_or_model, "labels", ()))}
    return {"problem_type": SEVERAL_LABELS, **task_or_model.arguments} if _has_label_sets(task_or_model) else {}


def _has_label_sets(task_or_model: "Task | keras.Model") -> "TypeGuard[Task]":
    """Return whether a task assigns any number of labels to a text."""
    return getattr(task_or_model, "name", None) == SEVERAL_LABELS


def _require_known(built: Config, model: "keras.Model") -> None:
    if built["builder"] not in ARCHITECTURE_OF:
        raise InputError(
            f"Hugging Face's BERT has no class for the model {model.name}. Expected a model of one of the builders "
            f"{', '.join(ARCHITECTURE_OF)}"
        )
    pooling = built["arguments"].get("pooling")
    possible = POOLINGS.values() if built["builder"] == "sentence_encoder" else ("pooled_output", None)
    if pooling not in possible:
        raise InputError(
            f"{ARCHITECTURE_OF[built['builder']]} of transformers does not have the pooling of this "
            f"{built['builder']}. Expected one of {', '.join(map(str, possible))}. Received: pooling={pooling!r}"
        )
    usual = {"score_mode": "scaled_dot", "key_dim": None, "value_dim": None, "shared_key_value": False}
    received = {name: built["arguments"].get(name, value) for name, value in usual.items()}
    if received != usual:
        raise InputError(f"BERT of transformers has no other attention than {usual}. Received: {received}")


def _config(built: Config, task_or_model: "Task | keras.Model") -> Config:
    """Return the content of config.json."""
    arguments = built["arguments"]
    count = arguments.get("num_classes", 0)  # "no answer" is a place in a text, not a class
    labels: Sequence[str] = getattr(task_or_model, "labels", ()) if count else ()
    labels = labels or [f"LABEL_{index}" for index in range(count)]
    named = {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
    }
    return {
        "architectures": [ARCHITECTURE_OF[built["builder"]]],
        "model_type": "bert",
        "pad_token_id": 0,
        "position_embedding_type": "absolute",
        **their_config(arguments),
        **(named if labels else {}),
    }


def _write_tokenizer(folder: Path, preprocessor: "WordPiecePreprocessor") -> None:
    text = "".join(token + "\n" for token in preprocessor.vocabulary.tokens)
    (folder / "vocab.txt").write_bytes(text.encode())
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    config = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": preprocessor.lower_case,
        "model_max_length": preprocessor.max_sequence_length,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        **special,
    }
    write_json(folder / "tokenizer_config.json", config)
