"""Folders of other libraries become tasks and entries, and entries become folders."""

import numpy as np
import pytest

from kerasnlp_zoo import cli, models, zoo
from kerasnlp_zoo.convert import ConvertedBert, read_huggingface, write_huggingface
from kerasnlp_zoo.errors import InputError
from tests.convert import golden
from tests.convert.test_tf1_checkpoint import google_tensors
from tests.convert.test_tf1_checkpoint import write_folder as write_google_folder

TEXTS = ["film dull GRIPPING", "", "a Gripping film", "dull [MASK]"]
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "film", "dull", "grip", "##ping", "Film", "gripping"]


def write_classifier(folder, random, **more):
    """Write the folder of a classifier with three labels."""
    head = {"classifier.weight": random.normal(size=(3, golden.D)), "classifier.bias": random.normal(size=3)}
    weights = {name: tensor for name, tensor in golden.tensors().items() if not name.startswith("cls.")}
    weights |= {name: values.astype("float32") for name, values in head.items()}
    names = {"0": "bad", "1": "so-so", "2": "good"}
    golden.write_folder(folder, weights, architecture="BertForSequenceClassification", id2label=names, **more)
    tokens = TOKENS + golden.TOKENS[5 : 5 + golden.V - len(TOKENS)]
    (folder / "vocab.txt").write_text("\r\n".join(tokens))  # line ends of Windows
    return folder


@pytest.fixture
def classifier(tmp_path, random):
    return write_classifier(tmp_path / "theirs", random)


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["kerasnlp-zoo", *map(str, arguments)])
    cli.main()


@pytest.mark.slow
def test_a_folder_becomes_an_entry_with_the_same_answers(classifier, tmp_path, monkeypatch, capsys):
    run(monkeypatch, "convert", classifier, tmp_path / "entry", "--weights-licence", "MIT")
    assert "text_classification" in capsys.readouterr().out
    task = zoo.load(tmp_path / "entry")
    assert task.labels == ["bad", "so-so", "good"]
    assert zoo.check(tmp_path / "entry")["largest_difference"] < 1e-6
    assert "| licence of the weights | MIT |" in (tmp_path / "entry" / "README.md").read_text()
    converted = read_huggingface(classifier)
    features = converted.task("en").preprocessor(TEXTS)
    np.testing.assert_array_equal(features["token_ids"][0], [2, 6, 7, 11, 3])  # in lower case
    logits = np.array(converted.model()(features))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    for answer, expected in zip(task.predict(TEXTS), probabilities, strict=True):
        assert answer["probability"] == pytest.approx(expected.max(), abs=1e-5)


def test_an_entry_is_exported_as_the_original_folder(classifier, tmp_path, monkeypatch):
    run(monkeypatch, "convert", classifier, tmp_path / "entry")
    run(monkeypatch, "to-huggingface", tmp_path / "entry", tmp_path / "again")
    before, after = read_huggingface(classifier), read_huggingface(tmp_path / "again")
    assert after.tokens == before.tokens
    assert (after.labels, after.lower_case, after.builder) == (before.labels, before.lower_case, before.builder)
    assert (after.arguments, after.max_sequence_length) == (before.arguments, before.max_sequence_length)
    assert before.weights.keys() == after.weights.keys()
    for name, values in before.weights.items():
        np.testing.assert_array_equal(values, after.weights[name])


@pytest.mark.peers
@pytest.mark.parametrize("lower_case", [True, False])
def test_transformers_and_the_task_have_the_same_answers(tmp_path, random, lower_case):
    transformers = pytest.importorskip("transformers", reason=golden.PEERS)
    torch = pytest.importorskip("torch", reason=golden.PEERS)
    folder = write_classifier(tmp_path / "theirs", random)
    (folder / "tokenizer_config.json").write_text(f'{{"do_lower_case": {str(lower_case).lower()}}}')
    task = read_huggingface(folder).task("en")
    assert task.preprocessor.lower_case is lower_case
    write_huggingface(task, tmp_path / "again")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "again")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "again").eval()
    assert [model.config.id2label[place] for place in range(3)] == task.labels
    batch = tokenizer(TEXTS, padding=True, truncation=True, return_tensors="pt")
    features = task.preprocessor(TEXTS)
    np.testing.assert_array_equal(features["token_ids"], batch["input_ids"])
    with torch.no_grad():
        theirs = model(**batch).logits.numpy()
    np.testing.assert_allclose(task.model(features), theirs, atol=1e-5)


def converted(builder, **more):
    return ConvertedBert(
        "folder", builder, {}, {}, tokens=golden.TOKENS, lower_case=True, max_sequence_length=9, **more
    )


def test_an_encoder_without_a_head_has_no_task():
    with pytest.raises(InputError, match="folder is a bert, which has no task.*choose the pooling"):
        converted("bert").task("en")


def test_an_encoder_with_pooling_becomes_a_sentence_encoder(tmp_path):
    weights = {name: tensor for name, tensor in golden.tensors().items() if not name.startswith("cls.")}
    folder = golden.write_folder(tmp_path, weights, architecture="BertModel")
    assert read_huggingface(folder).builder == "bert"
    sentences = read_huggingface(folder, pooling="first")
    assert sentences.builder == "sentence_encoder"
    assert sentences.model().builder_config["arguments"]["pooling"] == "first"


def test_a_google_checkpoint_is_recognised_by_its_config(tmp_path, monkeypatch):
    (tmp_path / "google").mkdir()
    folder = write_google_folder(tmp_path / "google", google_tensors())
    received = {}

    def task(self, language, pairs):
        received.update(builder=self.builder, lower_case=self.lower_case, language=language, pairs=pairs)
        raise InputError("stop here")

    monkeypatch.setattr(ConvertedBert, "task", task)
    with pytest.raises(SystemExit, match="stop here"):
        run(monkeypatch, "convert", folder, tmp_path / "entry", "--cased", "--language", "zh", "--pairs")
    assert received == {"builder": "bert_pretrainer", "lower_case": False, "language": "zh", "pairs": True}
    assert not (tmp_path / "entry").exists()


def test_a_vocabulary_without_berts_special_tokens_is_refused(classifier):
    tokens = (classifier / "vocab.txt").read_text().replace("[MASK]", "[mask]")
    (classifier / "vocab.txt").write_text(tokens)
    with pytest.raises(InputError, match=r"missing: \[MASK\]"):
        read_huggingface(classifier).task("en")


def test_other_models_are_not_exported_to_hugging_face(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="transformers has no class for the model text_cnn"):
        run(monkeypatch, "to-huggingface", "text_cnn_movie_reviews_en", tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_every_builder_of_the_table_belongs_to_the_family():
    from kerasnlp_zoo.convert.converted import TASKS_OF_BUILDERS

    for builder, (_, answering) in TASKS_OF_BUILDERS.items():
        assert {builder, answering} <= models.BUILDERS.keys()
