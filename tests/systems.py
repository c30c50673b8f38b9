"""The systems of the source documents, and what this package has for each of them: the table of docs/systems.md.

The names in the cells are read from the code. `python -m tests.systems` writes the page. test_systems.py fails if a
cell is empty without a reason, or the page differs from the code.
"""

import ast
import dataclasses
import functools
import importlib
import inspect
import re
from pathlib import Path
from typing import get_type_hints

from kerasnlp_zoo import layers, models, training, zoo
from tests.contracts import BUILDERS

TREE = Path(__file__).parents[1]
PAGE = TREE / "docs" / "systems.md"
COLUMNS = ("layers", "builder", "pipeline", "recipe", "strategies", "fit", "SavedModel", "entry")
HEAD = """# The systems of the source documents

Each row is a system that the source documents describe, and what this package has for it. A cell without a name has the
reason. The tests compare this page with the code.

- layers: layers of this package in the models of the builder, with all options; the others are those of Keras.
- pipeline: functions that return a `tf.data.Dataset`; `Task.dataset` is the one of the task.
- strategies: the flag that trains several replicas. fit: how the recipe calls `model.fit`.
- SavedModel: the function that exports the model and compares its answers with `predict`.
"""


@dataclasses.dataclass(frozen=True)
class System:
    """A system of the documents.

    Args:
        name: the name in the table.
        builder: registered name of its builder, or None.
        recipe: name of its recipe.
        flags: flags of the recipe that select it.
        model: value of --model that selects it, if the builder of its entries is `word_embedding`.
        arguments: arguments of the builder that its entries have.
        reasons: reason for each empty cell, by column.
    """

    name: str
    builder: str | None
    recipe: str
    flags: str = ""
    model: str | None = None
    arguments: dict = dataclasses.field(default_factory=dict)
    reasons: dict = dataclasses.field(default_factory=dict)


ONE_IS_ENOUGH = {"entry": "`softmax_regression_movie_reviews_en` is the entry of the linear models"}
UNTRAINED = {"strategies": "nothing is trained", "fit": "nothing is trained", "pipeline": "counts, not batches"}
EXPERIMENT = {"strategies": "a small experiment", "SavedModel": "an experiment", "entry": "an experiment"}
WITH_OTHER_ENCODER = {"entry": "the taggers with an entry have a BiLSTM"}
WITH_CRF = {"entry": "the entries of BiLSTM-CRF have its layers and a CRF"}
DOWNLOAD = {"entry": "starts from an encoder to download, see [BERT](families/bert.md)"}

SYSTEMS = [
    System("perceptron", "perceptron", "linear", "--model perceptron", reasons=ONE_IS_ENOUGH),
    System(
        "logistic regression",
        "logistic_regression",
        "linear",
        "--model logistic_regression",
        reasons=ONE_IS_ENOUGH,
    ),
    System("softmax regression", "softmax_regression", "linear"),
    System("linear SVM", "linear_svm", "linear", "--model linear_svm", reasons=ONE_IS_ENOUGH),
    System(
        "multilayer perceptron",
        "multilayer_perceptron",
        "linear",
        "--model multilayer_perceptron",
        reasons=ONE_IS_ENOUGH,
    ),
    System(
        "linear models of numbers",
        "logistic_regression",
        "linear_features",
        reasons={"entry": "its examples are trained in seconds"},
    ),
    System(
        "exclusive or",
        "multilayer_perceptron",
        "linear_xor",
        reasons={"pipeline": "four texts are one batch", **EXPERIMENT},
    ),
    System(
        "co-occurrence vectors",
        "word_embedding",
        "cooccurrence",
        reasons=UNTRAINED,
    ),
    System("skip-gram", "skip_gram", "word2vec", model="skip_gram"),
    System("CBOW", "cbow", "word2vec", "--model cbow", model="cbow"),
    System(
        "GloVe",
        "glove",
        "glove",
        reasons={"layers": "embeddings of Keras", "entry": "`skip_gram_mixed_en` has English word vectors"},
    ),
    System(
        "n-gram language model",
        "ngram_language_model",
        "ngram",
        reasons=UNTRAINED,
    ),
    System("neural language model", "nnlm", "nnlm"),
    System("recurrent language model", "rnn_language_model", "rnn_language_model"),
    System("causal Transformer language model", "transformer_language_model", "transformer_language_model"),
    System(
        "memory of RNN, GRU and LSTM",
        "bilstm_tagger",
        "copy_task",
        reasons={"pipeline": "random symbols, new in each step", **EXPERIMENT},
    ),
    System("bag of embeddings", "bag_of_embeddings", "bag_of_embeddings"),
    System("fixed window", "fixed_window", "bag_of_embeddings", "--model fixed_window"),
    System("TextCNN", "text_cnn", "text_cnn"),
    System("RNN, GRU and LSTM, also bidirectional and stacked", "bilstm", "bilstm"),
    System(
        "CNN before RNN",
        "bilstm",
        "bilstm",
        "--filter-width 3",
        arguments={"filter_width": 3},
        reasons={"entry": "`bilstm_imdb_en` without the convolution"},
    ),
    System(
        "CNN tagger",
        "text_cnn_tagger",
        "bilstm_tagging",
        "--model cnn --head softmax",
        reasons={"entry": "a baseline for the BiLSTM tagger"},
    ),
    System(
        "CNN-CRF",
        "text_cnn_crf",
        "bilstm_tagging",
        "--model cnn",
        reasons={"entry": "a baseline for the BiLSTM-CRF"},
    ),
    System("BiLSTM tagger", "bilstm_tagger", "bilstm_tagging", "--head softmax", reasons=WITH_CRF),
    System("BiLSTM-CRF", "bilstm_crf", "bilstm_tagging"),
    System(
        "Tree-LSTM of a sentence",
        "tree_lstm",
        "tree_lstm",
        "--train-file",
        reasons={"entry": "`tree_lstm_snli_en` has its layers"},
    ),
    System("Tree-LSTM of two sentences", "tree_lstm_pair", "tree_lstm"),
    System("encoder-decoder with attention", "seq2seq", "seq2seq"),
    System("Transformer", "transformer", "transformer_translation"),
    System("Transformer encoder", "transformer_encoder", "transformer_encoder"),
    System(
        "Transformer tagger",
        "transformer_tagger",
        "bilstm_tagging",
        "--model transformer --head softmax",
        reasons=WITH_OTHER_ENCODER,
    ),
    System(
        "Transformer tagger with CRF",
        "transformer_crf",
        "bilstm_tagging",
        "--model transformer",
        reasons=WITH_OTHER_ENCODER,
    ),
    System("BERT, pretraining", "bert_pretrainer", "bert_pretraining"),
    System("BERT, sentences and pairs", "bert_classifier", "bert_classification"),
    System("BERT, tokens", "bert_token_classifier", "bert_tagging", reasons=DOWNLOAD),
    System("BERT, questions", "bert_span_predictor", "bert_question_answering", reasons=DOWNLOAD),
    System("BERT, sentence vectors", "sentence_encoder", "bert_similarity", reasons=DOWNLOAD),
]
# Builders without a row -> where they are used.
PARTS = {"bert": "the encoder of the heads", "bert_masked_language_model": "a part of bert_pretrainer"}


def cells(system):
    """Return the text of every cell; "" for an empty one."""
    source = recipe_source(system.recipe)
    helpers = [name for name in training.__all__ if re.search(rf"\b{name}\(", source) and is_function(name)]
    code = source + "".join(inspect.getsource(getattr(training, name)) for name in helpers)
    saving = [name for name in helpers if name.startswith(("finish", "train", "save")) and saves_task(name)]
    strategy = get_type_hints(recipe(system.recipe).Config, include_extras=True)["strategy"]
    fits = re.findall(r"\b(?:run\.fit|run\.train|model\.fit)(?=\()", code)
    return {
        "layers": listed(layers_of(system.builder)),
        "builder": listed([system.builder] if system.builder in models.BUILDERS else []),
        "pipeline": listed(sorted(name for word, name in pipelines().items() if re.search(rf"\b{word}\(", code))),
        "recipe": f"[`{' '.join([system.recipe, system.flags]).strip()}`](../recipes/{system.recipe}.py)",
        # A suppressed flag has metadata.
        "strategies": "`--strategy`" if fits and not hasattr(strategy, "__metadata__") else "",
        "fit": listed(dict.fromkeys(fits)),
        "SavedModel": listed(saving),
        "entry": listed(entries_of(system)),
    }


def is_function(name):
    return inspect.isfunction(getattr(training, name))


def saves_task(name):
    source = inspect.getsource(inspect.getmodule(getattr(training, name)))
    return re.search(r"\b(save_task|finish_classification)\(", source) is not None


def listed(names):
    return ", ".join(f"`{name}`" for name in names)


def recipe(name):
    return importlib.import_module(f"recipes.{name}")


def recipe_source(name):
    return (TREE / "recipes" / f"{name}.py").read_text("utf-8")


@functools.cache
def layers_of(builder):
    """Return the layers of this package that the models of a builder have, in all its cases of the contracts."""
    if builder is None:
        return []
    built = [models.BUILDERS[builder](**case.arguments) for case in BUILDERS if case.builder == builder]
    names = {type(layer).__name__ for model in built for layer in model.layers}
    return sorted(name for name in names if name in layers.__all__)


@functools.cache
def pipelines():
    """Return the names of what returns a `tf.data.Dataset`: functions and classes of `text`, and `Task.dataset`."""
    found = {r"(run\.fit|task\.dataset)": "Task.dataset"}
    for path in (TREE / "kerasnlp_zoo" / "text").glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                functions = [node, *node.body] if isinstance(node, ast.ClassDef) else [node]
                if any(ast.unparse(getattr(f, "returns", None) or f) == "tf.data.Dataset" for f in functions):
                    found[node.name] = node.name
    return found


@functools.cache
def summaries():
    folders = {path.parent.name for path in (TREE / "saved_models").glob("*/config.json")}
    return [zoo.read_config(name) for name in sorted(folders)]


def entries_of(system):
    """Return the entries that the recipe trained with this builder, or with this --model as word vectors."""
    return [
        config["name"]
        for config in summaries()
        if config.get("command", "").split()[2:3] == [system.recipe]
        and (config["builder"] == system.builder if system.model is None else model_of(config) == system.model)
        and all(config["builder_arguments"].get(name) == value for name, value in system.arguments.items())
    ]


def model_of(config):
    """Return the value of --model in the command of an entry, or its default."""
    words = config["command"].split()
    name = words[2]
    return words[words.index("--model") + 1] if "--model" in words else recipe(name).Config().model


def page():
    """Return the content of docs/systems.md."""
    lines = [HEAD, "| system | " + " | ".join(COLUMNS) + " |", "|" + "---|" * (len(COLUMNS) + 1)]
    for system in SYSTEMS:
        found = cells(system)
        row = [found[column] or system.reasons.get(column, "") for column in COLUMNS]
        lines.append("| " + " | ".join([system.name, *row]) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
