"""An explanation as lines for a terminal."""

BACKGROUNDS = {1: (153, 111, 75), -1: (223, 215, 208)}  # of 256 colours: blues for, oranges against, weak to strong


def readable(explanation, count=5, colored=False):
    """Write an explanation as text: the answer, the words, the strongest n-grams for and against it.

    Args:
        explanation: Explanation.
        count: int, most n-grams to show for the answer, and against it.
        colored: bool, whether the words' backgrounds show how strongly each speaks for or against.

    Returns:
        str of several lines.
    """
    label, predicted = explanation.answer["label"], explanation.predicted
    logit, bias = explanation.logits[predicted], explanation.bias[predicted]
    lines = [
        f"{label} {explanation.answer['probability']:.3f}",
        explanation.separator.join(_colored_words(explanation) if colored else explanation.words),
    ]
    if explanation.words_cut:
        lines.append(f"... and {explanation.words_cut} more words behind the model's longest sentence, not read")
    lines.append(f"logit of {label}: {logit:+.3f} = {logit - bias:+.3f} from n-grams {bias:+.3f} bias")
    for side, ngrams in zip(("for", "against"), explanation.strongest(count), strict=True):
        lines.append(f"{side} {label}:" if ngrams else f"{side} {label}: nothing")
        for ngram in ngrams:
            filters = f"{len(ngram.filters):3} filter{'s' if len(ngram.filters) > 1 else ' '} of width {ngram.width}"
            text = explanation.separator.join(ngram.words)
            lines.append(f"  {ngram.contributions[predicted]:+.3f}  {filters}  {text}")
    return "\n".join(lines)


def _colored_words(explanation):
    """Return the words, the stronger ones in black on a colour."""
    contributions = explanation.word_contributions[:, explanation.predicted]
    strongest = max(abs(contributions), default=0.0)
    words = []
    for word, contribution in zip(explanation.words, contributions, strict=True):
        step = round(3 * abs(contribution) / strongest) if strongest else 0
        background = BACKGROUNDS[1 if contribution > 0 else -1][step - 1]
        words.append(f"\033[30;48;5;{background}m{word}\033[0m" if step else word)
    return words
