"""Every kind of folder that is converted has the outputs of the original library, and comes back as it was."""

import shutil

import numpy as np
import pytest

from kerasnlp_zoo.convert import read_huggingface, write_huggingface
from tests.convert import golden, originals
from tests.convert.texts import GOLDEN_TEXTS, TEXTS

KINDS = pytest.mark.parametrize("name", originals.KINDS)
LARGEST = 5e-6  # of a difference in float32


def model_and_task(converted):
    """Return the model, and the task if there is one for its head."""
    task = None if converted.builder == "bert" else converted.task("en")
    return (converted.model(), None) if task is None else (task.model, task)


def written_back(converted, folder, again):
    """Write the model as a folder of the original library."""
    model, task = model_and_task(converted)
    write_huggingface(task or model, again)
    if task is None:  # the vocabulary belongs to a task
        for name in ("vocab.txt", "tokenizer_config.json"):
            shutil.copy(folder / name, again)
    return model


@pytest.mark.slow
@KINDS
def test_the_outputs_equal_the_stored_outputs_and_the_folder_comes_back_as_it_was(tmp_path, name):
    kind = originals.KINDS[name]
    folder = originals.write_folder(kind, tmp_path / "theirs")
    converted = read_huggingface(folder)
    model = written_back(converted, folder, tmp_path / "again")
    ours = originals.kept(originals.our_outputs(kind, converted, model, GOLDEN_TEXTS))
    with np.load(originals.STORED) as stored:
        real = (stored[f"{name}/token_ids"] != 0)[:, :2]
        np.testing.assert_array_equal(ours["token_ids"], stored[f"{name}/token_ids"])
        np.testing.assert_allclose(ours["last_states"][real], stored[f"{name}/last_states"][real], atol=LARGEST)
        theirs = stored[f"{name}/output"].reshape(ours["output"].shape)
        np.testing.assert_allclose(ours["output"], theirs, atol=LARGEST)
    again = read_huggingface(tmp_path / "again")
    for field in ("builder", "arguments", "head", "labels", "thresholds", "pairs", "can_abstain", "tokens"):
        assert getattr(again, field) == getattr(converted, field)
    assert again.max_sequence_length == converted.max_sequence_length == originals.LONGEST
    for path, values in again.weights.items():
        np.testing.assert_array_equal(values, converted.weights[path])


@pytest.mark.slow
@pytest.mark.peers
@KINDS
def test_a_folder_of_the_original_library_has_the_same_outputs_for_a_hundred_texts(tmp_path, name):
    transformers = pytest.importorskip("transformers", reason=golden.PEERS)
    pytest.importorskip("sentence_transformers", reason=golden.PEERS)
    kind, folder = originals.KINDS[name], tmp_path / "theirs"
    by_hand = originals.write_folder(kind, tmp_path / "by_hand")
    theirs = originals.their_outputs(kind, by_hand, TEXTS)
    original = originals.load(kind, by_hand)
    original.save_pretrained(str(folder))  # in the format of the newest version
    if isinstance(original, transformers.PreTrainedModel):
        transformers.AutoTokenizer.from_pretrained(by_hand).save_pretrained(folder)
    converted = read_huggingface(folder)
    model = written_back(converted, by_hand, tmp_path / "again")
    ours = originals.our_outputs(kind, converted, model, TEXTS)
    back = originals.their_outputs(kind, tmp_path / "again", TEXTS)
    differences = originals.largest_differences(ours, theirs), originals.largest_differences(back, theirs)
    print(name, *differences)
    for found in differences:
        assert found["token_ids"] == 0
        assert max(found.values()) <= LARGEST


@pytest.mark.slow
@pytest.mark.peers
@KINDS
def test_the_original_libraries_still_return_the_stored_outputs(tmp_path, name):
    pytest.importorskip("sentence_transformers", reason=golden.PEERS)
    kind = originals.KINDS[name]
    folder = originals.write_folder(kind, tmp_path)
    with np.load(originals.STORED) as stored:
        for key, values in originals.kept(originals.their_outputs(kind, folder, GOLDEN_TEXTS)).items():
            np.testing.assert_allclose(values, stored[f"{name}/{key}"], atol=LARGEST)
