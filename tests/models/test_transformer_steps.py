import numpy as np
import pytest
import tensorflow as tf

from kerasnlp_zoo.decoding import generate, greedy
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import TransformerSteps, transformer
from kerasnlp_zoo.models.quantization import quantize_model
from tests.quick_cases import first_is_quick
from tests.translators import END, SOURCE, START, check_beams, check_step_by_step, with_large_weights

SMALL = {"vocabulary_size": 12, "hidden_dim": 8, "num_layers": 2, "num_heads": 2, "intermediate_dim": 16}


def model(**arguments):
    # Without normalisation, logits grow too large for a float32 difference of 1e-5.
    size = 0.7 if arguments.get("layer_norm", True) else 0.3
    return with_large_weights(transformer(**{**SMALL, "max_sequence_length": 16, **arguments}), size)


@pytest.mark.parametrize(
    "arguments",
    first_is_quick(
        [
            {"score_mode": "additive", "key_dim": 3, "value_dim": 5, "shared_key_value": True},
            {},
            {"norm_first": True, "positions": "learned"},
            {"positions": None},
            {"residual": False, "layer_norm": False},
        ]
    ),
)
def test_decoding_step_by_step_equals_the_complete_target(arguments, random):
    built = model(**arguments)
    check_step_by_step(built, TransformerSteps(built), random.integers(4, 12, (3, 9)).astype("int32"))


def test_a_quantized_model_decodes_step_by_step(random):
    built = model()
    quantize_model(built)
    check_step_by_step(built, TransformerSteps(built), random.integers(4, 12, (3, 9)).astype("int32"))


def translated_by_the_complete_model(built, max_length):
    """Greedy decoding that computes the complete sequence again for each token."""
    target = np.full((len(SOURCE), 1), START, "int32")
    has_ended = np.zeros(len(SOURCE), bool)
    for _ in range(max_length):
        following = np.argmax(built({"source_ids": SOURCE, "target_ids": target})[:, -1], axis=-1)
        has_ended |= following == END
        target = np.concatenate([target, np.where(has_ended, 0, following)[:, None]], axis=1)
    return target[:, 1:]


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_greedy_decoding_with_a_cache_equals_decoding_without_one(jit):
    built = model()
    steps = TransformerSteps(built)

    @tf.function(jit_compile=jit, input_signature=[tf.TensorSpec([None, None], "int32")])
    def translate(source):
        state = steps.start(source, 1, 10)
        return generate(steps.step, state, tf.fill([tf.shape(source)[0]], START), greedy, 10, END)

    expected = translated_by_the_complete_model(built, 10)
    np.testing.assert_array_equal(translate(tf.constant(SOURCE)), expected)
    np.testing.assert_array_equal(translate(tf.constant(SOURCE[:1])), expected[:1])


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_beams_have_the_scores_of_the_complete_model(jit):
    built = model()
    check_beams(built, TransformerSteps(built), jit)


def test_source_padding_does_not_change_the_logits():
    steps = TransformerSteps(model())
    longer = np.pad(SOURCE, [(0, 0), (0, 5)])
    states = [steps.start(tf.constant(source), 2, 4) for source in (SOURCE, longer)]
    logits = [steps.step(state, tf.fill([6], START))[0] for state in states]
    np.testing.assert_allclose(*logits, atol=1e-5)


def test_sinusoids_decode_more_tokens_than_their_table_has(random):
    built = model(max_sequence_length=4)
    check_step_by_step(built, TransformerSteps(built), random.integers(4, 12, (3, 9)).astype("int32"))
    longer = model(max_sequence_length=16)
    longer.set_weights(built.get_weights())
    inputs = {"source_ids": random.integers(4, 12, (2, 9)), "target_ids": random.integers(4, 12, (2, 11))}
    np.testing.assert_allclose(built(inputs), longer(inputs), atol=1e-4)


def test_more_tokens_than_learned_positions_are_refused():
    with pytest.raises(InputError, match="has vectors for 16 positions. Received: 17 tokens"):
        TransformerSteps(model(positions="learned")).start(tf.constant(SOURCE), 1, 17)
    TransformerSteps(model(positions=None)).start(tf.constant(SOURCE), 1, 17)
