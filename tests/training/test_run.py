import random

import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import text_cnn
from kerasnlp_zoo.training import Run, RunConfig
from kerasnlp_zoo.training import run as run_module
from recipes import bilstm_tagging, linear_features, seq2seq, word2vec


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


def test_flags_take_paths_as_strings(tmp_path):
    run = Run("text_cnn", RunConfig(dataset="movie_reviews", output_dir=str(tmp_path / "run")))
    assert run.folder == tmp_path / "run"
    options = bilstm_tagging.Config(train_file="names.conll", test_file="test.conll", data_dir="data")
    assert [path.name for path in (*options.given_files().values(), options.data_dir)] == [
        "names.conll", "test.conll", "data",
    ]  # fmt: skip
    assert word2vec.Config(corpus="books/novel.txt.gz").data_name() == "novel"
    assert seq2seq.Config(train_file="a.en", target_file="a.zh").target_file.suffix == ".zh"
    assert linear_features.Config(data_dir="data").data_dir.name == "data"


def test_missing_matplotlib_is_reported_before_training(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"kerasnlp-zoo\[recipes\]"):
        Run("text_cnn", config(tmp_path))


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
