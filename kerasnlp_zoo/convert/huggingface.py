"""Reading a BERT from a folder of Hugging Face's transformers or of sentence-transformers.

Shapes: D width.
"""

from pathlib import Path

from kerasnlp_zoo.convert.bert_names import to_ours
from kerasnlp_zoo.convert.configs import builder_arguments, read_json
from kerasnlp_zoo.convert.converted import CLASSIFIERS, ConvertedBert
from kerasnlp_zoo.convert.pytorch_file import read_pytorch
from kerasnlp_zoo.convert.vocabularies import read_tokenizer
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.weights import read_weights

ARCHITECTURES = (
    "BertModel",
    "BertForMaskedLM",
    "BertForPreTraining",
    "BertForSequenceClassification",
    "BertForTokenClassification",
    "BertForQuestionAnswering",
)
POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first"}


def read_huggingface(folder, pooling=None):
    r"""Read a BERT with what it knows: architecture, weights, vocabulary, labels, how it makes vectors.

    Nothing of the folder is run: pytorch_model.bin is read by `pytorch_file`.

    Args:
        folder: path with config.json, vocab.txt or tokenizer.json, and model.safetensors or
            pytorch_model.bin; or a folder of sentence-transformers, which says in modules.json where those
            stand.
        pooling: how `sentence_encoder` makes a text's vector, "mean" or "first", for an encoder of sentences
            whose folder does not say; such vectors are normalised. None for no such encoder.

    Returns:
        ConvertedBert.

    Raises:
        InputError: if a file is missing or damaged, or the model is no BERT that is supported here.

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


def _require_supported(config, path):
    for name, supported in (("model_type", "bert"), ("position_embedding_type", "absolute"), ("is_decoder", False)):
        require_choice(f"{name} in {path}", config.get(name, supported), (supported,))
    for architecture in config.get("architectures") or ():
        require_choice(f"architecture in {path}", architecture, ARCHITECTURES)


def _tensors(folder):
    """Return the tensors of the folder, of safetensors if there are both files."""
    if (folder / "model.safetensors").exists():
        return read_weights(folder / "model.safetensors")
    if (folder / "pytorch_model.bin").exists():
        return read_pytorch(folder / "pytorch_model.bin")
    raise InputError(f"{folder} holds no weights: expected model.safetensors or pytorch_model.bin in it")


def _builder(weights, config, pooling):
    """Return the name of the builder for the heads that are there."""
    if "logits/kernel" in weights:
        tags = "BertForTokenClassification" in (config.get("architectures") or ())
        return "bert_token_classifier" if tags else "bert_classifier"
    if "mlm_logits/bias" in weights:
        whole = {"nsp_logits/kernel", "pooler/kernel"} <= weights.keys()
        return "bert_pretrainer" if whole else "bert_masked_language_model"
    return "bert" if pooling is None else "sentence_encoder"


def _labels(config, weights):
    """Return the names of the classes by id; transformers calls unnamed ones LABEL_0, LABEL_1, ..."""
    count = len(weights["logits/bias"])
    names = {int(place): name for place, name in config.get("id2label", {}).items()}
    return [names.get(place, f"LABEL_{place}") for place in range(count)]


def _sentence_vectors(folder, modules):
    """Return pooling and whether vectors are normalised, as the modules of sentence-transformers say."""
    kinds = [module["type"].split(".")[-1] for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        raise InputError(
            f"{folder / 'modules.json'} joins {', '.join(kinds)}. Expected Transformer, Pooling and perhaps Normalize"
        )
    path = folder / modules[1]["path"] / "config.json"
    modes = [name for name, value in read_json(path).items() if name.startswith("pooling_mode_") and value]
    if len(modes) != 1 or modes[0] not in POOLINGS:
        raise InputError(f"{path} has {', '.join(modes) or 'no pooling mode'}. Expected one of {', '.join(POOLINGS)}")
    return POOLINGS[modes[0]], "Normalize" in kinds
