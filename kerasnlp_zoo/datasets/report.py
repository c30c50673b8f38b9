"""What a data set looks like before training: the numbers that explain a bad score."""

import numpy as np

from kerasnlp_zoo.text.batches import BatchRows

SHOWN_LABELS = 12


def data_report(data, preprocessor, batch_size):
    """Describe the data as the model will see it.

    Args:
        data: TextClassificationData.
        preprocessor: word preprocessor made from the training texts.
        batch_size: int, for the share of padding.

    Returns:
        str, a few lines.
    """
    splits = {"train": data.train, "validation": data.validation, "test": data.test}
    lines = [f"Data set {data.name}: " + ", ".join(f"{len(split):,} {name}" for name, split in splits.items())]
    dropped = [f"{count:,} {reason}" for reason, count in data.dropped.items() if count]
    lines.append("  dropped       " + (", ".join(dropped) or "nothing"))
    lines += _label_lines(data.labels, splits)
    for name, split in splits.items():
        lines.append(f"  {name:<13} {_token_shares(split, preprocessor, batch_size)}")
    lines.append(f"  vocabulary    {preprocessor.vocabulary_size:,} tokens, counted on train")
    return "\n".join(lines)


def _label_lines(labels, splits):
    counts = {name: np.bincount(split.labels, minlength=len(labels)) for name, split in splits.items()}
    order = np.argsort(-counts["train"], kind="stable")
    lines = [
        f"  label         {labels[place]}: " + ", ".join(f"{count[place]:,} {name}" for name, count in counts.items())
        for place in order[:SHOWN_LABELS]
    ]
    if len(labels) > SHOWN_LABELS:
        rest = order[SHOWN_LABELS:]
        lines.append(f"  label         {len(rest)} more, {counts['train'][rest].sum():,} train texts")
    unseen = [
        label for place, label in enumerate(labels) if not counts["validation"][place] or not counts["test"][place]
    ]
    if unseen:
        number = "1 label has" if len(unseen) == 1 else f"{len(unseen):,} labels have"
        names = ", ".join(unseen[:SHOWN_LABELS]) + (" ..." if len(unseen) > SHOWN_LABELS else "")
        lines.append(f"  label         {number} no text to validate or test with: {names}")
    return lines


def _token_shares(split, preprocessor, batch_size):
    token_ids = preprocessor.features(preprocessor.prepare(split.texts))["token_ids"]
    lengths = token_ids.row_lengths().numpy()
    limit = preprocessor.max_sequence_length
    unknown = np.mean(token_ids.flat_values.numpy() == 1) if lengths.sum() else 0.0
    places = sum(batch_size * int(length) for _, length in BatchRows(lengths, batch_size, shuffle=False, seed=0))
    return (
        f"{np.mean(lengths):.1f} tokens a text (median {np.median(lengths):.0f}, longest {lengths.max()}), "
        f"{np.mean(lengths >= limit):.1%} cut at {limit}, {unknown:.1%} unknown tokens, "
        f"{1 - lengths.sum() / places:.0%} padding"
    )
