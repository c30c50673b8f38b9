"""Hugging Face folders are read and written with the outputs of transformers; other models are refused clearly."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kerasnlp_zoo import models, zoo
from kerasnlp_zoo.convert import read_huggingface, write_huggingface
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks import MultiLabelClassification, QuestionAnswering
from kerasnlp_zoo.tasks.question_answering import NO_ANSWER
from tests.convert import golden
from tests.small_tasks import TEXTS, bert_model

ENCODER = {name: tensor for name, tensor in golden.tensors().items() if not name.startswith("cls.")}


def assert_same_outputs(converted, expected, atol=1e-5):
    """Compare the hidden states after every layer, and the logits of both heads."""
    model = converted.model()
    outputs = model(golden.inputs_of(model))
    encoder = models.encoder_outputs(model)
    states = encoder(golden.inputs_of(encoder))
    assert len(states) == len(expected["hidden_states"])
    for ours, theirs in zip(states, expected["hidden_states"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=atol)
    for name in ("mlm_logits", "nsp_logits"):
        np.testing.assert_allclose(outputs[name], expected[name], atol=atol)


@pytest.fixture
def folder(tmp_path):
    return golden.write_folder(tmp_path / "theirs", golden.tensors())


@pytest.mark.parametrize("hidden_act", golden.ACTIVATIONS)
def test_every_layer_and_both_heads_equal_transformers(tmp_path, hidden_act):
    converted = read_huggingface(golden.write_folder(tmp_path, golden.tensors(), hidden_act))
    assert converted.builder == "bert_pretrainer"
    assert converted.arguments["activation"] == golden.ACTIVATIONS[hidden_act]
    assert_same_outputs(converted, golden.stored(hidden_act))


def test_the_stored_outputs_distinguish_the_two_gelus():
    exact, approximate = (golden.stored(hidden_act)["mlm_logits"] for hidden_act in golden.ACTIVATIONS)
    assert np.abs(exact - approximate).max() > 1e-4


@pytest.mark.peers
@pytest.mark.parametrize("hidden_act", golden.ACTIVATIONS)
def test_transformers_still_returns_the_stored_outputs(tmp_path, hidden_act):
    pytest.importorskip("transformers", reason=golden.PEERS)
    outputs = golden.transformers_outputs(golden.write_folder(tmp_path, golden.tensors(), hidden_act))
    for name, values in golden.stored(hidden_act).items():
        np.testing.assert_allclose(outputs[name], values, atol=1e-5)


@pytest.mark.peers
@pytest.mark.parametrize(
    ("builder", "architecture", "arguments", "output"),
    [
        ("bert", "BertModel", {}, ("sequence_output", "last_hidden_state")),
        ("bert", "BertModel", {}, ("pooled_output", "pooler_output")),
        ("bert_masked_language_model", "BertForMaskedLM", {}, (None, "logits")),
        ("bert_classifier", "BertForSequenceClassification", {"num_classes": 3}, (None, "logits")),
        ("bert_token_classifier", "BertForTokenClassification", {"num_classes": 3}, (None, "logits")),
        ("bert_span_predictor", "BertForQuestionAnswering", {}, (None, ("start_logits", "end_logits"))),
    ],
)
def test_transformers_loads_a_written_model_with_the_same_outputs(
    tmp_path, random, builder, architecture, arguments, output
):
    transformers = pytest.importorskip("transformers", reason=golden.PEERS)
    torch = pytest.importorskip("torch", reason=golden.PEERS)
    model = models.BUILDERS[builder](**golden.ARGUMENTS, **arguments)
    for weight in model.weights:
        weight.assign(random.normal(0, 0.5, weight.shape))
    folder = write_huggingface(model, tmp_path / "ours")
    loaded, report = getattr(transformers, architecture).from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    ours = model(golden.inputs_of(model))
    with torch.no_grad():
        theirs = loaded.eval()(**golden.transformers_inputs())
    our_name, their_name = output
    ours = ours if our_name is None else ours[our_name]
    paired = isinstance(their_name, tuple)
    theirs = torch.stack([theirs[name] for name in their_name], dim=-1) if paired else theirs[their_name]
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)


@pytest.mark.parametrize("builder", ["bert", "bert_classifier", "bert_token_classifier", "bert_span_predictor"])
def test_a_written_model_is_read_with_the_same_weights_arguments_and_head(tmp_path, builder):
    arguments = {**golden.ARGUMENTS, "activation": "gelu_tanh", "dropout": 0.2}
    head = {"num_classes": 3} if "classifier" in builder else {}
    model = models.BUILDERS[builder](**arguments, **head)
    folder = write_huggingface(model, tmp_path / "theirs")
    (folder / "vocab.txt").write_text("\n".join(golden.TOKENS))
    converted = read_huggingface(folder)
    assert (converted.builder, converted.arguments) == (builder, arguments)
    again = converted.model()
    assert again.builder_config == model.builder_config
    for before, after in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_written_tensors_equal_those_that_were_read(folder, tmp_path):
    again = write_huggingface(read_huggingface(folder).model(), tmp_path / "again")
    before, after = (load_file(place / "model.safetensors") for place in (folder, again))
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        np.testing.assert_array_equal(tensor, after[name])


def test_older_names_and_additional_buffers_and_copies_are_accepted(tmp_path):
    weights = golden.tensors()
    older = {
        name.removeprefix("bert.")
        .replace("LayerNorm.weight", "LayerNorm.gamma")
        .replace("orm.bias", "orm.beta"): tensor
        for name, tensor in weights.items()
    }
    older["embeddings.position_ids"] = np.arange(golden.POSITIONS)[None]
    older["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"]
    older["cls.predictions.decoder.bias"] = older.pop("cls.predictions.bias")
    assert_same_outputs(read_huggingface(golden.write_folder(tmp_path, older)), golden.stored("gelu"))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "cls.predictions.decoder.weight",
            np.zeros((golden.V, golden.D), "float32"),
            "different weights in cls.*decoder",
        ),
        (
            "bert.embeddings.position_ids",
            np.arange(golden.POSITIONS)[::-1].copy(),
            "position ids that are not supported",
        ),
        ("bert.encoder.layer.2.output.dense.bias", np.zeros(8, "float32"), "unknown bert.encoder.layer.2.output"),
        ("bert.pooler.dense.bias", None, "missing bert.pooler.dense.bias"),
        ("bert.encoder.layer.1.attention.self.key.weight", None, "missing bert.*key.weight"),
        (
            "bert.encoder.layer.0.output.LayerNorm.weight",
            np.full(8, np.nan, "float32"),
            "NaN or infinity in bert.*LayerNorm",
        ),
        ("cls.seq_relationship.bias", np.full(2, np.inf, "float32"), "NaN or infinity in cls.seq_relationship.bias"),
        ("bert.encoder.layer.0.attention.self.key.weight", np.zeros((8, 9), "float32"), "do not fit together"),
    ],
)
def test_weights_of_other_models_are_refused_by_name(tmp_path, name, value, message):
    weights = {**golden.tensors(), name: value}
    weights = {name: tensor for name, tensor in weights.items() if tensor is not None}
    with pytest.raises(InputError, match=message):
        read_huggingface(golden.write_folder(tmp_path, weights))


def test_one_message_lists_all_missing_and_unknown_tensors(tmp_path):
    weights = golden.tensors()
    del weights["bert.pooler.dense.bias"], weights["bert.embeddings.LayerNorm.weight"]
    weights["adapter.weight"] = np.zeros(3, "float32")
    with pytest.raises(InputError) as error:
        read_huggingface(golden.write_folder(tmp_path, weights))
    for part in (
        "missing bert.embeddings.LayerNorm.weight",
        "missing bert.pooler.dense.bias",
        "unknown adapter.weight",
    ):
        assert part in str(error.value)


def test_a_weight_of_another_shape_is_refused_when_the_model_is_built(tmp_path):
    weights = {**golden.tensors(), "bert.pooler.dense.bias": np.zeros(9, "float32")}
    with pytest.raises(InputError, match=r"pooler/bias is \[9\] in the file, \[8\] in the model"):
        read_huggingface(golden.write_folder(tmp_path, weights)).model()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_act": "swish"}, "hidden_act in .*config.json must be one of 'gelu', 'gelu_new'.*Received.*'swish'"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type in .* must be one of 'absolute'"),
        (
            {"model_type": "roberta"},
            "the type 'roberta', which is not converted. Expected: bert, distilbert. Use a BERT",
        ),
        ({"is_decoder": True}, "is_decoder in .* must be one of False"),
        (
            {"architectures": ["BertForMultipleChoice"]},
            "architecture in .* must be one of 'BertModel', 'BertForMaskedLM'",
        ),
        ({"vocab_size": 29}, "30 tokens in its vocabulary and vocab_size 29"),
        ({"vocab_size": "30"}, "sizes of another type or out of range: vocab_size '30'"),
        ({"num_hidden_layers": 10**9}, "sizes of another type or out of range: num_hidden_layers"),
        ({"hidden_size": True}, "sizes of another type or out of range: hidden_size True"),
        ({"architectures": "BertModel"}, "architectures must be a list"),
        ({"num_attention_heads": 3}, "multiple of the number of heads"),
    ],
)
def test_the_error_for_an_unsupported_config_lists_supported_values(folder, change, message):
    (folder / "config.json").write_text(json.dumps({**golden.config(), **change}))
    with pytest.raises(InputError, match=message):
        read_huggingface(folder).model()


def test_the_error_for_a_config_without_sizes_names_them(folder):
    config = golden.config()
    del config["hidden_size"], config["vocab_size"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="config.json lacks vocab_size, hidden_size"):
        read_huggingface(folder)


@pytest.mark.parametrize("length", [0, 7, 100, -1])
def test_a_truncated_file_is_refused(folder, length):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError, match="Expected a complete safetensors file"):
        read_huggingface(folder)


@pytest.mark.parametrize(
    ("missing", "message"),
    [("config.json", "config.json is missing"), ("vocab.txt", "no vocabulary"), ("model.safetensors", "no weights")],
)
def test_missing_files_are_refused_by_name(folder, missing, message):
    (folder / missing).unlink()
    with pytest.raises(InputError, match=message):
        read_huggingface(folder)


def test_half_precision_becomes_float32(tmp_path):
    half = {name: tensor.astype("float16") for name, tensor in golden.tensors().items()}
    weights = read_huggingface(golden.write_folder(tmp_path, half)).weights
    assert {weight.dtype for weight in weights.values()} == {np.dtype("float32")}
    np.testing.assert_array_equal(weights["pooler/bias"], half["bert.pooler.dense.bias"].astype("float32"))


@pytest.mark.parametrize(
    ("architecture", "builder"),
    [("BertForSequenceClassification", "bert_classifier"), ("BertForTokenClassification", "bert_token_classifier")],
)
def test_labels_are_read_and_written_in_the_order_of_their_ids(tmp_path, architecture, builder):
    head = {"classifier.weight": np.zeros((3, golden.D), "float32"), "classifier.bias": np.zeros(3, "float32")}
    named = {"id2label": {"2": "ORG", "0": "O", "1": "PER"}}
    folder = golden.write_folder(tmp_path, {**ENCODER, **head}, architecture=architecture, **named)
    converted = read_huggingface(folder)
    assert (converted.builder, converted.labels) == (builder, ["O", "PER", "ORG"])
    assert converted.model().builder_config["arguments"]["num_classes"] == 3


@pytest.mark.slow
def test_a_classifier_of_several_labels_comes_back_with_its_thresholds(tmp_path):
    task = MultiLabelClassification(*bert_model("bert_classifier", {}, num_classes=3), list("abc"), [0.2, 0.5, 0.9])
    written = write_huggingface(task, tmp_path / "theirs") / "config.json"
    config = json.loads(written.read_text())
    assert config["problem_type"] == "multi_label_classification"
    back = read_huggingface(tmp_path / "theirs").task("en")
    assert (back.name, back.labels, back.thresholds) == (task.name, task.labels, task.thresholds)
    assert back.predict(TEXTS) == task.predict(TEXTS)
    written.write_text(json.dumps({name: value for name, value in config.items() if name != "thresholds"}))
    assert read_huggingface(tmp_path / "theirs").task("en").thresholds == [0.5] * 3  # as transformers writes it


@pytest.mark.slow
@pytest.mark.parametrize("labels", [[], [NO_ANSWER]])
def test_a_model_for_questions_comes_back_with_or_without_the_answer_that_there_is_none(tmp_path, labels):
    task = QuestionAnswering(*bert_model("bert_span_predictor", {"pairs": True}), labels)
    config = json.loads((write_huggingface(task, tmp_path / "theirs") / "config.json").read_text())
    assert "id2label" not in config  # transformers builds two outputs, the start and the end of an answer
    back = read_huggingface(tmp_path / "theirs").task("en")
    assert back.labels == labels
    texts = [("a fine film ?", "the film is fine and long"), ("?", "")]
    assert zoo.difference(back.predict(texts), task.predict(texts)) <= 1e-5
    assert read_huggingface(tmp_path / "theirs").abstaining().task("en").labels == [NO_ANSWER]


def test_only_a_model_for_questions_can_abstain(folder):
    with pytest.raises(InputError, match="Only a model that answers questions can abstain. Received: bert_pretrainer"):
        read_huggingface(folder).abstaining()


def test_a_model_with_several_scores_is_refused_and_one_tag_is_no_score(tmp_path):
    head = {"classifier.weight": np.zeros((2, golden.D), "float32"), "classifier.bias": np.zeros(2, "float32")}
    options = {"architecture": "BertForSequenceClassification", "problem_type": "regression"}
    folder = golden.write_folder(tmp_path / "two", {**ENCODER, **head}, id2label={"0": "a", "1": "b"}, **options)
    with pytest.raises(InputError, match="a model with 2 scores for each text"):
        read_huggingface(folder)
    with pytest.raises(InputError, match="problem_type in .* must be one of"):
        read_huggingface(golden.write_folder(tmp_path / "odd", {**ENCODER, **head}, problem_type="ranking"))
    one = {name: tensor[:1] for name, tensor in head.items()}
    folder = golden.write_folder(tmp_path / "tag", {**ENCODER, **one}, architecture="BertForTokenClassification")
    assert read_huggingface(folder).builder == "bert_token_classifier"


def test_a_span_head_has_no_labels(tmp_path):
    head = {"qa_outputs.weight": np.zeros((2, golden.D), "float32"), "qa_outputs.bias": np.zeros(2, "float32")}
    converted = read_huggingface(golden.write_folder(tmp_path / "span", {**ENCODER, **head}, architecture=None))
    assert (converted.builder, converted.labels) == ("bert_span_predictor", None)
    both = {**head, "classifier.weight": head["qa_outputs.weight"], "classifier.bias": head["qa_outputs.bias"]}
    with pytest.raises(InputError, match="unknown classifier.bias; unknown classifier.weight"):
        read_huggingface(golden.write_folder(tmp_path / "both", {**ENCODER, **both}))


def test_another_head_has_new_weights_on_the_same_encoder(folder):
    converted = read_huggingface(folder)
    with pytest.raises(InputError, match="missing logits/kernel; missing logits/bias"):
        converted.model("bert_classifier", num_classes=5)
    model = converted.model("bert_classifier", skip="logits/", num_classes=5)
    np.testing.assert_array_equal(model.get_layer("pooler").kernel, converted.weights["pooler/kernel"])


def test_models_that_transformers_does_not_have_are_not_written(tmp_path):
    for model in (
        models.text_cnn(vocabulary_size=9, num_classes=2),
        models.bert_classifier(num_classes=2, pooling="mean", **golden.ARGUMENTS),
        models.sentence_encoder(pooling="pooled_output", **golden.ARGUMENTS),
    ):
        with pytest.raises(InputError, match="Expected (a model of )?one of"):
            write_huggingface(model, tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_attention_that_transformers_lacks_is_refused(tmp_path):
    model = models.bert(vocabulary_size=9, hidden_dim=8, num_layers=1, num_heads=2, score_mode="additive")
    with pytest.raises(InputError, match="no other attention than .*Received: {'score_mode': 'additive'"):
        write_huggingface(model, tmp_path / "folder")


@pytest.mark.parametrize(
    "names", [None, [], {"x": "a"}, {"9" * 5000: "a"}, {"0": 5}, {"0": "same", "1": "same"}, "text"]
)
def test_names_of_classes_that_cannot_be_read_are_refused(tmp_path, names):
    head = {"classifier.weight": np.zeros((2, golden.D), "float32"), "classifier.bias": np.zeros(2, "float32")}
    options = {"architecture": "BertForSequenceClassification", "id2label": names}
    folder = golden.write_folder(tmp_path, {**ENCODER, **head}, **options)
    if names in (None, []):
        assert read_huggingface(folder).labels == ["LABEL_0", "LABEL_1"]
    else:
        with pytest.raises(InputError, match="id2label"):
            read_huggingface(folder)


def test_a_model_with_one_segment_does_not_read_pairs(folder):
    tensors = golden.tensors()
    name = "bert.embeddings.token_type_embeddings.weight"
    head = {"classifier.weight": np.zeros((2, golden.D), "float32"), "classifier.bias": np.zeros(2, "float32")}
    options = {"architecture": "BertForSequenceClassification", "type_vocab_size": 1}
    converted = read_huggingface(golden.write_folder(folder, {**ENCODER, name: tensors[name][:1], **head}, **options))
    assert converted.task("en").predict(["piece1"])
    with pytest.raises(InputError, match="has one segment, so it cannot distinguish the two texts of a pair"):
        converted.task("en", pairs=True)


def test_a_broken_json_file_is_refused_by_name(folder):
    (folder / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config.json does not contain valid JSON"):
        read_huggingface(folder)


def test_weights_in_a_pytorch_file_are_read(folder):
    torch = pytest.importorskip("torch", reason=golden.PEERS)
    (folder / "model.safetensors").unlink()
    state = {name: torch.tensor(tensor) for name, tensor in golden.tensors().items()}
    torch.save(state, folder / "pytorch_model.bin")
    assert_same_outputs(read_huggingface(folder), golden.stored("gelu"))


def test_a_damaged_weights_file_is_not_replaced_by_a_second_file(folder):
    save_file({}, folder / "model.safetensors")
    (folder / "pytorch_model.bin").write_bytes(b"never looked at")
    with pytest.raises(InputError, match="has only 0 tensors, but its config has 2 layers"):
        read_huggingface(folder)
