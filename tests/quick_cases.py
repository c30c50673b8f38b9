"""Which cases are tested quickly: one of each kind. All others are slow tests."""

import pytest

# The family of each module of models/ whose family has another name.
FAMILIES = {
    "bert_heads": "bert",
    "bilstm_crf": "bilstm",
    "glove": "word_embedding",
    "ngram_language_model": "rnn_language_model",
    "nnlm": "rnn_language_model",
    "transformer_encoder": "transformer",
    "transformer_language_model": "rnn_language_model",
    "transformer_tagger": "transformer",
    "word2vec": "word_embedding",
}


def one_of_each(cases, *keys):
    """Return pytest parameters: the first case with each value of a key is tested quickly, all others are slow tests.

    Args:
        cases: the cases.
        keys: functions of a case. A case is quick if one of them has a new value.
    """
    seen, parameters = set(), []
    for case in cases:
        values = {(number, key(case)) for number, key in enumerate(keys)}
        marks = [pytest.mark.slow] if values <= seen else []
        parameters.append(pytest.param(case, marks=marks, id=getattr(case, "__name__", str(case))))
        seen |= values
    return parameters


def first_is_quick(cases):
    """Return pytest parameters: the first case is tested quickly, all others are slow tests."""
    return one_of_each(cases, lambda case: None)
