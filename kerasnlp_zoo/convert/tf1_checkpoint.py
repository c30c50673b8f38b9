"""Read Google's checkpoints of BERT, written by TensorFlow 1 from 2018 to 2020."""

import glob
import math
import re
from pathlib import Path

import numpy as np

from kerasnlp_zoo.convert.bert_names import to_ours
from kerasnlp_zoo.convert.configs import builder_arguments, read_object
from kerasnlp_zoo.convert.converted import ConvertedBert
from kerasnlp_zoo.convert.vocabularies import padded, read_vocabulary
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import require_regular
from kerasnlp_zoo.memory_limit import require_memory
from kerasnlp_zoo.types import FilePath

# In Google's code, "gelu" is the tanh approximation; in Hugging Face's, it is the exact function.
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


def read_tf1_checkpoint(folder: FilePath, lower_case: bool) -> ConvertedBert:
    """Read BERT as Google published it.

    In Google's code, the activation "gelu" is the tanh approximation, our `gelu_tanh`. Hugging Face publishes the same
    weights with the exact function, and its outputs differ in the third digit.

    Args:
        folder: folder with bert_config.json, vocab.txt and *.ckpt.index with its data.
        lower_case: whether the tokenizer converts texts to lower case. The files do not contain this setting; it is
            True for "uncased" models.

    Returns:
        A `bert_pretrainer`, or a `bert` if the checkpoint lacks the heads.

    Raises:
        InputError: if a file is missing or damaged, or contains another model.
    """
    folder = Path(folder)
    config = read_object(folder / "bert_config.json")
    arguments = builder_arguments(config, folder / "bert_config.json", ACTIVATIONS)
    weights = to_ours(_tensors(folder), arguments["num_layers"], folder)
    tokens = padded(read_vocabulary(folder / "vocab.txt"), arguments, folder)
    return ConvertedBert(
        source=str(folder),
        builder="bert_pretrainer" if {"mlm_logits/bias", "nsp_logits/bias"} <= weights.keys() else "bert",
        arguments=arguments,
        weights=weights,
        tokens=tokens,
        lower_case=lower_case,
        max_sequence_length=arguments["max_sequence_length"],
    )


def _tensors(folder: Path) -> dict[str, np.ndarray]:
    """Return the variables of the model with Hugging Face's names and shapes."""
    import tensorflow as tf

    found = sorted(folder.glob("*.index"))
    if len(found) != 1:
        raise InputError(
            f"{folder} must contain one checkpoint, such as bert_model.ckpt.index. Received: {len(found)} checkpoints"
        )
    files = list(folder.glob(f"{glob.escape(found[0].stem)}.*"))
    for file in files:
        require_regular(file)
    size = sum(file.stat().st_size for file in files)
    require_memory(size, found[0])
    try:
        reader = tf.train.load_checkpoint(str(found[0].with_suffix("")))
        shapes = {n: s for n, s in reader.get_variable_to_shape_map().items() if not OPTIMIZER.search(n)}
        numbers = sum(map(math.prod, shapes.values()))
        if 2 * numbers > size:  # the files are not compressed, and float16 has two bytes
            raise ValueError(f"It describes {numbers:,} numbers, but its files have {size:,} bytes")
        return {_respelled(name): _laid_out(name, reader.get_tensor(name)) for name in shapes}
    except (tf.errors.OpError, LookupError, RuntimeError, ValueError) as error:
        raise InputError(f"{found[0]} or its data is damaged or incomplete. {error}") from error


def _respelled(name: str) -> str:
    for pattern, replacement in SPELLINGS:
        name = re.sub(pattern, replacement, name)
    return name


def _laid_out(name: str, tensor: np.ndarray) -> np.ndarray:
    return tensor.T if name.endswith("/kernel") else tensor
