"""Count n-grams and select the smoothing and the order with the lowest perplexity.

    kerasnlp-zoo train ngram
    kerasnlp-zoo train ngram --dataset peoples_daily --unit characters
    kerasnlp-zoo train ngram --corpus my_text.txt --order 3
    kerasnlp-zoo train ngram --min-ngram-counts 1 2

All smoothings are tried with all orders on the validation text, which also determines the weights of interpolation.
The best combination becomes a Keras model, whose tables are in the graph, and is scored on the test text. On WikiText-2
(33,278 words, including [UNK] and line ends) modified Kneser-Ney with 5-grams has a test perplexity of 217.8.
"""

import dataclasses
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import tyro

from kerasnlp_zoo import plots
from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import count_ngrams, ngram, ngram_keras_model
from kerasnlp_zoo.models.ngram import Smoothing, require_min_counts
from kerasnlp_zoo.tasks import LanguageModeling
from kerasnlp_zoo.text import LanguageModelPreprocessor
from kerasnlp_zoo.training import (
    Run,
    StrategyName,
    TextRunOptions,
    read_language_model_text,
    save_language_model,
)
from kerasnlp_zoo.vocabulary import START_ID

SMOOTHINGS: tuple[Smoothing, ...] = get_args(Smoothing)


@dataclasses.dataclass
class Config(TextRunOptions):
    """Count n-grams, by default of WikiText-2, two million words of Wikipedia."""

    epochs: tyro.conf.Suppress[int] = 1  # nothing is trained
    strategy: tyro.conf.Suppress[StrategyName] = "none"
    save_steps: tyro.conf.Suppress[int | None] = None
    resume: tyro.conf.Suppress[bool] = False
    order: int = 5
    """Maximum order: number of words of the longest n-grams. All lower orders are also tried."""
    k: float = 0.01
    """Number that add_k adds to every count."""
    min_ngram_counts: tuple[int, ...] = (1,)
    """Minimum number of occurrences of pairs, of n-grams of three words, and so on; the last one also applies to longer
    n-grams. Rarer n-grams are dropped from the model that is saved."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(order=self.order)
        require_min_counts(self.min_ngram_counts)


def main(config: Config) -> dict[str, Any]:
    """Count, select, evaluate and export; return the content of metrics.json."""
    run = Run("ngram", config)
    source, text = read_language_model_text(run)
    assert source.segmenter is not None  # the segmenter is the unit of the tokens
    preprocessor = LanguageModelPreprocessor(text.vocabulary, source.segmenter, source.language)

    started = time.time()
    counts = count_ngrams(text.train, len(text.vocabulary), config.order)
    different = [int((of_order > 0).sum()) for of_order in counts.counts]
    print(f"{', '.join(f'{n:,}' for n in different)} different n-grams ({time.time() - started:.0f} s)", flush=True)

    arguments: dict[str, Any] = {"add_k": {"k": config.k}, "interpolation": {"validation": text.validation}}
    perplexities: dict[str, list[float]] = {}
    for smoothing in SMOOTHINGS:
        perplexities[smoothing] = []
        for order in range(1, config.order + 1):
            model = ngram(text.vocabulary, counts, smoothing, order, **arguments.get(smoothing, {}))
            perplexities[smoothing].append(model.perplexity(text.validation))
        print(f"{smoothing:<20}" + "".join(f"{value:>12,.1f}" for value in perplexities[smoothing]), flush=True)

    best = min(SMOOTHINGS, key=lambda smoothing: min(perplexities[smoothing]))
    validation_score = min(perplexities[best])
    order = perplexities[best].index(validation_score) + 1
    own = arguments.get(best, {})
    complete = ngram(text.vocabulary, counts, best, order, **own)
    model = ngram(text.vocabulary, counts, best, order, config.min_ngram_counts, **own)
    facts = {
        "smoothing": best,
        "order": order,
        "perplexities": {  # JSON has no infinity
            name: [value if math.isfinite(value) else None for value in by_order]
            for name, by_order in perplexities.items()
        },
        "different_ngrams": different,
        "kept_ngrams": [different[0], *(int((model.numbers.words(n) != START_ID).sum()) for n in range(2, order + 1))],
        "test_score_of_all_ngrams": complete.perplexity(text.test),
    }

    def draw(metrics: Mapping[str, Any]) -> list[Path]:
        path = run.folder / "perplexity.png"
        title = f"ngram on {source.name}: test perplexity {metrics['test_score']:,.1f} ({best}, order {order})"
        plots.perplexities_by_order(perplexities, path, title)
        return [path]

    task = LanguageModeling(ngram_keras_model(model), preprocessor)
    return save_language_model(run, source, text, task, facts, draw)


if __name__ == "__main__":
    main(read_flags(Config))
