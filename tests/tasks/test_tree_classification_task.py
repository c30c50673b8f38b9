import numpy as np
import pytest

from kerasnlp_zoo import plots
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import tree_lstm, tree_lstm_pair
from kerasnlp_zoo.tasks import TreeClassification
from kerasnlp_zoo.tasks.export import serving_commands
from kerasnlp_zoo.text import TreePreprocessor
from kerasnlp_zoo.text.trees import read_tree
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy
from tests.small_tasks import TREES, tree_classification

SIZE = {"embedding_dim": 8, "hidden_dim": 5, "dropout": 0.0}


def pair_task(composition="n_ary"):
    pairs = [("( A dog )", "( A ( small cat ) )")]
    preprocessor = TreePreprocessor.from_texts(pairs, num_children=2 if composition == "n_ary" else None, pairs=True)
    model = tree_lstm_pair(preprocessor.vocabulary_size, num_classes=2, composition=composition, **SIZE)
    return TreeClassification(model, preprocessor, ["no", "yes"])


def test_every_node_has_an_answer_with_its_words():
    answer = tree_classification().predict([TREES[0]])[0]
    assert [node["text"] for node in answer["nodes"]] == ["a fine film", "a", "fine film", "fine", "film"]
    assert answer["nodes"][0]["label"] == answer["label"]
    assert answer["nodes"][0]["probability"] == answer["probability"]


def test_a_pair_has_one_answer_and_an_invalid_pair_is_refused():
    task = pair_task()
    assert set(task.predict([("( A dog )", "dog")])[0]) == {"label", "probability", "probabilities"}
    assert task.predict([("( A dog )", "dog")]) != task.predict([("dog", "( A dog )")])
    with pytest.raises(InputError, match="Expected pairs of strings"):
        task.predict(["( A dog )"])


def test_labels_of_nodes_are_at_the_positions_of_the_nodes():
    task = tree_classification()
    labels = [["+", "0", "+", "+", "0"], ["-"] * 7]
    [(inputs, ids, weights)] = task.dataset([TREES[0], TREES[1]], labels, batch_size=2)
    features = task.preprocessor(*task.columns([TREES[0]]))
    row = int(np.argmax(np.sum(inputs["token_ids"], axis=(1, 2)) == np.sum(features["token_ids"])))
    at_nodes = np.reshape(ids, (2, -1))[row][features["nodes"][0].numpy()]
    assert [task.labels[place] for place in at_nodes] == labels[0]
    assert np.sum(weights) == 12


def test_a_wrong_number_of_labels_is_refused():
    with pytest.raises(InputError, match="a label for each of the 5 nodes of text 0"):
        tree_classification().dataset([TREES[0]], [["+", "0"]])


@pytest.mark.slow
def test_sentiment_of_phrases_is_learned_and_scored():
    task = tree_classification()
    labels = [list(read_tree(text, "labelled").labels) for text in TREES]
    task.model.compile("adam", WeightedMeanLoss(cross_entropy))
    task.model.optimizer.learning_rate = 0.05
    task.model.fit(task.dataset(TREES, labels, batch_size=5), epochs=30, verbose=0)
    scores = task.evaluate(TREES, labels)
    assert scores["node_accuracy"] > 0.95
    assert scores["accuracy"] > 0.95


@pytest.mark.parametrize("text", ["", "no brackets at all", "((A dog)"])
def test_malformed_trees_are_refused_with_their_index(text):
    with pytest.raises(InputError, match="text 1"):
        pair_task().predict([("dog", "dog"), (text, "dog")])


def test_too_many_children_for_n_ary_are_refused_with_advice():
    with pytest.raises(InputError, match="has 3 children.*takes at most 2.*child_sum"):
        pair_task().predict([("( A small dog )", "dog")])
    assert pair_task("child_sum").predict([("( A small dog )", "dog")])


def test_a_preprocessor_of_another_composition_is_refused():
    preprocessor = TreePreprocessor.from_texts(["( A dog )"])
    model = tree_lstm(preprocessor.vocabulary_size, num_classes=2, composition="n_ary", **SIZE)
    with pytest.raises(InputError, match="num_children=2. Received: None"):
        TreeClassification(model, preprocessor, ["no", "yes"])


def test_the_serving_command_has_plain_brackets(tmp_path):
    _, curl = serving_commands(pair_task(), tmp_path / "1", ("( A dog )", "dog")).splitlines()
    assert '{"text": "((A) (dog))", "text_pair": "(dog)"}' in curl


def test_a_tree_is_drawn_with_the_labels_of_its_nodes(tmp_path):
    task = tree_classification()
    tree = read_tree(TREES[1], "labelled")
    plots.tree_labels(tree, task.predict([TREES[1]])[0], task.labels, tmp_path / "tree.png")
    assert (tmp_path / "tree.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="an answer for each of the 7 nodes.*Received: 5"):
        plots.tree_labels(tree, task.predict([TREES[0]])[0], task.labels, tmp_path / "other.png")
