import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation import analogies, analogy_scores
from kerasnlp_zoo.evaluation.analogies import MEASURES, AnalogyQuestions, best_answers
from kerasnlp_zoo.evaluation.correlation import normalized
from tests import oracles

WORDS = [f"word{number}" for number in range(40)]
VECTORS = np.random.default_rng(2).normal(size=(40, 4))


def random_rows(seed, count=50, words=40):
    random = np.random.default_rng(seed)
    return np.array([random.permutation(words)[:3] for _ in range(count)])


def answered(rows):
    """Questions about rows of VECTORS, half of them with the right answer, in two sections of one kind each."""
    found = [oracles.analogy(VECTORS, *row, "3cosadd") for row in rows]
    wrong = [next(x for x in range(40) if x not in (*row, best)) for row, best in zip(rows, found, strict=True)]
    answers = [best if place % 2 else other for place, (best, other) in enumerate(zip(found, wrong, strict=True))]
    questions = [tuple(WORDS[x] for x in (*row, answer)) for row, answer in zip(rows, answers, strict=True)]
    half = len(rows) // 2
    return AnalogyQuestions("mine", {"family": questions[:half], "gram1": questions[half:]})


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("seed", range(3))
def test_answers_equal_those_of_an_exhaustive_search(measure, seed):
    rows = random_rows(seed)
    expected = [oracles.analogy(VECTORS, *row, measure) for row in rows]
    assert best_answers(normalized(VECTORS), rows, MEASURES[measure]).tolist() == expected


def test_different_measures_have_different_answers():
    rows = random_rows(0, count=200)
    by_sums, by_products = (best_answers(normalized(VECTORS), rows, measure) for measure in MEASURES.values())
    assert 0 < np.mean(by_sums != by_products) < 0.9


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("group_cells", "block_cells"), [(1, 1), (3 * 40 * 7, 40 * 3), (2**26, 40 * 9)])
def test_block_size_does_not_change_the_answers(measure, group_cells, block_cells, monkeypatch):
    rows, vectors = random_rows(3), normalized(VECTORS)
    expected = best_answers(vectors, rows, MEASURES[measure])
    monkeypatch.setattr(analogies, "GROUP_CELLS", group_cells)
    monkeypatch.setattr(analogies, "BLOCK_CELLS", block_cells)
    np.testing.assert_array_equal(best_answers(vectors, rows, MEASURES[measure]), expected)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_word_of_the_question_is_never_the_answer(measure):
    vectors = normalized(VECTORS[:6])
    rows = random_rows(4, words=6)
    answers = best_answers(vectors, rows, MEASURES[measure])
    assert not np.any(answers[:, None] == rows)


def test_scores_are_counted_by_section_and_kind():
    scores = analogy_scores(WORDS, VECTORS, answered(random_rows(5, count=21)))
    # 10 semantic questions, 5 of them answered correctly; 11 syntactic questions, 5 correct.
    expected = {"accuracy": 5 / 11, "num_questions": 11, "num_known": 11, "coverage": 1.0}
    assert scores["syntactic"] == scores["sections"]["gram1"] == expected
    assert scores["semantic"]["accuracy"] == scores["sections"]["family"]["accuracy"] == 0.5
    assert scores["accuracy"] == 10 / 21


def test_scaling_vectors_does_not_change_the_scores(random):
    questions = answered(random_rows(6))
    scaled = VECTORS * random.uniform(0.01, 100, (40, 1))
    for measure in MEASURES:
        expected = analogy_scores(WORDS, VECTORS, questions, measure)
        assert analogy_scores(WORDS, scaled, questions, measure) == expected


def test_order_of_questions_does_not_change_the_scores(random):
    questions = answered(random_rows(7))
    shuffled = {
        name: [section[place] for place in random.permutation(len(section))]
        for name, section in reversed(questions.sections.items())
    }
    expected = analogy_scores(WORDS, VECTORS, questions)
    assert analogy_scores(WORDS, VECTORS, AnalogyQuestions("shuffled", shuffled)) == expected


def test_questions_with_an_unknown_word_lower_the_coverage_but_not_the_accuracy():
    questions = answered(random_rows(8))
    known = questions.sections["family"][0]
    unknown = [(*known[:place], "yak", *known[place + 1 :]) for place in range(4)]  # in every position
    more = {**questions.sections, "family": [*questions.sections["family"], *unknown], "currency": unknown}
    before = analogy_scores(WORDS, VECTORS, questions)
    after = analogy_scores(WORDS, VECTORS, AnalogyQuestions("more", more))
    assert after["accuracy"] == before["accuracy"]
    assert (after["num_questions"], after["num_known"], after["coverage"]) == (58, 50, 50 / 58)
    assert after["sections"]["currency"] == {"accuracy": None, "num_questions": 4, "num_known": 0, "coverage": 0.0}


def test_most_frequent_limits_the_known_words_and_the_answers():
    tokens = ["man", "king", "woman", "queen", "empress"]
    vectors = np.array([[1.0, 0.1], [1.0, 1.0], [-1.0, 0.1], [-1.0, 0.9], [-1.0, 0.6]])
    questions = AnalogyQuestions("mine", {"family": [("Man", "king", "woman", "queen")]})
    assert analogy_scores(tokens, vectors, questions, most_frequent=None)["accuracy"] == 0.0  # empress is nearer
    assert analogy_scores(tokens, vectors, questions, most_frequent=4)["accuracy"] == 1.0
    with pytest.raises(
        InputError, match="None of the 1 questions of mine .* 3 most frequent .* such as Man king woman"
    ):
        analogy_scores(tokens, vectors, questions, most_frequent=3)


def test_special_tokens_are_never_answers_and_do_not_count_as_frequent_words():
    tokens = ["[PAD]", "[UNK]", "man", "king", "woman", "queen"]
    vectors = np.array([[0.0, 0.0], [-1.0, 0.6], [1.0, 0.1], [1.0, 1.0], [-1.0, 0.1], [-1.0, 0.9]])
    questions = AnalogyQuestions("mine", {"family": [("man", "king", "woman", "queen")]})
    assert analogy_scores(tokens, vectors, questions, most_frequent=4)["accuracy"] == 1.0


def test_arguments_outside_their_range_are_refused():
    questions = answered(random_rows(9, count=2))
    with pytest.raises(InputError, match="measure must be one of '3cosadd', '3cosmul'"):
        analogy_scores(WORDS, VECTORS, questions, "euclidean")
    with pytest.raises(InputError, match="most_frequent must be an integer of at least 1"):
        analogy_scores(WORDS, VECTORS, questions, most_frequent=0)
    with pytest.raises(InputError, match=r"Expected 40 rows. Received: the shape \(39, 4\)"):
        analogy_scores(WORDS, VECTORS[1:], questions)


@pytest.mark.peers
def test_accuracies_equal_those_of_gensim(tmp_path):
    keyed_vectors = pytest.importorskip("gensim.models.keyedvectors")
    peer = keyed_vectors.KeyedVectors(vector_size=4)
    peer.add_vectors(WORDS, VECTORS.astype("float32"))
    questions = answered(random_rows(10, count=200))
    questions.sections["family"].append(("word1", "word2", "yak", "word3"))
    path = tmp_path / "questions.txt"
    lines = [f": {name}\n" + "".join(" ".join(q) + "\n" for q in part) for name, part in questions.sections.items()]
    path.write_text("".join(lines))
    for most_frequent in (40, 30):
        accuracy, sections = peer.evaluate_word_analogies(str(path), restrict_vocab=most_frequent)
        scores = analogy_scores(WORDS, VECTORS, questions, most_frequent=most_frequent)
        assert scores["accuracy"] == pytest.approx(accuracy)
        assert 0 < accuracy < 1
        for section in sections[:-1]:
            own = scores["sections"][section["section"]]
            assert own["num_known"] == len(section["correct"]) + len(section["incorrect"])
            assert own["accuracy"] == pytest.approx(len(section["correct"]) / own["num_known"])
