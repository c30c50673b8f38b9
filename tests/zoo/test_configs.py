"""A changed or damaged entry is refused with a clear message, and never breaks the list of entries."""

import contextlib
import inspect
import json
import math
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from kerasnlp_zoo import cli, zoo
from kerasnlp_zoo.commands import entries as commands_entries
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import bert_classifier, sentence_encoder, text_cnn, tree_lstm
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.vocabulary import Vocabulary
from kerasnlp_zoo.weights import read_weights
from kerasnlp_zoo.zoo import cards
from kerasnlp_zoo.zoo.argument_types import require_types
from kerasnlp_zoo.zoo.configs import DIGEST, FIELDS, HASHED, OPTIONAL, config_digest
from tests.entry_files import edit_config
from tests.small_tasks import text_classification

USES = (zoo.check, zoo.load, zoo.read_config)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=9), values, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return zoo.save(text_classification(), tmp_path_factory.mktemp("entries") / "mine")


@pytest.fixture
def entry(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "mine")


def write(entry, config):
    (entry / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update(weights_licence="Apache-2.0"),
        lambda config: config["preprocessing"]["config"].update(max_sequence_length=2),
        lambda config: config["labels"].reverse(),
        lambda config: config["sha256"].pop("model.safetensors"),
        lambda config: config.update(note="more"),
    ],
)
def test_a_changed_config_is_detected_by_every_use(entry, change):
    config = zoo.read_config(entry)
    change(config)
    write(entry, config)
    for use in USES:
        with pytest.raises(InputError, match="config.json was changed or damaged after the entry was saved"):
            use(entry)


@pytest.mark.parametrize("name", [*FIELDS, DIGEST, "format_version"])
def test_a_missing_field_is_named(entry, name):
    config = zoo.read_config(entry)
    del config[name]
    write(entry, config if name == DIGEST else {**config, DIGEST: config_digest(config)})
    for use in USES:
        with pytest.raises(InputError, match=name):
            use(entry)


@given(st.sampled_from([*FIELDS, *OPTIONAL, "quantization", "seed", "versions"]), JSON)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_of_any_field_is_used_or_refused(saved, monkeypatch, tmp_path_factory, name, value):
    folder = tmp_path_factory.mktemp("any")
    entry = shutil.copytree(saved, folder / "entries" / "mine")
    config = {**zoo.read_config(entry), name: value}
    write(entry, {**config, DIGEST: config_digest(config)})
    for use in (zoo.load, zoo.read_config):
        with contextlib.suppress(InputError):  # any other error fails
            use(entry)
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(folder))
    assert "mine" in [summary["name"] for summary in zoo.summaries()]


@pytest.mark.parametrize("name", ["../mine/vocabulary.txt", "/dev/zero", "a/b", "..", "C:x", ""])
def test_hashes_of_other_places_are_refused(entry, name):
    config = zoo.read_config(entry)
    config["sha256"][name] = "0" * 64
    write(entry, {**config, DIGEST: config_digest(config)})
    for use in USES:
        with pytest.raises(InputError, match="sha256 must be an object with the sha256 of files in the entry's folder"):
            use(entry)


@pytest.mark.parametrize("name", ["config.json", "metrics.json", "README.md", "vocabulary.txt", "model.safetensors"])
@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_a_file_without_an_end_never_hangs_a_reader(entry, name, kind):
    (entry / name).unlink()
    if kind == "device":
        os.symlink("/dev/zero", entry / name)
    else:
        os.mkfifo(entry / name)
    readers = {
        "config.json": lambda path: zoo.read_config(path.parent),
        "metrics.json": lambda path: cards.read_metrics(path.parent),
        "README.md": lambda path: commands_entries.show(str(path.parent)),
        "vocabulary.txt": Vocabulary.load,
        "model.safetensors": read_weights,
    }
    with pytest.raises(InputError, match=f"{name} is not a regular file"):
        readers[name](entry / name)


@pytest.mark.parametrize("name", HASHED)
def test_a_file_that_is_no_regular_file_is_refused(entry, name):
    (entry / name).unlink()
    os.symlink("/dev/zero", entry / name)
    with pytest.raises(InputError, match=f"{name} is not a file"):
        zoo.check(entry)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(entry, value):
    tensors = load_file(entry / "model.safetensors")
    tensors["logits/bias"][1] = value
    save_file(tensors, entry / "model.safetensors")
    edit_config(entry)
    for use in (zoo.check, zoo.load):
        with pytest.raises(InputError, match="model.safetensors contains NaN or infinity in logits/bias"):
            use(entry)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array([1e300, 0]), "a number too large for float32"),
        (np.array([np.nan, 0], "float32").astype(tf.bfloat16.as_numpy_dtype), "NaN or infinity"),
        (np.array([np.inf, 0], "float16"), "NaN or infinity"),
        (np.array([1, 2j], "complex64"), "logits/bias is complex64 in the file, float32 in the model"),
        (np.array([True, False]), "logits/bias is bool in the file"),
        (np.array([7, 2**40]), "logits/bias is int64 in the file"),
    ],
)
def test_weights_of_another_type_are_converted_without_loss_or_refused(entry, value, message):
    tensors = load_file(entry / "model.safetensors")
    save_file({**tensors, "logits/bias": value}, entry / "model.safetensors")
    edit_config(entry)
    with pytest.raises(InputError, match=message):
        zoo.load(entry)


def test_bfloat16_weights_are_read(entry):
    tensors = load_file(entry / "model.safetensors")
    value = np.array([0.5, -2], "float32")
    save_file({**tensors, "logits/bias": value.astype(tf.bfloat16.as_numpy_dtype)}, entry / "model.safetensors")
    edit_config(entry)
    np.testing.assert_array_equal(zoo.load(entry).model.get_layer("logits").bias.numpy(), value)


def test_nan_differs_from_every_answer():
    assert zoo.difference({"p": [0.5]}, {"p": [math.nan]}) == math.inf
    assert zoo.difference([math.nan], [math.nan]) == math.inf
    assert zoo.difference(math.inf, math.inf) == math.inf
    assert zoo.difference({"p": 0.5}, {"p": 0.25}) == 0.25


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "has no answers, so nothing proves the entry"),
        ("{}", "has no answers"),
        ('["a text"]', "expected objects"),
        ("[" * 100_000, "does not contain the golden answers"),
        ("\xff", "does not contain the golden answers"),
        (f"[{'9' * 5000}]", "does not contain the golden answers"),
        ('[{"text": 5, "answer": {}}]', "Expected strings"),
    ],
)
def test_golden_answers_that_prove_nothing_are_refused(entry, content, message):
    (entry / "golden.json").write_text(content, "latin-1")
    edit_config(entry)
    with pytest.raises(InputError, match=message):
        zoo.check(entry)


@pytest.mark.parametrize(
    "arguments",
    [
        {"vocabulary_size": 10**9},
        {"embedding_dim": 10**7},
        {"filter_widths": [3] * 10**5},
        {"num_filters": 10**30},
        {"dropout": math.nan},
    ],
)
def test_arguments_that_ask_for_more_than_the_weights_are_refused_before_memory_is_used(entry, arguments):
    edit_config(entry, builder_arguments={**zoo.read_config(entry)["builder_arguments"], **arguments})
    with pytest.raises(InputError, match="is more than the file of weights contains|must be"):
        zoo.load(entry)


@pytest.mark.parametrize(
    "changes",
    [
        {"task_arguments": {"thresholds": [0.5, "x"]}},
        {"task_arguments": {"beam_width": 3}},
        {"preprocessing": {"class": "WordPreprocessor", "config": {"max_sequence_length": "9"}}},
        {"builder_arguments": {"padding": ["same"]}},
        {"builder_arguments": {"dropout": []}},
        {"data": {"name": 5}},
    ],
)
def test_arguments_of_another_type_are_named(entry, changes):
    config = zoo.read_config(entry)
    edit_config(entry, **{n: {**config[n], **v} if n == "builder_arguments" else v for n, v in changes.items()})
    with pytest.raises(InputError, match="must be|cannot use: (beam_width|thresholds)"):
        zoo.load(entry)


def test_types_of_arguments_are_those_of_the_annotations():
    for builder in (text_cnn, bert_classifier, sentence_encoder, tree_lstm):
        defaults = {name: p.default for name, p in inspect.signature(builder).parameters.items()}
        require_types(
            builder,
            json.loads(json.dumps({n: v for n, v in defaults.items() if v is not inspect.Parameter.empty})),
            "x",
        )
    for pooling, is_valid in (("mean", True), (["mean", "max"], True), (["mean", 1], False), (True, False)):
        with contextlib.nullcontext() if is_valid else pytest.raises(InputError, match="pooling must be"):
            require_types(sentence_encoder, {"pooling": pooling}, "config.json")


def test_an_error_of_the_model_is_an_error_of_the_entry(entry, monkeypatch):
    monkeypatch.setattr(TextClassification, "to_python", lambda *arguments: {}["probabilities"])
    with pytest.raises(InputError, match="cannot answer its golden texts: .* KeyError: 'probabilities'"):
        zoo.check(entry)


def test_scales_of_another_shape_are_refused(tmp_path):
    tensors = {"a": np.ones((4, 3), "int8"), "a:scale": np.ones((4, 1), "float32")}
    save_file(tensors, tmp_path / "good.safetensors")
    assert read_weights(tmp_path / "good.safetensors")["a"].shape == (4, 3)
    for number, scale in enumerate((np.ones((1000, 1, 1, 1)), np.ones((1, 3)), np.ones(()))):
        path = tmp_path / f"{number}.safetensors"
        save_file({**tensors, "a:scale": scale.astype("float32")}, path)
        with pytest.raises(InputError, match="a:scale of shape .* must have a scale for each row"):
            read_weights(path)


@pytest.mark.parametrize(
    "metrics",
    [
        {"language": None},
        {"task": 5, "weights_licence": None, "commercial_use": [1]},
        {"broken": True},
        {"test_score": 10**400},
        {"published_score": math.nan},
        {"metric": {}, "test_score": 1.0},
        {"published_by": 5},
        {"versions": None},
        {"pictures": 5},
        {"float_megabytes": "x"},
    ],
)
def test_metrics_of_any_type_never_break_the_list(saved, tmp_path, monkeypatch, capsys, metrics):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))
    entry = shutil.copytree(saved, tmp_path / "entries" / "mine")
    (entry / "metrics.json").write_text(json.dumps(metrics))
    edit_config(entry, commercial_use="yes\n| fake | row |")
    for arguments in ({}, {"markdown": True}):
        commands_entries.list_(**arguments)
    lines = [line for line in capsys.readouterr().out.split("\n") if "mine" in line or "fake" in line]
    assert len(lines) <= 2
    if set(metrics) <= {"language", "task", "weights_licence", "commercial_use", "broken"}:
        assert lines[0].endswith("not stated  yes | fake | row |  cache")
        assert lines[1].endswith("| not stated | yes \\| fake \\| row \\| |")
    else:
        assert lines[0].startswith("mine is broken: ")


def test_a_broken_entry_is_listed_with_the_reason_and_cannot_control_the_terminal(saved, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))
    for name in ("good", "bad", "odd"):
        shutil.copytree(saved, tmp_path / "entries" / name)
    (tmp_path / "entries" / "bad" / "metrics.json").write_text('{"test_score": "\x1b[2J"}')
    edit_config(tmp_path / "entries" / "odd", language="\x1b]0;title\x07en\u202e")
    (tmp_path / "entries" / "odd" / "README.md").write_text("# \x1b[31mred\x9b2J 评论\n", "utf-8")
    (tmp_path / "entries" / "empty").mkdir()
    (tmp_path / "entries" / "empty" / "config.json").write_text("null")
    for command in (["list"], ["list", "--markdown"], ["show", "odd"]):
        monkeypatch.setattr("sys.argv", ["kerasnlp-zoo", *command])
        cli.main()
        printed = capsys.readouterr().out
        assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(printed)
        if command == ["list"]:
            assert "\nbad is broken: " in printed
            assert "\nempty is broken: " in printed
            assert "\ngood  " in printed
    assert "评论" in printed
    assert {summary["name"] for summary in zoo.summaries()} >= {"good", "bad", "odd", "empty"}
    monkeypatch.setattr("sys.argv", ["kerasnlp-zoo", "check", "bad", "good"])
    with pytest.raises(SystemExit, match="1 of 2 entries failed the check\nbad: "):
        cli.main()
    assert capsys.readouterr().out.startswith("good: 5 files unchanged")
