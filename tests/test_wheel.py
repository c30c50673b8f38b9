"""The wheels contain recipes and entries, and work without the source tree."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from kerasnlp_zoo.zoo.downloads import ENTRIES_OF_EXTRA
from kerasnlp_zoo.zoo.folders import megabytes

TREE = Path(__file__).parents[1]
MOST_MEGABYTES = 15  # of the wheel of the code, with the small entries
LARGE_MEGABYTES = 2  # entries from this size are in the other wheel


def unpacked(project, folder):
    """Build a wheel, and unpack it outside the tree as an installer does; return its size in MB."""
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder / "dist"), str(project)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return wheel.stat().st_size / 1e6


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel of the code, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    assert unpacked(TREE, folder) <= MOST_MEGABYTES
    return folder / "site"


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    """The wheel of the larger entries, unpacked."""
    folder = tmp_path_factory.mktemp("entries")
    unpacked(TREE / "saved_models", folder)
    return folder / "site"


def run(installed, folder, *arguments, more=(), fails=False):
    program = (
        "import sys, kerasnlp_zoo; assert kerasnlp_zoo.__file__.startswith(sys.argv.pop(1));"
        "from kerasnlp_zoo.cli import main; main()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [installed, *more]))}
    command = [sys.executable, "-c", program, str(installed), *map(str, arguments)]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert bool(result.returncode) == fails, result.stderr[-3000:]
    return result.stderr if fails else result.stdout


@pytest.mark.slow
def test_the_wheel_lists_loads_and_predicts_outside_the_tree(installed, tmp_path):
    assert "text_cnn_trec_en" in run(installed, tmp_path, "list")
    answer = run(installed, tmp_path, "predict", "text_cnn_trec_en", "Where is Rome ?", "--json")
    assert json.loads(answer)["label"] == "LOC"
    assert "def main(config" in run(installed, tmp_path, "recipe", "text_cnn")
    error = run(installed, tmp_path, "predict", "text_cnn_imdb_en", "good", fails=True)
    assert (
        'is in the package kerasnlp-zoo-entries, which is not installed. Install it: pip install "kerasnlp-zoo' in error
    )


@pytest.mark.slow
def test_with_the_second_wheel_all_entries_are_found(installed, entries, tmp_path):
    listed = run(installed, tmp_path, "list", more=[entries])
    packaged = [path.parent.name for path in (TREE / "saved_models").glob("*/config.json")]
    assert all(name in listed for name in packaged)
    answer = run(installed, tmp_path, "predict", "text_cnn_imdb_en", "wonderful", "--json", more=[entries])
    assert json.loads(answer)["label"] == "pos"


def test_each_entry_is_in_one_wheel_by_its_size():
    included = [
        tomllib.loads((TREE / place / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"][
            "wheel"
        ]["force-include"]
        for place in ("", "saved_models")
    ]
    small = {name.removeprefix("saved_models/") for name in included[0] if name.startswith("saved_models/")}
    large = set(included[1]) - {"__init__.py"}
    sizes = {path.parent.name: megabytes(path.parent) for path in (TREE / "saved_models").glob("*/config.json")}
    assert small == {name for name, size in sizes.items() if size < LARGE_MEGABYTES}
    assert large == set(sizes) - small == set(ENTRIES_OF_EXTRA)


@pytest.mark.slow
def test_the_wheel_trains_outside_the_tree(installed, tmp_path):
    run(installed, tmp_path, "train", "text_cnn", "--smoke", "--embedding-dim", 8, "--num-filters", 4)
    assert (tmp_path / "runs" / "text_cnn_movie_reviews" / "metrics.json").exists()


def test_the_wheel_contains_types_and_licence_and_no_other_package(installed):
    assert (installed / "kerasnlp_zoo" / "py.typed").exists()
    assert list(installed.glob("*.dist-info/licenses/LICENSE"))
    assert {path.name.split("-")[0] for path in installed.iterdir()} == {"kerasnlp_zoo"}
