"""The weights of a folder of Hugging Face: in one file or in several, with numbers of every float type."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kerasnlp_zoo.convert import read_huggingface
from kerasnlp_zoo.errors import InputError
from tests.convert import golden
from tests.convert.test_huggingface import assert_same_outputs


@pytest.fixture
def folder(tmp_path):
    return golden.write_folder(tmp_path / "theirs", golden.tensors())


def test_weights_in_several_files_are_read(folder):
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    parts = {"model-1.safetensors": list(tensors)[:9], "model-2.safetensors": list(tensors)[9:]}
    for name, names in parts.items():
        save_file({key: tensors[key] for key in names}, folder / name)
    index = {"weight_map": {key: name for name, names in parts.items() for key in names}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert_same_outputs(read_huggingface(folder), golden.stored("gelu"))
    for wrong in (
        {"weight_map": {"a": "../model-1.safetensors"}},
        {"weight_map": {"a": "gone"}},
        {},
        {"weight_map": 5},
    ):
        (folder / "model.safetensors.index.json").write_text(json.dumps(wrong))
        with pytest.raises(InputError, match="must list files of weights beside it"):
            read_huggingface(folder)


def test_several_files_with_the_same_tensor_or_too_large_together_are_refused(folder, monkeypatch):
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").rename(folder / "one.safetensors")
    save_file({"cls.predictions.bias": tensors["cls.predictions.bias"]}, folder / "two.safetensors")
    index = {"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match="two.safetensors has tensors that another file .* has, too: cls.predictions"):
        read_huggingface(folder)
    size = (folder / "one.safetensors").stat().st_size
    monkeypatch.setenv("KERASNLP_ZOO_MAX_MEMORY", f"{size / 1000 + 0.01:.3f}kB")
    with pytest.raises(InputError, match="model.safetensors.index.json needs at least"):
        read_huggingface(folder)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_weights_of_every_float_type_are_read(folder, dtype):
    tensors = {name: value.astype(np.dtype(dtype)) for name, value in golden.tensors().items()}
    save_file(tensors, folder / "model.safetensors")
    weights = read_huggingface(folder).weights
    assert {value.dtype.name for value in weights.values()} == {"float32"}
    assert_same_outputs(read_huggingface(folder), golden.stored("gelu"), atol=1e-5 if dtype == "float64" else 0.1)


def test_float64_weights_too_large_for_float32_are_refused(folder):
    tensors = golden.tensors()
    save_file({**tensors, "cls.predictions.bias": np.full(golden.V, 1e300)}, folder / "model.safetensors")
    with pytest.raises(InputError, match="cls.predictions.bias, or a number too large for float32"):
        read_huggingface(folder)
