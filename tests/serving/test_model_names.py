"""Arguments of the command become names and paths of models, or errors that say what to do."""

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.serving.model_names import Source, sources
from kerasnlp_zoo.zoo.folders import find

ENTRY = "text_cnn_trec_en"


def saved_model(folder):
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"")
    return folder


def test_an_entry_has_its_own_name_or_a_given_one():
    assert sources([ENTRY, f"questions={ENTRY}"]) == [Source(ENTRY, ENTRY, False), Source("questions", ENTRY, False)]


def test_a_saved_model_has_the_name_of_its_folder_or_run(tmp_path, monkeypatch):
    for path, name in (
        ("served/1", "served"),
        ("runs/reviews/export/12", "reviews"),
        ("plain", "plain"),
    ):
        saved_model(tmp_path / path)
        assert sources([str(tmp_path / path)]) == [Source(name, str(tmp_path / path), True)]
    monkeypatch.chdir(tmp_path)
    assert sources(["served"])[0] == Source("served", "served", True)
    assert sources(["runs/reviews/export", "./served/1"])[0].name == "reviews"
    monkeypatch.chdir(tmp_path / "served")
    assert sources(["1"])[0].name == sources(["."])[0].name == "served"


def test_an_entry_comes_before_a_folder_of_its_name(tmp_path, monkeypatch):
    saved_model(tmp_path / ENTRY / "1")
    monkeypatch.chdir(tmp_path)
    assert not sources([ENTRY])[0].is_saved_model
    assert sources([f"./{ENTRY}"])[0].is_saved_model


def test_the_folder_of_a_run_has_the_name_of_the_run(tmp_path):
    (tmp_path / "reviews" / "entry").mkdir(parents=True)
    for name in ("config.json", "vocabulary.txt", "model.safetensors"):
        (tmp_path / "reviews" / "entry" / name).write_text("{}")
    for path in ("reviews", "reviews/entry"):
        assert sources([str(tmp_path / path)]) == [Source("reviews", str(tmp_path / path), False)]


def test_a_folder_can_have_an_equals_sign_after_a_slash(tmp_path, monkeypatch):
    saved_model(tmp_path / "rate=0.1" / "1")
    monkeypatch.chdir(tmp_path)
    assert sources(["./rate=0.1"]) == [Source("rate=0.1", "./rate=0.1", True)]
    assert sources(["fast=./rate=0.1"]) == [Source("fast", "./rate=0.1", True)]


def test_an_entry_of_the_hub_has_the_name_of_its_repository(hub):
    hub.add("team/reviews", find("text_cnn_trec_en"))
    (source,) = sources(["hf://team/reviews@main"])
    assert (source.name, source.path, source.is_saved_model) == ("reviews", "hf://team/reviews@main", False)


def test_a_remote_folder_is_a_saved_model():
    assert sources(["gs://bucket/models/text/3"]) == [Source("text", "gs://bucket/models/text/3", True)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "at least one model"),
        (["text_cnn_trec"], "Did you mean 'text_cnn_trec_en'"),
        (["no/such/folder"], "There is no entry"),
        (["questions="], "has no entry after the name"),
        ([f"a:b={ENTRY}"], "cannot be the name of a model"),
        ([f"a\x1b={ENTRY}"], "cannot be the name of a model"),
        ([ENTRY, ENTRY], f"Two models have the name '{ENTRY}'.*{ENTRY}_2={ENTRY}"),
        ([f"a={ENTRY}", "a=text_cnn_imdb_en"], "a_2=text_cnn_imdb_en"),
        (["x" * 5000], "There is no entry"),
    ],
)
def test_arguments_that_cannot_be_served_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        sources(arguments)
