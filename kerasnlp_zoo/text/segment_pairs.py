"""Pairs of segments for BERT: the second segment follows the first, or comes from another document.

Shapes: N pieces, S sentences, D documents, E examples.
"""

import bisect
import itertools

import numpy as np

SHORTER = 0.1  # share of shorter examples, because fine-tuning also uses shorter texts


def sentences_of(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Separate pieces from sentence and document ends.

    Args:
        ids: int array with a 0 after every sentence and a second 0 after every document.

    Returns:
        (pieces, boundaries, documents): pieces int [N]; boundaries int [S + 1], the number of pieces before each
        sentence; documents int [D + 1], the number of sentences before each document. The last values are N and S.

    Example:

    >>> sentences_of(np.array([5, 6, 0, 7, 0, 0, 8, 0, 0]))
    (array([5, 6, 7, 8]), array([0, 2, 3, 4]), array([0, 2, 3]))
    """
    ends = np.flatnonzero(ids == 0)
    is_document_end = ids[ends - 1] == 0
    boundaries = (ends - np.arange(len(ends)))[~is_document_end]
    documents = np.flatnonzero(is_document_end) - np.arange(np.count_nonzero(is_document_end))
    return ids[ids != 0], np.append(0, boundaries), np.append(0, documents)


def segment_pairs(
    boundaries: np.ndarray, documents: np.ndarray, room: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of segments, which read the documents one after the other.

    A pair collects sentences up to `room` pieces, or fewer in one of ten cases. It is split at a random sentence end,
    or between two pieces of a single sentence. With probability 1/2, the second segment is replaced by text of
    another document, which begins with a sentence and has the same length if that document is long enough. The
    replaced sentences are part of the next pair.

    Args:
        boundaries, documents: results of `sentences_of`, with at least two documents.
        room: maximum number of pieces of both segments together (>= 2).
        random: source of randomness.

    Returns:
        (spans, is_random): spans int32 [E, 4], start and end of the first and of the second segment in the pieces;
        is_random int32 [E], 1 if the second segment was replaced.

    Example:

    >>> boundaries, documents = np.array([0, 2, 3, 6]), np.array([0, 2, 3])
    >>> spans, is_random = segment_pairs(boundaries, documents, 9, np.random.default_rng(3))
    >>> spans.tolist(), is_random.tolist()
    ([[0, 2, 2, 3], [3, 4, 4, 6]], [0, 0])

    Reference: Devlin et al. 2019, section 3.1, task 2, and appendix A.2.
    """
    chances = random.random((len(boundaries), 5)).tolist()  # every pair takes at least one sentence
    # Single elements are read faster from lists than from arrays.
    bounds, document_bounds = boundaries.tolist(), documents.tolist()
    spans: list[tuple[int, int, int, int]] = []
    is_random: list[bool] = []
    for first, last in itertools.pairwise(document_bounds):
        place = first
        while place < last and bounds[last] - bounds[place] > 1:
            shorter, length, division, replaced, other = chances[len(spans)]
            start, target = bounds[place], room if shorter >= SHORTER else 2 + int(length * (room - 1))
            stop = bisect.bisect_left(bounds, start + target, place + 1, last)
            end = min(bounds[stop], start + target)
            if stop - place > 1:
                after = place + 1 + int(division * (stop - place - 1))  # first sentence of the second segment
                middle = bounds[after]
            else:
                after, middle = stop, start + 1 + int(division * (end - start - 1))
            if replaced < 0.5:
                sentence, its_end = _of_another_document(bounds, document_bounds, first, last, other)
                spans.append((start, middle, sentence, min(its_end, sentence + end - middle)))
            else:
                spans.append((start, middle, middle, end))
                after = stop
            is_random.append(replaced < 0.5)
            place = after
    return np.array(spans, "int32").reshape(-1, 4), np.array(is_random, "int32")


def _of_another_document(
    bounds: list[int], documents: list[int], first: int, last: int, chance: float
) -> tuple[int, int]:
    """Return the start of a sentence outside of sentences first..last, and the end of its document, in pieces."""
    sentence = int(chance * (len(bounds) - 1 - (last - first)))
    sentence += (last - first) * (sentence >= first)
    return bounds[sentence], bounds[documents[bisect.bisect_right(documents, sentence)]]
