import inspect
import json
import shutil
import typing
from pathlib import Path

import keras
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.durable import MACHINE
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.files import cache_folder
from kerasnlp_zoo.tasks import TASKS, Task, TaskName
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.zoo import cards
from kerasnlp_zoo.zoo.configs import NEEDED
from tests.entry_files import edit_config
from tests.quick_cases import first_is_quick
from tests.small_tasks import TEXTS, text_classification, translation_by_transformer

ENTRY = "text_cnn_movie_reviews_en"


@pytest.fixture
def entry(tmp_path):
    return zoo.save(text_classification(), tmp_path / "my_entry")


@pytest.mark.parametrize("name", first_is_quick(zoo.list_entries()))
def test_every_packaged_entry_passes_its_check(name):
    if base := zoo.read_config(name).get("base"):  # LoRA: the entry contains only changes to that model
        zoo.download(base["name"])
    found = zoo.check(name)
    assert found["answers"] == len(golden_texts(zoo.load(name)))
    summary = next(summary for summary in zoo.summaries() if summary["name"] == name)
    assert summary["metric"] == "not scored" or summary["test_score"] > 0  # Chinese word pairs are not published here
    assert summary["commercial_use"] in ("yes", "no", "unknown")
    assert zoo.find(name).name == zoo.read_config(name)["name"] == name


def test_the_movie_review_entry_distinguishes_good_from_bad():
    task = zoo.load(ENTRY)
    answers = task.predict(["a gripping, beautifully acted film", "dull, clumsy and far too long"])
    assert [answer["label"] for answer in answers] == ["positive", "negative"]


def test_an_entry_is_found_in_the_folder_of_its_run(entry, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "history.csv").write_text("epoch\n0\n")
    with pytest.raises(InputError, match="run is not finished.*Finish the run with --resume"):
        zoo.load(run)
    shutil.move(entry, run / "entry")
    assert zoo.load(run).predict(TEXTS) == zoo.load(run / "entry").predict(TEXTS)
    assert zoo.find(run) == run / "entry"
    assert zoo.check(run)["largest_difference"] <= 1e-4


def test_a_task_shows_its_model_labels_language_and_entry(entry):
    labels = "labels=['negative', 'positive'], language='en'"
    assert repr(text_classification()) == f"TextClassification(text_cnn, {labels})"
    assert repr(zoo.load(ENTRY)) == f"TextClassification(text_cnn, {labels}, entry='{ENTRY}')"
    assert repr(zoo.load(entry, labels=list("abcdef"))).startswith(
        "TextClassification(text_cnn, labels=['a', 'b', 'c', 'd', ...], language='en', entry='"
    )
    assert repr(translation_by_transformer()) == "Translation(transformer, language='en', target_language='es')"


def test_every_task_name_has_an_overload_of_load():
    assert typing.get_args(TaskName) == tuple(TASKS)
    returned = [typing.get_type_hints(signature)["return"] for signature in typing.get_overloads(zoo.load)]
    assert returned == [*TASKS.values(), Task]
    assert inspect.signature(zoo.load).return_annotation is Task


def test_entries_are_found_by_name_and_by_folder(tmp_path):
    folder = shutil.copytree(zoo.find(ENTRY), tmp_path / "copy")
    assert zoo.load(folder).predict(TEXTS) == zoo.load(ENTRY).predict(TEXTS)
    assert ENTRY in zoo.list_entries()


def test_a_folder_in_the_current_folder_does_not_hide_an_entry(entry, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(entry, tmp_path / ENTRY)
    assert zoo.find(ENTRY) not in (tmp_path / ENTRY, Path(ENTRY))
    assert f"{ENTRY} is the entry {zoo.find(ENTRY)}. The folder of the same name is {tmp_path / ENTRY}" in caplog.text
    assert zoo.find(f"./{ENTRY}").absolute() == tmp_path / ENTRY
    assert zoo.find("my_entry").absolute() == entry  # no entry has this name


def test_an_entry_that_was_being_replaced_is_found(entry):
    """As if the process had been killed between two renames."""
    temporary = entry.with_name(f".{MACHINE}-999999999-00000000-{entry.name}")
    temporary.mkdir()
    entry.rename(temporary / "old")
    assert zoo.check(entry)["answers"] > 0


def test_an_empty_variable_does_not_put_the_cache_into_the_current_folder(monkeypatch):
    for name in ("KERASNLP_ZOO_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, "")
    assert cache_folder().is_absolute()


@pytest.mark.parametrize("name", ["KERASNLP_ZOO_CACHE", "XDG_CACHE_HOME"])
def test_a_variable_of_spaces_counts_as_empty_and_the_cache_of_the_user_is_never_relative(monkeypatch, name):
    monkeypatch.setattr("os.name", "posix")
    for value in (" ", "~/cache", *(["relative"] if name == "XDG_CACHE_HOME" else [])):
        monkeypatch.delenv("KERASNLP_ZOO_CACHE", raising=False)
        monkeypatch.setenv(name, value)
        assert cache_folder().is_absolute()


def test_a_user_without_a_home_is_told_to_choose_a_folder(monkeypatch):
    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", home)
    for name in ("KERASNLP_ZOO_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match="Set the environment variable KERASNLP_ZOO_CACHE to a folder"):
        zoo.list_entries()


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a\0b", "\ud800", None, 5, b"x", ["x"]])
def test_a_name_that_no_folder_can_have_is_refused(name):
    for use in (zoo.load, zoo.check, zoo.find):
        with pytest.raises(InputError, match="There is no entry|Expected the name of an entry"):
            use(name)


def test_the_folder_above_is_no_name_of_an_entry(entry, monkeypatch):
    (entry / "sub").mkdir()
    monkeypatch.chdir(entry / "sub")
    assert zoo.find("..").resolve() == entry


def test_entries_are_found_in_the_cache(entry, tmp_path, monkeypatch):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path / "cache"))
    shutil.copytree(entry, tmp_path / "cache" / "entries" / "mine")
    assert "mine" in zoo.list_entries()
    assert zoo.load("mine").labels == ["negative", "positive"]


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary.txt"])
def test_one_changed_byte_is_detected_by_check_and_load(entry, name):
    data = bytearray((entry / name).read_bytes())
    data[-20] ^= 1
    (entry / name).write_bytes(data)
    for use in (zoo.check, zoo.load):
        with pytest.raises(InputError, match=f"{name} was changed or damaged"):
            use(entry)


@pytest.mark.parametrize("name", ["README.md", "golden.json", "metrics.json"])
def test_check_covers_every_file(entry, name):
    (entry / name).write_text("{}")
    with pytest.raises(InputError, match=name):
        zoo.check(entry)


def test_check_detects_a_changed_answer(entry):
    golden = json.loads((entry / "golden.json").read_text())
    golden[0]["answer"]["probability"] += 0.01
    (entry / "golden.json").write_text(json.dumps(golden))
    edit_config(entry)
    with pytest.raises(InputError, match="to 'a gripping.* has changed. Expected the answer when it was saved"):
        zoo.check(entry)


@pytest.mark.parametrize("name", NEEDED)
def test_an_incomplete_folder_is_refused(entry, name):
    (entry / name).unlink()
    with pytest.raises(InputError, match=f"is incomplete: {name} missing"):
        zoo.load(entry)


def test_the_error_for_an_entry_to_download_has_the_command(monkeypatch, tmp_path):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))
    for use in (zoo.load, zoo.check):
        with pytest.raises(InputError, match="not downloaded yet .85 MB.*kerasnlp-zoo download glove_6b_50d_en"):
            use("glove_6b_50d_en")
    with pytest.raises(InputError, match="Did you mean 'glove_6b_50d_en'"):
        zoo.load("glove_6b_50_en")
    with pytest.raises(InputError, match="entry to download must be one of 'glove_6b_50d_en'"):
        zoo.download("nothing")
    assert "glove_6b_50d_en" not in zoo.list_entries()


def test_the_error_for_an_unknown_entry_lists_the_known_ones():
    with pytest.raises(InputError) as error:
        zoo.load("text_cmm_movie_review")
    known = ", ".join(zoo.list_entries())
    assert f"no entry 'text_cmm_movie_review'. Did you mean '{ENTRY}'? Entries: {known}" in str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 99}, "format_version 99"),
        ({"builder": "os.system"}, "builder must be one of"),
        ({"task": "clairvoyance"}, "task must be one of"),
        ({"preprocessing": {"class": "Popen", "config": {}}}, "preprocessing class must be one of"),
        ({"builder_arguments": {"num_wings": 2}}, "cannot use: .*num_wings|cannot use: missing"),
        ({"builder_arguments": {"vocabulary_size": 7, "num_classes": 2}}, "does not fit the model"),
    ],
)
def test_a_config_with_unregistered_names_is_refused(entry, changes, message):
    edit_config(entry, **changes)
    with pytest.raises(InputError, match=message):
        zoo.load(entry)


def test_a_config_that_is_not_json_is_refused(entry):
    (entry / "config.json").write_text("{half")
    with pytest.raises(InputError, match="config.json does not contain the config of an entry"):
        zoo.load(entry)


def test_dtype_applies_to_the_loaded_model_only(entry):
    before = keras.config.dtype_policy()
    task = zoo.load(entry, dtype="mixed_bfloat16")
    assert task.model.get_layer("convolution_3").compute_dtype == "bfloat16"
    assert keras.config.dtype_policy() == before
    for half, full in zip(task.predict(TEXTS), zoo.load(entry).predict(TEXTS), strict=True):
        assert half["probability"] == pytest.approx(full["probability"], abs=0.05)


def test_a_model_without_a_builder_cannot_be_saved_as_an_entry(tmp_path):
    task = text_classification()
    task.model = keras.Model(task.model.input, task.model.output)
    with pytest.raises(InputError, match="builder"):
        zoo.save(task, tmp_path / "entry")
    assert not (tmp_path / "entry").exists()


def test_float16_halves_the_file_and_golden_answers_are_those_of_the_rounded_weights(tmp_path):
    task = text_classification()
    full, half = zoo.save(task, tmp_path / "full"), zoo.save(task, tmp_path / "half", weights_dtype="float16")
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (full, half)]
    assert sizes[1] < 0.6 * sizes[0]
    assert zoo.check(half)["largest_difference"] < 1e-5


def test_card_and_table_show_the_measured_scores(entry):
    summary = {
        **zoo.read_config(entry),
        "megabytes": 1.5,
        "metric": "accuracy",
        "test_score": 75.55,
        "published_score": 76.1,
        "published_by": "Kim 2014",
        "milliseconds_per_sentence": 0.9,
    }
    assert "| my_entry | text_classification | en | accuracy 75.5" in cards.table([summary])
    assert "76.1 (Kim 2014) | 1.5 MB | 0.9 ms |" in cards.table([summary])
    assert "| en | - | 76.1 (Kim 2014) |" in cards.table([{**summary, "test_score": None}])
    assert 'zoo.load("my_entry")' in (entry / "README.md").read_text()
