"""--from-entry continues the training of an entry of the same recipe; its model, vocabulary and labels are kept."""

import json

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import BUILDERS
from kerasnlp_zoo.models.quantization import quantize_model
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPreprocessor
from kerasnlp_zoo.training import HistoryFile, Run
from kerasnlp_zoo.training.continued_entry import starting_entries
from recipes import (
    bag_of_embeddings,
    bert_classification,
    bilstm,
    bilstm_tagging,
    linear,
    nnlm,
    rnn_language_model,
    seq2seq,
    text_cnn,
    transformer_encoder,
    transformer_language_model,
    transformer_translation,
    tree_lstm,
)
from tests import small_tasks
from tests.small_data import write_reviews, write_sentiment_trees


def classifier(builder, labels=("positive", "negative"), **arguments):
    preprocessor = WordPreprocessor.from_texts(small_tasks.TEXTS)
    model = BUILDERS[builder](preprocessor.vocabulary_size, num_classes=2, **arguments)
    return TextClassification(model, preprocessor, labels)


def write_spans(folder):
    path = folder / "spans.jsonl"
    lines = [{"text": f"a fine film {n}", "spans": [{"start": 7, "end": 11, "label": "THING"}]} for n in range(30)]
    lines += [{"text": f"fine {n} actors", "spans": [{"start": 0, "end": 4, "label": "VIEW"}]} for n in range(30)]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def write_lines(folder):
    path = folder / "lines.txt"
    path.write_text("\n".join(small_tasks.TEXTS * 30))
    return path


def write_pairs(folder):
    path = folder / "pairs.tsv"
    path.write_text("".join(f"{text} {n}\t{text[::-1]}\n" for n in range(20) for text in small_tasks.TEXTS))
    return path


CASES = {
    "text_cnn": (text_cnn, small_tasks.text_classification, write_reviews),
    "bilstm": (bilstm, lambda: classifier("bilstm", embedding_dim=8, hidden_dim=4, num_layers=1), write_reviews),
    "transformer_encoder": (
        transformer_encoder,
        lambda: classifier("transformer_encoder", hidden_dim=8, num_layers=1, num_heads=2, intermediate_dim=8),
        write_reviews,
    ),
    "fixed_window": (
        bag_of_embeddings,
        lambda: classifier("fixed_window", embedding_dim=8, hidden_dim=4, window=3),
        write_reviews,
    ),
    "linear_svm": (linear, lambda: classifier("linear_svm", weighting="tf_idf"), write_reviews),
    "bilstm_tagging": (bilstm_tagging, small_tasks.tagging_with_crf, write_spans),
    "tree_lstm": (tree_lstm, small_tasks.tree_classification, write_sentiment_trees),
    "seq2seq": (seq2seq, small_tasks.translation_by_seq2seq, write_pairs),
    "transformer_translation": (transformer_translation, small_tasks.translation_by_transformer, write_pairs),
    "rnn_language_model": (rnn_language_model, small_tasks.language_modeling, write_lines),
    "nnlm": (nnlm, small_tasks.language_modeling_by_nnlm, write_lines),
    "transformer_language_model": (
        transformer_language_model,
        small_tasks.language_modeling_by_transformer,
        write_lines,
    ),
}
QUICK = ("text_cnn", "rnn_language_model")


@pytest.fixture
def starts(tmp_path, monkeypatch):
    """A function that runs a recipe with --from-entry until its training starts, and returns the model."""

    def start(recipe, entry, path, **flags):
        given = "corpus" if hasattr(recipe.Config, "corpus") else "train_file"
        models = []

        def train(run, model, *arguments, **options):
            models.append(model)
            raise ZeroDivisionError

        monkeypatch.setattr(Run, "train", train)
        config = recipe.Config(**{given: path, "from_entry": str(entry), "output_dir": tmp_path / "run", **flags})
        with pytest.raises(ZeroDivisionError):
            recipe.main(config)
        return models[0]

    return start


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
)
def test_training_starts_with_the_weights_of_the_entry(name, starts, tmp_path):
    recipe, make, write = CASES[name]
    entry = zoo.save(make(), tmp_path / "entry")
    expected = {weight.path: np.array(weight) for weight in zoo.load(entry).model.weights}
    found = {weight.path: np.array(weight) for weight in starts(recipe, entry, write(tmp_path)).weights}
    for path in expected:
        if name != "tree_lstm" or not path.startswith("logits/"):  # the labels of the trees are other ones
            np.testing.assert_array_equal(found[path], expected[path], err_msg=path)


def test_other_labels_get_a_new_output_layer(starts, tmp_path):
    entry = zoo.save(classifier("text_cnn", ["bad", "good"], embedding_dim=8, num_filters=4), tmp_path / "entry")
    expected = {weight.path: np.array(weight) for weight in zoo.load(entry).model.weights}
    found = {weight.path: np.array(weight) for weight in starts(text_cnn, entry, write_reviews(tmp_path)).weights}
    changed = {path for path in expected if not np.array_equal(found[path], expected[path])}
    assert changed == {"logits/kernel"}  # a new bias is 0, too


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "flags"),
    [("film|good,film,good,film|bad", {"label_separator": "|"}), ("1.5,2,3,4.5", {"score": True})],
)
def test_an_entry_learns_sets_of_labels_and_scores(labels, flags, tmp_path):
    rows = [f"{text} {n},{label}" for n in range(20) for text, label in zip("abcd", labels.split(","), strict=True)]
    (tmp_path / "texts.csv").write_text("text,label\n" + "\n".join(rows))
    shared = {"train_file": tmp_path / "texts.csv", "epochs": 1, **flags}
    entry = str(zoo.save(small_tasks.text_classification(), tmp_path / "entry"))
    text_cnn.main(text_cnn.Config(from_entry=entry, output_dir=tmp_path / "first", **shared))
    again = text_cnn.main(text_cnn.Config(from_entry=str(tmp_path / "first"), output_dir=tmp_path / "second", **shared))
    assert again["from_entry"] == str(tmp_path / "first")
    assert zoo.check(tmp_path / "second")["largest_difference"] <= 1e-4


@pytest.mark.parametrize(
    ("recipe", "flags", "message"),
    [
        (text_cnn, {"embedding_dim": 301}, r"--embedding-dim 301 \(the entry: 16\). Omit these flags"),
        (text_cnn, {"min_count": 1, "dropout": 0.1}, r"--min-count 1, .*--dropout 0.1 \(the entry: 0.5\)"),
        (text_cnn, {"embeddings": "glove_6b_50d"}, "--embeddings glove_6b_50d. Omit"),
        (text_cnn, {"language": "zh"}, r"--language zh \(the entry: en\)"),
        (bilstm, {}, "was built by text_cnn. Expected an entry of this recipe, built by bilstm"),
    ],
)
def test_flags_that_contradict_the_entry_are_refused_before_data_is_read(recipe, flags, message, tmp_path):
    entry = zoo.save(small_tasks.text_classification(), tmp_path / "entry")
    with pytest.raises(InputError, match=message):
        recipe.main(
            recipe.Config(train_file="nowhere.csv", from_entry=str(entry), output_dir=tmp_path / "run", **flags)
        )


def test_flags_that_repeat_the_entry_are_accepted(starts, tmp_path):
    entry = zoo.save(small_tasks.text_classification(), tmp_path / "entry")
    starts(text_cnn, entry, write_reviews(tmp_path), embedding_dim=16, filter_widths=(3, 4, 5), learning_rate=0.01)


def test_an_entry_with_int8_weights_is_refused(tmp_path):
    task = small_tasks.text_classification()
    quantize_model(task.model)
    entry = zoo.save(task, tmp_path / "entry", quantized_from="float_entry")
    with pytest.raises(InputError, match="int8 weights, which cannot be trained. Use --from-entry .* float_entry"):
        text_cnn.main(text_cnn.Config(from_entry=str(entry), output_dir=tmp_path / "run"))


def test_data_of_another_kind_is_refused(tmp_path):
    entry = zoo.save(small_tasks.text_classification(), tmp_path / "entry")
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("a,b,label\n" + "".join(f"first {n},second {n},{'no' if n % 2 else 'yes'}\n" for n in range(40)))
    columns = {"train_file": pairs, "text_column": "a", "text_pair_column": "b"}
    with pytest.raises(InputError, match="reads single texts. Received: pairs of texts"):
        text_cnn.main(text_cnn.Config(from_entry=str(entry), output_dir=tmp_path / "run", **columns))


@pytest.mark.slow
def test_a_continued_run_starts_where_the_entry_stopped_and_names_it(tmp_path):
    csv = write_reviews(tmp_path)
    small = {
        "train_file": csv,
        "batch_size": 16,
        "patience": 9,
        "learning_rate": 0.01,
        "output_dir": tmp_path / "first",
    }
    text_cnn.main(text_cnn.Config(embedding_dim=16, num_filters=8, epochs=8, **small))
    entry = str(tmp_path / "first")  # the folder of the run
    second = {**small, "output_dir": tmp_path / "second", "from_entry": entry, "epochs": 1}
    metrics = text_cnn.main(text_cnn.Config(**second))
    before, after = (HistoryFile(tmp_path / name / "history.csv").rows() for name in ("first", "second"))
    assert after[0]["loss"] < before[-2]["loss"] < before[0]["loss"] / 2
    assert metrics["from_entry"] == entry
    assert f"--from-entry {entry}" in metrics["command"]
    assert f"| continued from | {entry} |" in (tmp_path / "second" / "entry" / "README.md").read_text("utf-8")
    assert zoo.check(tmp_path / "second")["largest_difference"] <= 1e-4


def test_metrics_name_the_commit_of_an_entry_of_the_hub(hub, tmp_path):
    entry = zoo.save(small_tasks.text_classification(), tmp_path / "reviews")
    commit = hub.add("team/reviews", entry).branches["main"]
    address = f"hf://team/reviews@{commit}"
    continued = text_cnn.Config(from_entry="hf://team/reviews", embeddings="glove_6b_50d")
    assert starting_entries(continued) == {"from_entry": address}
    assert starting_entries(bert_classification.Config(pretrained="hf://team/reviews")) == {"pretrained": address}
    assert starting_entries(text_cnn.Config(from_entry="text_cnn_trec_en")) == {"from_entry": "text_cnn_trec_en"}
    assert starting_entries(bert_classification.Config()) == {}
