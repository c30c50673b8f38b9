"""`kerasnlp-zoo plot attention`, `plot positions` and `plot tree`; test_cli.py draws a run again."""

import sys

import pytest

from kerasnlp_zoo import cli, plots, zoo
from kerasnlp_zoo.commands import plots as plot_commands
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import BERT_SIZES, bert_classifier, text_cnn
from kerasnlp_zoo.plots.neighbours import neighbours
from kerasnlp_zoo.tasks import TextClassification
from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary, WordPreprocessor
from tests.small_tasks import translation_by_seq2seq, tree_classification, word_embedding, word_embedding_with_contexts

TEXT = "The animal didn't cross the street"
PNG = b"\x89PNG"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process; return what it printed."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", "plot", *map(str, arguments)])
        cli.main()
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    """Return an entry with attention, one without, and one of word vectors."""
    folder = tmp_path_factory.mktemp("entries")
    tokens = "[PAD] [UNK] [CLS] [SEP] [MASK] the animal didn ' t cross street".split()
    model = bert_classifier(vocabulary_size=len(tokens), num_classes=2, **BERT_SIZES["tiny"])
    preprocessor = WordPiecePreprocessor(WordPieceVocabulary(tokens))
    zoo.save(TextClassification(model, preprocessor, ["no", "yes"]), folder / "bert")
    words = WordPreprocessor.from_texts([TEXT])
    model = text_cnn(words.vocabulary_size, num_classes=2, embedding_dim=4, num_filters=2)
    zoo.save(TextClassification(model, words, ["no", "yes"]), folder / "text_cnn")
    zoo.save(word_embedding(), folder / "words")
    return folder


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--query", "animal"),
        ("--query", "didn't", "--layer", 0, "--head", 1),
        ("--text-pair", "the street", "--layer", 0, 1, "--head", 0),
        ("--text-pair", "the street", "--query", "street"),
    ],
    ids=str,
)
def test_attention_is_drawn(run, entries, tmp_path, flags):
    picture = tmp_path / "new" / "a.png"
    assert run("attention", entries / "bert", TEXT, *flags, "-o", picture) == f"{picture}\n"
    assert picture.read_bytes().startswith(PNG)


@pytest.mark.slow
def test_positions_are_drawn(run, entries, tmp_path):
    pictures = [tmp_path / "sines.png", tmp_path / "waves.png", tmp_path / "learned.png"]
    run("positions", "-o", pictures[0])
    run("positions", "-o", pictures[1], "--dimension", 4, 5)
    run("positions", entries / "bert", "--output", pictures[2])
    assert all(picture.read_bytes().startswith(PNG) for picture in pictures)
    assert len({picture.read_bytes() for picture in pictures}) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["attention", "text_cnn", TEXT], "has no attention"),
        (["positions", "text_cnn"], "has no position vectors"),
        (
            ["attention", "bert", TEXT, "--query", "animals"],
            "Did you mean 'animal'? Its words: [CLS] The animal didn ' t",
        ),
        (["attention", "bert", TEXT, "--layer", 2], "2 layers. Expected numbers from 0 to 1. Received: layer 2"),
        (["attention", "bert", TEXT, "--query", "animal", "--head", 0, 9], "Received: head 0, 9"),
        (["attention", "bert", TEXT, "--output", "why.jpg"], "such as --output attention.png. Received: why.jpg"),
        (["positions", "bert", "--dimension", 128], "128 dimensions. Expected dimensions from 0 to 127"),
        (["positions", "-o", "why"], "such as --output positions.png. Received: why"),
        (["words", "text_cnn", "--word", "a"], "has no word vectors: its task is text_classification"),
        (["words", "words", "--word", "kign"], "Did you mean 'king'"),
        (["words", "words", "--word", "king", "--count", 0], "count=0"),
        (["words", "words", "--word"], "Received: 1 entries and 0 words"),
        (["words", "words", "--word", "king", "-o", "a.pdf"], "such as --output words.png. Received: a.pdf"),
        (["runs"], "not the folder of a finished run: history.csv, metrics.json missing"),
    ],
)
def test_mistakes_are_reported_in_one_line(run, entries, monkeypatch, arguments, message):
    monkeypatch.chdir(entries)
    with pytest.raises(SystemExit) as exit:
        run(*arguments)
    assert str(exit.value.code).startswith("kerasnlp-zoo: ")
    assert message in str(exit.value.code)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--help"], ["RUN|attention|alignment|positions", "plot attention --help"]),
        (["attention", "--help"], ["ENTRY", "TEXT", "--text-pair", "--query", "--layer", "--head", "-o"]),
        (["positions", "--help"], ["ENTRY", "--dimension"]),
        (["run", "--help"], ["kerasnlp-zoo plot run"]),
    ],
)
def test_help_lists_the_flags(run, capsys, arguments, shown):
    with pytest.raises(SystemExit):
        run(*arguments)
    printed = capsys.readouterr().out
    for text in shown:
        assert text in printed


def test_a_labelled_tree_is_drawn_and_other_entries_are_refused(run, entries, tmp_path):
    zoo.save(tree_classification(), tmp_path / "entry")
    run("tree", tmp_path / "entry", "(? (? very) (? fine))", "--output", tmp_path / "tree.png")
    assert (tmp_path / "tree.png").read_bytes().startswith(PNG)
    with pytest.raises(InputError, match="text_classification. Expected an entry of tree_classification"):
        plot_commands.tree(entries / "text_cnn", "(a b)", tmp_path / "other.png")


def test_an_alignment_is_drawn(run, tmp_path):
    zoo.save(translation_by_seq2seq(), tmp_path / "entry")
    run("alignment", tmp_path / "entry", "a fine film", "--translation", "mlif", "-o", tmp_path / "alignment.png")
    assert (tmp_path / "alignment.png").read_bytes().startswith(PNG)


def test_neighbours_of_several_entries_are_drawn_side_by_side(run, entries, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "neighbours", lambda *arguments: drawn.append(arguments) or neighbours(*arguments))
    other = zoo.save(word_embedding_with_contexts(), tmp_path / "window_10" / "entry")
    picture = tmp_path / "words.png"
    printed = run("words", entries / "words", other, "--word", "king", "tea", "--count", 3, "-o", picture)
    assert printed == f"{picture}\n"
    assert picture.read_bytes().startswith(PNG)
    ((found, titles, _),) = drawn
    assert titles == ["words", "window_10"]
    tasks = [zoo.load(entries / "words"), zoo.load(other)]
    assert found == {word: [task.most_similar(word, count=3) for task in tasks] for word in ("king", "tea")}
