"""A question with as much of its passage as fits, window after window.

Shapes: N questions, W windows of all passages, T tokens of a window.
"""

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.vocabulary import CLASSIFICATION, SEPARATOR

LONGEST_QUESTION = 64  # pieces; a longer one loses its end


def question_windows(preprocessor, question, passage, stride=128):
    """Frame `[CLS] question [SEP] part of the passage [SEP]` until every passage is covered.

    Args:
        preprocessor: `WordPiecePreprocessor`.
        question, passage: strings [N].
        stride: int, pieces of the passage from the beginning of one window to that of the next; less where
            a window has less room, so that no piece is left out.

    Returns:
        dict of ragged int32 [W, (length)]: token_ids; segment_ids, 1 in the passage; is_answer_place, 1 in
        the passage and at `[CLS]`, which stands for no answer; starts and ends, the characters of the
        passage that a piece stands for, -1 elsewhere; and of example int32 [W], whose window it is.

    Raises:
        InputError: if the model reads too little for a question and a passage.

    Example:

    >>> from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
    >>> vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] who anna paul met".split())
    >>> preprocessor = WordPiecePreprocessor(vocabulary, max_sequence_length=68)
    >>> windows = question_windows(preprocessor, ["who"], ["Anna met Paul"])
    >>> windows["starts"].to_list(), windows["is_answer_place"].to_list()
    ([[-1, -1, -1, 0, 5, 9, -1]], [[1, 0, 0, 1, 1, 1, 0]])

    Reference: Devlin et al. 2019, section 4.2; windows as in the code published with it.
    """
    require_positive(stride=stride)
    if preprocessor.max_sequence_length < LONGEST_QUESTION + 4:
        raise InputError(
            f"A window holds a question of up to {LONGEST_QUESTION} pieces, 3 special tokens and some of the passage. "
            f"Received: max_sequence_length={preprocessor.max_sequence_length}"
        )
    asked = preprocessor.pieces(question)["token_ids"][:, :LONGEST_QUESTION]
    pieces = preprocessor.pieces(passage)
    lengths, rows = tf.cast(pieces["token_ids"].row_lengths(), tf.int32), pieces["token_ids"].row_starts()
    room = preprocessor.max_sequence_length - 3 - tf.cast(asked.row_lengths(), tf.int32)  # [N]
    step = tf.minimum(stride, room)
    number = 1 + tf.maximum(0, -((room - lengths) // step))  # [N], windows of each
    example = tf.repeat(tf.range(tf.size(number)), number)  # [W]
    first = tf.ragged.range(number).flat_values * tf.gather(step, example)  # [W], first piece of each
    size = tf.minimum(tf.gather(room, example), tf.gather(lengths, example) - first)
    begin = tf.gather(tf.cast(rows, tf.int32), example) + first
    places = tf.ragged.range(begin, begin + size)  # [W, (length)]
    asked = tf.gather(asked, example)

    def framed(before, values, after):
        column = tf.ones([tf.size(example), 1], tf.int32)
        between = tf.zeros_like(asked) if before is None else asked
        ends = (0, 0, after) if before is None else (*before, after)
        return tf.concat([ends[0] * column, between, ends[1] * column, values, ends[2] * column], axis=1)

    def in_passage(name):
        return tf.ragged.map_flat_values(lambda place: tf.gather(pieces[name].flat_values, place), places)

    ids = preprocessor.vocabulary.ids
    token_ids = framed((ids[CLASSIFICATION], ids[SEPARATOR]), in_passage("token_ids"), ids[SEPARATOR])
    ones = tf.ones_like(places)
    is_first = tf.ragged.map_flat_values(lambda place: tf.cast(place == 0, tf.int32), _places_in_row(token_ids))
    return {
        "token_ids": token_ids,
        "segment_ids": framed(None, ones, 1),
        "is_answer_place": framed(None, ones, 0) + is_first,
        "starts": framed(None, in_passage("starts") + 1, 0) - 1,
        "ends": framed(None, in_passage("ends") + 1, 0) - 1,
        "example": example,
    }


def _places_in_row(values):
    """Number the places of every row of a ragged tensor from 0."""
    return tf.ragged.range(values.row_lengths())
