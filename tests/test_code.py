import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).parents[1]


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(arguments):
    result = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, TREE], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_types_are_right_in_the_package_and_in_typical_calls():
    result = subprocess.run([sys.executable, "-m", "mypy"], cwd=TREE, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_imports_follow_the_floor_plan():
    command = [Path(sys.executable).with_name("lint-imports"), "--config", TREE / "pyproject.toml", "--no-cache"]
    result = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_importing_the_package_leaves_the_heavy_parts_unloaded():
    heavy = ["tensorflow_datasets", "jieba", "kerasnlp_zoo.tasks", "kerasnlp_zoo.plots"]
    program = (
        "import sys, kerasnlp_zoo; kerasnlp_zoo.layers.MaxOverTime; kerasnlp_zoo.models.text_cnn;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=TREE, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_layers_and_models_import_no_tensorflow():
    for path in [*(TREE / "kerasnlp_zoo/layers").glob("*.py"), *(TREE / "kerasnlp_zoo/models").glob("*.py")]:
        if not path.name.endswith("_tensorflow.py"):
            assert "import tensorflow" not in path.read_text("utf-8"), path


def test_no_pipeline_changes_malloc_for_the_whole_process():
    for path in (TREE / "kerasnlp_zoo").rglob("*.py"):  # text/batches.py tells what it costs
        assert "Dataset.from_generator(" not in path.read_text("utf-8"), path
