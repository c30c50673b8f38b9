"""Train skip-gram from a text file for one epoch and print the peak memory of this process in MB.

    python recipes/benchmarks/word2vec_memory.py ours corpus.txt
    python recipes/benchmarks/word2vec_memory.py gensim corpus.txt

Each side has its own process, which imports only what that side needs.
"""

import sys
import tempfile
from pathlib import Path


def ours(path: str) -> None:
    """Encode the words, which are separated by spaces, and train on the ids on disk."""
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


def gensim(path: str) -> None:
    """Read the sentences into memory and train on them, the usual way with gensim."""
    from gensim.models import Word2Vec

    with open(path, encoding="utf-8") as file:
        sentences = [line.split() for line in file]
    Word2Vec(sentences, vector_size=100, window=5, sample=1e-3, sg=1, workers=2, epochs=1)


def peak_megabytes() -> float:
    """Return the peak memory of this process: VmHWM of Linux. Unlike ru_maxrss, it is reset when a program starts."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1e3


if __name__ == "__main__":
    {"ours": ours, "gensim": gensim}[sys.argv[1]](sys.argv[2])
    print(peak_megabytes())
