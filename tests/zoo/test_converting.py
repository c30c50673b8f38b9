"""A Hugging Face folder is loaded like an entry, for any task."""

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.convert import write_huggingface
from kerasnlp_zoo.errors import InputError
from tests.small_tasks import fill_mask, sentence_similarity


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path / "cache"))


def test_a_folder_answers_like_the_model_saved_in_it(tmp_path):
    task = sentence_similarity()
    folder = tmp_path / "theirs"
    write_huggingface(task, folder)
    texts = ["a fine film", "too long and dull ."]
    np.testing.assert_allclose(zoo.load(folder).vectors(texts), task.vectors(texts), atol=1e-5)
    made = list((tmp_path / "cache" / "converted").iterdir())
    times = [path.stat().st_mtime_ns for path in made[0].iterdir()]
    assert zoo.load(folder, task="text_classification", labels=["a", "b"]).labels == ["a", "b"]
    assert list((tmp_path / "cache" / "converted").iterdir()) == made
    assert [path.stat().st_mtime_ns for path in made[0].iterdir()] == times


def test_a_masked_language_model_fills_masks_and_its_encoder_serves_other_tasks(tmp_path):
    task = fill_mask()
    folder = tmp_path / "theirs"
    write_huggingface(task, folder)
    expected = task.predict(["a [MASK] film"])
    assert zoo.difference(zoo.load(folder).predict(["a [MASK] film"]), expected) <= 1e-5
    other = zoo.load(folder, task="token_classification", labels=["O", "B-A", "I-A"])
    np.testing.assert_array_equal(
        other.model.get_layer("token_embedding").embeddings, task.model.get_layer("token_embedding").embeddings
    )


def test_other_models_are_refused(tmp_path):
    folder = tmp_path / "gpt"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(InputError, match="the type 'gpt2', which is not converted. Expected: bert, distilbert"):
        zoo.load(folder)
