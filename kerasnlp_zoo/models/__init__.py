"""Functional-API builders, one family per file; importing this package registers them all."""

from kerasnlp_zoo.models.bag_of_embeddings import bag_of_embeddings, fixed_window
from kerasnlp_zoo.models.builder import BUILDERS, build, builder
from kerasnlp_zoo.models.cooccurrence import positive_pointwise_mutual_information, truncated_svd
from kerasnlp_zoo.models.glove import glove, glove_vectors
from kerasnlp_zoo.models.linear import (
    linear_svm,
    logistic_regression,
    multilayer_perceptron,
    perceptron,
    softmax_regression,
)
from kerasnlp_zoo.models.text_cnn import text_cnn, text_cnn_tagger
from kerasnlp_zoo.models.word2vec import cbow, skip_gram
from kerasnlp_zoo.models.word_embedding import word_embedding
from kerasnlp_zoo.models.word_embeddings import embed_words, set_word_vectors

__all__ = [
    "BUILDERS",
    "bag_of_embeddings",
    "build",
    "builder",
    "cbow",
    "embed_words",
    "fixed_window",
    "glove",
    "glove_vectors",
    "linear_svm",
    "logistic_regression",
    "multilayer_perceptron",
    "perceptron",
    "positive_pointwise_mutual_information",
    "set_word_vectors",
    "skip_gram",
    "softmax_regression",
    "text_cnn",
    "text_cnn_tagger",
    "truncated_svd",
    "word_embedding",
]
