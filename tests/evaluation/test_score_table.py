from kerasnlp_zoo.evaluation import with_main_score
from kerasnlp_zoo.evaluation.score_table import score_table


def test_a_class_table_follows_the_numbers_and_lists_are_named():
    scores = {
        "accuracy": 0.5,
        "confusion_matrix": [[1, 1], [0, 0]],
        "per_class": {"spam": {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "support": 2}},
    }
    assert score_table(with_main_score(scores, "accuracy"), 2).splitlines() == [
        "accuracy 50.0 on 2 examples",
        "  accuracy  0.5",
        "  class  precision  recall     F1  texts",
        "  spam       100.0    50.0   66.7      2",
        "--json also has confusion_matrix",
    ]


def test_scores_of_several_data_sets_have_the_name_of_the_set_and_long_tables_are_named():
    scores = {
        "pairs": {"spearman": 0.25, "num_pairs": 1200},
        "questions": {"accuracy": 1.0, "sections": {"a": {"b": 1}}},
    }
    assert score_table(with_main_score(scores, "pairs", "spearman"), 1).splitlines() == [
        "pairs spearman 25.0 on 1 examples",
        "  pairs spearman      0.25",
        "  pairs num_pairs     1,200",
        "  questions accuracy  1",
        "--json also has questions sections",
    ]
