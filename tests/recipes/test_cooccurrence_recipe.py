import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from recipes import cooccurrence
from tests.small_data import LIKES, write_topics

TERM_TERM = """
          .  i  like  deep  enjoy  flying  learning  nlp
.         0  0     1     1      1       1         1    1
i         0  0     2     1      1       1         0    1
like      1  2     0     1      0       0         1    1
deep      1  1     1     0      0       0         1    0
enjoy     1  1     0     0      0       1         0    0
flying    1  1     0     0      1       0         0    0
learning  1  0     1     1      0       0         0    0
nlp       1  1     1     0      0       0         0    0
"""
DISTANCE = """
            .    i  like  deep  enjoy  flying  learning  nlp
.           0    0   0.5   0.5    0.5       1         1    1
i           0    0     2   0.5      1     0.5         0  0.5
like      0.5    2     0     1      0       0       0.5    1
deep      0.5  0.5     1     0      0       0         1    0
enjoy     0.5    1     0     0      0       1         0    0
flying      1  0.5     0     0      1       0         0    0
learning    1    0   0.5     1      0       0         0    0
nlp         1  0.5     1     0      0       0         0    0
"""
TERM_DOCUMENT = """
          1  2  3
.         1  1  1
i         1  1  1
like      1  1  0
deep      1  0  0
enjoy     0  0  1
flying    0  0  1
learning  1  0  0
nlp       0  1  0
"""
TF_IDF = """
             1     2     3
.            1     1     1
i            1     1     1
like      1.29  1.29     0
deep      1.69     0     0
enjoy        0     0  1.69
flying       0     0  1.69
learning  1.69     0     0
nlp          0  1.69     0
"""


def topics(tmp_path, **flags):
    return cooccurrence.Config(corpus=write_topics(tmp_path), output_dir=tmp_path / "run", **flags)


def likes(tmp_path, **flags):
    (tmp_path / "likes.txt").write_text("\n".join(LIKES))
    return cooccurrence.Config(
        corpus=tmp_path / "likes.txt",
        segmenter="spaces",
        min_count=1,
        window=2,
        svd=False,
        output_dir=tmp_path / "run",
        **flags,
    )


@pytest.mark.parametrize(
    ("matrix", "weighting"),
    [
        ("term_term", "ppmi"),
        pytest.param("term_document", "ppmi", marks=pytest.mark.slow),
        pytest.param("term_term", "counts", marks=pytest.mark.slow),
        pytest.param("term_term", "distance", marks=pytest.mark.slow),
        pytest.param("term_document", "tf_idf", marks=pytest.mark.slow),
    ],
)
def test_words_of_a_topic_become_neighbours(matrix, weighting, tmp_path):
    metrics = cooccurrence.main(topics(tmp_path, matrix=matrix, weighting=weighting, embedding_dim=2))
    assert metrics["pictures"] == ["words"]  # nothing was trained: no curves
    task = zoo.load(tmp_path / "run" / "entry")
    nearest = [task.most_similar(word, count=3) for word in ("cat1", "sun1")]
    assert [{word[:3] for word, _ in found} for found in nearest] == [{"cat"}, {"sun"}]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"weighting": "distance"}, DISTANCE),
        ({"matrix": "term_document", "weighting": "counts"}, TERM_DOCUMENT),
        ({"matrix": "term_document", "weighting": "tf_idf"}, TF_IDF),
    ],
)
def test_small_matrices_are_printed(flags, expected, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cooccurrence, "finish_word_vectors", lambda *arguments: {})
    cooccurrence.main(likes(tmp_path, **flags))
    assert expected in capsys.readouterr().out


@pytest.mark.slow
def test_without_svd_the_rows_of_the_printed_matrix_are_the_vectors_of_the_entry(tmp_path, capsys):
    metrics = cooccurrence.main(likes(tmp_path, weighting="counts"))
    assert TERM_TERM in capsys.readouterr().out
    assert "--no-svd" in metrics["command"]
    task = zoo.load(tmp_path / "run" / "entry")
    for row in TERM_TERM.strip().split("\n")[1:]:
        word, *values = row.split()
        np.testing.assert_array_equal(task.vector(word), np.array(values, "float32"))
    assert task.similarity("like", "deep") == pytest.approx(4 / np.sqrt(8 * 4))


def test_rows_without_svd_must_fit_into_an_entry(tmp_path, monkeypatch):
    monkeypatch.setattr(cooccurrence, "LARGEST_TABLE", 100)
    with pytest.raises(InputError, match="at most 100 values. Received: 42 words x 40. Leave out --no-svd, lower"):
        cooccurrence.main(topics(tmp_path, svd=False))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            {"matrix": "term_document", "weighting": "distance"},
            "no distances .*_document: --weighting counts, ppmi",
        ),
        ({"matrix": "term_term", "weighting": "tf_idf"}, "number of documents .* Received: --weighting tf_idf"),
        ({"window": 0}, "window=0"),
        ({"embedding_dim": 500}, "dim=500"),
    ],
)
def test_flags_that_cannot_be_used_are_refused(flags, message, tmp_path):
    with pytest.raises(InputError, match=message):
        cooccurrence.main(topics(tmp_path, **flags))
