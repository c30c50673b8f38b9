import dataclasses
import random

import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import text_cnn
from kerasnlp_zoo.training import Run, RunConfig
from kerasnlp_zoo.training import run as run_module
from kerasnlp_zoo.training.run import output_folder


def config(tmp_path, **changes):
    return RunConfig(**{"dataset": "movie_reviews", "output_dir": tmp_path / "run", **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"jit": True, "deterministic": True}, "--jit and --deterministic"),
        ({"jit": True, "strategy": "mirrored"}, "--jit cannot be used with 2 replicas"),
        ({"batch_size": 51, "strategy": "mirrored"}, "--batch-size 51 .* use 50 "),
        ({"epochs": 0}, "epochs=0"),
        ({"patience": -1}, "patience=-1"),
        ({"batch_size": 0}, "batch_size=0"),
    ],
)
def test_conflicting_flags_are_refused(changes, message, tmp_path):
    with pytest.raises(InputError, match=message):
        Run("text_cnn", config(tmp_path, **changes))


def test_an_output_folder_that_cannot_be_created_is_refused_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="another --output-dir"):
        Run("text_cnn", config(tmp_path, output_dir=tmp_path / "file" / "run"))


def test_missing_matplotlib_is_reported_before_training(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"kerasnlp-zoo\[recipes\]"):
        Run("text_cnn", config(tmp_path))


def test_default_folders_are_numbered_and_never_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    free = config(tmp_path, output_dir=None, dataset="glue/sst2")
    assert str(output_folder("text_cnn", free)) == "runs/text_cnn_glue_sst2"
    for folder in ("text_cnn_glue_sst2", "text_cnn_glue_sst2-2"):
        (tmp_path / "runs" / folder / "state").mkdir(parents=True)
    assert output_folder("text_cnn", free).name == "text_cnn_glue_sst2-3"
    resumed = dataclasses.replace(free, resume=True)
    assert output_folder("text_cnn", resumed).name == "text_cnn_glue_sst2-2"


def test_a_chosen_folder_is_used_once_or_resumed(tmp_path):
    chosen = config(tmp_path)
    with pytest.raises(InputError, match="no interrupted run"):
        output_folder("text_cnn", dataclasses.replace(chosen, resume=True))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text("{}")
    with pytest.raises(InputError, match="already contains a run"):
        output_folder("text_cnn", chosen)
    with pytest.raises(InputError, match="no interrupted run"):
        output_folder("text_cnn", dataclasses.replace(chosen, resume=True))


def test_the_command_of_a_run_repeats_it(tmp_path):
    run = Run("text_cnn", config(tmp_path, text_column="评论 text", jit=True, seed=7, strategy="none"))
    assert run.command() == (
        "kerasnlp-zoo train text_cnn --dataset movie_reviews --text-column '评论 text' --strategy none --seed 7 --jit"
    )


def test_the_scope_of_a_run_sets_the_precision_and_restores_it(tmp_path):
    run = Run("text_cnn", config(tmp_path, mixed_precision="bfloat16", strategy="mirrored"))
    with run.scope():
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert keras.layers.Dense(1).dtype_policy.name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_initial_weights_depend_only_on_the_seed(tmp_path):
    weights = []
    for seed, draws in ((1, 0), (1, 3), (2, 0)):
        run = Run("text_cnn", config(tmp_path / str(len(weights)), seed=seed))
        for _ in range(draws):  # as preparing a data set does
            random.random()
            keras.random.normal((2,))
        with run.scope():
            weights.append(np.array(text_cnn(9, num_classes=2, embedding_dim=4).get_weights()[0]))
    np.testing.assert_array_equal(weights[0], weights[1])
    assert np.any(weights[0] != weights[2])


def test_versions_list_the_packages_that_determine_the_result():
    assert set(run_module.versions()) == {"kerasnlp_zoo", "keras", "tensorflow", "python"}
