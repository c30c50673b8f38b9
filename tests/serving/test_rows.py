"""The answers to rows of a batch are those to the rows alone, whatever else is in the batch."""

import numpy as np
import pytest

from kerasnlp_zoo.serving.model_names import Source
from kerasnlp_zoo.serving.rows import can_share, own_part
from kerasnlp_zoo.serving.served_models import load_model
from kerasnlp_zoo.serving.tensors import Field
from tests.serving.fake_models import LISTS, WordModel
from tests.task_contracts import TASKS


def column(*texts):
    return {"text": np.array([text.encode() for text in texts], object)}


def test_padding_that_other_rows_need_is_removed():
    model = WordModel()
    together = model(column("a b c", "", "d e", "f"))
    for start, stop, texts in ((0, 1, ["a b c"]), (1, 2, [""]), (1, 3, ["", "d e"]), (3, 4, ["f"])):
        alone = model(column(*texts))
        for name, values in own_part(together, LISTS, start, stop).items():
            np.testing.assert_array_equal(values, alone[name])


def test_rows_are_not_shared_if_their_lengths_are_unknown():
    assert can_share(LISTS)
    assert can_share({"y": Field("float32", (None, 2))})
    assert not can_share({"y": Field("float32", (None, None))})


@pytest.mark.slow
@pytest.mark.parametrize("case", TASKS, ids=str)
def test_every_task_can_share_batches(case, tmp_path):
    case.task.export(tmp_path)
    signature = load_model(Source("model", str(tmp_path), is_saved_model=True)).signatures["serving_default"]
    assert can_share(signature.outputs)
    columns = dict(zip(case.task.preprocessor.inputs, case.task.columns(list(case.texts)), strict=True))
    kind = object if next(iter(signature.inputs.values())).dtype == "string" else "float32"
    arrays = {name: np.array(values, kind) for name, values in columns.items()}
    together = signature.compute(arrays)
    for row in range(len(case.texts)):
        alone = signature.compute({name: values[row : row + 1] for name, values in arrays.items()})
        for name, values in own_part(together, signature.outputs, row, row + 1).items():
            if name in case.task.ranked_outputs:  # the order of ties is undefined
                values, alone[name] = values[:, :1], alone[name][:, :1]
            if values.dtype.kind == "f":
                np.testing.assert_allclose(values, alone[name], rtol=1e-5, atol=1e-6)
            else:
                np.testing.assert_array_equal(values, alone[name])
