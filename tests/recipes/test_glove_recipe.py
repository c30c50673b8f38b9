import pytest

from kerasnlp_zoo import zoo
from recipes import glove
from tests.small_data import write_topics


@pytest.mark.slow
def test_words_that_occur_together_become_neighbours(tmp_path):
    config = glove.Config(
        corpus=write_topics(tmp_path), window=3, epochs=15, embedding_dim=8, output_dir=tmp_path / "run"
    )
    metrics = glove.main(config)
    assert metrics["export_difference"] < 1e-6
    assert zoo.read_config(tmp_path / "run" / "entry")["name"] == "glove_topics_en"
    task = zoo.load(tmp_path / "run" / "entry")
    nearest = [task.most_similar(word, count=3) for word in ("cat1", "sun1")]
    assert [{word[:3] for word, _ in found} for found in nearest] == [{"cat"}, {"sun"}]
    assert "cells_per_second" in (tmp_path / "run" / "history.csv").read_text()
