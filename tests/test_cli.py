import io
import json
import sys

import pytest
import tensorflow as tf

from kerasnlp_zoo import cli, zoo
from kerasnlp_zoo.datasets.options import DataOptions
from kerasnlp_zoo.datasets.text_classification import load_text_classification
from tests.small_tasks import text_classification, word_embedding

ENTRY = "text_cnn_movie_reviews_en"
GOOD = "a gripping, beautifully acted film"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process; return what it printed."""

    def run(*arguments, standard_input=""):
        monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(standard_input.encode())))
        cli.main()
        return capsys.readouterr().out

    return run


def error(run, *arguments):
    with pytest.raises(SystemExit) as exit:
        run(*arguments)
    return str(exit.value.code)


def test_list_and_show_describe_entries(run):
    assert ENTRY in run("list")
    assert f"| {ENTRY} | text_classification | en | accuracy" in run("list", "--markdown")
    assert run("show", ENTRY).startswith(f"# {ENTRY}")


def test_predict_reads_arguments_a_file_or_standard_input(run, tmp_path):
    texts = [GOOD, "dull, clumsy and far too long"]
    expected = zoo.load(ENTRY).predict(texts)
    (tmp_path / "texts.txt").write_text("\n".join(texts) + "\n", "utf-8-sig")
    for printed in (
        run("predict", ENTRY, *texts, "--json"),
        run("predict", ENTRY, "--file", tmp_path / "texts.txt", "--json"),
        run("predict", ENTRY, "--json", standard_input="\n".join(texts)),
    ):
        assert [json.loads(line) for line in printed.splitlines()] == expected
    assert run("predict", ENTRY, GOOD) == f"positive {expected[0]['probability']:.3f}\t{GOOD}\n"
    assert run("predict", ENTRY, standard_input="") == ""


def test_explain_prints_ngrams_and_draws_them(run, tmp_path):
    printed = run("explain", ENTRY, "dull but wonderful", GOOD, "--ngrams", 1)
    first, second = printed.split("\n\n")
    assert first.startswith("negative")
    assert "\nfor negative:\n" in first
    assert second.splitlines()[0] == f"positive {zoo.load(ENTRY).predict([GOOD])[0]['probability']:.3f}"
    assert second.splitlines()[1] == "a gripping , beautifully acted film"
    assert second.splitlines()[4].endswith("filters of width 4  , beautifully acted film")
    assert len(second.splitlines()) == 7
    assert "\033[" not in printed
    picture = tmp_path / "new" / "why.png"
    assert run("explain", ENTRY, GOOD, "--output", picture).endswith(f"{picture}\n")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("is_terminal", "no_color", "colored"), [(True, None, True), (True, "1", False), (False, None, False)]
)
def test_explain_colors_words_only_in_a_terminal_with_colors(run, monkeypatch, is_terminal, no_color, colored):
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    assert ("\033[" in run("explain", ENTRY, GOOD)) == colored


def test_evaluate_scores_the_test_split_and_own_files(run, tmp_path):
    scores = json.loads(run("evaluate", ENTRY, "--json"))
    recorded = json.loads((zoo.find(ENTRY) / "metrics.json").read_text())
    assert scores["examples"] == recorded["test_examples"]
    assert (scores["metric"], scores["score"]) == ("accuracy", pytest.approx(recorded["test_score"]))
    (tmp_path / "test.csv").write_text(f'review,grade\n"{GOOD}",positive\ndull and clumsy,negative\n')
    columns = ("--text-column", "review", "--label-column", "grade")
    scores = json.loads(run("evaluate", ENTRY, "--test-file", tmp_path / "test.csv", *columns, "--json"))
    assert (scores["examples"], scores["accuracy"]) == (2, 1.0)
    printed = run("evaluate", ENTRY, "--test-file", tmp_path / "test.csv", *columns)
    assert printed.startswith("accuracy 100.0 on 2 examples\n")
    assert "macro_f1" in printed
    (tmp_path / "test.csv").write_text("text,label\nfine,good\n")
    assert "'good' of text 0 is unknown" in error(run, "evaluate", ENTRY, "--test-file", tmp_path / "test.csv")


@pytest.mark.slow
def test_export_checks_the_saved_model_and_prints_the_serving_commands(run, tmp_path):
    printed = run("export", ENTRY, tmp_path / "served")
    assert (tmp_path / "served" / "1" / "saved_model.pb").exists()
    assert "returns the answers of predict()" in printed
    assert "docker run" in printed
    assert "curl -d" in printed


@pytest.mark.slow
@pytest.mark.parametrize(("form", "file"), [("litert", "model.tflite"), ("onnx", "model.onnx")])
def test_export_for_other_runtimes_checks_the_file(form, file, run, tmp_path):
    printed = run("export", ENTRY, tmp_path / "new", "--format", form)
    assert "Inputs: token_ids. Outputs: probability, probabilities." in printed
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["config.json", file, "vocabulary.txt"]
    assert "other files" in error(run, "export", ENTRY, tmp_path, "--format", form)
    assert "the token ids of one window" in error(run, "export", ENTRY, tmp_path / "w", "--format", form, "--windows")


@pytest.mark.slow
def test_quantize_shrinks_an_entry_and_keeps_its_labels(run, tmp_path):
    printed = run("quantize", ENTRY, tmp_path / "int8")
    metrics = json.loads((tmp_path / "int8" / "metrics.json").read_text())
    recorded = json.loads((zoo.find(ENTRY) / "metrics.json").read_text())
    assert metrics["float_test_score"] == pytest.approx(recorded["test_score"])
    assert metrics["test_score"] == pytest.approx(recorded["test_score"], abs=0.5)
    assert f"test accuracy {recorded['test_score']:.1f} -> {metrics['test_score']:.1f} on 852 texts" in printed
    as_float = zoo.save(zoo.load(ENTRY), tmp_path / "float32")
    assert zoo.megabytes(tmp_path / "int8") < 0.3 * zoo.megabytes(as_float)
    texts = load_text_classification(DataOptions(dataset="movie_reviews")).test.texts
    labels = [[answer["label"] for answer in zoo.load(e).predict(texts)] for e in (ENTRY, tmp_path / "int8")]
    assert sum(one == other for one, other in zip(*labels, strict=True)) > 0.99 * len(texts)
    assert "golden answers repeated" in run("check", tmp_path / "int8")


@pytest.mark.slow
def test_quantize_scores_own_files(run, tmp_path):
    entry = zoo.save(text_classification(), tmp_path / "mine")
    for command in (("evaluate", entry), ("quantize", entry, tmp_path / "int8")):
        assert "does not name its data set. Give --dataset NAME or --test-file" in error(run, *command)
    (tmp_path / "test.csv").write_text(f'text,label\n"{GOOD}",positive\ndull and clumsy,negative\n')
    assert "on 2 texts" in run("quantize", entry, tmp_path / "int8", "--test-file", tmp_path / "test.csv")
    assert "is already quantized" in error(run, "quantize", tmp_path / "int8", tmp_path / "again")


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """Return the folder of an entry of word vectors."""
    return zoo.save(
        word_embedding(), tmp_path_factory.mktemp("words") / "small_vectors_en", metrics={"test_score": 50.3}
    )


def test_word_vectors_answer_queries(run, words):
    task = word_embedding()
    first, second = run("predict", words, "king", "unheard").splitlines()
    assert first == f"{task.readable(task.predict(['king'])[0])}\tking"
    assert second == "unknown word\tunheard"
    assert run("predict", words, "cofee") == "unknown word. Did you mean 'coffee'?\tcofee\n"
    assert "Did you mean 'coffee'" in error(run, "plot", "words", words, "--word", "cofee")
    assert json.loads(run("predict", words, "Queen", "--json"))["word"] == "queen"
    word, cosine = task.analogy("man", "king", "woman")[0]
    assert run("analogy", words, "man", "king", "woman").startswith(f"{word} {cosine:.2f}, ")
    assert json.loads(run("analogy", words, "man", "king", "woman", "--json"))["neighbours"][0]["word"] == word
    assert "Did you mean 'king'" in error(run, "analogy", words, "man", "kign", "woman")
    assert "no word vectors" in error(run, "analogy", ENTRY, "man", "king", "woman")


def test_word_vectors_are_scored_shown_checked_and_exported(run, words, tmp_path):
    (tmp_path / "pairs.tsv").write_text("king\tqueen\t9\ncup\tmug\t8\ncup\ttrain\t1\n")
    assert (
        json.loads(run("evaluate", words, "--test-file", tmp_path / "pairs.tsv", "--json"))["pairs"]["num_known"] == 3
    )
    assert "score" in error(run, "quantize", words, tmp_path / "int8")
    assert "| task | word_embedding |" in run("show", words)
    assert "golden answers repeated" in run("check", words)
    assert '"instances": ["king"]' in run("export", words, tmp_path / "served")
    assert "text_cnn" in error(run, "explain", words, "king")


def test_list_shows_the_entries_to_download(run, monkeypatch, tmp_path):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))
    lines = run("list").splitlines()
    assert (
        "Available with `kerasnlp-zoo download glove_6b_50d_en`: word_embedding, en, 85 MB, weights: PDDL-1.0" in lines
    )
    assert "glove_6b_50d_en" not in run("list", "--markdown")


def test_check_detects_one_changed_byte(run, tmp_path):
    assert ENTRY in run("check", ENTRY)
    entry = zoo.save(text_classification(), tmp_path / "entry")
    assert "golden answers repeated" in run("check", entry)
    weights = bytearray((entry / "model.safetensors").read_bytes())
    weights[len(weights) // 2] ^= 1
    (entry / "model.safetensors").write_bytes(weights)
    assert "model.safetensors was changed or damaged" in error(run, "check", entry)


def test_download_prepares_a_data_set(run):
    assert run("download", "movie_reviews").endswith("6824 train, 854 validation, 852 test texts\n")


@pytest.mark.slow
def test_train_passes_flags_to_the_recipe_and_plot_draws_again(run, reviews_csv, tmp_path):
    flags = ["--embedding-dim", 8, "--num-filters", 4, "--epochs", 2, "--output-dir", tmp_path / "run"]
    assert "Test accuracy" in run("train", "text_cnn", "--train-file", reviews_csv, *flags)
    pictures = [tmp_path / "run" / name for name in ("curves.png", "confusion_matrix.png", "reliability.png")]
    before = [picture.read_bytes() for picture in pictures]
    for picture in pictures:
        picture.unlink()
    assert run("plot", tmp_path / "run").splitlines() == list(map(str, pictures))
    assert [picture.read_bytes() for picture in pictures] == before
    assert "history.csv, metrics.json missing" in error(run, "plot", tmp_path)


def test_plot_draws_the_records_of_an_older_run(run, tmp_path):
    metrics = json.loads((zoo.find(ENTRY) / "metrics.json").read_text())
    del metrics["calibration_bins"]
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    history = "epoch,accuracy,val_accuracy,cross_entropy,val_cross_entropy\n0,0.5,0.6,0.7,0.6\n"
    (tmp_path / "history.csv").write_text(history)
    printed = run("plot", tmp_path).splitlines()
    assert printed == [str(tmp_path / "curves.png"), str(tmp_path / "confusion_matrix.png")]
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["confusion_matrix.png", "curves.png"]


def test_recipe_prints_its_script(run):
    assert "def main(config" in run("recipe", "text_cnn")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "nothing", "x"], "no entry 'nothing'"),
        (["predict", ENTRY, "x", "--file", "y"], "not both"),
        (["predict", ENTRY, "--file", "nowhere.txt"], "nowhere.txt does not exist"),
        (["explain", ENTRY], "at least one text"),
        (["explain", ENTRY, "x", "y", "--output", "why.png"], "one text for one plot. Received: 2"),
        (["explain", ENTRY, "x", "--output", "why"], "such as --output explanation.png. Received: why"),
        (["explain", ENTRY, "x", "--ngrams", "0"], "ngrams=0"),
        (
            ["train", "text_cmm"],
            "no recipe 'text_cmm'. Did you mean 'text_cnn'? Recipes: bag_of_embeddings, bert_classification",
        ),
        (["train", "text_cnn", "--train-file", "nowhere.csv"], "nowhere.csv does not exist"),
        (["download", "nothing"], "no data set 'nothing'"),
    ],
)
def test_mistakes_are_reported_in_one_line(run, arguments, message):
    text = error(run, *arguments)
    assert text.startswith("kerasnlp-zoo: ")
    assert message in text


def test_flags_of_a_recipe_are_listed(run, capsys):
    with pytest.raises(SystemExit):
        run("train", "text_cnn", "--help")
    printed = capsys.readouterr().out
    for flag in ("--dataset", "--train-file", "--strategy", "--resume", "--smoke", "--filter-widths"):
        assert flag in printed


def test_a_full_disk_is_reported_without_a_traceback(run, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zoo, "summaries", full)
    assert "disk is full" in error(run, "list")


def test_a_full_disk_that_tensorflow_reports_is_reported_without_a_traceback(run, monkeypatch):
    def full(*arguments):
        raise tf.errors.ResourceExhaustedError(None, None, "events.out.tfevents; No space left on device")

    monkeypatch.setattr(zoo, "summaries", full)
    assert "disk is full" in error(run, "list")
