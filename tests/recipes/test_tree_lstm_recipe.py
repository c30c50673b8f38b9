import json

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets import DataOptions
from kerasnlp_zoo.datasets.evaluation_examples import load_evaluation_examples
from recipes.tree_lstm import Config, main
from tests.small_data import write_sentiment_trees


def test_a_run_on_own_trees_writes_an_entry_that_labels_every_node(tmp_path):
    config = Config(
        train_file=write_sentiment_trees(tmp_path),
        output_dir=tmp_path / "run",
        epochs=6,
        hidden_dim=16,
        embedding_dim=16,
    )
    config.learning_rate, config.batch_size, config.min_count = 0.02, 16, 1
    metrics = main(config)
    assert metrics["test_score"] >= 80
    assert (tmp_path / "run/tree.png").exists()
    assert json.loads((tmp_path / "run/metrics.json").read_text())["export_difference"] <= 1e-5
    task = zoo.load(tmp_path / "run/entry")
    examples = load_evaluation_examples(
        task.name, DataOptions(test_file=tmp_path / "sentiment.txt"), zoo.read_config(tmp_path / "run/entry")
    )
    assert task.evaluate(*examples[:2])["node_accuracy"] > 0.9
    answer = task.predict(["(? (? the) (? (? wonderful) (? plot)))"])[0]
    assert answer["label"] == "2"
    assert [node["text"] for node in answer["nodes"]][:2] == ["the wonderful plot", "the"]
