"""The code has no lint errors, type errors or import cycles, and imports heavy libraries only where they are used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kerasnlp_zoo
from kerasnlp_zoo import zoo

TREE = Path(__file__).parents[1]


def run(*command):
    return subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_reports_no_errors(arguments):
    result = run(sys.executable, "-m", "ruff", *arguments, TREE)
    assert result.returncode == 0, result.stdout


def test_types_are_correct_in_the_package_and_in_typical_calls():
    result = run(sys.executable, "-m", "mypy")
    assert result.returncode == 0, result.stdout


def test_imports_follow_the_layers_of_the_package():
    result = run(Path(sys.executable).with_name("lint-imports"), "--config", TREE / "pyproject.toml", "--no-cache")
    assert result.returncode == 0, result.stdout


def test_files_have_no_import_cycles():
    """import-linter compares packages with their siblings; this compares all files, including imports for types."""
    files = {
        ".".join(path.relative_to(TREE).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in ("kerasnlp_zoo", "recipes")
        for path in (TREE / folder).rglob("*.py")
    }
    open_files = {name: set(imported_files(path, files)) - {name} for name, path in files.items()}
    while free := [name for name, others in open_files.items() if not others & open_files.keys()]:
        for name in free:
            del open_files[name]
    assert not open_files


def imported_files(path, files):
    """Yield the names of the files, among `files`, that a file imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in files else node.module for name in names]
        else:
            continue
        yield from (name for name in names if name in files)


def test_importing_the_package_loads_no_heavy_library():
    heavy = ["numpy", "keras", "tensorflow", "kerasnlp_zoo.layers"]
    result = run(
        sys.executable, "-c", f"import sys, kerasnlp_zoo; print([name for name in {heavy} if name in sys.modules])"
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.slow
def test_building_a_model_does_not_load_other_heavy_parts():
    heavy = ["tensorflow_datasets", "jieba", "kerasnlp_zoo.tasks", "kerasnlp_zoo.plots"]
    program = (
        "import sys, kerasnlp_zoo; kerasnlp_zoo.layers.MaxOverTime; kerasnlp_zoo.models.text_cnn;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert run(sys.executable, "-c", program).stdout.strip() == "[]"


@pytest.mark.parametrize(
    "package", [kerasnlp_zoo, zoo, kerasnlp_zoo.datasets, kerasnlp_zoo.text], ids=lambda package: package.__name__
)
def test_lazily_loaded_packages_list_and_import_all_their_names(package):
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'. Expected one of"):
        _ = package.nothing


def test_layers_and_models_import_tensorflow_only_for_types():
    for path in [*(TREE / "kerasnlp_zoo/layers").glob("*.py"), *(TREE / "kerasnlp_zoo/models").glob("*.py")]:
        if path.name.endswith("_tensorflow.py"):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        for_types = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import) and id(node) not in for_types
            for alias in node.names
        }
        assert "tensorflow" not in imported, path


def test_no_pipeline_changes_malloc_for_the_process():
    for path in (TREE / "kerasnlp_zoo").rglob("*.py"):  # the reason is in text/batches.py
        assert "Dataset.from_generator(" not in path.read_text("utf-8"), path
