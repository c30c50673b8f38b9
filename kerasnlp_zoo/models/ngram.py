"""Language models by counting n-grams: P(word | the n - 1 words before), smoothed.

    counts = count_ngrams(text.train, len(text.vocabulary), order=5)
    model = ngram(text.vocabulary, counts, "modified_kneser_ney")
    model.perplexity(text.test)

Shapes: N tokens of a text, V vocabulary.
"""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from kerasnlp_zoo.errors import InputError, require_choice, require_positive
from kerasnlp_zoo.files import atomic_folder, write_json
from kerasnlp_zoo.models.ngram_counts import MISSING, NgramIndex, require_ids
from kerasnlp_zoo.models.ngram_smoothing import SMOOTHINGS
from kerasnlp_zoo.vocabulary import END_ID, START_ID
from kerasnlp_zoo.weights import read_weights

TABLES, VOCABULARY, CONFIG = "model.safetensors", "vocabulary.txt", "config.json"


def ngram(vocabulary, counts, smoothing="modified_kneser_ney", order=None, **arguments):
    """Make a language model from counts.

    The vocabulary is closed: what it lacks is `[UNK]`, a word like any other. Events are all ids but `[PAD]`
    and `[START]`; after any history, seen or not, their probabilities add up to 1.

    Args:
        vocabulary: `GenerativeVocabulary` [V].
        counts: `NgramCounts`, of `count_ngrams`.
        smoothing: "maximum_likelihood", "add_k", "interpolation", "back_off" or "modified_kneser_ney".
        order: int, n, at most that of the counts; None takes all of it.
        **arguments: k=float of "add_k"; validation=ids of "interpolation".

    Returns:
        NgramModel.

    Raises:
        InputError: if the smoothing is unknown, the order higher than the counts', or the vocabulary not
            the one that was counted with.

    Example:

    >>> from kerasnlp_zoo.models import count_ngrams
    >>> from kerasnlp_zoo.vocabulary import GenerativeVocabulary
    >>> vocabulary = GenerativeVocabulary.from_counts({"a": 3, "b": 2})
    >>> counts = count_ngrams(np.array([4, 5, 4, 5, 4]), len(vocabulary), order=2)
    >>> ngram(vocabulary, counts, "maximum_likelihood").next_word([5])  # an a after b
    array([0., 0., 0., 0., 1., 0.])
    """
    require_choice("smoothing", smoothing, tuple(SMOOTHINGS))
    order = counts.order if order is None else order
    require_positive(order=order)
    if order > counts.order:
        raise InputError(f"The counts are of n-grams up to {counts.order} words. Received: order={order}")
    if len(vocabulary) != counts.numbers.vocabulary_size:
        raise InputError(
            f"The counts are of a vocabulary of {counts.numbers.vocabulary_size} tokens. Received one of "
            f"{len(vocabulary)}"
        )
    probabilities, factors = SMOOTHINGS[smoothing](counts, order, **arguments)
    numbers = NgramIndex(counts.numbers.vocabulary_size, counts.numbers.keys[: order - 1])
    return NgramModel(vocabulary, numbers, probabilities, factors, smoothing)


class NgramModel:
    """What `ngram` returns: the probabilities of n-grams that occur, and factors for all others.

    Args:
        vocabulary: `GenerativeVocabulary` [V].
        numbers: `NgramIndex`, which n-grams occur.
        probabilities: list of arrays, of the orders from 1 on, P(last word | the others) of each n-gram.
        factors: list of arrays, of the orders from 2 on, for each history what the probability of the
            shorter history is multiplied with for words that do not follow it.
        smoothing: str, how they were found.
    """

    def __init__(self, vocabulary, numbers, probabilities, factors, smoothing):
        self.vocabulary = vocabulary
        self.numbers = numbers
        self.table = [np.asarray(values, "float32") for values in probabilities]
        self.factors = [np.asarray(values, "float32") for values in factors]
        self.smoothing = smoothing

    @property
    def order(self):
        """Words of the longest n-grams."""
        return self.numbers.order

    def probabilities(self, ids):
        """Return the probability of every token of a text after those before it.

        Before the text stands `[START]`, and a `[START]` inside it hides what came before.

        Args:
            ids: int array [N].

        Returns:
            float64 array [N]; 0 at `[START]`, which is no event.

        Raises:
            InputError: for an id that the vocabulary does not have.
        """
        ids = np.asarray(ids)
        require_ids(ids, len(self.vocabulary))
        answer = np.zeros(len(ids))
        for level, (histories, numbers) in enumerate(self.numbers.along(ids)):
            if level:
                answer *= np.where(histories == MISSING, 1, self.factors[level - 1][histories])
            answer = np.where(numbers == MISSING, answer, self.table[level][numbers])
        return answer

    def perplexity(self, ids):
        """Return exp of the mean of -log P over all tokens of a text but `[START]`; infinite if one is impossible.

        Args:
            ids: int array [N].

        Returns:
            float.

        Raises:
            InputError: for an empty text, or an id that the vocabulary does not have.
        """
        ids = np.asarray(ids)
        probabilities = self.probabilities(ids)[ids != START_ID]
        if not len(probabilities):
            raise InputError("The text is empty: it has no perplexity. Expected the ids of at least one token")
        with np.errstate(divide="ignore"):
            return float(np.exp(-np.mean(np.log(probabilities))))

    def probability(self, word, history):
        """Return P(word | history).

        Args:
            word: int, id.
            history: sequence of ids, as many as there are; a shorter one than n - 1 is taken as it is, unless
                it begins with `[START]`. Of a longer one the last are looked at.

        Returns:
            float.

        Raises:
            InputError: for an id that the vocabulary does not have.
        """
        require_ids(np.array([word]), len(self.vocabulary))
        return float(self.next_word(history)[word])

    def next_word(self, history):
        """Return the distribution of the word after a history.

        Args:
            history: as for `probability`.

        Returns:
            float64 array [V]; its sum is 1, as exactly as float32 tables allow.

        Raises:
            InputError: for an id that the vocabulary does not have.
        """
        history = np.array(history, "int64") if len(history) == 0 else np.array(history)
        require_ids(history, len(self.vocabulary))
        answer = self.table[0].astype("float64")
        known = self.order - 1 if START_ID in history[:1] else min(self.order - 1, len(history))
        for level, (_, numbers) in zip(range(1, known + 1), self.numbers.along(history), strict=False):
            if numbers[-1] != MISSING:
                place = self.numbers.followers(level + 1, numbers[-1])
                answer *= self.factors[level - 1][numbers[-1]]
                answer[self.numbers.words(level + 1, place)] = self.table[level][place]
        return answer

    def generate(self, length, seed=1, history=(START_ID,), end=END_ID):
        """Draw words one after the other.

        Args:
            length: int, most words.
            seed: int, the same one draws the same words.
            history: as for `probability`, what they follow; by default the beginning of a text.
            end: int, the id after which to stop; None never does.

        Returns:
            list of int, the ids drawn.

        Raises:
            InputError: for an id that the vocabulary does not have, or a length that is not positive.
        """
        require_positive(length=length)
        random = np.random.default_rng(seed)
        ids = list(history)
        for _ in range(length):
            probabilities = self.next_word(ids[-self.order :])
            ids.append(int(random.choice(len(self.vocabulary), p=probabilities / probabilities.sum())))
            if ids[-1] == end:
                break
        return ids[len(history) :]

    def save(self, folder):
        """Write the model into a folder, whole or not at all; one already there is replaced."""
        tables = {f"probabilities_{n}": values for n, values in enumerate(self.table, start=1)}
        tables |= {f"factors_{n}": values for n, values in enumerate(self.factors, start=2)}
        tables |= {f"keys_{n}": keys for n, keys in enumerate(self.numbers.keys, start=2)}
        with atomic_folder(folder) as new:
            (new / TABLES).write_bytes(save({name: np.ascontiguousarray(values) for name, values in tables.items()}))
            self.vocabulary.save(new / VOCABULARY)
            write_json(new / CONFIG, {"model": "ngram", "order": self.order, "smoothing": self.smoothing})

    @classmethod
    def load(cls, folder):
        """Read what `save` wrote.

        Raises:
            InputError: if the folder does not hold a whole model.
        """
        from kerasnlp_zoo.vocabulary import GenerativeVocabulary

        folder = Path(folder)
        try:
            config = json.loads((folder / CONFIG).read_text("utf-8"))
            order, smoothing = int(config["order"]), str(config["smoothing"])
            vocabulary = GenerativeVocabulary.load(folder / VOCABULARY)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{folder} does not hold an n-gram model. {error!r}") from error
        tables = read_weights(folder / TABLES)
        _check(folder / TABLES, tables, order, len(vocabulary))
        orders = range(1, order + 1)
        return cls(
            vocabulary,
            NgramIndex(len(vocabulary), [tables[f"keys_{n}"] for n in orders[1:]]),
            [tables[f"probabilities_{n}"] for n in orders],
            [tables[f"factors_{n}"] for n in orders[1:]],
            smoothing,
        )


def _check(path, tables, order, vocabulary_size):
    """Raise InputError unless tables are those of a model: of matching sizes, keys in order, numbers in range."""
    sizes = {1: vocabulary_size} | {n: len(tables.get(f"keys_{n}", ())) for n in range(2, order + 1)}
    expected = {f"probabilities_{n}": (size, "f") for n, size in sizes.items()}
    expected |= {f"factors_{n}": (sizes[n - 1], "f") for n in range(2, order + 1)}
    expected |= {f"keys_{n}": (sizes[n], "i") for n in range(2, order + 1)}
    found = {name: (len(values), values.dtype.kind) for name, values in tables.items() if values.ndim == 1}
    problem = order < 1 or found != expected
    for n in () if problem else range(2, order + 1):
        keys = tables[f"keys_{n}"]
        problem |= not len(keys) or keys[0] < 0 or keys[-1] >= sizes[n - 1] * vocabulary_size
        problem |= bool((np.diff(keys) <= 0).any())
    for name in found if not problem else ():
        if not name.startswith("keys"):
            problem |= not (np.isfinite(tables[name]).all() and (tables[name] >= 0).all())
    if problem:
        raise InputError(
            f"{path} does not hold the tables of an n-gram model of order {order} over {vocabulary_size} tokens. "
            "Copy the model again, or count it anew"
        )
