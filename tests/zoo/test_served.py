"""A SavedModel with a changed description of its task is refused before anything is allocated."""

import json

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.tasks.description import DESCRIPTION, EXTRA
from kerasnlp_zoo.zoo.served import load_served
from tests.small_tasks import text_classification

TEXTS = ["a fine film", ""]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A task, and the folder of its SavedModel."""
    task, folder = text_classification(), tmp_path_factory.mktemp("served")
    task.export(folder)
    return task, folder


def test_a_saved_model_answers_as_its_task(exported):
    task, folder = exported
    for answer, expected in zip(load_served(str(folder)).predict(TEXTS), task.predict(TEXTS), strict=True):
        assert answer["label"] == expected["label"]
        assert answer["probability"] == pytest.approx(expected["probability"], abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vocabulary_size": 10**12}, "vocabulary_size must be at most"),
        ({"vocabulary_size": 2**24, "embedding_dim": 2**12}, "asks? for a weight of shape"),
        ({"vocabulary_size": "many"}, "vocabulary_size"),
        ({"builder": "os.system"}, "builder must be one of"),
    ],
)
def test_a_changed_description_is_refused(changes, message, exported):
    path = exported[1] / "1" / EXTRA / DESCRIPTION
    before = path.read_text("utf-8")
    config = json.loads(before)
    config |= {name: value for name, value in changes.items() if name in config}
    config["builder_arguments"] |= {name: value for name, value in changes.items() if name not in config}
    try:
        path.write_text(json.dumps(config), "utf-8")
        with pytest.raises(InputError, match=message):
            load_served(str(exported[1]))
    finally:
        path.write_text(before, "utf-8")
