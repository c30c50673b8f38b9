"""The vocabulary and lower-casing of a Hugging Face folder are read from any of its files."""

import json

import pytest

from kerasnlp_zoo.convert.vocabularies import read_tokenizer
from kerasnlp_zoo.errors import InputError

TOKENS = ["[PAD]", "[UNK]", "film", "\u2028", "电"]  # a line separator that does not end a line
ARGUMENTS = {"vocabulary_size": 5, "max_sequence_length": 512}


def tokenizer_json(**normalizer):
    vocabulary = {token: place for place, token in enumerate(TOKENS[:4])}
    return {
        "added_tokens": [{"id": 0, "content": "[PAD]"}, {"id": 4, "content": TOKENS[4]}],
        "normalizer": {"type": "BertNormalizer", **normalizer},
        "model": {"type": "WordPiece", "vocab": vocabulary},
    }


def write(folder, **files):
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS) + "\n", "utf-8")
    return tmp_path


def test_a_vocabulary_alone_is_lower_case_by_default(folder):
    assert read_tokenizer(folder, ARGUMENTS) == {"tokens": TOKENS, "lower_case": True, "max_sequence_length": 512}


def test_the_vocabulary_may_be_in_tokenizer_json(tmp_path):
    found = read_tokenizer(write(tmp_path, tokenizer=tokenizer_json(lowercase=False)), ARGUMENTS)
    assert (found["tokens"], found["lower_case"]) == (TOKENS, False)


@pytest.mark.parametrize("said", [True, False])
def test_tokenizer_config_has_priority_over_tokenizer_json(folder, said):
    write(folder, tokenizer=tokenizer_json(lowercase=not said), tokenizer_config={"do_lower_case": said})
    assert read_tokenizer(folder, ARGUMENTS)["lower_case"] is said


def test_the_shortest_of_three_maximum_lengths_is_used(folder):
    write(folder, tokenizer_config={"model_max_length": 1e30})  # transformers writes this if there is no limit
    assert read_tokenizer(folder, ARGUMENTS)["max_sequence_length"] == 512
    write(folder, tokenizer_config={"model_max_length": 384}, sentence_bert_config={"max_seq_length": 256})
    assert read_tokenizer(folder, ARGUMENTS)["max_sequence_length"] == 256


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"tokenizer_class": "BertJapaneseTokenizer"}, "tokenizer_class in .* must be one of 'BertTokenizer'"),
        ({"do_lower_case": True, "strip_accents": False}, "strip_accents in .* must be one of None, True"),
        ({"tokenize_chinese_chars": False}, "tokenize_chinese_chars in .* must be one of True"),
    ],
)
def test_tokenizers_that_split_differently_are_refused(folder, config, message):
    with pytest.raises(InputError, match=message):
        read_tokenizer(write(folder, tokenizer_config=config), ARGUMENTS)


def test_tokenizers_without_wordpieces_or_with_missing_ids_are_refused(tmp_path):
    other = tokenizer_json()
    other["model"]["type"] = "BPE"
    with pytest.raises(InputError, match="model type in .* must be one of 'WordPiece'"):
        read_tokenizer(write(tmp_path, tokenizer=other), ARGUMENTS)
    gap = tokenizer_json()
    gap["added_tokens"][1]["id"] = 9
    with pytest.raises(InputError, match="missing or duplicate token ids"):
        read_tokenizer(write(tmp_path, tokenizer=gap), ARGUMENTS)


def test_a_vocabulary_in_another_encoding_is_refused(folder):
    (folder / "vocab.txt").write_bytes("电影\n".encode("gb18030"))
    with pytest.raises(InputError, match="Expected UTF-8"):
        read_tokenizer(folder, ARGUMENTS)
