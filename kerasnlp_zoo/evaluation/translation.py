"""How much of a translation stands in what people have written: BLEU and chrF, as sacrebleu counts them."""

from kerasnlp_zoo.errors import InputError

TOKENIZERS = {"zh": "zh", "ja": "char", "ko": "char"}  # of languages without spaces; "13a" for the others


def translation_scores(translations, references, language="en"):
    """Compare translations with references, all of them detokenised.

    Args:
        translations: list of str.
        references: list of lists of str, one right translation or more of each text.
        language: str, code of the language, which decides what counts as a word.

    Returns:
        dict of bleu and chrf, percentages of 100, and bleu_signature and chrf_signature, which say how they were
        counted.

    Raises:
        InputError: if sacrebleu is missing, there is nothing to score, or a text has no reference.

    Example:

    >>> scores = translation_scores(["the cat sat on the mat"], [["the cat sat on the mat", "a cat sat there"]])
    >>> round(scores["bleu"], 1), scores["bleu_signature"].split("|")[0]
    (100.0, 'nrefs:2')

    References: Papineni et al. 2002, "BLEU"; Popovic 2015, "chrF"; Post 2018, "A Call for Clarity in Reporting BLEU
    Scores".
    """
    try:
        from sacrebleu.metrics import BLEU, CHRF
    except ImportError as error:
        raise InputError('Translations are scored by sacrebleu: pip install "kerasnlp-zoo[recipes]"') from error
    if not translations or len(translations) != len(references):
        raise InputError(
            "Translations are scored against at least one reference each. "
            f"Received: {len(translations)} translations and references of {len(references)} texts"
        )
    for place, some in enumerate(references):
        if isinstance(some, str) or not some:
            raise InputError(f"Expected a list of references for each text. Received: {some!r:.60} at place {place}")
    # sacrebleu wants the first references of all texts, then the second, and None where a text has no more.
    most = max(map(len, references))
    streams = [[some[place] if place < len(some) else None for some in references] for place in range(most)]
    bleu, chrf = BLEU(tokenize=TOKENIZERS.get(language, "13a")), CHRF()
    return {
        "bleu": bleu.corpus_score(translations, streams).score,
        "chrf": chrf.corpus_score(translations, streams).score,
        "bleu_signature": str(bleu.get_signature()),
        "chrf_signature": str(chrf.get_signature()),
    }


def bleu_by_length(sources, translations, references, edges, language="en"):
    """Score translations of short and of long sources apart.

    Args:
        sources: list of str.
        translations: list of str.
        references: list of lists of str.
        edges: increasing list of int, the most words of a source in each group; longer ones are left out.
        language: str, code of the language of the translations.

    Returns:
        list of dict of up_to (an edge), texts (their number) and bleu, for every group that has a text.

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
