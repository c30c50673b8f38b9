"""A worker of a training that must be refused: python -m tests.worker_refusals DATA FOLDER DIFFERENCE."""

import json
import os
import sys
from pathlib import Path

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.training import workers
from tests import worker_runs


def main():
    """Train with a difference at worker 1; print the message of the error as the command does."""
    data, folder, difference = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    is_other = json.loads(os.environ["TF_CONFIG"])["task"]["index"] == 1
    changes = {"strategy": "multi_worker"}
    if difference == "batch":
        changes["batch_size"] = 7
    if difference == "flags" and is_other:
        changes["seed"] = 2
    if difference == "data":  # a file of the same name with other texts
        own = folder / f"at-worker-{int(is_other)}"
        own.mkdir()
        text = (data / "reviews.csv").read_text()
        (own / "reviews.csv").write_text(text.replace("film", "opera") if is_other else text)
        os.chdir(own)
        changes["train_file"] = Path("reviews.csv")
    if difference == "folder":
        workers.SHARED_SECONDS = 1.0
        if is_other:
            workers._content = lambda path: ""
    try:
        worker_runs.train("text_cnn", data, folder, **changes)
    except InputError as error:
        sys.exit(f"kerasnlp-zoo: {error}")


if __name__ == "__main__":
    main()
