"""Small files to learn from, written for these tests."""

import numpy as np

OPINIONS = [(words, "positive") for words in ("a wonderful", "a gripping", "I loved this", "such a lovely")]
OPINIONS += [(words, "negative") for words in ("a dull", "a clumsy", "I hated this", "such a boring")]
THINGS = ["film", "story", "cast", "ending", "script", "plot", "picture", "song", "scene", "hero", "idea", "joke"]


LIKES = ["I like deep learning .", "I like NLP .", "I enjoy flying ."]  # the lecture's corpus for tables of counts


def write_reviews(folder):
    """Write a small file of labelled sentences, enough per class to hold some out. Return its path."""
    rows = [f'"{opinion} {thing}",{label}' for opinion, label in OPINIONS for thing in THINGS]
    path = folder / "reviews.csv"
    path.write_text("text,label\n" + "\n".join(rows) + "\n", "utf-8")
    return path


def write_topics(folder):
    """Write topics.txt with 1,200 sentences of 8 words. Each sentence is about one of two topics. Return its path."""
    random = np.random.default_rng(0)
    lines = [
        " ".join(f"{topic}{n}" for n in random.integers(0, 20, 8)) for topic in random.choice(["cat", "sun"], 1200)
    ]
    path = folder / "topics.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def write_sentiment_trees(folder):
    """Write a small file of trees with node labels 0, 1 or 2, like a sentiment treebank. Return its path."""
    lines = []
    for phrase, label in OPINIONS:
        opinion = phrase.split()[-1]
        sign = {"positive": 2, "negative": 0}[label]
        lines += [f"({sign} (1 the) ({sign} ({sign} {opinion}) (1 {thing})))" for thing in THINGS]
    path = folder / "sentiment.txt"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
