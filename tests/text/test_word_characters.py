import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text.batches import bucketed_batches
from kerasnlp_zoo.text.padding import padded
from kerasnlp_zoo.text.word_characters import CharacterIds

WORDS = ["Straße", "straight", "a", "internationalisation", "東京", "a\nb"]


@pytest.mark.parametrize("longest", [1, 2, 5, 30])
def test_ids_equal_a_slow_look_up_of_each_character(longest):
    character_ids = CharacterIds.from_words(WORDS[:3], max_word_length=longest)
    ids = character_ids.vocabulary.ids
    first, last = longest - longest // 2, longest // 2

    def expected(word):
        kept = word if len(word) <= longest else word[:first] + word[len(word) - last :]
        return [ids.get(character, 1) for character in kept] + [0] * (longest - len(kept))

    found = character_ids(tf.ragged.constant([WORDS[:4], [], WORDS[4:]]))
    assert found.to_list() == [[expected(word) for word in row] for row in (WORDS[:4], [], WORDS[4:])]


def test_rare_characters_are_unknown():
    character_ids = CharacterIds.from_words(["aab", "ca"], min_count=2, max_word_length=3)
    assert character_ids(tf.ragged.constant([["abc"]])).to_list() == [[[2, 1, 1]]]


def test_empty_words_are_padding():
    character_ids = CharacterIds.from_words(WORDS, max_word_length=4)
    nothing = tf.RaggedTensor.from_row_lengths(tf.constant([], tf.string), [0, 0])
    np.testing.assert_array_equal(
        padded({"character_ids": character_ids(nothing)})["character_ids"], np.zeros((2, 1, 4))
    )


def test_batches_contain_the_characters_of_their_words():
    words = tf.ragged.constant([["tea", "a"], [], ["cup"]])
    characters = CharacterIds.from_words(["tea", "cup"], max_word_length=3)(words)
    features = {"token_ids": tf.ragged.constant([[5, 6], [], [7]], dtype=tf.int32), "character_ids": characters}
    seen = 0
    for inputs, labels, weights in bucketed_batches(features, [0, 1, 2], batch_size=2):
        assert inputs["character_ids"].shape == [*inputs["token_ids"].shape, 3]
        for row in np.flatnonzero(weights):
            kept = np.asarray(inputs["character_ids"][row])[: len(words[labels[row]])]
            np.testing.assert_array_equal(kept, np.reshape(characters[labels[row]], (-1, 3)))
            seen += 1
        assert not np.any(np.asarray(inputs["character_ids"])[np.asarray(inputs["token_ids"]) == 0])
    assert seen == 3


def test_a_word_length_of_zero_is_refused():
    with pytest.raises(InputError, match="max_word_length=0"):
        CharacterIds.from_words(["a"], max_word_length=0)
