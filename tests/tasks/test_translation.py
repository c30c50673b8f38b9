import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import seq2seq, text_cnn, transformer
from kerasnlp_zoo.tasks import Translation
from kerasnlp_zoo.tasks.export import check_export
from kerasnlp_zoo.text import TranslationPreprocessor
from kerasnlp_zoo.text.pieces import learn_piece_vocabulary
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy
from kerasnlp_zoo.vocabulary import END_ID
from tests.quick_cases import first_is_quick
from tests.small_tasks import translation_by_seq2seq, translation_by_transformer

SOURCES = ["a b c", "b c", "c a", "a", "b b a", "c"]
TARGETS = ["uno dos tres", "dos tres", "tres uno", "uno", "dos dos uno", "tres"]
VOCABULARY = learn_piece_vocabulary([*SOURCES, *TARGETS] * 3, size=60)


def untrained():
    keras.utils.set_random_seed(1)
    model = transformer(len(VOCABULARY), hidden_dim=32, num_layers=1, num_heads=2, intermediate_dim=64, dropout=0.0)
    return Translation(model, TranslationPreprocessor(VOCABULARY, "a", "uno", max_sequence_length=12))


@pytest.fixture(scope="module")
def task():
    """An untrained translator."""
    return untrained()


@pytest.fixture(scope="module")
def trained():
    """A translator that has learned six sentences by heart."""
    task = untrained()
    task.model.compile(keras.optimizers.Adam(3e-3), WeightedMeanLoss(cross_entropy))
    task.model.fit(task.dataset(SOURCES, TARGETS, batch_size=64, training=True), epochs=80, verbose=0, shuffle=False)
    return task


@pytest.fixture(scope="module")
def exported(task, tmp_path_factory):
    return task.export(tmp_path_factory.mktemp("export"))


@pytest.mark.slow
def test_learned_sentences_are_translated(trained):
    answers = trained.predict(SOURCES)
    assert [answer["text"] for answer in answers] == TARGETS
    for answer in answers:
        assert answer["alternatives"][0] == {"text": answer["text"], "score": answer["score"]}
        scores = [alternative["score"] for alternative in answer["alternatives"]]
        assert scores == sorted(scores, reverse=True)
        assert len({alternative["text"] for alternative in answer["alternatives"]}) == len(scores)
    assert trained.with_decoding(beam_width=1).predict(SOURCES)[2]["text"] == TARGETS[2]
    assert len(trained.with_decoding(num_best=2).predict(["a"])[0]["alternatives"]) == 2
    assert trained.evaluate(SOURCES, [[target] for target in TARGETS])["chrf"] == pytest.approx(100)


@pytest.mark.slow
def test_the_compiled_search_equals_the_eager_search_and_is_exported(trained, tmp_path):
    compiled = trained.with_decoding(jit=True)
    for texts in (SOURCES, SOURCES[:1], ["a b c a b c a b"]):
        assert zoo.difference(compiled.predict(texts), trained.predict(texts)) <= 1e-5
    assert check_export(compiled, compiled.export(tmp_path), [*SOURCES, ""]) <= 1e-5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "place", "value", "differs"),
    [("alternatives", 3, b"as probable", False), ("alternatives", 0, b"no", True), ("alternative_scores", 3, -9, True)],
)
def test_an_export_may_order_ties_after_the_best_differently(task, exported, monkeypatch, name, place, value, differs):
    answers = task.outputs(SOURCES)
    answers[name][0, place] = value
    monkeypatch.setattr(task, "outputs", lambda _: answers)
    expected = pytest.raises(RuntimeError, match=name) if differs else contextlib.nullcontext()
    with expected:
        check_export(task, exported, SOURCES)


def test_translations_contain_no_special_tokens():
    model = seq2seq(len(VOCABULARY), embedding_dim=8, hidden_dim=8)
    bias = np.zeros(len(VOCABULARY))
    bias[[0, 1, 2]] = 9
    model.get_layer("logits").bias.assign(bias)
    task = Translation(model, TranslationPreprocessor(VOCABULARY, max_sequence_length=12))
    assert "\ufffd" not in task.predict(["a b"])[0]["text"]
    assert task.is_written[END_ID]


def test_truncated_sources_and_sources_in_another_script_are_reported(task, caplog):
    task.predict(["a b"])
    assert not caplog.text
    task.predict(["a b c " * 9])
    assert "longer than max_sequence_length=12: only the beginning of each was translated" in caplog.text
    task.predict(["Привет мир"])
    assert "100% of the tokens of a text are unknown to the model, which translates from 'a'" in caplog.text


def test_an_empty_source_is_translated(task):
    assert isinstance(task.predict([""])[0]["text"], str)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda task: task.with_decoding(beam_width=1000), "beam_width must be at most the vocabulary size"),
        (lambda task: task.with_decoding(num_best=9), "num_best must be from 1 to beam_width=4. Received: num_best=9"),
        (lambda task: task.dataset(SOURCES), "6 texts and no targets"),
        (lambda task: task.dataset(SOURCES, TARGETS[:2]), "6 texts and 2 targets"),
        (lambda task: task.evaluate(SOURCES, TARGETS), "Expected a list of references for each text. Received: 'uno"),
        (lambda task: task.evaluate(SOURCES[:2], [["uno"]]), "for each. Received: 2 texts and 1 references"),
        (lambda task: task.predict("a b"), "Expected a list of strings"),
    ],
)
def test_bad_input_is_refused(task, call, message):
    with pytest.raises(InputError, match=message):
        call(task)


def test_a_model_that_cannot_generate_text_is_refused():
    model = text_cnn(len(VOCABULARY), num_classes=2, embedding_dim=8, num_filters=4)
    with pytest.raises(InputError, match="builder must be one of"):
        Translation(model, TranslationPreprocessor(VOCABULARY))


@pytest.mark.parametrize("penalty", [None, -1, float("nan"), float("inf"), 10**400, "0.6", True])
def test_a_length_penalty_that_is_no_number_is_refused_where_it_is_set(task, penalty):
    with pytest.raises(InputError, match="length_penalty must be a finite number of at least 0"):
        task.with_decoding(length_penalty=penalty)


@pytest.mark.parametrize("make", first_is_quick([translation_by_seq2seq, translation_by_transformer]))
def test_a_translation_of_nothing_is_nothing_also_in_the_graph(make):
    task = make()
    nothing = ["", "\n", " \u3000\t"]
    for batch in (nothing, ["", "a film"]):
        for answer in task.predict(batch)[: batch.index("a film") if "a film" in batch else None]:
            assert answer == {"text": "", "score": 0.0, "alternatives": [{"text": "", "score": 0.0}]}
    assert zoo.difference(task.predict(["a film", ""])[0], task.predict(["a film"])[0]) <= 1e-5
    for row in task.serve(tf.constant(nothing))["alternatives"].numpy():  # the graph that is exported
        assert not any(row)
