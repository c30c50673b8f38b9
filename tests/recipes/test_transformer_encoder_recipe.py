"""The recipe of the Transformer encoder, from flags to a served model, on small files of texts and of pairs."""

import itertools

import numpy as np
import pytest

from kerasnlp_zoo import explanation, zoo
from kerasnlp_zoo.errors import InputError
from recipes import text_cnn, transformer_encoder

SMALL = {"embedding_dim": 16, "hidden_dim": 16, "num_layers": 1, "num_heads": 2, "intermediate_dim": 32}
SMALL |= {"batch_size": 16, "learning_rate": 0.01, "min_count": 1, "dropout": 0.1}


def config(folder, **changes):
    return transformer_encoder.Config(**{"output_dir": folder / "run", **SMALL, **changes})


def test_own_reviews_are_learned_saved_and_explained(reviews_csv, tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("film 1 2 3\nloved 4 5 6\n")
    options = {"train_file": reviews_csv, "embeddings": str(vectors), "epochs": 8, "pooling": "mean"}
    metrics = transformer_encoder.main(config(tmp_path, embedding_dim=8, positions="learned", **options))
    assert metrics["validation_score"] >= 90
    assert metrics["test_score"] >= 90
    assert metrics["export_difference"] <= 1e-5
    assert "--positions learned --pooling mean" in metrics["command"]
    task = zoo.load(tmp_path / "run" / "entry")
    assert zoo.read_config(tmp_path / "run" / "entry")["name"] == "transformer_encoder_reviews_en"
    assert task.predict(["I loved this film"])[0]["label"] == "positive"
    attention = explanation.attention_weights(task, "I loved this film")
    assert (attention.tokens, attention.weights.shape) == (["i", "loved", "this", "film"], (1, 2, 4, 4))


@pytest.fixture
def pairs_csv(tmp_path):
    """Pairs that are "same" if both texts name the same animal: no word of one text alone decides."""
    animals, verbs = ["dog", "cat", "cow", "hen"], ["ran", "ate", "slept", "sat", "hid", "fell", "sang", "swam"]
    rows = [
        f"the {first} {verb},a {second} {other},{'same' if first == second else 'different'}"
        for first, second in itertools.product(animals, repeat=2)
        for verb, other in itertools.permutations(verbs, 2)
        if first == second or verbs.index(verb) % 3 == 0
    ]
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join(["text,other,label", *rows]))
    return path


@pytest.mark.slow
def test_pairs_of_texts_are_learned_saved_and_explained(pairs_csv, tmp_path):
    options = {"train_file": pairs_csv, "text_pair_column": "other", "epochs": 20, "patience": 20, "pooling": "max"}
    metrics = transformer_encoder.main(config(tmp_path, **{**options, "learning_rate": 0.005}))
    assert metrics["test_score"] >= 85  # a model that reads one of the two texts reaches 53
    assert metrics["export_difference"] <= 1e-5
    task = zoo.load(tmp_path / "run" / "entry")
    answers = task.predict([("the dog ran", "a dog sat"), ("the dog ran", "a cow sat")])
    assert [answer["label"] for answer in answers] == ["same", "different"]
    attention = explanation.attention_weights(task, ("the dog ran", "a yak sat"))
    assert attention.tokens == ["[CLS]", "the", "dog", "ran", "[SEP]", "a", "yak[?]", "sat", "[SEP]"]
    np.testing.assert_allclose(attention.weights.sum(axis=-1), 1, atol=1e-5)
    with pytest.raises(InputError, match="This model of words reads a pair of texts. Received: one text"):
        explanation.attention_weights(task, "the dog ran")


@pytest.mark.slow
def test_other_recipes_of_words_read_a_pair_as_one_text(pairs_csv, tmp_path):
    options = {"train_file": pairs_csv, "text_pair_column": "other", "smoke": True, "embedding_dim": 8}
    metrics = text_cnn.main(text_cnn.Config(output_dir=tmp_path / "run", **options))
    assert metrics["export_difference"] <= 1e-5
