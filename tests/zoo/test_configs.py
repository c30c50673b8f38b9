"""A changed or damaged entry is refused with a clear message, and never breaks the list of entries."""

import contextlib
import json
import math
import os
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from kerasnlp_zoo import cli, zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.weights import read_weights
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


def test_scales_of_another_shape_are_refused(tmp_path):
    tensors = {"a": np.ones((4, 3), "int8"), "a:scale": np.ones((4, 1), "float32")}
    save_file(tensors, tmp_path / "good.safetensors")
    assert read_weights(tmp_path / "good.safetensors")["a"].shape == (4, 3)
    for number, scale in enumerate((np.ones((1000, 1, 1, 1)), np.ones((1, 3)), np.ones(()))):
        path = tmp_path / f"{number}.safetensors"
        save_file({**tensors, "a:scale": scale.astype("float32")}, path)
        with pytest.raises(InputError, match="a:scale of shape .* must have a scale for each row"):
            read_weights(path)


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
