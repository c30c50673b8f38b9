"""The workers of a run on several processes or machines, as TF_CONFIG or Slurm describes them."""

import dataclasses
import json
import os
from typing import Any

import tensorflow as tf

from kerasnlp_zoo.errors import InputError

JOBS = ("chief", "worker")  # the chief is the first worker
SLURM_PORTS = (20_000, 10_000)  # first port of a job's workers: so much, plus its number modulo this
MOST_TASKS = 1024  # of one node
EXAMPLE = (
    '{"cluster": {"worker": ["first-host:12345", "second-host:12345"]}, "task": {"type": "worker", "index": 0}}, with '
    "another index in each process"
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The workers that train one model.

    Attributes:
        addresses: host:port of each worker, the chief first.
        index: index of this process among them.
        resolver: the same facts for TensorFlow.
    """

    addresses: tuple[str, ...]
    index: int
    resolver: tf.distribute.cluster_resolver.ClusterResolver


def tf_config() -> dict[str, Any]:
    """Return the content of the variable TF_CONFIG; an empty dict if it is not set.

    Raises:
        InputError: if it is not a JSON object.
    """
    text = os.environ.get("TF_CONFIG", "")
    try:
        content = json.loads(text or "{}")
    except json.JSONDecodeError as error:
        raise InputError(f"TF_CONFIG is not JSON: {error}. Expected for example {EXAMPLE}. Received: {text}") from error
    if not isinstance(content, dict):
        raise InputError(f"TF_CONFIG must be a JSON object. Expected for example {EXAMPLE}. Received: {text}")
    return content


def refuse_unused_cluster(flag: str) -> None:
    """Raise InputError if TF_CONFIG describes several workers, of which each would train a whole model.

    Args:
        flag: the flag that selects another strategy, such as "--strategy auto".
    """
    workers = sum(map(len, _jobs(tf_config())))
    if workers > 1:
        raise InputError(
            f"TF_CONFIG describes a cluster of {workers} workers, but {flag} trains on one machine: each worker would "
            "train a whole model of its own. Add --strategy multi_worker, or unset TF_CONFIG"
        )


def _jobs(content: dict[str, Any]) -> list[list[str]]:
    """Return the lists of addresses in the content of TF_CONFIG."""
    jobs = content.get("cluster")
    lists = [job for job in jobs.values() if isinstance(job, list)] if isinstance(jobs, dict) else []
    return [job for job in lists if all(isinstance(address, str) for address in job)]


def find_cluster() -> Cluster:
    """Return the cluster that TF_CONFIG describes, or else the variables of Slurm's srun.

    Raises:
        InputError: if there is neither, or this process cannot be one of the workers.
    """
    if tf_config():
        return _cluster_of_tf_config()
    if "SLURM_STEP_NODELIST" in os.environ:
        return _cluster_of_slurm()
    raise InputError(
        "--strategy multi_worker needs the addresses of the workers. Expected the variable TF_CONFIG, or a job that "
        "Slurm's srun starts. Received: neither. To start several workers on this machine, use kerasnlp-zoo launch "
        f"--workers 2 -- train RECIPE. TF_CONFIG is for example {EXAMPLE}"
    )


def _cluster_of_tf_config() -> Cluster:
    content, text = tf_config(), os.environ["TF_CONFIG"]
    jobs, task = content.get("cluster"), content.get("task")
    is_usable = isinstance(jobs, dict) and set(jobs) <= set(JOBS) and len(_jobs(content)) == len(jobs)
    if not isinstance(jobs, dict) or not isinstance(task, dict) or not is_usable:
        raise InputError(
            f"TF_CONFIG must have a cluster of chief and worker, and a task. Expected for example {EXAMPLE}. "
            f"Received: {text}"
        )
    tasks = [(job, number) for job in JOBS for number in range(len(jobs.get(job, ())))]
    own = task.get("type"), task.get("index")
    if own not in tasks:
        raise InputError(
            f"The task of TF_CONFIG is not in its cluster. Expected one of: {', '.join(f'{j} {n}' for j, n in tasks)}. "
            f"Received: type {own[0]!r} and index {own[1]!r}"
        )
    addresses = tuple(jobs[job][number] for job, number in tasks)
    if len(set(addresses)) < len(addresses) or not all(":" in address for address in addresses):
        raise InputError(
            "Every worker in TF_CONFIG needs an address host:port of its own. "
            f"Received: {', '.join(addresses)}. Use another port for each worker of a host"
        )
    return Cluster(addresses, tasks.index(own), tf.distribute.cluster_resolver.TFConfigClusterResolver())


def _cluster_of_slurm() -> Cluster:
    """Return the cluster of a job step of Slurm.

    TensorFlow's resolver sorts the names of hosts, so that rank 0 of n2 and n10 would be at n10. Its task configuration
    keeps the order of Slurm. It also divides GPUs among tasks and needs at least one; here Slurm itself divides them.
    """
    first, ports = SLURM_PORTS
    first += int(os.environ.get("SLURM_JOB_ID", 0)) % ports
    try:
        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
            port_base=first, gpus_per_node=MOST_TASKS, gpus_per_task=1, auto_set_gpu=False
        )
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"Slurm's variables do not describe the workers: {error}. Start the workers by srun"
        ) from error
    index, tasks_of_host = int(os.environ["SLURM_PROCID"]), resolver._task_configuration
    addresses = [f"{host}:{first + task}" for host, tasks in tasks_of_host.items() for task in range(tasks)]
    node, task = int(os.environ.get("SLURM_NODEID", 0)), int(os.environ.get("SLURM_LOCALID", 0))
    own = f"{list(tasks_of_host)[node]}:{first + task}"
    if addresses[index] != own:
        raise InputError(
            f"Task {index} is expected at {addresses[index]} and runs at {own}: Slurm numbered the tasks across the "
            "nodes. Add --distribution=block to srun"
        )
    gpus = len(tf.config.list_physical_devices("GPU"))
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": addresses}),
        task_type="worker",
        task_id=index,
        num_accelerators={"GPU": gpus},
        rpc_layer="grpc",
    )
    return Cluster(tuple(addresses), index, resolver)
