"""BLEU and chrF of translations, computed by sacrebleu."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasnlp_zoo.errors import InputError

TOKENIZERS = {"zh": "zh", "ja": "char", "ko": "char"}  # sacrebleu's tokenizers; other languages use "13a"


def translation_scores(
    translations: Sequence[str], references: Sequence[Sequence[str]], language: str = "en"
) -> dict[str, Any]:
    """Return BLEU and chrF of detokenized translations.

    Args:
        translations: a translation of each text.
        references: one or more reference translations of each text, detokenized.
        language: code of the target language, which selects the tokenizer.

    Returns:
        dict of bleu and chrf, from 0 to 100, and bleu_signature and chrf_signature, sacrebleu's descriptions of the
        settings.

    Raises:
        InputError: if sacrebleu is missing, there are no translations, or a text has no reference.

    Example:

    >>> scores = translation_scores(["the cat sat on the mat"], [["the cat sat on the mat", "a cat sat there"]])
    >>> round(scores["bleu"], 1), scores["bleu_signature"].split("|")[0]
    (100.0, 'nrefs:2')

    References: Papineni et al. 2002, "BLEU"; Popovic 2015, "chrF"; Post 2018, "A Call for Clarity in Reporting BLEU
    Scores".
    """
    bleu, chrf = _metric("BLEU", tokenize=TOKENIZERS.get(language, "13a")), _metric("CHRF")
    _require_references(translations, references)
    # sacrebleu expects the first references of all texts, then the second ones, with None for missing references.
    most = max(map(len, references))
    streams: list[Any] = [[some[place] if place < len(some) else None for some in references] for place in range(most)]
    return {
        "bleu": bleu.corpus_score(translations, streams).score,
        "chrf": chrf.corpus_score(translations, streams).score,
        "bleu_signature": str(bleu.get_signature()),
        "chrf_signature": str(chrf.get_signature()),
    }


def _metric(name: str, **options: Any) -> Any:
    """Return a metric of sacrebleu."""
    try:
        from sacrebleu import metrics
    except ImportError as error:
        raise InputError('To score translations, install sacrebleu: pip install "kerasnlp-zoo[recipes]"') from error
    return getattr(metrics, name)(**options)


def _require_references(translations: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Raise InputError unless there are translations, and each text has references."""
    if not translations or len(translations) != len(references):
        raise InputError(
            "A score needs at least one translation, and at least one reference for each. "
            f"Received: {len(translations)} translations and references of {len(references)} texts"
        )
    for place, some in enumerate(references):
        if isinstance(some, str) or not some:
            raise InputError(f"Expected a list of references for each text. Received: {some!r:.60} for text {place}")


def bleu_statistics(
    translations: Sequence[str], references: Sequence[Sequence[str]], language: str = "en"
) -> np.ndarray:
    """Return what each translation contributes to BLEU: float64 [N, 10].

    The columns are the length of the translation and of its closest reference, the number of its n-grams of 1 to 4
    words, and how many of each occur in a reference. The arguments are those of `translation_scores`.

    Example:

    >>> rows = bleu_statistics(["the cat sat on the mat today"], [["the cat sat on the mat"]])
    >>> rows[0].astype(int).tolist(), round(bleu_from_statistics(rows), 1)
    ([7, 6, 7, 6, 5, 4, 6, 5, 4, 3], 80.9)
    """
    bleu = _metric("BLEU", tokenize=TOKENIZERS.get(language, "13a"), effective_order=True)
    _require_references(translations, references)
    scores = [bleu.sentence_score(*pair) for pair in zip(translations, map(list, references), strict=True)]
    return np.array([[s.sys_len, s.ref_len, *s.totals, *s.counts] for s in scores], "float64")


def bleu_from_statistics(rows: np.ndarray) -> float:
    """Return the BLEU of texts, from their rows of `bleu_statistics`, float [M, 10]."""
    sys_len, ref_len, *counts = rows.sum(axis=0).astype(int).tolist()
    score = _metric("BLEU").compute_bleu(
        correct=counts[4:], total=counts[:4], sys_len=sys_len, ref_len=ref_len, smooth_method="exp"
    )
    return float(score.score)


def bleu_by_length(
    sources: Sequence[str],
    translations: Sequence[str],
    references: Sequence[Sequence[str]],
    edges: Sequence[int],
    language: str = "en",
) -> list[dict[str, Any]]:
    """Return the BLEU of each group of source lengths.

    Args:
        sources: source texts.
        translations: a translation of each text.
        references: one or more reference translations of each text.
        edges: maximum number of words of a source in each group, increasing; longer sources are not scored.
        language: code of the target language.

    Returns:
        a dict for each group with texts: up_to, its edge; texts, their number; bleu.

    Example:

    >>> [group["texts"] for group in bleu_by_length(["a", "a b c"], ["x", "y"], [["x"], ["z"]], edges=[1, 5])]
    [1, 1]
    """
    lengths = [len(source.split()) for source in sources]
    groups = []
    for least, most in zip([0, *edges[:-1]], edges, strict=True):
        rows = [row for row, length in enumerate(lengths) if least < length <= most]
        if rows:
            scores = translation_scores(
                [translations[row] for row in rows], [references[row] for row in rows], language
            )
            groups.append({"up_to": most, "texts": len(rows), "bleu": scores["bleu"]})
    return groups
