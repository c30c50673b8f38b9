"""The families of models in transformers that are converted: names of their config, classes and weights.

"Their" names are the names in transformers. Its dense layers store the kernel transposed, and its attention has
separate weights for queries, keys and values.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping

from kerasnlp_zoo.types import Config

EMBEDDING = {"embeddings": "weight"}
DENSE = {"kernel": "weight", "bias": "bias"}
NORM = {"gamma": "weight", "beta": "bias"}
BIAS = {"bias": "bias"}


@dataclasses.dataclass(frozen=True)
class Layer:
    """One of our layers, and their layers with the same weights.

    Attributes:
        ours: path of our layer.
        variables: name of each of our variables -> name of theirs.
        theirs: their layers; the weights of several are concatenated along the last axis.
    """

    ours: str
    variables: Mapping[str, str]
    theirs: tuple[str, ...]

    def names(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the path of each of our variables, and their names of it."""
        for our_name, their_name in self.variables.items():
            yield f"{self.ours}/{our_name}", tuple(f"{layer}.{their_name}" for layer in self.theirs)


@dataclasses.dataclass(frozen=True)
class Family:
    """A family of models in transformers.

    Attributes:
        model_type: its name in config.json.
        arguments: argument of the builder `bert` -> their name in config.json.
        activation: their name of the activation in config.json.
        other_dropouts: their names of dropouts that have the same rate as `dropout` here.
        fixed: arguments of the builder `bert` that their config does not contain.
        classes: builder -> their class.
        pooling: the pooling of their classifier of texts.
        tokenizers: their classes of tokenizers.
        base_modules: first parts of the names of weights in a file without a head. With a head, the name of the
            family precedes them.
        embeddings: the layers before the blocks.
        block: number of a block -> its layers.
        heads: name of a head -> its layers.
        copies: weights that some files have twice -> the name of the original. Ours are one variable.
    """

    model_type: str
    arguments: Mapping[str, str]
    activation: str
    other_dropouts: tuple[str, ...]
    fixed: Config
    classes: Mapping[str, str]
    pooling: str
    tokenizers: tuple[str, ...]
    base_modules: tuple[str, ...]
    embeddings: tuple[Layer, ...]
    block: Callable[[int], tuple[Layer, ...]]
    heads: Mapping[str, tuple[Layer, ...]]
    copies: Mapping[str, str]


def _layer(ours: str, variables: Mapping[str, str], *theirs: str) -> Layer:
    return Layer(ours, variables, theirs)


def _bert_block(number: int) -> tuple[Layer, ...]:
    theirs = f"bert.encoder.layer.{number}"
    attention = [f"{theirs}.attention.self.{name}" for name in ("query", "key", "value")]
    return (
        _layer(f"layer_{number}/attention/query_key_value", DENSE, *attention),
        _layer(f"layer_{number}/attention/output", DENSE, f"{theirs}.attention.output.dense"),
        _layer(f"layer_{number}/attention_norm", NORM, f"{theirs}.attention.output.LayerNorm"),
        _layer(f"layer_{number}/intermediate", DENSE, f"{theirs}.intermediate.dense"),
        _layer(f"layer_{number}/output", DENSE, f"{theirs}.output.dense"),
        _layer(f"layer_{number}/output_norm", NORM, f"{theirs}.output.LayerNorm"),
    )


def _distilbert_block(number: int) -> tuple[Layer, ...]:
    theirs = f"distilbert.transformer.layer.{number}"
    attention = [f"{theirs}.attention.{name}_lin" for name in ("q", "k", "v")]
    return (
        _layer(f"layer_{number}/attention/query_key_value", DENSE, *attention),
        _layer(f"layer_{number}/attention/output", DENSE, f"{theirs}.attention.out_lin"),
        _layer(f"layer_{number}/attention_norm", NORM, f"{theirs}.sa_layer_norm"),
        _layer(f"layer_{number}/intermediate", DENSE, f"{theirs}.ffn.lin1"),
        _layer(f"layer_{number}/output", DENSE, f"{theirs}.ffn.lin2"),
        _layer(f"layer_{number}/output_norm", NORM, f"{theirs}.output_layer_norm"),
    )


BERT = Family(
    model_type="bert",
    arguments={
        "vocabulary_size": "vocab_size",
        "hidden_dim": "hidden_size",
        "num_layers": "num_hidden_layers",
        "num_heads": "num_attention_heads",
        "intermediate_dim": "intermediate_size",
        "max_sequence_length": "max_position_embeddings",
        "num_segments": "type_vocab_size",
        "dropout": "hidden_dropout_prob",
        "layer_norm_epsilon": "layer_norm_eps",
    },
    activation="hidden_act",
    other_dropouts=("attention_probs_dropout_prob",),
    fixed={},
    classes={
        "bert": "BertModel",
        "sentence_encoder": "BertModel",
        "bert_masked_language_model": "BertForMaskedLM",
        "bert_pretrainer": "BertForPreTraining",
        "bert_classifier": "BertForSequenceClassification",
        "bert_token_classifier": "BertForTokenClassification",
        "bert_span_predictor": "BertForQuestionAnswering",
    },
    pooling="pooled_output",
    tokenizers=("BertTokenizer", "BertTokenizerFast"),
    base_modules=("embeddings", "encoder", "pooler"),
    embeddings=(
        _layer("token_embedding", EMBEDDING, "bert.embeddings.word_embeddings"),
        _layer("segment_embedding", EMBEDDING, "bert.embeddings.token_type_embeddings"),
        _layer("position_embedding", EMBEDDING, "bert.embeddings.position_embeddings"),
        _layer("embedding_norm", NORM, "bert.embeddings.LayerNorm"),
    ),
    block=_bert_block,
    heads={
        "pooler": (_layer("pooler", DENSE, "bert.pooler.dense"),),
        "masked words": (
            _layer("mlm_transform", DENSE, "cls.predictions.transform.dense"),
            _layer("mlm_norm", NORM, "cls.predictions.transform.LayerNorm"),
            _layer("mlm_logits", BIAS, "cls.predictions"),
        ),
        "next sentence": (_layer("nsp_logits", DENSE, "cls.seq_relationship"),),
        "labels": (_layer("logits", DENSE, "classifier"),),
        "span": (_layer("logits", DENSE, "qa_outputs"),),
    },
    copies={
        "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
        "cls.predictions.decoder.bias": "cls.predictions.bias",
    },
)
# BERT without segments and without a pooler; its classifier has another dense layer in its place.
DISTILBERT = Family(
    model_type="distilbert",
    arguments={
        "vocabulary_size": "vocab_size",
        "hidden_dim": "dim",
        "num_layers": "n_layers",
        "num_heads": "n_heads",
        "intermediate_dim": "hidden_dim",
        "max_sequence_length": "max_position_embeddings",
        "dropout": "dropout",
    },
    activation="activation",
    other_dropouts=("attention_dropout", "qa_dropout", "seq_classif_dropout"),
    fixed={"num_segments": None, "layer_norm_epsilon": 1e-12},
    classes={
        "sentence_encoder": "DistilBertModel",
        "bert_masked_language_model": "DistilBertForMaskedLM",
        "bert_classifier": "DistilBertForSequenceClassification",
        "bert_token_classifier": "DistilBertForTokenClassification",
        "bert_span_predictor": "DistilBertForQuestionAnswering",
    },
    pooling="pooled_relu",
    tokenizers=("DistilBertTokenizer", "DistilBertTokenizerFast", "BertTokenizer", "BertTokenizerFast"),
    base_modules=("embeddings", "transformer"),
    embeddings=(
        _layer("token_embedding", EMBEDDING, "distilbert.embeddings.word_embeddings"),
        _layer("position_embedding", EMBEDDING, "distilbert.embeddings.position_embeddings"),
        _layer("embedding_norm", NORM, "distilbert.embeddings.LayerNorm"),
    ),
    block=_distilbert_block,
    heads={
        "pooler": (_layer("pooler", DENSE, "pre_classifier"),),
        "masked words": (
            _layer("mlm_transform", DENSE, "vocab_transform"),
            _layer("mlm_norm", NORM, "vocab_layer_norm"),
            _layer("mlm_logits", BIAS, "vocab_projector"),
        ),
        "labels": (_layer("logits", DENSE, "classifier"),),
        "span": (_layer("logits", DENSE, "qa_outputs"),),
    },
    copies={"vocab_projector.weight": "distilbert.embeddings.word_embeddings.weight"},
)
FAMILIES = {family.model_type: family for family in (BERT, DISTILBERT)}


def family_of(arguments: Mapping[str, object]) -> Family:
    """Return the family of a model with these arguments of the builder `bert`."""
    return DISTILBERT if arguments.get("num_segments", 2) is None else BERT
