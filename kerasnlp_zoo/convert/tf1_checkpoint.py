"""Reading Google's checkpoints of BERT, written by TensorFlow 1 in 2018 to 2020."""

import re
from pathlib import Path

from kerasnlp_zoo.convert.bert_names import to_ours
from kerasnlp_zoo.convert.configs import builder_arguments, read_json
from kerasnlp_zoo.convert.converted import ConvertedBert
from kerasnlp_zoo.convert.vocabularies import read_vocabulary, require_same_size
from kerasnlp_zoo.errors import InputError

# Google's code means the approximation by "gelu"; Hugging Face's means the exact function.
ACTIVATIONS = {"gelu": "gelu_tanh", "relu": "relu"}
SPELLINGS = (
    (r"/", "."),
    (r"layer_(\d+)", r"layer.\1"),
    (r"\.kernel$", ".weight"),
    (r"_embeddings$", "_embeddings.weight"),
    (r"\.output_weights$", ".weight"),
    (r"\.output_bias$", ".bias"),
)
OPTIMIZER = re.compile(r"/adam_[mv]$|^global_step$")


def read_tf1_checkpoint(folder, lower_case):
    """Read BERT as Google published it.

    Its activation "gelu" is the tanh approximation there, `gelu_tanh` here. The same weights at Hugging
    Face say "gelu" and mean the exact function, so that answers differ in the third digit.

    Args:
        folder: path with bert_config.json, vocab.txt and *.ckpt.index with its data.
        lower_case: bool, whether texts are lower-cased: the files do not say. True for "uncased" models.

    Returns:
        ConvertedBert: a `bert_pretrainer`, or what is there of one.

    Raises:
        InputError: if a file is missing or damaged, or holds another model.
    """
    folder = Path(folder)
    config = read_json(folder / "bert_config.json")
    arguments = builder_arguments(config, folder / "bert_config.json", ACTIVATIONS)
    weights = to_ours(_tensors(folder), arguments["num_layers"], folder)
    tokens = read_vocabulary(folder / "vocab.txt")
    require_same_size(tokens, arguments, folder)
    return ConvertedBert(
        source=str(folder),
        builder="bert_pretrainer" if {"mlm_logits/bias", "nsp_logits/bias"} <= weights.keys() else "bert",
        arguments=arguments,
        weights=weights,
        tokens=tokens,
        lower_case=lower_case,
        max_sequence_length=arguments["max_sequence_length"],
    )


def _tensors(folder):
    """Return the model's variables, named and laid out as Hugging Face's."""
    import tensorflow as tf

    found = sorted(folder.glob("*.index"))
    if len(found) != 1:
        raise InputError(f"{folder} should hold one checkpoint, such as bert_model.ckpt.index. Received: {len(found)}")
    try:
        reader = tf.train.load_checkpoint(str(found[0].with_suffix("")))
        names = [name for name in reader.get_variable_to_shape_map() if not OPTIMIZER.search(name)]
        return {_respelled(name): _laid_out(name, reader.get_tensor(name)) for name in names}
    except (tf.errors.OpError, LookupError, RuntimeError, ValueError) as error:
        raise InputError(f"{found[0]} or its data is damaged or incomplete. {error}") from error


def _respelled(name):
    for pattern, replacement in SPELLINGS:
        name = re.sub(pattern, replacement, name)
    return name


def _laid_out(name, tensor):
    return tensor.T if name.endswith("/kernel") else tensor
