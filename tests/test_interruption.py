"""SIGTERM ends a run as Ctrl-C does: it can be resumed, and the command is printed."""

import os
import signal

import numpy as np
import pytest

from kerasnlp_zoo.interruption import Terminated, sigterm_interrupts
from kerasnlp_zoo.training import GradientNorm, HistoryFile
from recipes import text_cnn


class EndAt(GradientNorm):
    """Send SIGTERM to this process in the second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        if epoch == 1:
            os.kill(os.getpid(), signal.SIGTERM)


def test_the_handler_of_the_program_is_restored():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), sigterm_interrupts():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.slow
def test_a_terminated_run_is_resumed_to_the_same_weights(reviews_csv, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("kerasnlp_zoo.training.labelled_texts.finish_classification", lambda *_: None)

    def train(folder, **changes):
        config = text_cnn.Config(train_file=reviews_csv, epochs=3, num_filters=4, output_dir=folder, **changes)
        text_cnn.main(config)
        return HistoryFile(folder / "history.csv").rows()

    expected = train(tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr("kerasnlp_zoo.training.run.GradientNorm", EndAt)
        with pytest.raises(Terminated):
            train(tmp_path / "run")
    assert f"--resume --output-dir {tmp_path / 'run'}" in capsys.readouterr().err
    found = train(tmp_path / "run", resume=True)
    assert [row["epoch"] for row in found] == [0, 1, 2]
    for row, whole in zip(found, expected, strict=True):
        np.testing.assert_array_equal(row["loss"], whole["loss"])
