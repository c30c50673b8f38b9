"""Read a BERT or DistilBERT from a folder of Hugging Face's transformers or of sentence-transformers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from kerasnlp_zoo.convert.bert_names import to_ours
from kerasnlp_zoo.convert.configs import builder_arguments, read_object, require_supported
from kerasnlp_zoo.convert.converted import CLASSIFIERS, ConvertedBert
from kerasnlp_zoo.convert.families import Family
from kerasnlp_zoo.convert.scores import Outputs, read_outputs
from kerasnlp_zoo.convert.sentence_transformers import MODULES, SentenceParts, read_modules
from kerasnlp_zoo.convert.vocabularies import read_tokenizer
from kerasnlp_zoo.convert.weight_files import read_tensors
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Config, FilePath

LONGEST_ID = 9  # digits of the number of a class
CAN_ABSTAIN = "can_abstain"  # in a config.json that this package wrote: transformers has no such field


def read_huggingface(
    folder: FilePath, pooling: Literal["mean", "first", "pooled_output"] | None = None
) -> ConvertedBert:
    r"""Read the architecture, weights, vocabulary, labels and pooling of a BERT or DistilBERT.

    No code of the folder runs: `pytorch_file` reads pytorch_model.bin without unpickling objects.

    Args:
        folder: folder with config.json, vocab.txt or tokenizer.json, and model.safetensors or pytorch_model.bin; or a
            folder of sentence-transformers, whose modules.json has the paths of these files.
        pooling: pooling of a sentence encoder whose folder has no modules.json; its vectors are normalized. None for
            other models.

    Raises:
        InputError: if a file is missing or damaged, or something in the folder is not supported: what is converted has
            the same outputs as the original.

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
    parts = _parts(Path(folder), pooling)
    path = parts.encoder / "config.json"
    config = read_object(path)
    family = require_supported(config, path)
    arguments = builder_arguments(config, path, family=family)
    tensors = read_tensors(parts.encoder)
    weights = {**to_ours(tensors, arguments["num_layers"], parts.encoder, family), **parts.weights}
    builder = "sentence_encoder" if parts.head else _builder(tensors, weights, config)
    _require_classifier_of_pairs(builder, parts)
    outputs, head = Outputs(None, has_label_sets=False, pairs=False), parts.head
    if builder == "bert_classifier":
        outputs = read_outputs(config, len(weights["logits/bias"]), path, parts.cross_encoder)
        head = _classifier(family, outputs)
    return ConvertedBert(
        source=str(parts.encoder),
        builder=builder,
        arguments=arguments,
        weights=weights,
        head=head,
        labels=_labels(config, weights, path) if builder in CLASSIFIERS else None,
        thresholds=_thresholds(config, weights, path) if outputs.has_label_sets else None,
        can_abstain=builder == "bert_span_predictor" and config.get(CAN_ABSTAIN) is True,
        pairs=outputs.pairs,
        **read_tokenizer(parts.encoder, arguments),
    )


def _parts(folder: Path, pooling: str | None) -> SentenceParts:
    """Return the parts of a folder of sentence-transformers; or of transformers, with the pooling of the user."""
    if not (folder / MODULES).exists():
        return SentenceParts(folder, {} if pooling is None else {"pooling": pooling, "normalize": True}, {}, None)
    if pooling is not None:
        raise InputError(f"{folder / MODULES} contains the pooling. Leave it out. Received: pooling={pooling!r}")
    return read_modules(folder)


def _builder(tensors: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray], config: Config) -> str:
    """Return the name of the builder whose model has the heads of the weights."""
    if "qa_outputs.weight" in tensors:
        return "bert_span_predictor"
    if "logits/kernel" in weights:
        has_tags = any(str(name).endswith("ForTokenClassification") for name in config.get("architectures") or ())
        return "bert_token_classifier" if has_tags else "bert_classifier"
    if "mlm_logits/bias" in weights:
        has_next_sentence = {"nsp_logits/kernel", "pooler/kernel"} <= weights.keys()
        return "bert_pretrainer" if has_next_sentence else "bert_masked_language_model"
    return "bert"


def _require_classifier_of_pairs(builder: str, parts: SentenceParts) -> None:
    if parts.cross_encoder is not None and builder != "bert_classifier":
        raise InputError(
            f"{parts.encoder} is a CrossEncoder. Expected the weights of a classifier of pairs of texts. "
            f"Received: {builder}"
        )


def _classifier(family: Family, outputs: Outputs) -> Config:
    """Return the arguments of the builder `bert_classifier` in addition to those of `bert` and num_classes."""
    activation = {} if outputs.score_activation is None else {"score_activation": outputs.score_activation}
    return {"pooling": family.pooling, **activation}


def _labels(config: Config, weights: Mapping[str, np.ndarray], path: Path) -> list[str]:
    """Return the names of the classes by id; without names LABEL_0, LABEL_1, ... as in transformers."""
    count = len(weights["logits/bias"])
    given = config.get("id2label") or {}
    if not isinstance(given, dict) or not all(
        str(index).isdecimal() and len(index) <= LONGEST_ID and isinstance(name, str) for index, name in given.items()
    ):
        raise InputError(f"{path}: id2label must have a name for each number of a class. Received: {given!r:.80}")
    names = {int(index): name for index, name in given.items()}
    labels = [names.get(index, f"LABEL_{index}") for index in range(count)]
    if len(set(labels)) < count:
        raise InputError(f"{path}: two classes have the same name in id2label: {', '.join(labels)[:200]}")
    return labels


def _thresholds(config: Config, weights: Mapping[str, np.ndarray], path: Path) -> list[float]:
    """Return the thresholds of a classifier that assigns any number of labels; 0.5 if another program wrote it."""
    count = len(weights["logits/bias"])
    thresholds = config.get("thresholds", [0.5] * count)
    if not isinstance(thresholds, list) or not all(isinstance(number, float) for number in thresholds):
        raise InputError(f"{path}: thresholds must have a number for each label. Received: {thresholds!r:.80}")
    return thresholds
