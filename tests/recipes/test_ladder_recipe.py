"""The ladder: rows of commands that exist, trained once, resumed, and written as a table and a plot."""

import json
import sys

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.commands.recipes import import_recipe
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.training import ladder as engine
from recipes import ladder
from tests.small_tasks import text_classification

# Stands in for `kerasnlp-zoo train`: the score depends on the seed, and each run is counted.
TRAIN = """
import json, pathlib, shutil, sys
arguments = sys.argv[1:]
folder = pathlib.Path(arguments[arguments.index("--output-dir") + 1])
seed = int(arguments[arguments.index("--seed") + 1])
counter = folder.parents[2] / "runs.txt"
counter.write_text((counter.read_text() if counter.exists() else "") + " ".join(arguments) + "\\n")
if "bilstm" in arguments and not (folder.parents[2] / "mended").exists():
    sys.exit("the model does not fit")
shutil.copytree(folder.parents[2] / "entry", folder / "entry")
few = int(arguments[arguments.index("--train-examples") + 1]) if "--train-examples" in arguments else 500
metrics = {"metric": "accuracy", "test_score": 80.0 + seed, "train_examples": 2 * few,
           "seconds": 700.0 if "linear" in arguments else 30.0,
           "milliseconds_per_sentence": 1.5}
(folder / "metrics.json").write_text(json.dumps(metrics))
"""
ALL = [(dataset, rung) for dataset, rungs in ladder.LADDERS.items() for rung in rungs]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "TRAIN", (sys.executable, "-c", TRAIN))
    zoo.save(text_classification(), tmp_path / "entry")
    return tmp_path


def runs(folder):
    path = folder / "runs.txt"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(("dataset", "rung"), ALL, ids=[f"{dataset}-{rung.name}" for dataset, rung in ALL])
def test_every_row_is_a_command_that_its_recipe_understands(dataset, rung):
    recipe, *flags = rung.command(dataset)
    config = read_flags(import_recipe(recipe).Config, args=[*flags, "--seed", "2"])
    config.check(1)
    assert config.dataset == dataset


@pytest.mark.parametrize("dataset", ladder.LADDERS)
def test_names_of_rows_are_different(dataset):
    names = [rung.name for rung in ladder.LADDERS[dataset]]
    assert len(set(names)) == len(names)


def test_rows_are_trained_once_and_slow_ones_with_one_seed(folder, capsys):
    names = ("softmax regression", "TextCNN, random vectors")
    config = ladder.Config(models=names, output_dir=folder)
    metrics = ladder.main(config)
    slow, quick = metrics["rows"]["trec"]
    assert (slow["seeds"], slow["deviation"], slow["score"]) == (1, None, 81)
    assert (quick["seeds"], quick["deviation"], quick["score"]) == (3, 1, 82)
    assert quick["minutes"] == 0.5
    assert quick["command"] == "kerasnlp-zoo train text_cnn --dataset trec"
    table = (folder / "ladder.md").read_text()
    assert "| TextCNN, random vectors | 82.0 ± 1.0 | 3 | 91.2: Kim 2014 |" in table
    assert table in capsys.readouterr().out
    assert (folder / "ladder.png").stat().st_size > 1000
    assert json.loads((folder / "metrics.json").read_text())["rows"] == metrics["rows"]
    before = runs(folder)
    assert len(before) == 4
    assert ladder.main(config)["rows"] == metrics["rows"]
    assert runs(folder) == before


def test_models_are_also_trained_on_few_examples(folder):
    config = ladder.Config(models=("TextCNN, random vectors",), output_dir=folder, seeds=1, train_examples=(5, 50))
    rows = ladder.main(config)["rows"]["trec"]
    assert [row["examples"] for row in rows] == [10, 100, 1000]
    assert rows[0]["command"] == "kerasnlp-zoo train text_cnn --dataset trec --train-examples 5"
    assert (folder / "examples.png").stat().st_size > 1000


def test_a_failed_row_keeps_the_others_and_is_repeated(folder):
    config = ladder.Config(models=("softmax regression", "BiLSTM"), output_dir=folder, seeds=1)
    with pytest.raises(InputError, match=r"(?s)failed with code 1.*the model does not fit"):
        ladder.main(config)
    assert "softmax regression" in (folder / "ladder.md").read_text()
    (folder / "mended").touch()
    (folder / "trec" / "bilstm" / "seed-1" / "state").mkdir(parents=True)  # of the interrupted run
    assert [row["name"] for row in ladder.main(config)["rows"]["trec"]] == ["softmax regression", "BiLSTM"]
    assert [run.split()[0] for run in runs(folder)] == ["linear", "bilstm", "bilstm"]
    assert runs(folder)[-1].endswith("--resume")


def test_rows_of_another_command_are_refused(folder, monkeypatch):
    config = ladder.Config(models=("softmax regression",), output_dir=folder, seeds=1)
    ladder.main(config)
    changed = [engine.Rung("softmax regression", "linear", "--epochs 3")]
    monkeypatch.setitem(ladder.LADDERS, "trec", changed)
    with pytest.raises(InputError, match=r"another command. Expected: .*--epochs 3. Received: linear --dataset trec"):
        ladder.main(config)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"datasets": ("trek",)}, "Did you mean.*trec"),
        ({"models": ("BiLSTM-CRF",)}, "ladder of trec has no model"),
        ({"seeds": 0}, "seeds"),
        ({"train_examples": (5, 0)}, "train_examples"),
        ({"datasets": ("trec", "msra"), "train_examples": (5,)}, "is for classifiers of texts.* Received: msra"),
    ],
)
def test_wrong_flags_are_refused_before_anything_is_trained(folder, flags, message):
    with pytest.raises(InputError, match=message):
        ladder.main(ladder.Config(output_dir=folder, **flags))
    assert runs(folder) == []


@pytest.mark.slow
def test_a_smoke_run_trains_real_rows(tmp_path):
    models = ("softmax regression", "TextCNN, random vectors")
    metrics = ladder.main(ladder.Config(models=models, seeds=2, smoke=True, output_dir=tmp_path / "ladder"))
    assert [row["seeds"] for row in metrics["rows"]["trec"]] == [2, 2]
