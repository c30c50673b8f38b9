"""Exactly the files of a BERT that the converter reads are fetched from the Hub."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from kerasnlp_zoo.convert import read_huggingface
from kerasnlp_zoo.zoo.hub import fetch, fetched_files
from kerasnlp_zoo.zoo.huggingface_folders import is_huggingface
from tests.convert import originals

NAME = "hf://team/bert"
OTHERS = (  # what repositories contain beside the files that are read
    "README.md",
    ".gitattributes",
    "modeling.py",
    "tf_model.h5",
    "training_args.bin",
    "onnx/config.json",
    "onnx/model.onnx",
    "openvino/model.safetensors",
    "model.safetensors.bak",
)


def add_others(folder):
    for name in OTHERS:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}")


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", originals.KINDS)
def test_the_fetched_files_are_converted_as_the_folder_is(hub, tmp_path, kind):
    folder = originals.write_folder(originals.KINDS[kind], tmp_path / "theirs")
    needed = files(folder)
    add_others(folder)
    hub.add("team/bert", folder)
    fetched = fetch(NAME)
    assert files(fetched) == needed
    assert {path.relative_to(fetched).as_posix() for path in fetched_files(fetched)} == needed
    ours, theirs = read_huggingface(fetched), read_huggingface(folder)
    assert dataclasses.replace(ours, source="", weights={}) == dataclasses.replace(theirs, source="", weights={})
    assert ours.weights.keys() == theirs.weights.keys()
    for name, values in theirs.weights.items():
        np.testing.assert_array_equal(ours.weights[name], values)


def test_an_old_folder_has_its_encoder_in_a_folder_and_its_weights_in_pytorch_files(hub, tmp_path):
    folder = originals.write_folder(originals.KINDS["sentences_three_poolings"], tmp_path / "theirs")
    encoder = folder / "0_Transformer"
    encoder.mkdir()
    for name in ("config.json", "vocab.txt", "tokenizer_config.json"):
        shutil.move(folder / name, encoder)
    shutil.move(folder / "model.safetensors", encoder / "pytorch_model.bin")
    shutil.move(folder / "2_Dense" / "model.safetensors", folder / "2_Dense" / "pytorch_model.bin")
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (folder / "modules.json").write_text(json.dumps(modules))
    needed = files(folder)
    add_others(folder)
    (folder / "pytorch_model.bin").write_text("of no module")
    (folder / "1_Pooling" / "pytorch_model.bin").write_text("a pooling has no weights")
    hub.add("team/bert", folder)
    assert files(fetch(NAME)) == needed


def test_weights_in_several_files_are_fetched(hub, tmp_path):
    folder = originals.write_folder(originals.KINDS["bert_base"], tmp_path / "theirs")
    (folder / "model.safetensors").unlink()
    for name in (
        "model.safetensors.index.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
    ):
        (folder / name).write_text("{}")
    needed = files(folder)
    (folder / "pytorch_model-00001-of-00001.bin").write_text("not needed beside safetensors")
    hub.add("team/bert", folder)
    assert files(fetch(NAME)) == needed


@pytest.mark.parametrize("modules", ["[", "null", "[1]", '[{"path": "../x", "type": "Transformer"}]', '[{"path": 1}]'])
def test_damaged_modules_fetch_nothing_outside_and_are_left_to_the_converter(hub, tmp_path, modules):
    folder = originals.write_folder(originals.KINDS["sentences_mean"], tmp_path / "theirs")
    (folder / "modules.json").write_text(modules)
    hub.add("team/bert", folder)
    assert is_huggingface(fetch(NAME))
    assert not any(".." in path for path in hub.paths("HEAD"))
