"""Kill one of several workers at random moments of a training, resume it, and compare the final weights.

    python -m tests.worker_kills [COUNT] [WORKERS]

A process that has imported everything is copied for each worker, because the imports take seconds. A line is printed
for each kill: seconds until the last of the other workers had ended, their codes, and the largest difference between
the final state of the resumed run and that of a run that was not killed.
"""

import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np

from kerasnlp_zoo.commands.launch import free_ports, tf_config
from kerasnlp_zoo.errors import InputError
from tests import worker_runs

CASE = "text_cnn"
CHANGES = {"strategy": "multi_worker", "epochs": 6, "batch_size": 6, "patience": 9}
LONGEST_WAIT = 4.0  # seconds from the end of the first epoch to the kill
SECONDS = 60  # in which the others must notice the loss
ENDED = re.compile(r"Worker \d at 127.0.0.1:\d+ has ended or cannot be reached any more.*--resume --output-dir")


def start(data, folder, workers, **changes):
    """Start the workers; return their process ids. Their output is in worker-0.txt and so on."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(workers)]
    sys.stdout.flush()
    return [_copy(data, folder, tf_config(addresses, index), index, changes) for index in range(workers)]


def _copy(data, folder, config, index, changes):
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        file = os.open(folder / f"worker-{index}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.environ["TF_CONFIG"] = config
        worker_runs.train(CASE, data, folder, **{**CHANGES, **changes})
        code = 0
    except InputError as error:
        print(f"kerasnlp-zoo: {error}")
    except BaseException:  # noqa: BLE001, the copy must end here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def codes(processes):
    """Wait for processes; return their exit codes."""
    return [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]


def final_state(folder):
    """Return the weights and the state of the optimizer after the last epoch."""
    return worker_runs.last_state(folder / CASE)


def kill_and_resume(data, folder, workers, dice):
    """Return (seconds until the others had ended, their codes, whether all said why, final state)."""
    folder.mkdir()
    processes = start(data, folder, workers)
    history = folder / CASE / "history.csv"
    while not history.exists():
        time.sleep(0.05)
    time.sleep(dice.uniform(0, LONGEST_WAIT))
    lost = dice.randrange(workers)
    os.kill(processes[lost], signal.SIGKILL)
    killed = time.monotonic()
    others = [process for index, process in enumerate(processes) if index != lost]
    found = codes(others)
    seconds = time.monotonic() - killed
    os.waitpid(processes[lost], 0)
    texts = [(folder / f"worker-{index}.txt").read_text() for index in range(workers) if index != lost]
    say_why = all(ENDED.search(text) for text in texts)
    resumed = codes(start(data, folder, workers, resume=True))
    if any(resumed):
        raise AssertionError(f"the resumed run ended with {resumed}: {(folder / 'worker-0.txt').read_text()[-2000:]}")
    return seconds, found, say_why, final_state(folder)


def kills(count, workers, seed=0):
    """Yield (seconds, codes, whether all said why, largest difference) for each kill."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as parent:
        data, whole = Path(parent, "data"), Path(parent, "whole")
        if process := os.fork():  # TensorFlow must not start here
            assert not any(codes([process]))
        else:
            worker_runs.write_data(data)
            os._exit(0)
        whole.mkdir()
        assert not any(codes(start(data, whole, workers))), (whole / "worker-0.txt").read_text()
        expected = final_state(whole)
        for number in range(count):
            seconds, found, say_why, state = kill_and_resume(data, Path(parent, str(number)), workers, dice)
            difference = max(float(np.abs(state[name] - values).max(initial=0)) for name, values in expected.items())
            yield seconds, found, say_why, difference


def main():
    """Print a line for each kill."""
    count, workers = (int(word) for word in (sys.argv[1:] + ["10", "3"][len(sys.argv[1:]) :])[:2])
    for seconds, found, say_why, difference in kills(count, workers):
        outcome = "all say why" if say_why else "NO MESSAGE"
        print(f"others ended after {seconds:4.1f} s with {found}, {outcome}; difference {difference}", flush=True)


if __name__ == "__main__":
    main()
