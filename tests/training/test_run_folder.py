"""Output folders: each run has its own, and a folder in use is locked for other processes."""

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import RunConfig, run_folder
from kerasnlp_zoo.training.run_folder import lock_folder, open_folder, unlock_folder

TREE = Path(__file__).parents[2]
# Loads the module from its file, because its package loads TensorFlow.
HOLD = """
import runpy, sys, time
from pathlib import Path
print(runpy.run_path(sys.argv[1])["lock_folder"](Path(sys.argv[2])), flush=True)
time.sleep(60)
"""


def config(tmp_path, **changes):
    return RunConfig(**{"dataset": "movie_reviews", "output_dir": tmp_path / "run", **changes})


def test_default_folders_are_numbered_and_never_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    free = config(tmp_path, output_dir=None, dataset="glue/sst2")
    assert str(open_folder("text_cnn", free)) == "runs/text_cnn_glue_sst2"
    for folder in ("text_cnn_glue_sst2", "text_cnn_glue_sst2-2"):
        (tmp_path / "runs" / folder / "state").mkdir(parents=True)
    assert open_folder("text_cnn", free).name == "text_cnn_glue_sst2-3"
    resumed = dataclasses.replace(free, resume=True)
    assert open_folder("text_cnn", resumed).name == "text_cnn_glue_sst2-2"


def test_a_chosen_folder_is_used_once_or_resumed(tmp_path):
    chosen = config(tmp_path)
    with pytest.raises(InputError, match="no interrupted run"):
        open_folder("text_cnn", dataclasses.replace(chosen, resume=True))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text("{}")
    with pytest.raises(InputError, match="already contains a run"):
        open_folder("text_cnn", chosen)
    with pytest.raises(InputError, match="no interrupted run"):
        open_folder("text_cnn", dataclasses.replace(chosen, resume=True))


@pytest.fixture
def holder(tmp_path):
    """A function that starts a process which locks a folder, and returns the process."""
    processes = []

    def hold(folder):
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-c", HOLD, run_folder.__file__, folder]
        process = subprocess.Popen(command, cwd=TREE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout.readline() == "None\n"
        return process

    yield hold
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_folder_in_use_is_refused_and_taken_over_when_its_process_is_dead(holder, tmp_path):
    chosen = config(tmp_path)
    process = holder(chosen.output_dir)
    with pytest.raises(InputError, match=f"in use by process {process.pid}. Use another --output-dir"):
        open_folder("text_cnn", chosen)
    (chosen.output_dir / "state").mkdir()
    with pytest.raises(InputError, match=f"not interrupted: process {process.pid} uses it.*stop it; then --resume"):
        open_folder("text_cnn", dataclasses.replace(chosen, resume=True))
    process.kill()
    process.wait()
    assert open_folder("text_cnn", dataclasses.replace(chosen, resume=True)) == chosen.output_dir
    assert (chosen.output_dir / ".lock").read_text() == str(os.getpid())


def test_a_default_folder_in_use_is_left_to_its_process(holder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    free = config(tmp_path, output_dir=None)
    holder(tmp_path / "runs" / "text_cnn_movie_reviews")
    assert open_folder("text_cnn", free).name == "text_cnn_movie_reviews-2"


def test_a_process_can_open_its_folder_again_until_it_contains_a_run(tmp_path):
    chosen = config(tmp_path)
    assert open_folder("text_cnn", chosen) == open_folder("text_cnn", chosen)  # data that could not be read
    unlock_folder(chosen.output_dir)
    assert list(chosen.output_dir.iterdir()) == []
    assert lock_folder(chosen.output_dir) is None


def test_a_lock_that_its_owner_has_just_removed_is_taken_anew(tmp_path, monkeypatch):
    """Otherwise a third process could lock a new file at the same path."""
    lock, calls = run_folder._lock_file, []

    def lock_after_removal(file):
        if not calls:
            (tmp_path / ".lock").unlink()
        calls.append(file)
        lock(file)

    monkeypatch.setattr(run_folder, "_lock_file", lock_after_removal)
    assert lock_folder(tmp_path) is None
    assert len(calls) == 2
    assert (tmp_path / ".lock").read_text() == str(os.getpid())
    unlock_folder(tmp_path)


@pytest.mark.slow
def test_two_processes_that_start_together_make_two_complete_runs(tmp_path, reviews_csv):
    command = [sys.executable, "-m", "recipes.linear", "--train-file", reviews_csv, "--smoke"]
    environment = {**os.environ, "PYTHONPATH": str(TREE)}
    runs = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    printed = [run.communicate()[0].decode() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], printed
    question = re.search(r'curl -d \'{"instances": \["(.*)"\]}\'', printed[0]).group(1)
    assert question in reviews_csv.read_text("utf-8")
    folders = sorted((tmp_path / "runs").iterdir())
    assert [folder.name for folder in folders] == ["linear_reviews", "linear_reviews-2"]
    weights = [(folder / "entry" / "model.safetensors").read_bytes() for folder in folders]
    assert weights[0] == weights[1]
    assert len((folders[0] / "history.csv").read_text().splitlines()) == 3
    assert not any((folder / ".lock").exists() for folder in folders)
