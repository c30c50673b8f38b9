"""Texts that are longer than the model takes: what was not read is said, and windows read it."""

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks import MultiLabelClassification, TextClassification, TokenClassification
from kerasnlp_zoo.tasks.export import check_export
from kerasnlp_zoo.tasks.span_tags import tags_for
from tests.small_tasks import TEXTS, bert_model, fill_mask, tagging_with_crf, text_classification
from tests.task_contracts import TASKS

SIZE = 9  # tokens of a window
WITH_WINDOWS = (
    "text_classification",
    "multi_label_classification",
    "token_classification",
    "fill_mask",
    "question_answering",
)
WORDS = "a the and too long dull fine film story actor".split()  # each is one token of every small task


def case_named(name):
    return next(case for case in TASKS if str(case) == name)


def long_version(case):
    """Return a text of the task that is too long for it, None if no text is."""
    if case.task.preprocessor.max_sequence_length is None or case.task.name == "word_embedding":
        return None
    text = case.texts[0]
    long = "word " * 600
    if case.task.name == "question_answering":
        return long, text[1]
    return text + long if isinstance(text, str) else (text[0], text[1] + long)


CUT = [
    case if str(case) == "text_classification" else pytest.param(case, marks=pytest.mark.slow, id=str(case))
    for case in TASKS
    if long_version(case) is not None
]


@pytest.mark.parametrize("case", CUT, ids=str)
def test_every_task_says_once_which_share_of_the_texts_it_has_not_read_completely(case, caplog, monkeypatch):
    monkeypatch.setattr(case.task, "_warned_of_cut", False)
    texts = [*case.texts[:3], long_version(case)]
    answers = case.task.predict(texts)
    assert [answer.get("truncated") for answer in answers] == [None, None, None, True]
    assert "1 of 4 texts (25.0%) are longer than" in caplog.text
    case.task.predict(texts)
    assert caplog.text.count("are longer than") == 1


@pytest.mark.slow
@pytest.mark.parametrize("case", [case_named("text_classification"), case_named("language_modeling")], ids=str)
def test_a_served_model_says_it_too(case, tmp_path):
    texts = [case.texts[0], long_version(case)]
    assert case.task.outputs(texts)["truncated"].tolist() == [False, True]
    assert check_export(case.task, case.task.export(tmp_path), texts) <= 1e-5


@pytest.mark.slow
def test_a_language_model_continues_the_end_of_a_text():
    task = case_named("language_modeling").task
    words = np.random.default_rng(0).choice(WORDS, 200).tolist()
    cut = task.predict([" ".join(words)])[0]
    assert cut.pop("truncated")
    assert zoo.difference(task.predict([" ".join(words[-80:])])[0], cut) <= 1e-6


def test_fill_mask_says_that_the_mask_was_not_read_instead_of_answering_for_another_token():
    task = fill_mask()
    with pytest.raises(InputError, match=r"No \[MASK\] was read: it is after the first 78 tokens.*--windows"):
        task.predict(["a film", "film " * 200 + "[MASK]"][1:])
    outputs = task.outputs(["film " * 200 + "[MASK]", "a [MASK]"])
    assert outputs["has_mask"].tolist() == [False, True]
    assert outputs["candidates"][0].tolist() == [b""] * 10
    assert outputs["probabilities"][0].sum() == 0


@pytest.mark.slow
def test_fill_mask_with_windows_answers_for_the_tokens_around_the_mask():
    task = fill_mask()
    words = np.random.default_rng(1).choice(WORDS, 300).tolist()
    words[170] = "[MASK]"
    answer = task.with_windows().predict([" ".join(words)])[0]
    assert zoo.difference(task.predict([" ".join(words[170 - 39 : 170 + 39])])[0], answer) <= 1e-5


def small_classification():
    task = text_classification()
    preprocessor = type(task.preprocessor)(task.preprocessor.vocabulary, max_sequence_length=SIZE)
    return TextClassification(task.model, preprocessor, task.labels)


def bert_classification():
    model, preprocessor = bert_model("bert_classifier", {}, num_classes=2)
    preprocessor = type(preprocessor)(preprocessor.vocabulary, max_sequence_length=SIZE + 2)
    return TextClassification(model, preprocessor, ["negative", "positive"])


def crf_tagger():
    task = tagging_with_crf()
    return TokenClassification(task.model, task.preprocessor.changed(max_sequence_length=SIZE), task.labels)


def bert_tagger():
    tags = tags_for(["THING", "VIEW"])
    model, preprocessor = bert_model("bert_token_classifier", {}, num_classes=len(tags))
    preprocessor = type(preprocessor)(preprocessor.vocabulary, max_sequence_length=SIZE + 2)
    return TokenClassification(model, preprocessor, tags)


def windows_of(words):
    """Return the first word of every window, with loops."""
    starts = [0]
    while starts[-1] + SIZE < len(words):
        starts.append(min(starts[-1] + (SIZE + 1) // 2, len(words) - SIZE))
    return starts


def label_sets():
    task = small_classification()
    return MultiLabelClassification(task.model, task.preprocessor, task.labels)


LONG = [np.random.default_rng(seed).choice(WORDS, length).tolist() for seed, length in enumerate([40, 10, 23])]


@pytest.mark.parametrize(
    "make",
    [
        small_classification,
        pytest.param(label_sets, marks=pytest.mark.slow),
        pytest.param(bert_classification, marks=pytest.mark.slow),
    ],
)
def test_a_class_in_windows_is_the_mean_of_the_probabilities_of_every_window(make, caplog):
    task = make()
    answers = task.with_windows().predict([" ".join(words) for words in LONG])
    assert "are longer than" not in caplog.text
    for words, answer in zip(LONG, answers, strict=True):
        parts = [" ".join(words[start : start + SIZE]) for start in windows_of(words)]
        found = [task.predict([part])[0]["probabilities"] for part in parts]
        expected = {label: np.mean([part[label] for part in found]) for label in task.labels}
        assert answer["probabilities"] == pytest.approx(expected, abs=1e-5)
        assert answer.get("label") in (max(expected, key=expected.get), None)
        assert "truncated" not in answer


@pytest.mark.slow
@pytest.mark.parametrize("make", [crf_tagger, bert_tagger])
def test_a_tag_in_windows_is_from_the_window_with_most_context(make):
    task = make()
    answers = task.with_windows().outputs([" ".join(words) for words in LONG])
    for row, words in enumerate(LONG):
        best = {}
        for start in windows_of(words):
            part = task.outputs([" ".join(words[start : start + SIZE])])
            for place in range(SIZE):
                context = min(place, SIZE - 1 - place)
                if context > best.get(start + place, (-1,))[0]:
                    best[start + place] = context, part["tags"][0][place], part["probabilities"][0][place]
        count = len(words)
        assert answers["count"][row] == count
        assert answers["tags"][row][:count].tolist() == [best[place][1] for place in range(count)]
        expected = [best[place][2] for place in range(count)]
        np.testing.assert_allclose(answers["probabilities"][row][:count], expected, atol=1e-5)


@pytest.mark.slow
def test_words_and_offsets_of_a_long_text_are_those_of_the_whole_text():
    task = bert_tagger()
    text = "gripping actors are long, " * 30  # windows begin inside of words of two pieces
    whole = TokenClassification(task.model, type(task.preprocessor)(task.preprocessor.vocabulary), task.labels)
    answer = task.with_windows().predict([text])[0]
    assert answer["tokens"] == ["gripping", "actors", "are", "long", ","] * 30
    assert len(answer["tags"]) == 150
    assert whole.preprocessor.pieces([text])["token_ids"].row_lengths().numpy() == [210]
    for entity in answer["entities"]:
        assert text[entity["start"] : entity["end"]] == entity["text"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "texts"),
    [
        (small_classification, ["a fine film", ""]),
        (bert_classification, ["a fine film", ""]),
        (crf_tagger, ["a fine film", ""]),
        (bert_tagger, ["a fine film", ""]),
        (fill_mask, ["a [MASK] film", "[MASK]"]),
    ],
)
def test_a_text_that_fits_into_a_window_has_the_same_answer(make, texts):
    task = make()
    assert zoo.difference(task.predict(texts), task.with_windows().predict(texts)) <= 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("make", [small_classification, bert_classification, crf_tagger, bert_tagger])
def test_windows_are_saved_in_the_export(make, tmp_path):
    task = make().with_windows()
    texts = [*(" ".join(words) for words in LONG), "", TEXTS[0]]
    assert check_export(task, task.export(tmp_path), texts) <= 1e-5
    assert "truncated" not in task.outputs(texts)


@pytest.mark.slow
def test_a_tagger_of_words_reads_a_long_text_although_the_segmenter_has_a_limit():
    task = zoo.load("bilstm_crf_pos_zh").with_windows()
    text = "王小红昨天从北京大学回到上海。" * 100
    answer = task.predict([text])[0]
    assert "".join(answer["tokens"]) == text


@pytest.mark.slow
def test_windows_keep_the_entry_and_do_not_change_the_task():
    task = zoo.load("text_cnn_trec_en")
    text = "when where who " * 400
    before = task.predict([text])
    with_windows = task.with_windows()
    assert with_windows.entry == "text_cnn_trec_en"
    assert with_windows.predict([text]) != before
    assert task.predict([text]) == before


@pytest.mark.parametrize(
    "case",
    [case for case in TASKS if case.task.name not in WITH_WINDOWS or "pair" in str(case)],
    ids=str,
)
def test_windows_of_other_tasks_are_refused(case):
    with pytest.raises(InputError, match="windows|Windows"):
        case.task.with_windows()


@pytest.mark.slow
def test_entities_past_the_1024th_character_are_found():
    task = zoo.load("bilstm_crf_msra_zh")
    text = "新华社东京１月１日电。" * 120 + "王小红昨天从北京大学回到上海。"
    start = text.index("王")
    assert start > 1024
    assert all(entity["end"] <= 1024 for entity in task.predict([text])[0]["entities"])
    entities = task.with_windows().predict([text])[0]["entities"]
    found = [(e["text"], e["label"]) for e in entities if e["start"] >= start]
    assert found == [("王小红", "PER"), ("北京大学", "ORG"), ("上海", "LOC")]


@pytest.mark.slow
def test_many_windows_are_read_in_blocks():
    task = small_classification()
    words = np.random.default_rng(3).choice(WORDS, 1500).tolist()
    parts = [" ".join(words[start : start + SIZE]) for start in windows_of(words)]
    assert len(parts) > 4 * 64
    expected = np.mean(task.outputs(parts)["probabilities"], axis=0)
    found = task.with_windows().outputs([" ".join(words), "a film"])["probabilities"]
    np.testing.assert_allclose(found[0], expected, atol=1e-5)
    np.testing.assert_allclose(found[1], task.outputs(["a film"])["probabilities"][0], atol=1e-6)


def test_the_vector_of_a_long_text_is_the_mean_of_all_its_words():
    task = case_named("word_embedding").task
    text = "king " * 600 + "cup " * 600
    expected = (task.vector("king") + task.vector("cup")) / 2
    np.testing.assert_allclose(task.sentence_vector([text])[0], expected, atol=1e-5)
