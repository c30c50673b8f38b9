"""Google's checkpoints of 2018 have the same outputs as transformers with the tanh approximation."""

import json
import os

import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo import models
from kerasnlp_zoo.convert import read_tf1_checkpoint
from kerasnlp_zoo.errors import InputError
from tests.convert import golden


def google_tensors():
    """Return the golden weights by their names in TensorFlow 1, written out by hand."""
    theirs = golden.tensors()
    found = {
        f"bert/embeddings/{name}_embeddings": theirs[f"bert.embeddings.{name}_embeddings.weight"]
        for name in ("word", "position", "token_type")
    }

    def dense(google, name):
        found[f"{google}/kernel"] = theirs[f"{name}.weight"].T
        found[f"{google}/bias"] = theirs[f"{name}.bias"]

    def norm(google, name):
        found[f"{google}/gamma"] = theirs[f"{name}.weight"]
        found[f"{google}/beta"] = theirs[f"{name}.bias"]

    norm("bert/embeddings/LayerNorm", "bert.embeddings.LayerNorm")
    for number in range(golden.LAYERS):
        google, name = f"bert/encoder/layer_{number}", f"bert.encoder.layer.{number}"
        for part in ("attention/self/query", "attention/self/key", "attention/self/value"):
            dense(f"{google}/{part}", f"{name}.{part.replace('/', '.')}")
        for part in ("attention/output/dense", "intermediate/dense", "output/dense"):
            dense(f"{google}/{part}", f"{name}.{part.replace('/', '.')}")
        norm(f"{google}/attention/output/LayerNorm", f"{name}.attention.output.LayerNorm")
        norm(f"{google}/output/LayerNorm", f"{name}.output.LayerNorm")
    dense("bert/pooler/dense", "bert.pooler.dense")
    dense("cls/predictions/transform/dense", "cls.predictions.transform.dense")
    norm("cls/predictions/transform/LayerNorm", "cls.predictions.transform.LayerNorm")
    found["cls/predictions/output_bias"] = theirs["cls.predictions.bias"]
    found["cls/seq_relationship/output_weights"] = theirs["cls.seq_relationship.weight"]
    found["cls/seq_relationship/output_bias"] = theirs["cls.seq_relationship.bias"]
    return found


def write_folder(folder, tensors, **more):
    """Write the folder in Google's format, including the optimizer's slots."""
    keys = [key for key in golden.config() if key not in ("architectures", "model_type", "pad_token_id")]
    config = {**{key: golden.config()[key] for key in keys}, **more}
    (folder / "bert_config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("".join(token + "\n" for token in golden.TOKENS))
    slots = {
        f"{name}/{slot}": np.zeros_like(values) for name, values in tensors.items() for slot in ("adam_m", "adam_v")
    }
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        everything = {**tensors, **slots, "global_step": np.array(1_000_000)}
        for name, values in everything.items():
            tf.compat.v1.get_variable(name, initializer=values)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(folder / "bert_model.ckpt"), write_meta_graph=False)
    return folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path, google_tensors())


def test_every_layer_and_both_heads_equal_transformers_with_the_tanh_gelu(folder):
    converted = read_tf1_checkpoint(folder, lower_case=True)
    assert (converted.builder, converted.arguments["activation"]) == ("bert_pretrainer", "gelu_tanh")
    model = converted.model()
    encoder = models.encoder_outputs(model)
    expected = golden.stored("gelu_pytorch_tanh")
    for ours, theirs in zip(encoder(golden.inputs_of(encoder)), expected["hidden_states"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    outputs = model(golden.inputs_of(model))
    for name in ("mlm_logits", "nsp_logits"):
        np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5)


def test_vocabulary_and_lower_casing_are_read(folder):
    converted = read_tf1_checkpoint(folder, lower_case=False)
    assert (converted.tokens, converted.lower_case) == (golden.TOKENS, False)
    assert converted.max_sequence_length == golden.POSITIONS


def test_a_checkpoint_without_epsilon_uses_googles_value(tmp_path):
    folder = write_folder(tmp_path, google_tensors())
    config = json.loads((folder / "bert_config.json").read_text())
    del config["layer_norm_eps"]
    (folder / "bert_config.json").write_text(json.dumps(config))
    model = read_tf1_checkpoint(folder, lower_case=True).model()
    assert model.get_layer("embedding_norm").epsilon == 1e-12


def test_missing_and_damaged_files_are_refused_by_name(folder):
    data = next(folder.glob("*.data-*"))
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(InputError, match="damaged or incomplete"):
        read_tf1_checkpoint(folder, lower_case=True)
    next(folder.glob("*.index")).unlink()
    with pytest.raises(InputError, match=r"such as bert_model.ckpt.index. Received: 0"):
        read_tf1_checkpoint(folder, lower_case=True)
    (folder / "bert_config.json").unlink()
    with pytest.raises(InputError, match="bert_config.json is missing"):
        read_tf1_checkpoint(folder, lower_case=True)


def test_a_checkpoint_is_read_only_from_regular_files(folder):
    index = next(folder.glob("*.index"))
    index.unlink()
    os.mkfifo(index)
    with pytest.raises(InputError, match="index is not a regular file"):
        read_tf1_checkpoint(folder, lower_case=True)


def test_another_model_is_refused_by_name(tmp_path):
    tensors = google_tensors()
    tensors["bert/embeddings/projection/kernel"] = tensors.pop("bert/pooler/dense/bias")[None]
    with pytest.raises(InputError, match=r"missing bert.pooler.dense.bias; unknown bert.embeddings.projection.weight"):
        read_tf1_checkpoint(write_folder(tmp_path, tensors), lower_case=True)


def test_a_vocabulary_of_another_size_is_refused(folder):
    (folder / "vocab.txt").write_text("\n".join(map(str, range(31))))
    with pytest.raises(InputError, match="31 tokens in its vocabulary and vocab_size 30"):
        read_tf1_checkpoint(folder, lower_case=True)
