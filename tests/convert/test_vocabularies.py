"""The vocabulary and lower-casing of a Hugging Face folder are read from any of its files."""

import functools
import json

import numpy as np
import pytest

from kerasnlp_zoo.convert.vocabularies import read_tokenizer
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary

TOKENS = ["[PAD]", "[UNK]", "film", "\u2028", "电"]  # a line separator that does not end a line
ARGUMENTS = {"vocabulary_size": 5, "max_sequence_length": 512}


def tokenizer_json(**normalizer):
    """Return what tokenizers writes for a BERT."""
    cls, sep = ({"SpecialToken": {"id": token, "type_id": 0}} for token in ("[CLS]", "[SEP]"))
    first, second = ({"Sequence": {"id": name, "type_id": segment}} for segment, name in enumerate("AB"))
    end = {"SpecialToken": {"id": "[SEP]", "type_id": 1}}
    return {
        "added_tokens": [{"id": 0, "content": "[PAD]", "special": True}],
        "normalizer": {"type": "BertNormalizer", **normalizer},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [cls, first, sep],
            "pair": [cls, first, sep, second, end],
        },
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {token: place for place, token in enumerate(TOKENS)},
        },
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
    found = read_tokenizer(write(tmp_path, tokenizer=tokenizer_json(lowercase=True)), ARGUMENTS)
    assert (found["tokens"], found["lower_case"]) == (TOKENS, True)


def test_a_case_that_transformers_and_tokenizers_read_differently_is_refused(tmp_path):
    with pytest.raises(InputError, match='unless tokenizer_config.json has "do_lower_case": false. Write'):
        read_tokenizer(write(tmp_path, tokenizer=tokenizer_json(lowercase=False)), ARGUMENTS)


def test_two_different_vocabularies_are_refused(folder):
    content = changed("model.vocab", {token: place for place, token in enumerate(reversed(TOKENS))})
    with pytest.raises(InputError, match="different vocabularies in vocab.txt and tokenizer.json"):
        read_tokenizer(write(folder, tokenizer={**content, "added_tokens": []}), ARGUMENTS)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"cls_token": "<s>"}, r"cls_token in .* must be one of '\[CLS\]'.*Received.*'<s>'"),
        ({"mask_token": {"content": "<mask>"}}, "mask_token in .*Received.*'<mask>'"),
        ({"padding_side": "left"}, "padding_side in .* must be one of 'right'"),
        ({"truncation_side": "left"}, "truncation_side in .* must be one of 'right'"),
        ({"model_input_names": ["input_ids", "attention_mask"]}, "must contain .*token_type_ids"),
        ({"model_input_names": None}, "model_input_names of .* must contain"),
        ({"tokenizer_class": "DistilBertTokenizer"}, "tokenizer_class in .* must be one of 'BertTokenizer'"),
        ({"do_lower_case": None}, "do_lower_case in .* must be one of True, False"),
        ({"do_lower_case": 1}, "do_lower_case in .* must be one of True, False"),
        ({"never_split": ["tea"]}, "never_split in .* must be one of None"),
        ({"do_basic_tokenize": False}, "do_basic_tokenize in .* must be one of True"),
        ({"split_special_tokens": True}, "split_special_tokens in .* must be one of False"),
        ({"additional_special_tokens": "[EMOJI]"}, "additional_special_tokens must be a list of tokens"),
        ({"added_tokens_decoder": [{"content": "[MASK]"}]}, "added_tokens_decoder must be an object of objects"),
        ({"added_tokens_decoder": {"4": "[MASK]"}}, "added_tokens_decoder must be an object of objects"),
        ({"mask_token": {"content": "[MASK]", "normalized": True}}, r"the token \[MASK\] with normalized=True"),
        (
            {"added_tokens_decoder": {"4": {"content": "[SEP]", "single_word": True}}},
            r"the token \[SEP\] with single_word=True",
        ),
    ],
)
def test_settings_that_change_the_tokens_are_refused(folder, config, message):
    with pytest.raises(InputError, match=message):
        read_tokenizer(write(folder, tokenizer_config=config), ARGUMENTS)


def test_special_tokens_may_be_described_in_every_place(folder):
    config = {
        "mask_token": {"content": "[MASK]", "lstrip": True, "normalized": False, "single_word": False},
        "added_tokens_decoder": {"0": {"content": "[PAD]", "normalized": False, "special": True}},
        "additional_special_tokens": [],
        "extra_special_tokens": {},
        "never_split": None,
        "do_basic_tokenize": True,
        "bos_token": None,
        "add_bos_token": False,
    }
    special = {"cls_token": "[CLS]", "sep_token": {"content": "[SEP]", "normalized": False}}
    assert read_tokenizer(write(folder, tokenizer_config=config, special_tokens_map=special), ARGUMENTS)
    with pytest.raises(InputError, match=r"cls_token in .* must be one of '\[CLS\]'"):
        read_tokenizer(write(folder, special_tokens_map={"cls_token": "[SEP]"}), ARGUMENTS)


def test_a_text_that_is_truncated_on_the_left_is_refused(folder):
    content = changed("truncation", {"direction": "Left", "max_length": 4})
    with pytest.raises(InputError, match="truncation_side in .* must be one of 'right'. Received.*'left'"):
        read_tokenizer(write(folder, tokenizer=content), ARGUMENTS)


@pytest.mark.parametrize("said", [True, False])
def test_tokenizer_config_has_priority_over_tokenizer_json(folder, said):
    write(folder, tokenizer=tokenizer_json(lowercase=not said), tokenizer_config={"do_lower_case": said})
    assert read_tokenizer(folder, ARGUMENTS)["lower_case"] is said


def test_a_length_of_sentence_transformers_has_priority_over_the_length_of_the_tokenizer(folder):
    write(folder, tokenizer_config={"model_max_length": 1e30})  # transformers writes this if there is no limit
    assert read_tokenizer(folder, ARGUMENTS)["max_sequence_length"] == 512
    write(folder, tokenizer_config={"model_max_length": 384}, sentence_bert_config={"max_seq_length": 256})
    assert read_tokenizer(folder, ARGUMENTS)["max_sequence_length"] == 256
    write(folder, tokenizer_config={"model_max_length": 128})
    assert read_tokenizer(folder, ARGUMENTS)["max_sequence_length"] == 256
    write(folder, sentence_bert_config={"max_seq_length": 1024})
    assert read_tokenizer(folder, ARGUMENTS)["max_sequence_length"] == 512  # of the positions


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
    gap["model"]["vocab"][TOKENS[4]] = 9
    with pytest.raises(InputError, match="missing or duplicate token ids"):
        read_tokenizer(write(tmp_path, tokenizer=gap), ARGUMENTS)


def changed(path, value):
    """Return a tokenizer.json with one field changed; a path is its keys with dots between them."""
    content = tokenizer_json()
    *keys, last = path.split(".")
    functools.reduce(dict.__getitem__, keys, content)[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("normalizer", None, "normalizer type in .* must be one of 'BertNormalizer'"),
        ("normalizer.type", "Sequence", "normalizer type .*Received.*'Sequence'"),
        ("normalizer.clean_text", False, "clean_text in .* must be one of True"),
        ("pre_tokenizer", {"type": "Metaspace"}, "pre_tokenizer type in .* must be one of 'BertPreTokenizer'"),
        ("post_processor", None, "post_processor type in .* must be one of 'TemplateProcessing'"),
        ("post_processor.single", [{"Sequence": {"id": "A", "type_id": 0}}], "the template 'single' .* differs"),
        ("post_processor.pair", "A B", "the template 'pair' .* differs"),
        ("model.continuing_subword_prefix", "@@", "continuing_subword_prefix in .* must be one of '##'"),
        ("model.unk_token", "<unk>", "unk_token in .* must be one of"),
        ("model.max_input_chars_per_word", 20, "max_input_chars_per_word in .* must be one of 100"),
        ("model.vocab", ["a"], "has no vocabulary of word pieces"),
        ("model.vocab", {"a": "0"}, "has no vocabulary of word pieces"),
        ("added_tokens", True, "added_tokens must be a list of objects"),
        ("added_tokens", [{"id": 4, "content": "电", "special": False}], "added tokens.*电"),
    ],
)
def test_other_steps_of_a_tokenizer_are_refused_by_name(tmp_path, path, value, message):
    with pytest.raises(InputError, match=message):
        read_tokenizer(write(tmp_path, tokenizer=changed(path, value)), ARGUMENTS)


@pytest.mark.parametrize(
    "files",
    [
        {"tokenizer_config": {"added_tokens_decoder": {"4": {"content": "[EMOJI]", "special": True}}}},
        {"tokenizer_config": {"additional_special_tokens": ["[EMOJI]"]}},
        {"tokenizer_config": {"extra_special_tokens": ["[EMOJI]"]}},
        {"tokenizer_config": {"extra_special_tokens": {"emoji_token": {"content": "[EMOJI]"}}}},
        {"tokenizer_config": {"bos_token": "[EMOJI]"}},
        {"tokenizer_config": {"eos_token": {"content": "[EMOJI]"}}},
        {"special_tokens_map": {"additional_special_tokens": ["[EMOJI]"]}},
        {"special_tokens_map": {"bos_token": "[EMOJI]"}},
        {"added_tokens": {"[EMOJI]": 4}},
    ],
)
def test_added_tokens_are_refused_in_every_place(folder, files):
    with pytest.raises(InputError, match=r"added tokens.*\[EMOJI\]"):
        read_tokenizer(write(folder, **files), ARGUMENTS)


@pytest.mark.parametrize("name", ["tokenizer", "tokenizer_config", "sentence_bert_config", "added_tokens"])
@pytest.mark.parametrize("content", ["null", "[]", "3", '"text"', "{", "[" * 100_000, "\xff"])
def test_files_without_an_object_are_refused(folder, name, content):
    (folder / f"{name}.json").write_text(content, "latin-1")
    with pytest.raises(InputError, match=f"{name}.json"):
        read_tokenizer(folder, ARGUMENTS)


def test_rows_without_a_token_are_accepted_and_never_match(folder):
    tokens = read_tokenizer(folder, {**ARGUMENTS, "vocabulary_size": 64})["tokens"]
    assert tokens[:5] == TOKENS
    assert len(tokens) == len(set(tokens)) == 64
    ids = WordPiecePreprocessor(WordPieceVocabulary([*tokens, "[CLS]", "[SEP]", "[MASK]"]))(["[padding 7]"])
    assert tokens.index("[padding 7]") not in np.array(ids["token_ids"])
    for size in (4, 2000):
        with pytest.raises(InputError, match=f"5 tokens in its vocabulary and vocab_size {size}"):
            read_tokenizer(folder, {**ARGUMENTS, "vocabulary_size": size})


def test_a_vocabulary_in_another_encoding_is_refused(folder):
    (folder / "vocab.txt").write_bytes("电影\n".encode("gb18030"))
    with pytest.raises(InputError, match="Expected UTF-8"):
        read_tokenizer(folder, ARGUMENTS)
