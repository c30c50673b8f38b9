import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import LanguageModelPreprocessor
from kerasnlp_zoo.text.language_model_pieces import encode_pieces

LINES = ["the cats see a dog.", "a dog sees <unk> cats!", "the dog, the cat", "", "dogs see the cats"] * 3
PARTS = [LINES, ["the cat sees"], ["a dog sees the <unk>", "zebras!"]]


def test_ids_of_a_text_are_those_of_its_lines_with_an_end_after_each():
    text = encode_pieces(PARTS, vocabulary_size=50)
    preprocessor = LanguageModelPreprocessor(text.vocabulary, "pieces")
    for ids, lines in zip((text.train, text.validation, text.test), PARTS, strict=True):
        of_lines = preprocessor.token_ids(lines).to_list()
        assert ids.tolist() == [token_id for line in of_lines for token_id in [*line, 3]]
    assert 1 in preprocessor.token_ids(["a dog sees the <unk>"])[0]  # [UNK]
    assert preprocessor(LINES)["token_ids"].shape[0] == len(LINES)


def test_ids_are_in_order_of_decreasing_frequency():
    text = encode_pieces(PARTS, vocabulary_size=50)
    counts = np.bincount(text.train, minlength=len(text.vocabulary))[4:]
    assert (np.diff(counts) <= 0).all()
    assert len(text.vocabulary) <= 50


def test_pieces_are_joined_to_the_text_with_its_spaces():
    text = encode_pieces(PARTS, vocabulary_size=50)
    preprocessor = LanguageModelPreprocessor(text.vocabulary, "pieces")
    lines = ["the cats see a dog.", "dogs, cats!"]
    joined = preprocessor.join(preprocessor(lines)["token_ids"]).numpy()
    assert [line.decode() for line in joined] == lines


def test_a_part_without_text_is_refused():
    with pytest.raises(InputError, match="The validation part of the text has no words"):
        encode_pieces([LINES, [" "], ["a"]], vocabulary_size=50)
