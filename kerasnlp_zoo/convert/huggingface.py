"""Read a BERT model from a folder of Hugging Face's transformers or of sentence-transformers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasnlp_zoo.convert.bert_names import to_ours
from kerasnlp_zoo.convert.configs import builder_arguments, read_json
from kerasnlp_zoo.convert.converted import CLASSIFIERS, ConvertedBert, Pooling
from kerasnlp_zoo.convert.pytorch_file import read_pytorch
from kerasnlp_zoo.convert.vocabularies import read_tokenizer
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.types import Config, FilePath
from kerasnlp_zoo.weights import read_weights

ARCHITECTURES = (
    "BertModel",
    "BertForMaskedLM",
    "BertForPreTraining",
    "BertForSequenceClassification",
    "BertForTokenClassification",
    "BertForQuestionAnswering",
)

POOLINGS: dict[str, Pooling] = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first"}


def read_huggingface(folder: FilePath, pooling: Pooling | None = None) -> ConvertedBert:
    r"""Read the architecture, weights, vocabulary, labels and pooling of a BERT model.

    No code of the folder runs: `pytorch_file` reads pytorch_model.bin without unpickling objects.

    Args:
        folder: folder with config.json, vocab.txt or tokenizer.json, and model.safetensors or pytorch_model.bin; or a
            folder of sentence-transformers, whose modules.json has the paths of these files.
        pooling: pooling of a sentence encoder whose folder has no modules.json; its vectors are normalized. None for
            other models.

    Raises:
        InputError: if a file is missing or damaged, or the model is not a supported BERT.

    Example:

    >>> import tempfile
    >>> from kerasnlp_zoo import models
    >>> from kerasnlp_zoo.convert import write_huggingface
    >>> model = models.bert_classifier(num_classes=2, vocabulary_size=1000, **models.BERT_SIZES["tiny"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(write_huggingface(model, folder), "vocab.txt").write_text("\n".join(map(str, range(1000))))
    ...     converted = read_huggingface(folder)
    >>> converted.builder, converted.arguments["hidden_dim"], converted.labels
    ('bert_classifier', 128, ['LABEL_0', 'LABEL_1'])
    """
    folder = Path(folder)
    modules = read_json(folder / "modules.json") if (folder / "modules.json").exists() else []
    pooling, normalize = _sentence_vectors(folder, modules) if modules else (pooling, pooling is not None)
    folder = folder / (modules[0]["path"] if modules else "")
    config = read_json(folder / "config.json")
    _require_supported(config, folder / "config.json")
    arguments = builder_arguments(config, folder / "config.json")
    tensors = _tensors(folder)
    weights = to_ours(tensors, arguments["num_layers"], folder)
    builder = "bert_span_predictor" if "qa_outputs.weight" in tensors else _builder(weights, config, pooling)
    tokenizer = read_tokenizer(folder, arguments)
    return ConvertedBert(
        source=str(folder),
        builder=builder,
        arguments=arguments,
        weights=weights,
        pooling=pooling,
        normalize=normalize,
        labels=_labels(config, weights) if builder in CLASSIFIERS else None,
        **tokenizer,
    )


def _require_supported(config: Config, path: Path) -> None:
    for name, supported in (("model_type", "bert"), ("position_embedding_type", "absolute"), ("is_decoder", False)):
        require_choice(f"{name} in {path}", config.get(name, supported), (supported,))
    for architecture in config.get("architectures") or ():
        require_choice(f"architecture in {path}", architecture, ARCHITECTURES)


def _tensors(folder: Path) -> dict[str, np.ndarray]:
    """Return the tensors of the folder, from model.safetensors if it exists."""
    if (folder / "model.safetensors").exists():
        return read_weights(folder / "model.safetensors")
    if (folder / "pytorch_model.bin").exists():
        return read_pytorch(folder / "pytorch_model.bin")
    raise InputError(f"{folder} contains no weights. Expected model.safetensors or pytorch_model.bin in it")


def _builder(weights: Mapping[str, np.ndarray], config: Config, pooling: Pooling | None) -> str:
    """Return the name of the builder whose model has the heads of the weights."""
    if "logits/kernel" in weights:
        tags = "BertForTokenClassification" in (config.get("architectures") or ())
        return "bert_token_classifier" if tags else "bert_classifier"
    if "mlm_logits/bias" in weights:
        has_next_sentence = {"nsp_logits/kernel", "pooler/kernel"} <= weights.keys()
        return "bert_pretrainer" if has_next_sentence else "bert_masked_language_model"
    return "bert" if pooling is None else "sentence_encoder"


def _labels(config: Config, weights: Mapping[str, np.ndarray]) -> list[str]:
    """Return the names of the classes by id; without names LABEL_0, LABEL_1, ... as in transformers."""
    count = len(weights["logits/bias"])
    names = {int(index): name for index, name in config.get("id2label", {}).items()}
    return [names.get(index, f"LABEL_{index}") for index in range(count)]


def _sentence_vectors(folder: Path, modules: Sequence[Mapping[str, Any]]) -> tuple[Pooling, bool]:
    """Return the pooling, and whether vectors are normalized, from the modules of sentence-transformers."""
    kinds = [module["type"].split(".")[-1] for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        raise InputError(
            f"{folder / 'modules.json'} has unsupported modules. Expected: Transformer, Pooling and optionally "
            f"Normalize. Received: {', '.join(kinds)}"
        )
    path = folder / modules[1]["path"] / "config.json"
    modes = [name for name, value in read_json(path).items() if name.startswith("pooling_mode_") and value]
    if len(modes) != 1 or modes[0] not in POOLINGS:
        raise InputError(
            f"{path} must select one of {', '.join(POOLINGS)}. Received: {', '.join(modes) or 'no pooling mode'}"
        )
    return POOLINGS[modes[0]], "Normalize" in kinds
