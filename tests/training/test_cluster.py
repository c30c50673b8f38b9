"""The workers that TF_CONFIG and Slurm describe."""

import json

import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training.cluster import find_cluster
from kerasnlp_zoo.training.strategies import make_strategy

HOSTS = ["first:1", "second:1", "third:1"]
SLURM = {
    "SLURM_JOB_ID": "7",
    "SLURM_PROCID": "2",
    "SLURM_STEP_NUM_TASKS": "3",
    "SLURM_STEP_NODELIST": "n[2,10]",
    "SLURM_STEP_TASKS_PER_NODE": "2,1",
    "SLURM_NODEID": "1",
    "SLURM_LOCALID": "0",
}


@pytest.fixture
def environment(monkeypatch):
    """A function that sets variables, with no others of a cluster."""
    for name in ("TF_CONFIG", *SLURM):
        monkeypatch.delenv(name, raising=False)

    def set_variables(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_variables


def config(cluster, kind="worker", index=0):
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


def test_workers_are_those_of_tf_config(environment):
    environment(TF_CONFIG=config({"worker": HOSTS}, index=2))
    cluster = find_cluster()
    assert (cluster.addresses, cluster.index) == (tuple(HOSTS), 2)


def test_a_chief_is_the_first_worker(environment):
    environment(TF_CONFIG=config({"worker": HOSTS[1:], "chief": HOSTS[:1]}, index=0))
    cluster = find_cluster()
    assert (cluster.addresses, cluster.index) == (tuple(HOSTS), 1)


def test_tasks_of_slurm_keep_its_order(environment):
    environment(**SLURM)
    cluster = find_cluster()
    assert (cluster.addresses, cluster.index) == (("n2:20007", "n2:20008", "n10:20007"), 2)
    assert cluster.resolver.cluster_spec().as_dict() == {"worker": list(cluster.addresses)}
    assert (cluster.resolver.task_type, cluster.resolver.task_id) == ("worker", 2)


def test_tasks_that_are_numbered_across_nodes_are_refused(environment):
    environment(**{**SLURM, "SLURM_PROCID": "1"})
    with pytest.raises(InputError, match="Add --distribution=block to srun"):
        find_cluster()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        (json.dumps({"cluster": {"worker": HOSTS}}), "a cluster of chief and worker, and a task"),
        (config(HOSTS), "a cluster of chief and worker, and a task"),
        (config({"worker": "first:1"}), "a cluster of chief and worker, and a task"),
        (config({"worker": [1, 2]}), "a cluster of chief and worker, and a task"),
        (config({"ps": HOSTS}, "ps"), "a cluster of chief and worker, and a task"),
        (config({"worker": HOSTS}, index=3), "not in its cluster. Expected one of: worker 0, worker 1, worker 2"),
        (config({"worker": ["first:1", "first:1"]}), "an address host:port of its own"),
        (config({"worker": ["first", "second"]}), "an address host:port of its own"),
    ],
)
def test_a_tf_config_that_cannot_be_used_is_refused(text, message, environment):
    environment(TF_CONFIG=text)
    with pytest.raises(InputError, match=message):
        find_cluster()


def test_several_workers_without_a_cluster_are_refused(environment):
    with pytest.raises(InputError, match="kerasnlp-zoo launch --workers 2 -- train RECIPE"):
        make_strategy("multi_worker")


@pytest.mark.parametrize("name", ["auto", "none", "mirrored"])
def test_a_cluster_without_its_flag_is_refused(name, environment):
    environment(TF_CONFIG=config({"worker": HOSTS}))
    with pytest.raises(InputError, match=f"--strategy {name} .* Add --strategy multi_worker"):
        make_strategy(name)


@pytest.mark.parametrize("cluster", [[], "first:1", {"worker": "first:1"}, {"worker": [1, 2]}])
def test_a_tf_config_without_workers_needs_no_flag(cluster, environment):
    environment(TF_CONFIG=config(cluster))
    assert make_strategy("none").num_replicas_in_sync == 1


def test_a_cluster_of_one_worker_needs_no_flag(environment):
    environment(TF_CONFIG=config({"worker": HOSTS[:1]}))
    assert make_strategy("none").num_replicas_in_sync == 1
