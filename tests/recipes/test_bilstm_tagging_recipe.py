"""The recipe of taggers, from flags to a served model, on small files."""

import itertools
import json
import re

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.options import TokenClassificationOptions
from kerasnlp_zoo.datasets.tagged_texts import TaggedTexts
from kerasnlp_zoo.datasets.token_classification import load_token_classification
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.tagged_text import TaggedText
from recipes import bilstm_tagging

NAMES = ["Anna", "Paul", "Maria", "Omar", "Chen", "Ivan"]
CITIES = ["Paris", "Rome", "Oslo", "Cairo", "Lima", "Kyoto"]
SMALL = {"embedding_dim": 16, "hidden_dim": 16, "batch_size": 8, "min_count": 1, "learning_rate": 1e-2, "dropout": 0.1}


def config(folder, **changes):
    return bilstm_tagging.Config(**{**SMALL, "output_dir": folder / "run", "epochs": 10, "patience": 10, **changes})


def test_names_in_a_column_file_are_learned_and_served(tmp_path):
    sentences = [f"{name} I-PER\nlives O\nin O\n{city} I-LOC\n. O\n" for name in NAMES for city in CITIES]  # as in IOB1
    (tmp_path / "names.conll").write_text("\n".join(sentences))
    metrics = bilstm_tagging.main(config(tmp_path, train_file=tmp_path / "names.conll", word_length=6))
    assert (metrics["metric"], metrics["test_score"] >= 90) == ("entity F1", True)
    assert metrics["export_difference"] <= 1e-5
    answer = zoo.load(tmp_path / "run" / "entry").predict(["Ivan lives in Oslo."])[0]
    assert [(e["text"], e["label"], e["start"]) for e in answer["entities"]] == [
        ("Ivan", "PER", 0),
        ("Oslo", "LOC", 14),
    ]
    assert {tag[0] for tag in answer["tags"]} == {"S", "O"}


@pytest.mark.slow
def test_parts_of_speech_are_learned_from_given_words_and_predicted_in_raw_text(tmp_path):
    sentences = [f"{name} NN\ndoesn't VB\nsee VB\n{city} NN\n. .\n" for name in NAMES for city in CITIES]
    (tmp_path / "tags.conll").write_text("\n".join(sentences))
    flags = {"train_file": tmp_path / "tags.conll", "head": "softmax", "epochs": 6}
    metrics = bilstm_tagging.main(config(tmp_path, **flags))
    assert (metrics["metric"], metrics["test_score"]) == ("tag accuracy", 100.0)
    entry = zoo.load(tmp_path / "run" / "entry")
    assert entry.predict(["Omar doesn't see Lima."])[0]["tokens"] == ["Omar", "does", "n't", "see", "Lima", "."]
    assert entry.predict([["Omar", "doesn't", "see", "Lima"]])[0]["tags"] == ["NN", "VB", "VB", "NN"]
    assert entry.model.builder_config["arguments"]["character_vocabulary_size"] > 2


@pytest.mark.parametrize(
    ("text", "spans", "tags", "scheme"),
    [
        ("他来了", [(0, 1, "word"), (1, 3, "word")], "auto", "bmes"),
        ("他来了", [(0, 1, "r"), (1, 3, "v")], "auto", "tokens"),
        ("他来了", [(0, 1, "r"), (1, 3, "v")], "bmes", "bmes"),
        ("he came", [(0, 2, "r"), (3, 7, "v")], "auto", "tokens"),
        ("he came", [(0, 2, "r"), (3, 7, "v")], "iob2", "iob2"),
        ("he came", [(0, 7, "r")], "auto", "bmes"),
        ("王小红来了", [(0, 3, "PER")], "auto", "bmes"),
        ("王小红来了", [(0, 3, "PER")], "tokens", "tokens"),
    ],
)
def test_the_scheme_suits_the_spans_unless_a_flag_names_one(text, spans, tags, scheme):
    class Data:
        train = TaggedTexts.of([TaggedText(text, spans)])
        labels = sorted({label for _, _, label in spans})

    assert bilstm_tagging.scheme_for(Data, tags) == scheme
    one_way = "iob2" if (tags, scheme) == ("auto", "bmes") else scheme
    assert bilstm_tagging.scheme_for(Data, tags, reads_ahead=False) == one_way


@pytest.mark.slow
def test_words_and_parts_of_speech_are_predicted_jointly(tmp_path):
    subjects, verbs = ["我们", "老师", "他"], ["学习", "看", "喜欢"]
    objects = ["汉语", "书", "北京", "音乐"]
    lines = [
        {"text": subject + verb + thing, "spans": spans_of_words([(subject, "r"), (verb, "v"), (thing, "n")])}
        for subject in subjects
        for verb in verbs
        for thing in objects
    ]
    file = tmp_path / "words.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    flags = {"train_file": file, "language": "zh", "tags": "bmes", "num_bigram_bins": 100}
    metrics = bilstm_tagging.main(config(tmp_path, **flags))
    assert (metrics["metric"], metrics["scores"]["metric"]) == ("word F1", "unlabelled_f1")
    assert metrics["test_score"] == 100 * metrics["scores"]["unlabelled_f1"] >= 90
    task = zoo.load(tmp_path / "run" / "entry")
    assert task.readable(task.predict(["老师喜欢书"])[0]) == "老师/r 喜欢/v 书/n"


def spans_of_words(words):
    """Return spans (start, end, label) of words that follow each other."""
    ends = list(itertools.accumulate(len(word) for word, _ in words))
    return [[end - len(word), end, label] for end, (word, label) in zip(ends, words, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "head", "builder"),
    [
        ("transformer", "crf", "transformer_crf"),
        ("transformer", "softmax", "transformer_tagger"),
        ("cnn", "crf", "text_cnn_crf"),
        ("cnn", "softmax", "text_cnn_tagger"),
    ],
)
def test_other_encoders_learn_names_from_words_and_letters(model, head, builder, tmp_path):
    sentences = [f"{name} I-PER\nlives O\nin O\n{city} I-LOC\n. O\n" for name in NAMES for city in CITIES]
    (tmp_path / "names.conll").write_text("\n".join(sentences))
    flags = {"model": model, "intermediate_dim": 32, "word_length": 6, "num_bigram_bins": 100, "head": head}
    metrics = bilstm_tagging.main(config(tmp_path, train_file=tmp_path / "names.conll", **flags))
    assert metrics["test_score"] >= 90
    assert zoo.read_config(tmp_path / "run" / "entry")["name"] == f"{builder}_names_en"


@pytest.mark.parametrize(("flags", "cell"), [({}, "lstm"), ({"model": "bigru"}, "gru"), ({"cell": "leaky"}, "leaky")])
def test_the_cell_is_that_of_the_model_unless_a_flag_names_one(flags, cell, tmp_path):
    class Preprocessor:
        vocabulary_size, character_vocabulary_size = 9, None

    model = bilstm_tagging.build(config(tmp_path, **flags), Preprocessor, ["O", "S-PER"], "random", embedding_dim=8)
    assert model.get_layer("recurrent_0").cell == cell


def test_invalid_flags_and_tags_are_refused(tmp_path):
    with pytest.raises(InputError, match="Only recurrent encoders have --cell, --filter-width. Received: --model tra"):
        bilstm_tagging.main(config(tmp_path, model="transformer", cell="gru", filter_width=3))
    names = [f"Anna B-PER\nlives O\nin O\nhouse{number} O" for number in range(40)]
    (tmp_path / "names.txt").write_text("\n\n".join(names), "utf-8")
    letters = {"character_encoder": "lstm", "word_length": 0, "output_dir": tmp_path / "letters"}
    with pytest.raises(InputError, match="needs the letters of words, which this model does not read"):
        bilstm_tagging.main(config(tmp_path, train_file=tmp_path / "names.txt", **letters))
    (tmp_path / "a.txt").write_text("北 B-LOC\n京 E-LOC\n", "utf-8")
    options = TokenClassificationOptions(train_file=tmp_path / "a.txt", scheme="iob2", language="zh")
    with pytest.raises(InputError, match="a.txt, line 2: the scheme iob2 has no tag 'E-LOC'. Expected one of B, I, O"):
        load_token_classification(options)


@pytest.mark.slow
def test_names_inside_words_are_found_by_the_entry_and_the_served_model(tmp_path, capsys):
    texts = [f"{name} left {city},Europe for a {city}-based firm" for name in NAMES for city in CITIES]
    rows = [
        {"text": text, "spans": [[*match.span(1), "LOC"] for match in re.finditer(r"(\w+)(?=,E|-b| for)", text)]}
        for text in texts
    ]
    (tmp_path / "names.jsonl").write_text("\n".join(map(json.dumps, rows)))
    metrics = bilstm_tagging.main(config(tmp_path, train_file=tmp_path / "names.jsonl", epochs=15, patience=15))
    assert metrics["test_score"] >= 90
    assert metrics["export_difference"] <= 1e-5
    out = capsys.readouterr().out
    assert "cut           words at , - between letters" in out
    assert "no train span begins or ends inside a word" in out
    answer = zoo.load(tmp_path / "run" / "entry").predict(["Omar left Oslo,Europe for a Rome-based firm"])[0]
    assert [entity["text"] for entity in answer["entities"]] == ["Oslo", "Europe", "Rome"]
