"""Taggers of words and characters: names, word segmentation and parts of speech, with and without a CRF."""

import keras
import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import bilstm_crf, bilstm_tagger
from kerasnlp_zoo.tag_schemes import num_repaired
from kerasnlp_zoo.tasks.export import check_export
from kerasnlp_zoo.tasks.span_tags import tags_for
from kerasnlp_zoo.tasks.token_classification import TokenClassification
from kerasnlp_zoo.text import TokenPreprocessor
from kerasnlp_zoo.training import WeightedMeanLoss, crf_loss, crf_metrics

WORDS = ["北京", "上海", "来", "了", "很", "好", "王小红", "iPhone14"]
TEXTS = ["王小红来北京了", "上海很好", "", "iPhone14很好，来了"]


def crf_task(labels, scheme, preprocessor):
    tags = tags_for(labels, scheme)
    model = bilstm_crf(
        preprocessor.vocabulary_size, len(tags), embedding_dim=8, hidden_dim=8, num_layers=1, tags=tags, dropout=0.0
    )
    for weight in model.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    return TokenClassification(model, preprocessor, tags)


def segmentation():
    return crf_task(["word"], "bmes", TokenPreprocessor.from_texts(TEXTS, "zh"))


def parts_of_speech(segmenter="spaces", **arguments):
    preprocessor = TokenPreprocessor.from_texts([" ".join(WORDS)], "zh", segmenter="spaces")
    preprocessor = preprocessor.changed(segmenter=segmenter, **arguments)
    size = preprocessor.vocabulary_size
    letters = preprocessor.character_vocabulary_size
    model = bilstm_tagger(
        size, 4, embedding_dim=8, hidden_dim=8, num_layers=1, character_vocabulary_size=letters, dropout=0.0
    )
    return TokenClassification(model, preprocessor, tags_for(["n", "v", "a"], "tokens"))


@pytest.mark.parametrize("scheme", ["iob2", "bmes", "bioes"])
def test_crf_tags_are_legal_and_their_probabilities_are_marginal(scheme):
    task = crf_task(["PER", "LOC"], scheme, TokenPreprocessor.from_texts(TEXTS, "zh"))
    for answer in task.predict(TEXTS):
        assert num_repaired(answer["tags"], scheme) == 0
    outputs = task.outputs(TEXTS)
    assert np.all((outputs["probabilities"] >= 0) & (outputs["probabilities"] <= 1.0001))
    assert outputs["count"].tolist() == [7, 4, 0, 6]


@pytest.mark.slow
def test_a_crf_tagger_learns_and_is_scored_by_spans():
    texts = ["王小红来了", "来了王小红很好", "北京很好", "王小红"]
    spans = [[(text.index("王"), text.index("王") + 3, "PER")] if "王" in text else [] for text in texts]
    task = crf_task(["PER"], "bmes", TokenPreprocessor.from_texts(texts, "zh"))
    task.model.compile(keras.optimizers.Adam(0.05), WeightedMeanLoss(crf_loss), weighted_metrics=crf_metrics())
    dataset = task.dataset(texts, spans, batch_size=3, training=True)  # 2 batches, two rows of padding
    history = task.model.fit(dataset, epochs=30, shuffle=False, verbose=0).history
    assert history["cross_entropy"][-1] < 0.1 * history["cross_entropy"][0]
    trained = TokenClassification(task.model, task.preprocessor, task.labels)
    assert trained.evaluate(texts, spans)["f1"] == 1.0


def test_given_tokens_are_not_split_and_each_has_its_part_of_speech():
    task = parts_of_speech()
    answer = task.predict([["王小红", "来", "unknown word"]])[0]
    assert answer["tokens"] == ["王小红", "来", "unknownword"]
    assert [entity["label"] for entity in answer["entities"]] == [tag for tag in answer["tags"] if tag != "O"]
    assert task.predict(["王小红 来 unknownword"])[0] == answer
    text, spans = "王小红 来", [(0, 3, "n"), (4, 5, "v")]
    tags, weights = list(task.dataset([text], [spans], batch_size=1))[0][1:]
    assert [task.labels[tag] for tag in tags[0].numpy()] == ["n", "v"]
    assert weights.numpy().tolist() == [[1.0, 1.0]]
    scores = task.evaluate([text], [spans])
    right = [tag == label for tag, (_, _, label) in zip(answer["tags"], spans, strict=False)]
    assert scores["accuracy"] == np.mean(right)


@pytest.mark.slow
def test_raw_text_is_segmented_in_the_graph(tmp_path):
    segmenter = segmentation()
    entry = zoo.save(segmenter, tmp_path / "segmentation")
    task = parts_of_speech(zoo.load(entry), word_length=3)
    for text, words, tagged in zip(TEXTS, segmenter.predict(TEXTS), task.predict(TEXTS), strict=True):
        starts = [0, *(entity["start"] for entity in words["entities"])] if text else []
        assert "".join(tagged["tokens"]) == text
        assert {sum(map(len, tagged["tokens"][:place])) for place in range(len(tagged["tokens"]))} >= set(starts)
        given = task.predict([tagged["tokens"]])[0]
        assert given["tags"] == tagged["tags"]
    assert check_export(task, task.export(tmp_path / "export"), TEXTS) <= 1e-5


def test_inconsistent_labels_are_refused():
    task = segmentation()
    with pytest.raises(InputError, match="No scheme has all of the letters B, I, M, S"):
        TokenClassification(task.model, task.preprocessor, ["O", "B-x", "M-x", "I-x", "S-x"])
    with pytest.raises(InputError, match="was built for the tags O, B-word"):
        TokenClassification(task.model, task.preprocessor, ["B-word", "O", "M-word", "E-word", "S-word"])
