"""What would be converted inexactly is refused by name, with what to do."""

import contextlib
import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kerasnlp_zoo import models
from kerasnlp_zoo.convert import read_huggingface, write_huggingface
from kerasnlp_zoo.errors import InputError
from tests.convert import originals
from tests.convert.originals import KINDS, write_folder

DENSE_KIND, NORMALIZED, CROSS_ENCODER = "sentences_weighted_dense", "sentences_first_normalized", "cross_encoder_score"
TYPE = "sentence_transformers.models."


def changed(folder, name, **changes):
    """Change fields of a JSON object in a folder; ... removes a field."""
    path = folder / name
    content = {**(json.loads(path.read_text()) if path.exists() else {}), **changes}
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))
    return folder


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("bert_labels", {"model_type": "xlm-roberta"}, "the type 'xlm-roberta', .*Use a BERT or DistilBERT"),
        ("bert_labels", {"model_type": None}, "the type None, which is not converted"),
        ("bert_labels", {"model_type": ["bert"]}, r"the type \['bert'\], which is not converted"),
        ("bert_labels", {"position_embedding_type": "relative_key_query"}, "position_embedding_type in .*'absolute'"),
        ("bert_labels", {"pruned_heads": {"0": [1]}}, "pruned_heads in .* must be one of {}"),
        ("bert_labels", {"add_cross_attention": True}, "add_cross_attention in .* must be one of False"),
        ("bert_labels", {"quantization_config": {"load_in_8bit": True}}, "quantization_config in .* must be one of"),
        ("bert_labels", {"auto_map": {"AutoModel": "modeling.Alibi"}}, "auto_map in .* must be one of None"),
        ("bert_labels", {"hidden_act": "silu"}, "hidden_act in .* must be one of 'gelu'.*Received.*'silu'"),
        ("bert_labels", {"hidden_act": ["gelu"]}, "hidden_act in .* must be one of 'gelu'"),
        ("bert_labels", {"layer_norm_eps": "1e-12"}, "out of range: layer_norm_eps"),
        ("bert_labels", {"architectures": ["BertLMHeadModel"]}, "architecture in .* must be one of 'BertModel'"),
        ("bert_labels", {"architectures": ["DistilBertModel"]}, "architecture in .* must be one of 'BertModel'"),
        ("bert_score", {"problem_type": ...}, "does not say whether the score .* is passed to a sigmoid"),
        ("bert_labels", {"problem_type": "regression"}, "a model with 3 scores for each text.*Write one folder for"),
        ("bert_labels", {"problem_type": ["regression"]}, "problem_type in .* must be one of"),
        ("distilbert_labels", {"model_type": "bert", "architectures": None}, "lacks hidden_size, .*config of a bert"),
        ("distilbert_labels", {"dim": ...}, "lacks dim. Expected the config of a distilbert model"),
        ("distilbert_labels", {"n_layers": None}, "out of range: n_layers None"),
        ("distilbert_labels", {"activation": "silu"}, "activation in .* must be one of 'gelu'"),
        ("distilbert_labels", {"architectures": ["DistilBertForMultipleChoice"]}, "must be one of 'DistilBertModel'"),
        (CROSS_ENCODER, {"sentence_transformers": [1]}, "sentence_transformers must be an object"),
        (
            CROSS_ENCODER,
            {"sentence_transformers": {"activation_fn": originals.TANH}},
            "the activation of the CrossEncoder .* must be one of 'torch.nn.modules.linear.Identity'.*Tanh",
        ),
        (
            CROSS_ENCODER,
            {"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Softmax"}},
            "the activation of the CrossEncoder .*Received.*Softmax",
        ),
    ],
)
def test_settings_of_config_json_that_change_the_numbers_are_refused(tmp_path, kind, changes, message):
    folder = changed(write_folder(KINDS[kind], tmp_path), "config.json", **changes)
    with pytest.raises(InputError, match=message):
        read_huggingface(folder)


@pytest.mark.parametrize("kind", ["distilbert_labels", DENSE_KIND])
@pytest.mark.parametrize("content", ["null", "[]", "3", "{", "{}"])
def test_a_config_without_an_object_or_without_fields_is_refused(tmp_path, kind, content):
    folder = write_folder(KINDS[kind], tmp_path)
    (folder / "config.json").write_text(content)
    with pytest.raises(InputError, match="config.json"):
        read_huggingface(folder)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [DENSE_KIND, CROSS_ENCODER, "bert_label_sets"])
@pytest.mark.parametrize("value", [None, [], [None], {"a": [1]}, "x", -1, True, ...])
def test_any_field_with_any_value_is_read_or_refused(tmp_path, kind, value):
    folder = write_folder(KINDS[kind], tmp_path)
    for path in folder.rglob("*.json"):
        content = json.loads(path.read_text())
        for key in content if isinstance(content, dict) else []:
            changed(folder, path.relative_to(folder), **{key: value})
            with contextlib.suppress(InputError):
                read_huggingface(folder)
            path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        (
            "1_Pooling/config.json",
            {"pooling_mode": "attention"},
            "must select poolings of cls, max.*Received: attention",
        ),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": 1.5}, "pooling_mode_max_tokens in .* must be one of"),
        ("2_Dense/config.json", {"in_features": 5}, "in_features in .* must be one of"),
        ("2_Dense/config.json", {"out_features": "5"}, "out_features in .* must be one of"),
        ("sentence_bert_config.json", {"do_lower_case": "no"}, "do_lower_case in sentence_bert_config.json"),
        ("1_Pooling/config.json", {"pooling_mode": None}, "must select poolings of .*Received: None"),
        ("1_Pooling/config.json", {"pooling_mode": []}, "must select poolings of .*Received: none"),
        ("1_Pooling/config.json", {"pooling_mode": [["mean"]]}, "must select poolings of"),
        ("1_Pooling/config.json", {"pooling_mode": ["mean", "mean"]}, "selects the same pooling twice"),
        (
            "1_Pooling/config.json",
            {"layers": [1, 2]},
            "settings that are not supported: layers. Expected:.*Remove them",
        ),
        (
            "2_Dense/config.json",
            {"activation_function": "torch.nn.modules.activation.GELU"},
            "activation_function in .*",
        ),
        ("2_Dense/config.json", {"activation_function": ...}, "activation_function in .* must be one of.*None"),
        ("2_Dense/config.json", {"activation_function": ["Tanh"]}, "activation_function in .* must be one of"),
        ("2_Dense/config.json", {"use_residual": True}, "use_residual in .* must be one of False"),
        ("2_Dense/config.json", {"module_input_name": "token_embeddings"}, "module_input_name in .* must be one of"),
        ("2_Dense/config.json", {"bias": False}, "must contain the weights of one dense layer"),
        ("2_Dense/config.json", {"dropout": 0.1}, "settings that are not supported: dropout"),
        ("config_sentence_transformers.json", {"truncate_dim": 4}, "shortens the vectors to truncate_dim"),
        ("config_sentence_transformers.json", {"similarity_fn_name": "dot"}, "compares vectors by 'dot'.*cosine"),
        ("config_sentence_transformers.json", {"similarity_fn_name": ["dot"]}, "compares vectors by"),
        ("sentence_bert_config.json", {"query_length": 32}, "settings that are not supported: query_length"),
        ("sentence_bert_config.json", {"transformer_task": "text-generation"}, "transformer_task in .* must be one of"),
        ("sentence_bert_config.json", {"modality_config": {"image": {}}}, "modality_config in .* must be one of"),
        ("sentence_bert_config.json", {"module_output_name": "scores"}, "module_output_name in .* must be one of"),
        ("sentence_bert_config.json", {"max_seq_length": "8"}, "maximum length of a text must be a number"),
        ("sentence_distilbert_config.json", {"max_seq_length": 0}, "maximum length of a text must be a number"),
    ],
)
def test_settings_of_sentence_transformers_that_change_the_vectors_are_refused(tmp_path, name, changes, message):
    folder = changed(write_folder(KINDS[DENSE_KIND], tmp_path), name, **changes)
    with pytest.raises(InputError, match=message):
        read_huggingface(folder)


@pytest.mark.parametrize(
    "kinds",
    [
        ["Transformer"],
        ["Transformer", "Pooling", "Normalize", "Dense"],
        ["Transformer", "Pooling", "Dense", "Dense"],
        ["Transformer", "Pooling", "LayerNorm"],
        ["WordEmbeddings", "Pooling"],
        ["Transformer", "Pooling", "Dense", "Normalize", "Normalize"],
    ],
)
def test_other_modules_are_refused_by_name(tmp_path, kinds):
    folder = write_folder(KINDS[DENSE_KIND], tmp_path)
    rows = [{"type": TYPE + kind, "path": ""} for kind in kinds]
    (folder / "modules.json").write_text(json.dumps(rows))
    with pytest.raises(InputError, match=f"unsupported modules.*Received: {', '.join(kinds)}. Use sentence-transf"):
        read_huggingface(folder)


def test_a_module_of_another_package_is_refused_even_with_a_known_name(tmp_path):
    folder = write_folder(KINDS[DENSE_KIND], tmp_path)
    rows = [{"type": TYPE + "Transformer", "path": ""}, {"type": "custom.Pooling", "path": "1_Pooling"}]
    (folder / "modules.json").write_text(json.dumps(rows))
    with pytest.raises(InputError, match="Received: Transformer, custom.Pooling"):
        read_huggingface(folder)


def test_the_dot_product_of_vectors_of_length_1_is_the_cosine(tmp_path):
    folder = write_folder(KINDS[NORMALIZED], tmp_path)
    changed(folder, "config_sentence_transformers.json", similarity_fn_name="dot")
    assert read_huggingface(folder).head == {"pooling": "first", "normalize": True}


def test_a_dense_layer_without_bias_has_a_bias_of_0_and_int8_weights_are_refused(tmp_path):
    folder = changed(write_folder(KINDS[DENSE_KIND], tmp_path), "2_Dense/config.json", bias=False)
    path = folder / "2_Dense" / "model.safetensors"
    kernel = load_file(path)["linear.weight"]
    save_file({"linear.weight": kernel}, path)
    weights = read_huggingface(folder).weights
    np.testing.assert_array_equal(weights["projection/kernel"], kernel.T)
    np.testing.assert_array_equal(weights["projection/bias"], np.zeros(5))
    save_file({"linear.weight": kernel.astype("int8")}, path)
    with pytest.raises(InputError, match="not floats: linear.weight int8.*before it was quantized"):
        read_huggingface(folder)


def test_int8_weights_of_an_encoder_are_refused(tmp_path):
    folder = write_folder(KINDS["bert_labels"], tmp_path)
    tensors = load_file(folder / "model.safetensors")
    tensors["classifier.weight"] = tensors["classifier.weight"].astype("int8")
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(InputError, match="not floats: classifier.weight int8"):
        read_huggingface(folder)


def test_the_activation_of_older_cross_encoders_is_read(tmp_path):
    folder = write_folder(KINDS[CROSS_ENCODER], tmp_path)
    older = {"sentence_transformers": ..., "sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}
    converted = read_huggingface(changed(folder, "config.json", **older))
    assert converted.head["score_activation"] == "linear"
    assert converted.pairs


@pytest.mark.parametrize(
    ("activation", "has_label_sets"), [("activation.Sigmoid", True), ("activation.Softmax", False)]
)
def test_several_outputs_of_a_cross_encoder_are_label_sets_or_classes(tmp_path, activation, has_label_sets):
    folder = write_folder(KINDS["cross_encoder_labels"], tmp_path)
    section = {"activation_fn": f"torch.nn.modules.{activation}"}
    converted = read_huggingface(changed(folder, "config.json", sentence_transformers=section))
    assert (converted.thresholds == [0.5] * 3) is has_label_sets


def test_a_cross_encoder_of_version_6_needs_a_classifier(tmp_path):
    for kind, expected in (
        (CROSS_ENCODER, None),
        ("bert_base", "is a CrossEncoder. Expected the weights of a classif"),
    ):
        folder = write_folder(KINDS[kind], tmp_path / kind)
        (folder / "modules.json").write_text(json.dumps([{"type": TYPE + "Transformer", "path": ""}]))
        settings = {"model_type": "CrossEncoder", "activation_fn": originals.SIGMOID}
        (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
        if expected is None:
            assert read_huggingface(folder).head["score_activation"] == "sigmoid"
        else:
            with pytest.raises(InputError, match=expected):
                read_huggingface(folder)


def test_a_second_pooling_is_refused_and_a_pooling_replaces_a_head(tmp_path):
    with pytest.raises(InputError, match="modules.json contains the pooling. Leave it out"):
        read_huggingface(write_folder(KINDS[NORMALIZED], tmp_path / "sentences"), pooling="mean")
    converted = read_huggingface(write_folder(KINDS["bert_masked_words"], tmp_path / "words"), pooling="mean")
    assert converted.builder == "sentence_encoder"


@pytest.mark.slow
def test_models_that_the_original_libraries_lack_are_not_written(tmp_path):
    sizes = {"vocabulary_size": 9, "hidden_dim": 8, "num_layers": 1, "num_heads": 2, "intermediate_dim": 8}
    distilbert = {**sizes, "num_segments": None}
    refused = [
        (models.bert(**distilbert), "Expected a model of one of the builders sentence_encoder, "),
        (models.bert_classifier(num_classes=2, **distilbert), "DistilBertForSequenceClassification .*'pooled_output'"),
        (models.bert_classifier(num_classes=2, pooling="pooled_relu", **sizes), "Received: pooling='pooled_relu'"),
        (models.sentence_encoder(**distilbert, layer_norm_epsilon=1e-5), "always has .*Received: .*1e-05"),
    ]
    for model, message in refused:
        with pytest.raises(InputError, match=message):
            write_huggingface(model, tmp_path / "never")
    assert not (tmp_path / "never").exists()
