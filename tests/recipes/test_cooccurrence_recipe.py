import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from recipes import cooccurrence
from tests.small_data import write_topics


@pytest.mark.parametrize("matrix", ["term_term", pytest.param("term_document", marks=pytest.mark.slow)])
def test_words_of_a_topic_become_neighbours(matrix, tmp_path):
    config = cooccurrence.Config(
        corpus=write_topics(tmp_path), matrix=matrix, embedding_dim=2, output_dir=tmp_path / "run"
    )
    metrics = cooccurrence.main(config)
    assert metrics["pictures"] == ["words"]  # nothing was trained: no curves
    task = zoo.load(tmp_path / "run" / "entry")
    nearest = [task.most_similar(word, count=3) for word in ("cat1", "sun1")]
    assert [{word[:3] for word, _ in found} for found in nearest] == [{"cat"}, {"sun"}]


def test_more_columns_than_words_are_refused(tmp_path):
    config = cooccurrence.Config(corpus=write_topics(tmp_path), embedding_dim=500, output_dir=tmp_path / "run")
    with pytest.raises(InputError, match="dim=500"):
        cooccurrence.main(config)
