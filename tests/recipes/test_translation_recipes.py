import itertools
import json
import math

import pytest

from kerasnlp_zoo import cli, zoo
from kerasnlp_zoo.datasets.translation import TranslationSplit
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import GenerativeVocabulary, TranslationPreprocessor
from kerasnlp_zoo.training.translation import without_long_pairs
from recipes import seq2seq, transformer_translation
from tests.small_tasks import translation_by_seq2seq

NUMBERS = {"zero": "零", "one": "一", "two": "二", "three": "三", "four": "四", "five": "五"}
SMALL = {"hidden_dim": 32, "batch_size": 256, "epochs": 2, "warmup_steps": 20, "vocabulary_size": 60}


@pytest.fixture
def pairs(tmp_path):
    """English and Chinese numbers of four digits, as a TSV file."""
    lines = [
        f"{' '.join(words)}\t{''.join(NUMBERS[word] for word in words)}"
        for words in itertools.product(NUMBERS, repeat=4)
    ]
    path = tmp_path / "digits.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "more"),
    [
        (seq2seq, {"hidden_dim": 64, "learning_rate": 1e-2, "epochs": 24, "batch_size": 128, "warmup_steps": 100}),
        (transformer_translation, {"num_layers": 1, "num_heads": 2, "intermediate_dim": 64, "learning_rate": 5e-3}),
    ],
)
def test_own_pairs_are_learned_saved_and_exported(recipe, more, pairs, tmp_path):
    options = {"train_file": pairs, "source": "en", "target": "zh", **SMALL, **more}
    metrics = recipe.main(recipe.Config(output_dir=tmp_path / "run", **options))
    name = recipe.__name__.removeprefix("recipes.")
    assert metrics["export_difference"] <= 1e-5
    assert json.loads((tmp_path / "run/metrics.json").read_text()) == metrics
    assert "tok:zh" in metrics["scores"]["bleu_signature"]
    assert metrics["pictures"] == ["curves", "alignment"]
    assert "| language | en to zh |" in (tmp_path / "run/entry/README.md").read_text()
    config = zoo.read_config(tmp_path / "run/entry")
    assert config["name"] == f"{name}_digits_en_zh"
    task = zoo.load(tmp_path / "run/entry")
    if recipe is seq2seq:
        assert task.predict(["one two five one"])[0]["text"] == "一二五一"
        assert metrics["test_score"] > 90
    assert zoo.check(tmp_path / "run/entry")["largest_difference"] <= 1e-4


@pytest.mark.slow
def test_an_interrupted_run_is_resumed(pairs, tmp_path, monkeypatch):
    options = {"train_file": pairs, "target": "zh", "embedding_dim": 8, "output_dir": tmp_path / "run", **SMALL}
    monkeypatch.setattr("kerasnlp_zoo.training.translation.finish_translation", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        seq2seq.main(seq2seq.Config(**options))
    monkeypatch.undo()
    metrics = seq2seq.main(seq2seq.Config(resume=True, **{**options, "epochs": 3}))
    assert metrics["best_epoch"] <= 3
    assert len((tmp_path / "run/history.csv").read_text().splitlines()) == 4


@pytest.mark.slow
def test_an_entry_is_scored_on_other_pairs(pairs, tmp_path, capsys, monkeypatch):
    zoo.save(translation_by_seq2seq(), tmp_path / "entry")
    arguments = ["evaluate", str(tmp_path / "entry"), "--test-file", str(pairs), "--json"]
    monkeypatch.setattr("sys.argv", ["kerasnlp-zoo", *arguments])
    cli.main()
    scores = json.loads(capsys.readouterr().out)
    assert scores["examples"] == 1296
    assert 0 <= scores["bleu"] < 1


@pytest.mark.parametrize("recipe", [seq2seq, pytest.param(transformer_translation, marks=pytest.mark.slow)])
def test_a_smoke_run_completes_the_recipe(recipe, tmp_path):
    options = {"smoke": True, "dataset": "reversal", "hidden_dim": 32, "num_layers": 1, "vocabulary_size": 300}
    metrics = recipe.main(recipe.Config(output_dir=tmp_path / "run", max_sequence_length=24, **options))
    assert json.loads((tmp_path / "run/metrics.json").read_text()) == metrics
    assert math.isfinite(metrics["test_score"])
    assert metrics["export_difference"] <= 1e-5
    assert metrics["pictures"] == ["curves", "alignment"]
    name = recipe.__name__.removeprefix("recipes.")
    assert zoo.read_config(tmp_path / "run/entry")["name"] == f"{name}_reversal_en_es"


@pytest.mark.slow
def test_a_run_with_a_convolutional_encoder_completes_the_recipe(tmp_path):
    encoder = {
        "encoder": "cnn",
        "num_layers": 2,
        "filter_width": 5,
        "source_vector": "mean",
        "feed_source_vector": True,
    }
    options = {"smoke": True, "dataset": "reversal", "hidden_dim": 32, "vocabulary_size": 300, **encoder}
    metrics = seq2seq.main(seq2seq.Config(output_dir=tmp_path / "run", max_sequence_length=24, **options))
    assert metrics["export_difference"] <= 1e-5
    arguments = zoo.read_config(tmp_path / "run/entry")["builder_arguments"]
    assert {name: arguments[name] for name in encoder} == encoder
    assert zoo.check(tmp_path / "run/entry")["largest_difference"] <= 1e-5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_smoothing": 1.0}, "--label-smoothing must be a number in"),
        ({"warmup_steps": 0, "schedule": "inverse_square_root"}, "needs --warmup-steps of at least 1"),
        ({"encoder": "cnn"}, "has no last state. Expected source_vector='mean'"),
        ({"batch_size": 60}, "no room for a pair of the longest length"),
    ],
)
def test_bad_flags_are_refused_before_training(options, message, tmp_path):
    options = {"dataset": "reversal", "max_sequence_length": 64, **options}
    if "batch_size" in options:
        pair = tmp_path / "long.tsv"
        pair.write_text("".join(f"{n} {'a ' * 63}\t{n} b\n" for n in range(40)))
        options["train_file"] = pair
    with pytest.raises(InputError, match=message):
        seq2seq.main(seq2seq.Config(output_dir=tmp_path / "run", **options))


def test_pairs_longer_than_the_limit_are_counted_and_left_out_on_demand():
    texts = ["a b", "a b c d e f g h", "a"]
    vocabulary = GenerativeVocabulary(["[PAD]", "[UNK]", "[START]", "[END]", *(f"▁{letter}" for letter in "abcdefgh")])
    preprocessor = TranslationPreprocessor(vocabulary, max_sequence_length=4)
    split = TranslationSplit(texts, [["a", "a b c d"], ["a"], ["b c"]])
    short, count = without_long_pairs(split, preprocessor)
    assert (short.texts, short.references, count) == (["a b", "a"], [["a"], ["b c"]], 2)
