"""`kerasnlp-zoo launch`: start the workers of a training on this machine, or print the commands for several hosts."""

import collections
import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import IO, Annotated

import tyro

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.interruption import Terminated, sigterm_interrupts

HOST = "127.0.0.1"
STRATEGY = ["--strategy", "multi_worker"]
RUN = "from kerasnlp_zoo.cli import main; main()"
GRACE_SECONDS = 20.0  # for a worker to save and end, before it is killed
KEPT_LINES = 5  # of the last messages of each worker
Hosts = Annotated[str | None, tyro.conf.arg(metavar="HOST:PORT,...")]


def launch(workers: int | None = None, hosts: Hosts = None) -> None:
    """Train with several processes: kerasnlp-zoo launch --workers 2 -- train RECIPE.

    The processes train one model together. If one of them fails, all are stopped. Ctrl-C stops all.

    Args:
        workers: Number of processes to start on this machine; GPUs and cores are divided among them.
        hosts: Instead of starting processes, print the command for each of these addresses, separated by commas.
    """
    command = _command(sys.argv[2:])
    if (workers is None) == (hosts is None):
        raise InputError("Expected either --workers N, for this machine, or --hosts HOST:PORT,HOST:PORT for several")
    if hosts is not None:
        addresses = hosts.split(",")
        for index, address in enumerate(addresses):
            print(f"At {address}:")
            print(f"  TF_CONFIG={shlex.quote(tf_config(addresses, index))} {shlex.join(['kerasnlp-zoo', *command])}")
        return
    assert workers is not None
    require_positive(workers=workers)
    addresses = [f"{HOST}:{port}" for port in free_ports(workers)]
    shares = {"TF_NUM_INTRAOP_THREADS": str(max(1, (os.cpu_count() or 1) // workers)), "PYTHONUNBUFFERED": "1"}
    environments = [
        {**shares, **os.environ, **gpus, "TF_CONFIG": tf_config(addresses, index)}
        for index, gpus in enumerate(shares_of_gpus(workers))
    ]
    with sigterm_interrupts(), _processes(command, environments) as processes:
        _wait(processes)


def _command(arguments: Sequence[str]) -> list[str]:
    """Return the command after `--`, with the strategy of several workers."""
    command = list(arguments[arguments.index("--") + 1 :]) if "--" in arguments else []
    if command[:1] != ["train"] or len(command) < 2:
        raise InputError(
            "Expected a training after --, such as kerasnlp-zoo launch --workers 2 -- train text_cnn --dataset trec. "
            f"Received: {shlex.join(command) or 'nothing'}"
        )
    given = [word for word in command if word.startswith("--strategy")]
    if not given:
        return [*command, *STRATEGY]
    if "multi_worker" not in command and "--strategy=multi_worker" not in command:
        raise InputError("launch trains with --strategy multi_worker. Received another --strategy. Omit it")
    return command


def tf_config(addresses: Sequence[str], index: int) -> str:
    """Return the value of TF_CONFIG for one worker.

    Example:

    >>> tf_config(["127.0.0.1:5001"], index=0)
    '{"cluster": {"worker": ["127.0.0.1:5001"]}, "task": {"type": "worker", "index": 0}}'
    """
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": index}})


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that no process uses.

    Example:

    >>> len(set(free_ports(3)))
    3
    """
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for opened in sockets:
            opened.bind((HOST, 0))
        return [opened.getsockname()[1] for opened in sockets]


def shares_of_gpus(workers: int) -> list[dict[str, str]]:
    """Return the variable CUDA_VISIBLE_DEVICES of each worker, in a dict; empty dicts on a machine without GPUs.

    Raises:
        InputError: if there are fewer GPUs than workers, because NCCL needs one for each.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        try:
            listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            listed = ""
        gpus = [str(number) for number in range(listed.count("GPU "))]
    else:
        gpus = [gpu for gpu in visible.split(",") if gpu not in ("", "-1")]
    if not gpus:
        return [{} for _ in range(workers)]
    share = len(gpus) // workers
    if not share:
        raise InputError(
            f"Each worker needs a GPU of its own. Expected at most --workers {len(gpus)}. Received: --workers "
            f"{workers}. To train on the CPU, set CUDA_VISIBLE_DEVICES=-1"
        )
    return [{"CUDA_VISIBLE_DEVICES": ",".join(gpus[index * share : (index + 1) * share])} for index in range(workers)]


class Worker:
    """A process whose output is printed line by line, after its number.

    Args:
        index: index of the worker.
        command: the subcommand of kerasnlp-zoo, with its flags.
        environment: variables of the process.
    """

    def __init__(self, index: int, command: Sequence[str], environment: dict[str, str]) -> None:
        self.index = index
        self.messages: collections.deque[str] = collections.deque(maxlen=KEPT_LINES)
        # A session of its own: Ctrl-C in a terminal would otherwise reach the process twice.
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.printers = [
            threading.Thread(target=self._print, args=streams, daemon=True)
            for streams in ((self.process.stdout, sys.stdout), (self.process.stderr, sys.stderr))
        ]
        for printer in self.printers:
            printer.start()

    def _print(self, source: IO[str], target: IO[str]) -> None:
        for line in source:
            if target is sys.stderr and line.strip():
                self.messages.append(line.strip())
            with contextlib.suppress(OSError, ValueError):  # the reader of the output has ended; the worker has not
                target.write(f"[worker {self.index}] {line.rstrip()}\n")
                target.flush()

    def failure(self) -> str | None:
        """Return what to say about a process that has failed; None if it has not."""
        code = self.process.poll()
        if not code:
            return None
        for printer in self.printers:
            printer.join(GRACE_SECONDS)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        last = f": {self.messages[-1]}" if self.messages else ""
        return f"Worker {self.index} {how}{last}"


@contextlib.contextmanager
def _processes(command: Sequence[str], environments: Sequence[dict[str, str]]) -> Iterator[list[Worker]]:
    """Start the workers; at the end of the block, stop those that still run."""
    workers: list[Worker] = []
    last_signal = signal.SIGTERM
    try:
        for index, environment in enumerate(environments):
            workers.append(Worker(index, command, environment))
        yield workers
    except KeyboardInterrupt as error:
        if not isinstance(error, Terminated):
            last_signal = signal.SIGINT
        raise
    finally:
        for worker in workers:
            if worker.process.poll() is None:
                worker.process.send_signal(last_signal)
        end = time.monotonic() + GRACE_SECONDS
        for worker in workers:
            try:
                worker.process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            for printer in worker.printers:
                printer.join(1)


def _wait(workers: Sequence[Worker]) -> None:
    """Wait until all workers have ended; raise InputError when one has failed."""
    while any(worker.process.poll() is None for worker in workers):
        if failures := [failure for worker in workers if (failure := worker.failure())]:
            raise InputError(f"{failures[0]}. All workers were stopped")
        time.sleep(0.1)
    if failures := [failure for worker in workers if (failure := worker.failure())]:
        raise InputError(failures[0])
