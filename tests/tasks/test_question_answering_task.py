import re

import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks import QuestionAnswering
from kerasnlp_zoo.tasks.question_answering import ANSWERS, LONGEST_ANSWER, NO_ANSWER, answer_places
from kerasnlp_zoo.text.question_windows import question_windows
from kerasnlp_zoo.training import WeightedMeanLoss, span_cross_entropy
from tests.small_tasks import bert_model, question_answering, sentence_similarity

LONG = " ".join(["the film is dull ."] * 40)  # 200 pieces, in windows of 80


def test_windows_cover_every_piece_of_the_passage():
    preprocessor = question_answering().preprocessor
    for stride in (7, 30, 1000):
        windows = question_windows(preprocessor, ["the film", "a"], [LONG, "fine"], stride)
        assert windows["example"].numpy().tolist() == [0] * (len(windows["example"]) - 1) + [1]
        starts = [set(row) - {-1} for row in windows["starts"].to_list()]
        assert set().union(*starts[:-1]) == {word.start() for word in re.finditer(r"\S+", LONG)}
        assert max(windows["token_ids"].row_lengths().numpy()) <= 80
        for name in ("segment_ids", "is_answer_place", "starts", "ends"):
            assert windows[name].row_lengths().numpy().tolist() == windows["token_ids"].row_lengths().numpy().tolist()


def test_the_best_answer_equals_an_exhaustive_search_of_spans():
    task = question_answering()
    task = QuestionAnswering(task.model, task.preprocessor)
    windows = question_windows(task.preprocessor, ["the film"], [LONG])
    dense = {name: windows[name].to_tensor() for name in task.model.input}
    logits = np.asarray(task.model(dense))
    best, found = -np.inf, None
    for window, (starts, ends) in enumerate(zip(windows["starts"].to_list(), windows["ends"].to_list(), strict=True)):
        for first in range(len(starts)):
            for last in range(first, min(first + LONGEST_ANSWER, len(starts))):
                score = logits[window, first, 0] + logits[window, last, 1]
                if starts[first] >= 0 and starts[last] >= 0 and score > best:
                    best, found = score, (starts[first], ends[last])
    answer = task.predict([("the film", LONG)])[0]
    assert (answer["start"], answer["end"]) == found
    assert answer["answer"] == LONG[slice(*found)]
    probabilities = [answer["probability"], *(other["probability"] for other in answer["alternatives"])]
    assert probabilities == sorted(probabilities, reverse=True)
    assert len(probabilities) == ANSWERS


def test_answers_are_labels_in_the_windows_that_contain_them():
    preprocessor = question_answering().preprocessor
    start = LONG.index("dull", 300)
    windows = question_windows(preprocessor, ["a film"], [LONG], stride=20)
    places = answer_places(windows, [(start, start + 4)])
    starts, ends = windows["starts"].to_list(), windows["ends"].to_list()
    for window, (first, last) in enumerate(places):
        if start in starts[window]:
            assert (starts[window][first], ends[window][last]) == (start, start + 4)
        else:
            assert (first, last) == (0, 0)
    assert np.any(places)
    assert not np.any(answer_places(windows, [None]))


@pytest.mark.slow
def test_an_answer_that_can_be_learned_is_found_exactly():
    keras.utils.set_random_seed(1)
    size = {"hidden_dim": 64, "intermediate_dim": 128, "num_heads": 4}
    model, preprocessor = bert_model("bert_span_predictor", {"pairs": True}, **size)
    task = QuestionAnswering(model, preprocessor, [NO_ANSWER])
    texts = [
        ("the film", "a story is long . the film is dull ."),
        ("a story", "a story is long . the film is dull ."),
        ("the actor", "the actor is fine , a film is long ."),
        ("a film", "the actor is fine , a film is long ."),
        ("the grip", "the actor is fine ."),
    ]
    answers = ["dull", "long", "fine", "long", None]
    places = [None if a is None else (t[1].index(a), t[1].index(a) + 4) for t, a in zip(texts, answers, strict=True)]
    task.model.compile(keras.optimizers.Adam(0.001), WeightedMeanLoss(span_cross_entropy))
    dataset = task.dataset(texts, places, batch_size=5, training=True).repeat(120)
    task.model.fit(dataset, shuffle=False, verbose=0)
    task = QuestionAnswering(task.model, task.preprocessor, task.labels)
    assert [answer["answer"] or None for answer in task.predict(texts)] == answers
    scores = task.evaluate(texts, [[] if answer is None else [answer] for answer in answers])
    assert (scores["exact_match"], scores["f1"]) == (1.0, 1.0)


def test_bad_arguments_are_refused():
    task = question_answering()
    with pytest.raises(InputError, match=r"labels=\[\] or \['no_answer'\]. Received: maybe"):
        QuestionAnswering(task.model, task.preprocessor, ["maybe"])
    with pytest.raises(InputError, match="pairs=True"):
        QuestionAnswering(task.model, sentence_similarity().preprocessor)
    with pytest.raises(InputError, match="an answer for each. Received: 1 and 2"):
        task.dataset([("a", "b")], [None, None])
    with pytest.raises(InputError, match="Expected pairs of strings. Received: 'question'"):
        task.predict(["question"])
