import numpy as np

from kerasnlp_zoo.layers import ReplaceToken


def test_the_vectors_of_one_token_are_replaced_row_by_row(random):
    inputs, replacement = random.normal(size=(3, 4, 2)), random.normal(size=(3, 2))
    token_ids = random.integers(2, 4, (3, 4))
    outputs = ReplaceToken(token_id=2)(inputs, token_ids, replacement)
    for row, place in np.ndindex(3, 4):
        expected = replacement[row] if token_ids[row, place] == 2 else inputs[row, place]
        np.testing.assert_allclose(outputs[row, place], expected, rtol=1e-6)
