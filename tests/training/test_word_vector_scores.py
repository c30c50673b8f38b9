import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import analogy_scores, word_similarity_scores
from kerasnlp_zoo.evaluation.analogies import AnalogyQuestions
from kerasnlp_zoo.evaluation.word_similarity import WordPairs
from kerasnlp_zoo.training import HistoryFile, WordVectorScores, word_vector_training

TOKENS = ["[PAD]", "[UNK]", "man", "king", "woman", "queen"]
WORD_PAIRS = WordPairs("mine", [("man", "woman"), ("king", "queen"), ("man", "queen")], np.array([8.0, 7.0, 1.0]))
QUESTIONS = AnalogyQuestions("questions", {"family": [("man", "king", "woman", "queen")]})


def small_model(name="token_embedding"):
    keras.utils.set_random_seed(1)
    embedding = keras.layers.Embedding(len(TOKENS), 4, name=name)
    model = keras.Sequential([keras.Input((1,), dtype="int32"), embedding, keras.layers.Flatten()])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    return model


def fit(model, callbacks, epochs, verbose=0):
    targets = np.array([[1.0, 0, 0, 0], [1.0, 1, 0, 0], [0, 0, 1.0, 0], [0, 1.0, 1.0, 0]])
    return model.fit(np.arange(2, 6)[:, None], targets, epochs=epochs, callbacks=callbacks, verbose=verbose).history


def test_every_epoch_is_scored_with_its_vectors(tmp_path):
    model, after_epochs = small_model(), []
    history_file = HistoryFile(tmp_path / "history.csv")
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: after_epochs.append(np.array(model.get_layer("token_embedding").embeddings))
    )
    history = fit(model, [WordVectorScores(TOKENS, [WORD_PAIRS], QUESTIONS), history_file, keep], epochs=3)
    for name, expected in [
        ("mine", [word_similarity_scores(TOKENS, vectors, WORD_PAIRS)["spearman"] for vectors in after_epochs]),
        ("analogies", [analogy_scores(TOKENS, vectors, QUESTIONS)["accuracy"] for vectors in after_epochs]),
    ]:
        assert history[name] == [row[name] for row in history_file.rows()] == expected


@pytest.mark.slow
def test_training_improves_the_scores():
    history = fit(small_model(), [WordVectorScores(TOKENS, [WORD_PAIRS], QUESTIONS)], epochs=60)
    assert history["analogies"][-1] == 1.0


def test_the_progress_bar_shows_the_scores(capsys):
    fit(small_model(), [WordVectorScores(TOKENS, [WORD_PAIRS], QUESTIONS)], epochs=1, verbose=2)
    line = capsys.readouterr().out.splitlines()[-1]
    assert "mine: " in line
    assert "analogies: " in line


def test_invalid_scores_are_refused_before_the_first_step():
    german = WordPairs("tassen.tsv", [("Tasse", "Becher")], np.array([9.0]))
    for callback, model, message in [
        (WordVectorScores(TOKENS, [german]), small_model(), "pairs of tassen.tsv"),
        (WordVectorScores(TOKENS[:-1], [WORD_PAIRS]), small_model(), r"Expected 5 rows. Received: the shape \(6, 4\)"),
        (
            WordVectorScores(TOKENS, [WORD_PAIRS]),
            small_model("other"),
            "Expected a layer named 'token_embedding'.*other",
        ),
    ]:
        before = model.get_weights()
        with pytest.raises(InputError, match=message):
            fit(model, [callback], epochs=1)
        np.testing.assert_array_equal(model.get_weights(), before)


@pytest.mark.parametrize("num_known", [29, 30])
def test_word_pairs_are_scored_from_thirty_known_pairs_on(num_known, monkeypatch):
    pairs = WordPairs("wordsim353", [(f"Left{i}", f"right{i}") for i in range(50)], np.arange(50.0))
    monkeypatch.setattr(word_vector_training, "load_word_pairs", lambda name: pairs)
    tokens = [word.lower() for pair in pairs.words[:num_known] for word in pair]
    scored, _ = word_vector_training.published_sets("en", ["[PAD]", "[UNK]", *tokens, "left40"])
    assert bool(scored) == (num_known >= 30)
