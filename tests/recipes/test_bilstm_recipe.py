import inspect
import json

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from recipes import bilstm

SMALL = {"embedding_dim": 8, "hidden_dim": 8, "batch_size": 16, "learning_rate": 0.02}


def test_own_reviews_are_learned_saved_and_exported(reviews_csv, tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("film 1 2 3\nloved 4 5 6\n")
    options = {"train_file": reviews_csv, "embeddings": str(vectors), "channels": "multichannel", "epochs": 4, **SMALL}
    metrics = bilstm.main(bilstm.Config(output_dir=tmp_path / "run", **options))
    assert metrics["test_score"] >= 90
    assert metrics["export_difference"] <= 1e-5
    assert json.loads((tmp_path / "run" / "metrics.json").read_text()) == metrics
    assert zoo.read_config(tmp_path / "run" / "entry")["name"] == "bilstm_reviews_en"
    task = zoo.load(tmp_path / "run" / "entry")
    assert task.predict(["I loved this film"])[0]["label"] == "positive"
    film = np.asarray(task.model.get_layer("static_embedding").embeddings)[task.preprocessor.vocabulary.ids["film"]]
    np.testing.assert_allclose(film[:3] / film[0], [1, 2, 3], rtol=1e-3)


@pytest.mark.slow
def test_all_parts_of_the_model_can_be_chosen_by_flags(reviews_csv, tmp_path):
    options = {"cell": "leaky_learned", "num_layers": 3, "merge": "sum", "pooling": "attention", "filter_width": 3}
    options |= {"skip_connections": True, "layer_norm": True, "num_input_layers": 1, "num_output_layers": 2}
    options |= {"train_file": reviews_csv, "folds": 4, "epochs": 1, **SMALL}
    metrics = bilstm.main(bilstm.Config(output_dir=tmp_path / "run", **options), fold=0)
    assert 0 < metrics["test_score"] <= 100
    for flag in ("--cell leaky_learned", "--num-layers 3", "--merge sum", "--pooling attention", "--filter-width 3"):
        assert flag in metrics["command"]
    for flag in ("--skip-connections", "--layer-norm", "--num-input-layers 1", "--num-output-layers 2"):
        assert flag in metrics["command"]


def test_builder_and_recipe_have_the_same_defaults():
    config = bilstm.Config()
    flags = {**vars(config), **config.sizes(), "channels": "random", "embedding_dim": config.width(None)}
    for name, parameter in inspect.signature(bilstm.bilstm).parameters.items():
        if parameter.default is not parameter.empty:
            assert flags[name] == parameter.default, name


def test_the_standard_size_is_two_layers_of_512_and_single_flags_override_it():
    assert bilstm.Config(size="standard").sizes() == {"hidden_dim": 512, "num_layers": 2, "dropout": 0.3}
    assert bilstm.Config(size="standard", dropout=0.0, num_layers=1).sizes() == {
        "hidden_dim": 512,
        "num_layers": 1,
        "dropout": 0.0,
    }


def test_channels_for_pretrained_vectors_need_vectors(reviews_csv, tmp_path):
    with pytest.raises(InputError, match="--channels static and --embeddings None"):
        bilstm.main(bilstm.Config(train_file=reviews_csv, output_dir=tmp_path / "run", channels="static"))
