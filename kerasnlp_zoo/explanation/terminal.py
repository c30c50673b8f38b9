"""An explanation as lines for a terminal."""

from kerasnlp_zoo.explanation.fired_ngrams import Explanation

# Terminal colours (of 256), from weak to strong: blue supports the answer, orange opposes it.
BACKGROUNDS = {1: (153, 111, 75), -1: (223, 215, 208)}


def readable(explanation: Explanation, count: int = 5, colored: bool = False) -> str:
    """Return an explanation as lines: the answer, the words, the strongest n-grams that support or oppose it.

    Args:
        explanation: explanation to describe.
        count: maximum number of n-grams to show that support the answer, and that oppose it.
        colored: whether the background of a word shows its contribution.
    """
    label, predicted = explanation.answer["label"], explanation.predicted
    logit, bias = explanation.logits[predicted], explanation.bias[predicted]
    lines = [
        f"{label} {explanation.answer['probability']:.3f}",
        explanation.separator.join(_colored_words(explanation) if colored else explanation.words),
    ]
    if explanation.words_cut:
        lines.append(f"... and {explanation.words_cut} more words, truncated after the model's maximum length")
    lines.append(f"logit of {label}: {logit:+.3f} = {logit - bias:+.3f} from n-grams {bias:+.3f} bias")
    for side, ngrams in zip(("for", "against"), explanation.strongest(count), strict=True):
        lines.append(f"{side} {label}:" if ngrams else f"{side} {label}: nothing")
        for ngram in ngrams:
            filters = f"{len(ngram.filters):3} filter{'s' if len(ngram.filters) > 1 else ' '} of width {ngram.width}"
            text = explanation.separator.join(ngram.words)
            lines.append(f"  {ngram.contributions[predicted]:+.3f}  {filters}  {text}")
    return "\n".join(lines)


def _colored_words(explanation: Explanation) -> list[str]:
    """Return the words; words with a large contribution are black on a colour."""
    contributions = explanation.word_contributions[:, explanation.predicted]
    strongest = max(abs(contributions), default=0.0)
    words = []
    for word, contribution in zip(explanation.words, contributions, strict=True):
        step = round(3 * abs(contribution) / strongest) if strongest else 0
        background = BACKGROUNDS[1 if contribution > 0 else -1][step - 1]
        words.append(f"\033[30;48;5;{background}m{word}\033[0m" if step else word)
    return words
