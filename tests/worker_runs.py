"""Several recipes on small data, in one process or in each of several workers, whose last state is kept.

    python -m tests.worker_runs DATA FOLDER DEVICES CASE ...

With TF_CONFIG, the process is a worker. Otherwise it trains alone, on this number of devices.
"""

import json
import os
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file

from kerasnlp_zoo import durable, zoo
from kerasnlp_zoo.models import BERT_SIZES, sentence_encoder
from kerasnlp_zoo.tasks import SentenceSimilarity
from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
from kerasnlp_zoo.training.workers import WorkerEnded
from kerasnlp_zoo.vocabulary import WORDPIECE_SPECIAL
from recipes import (
    bag_of_embeddings,
    bert_classification,
    bert_pretraining,
    bert_question_answering,
    bert_similarity,
    bert_tagging,
    bilstm,
    bilstm_tagging,
    glove,
    linear,
    nnlm,
    rnn_language_model,
    seq2seq,
    text_cnn,
    transformer_encoder,
    transformer_language_model,
    transformer_translation,
    tree_lstm,
    word2vec,
)
from tests.small_data import OPINIONS, THINGS, write_reviews, write_sentiment_trees, write_topics

STATE, KEPT = "state", "kept-state"
PEOPLE = ["Anna", "Paul", "Maria", "Omar", "Chen", "Ivan"]
CITIES = ["Paris", "Rome", "Oslo", "Cairo", "Lima", "Kyoto"]
SMALL = {"embedding_dim": 8, "dropout": 0.0, "batch_size": 8, "epochs": 2}
TRANSLATORS = {"source": "en", "target": "es", "batch_size": 96, "vocabulary_size": 60, "epochs": 2, "warmup_steps": 2}
SIZES = {"hidden_dim": 8, "num_layers": 1, "num_heads": 2, "intermediate_dim": 16}
TINY_BERT = {"num_layers": 1, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 32, "max_sequence_length": 16}


def text_cnn_config(data):
    return text_cnn.Config(train_file=data / "reviews.csv", num_filters=4, clip_norm=0.5, **SMALL)


def bilstm_tagging_config(data):
    return bilstm_tagging.Config(train_file=data / "names.conll", hidden_dim=8, word_length=0, clip_norm=0.5, **SMALL)


def transformer_encoder_config(data):
    return transformer_encoder.Config(
        train_file=data / "reviews.csv", **SIZES, **{name: SMALL[name] for name in ("dropout", "batch_size", "epochs")}
    )


def bert_classification_config(data):
    return bert_classification.Config(
        train_file=data / "reviews.csv", pretrained=str(data / "encoder"), batch_size=8, epochs=2
    )


def seq2seq_config(data):
    return seq2seq.Config(train_file=data / "pairs.tsv", embedding_dim=8, hidden_dim=8, dropout=0.0, **TRANSLATORS)


def transformer_translation_config(data):
    # The gradient of the bias of attention keys is only rounding error, which Adam would amplify.
    return transformer_translation.Config(
        optimizer="momentum", train_file=data / "pairs.tsv", **SIZES, dropout=0.0, **TRANSLATORS
    )


def rnn_language_model_config(data):
    return rnn_language_model.Config(
        corpus=data / "topics.txt", hidden_dim=8, num_layers=1, segment_length=35, **{**SMALL, "epochs": 2}
    )


def word2vec_config(data):
    return word2vec.Config(corpus=data / "topics.txt", embedding_dim=8, epochs=2)


def bert_pretraining_config(data):
    BERT_SIZES["tiny"]["dropout"] = 0.0  # the recipe has no flag
    sizes = {"batch_size": 8, "max_sequence_length": 16, "vocabulary_size": 300}
    return bert_pretraining.Config(corpus=data / "documents.txt", epochs=2, epoch_steps=3, **sizes)


# Recipes whose models are trained by the same functions as those above; they are tried in one process only.
def bag_of_embeddings_alone(data):
    return bag_of_embeddings.Config(train_file=data / "reviews.csv", **SMALL)


def bert_question_answering_alone(data):
    sizes = {"batch_size": 8, "epochs": 1, "max_sequence_length": 100}
    return bert_question_answering.Config(
        train_file=data / "questions.json", pretrained=str(data / "long_encoder"), **sizes
    )


def bert_similarity_alone(data):
    return bert_similarity.Config(
        train_file=data / "stars.csv", pretrained=str(data / "encoder"), batch_size=8, epochs=1
    )


def bert_tagging_alone(data):
    return bert_tagging.Config(
        train_file=data / "names.conll", pretrained=str(data / "encoder"), batch_size=8, epochs=1
    )


def bilstm_alone(data):
    return bilstm.Config(train_file=data / "reviews.csv", hidden_dim=8, num_layers=1, **SMALL)


def glove_alone(data):
    return glove.Config(corpus=data / "topics.txt", embedding_dim=8, epochs=2)


def linear_alone(data):
    return linear.Config(train_file=data / "reviews.csv", batch_size=8, epochs=2)


def nnlm_alone(data):
    return nnlm.Config(corpus=data / "topics.txt", hidden_dim=8, **SMALL)


def transformer_language_model_alone(data):
    sizes = {"segment_length": 35, "batch_size": 8, "epochs": 1, "dropout": 0.0}
    return transformer_language_model.Config(corpus=data / "topics.txt", **SIZES, **sizes)


def tree_lstm_alone(data):
    return tree_lstm.Config(train_file=data / "sentiment.txt", embedding_dim=8, hidden_dim=8, batch_size=16, epochs=1)


CASES = {
    name.removesuffix("_config"): function for name, function in list(globals().items()) if name.endswith("_config")
}
ALL_CASES = CASES | {
    name.removesuffix("_alone"): function for name, function in list(globals().items()) if name.endswith("_alone")
}


def write_data(folder):
    """Write the small data of all cases."""
    folder.mkdir()
    write_reviews(folder)
    lines = write_topics(folder).read_text().splitlines()
    documents = ["\n".join(lines[start : start + 10]) for start in range(0, len(lines), 10)]
    (folder / "documents.txt").write_text("\n\n".join(documents * 2))
    sentences = [f"{person} B-PER\nlives O\nin O\n{city} B-LOC\n. O\n" for person in PEOPLE for city in CITIES]
    (folder / "names.conll").write_text("\n".join(sentences))
    random = np.random.default_rng(0)
    words = ["tea", "cup", "red", "now", "sun", "cat"]
    rows = [" ".join(random.choice(words, random.integers(1, 7))) for _ in range(90)]
    lines = [f"{row}\t{' '.join(reversed(row.split()))}" for row in dict.fromkeys(rows)]
    (folder / "pairs.tsv").write_text("\n".join(lines) + "\n")
    write_sentiment_trees(folder)
    stars = {"positive": 4.5, "negative": 1.0}
    rows = [f"{opinion} {thing},{stars[label]}" for opinion, label in OPINIONS for thing in THINGS]
    (folder / "stars.csv").write_text("\n".join(["text,label", *rows]))
    asked = [
        {"context": f"the {thing} is good", "qas": [{"id": thing, "question": "what is good", "answers": [answer]}]}
        for thing in THINGS
        for answer in [{"text": thing, "answer_start": 4}]
    ]
    (folder / "questions.json").write_text(json.dumps({"data": [{"title": "things", "paragraphs": asked * 3}]}))
    tokens = {word for opinion, _ in OPINIONS for word in opinion.lower().split()} | set(THINGS)
    vocabulary = WordPieceVocabulary([*WORDPIECE_SPECIAL, *sorted(tokens)])
    keras.utils.set_random_seed(1)
    model = sentence_encoder(vocabulary_size=len(vocabulary), dropout=0.0, **TINY_BERT)
    zoo.save(SentenceSimilarity(model, WordPiecePreprocessor(vocabulary, max_sequence_length=16)), folder / "encoder")
    model = sentence_encoder(vocabulary_size=len(vocabulary), **{**TINY_BERT, "max_sequence_length": 100})
    zoo.save(
        SentenceSimilarity(model, WordPiecePreprocessor(vocabulary, max_sequence_length=100)), folder / "long_encoder"
    )


def train(name, data, folder, **changes):
    """Run a recipe; keep the state of its last epoch, which has the weights before they are rounded."""
    config = ALL_CASES[name](data)
    for flag, value in {"output_dir": folder / name, **changes}.items():
        setattr(config, flag, value)
    module = sys.modules[type(config).__module__]
    remove = durable.remove_folder
    durable.remove_folder = lambda path: path.rename(path.with_name(KEPT))
    try:
        return module.main(config)
    except WorkerEnded as ended:
        return ended.metrics
    finally:
        durable.remove_folder = remove
        keras.backend.clear_session()


def last_state(folder):
    """Return the weights and the state of the optimizer after the last epoch of a run."""
    return load_file(next((folder / KEPT).glob("after-epoch-*")))


def main():
    """Train the cases that the arguments name, and print the seconds of each."""
    data, folder, devices, *names = sys.argv[1:]
    if "TF_CONFIG" in os.environ:
        changes = {"strategy": "multi_worker"}
    elif devices == "1":
        changes = {"strategy": "none"}
    else:
        cpu = tf.config.list_physical_devices("CPU")[0]
        logical = [tf.config.LogicalDeviceConfiguration() for _ in range(int(devices))]
        tf.config.set_logical_device_configuration(cpu, logical)
        changes = {"strategy": "mirrored"}
    for name in names:
        started = time.time()
        metrics = train(name, Path(data), Path(folder), **changes)
        print(json.dumps([name, round(time.time() - started), metrics["test_score"]]), flush=True)


if __name__ == "__main__":
    main()
