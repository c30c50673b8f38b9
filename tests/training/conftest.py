"""The small data of `worker_runs`, for the tests that train whole recipes."""

import pytest

from tests import worker_runs


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "data"
    worker_runs.write_data(folder)
    return folder
