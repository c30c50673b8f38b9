"""Temporaries of processes that have ended are removed; everything else beside a file stays."""

import os
import time

import pytest

from kerasnlp_zoo import durable
from tests.savings import SAVINGS


@pytest.mark.parametrize("name", ["file", "folder"])
def test_only_temporaries_of_ended_processes_are_removed(name, tmp_path):
    running = durable.temporary_beside(tmp_path / name)
    running.mkdir()
    others = [tmp_path / other for other in (".entry", f".hidden-{name}", f".{durable.MACHINE}-1-0-{name}")]
    for other in others:
        other.write_text("mine")
    for other in (name, "other"):
        (tmp_path / f".{durable.MACHINE}-999999999-00000000-{other}").write_text("half")
    needed = tmp_path / f".{durable.MACHINE}-999999999-00000000-lost"  # its old folder is needed to recover "lost"
    (needed / durable.OLD).mkdir(parents=True)
    elsewhere = tmp_path / f".00000000-999999999-00000000-{name}"  # written by another machine
    elsewhere.write_text("half")
    SAVINGS[name].write(tmp_path, 1)
    assert set(tmp_path.iterdir()) == {tmp_path / name, running, needed, elsewhere, *others}
    long_ago = time.time() - 2 * durable.LONGEST_WRITE
    os.utime(elsewhere, (long_ago, long_ago))
    SAVINGS[name].write(tmp_path, 1)
    assert set(tmp_path.iterdir()) == {tmp_path / name, running, needed, *others}


def test_a_file_in_the_place_of_a_folder_is_not_replaced(tmp_path):
    (tmp_path / "folder").write_text("mine")
    with pytest.raises(NotADirectoryError, match="a file has the name of the folder to write"):
        SAVINGS["folder"].write(tmp_path, 1)
    assert (tmp_path / "folder").read_text() == "mine"
