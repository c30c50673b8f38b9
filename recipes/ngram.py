"""Count n-grams and find the smoothing and the order that tell a text best.

    kerasnlp-zoo train ngram
    kerasnlp-zoo train ngram --dataset peoples_daily --unit characters
    kerasnlp-zoo train ngram --corpus my_text.txt --order 3

All smoothings are tried at all orders on the validation text, on which interpolation has also found its weights;
the best one reads the test text. On WikiText-2
(33,278 words, [UNK] and the ends of lines among them) modified Kneser-Ney with 5-grams has a test perplexity of
217.8, in less than a minute on two cores.
"""

import dataclasses
import math
import time
from typing import Any

import tyro

from kerasnlp_zoo import files, plots
from kerasnlp_zoo.datasets.language_modeling import LanguageModelingOptions, load_language_modeling
from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.models import SMOOTHINGS, count_ngrams, ngram
from kerasnlp_zoo.training import Run, decode_ids, describe_text
from kerasnlp_zoo.training.run import RunOptions

SAMPLES, SAMPLE_LENGTH = 3, 30


@dataclasses.dataclass
class Config(RunOptions, LanguageModelingOptions):
    """Count; without flags in WikiText-2, two million words of Wikipedia."""

    epochs: tyro.conf.Suppress[int] = 1  # nothing is trained
    order: int = 5
    """Words of the longest n-grams; all shorter ones are tried, too."""
    k: float = 0.01
    """What add_k adds to every count."""

    def check(self, replicas: int) -> None:
        """Raise InputError for flags that are invalid or exclude each other on this number of replicas."""
        super().check(replicas)
        require_positive(order=self.order)


def main(config: Config) -> dict[str, Any]:
    """Count, choose, score and save; return the content of metrics.json."""
    run = Run("ngram", config)
    source, text = load_language_modeling(config)
    print(describe_text(source, text), flush=True)

    started = time.time()
    counts = count_ngrams(text.train, len(text.vocabulary), config.order)
    different = [int((of_order > 0).sum()) for of_order in counts.counts]
    print(f"{', '.join(f'{n:,}' for n in different)} different n-grams ({time.time() - started:.0f} s)", flush=True)

    arguments = {"add_k": {"k": config.k}, "interpolation": {"validation": text.validation}}
    perplexities = {smoothing: [] for smoothing in SMOOTHINGS}
    for smoothing, by_order in perplexities.items():
        for order in range(1, config.order + 1):
            model = ngram(text.vocabulary, counts, smoothing, order, **arguments.get(smoothing, {}))
            by_order.append(model.perplexity(text.validation))
        print(f"{smoothing:<20}" + "".join(f"{value:>12,.1f}" for value in by_order), flush=True)

    best = min(perplexities, key=lambda smoothing: min(perplexities[smoothing]))
    validation_score = min(perplexities[best])
    order = perplexities[best].index(validation_score) + 1
    model = ngram(text.vocabulary, counts, best, order, **arguments.get(best, {}))
    model.save(run.folder / "model")
    test_score = model.perplexity(text.test)
    samples = [model.generate(SAMPLE_LENGTH, config.seed + number, end=None) for number in range(SAMPLES)]
    samples = [decode_ids(ids, text.vocabulary, source.segmenter) for ids in samples]
    title = f"ngram on {source.name}: test perplexity {test_score:,.1f} ({best}, order {order})"
    plots.perplexities_by_order(perplexities, run.folder / "perplexity.png", title)

    metrics = run.describe(
        {
            "task": "language_modeling",
            "metric": "perplexity",
            "validation_score": validation_score,
            "test_score": test_score,
            "published_score": None,
            "smoothing": best,
            "order": order,
            "perplexities": {  # JSON knows no infinity
                name: [value if math.isfinite(value) else None for value in by_order]
                for name, by_order in perplexities.items()
            },
            "different_ngrams": different,
            "unit": source.segmenter,
            "vocabulary_size": len(text.vocabulary),
            "test_tokens": len(text.test),
            "model_sha256": files.sha256(run.folder / "model" / "model.safetensors"),
            "samples": samples,
        }
    )
    print(f"\nTest perplexity {test_score:,.1f} on {len(text.test):,} tokens: {best}, order {order}")
    print("".join(f"  {sample}\n" for sample in samples) + f"Everything is in {run.folder}")
    run.finish(metrics)
    return metrics


if __name__ == "__main__":
    main(read_flags(Config))
