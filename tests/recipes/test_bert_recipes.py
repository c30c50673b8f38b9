"""The recipes that fine-tune BERT, from flags to a served model, with a tiny encoder and small files."""

import dataclasses
import json

import keras
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import sentence_encoder
from kerasnlp_zoo.tasks import SentenceSimilarity
from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
from kerasnlp_zoo.training import FineTuningConfig
from recipes import bert_classification, bert_question_answering, bert_similarity, bert_tagging
from tests.small_data import OPINIONS, THINGS

SIZE = {"hidden_dim": 32, "num_layers": 1, "num_heads": 2, "intermediate_dim": 64, "max_sequence_length": 128}
NAMES = ["anna", "paul", "maria", "omar", "chen", "ivan"]
CITIES = ["paris", "rome", "oslo", "cairo", "lima", "kyoto"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """The entry of a tiny encoder with random weights, which knows the words of these tests."""
    words = " ".join([*(words for words, _ in OPINIONS), *THINGS, *NAMES, *CITIES]).lower().split()
    words += ["lives", "in", "who", "where", "does", "live", "?", ".", ","]
    vocabulary = WordPieceVocabulary([*"[PAD] [UNK] [CLS] [SEP] [MASK]".split(), *dict.fromkeys(words)])
    keras.utils.set_random_seed(1)
    model = sentence_encoder(vocabulary_size=len(vocabulary), dropout=0.0, **SIZE)
    task = SentenceSimilarity(model, WordPiecePreprocessor(vocabulary, max_sequence_length=128))
    return zoo.save(task, tmp_path_factory.mktemp("entries") / "tiny_en")


def config(recipe, encoder, folder, **changes):
    usual = {"pretrained": str(encoder), "output_dir": folder, "batch_size": 16, "learning_rate": 3e-3}
    return recipe.Config(**{**usual, **changes})


def test_own_reviews_are_learned_and_served(encoder, reviews_csv, tmp_path):
    metrics = bert_classification.main(
        config(bert_classification, encoder, tmp_path / "run", train_file=reviews_csv, epochs=8, patience=8)
    )
    assert metrics["test_score"] >= 90
    assert metrics["export_difference"] <= 1e-5
    task = zoo.load(tmp_path / "run" / "entry")
    assert task.predict(["I loved this song"])[0]["label"] == "positive"
    assert task.model.builder_config["arguments"]["pooling"] == "mean"  # as in the encoder


@pytest.mark.slow
def test_a_lora_entry_contains_only_the_changes(encoder, reviews_csv, tmp_path):
    options = {"train_file": reviews_csv, "lora_rank": 2, "epochs": 8, "patience": 8, "learning_rate": 1e-2}
    metrics = bert_classification.main(config(bert_classification, encoder, tmp_path / "run", **options))
    entry = tmp_path / "run" / "entry"
    assert metrics["test_score"] >= 90
    assert zoo.check(entry)["largest_difference"] <= 1e-4
    assert (entry / "model.safetensors").stat().st_size < (encoder / "model.safetensors").stat().st_size / 2
    assert not any("lora" in weight.path for weight in zoo.load(entry).model.weights)

    moved = encoder.rename(encoder.with_name("elsewhere"))
    try:
        with pytest.raises(InputError, match="There is no entry"):
            zoo.load(entry)
        encoder.mkdir()
        for file in moved.iterdir():
            (encoder / file.name).write_bytes(file.read_bytes())
        changed = bytearray((encoder / "model.safetensors").read_bytes())
        changed[-1] ^= 1  # one bit of one weight
        (encoder / "model.safetensors").write_bytes(changed)
        with pytest.raises(InputError, match="contains changes to the entry .* is not the file they were trained on"):
            zoo.load(entry)
    finally:
        for file in encoder.iterdir():
            file.unlink()
        encoder.rmdir()
        moved.rename(encoder)


@pytest.mark.slow
def test_a_lora_run_can_be_resumed(encoder, reviews_csv, tmp_path, monkeypatch):
    options = {"train_file": reviews_csv, "lora_rank": 2, "epochs": 3, "patience": 9, "learning_rate": 1e-2, "fold": 0}
    fold = options.pop("fold")
    whole = bert_classification.main(config(bert_classification, encoder, tmp_path / "a", folds=4, **options), fold)

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("kerasnlp_zoo.training.run._tensorboard", lambda folder: [Interrupt()])
        with pytest.raises(KeyboardInterrupt):
            bert_classification.main(config(bert_classification, encoder, tmp_path / "b", folds=4, **options), fold)
    resumed = config(bert_classification, encoder, tmp_path / "b", folds=4, resume=True, **options)
    assert bert_classification.main(resumed, fold)["confusion_matrix"] == whole["confusion_matrix"]
    assert (tmp_path / "a/history.csv").read_text() == (tmp_path / "b/history.csv").read_text()


def write_pairs(path, label_of):
    rows = [(f"{name} lives in {city}", f"{other} lives in {city}", label_of(name == other))
            for name in NAMES for other in NAMES for city in CITIES]  # fmt: skip
    path.write_text("first\tsecond\tlabel\n" + "".join("\t".join(map(str, row)) + "\n" for row in rows), "utf-8")
    return {"train_file": path, "text_column": "first", "text_pair_column": "second"}


@pytest.mark.slow
def test_pairs_are_learned(encoder, tmp_path):
    options = write_pairs(tmp_path / "pairs.tsv", lambda same: "same" if same else "other")
    run = config(bert_classification, encoder, tmp_path / "run", **options, epochs=2, folds=4)
    assert bert_classification.main(run, fold=0)["labels"] == ["other", "same"]


@pytest.mark.slow
def test_scores_are_learned(encoder, tmp_path):
    options = write_pairs(tmp_path / "pairs.tsv", lambda same: 5.0 if same else 1.0)
    metrics = bert_similarity.main(config(bert_similarity, encoder, tmp_path / "run", **options, epochs=2))
    assert (metrics["metric"], metrics["export_difference"] <= 1e-5) == ("Spearman", True)
    assert zoo.load(tmp_path / "run" / "entry").predict([("anna", "paul")])[0].keys() == {"score"}


@pytest.mark.slow
def test_names_are_learned(encoder, tmp_path):
    lines = []
    for name in NAMES:
        for city in CITIES:
            lines += [f"{name.title()} B-PER", "lives O", "in O", f"{city.title()} B-LOC", ". O", ""]
    (tmp_path / "names.conll").write_text("\n".join(lines), "utf-8")
    options = {"train_file": tmp_path / "names.conll", "language": "en", "epochs": 8, "patience": 8}
    metrics = bert_tagging.main(config(bert_tagging, encoder, tmp_path / "run", **options, delimiter=None))
    assert metrics["test_score"] >= 90
    assert metrics["export_difference"] <= 1e-5
    found = zoo.load(tmp_path / "run" / "entry").predict(["Ivan lives in Oslo ."])[0]["entities"]
    assert [(entity["text"], entity["label"]) for entity in found] == [("Ivan", "PER"), ("Oslo", "LOC")]


@pytest.mark.slow
def test_answers_are_learned_from_a_file_like_squad(encoder, tmp_path):
    paragraphs = []
    for name in NAMES:
        for city in CITIES:
            passage = f"{name} lives in {city} ."
            asked = {"who lives ?": (name, 0), "where does it live ?": (city, passage.index(city))}
            questions = [
                {
                    "id": f"{name}-{city}-{start}",
                    "question": question,
                    "answers": [{"text": text, "answer_start": start}],
                }
                for question, (text, start) in asked.items()
            ]
            paragraphs.append({"context": passage, "qas": questions})
    path = tmp_path / "questions.json"
    path.write_text(json.dumps({"data": [{"title": "people", "paragraphs": paragraphs}]}), "utf-8")
    run = config(bert_question_answering, encoder, tmp_path / "run", train_file=path, epochs=8, patience=8)
    metrics = bert_question_answering.main(bert_question_answering.dataclasses.replace(run, max_sequence_length=100))
    assert metrics["scores"]["exact_match"] == 1.0
    assert metrics["export_difference"] <= 1e-5
    answer = zoo.load(tmp_path / "run" / "entry").predict([("who lives ?", "Paul lives in Rome .")])[0]
    assert (answer["answer"], answer["start"], answer["end"]) == ("Paul", 0, 4)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"freeze_encoder": True, "lora_rank": 2}, "Omit one of them"),
        ({"random_weights": True, "lora_rank": 2}, "trains the complete model"),
        ({"lora_rank": -1}, "--lora-rank must be at least 0"),
        ({"warmup_steps": 1.5}, "--warmup-steps must be a whole number, or a share"),
        ({"accumulate_steps": 0}, "accumulate_steps must be an integer of at least 1"),
        ({"pretrained": "bert_minilm"}, "There is no entry 'bert_minilm'. Did you mean 'bert_minilm_en'"),
    ],
)
def test_invalid_flags_are_refused(flags, message, encoder, reviews_csv, tmp_path):
    with pytest.raises(InputError, match=message):
        bert_classification.main(
            config(bert_classification, encoder, tmp_path / "run", train_file=reviews_csv, **flags)
        )


def test_classification_keeps_the_defaults_of_fine_tuning():
    defaults = {field.name: field.default for field in dataclasses.fields(FineTuningConfig) if field.name != "dataset"}
    assert (
        defaults.items()
        <= {field.name: field.default for field in dataclasses.fields(bert_classification.Config)}.items()
    )


@pytest.mark.slow
def test_several_labels_are_learned_and_served(encoder, tmp_path):
    rows = [
        {"text": f"{opinion} {thing}", "label": ["good"] * (label == "positive") + ["moving"] * (number < 6)}
        for opinion, label in OPINIONS
        for number, thing in enumerate(THINGS)
    ]
    path = tmp_path / "sets.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    options = {"train_file": path, "epochs": 12, "patience": 12, "validation_split": 0.2}
    metrics = bert_classification.main(config(bert_classification, encoder, tmp_path / "run", **options))
    assert metrics["test_score"] > 80
    assert zoo.check(tmp_path / "run" / "entry")["answers"] > 0
    assert zoo.read_config(tmp_path / "run" / "entry")["task"] == "multi_label_classification"


@pytest.mark.slow
def test_scores_are_learned_as_by_the_recipe_of_similarity(encoder, tmp_path):
    stars = {"positive": 4.5, "negative": 1.0}
    rows = [f"{opinion} {thing},{stars[label]}" for opinion, label in OPINIONS for thing in THINGS]
    path = tmp_path / "stars.csv"
    path.write_text("\n".join(["text,label", *rows]))
    options = {"train_file": path, "epochs": 12, "patience": 12}
    metrics = bert_classification.main(config(bert_classification, encoder, tmp_path / "run", **options, score=True))
    assert metrics["metric"] == "Spearman"
    assert metrics["test_score"] > 70
    again = bert_similarity.main(config(bert_similarity, encoder, tmp_path / "again", **options))
    assert again["scores"] == metrics["scores"]
