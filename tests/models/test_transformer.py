import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.layers.positions import sinusoids
from kerasnlp_zoo.models import TRANSFORMER_SIZES, transformer

SMALL = {"vocabulary_size": 30, "hidden_dim": 8, "num_layers": 1, "num_heads": 2, "intermediate_dim": 16}


@pytest.mark.slow
def test_sizes_have_the_papers_number_of_parameters():
    def expected(width, intermediate, vocabulary=37_000, layers=6):
        attention = 4 * (width * width + width)
        feed_forward = 2 * width * intermediate + width + intermediate
        norm = 2 * width
        encoder, decoder = attention + feed_forward + 2 * norm, 2 * attention + feed_forward + 3 * norm
        return vocabulary * width + vocabulary + layers * (encoder + decoder)

    # Table 3 rounds them to 65 and 213 million, for some sizes with another vocabulary.
    for size, published in (("base", 65e6), ("big", 213e6)):
        count = transformer(vocabulary_size=37_000, **TRANSFORMER_SIZES[size]).count_params()
        assert count == expected(TRANSFORMER_SIZES[size]["hidden_dim"], TRANSFORMER_SIZES[size]["intermediate_dim"])
        assert count == pytest.approx(published, rel=0.04)


def test_source_target_and_logits_share_one_embedding_table():
    model = transformer(**SMALL)
    assert [weight.path for weight in model.weights if weight.shape[0] == 30] == [
        "token_embedding/embeddings",
        "logits/bias",
    ]


def test_the_model_equals_its_equations_around_the_blocks(random):
    model = transformer(**SMALL)
    source, target = random.integers(1, 30, (2, 5)), random.integers(1, 30, (2, 7))
    source[1, 3:] = 0
    table, bias = (np.asarray(model.get_weights()[place], "float64") for place in (0, -1))

    def read(ids):
        return (np.sqrt(8) * table[ids] + sinusoids(ids.shape[1], 8)).astype("float32")

    memory = model.get_layer("encoder_0")(read(source), mask=source != 0)
    hidden = np.asarray(model.get_layer("decoder_0")(read(target), memory, memory_mask=source != 0))
    found = model({"source_ids": source.astype("int32"), "target_ids": target.astype("int32")})
    np.testing.assert_allclose(found, hidden @ table.T + bias, atol=1e-4)


def test_later_target_tokens_do_not_change_the_logits(random):
    model = transformer(**SMALL)
    source, target = random.integers(1, 30, (2, 2, 6)).astype("int32")
    changed = np.append(target[:, :4], random.integers(1, 30, (2, 2)), axis=1).astype("int32")
    before, after = (model({"source_ids": source, "target_ids": ids})[:, :4] for ids in (target, changed))
    np.testing.assert_allclose(before, after, atol=1e-6)


def test_a_width_that_cannot_be_split_into_heads_is_refused():
    with pytest.raises(InputError, match="multiple of the number of heads. Otherwise give key_dim and value_dim"):
        transformer(**{**SMALL, "num_heads": 3})
