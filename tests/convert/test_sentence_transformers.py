"""Folders of sentence-transformers: their vectors, and files that are damaged or not supported."""

import json

import numpy as np
import pytest

from kerasnlp_zoo.convert import read_huggingface, write_huggingface
from kerasnlp_zoo.errors import InputError
from tests.convert import golden

ENCODER = {name: tensor for name, tensor in golden.tensors().items() if not name.startswith("cls.")}


def sentence_transformers_folder(
    folder, pooling="pooling_mode_mean_tokens", modules=("Transformer", "Pooling", "Normalize")
):
    """Write the golden encoder in the format of sentence-transformers, with the encoder in a separate folder."""
    paths = {"Transformer": "0_Transformer", "Pooling": "1_Pooling"}
    rows = [{"path": paths.get(kind, ""), "type": f"sentence_transformers.models.{kind}"} for kind in modules]
    golden.write_folder(folder / "0_Transformer", ENCODER, architecture="BertModel")
    (folder / "modules.json").write_text(json.dumps(rows))
    (folder / "1_Pooling").mkdir()
    modes = {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": False, pooling: True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": golden.D, **modes}))
    (folder / "0_Transformer" / "sentence_bert_config.json").write_text('{"max_seq_length": 6, "do_lower_case": false}')
    return folder


@pytest.mark.parametrize("pooling", ["pooling_mode_mean_tokens", "pooling_mode_cls_token", "pooling_mode_max_tokens"])
@pytest.mark.parametrize("normalize", [True, False])
def test_a_sentence_transformers_folder_has_the_same_vectors(tmp_path, pooling, normalize):
    modules = ("Transformer", "Pooling", "Normalize")[: 2 + normalize]
    converted = read_huggingface(sentence_transformers_folder(tmp_path / "theirs", pooling, modules))
    assert (converted.builder, converted.max_sequence_length) == ("sentence_encoder", 6)
    last = golden.stored("gelu")["hidden_states"][-1]
    real = (golden.TOKEN_IDS != 0)[..., None]
    expected = {
        "pooling_mode_cls_token": last[:, 0],
        "pooling_mode_mean_tokens": (last * real).sum(1) / real.sum(1),
        "pooling_mode_max_tokens": np.where(real, last, -np.inf).max(1),
    }[pooling]
    if normalize:
        expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    model = converted.model()
    inputs = golden.inputs_of(model)
    vectors = model(inputs)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    again = write_huggingface(model, tmp_path / "again")
    (again / "vocab.txt").write_text("\n".join(golden.TOKENS))
    np.testing.assert_array_equal(read_huggingface(again).model()(inputs), vectors)


@pytest.mark.parametrize(("word", "pooling"), [("mean", "mean"), ("cls", "first"), ("max", "max")])
def test_the_pooling_may_be_a_word(tmp_path, word, pooling):
    folder = sentence_transformers_folder(tmp_path / "theirs")
    config = {"embedding_dimension": golden.D, "pooling_mode": word, "include_prompt": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config))
    assert read_huggingface(folder).head["pooling"] == pooling


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("modules.json", "null", "expected a list of objects"),
        ("modules.json", '[{"type": "Transformer"}]', "expected a list of objects"),
        ("modules.json", '[{"type": "a.Transformer", "path": "../.."}]', "with paths inside the folder"),
        ("modules.json", '[{"type": "a.Transformer", "path": "/etc"}]', "with paths inside the folder"),
        ("modules.json", "[]", "unsupported modules.*Received: none"),
        ("1_Pooling/config.json", "[]", "must contain an object"),
        ("1_Pooling/config.json", "{}", "must select poolings of cls, max, mean, .*Received: none"),
        ("config_sentence_transformers.json", "null", "must contain an object"),
        (
            "config_sentence_transformers.json",
            '{"prompts": {"query": "query: "}, "default_prompt_name": "query"}',
            "puts the prompt 'query: ' before every text",
        ),
    ],
)
def test_damaged_and_unsupported_files_of_sentence_transformers_are_refused(tmp_path, name, content, message):
    folder = sentence_transformers_folder(tmp_path / "theirs")
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=message):
        read_huggingface(folder)
