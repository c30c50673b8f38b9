"""Train skip-gram from a text file for one epoch and print the MB that this process needed at most.

    python recipes/benchmarks/word2vec_memory.py ours corpus.txt
    python recipes/benchmarks/word2vec_memory.py gensim corpus.txt

A process of its own for each side, which imports no more than that side needs.
"""

import sys
import tempfile
from pathlib import Path


def ours(path):
    """Encode the words between spaces, and train on the ids on disk."""
    from kerasnlp_zoo.datasets.corpora import CorpusOptions, open_corpus
    from kerasnlp_zoo.text.corpus import encode_corpus
    from kerasnlp_zoo.text.word2vec_examples import WindowSampling
    from kerasnlp_zoo.training import Word2VecTrainer

    text = open_corpus(CorpusOptions(corpus=Path(path), segmenter="spaces"))
    with tempfile.TemporaryDirectory() as folder:
        corpus = encode_corpus(text.chunks(), Path(folder, "corpus"))
        trainer = Word2VecTrainer(len(corpus.vocabulary))
        trainer.compile(0.2)
        trainer.fit(trainer.dataset(corpus, WindowSampling()), shuffle=False, verbose=0)


def gensim(path):
    """Read the sentences into memory and train on them, as gensim's users mostly do."""
    from gensim.models import Word2Vec

    with open(path, encoding="utf-8") as file:
        sentences = [line.split() for line in file]
    Word2Vec(sentences, vector_size=100, window=5, sample=1e-3, sg=1, workers=2, epochs=1)


def peak_megabytes():
    """Return the most memory this process has had: Linux' VmHWM, which unlike ru_maxrss starts anew with a program."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1e3


if __name__ == "__main__":
    {"ours": ours, "gensim": gensim}[sys.argv[1]](sys.argv[2])
    print(peak_megabytes())
