"""Two segments of text at a time for BERT: the second follows the first, or comes from another document.

Shapes: N pieces, S sentences, D documents, E examples.
"""

import bisect
import itertools

import numpy as np

SHORTER = 0.1  # share of examples that are made shorter, since shorter texts come later


def sentences_of(ids):
    """Take sentence and document ends out of token ids.

    Args:
        ids: int array, a 0 after every sentence and one more after every document.

    Returns:
        (pieces int array [N]; boundaries int array [S + 1], the pieces before each sentence; documents int
        array [D + 1], the sentences before each document).

    Example:

    >>> sentences_of(np.array([5, 6, 0, 7, 0, 0, 8, 0, 0]))
    (array([5, 6, 7, 8]), array([0, 2, 3, 4]), array([0, 2, 3]))
    """
    ends = np.flatnonzero(ids == 0)
    is_document_end = ids[ends - 1] == 0
    boundaries = (ends - np.arange(len(ends)))[~is_document_end]
    documents = np.flatnonzero(is_document_end) - np.arange(np.count_nonzero(is_document_end))
    return ids[ids != 0], np.append(0, boundaries), np.append(0, documents)


def segment_pairs(boundaries, documents, room, random):
    """Choose pairs of segments from documents, one after the other.

    Sentences are gathered up to the room, or in every tenth case up to less. A random sentence end divides
    them in two; a single sentence is divided between two of its pieces. For half of the pairs, by chance,
    the second segment is replaced: by text of another document that begins with a sentence and is as long,
    so that no length tells. The sentences that were replaced stand in the next pair.

    Args:
        boundaries, documents: as `sentences_of` gives them, of two documents at least.
        room: int, pieces of both segments together, at least 2.
        random: `numpy.random.Generator`.

    Returns:
        (spans int array [E, 4]: start and end of the first and of the second segment in the pieces;
        is_random int array [E]).

    Example:

    >>> boundaries, documents = np.array([0, 2, 3, 6]), np.array([0, 2, 3])
    >>> spans, is_random = segment_pairs(boundaries, documents, 9, np.random.default_rng(3))
    >>> spans.tolist(), is_random.tolist()
    ([[0, 2, 2, 3], [3, 4, 4, 6]], [0, 0])

    Reference: Devlin et al. 2019, section 3.1, task 2, and appendix A.2.
    """
    chances = random.random((len(boundaries), 5)).tolist()  # every pair takes a sentence at least
    # Lists: their elements are read one by one, which is slow in arrays.
    bounds, documents = boundaries.tolist(), documents.tolist()
    spans, is_random = [], []
    for first, last in itertools.pairwise(documents):
        place = first
        while place < last and bounds[last] - bounds[place] > 1:
            shorter, length, division, replaced, other = chances[len(spans)]
            start, target = bounds[place], room if shorter >= SHORTER else 2 + int(length * (room - 1))
            stop = bisect.bisect_left(bounds, start + target, place + 1, last)
            end = min(bounds[stop], start + target)
            if stop - place > 1:
                after = place + 1 + int(division * (stop - place - 1))  # the sentence the second segment starts with
                middle = bounds[after]
            else:
                after, middle = stop, start + 1 + int(division * (end - start - 1))
            if replaced < 0.5:
                sentence, its_end = _of_another_document(bounds, documents, first, last, other)
                spans.append((start, middle, sentence, min(its_end, sentence + end - middle)))
            else:
                spans.append((start, middle, middle, end))
                after = stop
            is_random.append(replaced < 0.5)
            place = after
    return np.array(spans, "int32").reshape(-1, 4), np.array(is_random, "int32")


def _of_another_document(bounds, documents, first, last, chance):
    """Return where a sentence outside of sentences first..last begins and where its document ends, in pieces."""
    sentence = int(chance * (len(bounds) - 1 - (last - first)))
    sentence += (last - first) * (sentence >= first)
    return bounds[sentence], bounds[documents[bisect.bisect_right(documents, sentence)]]
