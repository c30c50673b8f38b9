"""A run that is killed within an epoch continues after its last saved step, with the bits of an uninterrupted run."""

import csv
import shutil

import numpy as np
import pytest

from kerasnlp_zoo.training.run_folder import STATE
from kerasnlp_zoo.training.step_backup import StepBackup
from kerasnlp_zoo.training.word2vec_trainer import Word2VecTrainer
from tests import worker_runs
from tests.quick_cases import first_is_quick

STEP = 2  # of the second epoch, counted from 0, after which the run is killed
SAVE_STEPS = 2


def history(folder):
    with open(folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: value for name, value in row.items() if not name.endswith("per_second")} for row in rows]


@pytest.mark.parametrize(
    "name",
    first_is_quick(["text_cnn", "rnn_language_model", "word2vec", "bert_pretraining", "bilstm_tagging", "seq2seq"]),
)
def test_a_run_killed_within_an_epoch_continues_after_its_last_saved_step(name, data, tmp_path, monkeypatch):
    killed, original = tmp_path / "killed", StepBackup.on_train_batch_end
    changes = {"strategy": "none", "save_steps": SAVE_STEPS}
    if hasattr(worker_runs.CASES[name](data), "dropout"):
        changes["dropout"] = 0.5
    if name == "word2vec":  # several chunks in an epoch
        monkeypatch.setattr(Word2VecTrainer.dataset, "__defaults__", (2000, 1))
    if name == "bert_pretraining":
        changes["epoch_steps"] = STEP + 3

    def copy_at_step(backup, batch, logs=None):
        """Copy the files that a process leaves if it is killed here."""
        original(backup, batch, logs)
        if (backup.epoch, batch) == (1, STEP):
            shutil.copytree(tmp_path / "whole" / name, killed / name)

    monkeypatch.setattr(StepBackup, "on_train_batch_end", copy_at_step)
    worker_runs.train(name, data, tmp_path / "whole", **changes)
    monkeypatch.setattr(StepBackup, "on_train_batch_end", original)
    found = [path.name for path in (killed / name / STATE).glob("within-*")]
    assert found == ["within-epoch-00001-00000002.safetensors"]
    worker_runs.train(name, data, killed, resume=True, **changes)
    whole, resumed = worker_runs.last_state(tmp_path / "whole" / name), worker_runs.last_state(killed / name)
    for key, values in whole.items():
        np.testing.assert_array_equal(resumed[key], values)
    assert history(killed / name) == history(tmp_path / "whole" / name)
    assert not list((killed / name / worker_runs.KEPT).glob("within-*"))
