"""Random inputs of models, as functions (random, batch, time)."""

import numpy as np

from kerasnlp_zoo.layers.tree_composition import INNER_PLACES
from tests.layer_case import PLACES

VOCABULARY_SIZE = 40
NUM_CLASSES = 3


def token_ids(random, batch, time):
    """Return token ids [B, T]: rows of different lengths, the first one without padding."""
    ids = random.integers(1, VOCABULARY_SIZE, (batch, time)).astype("int32")
    lengths = np.append(time, random.integers(1, time + 1, batch - 1))
    return ids * (np.arange(time) < lengths[:, None])


def numbers(random, batch, time):
    """Return rows of numbers [B, 4], which have no length."""
    return random.normal(size=(batch, 4)).astype("float32")


def named_tokens(random, batch, time):
    """Return the inputs of a BERT without segments."""
    return {"token_ids": token_ids(random, batch, time)}


def tokens_in_segments(random, batch, time):
    """Return the inputs of BERT: tokens of two segments."""
    ids = token_ids(random, batch, time)
    return {"token_ids": ids, "segment_ids": (np.arange(time) > time // 2) * (ids > 0).astype("int32")}


def with_answer_places(random, batch, time):
    """Return a question and a passage, which can contain the answer."""
    inputs = tokens_in_segments(random, batch, time)
    return {**inputs, "is_answer_place": (inputs["token_ids"] > 0).astype("int32")}


def with_masked_positions(random, batch, time):
    """Return tokens of two segments, and the positions of words to predict."""
    inputs = tokens_in_segments(random, batch, time)
    return {**inputs, "masked_positions": np.zeros_like(inputs["token_ids"])}


def source_and_target(random, batch, time):
    """Return a sentence and its translation."""
    return {name: token_ids(random, batch, time) for name in ("source_ids", "target_ids")}


def trees(random, batch, time, num_inboxes=1):
    """Return scheduled trees of different sizes, with a word at every leaf; the first tree has all rows.

    A node with one inbox receives the messages of any number of children; each of several inboxes receives one.
    """
    inputs = {name: np.zeros((batch, time, PLACES), "int32") for name in ("token_ids", "parents")}
    for tree, rows in enumerate(np.append(time, random.integers(1, time + 1, batch - 1))):
        inputs["token_ids"][tree, 0, 0] = 1
        boxes = np.array([], "int64")  # inboxes of the rows above
        for row in range(rows):
            for place in range(int(row == 0), PLACES):
                if len(boxes) and random.random() < 0.8:
                    inputs["parents"][tree, row, place] = box = random.choice(boxes)
                    boxes = boxes[boxes != box] if num_inboxes > 1 else boxes
                    inputs["token_ids"][tree, row, place] = random.integers(1, VOCABULARY_SIZE)
            in_a_row = INNER_PLACES * num_inboxes
            boxes = np.append(boxes, 1 + row * in_a_row + np.arange(in_a_row))
    return inputs


def binary_trees(random, batch, time):
    """Return trees whose nodes have at most two children."""
    return trees(random, batch, time, num_inboxes=2)


def words_around_words(random, batch, time):
    """Return the inputs of word2vec: words and the words to predict from them."""
    return {name: token_ids(random, batch, time) for name in ("token_ids", "words")}


def words_of_letters(random, batch, time):
    """Return words and their letters."""
    ids = token_ids(random, batch, time)
    letters = np.stack([token_ids(random, time, 4) for _ in range(batch)])
    return {"token_ids": ids, "character_ids": letters * (ids > 0)[:, :, None]}
