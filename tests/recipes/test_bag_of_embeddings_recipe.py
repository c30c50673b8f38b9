import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from recipes import bag_of_embeddings


def vectors_file(folder):
    """A file of word vectors for some of the reviews' words."""
    words = "film story cast ending wonderful gripping loved lovely dull clumsy hated boring".split()
    lines = [f"{word} {place / 10} {-place / 20} 0.5 1 -1 0 0.2 0.1" for place, word in enumerate(words)]
    (folder / "vectors.txt").write_text(f"{len(words)} 8\n" + "\n".join(lines) + "\n")
    return str(folder / "vectors.txt")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["bag_of_embeddings", "fixed_window"])
def test_own_reviews_are_learned_with_pretrained_vectors(model, reviews_csv, tmp_path, capsys):
    config = bag_of_embeddings.Config(
        train_file=reviews_csv,
        output_dir=tmp_path / "run",
        model=model,
        embeddings=vectors_file(tmp_path),
        embedding_dim=32,
        learning_rate=0.02,
        epochs=10,
    )
    metrics = bag_of_embeddings.main(config)
    assert "8 columns and 24 random ones, vectors for 12 of " in capsys.readouterr().out
    assert metrics["test_score"] >= 80
    config_file = zoo.read_config(tmp_path / "run" / "entry")
    assert config_file["name"] == f"{model}_reviews_en"
    assert config_file["builder_arguments"]["channels"] == "non_static"
    assert config_file["builder_arguments"]["embedding_dim"] == 32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": "static"}, "--channels static and --embeddings None"),
        ({"channels": "random", "embeddings": "vectors.txt"}, "--channels random"),
        ({"embeddings": "nowhere.txt"}, "no word vectors 'nowhere.txt'"),
        ({"embeddings": "vectors.txt", "embedding_dim": 4}, "vectors of 8 columns.*--embedding-dim 4"),
    ],
)
def test_invalid_flags_are_refused_before_training(options, message, reviews_csv, tmp_path, monkeypatch):
    vectors_file(tmp_path)
    monkeypatch.chdir(tmp_path)
    config = bag_of_embeddings.Config(train_file=reviews_csv, output_dir=tmp_path / "run", **options)
    with pytest.raises(InputError, match=message):
        bag_of_embeddings.main(config)
    assert not (tmp_path / "run" / "history.csv").exists()
