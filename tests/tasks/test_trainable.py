"""compile() and fit(): every task that is trained on labels is trained in two lines."""

import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import BUILDERS
from kerasnlp_zoo.objectives.lazy_adam import LazyAdam
from kerasnlp_zoo.objectives.losses import crf_loss, cross_entropy, hinge_loss, perceptron_loss
from kerasnlp_zoo.objectives.objective import TRAINED
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPreprocessor
from tests.small_tasks import LABEL_SETS, LABELS, TEXTS, multi_label_classification, text_classification
from tests.task_contracts import TASKS

LABELLED = [case for case in TASKS if case.labels]


def linear_task(builder="softmax_regression"):
    """A small task whose model is compiled quickly."""
    preprocessor = WordPreprocessor.from_texts(TEXTS)
    model = BUILDERS[builder](preprocessor.vocabulary_size, 2, weighting="count")
    return TextClassification(model, preprocessor, ["negative", "positive"])


def test_every_task_that_takes_labels_has_an_objective():
    assert {case.task.name for case in LABELLED} == set(TRAINED)


@pytest.mark.slow
@pytest.mark.parametrize("case", LABELLED, ids=str)
def test_training_lowers_the_loss_and_keeps_the_best_weights(case):
    keras.utils.set_random_seed(0)
    task = case.make()
    data = list(case.texts), list(case.labels)
    task.compile(learning_rate=0.01)
    history = task.fit(*data, validation=data, epochs=6, verbose=0).history
    monitor = task.objective().monitor
    assert min(history[monitor]) < history[monitor][0]
    scores = task.model.evaluate(task.dataset(*data), verbose=0, return_dict=True)
    assert scores[monitor.removeprefix("val_")] == pytest.approx(min(history[monitor]), rel=1e-3)


@pytest.mark.slow
def test_training_stops_when_the_validation_score_stops_improving():
    task = linear_task()
    wrong = [{"positive": "negative", "negative": "positive"}[label] for label in LABELS]
    task.compile(learning_rate=0.05)
    history = task.fit(TEXTS, LABELS, validation=(TEXTS, wrong), epochs=30, patience=2, verbose=0).history
    scores = history["val_cross_entropy"]
    assert len(scores) == int(np.argmin(scores)) + 3 < 30


@pytest.mark.slow
def test_without_validation_all_epochs_are_trained():
    assert len(linear_task().fit(TEXTS, LABELS, epochs=5, verbose=0).history["loss"]) == 5


@pytest.mark.parametrize(
    ("builder", "loss", "optimizer", "rate"),
    [
        ("softmax_regression", cross_entropy, LazyAdam, 1e-2),
        ("linear_svm", hinge_loss, LazyAdam, 1e-2),
        ("perceptron", perceptron_loss, keras.optimizers.SGD, 1.0),
    ],
)
def test_models_are_compiled_as_their_recipes_compile_them(builder, loss, optimizer, rate):
    task = linear_task(builder)
    task.compile()
    assert task.model.loss.element_loss is loss
    assert isinstance(task.model.optimizer, optimizer)
    assert float(task.model.optimizer.learning_rate) == pytest.approx(rate)


def test_a_conditional_random_field_has_its_own_loss():
    case = next(case for case in TASKS if str(case) == "tagging_with_crf")
    assert case.task.objective().loss is crf_loss


@pytest.mark.slow
def test_thresholds_of_labels_are_chosen_on_the_validation_texts():
    task = multi_label_classification()
    task.fit(TEXTS, LABEL_SETS, validation=(TEXTS, LABEL_SETS), epochs=1, verbose=0)
    expected = multi_label_classification()
    expected.model.set_weights(task.model.get_weights())
    expected.choose_thresholds(TEXTS, LABEL_SETS)
    assert task.thresholds == expected.thresholds


def test_class_weight_of_keras_is_refused_with_what_to_use_instead():
    with pytest.raises(InputError, match='class_weight cannot be used.*class_weights="balanced"'):
        text_classification().fit(TEXTS, LABELS, class_weight={0: 1.0, 1: 5.0})


def test_class_weights_are_those_of_the_data_set():
    weights = {"positive": 1.0, "negative": 1e6}  # all texts are then negative
    task = linear_task()
    task.fit(TEXTS, LABELS, class_weights=weights, epochs=3, verbose=0)
    assert {answer["label"] for answer in task.predict([*TEXTS, ""])} == {"negative"}


@pytest.mark.parametrize(
    ("loss", "is_plain"),
    [
        ("sparse_categorical_crossentropy", True),
        (keras.losses.SparseCategoricalCrossentropy(), True),
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True), False),
        (None, False),  # compile() of the task
    ],
)
def test_a_loss_that_takes_logits_for_probabilities_is_warned_of(loss, is_plain, caplog):
    task = text_classification()
    task.dataset(TEXTS, LABELS)
    assert "logits" not in caplog.text  # not compiled
    if loss is None:
        task.compile()
    else:
        task.model.compile("adam", loss)
    task.dataset(TEXTS, LABELS)
    assert ("text_cnn returns logits, but the loss" in caplog.text) == is_plain


@pytest.mark.parametrize("name", ["fill_mask", "word_embedding", "language_modeling", "translation_by_seq2seq"])
def test_tasks_without_labels_are_sent_to_their_recipes(name):
    case = next(case for case in TASKS if str(case) == name)
    with pytest.raises(InputError, match="is not trained on labels.*Train it with a recipe"):
        case.task.compile()
