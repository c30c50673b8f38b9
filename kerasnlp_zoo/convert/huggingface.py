"""Read a BERT model from a folder of Hugging Face's transformers or of sentence-transformers."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from kerasnlp_zoo.convert.bert_names import to_ours
from kerasnlp_zoo.convert.configs import builder_arguments, read_object
from kerasnlp_zoo.convert.converted import CLASSIFIERS, ConvertedBert, Pooling
from kerasnlp_zoo.convert.pytorch_file import read_pytorch
from kerasnlp_zoo.convert.sentence_transformers import MODULES, read_modules
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

INDEX = ".index.json"  # suffix of the file that lists the parts of weights in several files
SEVERAL_LABELS = "multi_label_classification"  # the `problem_type` in transformers
PROBLEMS = ("single_label_classification", SEVERAL_LABELS, "regression")
CAN_ABSTAIN = "can_abstain"  # in a config.json that this package wrote: transformers has no such field


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
    normalize = pooling is not None
    if (folder / MODULES).exists():
        folder, pooling, normalize = read_modules(folder)
    config = read_object(folder / "config.json")
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
        labels=_labels(config, weights, folder / "config.json") if builder in CLASSIFIERS else None,
        thresholds=_thresholds(config, weights, folder / "config.json") if builder == "bert_classifier" else None,
        can_abstain=builder == "bert_span_predictor" and config.get(CAN_ABSTAIN) is True,
        **tokenizer,
    )


def _require_supported(config: Config, path: Path) -> None:
    for name, supported in (("model_type", "bert"), ("position_embedding_type", "absolute"), ("is_decoder", False)):
        require_choice(f"{name} in {path}", config.get(name, supported), (supported,))
    problem = config.get("problem_type")
    require_choice(f"problem_type in {path}", problem, (None, *PROBLEMS))
    labels = config.get("id2label")
    if problem == "regression" and isinstance(labels, dict) and len(labels) > 1:
        raise InputError(f"{path}: a model with {len(labels)} scores for each text. Expected one score, or classes")
    architectures = config.get("architectures") or []
    if not isinstance(architectures, list):
        raise InputError(f"{path}: architectures must be a list. Received: {architectures!r:.80}")
    for architecture in architectures:
        require_choice(f"architecture in {path}", architecture, ARCHITECTURES)


def _tensors(folder: Path) -> dict[str, np.ndarray]:
    """Return the tensors of the folder: of the first kind of file that exists, in one file or in several."""
    for name, read in READERS.items():
        if (folder / name).exists():
            return read(folder / name)
        if (folder / (name + INDEX)).exists():
            tensors: dict[str, np.ndarray] = {}
            for part in _parts(folder / (name + INDEX)):
                tensors |= read(folder / part)
            return tensors
    raise InputError(f"{folder} contains no weights. Expected {' or '.join(READERS)} in it")


def _parts(path: Path) -> list[str]:
    """Return the names of the files that an index lists."""
    table = read_object(path).get("weight_map")
    names = {str(name) for name in table.values()} if isinstance(table, dict) else set()
    missing = sorted(name for name in names if Path(name).name != name or not (path.parent / name).is_file())
    if not names or missing:
        raise InputError(
            f"{path} must list files of weights beside it. Missing: {', '.join(missing)[:200] or 'all'}. Copy or "
            "download the folder again"
        )
    return sorted(names)


def _builder(weights: Mapping[str, np.ndarray], config: Config, pooling: Pooling | None) -> str:
    """Return the name of the builder whose model has the heads of the weights."""
    if "logits/kernel" in weights:
        tags = "BertForTokenClassification" in (config.get("architectures") or ())
        return "bert_token_classifier" if tags else "bert_classifier"
    if "mlm_logits/bias" in weights:
        has_next_sentence = {"nsp_logits/kernel", "pooler/kernel"} <= weights.keys()
        return "bert_pretrainer" if has_next_sentence else "bert_masked_language_model"
    return "bert" if pooling is None else "sentence_encoder"


def _labels(config: Config, weights: Mapping[str, np.ndarray], path: Path) -> list[str]:
    """Return the names of the classes by id; without names LABEL_0, LABEL_1, ... as in transformers."""
    count = len(weights["logits/bias"])
    given = config.get("id2label") or {}
    if not isinstance(given, dict) or not all(
        str(index).isdecimal() and isinstance(name, str) for index, name in given.items()
    ):
        raise InputError(f"{path}: id2label must have a name for each number of a class. Received: {given!r:.80}")
    names = {int(index): name for index, name in given.items()}
    labels = [names.get(index, f"LABEL_{index}") for index in range(count)]
    if len(set(labels)) < count:
        raise InputError(f"{path}: two classes have the same name in id2label: {', '.join(labels)[:200]}")
    return labels


def _thresholds(config: Config, weights: Mapping[str, np.ndarray], path: Path) -> list[float] | None:
    """Return the thresholds of a classifier that assigns any number of labels; 0.5 if another program wrote it."""
    if config.get("problem_type") != SEVERAL_LABELS:
        return None
    count = len(weights["logits/bias"])
    thresholds = config.get("thresholds", [0.5] * count)
    if not isinstance(thresholds, list) or not all(isinstance(number, float) for number in thresholds):
        raise InputError(f"{path}: thresholds must have a number for each label. Received: {thresholds!r:.80}")
    return thresholds


# File of weights -> function that reads it.
READERS: dict[str, Callable[[Path], dict[str, np.ndarray]]] = {
    "model.safetensors": read_weights,
    "pytorch_model.bin": read_pytorch,
}
