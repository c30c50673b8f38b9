"""Builders of functional Keras models, one family per file. Importing this package registers all builders."""

from kerasnlp_zoo.models.bag_of_embeddings import bag_of_embeddings, fixed_window
from kerasnlp_zoo.models.bert import BERT_SIZES, bert, encoder_outputs
from kerasnlp_zoo.models.bert_heads import (
    bert_classifier,
    bert_masked_language_model,
    bert_pretrainer,
    bert_span_predictor,
    bert_token_classifier,
    sentence_encoder,
)
from kerasnlp_zoo.models.bilstm import bilstm, bilstm_tagger
from kerasnlp_zoo.models.bilstm_crf import bilstm_crf
from kerasnlp_zoo.models.builder import BUILDERS, build, builder
from kerasnlp_zoo.models.cooccurrence import positive_pointwise_mutual_information, truncated_svd
from kerasnlp_zoo.models.embedding_inputs import embed_words, get_word_vectors, set_word_vectors
from kerasnlp_zoo.models.glove import glove, glove_vectors
from kerasnlp_zoo.models.language_model_state import state_spec, with_state, zero_state
from kerasnlp_zoo.models.linear import (
    linear_svm,
    logistic_regression,
    multilayer_perceptron,
    perceptron,
    softmax_regression,
)
from kerasnlp_zoo.models.lora import enable_lora, merge_lora
from kerasnlp_zoo.models.ngram import NgramModel, ngram
from kerasnlp_zoo.models.ngram_counts import count_ngrams
from kerasnlp_zoo.models.ngram_language_model import ngram_keras_model, ngram_language_model
from kerasnlp_zoo.models.ngram_smoothing import SMOOTHINGS
from kerasnlp_zoo.models.nnlm import nnlm
from kerasnlp_zoo.models.rnn_language_model import rnn_language_model
from kerasnlp_zoo.models.seq2seq import seq2seq
from kerasnlp_zoo.models.seq2seq_steps import Seq2SeqSteps
from kerasnlp_zoo.models.text_cnn import text_cnn
from kerasnlp_zoo.models.text_cnn_tagger import text_cnn_crf, text_cnn_tagger
from kerasnlp_zoo.models.transformer import TRANSFORMER_SIZES, transformer
from kerasnlp_zoo.models.transformer_encoder import transformer_encoder
from kerasnlp_zoo.models.transformer_language_model import transformer_language_model
from kerasnlp_zoo.models.transformer_steps import TransformerSteps
from kerasnlp_zoo.models.transformer_tagger import transformer_crf, transformer_tagger
from kerasnlp_zoo.models.tree_lstm import tree_lstm, tree_lstm_pair
from kerasnlp_zoo.models.word2vec import cbow, skip_gram
from kerasnlp_zoo.models.word_embedding import word_embedding

__all__ = [
    "BERT_SIZES",
    "BUILDERS",
    "SMOOTHINGS",
    "TRANSFORMER_SIZES",
    "NgramModel",
    "Seq2SeqSteps",
    "TransformerSteps",
    "bag_of_embeddings",
    "bert",
    "bert_classifier",
    "bert_masked_language_model",
    "bert_pretrainer",
    "bert_span_predictor",
    "bert_token_classifier",
    "bilstm",
    "bilstm_crf",
    "bilstm_tagger",
    "build",
    "builder",
    "cbow",
    "count_ngrams",
    "embed_words",
    "enable_lora",
    "encoder_outputs",
    "fixed_window",
    "get_word_vectors",
    "glove",
    "glove_vectors",
    "linear_svm",
    "logistic_regression",
    "merge_lora",
    "multilayer_perceptron",
    "ngram",
    "ngram_keras_model",
    "ngram_language_model",
    "nnlm",
    "perceptron",
    "positive_pointwise_mutual_information",
    "rnn_language_model",
    "sentence_encoder",
    "seq2seq",
    "set_word_vectors",
    "skip_gram",
    "softmax_regression",
    "state_spec",
    "text_cnn",
    "text_cnn_crf",
    "text_cnn_tagger",
    "transformer",
    "transformer_crf",
    "transformer_encoder",
    "transformer_tagger",
    "transformer_language_model",
    "tree_lstm",
    "tree_lstm_pair",
    "truncated_svd",
    "with_state",
    "word_embedding",
    "zero_state",
]
