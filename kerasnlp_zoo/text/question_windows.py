"""Windows of question answering: a question with a part of its passage.

Shapes: N questions, W windows of all passages, T tokens of a window.
"""

from typing import TYPE_CHECKING

import tensorflow as tf

from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.text.types import Strings
from kerasnlp_zoo.vocabulary import CLASSIFICATION, SEPARATOR

if TYPE_CHECKING:
    from kerasnlp_zoo.text.preprocessors.wordpiece import WordPiecePreprocessor

LONGEST_QUESTION = 64  # pieces; a longer question is truncated at the end


def question_windows(
    preprocessor: "WordPiecePreprocessor", question: Strings, passage: Strings, stride: int = 128
) -> dict[str, tf.Tensor | tf.RaggedTensor]:
    """Return windows `[CLS] question [SEP] part of the passage [SEP]` that cover every passage.

    Args:
        preprocessor: preprocessor of the model; its max_sequence_length is the maximum T.
        question, passage: strings [N].
        stride: pieces of the passage from the start of one window to the start of the next; reduced if a window has
            room for fewer pieces, to skip no piece.

    Returns:
        dict of ragged int32 [W, (length)]: token_ids; segment_ids, 1 in the passage; is_answer_place, 1 in the
        passage and at `[CLS]`, which means no answer; starts and ends, the first character of a piece in the passage,
        and the one after its last, -1 outside of the passage. Also example, int32 [W], the question of the window, and
        truncated, bool [N], whether the question is longer than LONGEST_QUESTION.

    Raises:
        InputError: if max_sequence_length is too small for a question and a passage.

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
            f"A window must have room for a question of {LONGEST_QUESTION} pieces, 3 special tokens and a piece of the "
            f"passage, {LONGEST_QUESTION + 4} in all. Received: max_sequence_length={preprocessor.max_sequence_length}"
        )
    asked = preprocessor.token_ids(question)
    truncated = asked.row_lengths() > LONGEST_QUESTION
    asked = asked[:, :LONGEST_QUESTION]
    pieces = preprocessor.pieces(passage)
    lengths, rows = tf.cast(pieces["token_ids"].row_lengths(), tf.int32), pieces["token_ids"].row_starts()
    room = preprocessor.max_sequence_length - 3 - tf.cast(asked.row_lengths(), tf.int32)  # [N]
    step = tf.minimum(stride, room)
    number = 1 + tf.maximum(0, -((room - lengths) // step))  # [N], windows of each passage
    example = tf.repeat(tf.range(tf.size(number)), number)  # [W]
    first = tf.ragged.range(number).flat_values * tf.gather(step, example)  # [W], first piece of each window
    size = tf.minimum(tf.gather(room, example), tf.gather(lengths, example) - first)
    begin = tf.gather(tf.cast(rows, tf.int32), example) + first
    places = tf.ragged.range(begin, begin + size)  # [W, (length)]
    asked = tf.gather(asked, example)

    def framed(before: tuple[int, int] | None, values: tf.RaggedTensor, after: int) -> tf.RaggedTensor:
        column = tf.ones([tf.size(example), 1], tf.int32)
        between = tf.zeros_like(asked) if before is None else asked
        ends = (0, 0, after) if before is None else (*before, after)
        return tf.concat([ends[0] * column, between, ends[1] * column, values, ends[2] * column], axis=1)

    def in_passage(name: str) -> tf.RaggedTensor:
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
        "truncated": truncated,
    }


def _places_in_row(values: tf.RaggedTensor) -> tf.RaggedTensor:
    """Return the position of every value in its row, from 0 on."""
    return tf.ragged.range(values.row_lengths())
