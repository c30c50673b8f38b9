import keras
import numpy as np
import pytest

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.models import bilstm_tagger
from kerasnlp_zoo.tasks.span_tags import tags_for
from kerasnlp_zoo.tasks.token_classification import TokenClassification, spans_in_words
from kerasnlp_zoo.tasks.word_spans import checked_spans
from kerasnlp_zoo.text import TokenPreprocessor
from kerasnlp_zoo.training import WeightedMeanLoss, cross_entropy
from tests.small_tasks import token_classification


def tags_of_dataset(task, text, spans):
    inputs, tags, weights = next(iter(task.dataset([text], [spans], batch_size=1)))
    pieces = [task.preprocessor.vocabulary.tokens[place] for place in inputs["token_ids"][0].numpy()]
    names = [task.labels[place] for place in tags[0].numpy()]
    return list(zip(pieces, names, weights[0].numpy().tolist(), strict=True))


def test_words_are_tagged_at_their_first_piece():
    spans = [(0, 12, "THING"), (17, 21, "VIEW")]
    assert tags_of_dataset(token_classification(), "The gripping is dull .", [spans[0], (16, 20, "VIEW")]) == [
        ("[CLS]", "O", 0.0),
        ("the", "B-THING", 1.0),
        ("grip", "I-THING", 1.0),
        ("##ping", "O", 0.0),
        ("is", "O", 1.0),
        ("dull", "B-VIEW", 1.0),
        (".", "O", 1.0),
        ("[SEP]", "O", 0.0),
    ]


def test_spans_in_truncated_text_are_dropped():
    task = token_classification()
    text = "film " * 200
    tags = tags_of_dataset(task, text, [(0, 4, "THING"), (995, 999, "THING")])
    assert len(tags) == 80
    assert [name for _, name, _ in tags if name != "O"] == ["B-THING"]


def test_entities_are_substrings_of_the_original_text():
    task = token_classification()
    text = "  The ＣＡＦÉ is dull,too long 👍🏽."
    answer = task.predict([text])[0]
    assert "".join(answer["tokens"]).replace(" ", "") == text.replace(" ", "")
    for entity in answer["entities"]:
        assert text[entity["start"] : entity["end"]] == entity["text"]
    assert len(answer["tags"]) == len(answer["tokens"])


@pytest.mark.parametrize(
    ("tags", "found", "shown"),
    [
        (["O", "B-PER", "I-PER"], ["B-PER", "O", "B-PER"], "Anna (PER), Ben (PER)"),
        (["O", "B-word", "I-word"], ["B-word"] * 3, "Anna saw Ben"),
        (["O", "NR", "VV"], ["NR", "VV", "NR"], "Anna/NR saw/VV Ben/NR"),
        (["O", "B-PER", "I-PER"], ["O"] * 3, "nothing found"),
    ],
)
def test_answers_are_printed_in_the_usual_form_of_their_kind(tags, found, shown):
    preprocessor = TokenPreprocessor.from_texts(["Anna saw Ben"], min_count=1)
    model = bilstm_tagger(preprocessor.vocabulary_size, num_classes=3, embedding_dim=4, hidden_dim=4, num_layers=1)
    task = TokenClassification(model, preprocessor, tags)
    places = {"starts": np.array([0, 5, 9]), "ends": np.array([4, 8, 12]), "probabilities": np.ones(3)}
    row = {"count": 3, "tags": [tag.encode() for tag in found], **places}
    assert task.readable(task.to_python(row, "Anna saw Ben")) == shown


@pytest.mark.slow
def test_parts_of_speech_are_scored_on_given_words_and_in_raw_text():
    preprocessor = TokenPreprocessor.from_texts(["annasaw ben", "anna saw ben"], min_count=1)
    model = bilstm_tagger(preprocessor.vocabulary_size, num_classes=3, embedding_dim=4, hidden_dim=4, num_layers=1)
    model.get_layer("logits").bias.assign([0.0, 9.0, 0.0])  # every word is an NR
    task = TokenClassification(model, preprocessor, ["O", "NR", "VV"])
    spans = [[(0, 4, "NR"), (4, 7, "VV"), (8, 11, "NR")]]
    scores = task.evaluate(["annasaw ben"], spans)
    assert scores["accuracy"] == pytest.approx(2 / 3)
    assert scores["of_raw_text"]["accuracy"] == pytest.approx(1 / 3)  # "annasaw" is one word there
    assert "of_raw_text" not in task.for_given_tokens.evaluate(["annasaw ben"], spans)
    assert (scores["metric"], scores["score"]) == ("accuracy", 100 * scores["accuracy"])
    assert "score" not in scores["of_raw_text"]
    with pytest.raises(InputError, match="a list of spans for each. Received: 1 texts and 0 references"):
        task.evaluate(["annasaw ben"], [])


@pytest.mark.parametrize(
    ("language", "spans", "metric"),
    [
        ("zh", [(0, 1, "NAME"), (1, 3, "NAME")], "unlabelled_f1"),
        ("zh", [(0, 1, "NAME")], "f1"),
        ("en", [(0, 1, "NAME"), (1, 3, "NAME")], "f1"),
    ],
)
def test_chinese_words_are_scored_as_a_segmentation(language, spans, metric):
    preprocessor = TokenPreprocessor.from_texts(["他来了"], language=language, min_count=1)
    tags = tags_for(["NAME"], "bmes")
    model = bilstm_tagger(preprocessor.vocabulary_size, len(tags), embedding_dim=4, hidden_dim=4, num_layers=1)
    scores = TokenClassification(model, preprocessor, tags).evaluate(["他来了"], [spans])
    assert (scores["metric"], scores["score"]) == (metric, 100 * scores[metric])


@pytest.mark.slow
def test_a_tagger_learns_and_is_scored_by_spans():
    task = token_classification()
    texts = ["the film is dull .", "a story is fine .", "the actor is long .", "the story is dull ."]
    spans = [[(text.index(" ") + 1, text.index(" is"), "THING")] for text in texts]
    task.model.compile(keras.optimizers.Adam(0.02), WeightedMeanLoss(cross_entropy))
    task.model.fit(task.dataset(texts, spans, batch_size=4, training=True), epochs=30, shuffle=False, verbose=0)
    scores = type(task)(task.model, task.preprocessor, task.labels).evaluate(texts, spans)
    assert (scores["f1"], scores["num_references"]) == (1.0, 4)


@pytest.mark.parametrize("scheme", ["iob2", "bmes", "bioes"])
def test_the_scheme_is_inferred_from_the_tags(scheme):
    task = token_classification()
    labels = tags_for(["THING"], scheme)
    assert labels[0] == "O"
    task.labels = labels
    assert task.scheme == scheme


def test_spans_in_words_keeps_words_that_begin_inside():
    starts = np.array([0, 4, 9, 12])
    assert [tuple(span) for span in spans_in_words([(0, 8, "A"), (5, 8, "B"), (9, 20, "C")], starts)] == [
        (0, 2, "A"),
        (2, 4, "C"),
    ]


def test_bad_spans_are_refused():
    task = token_classification()
    with pytest.raises(InputError, match="text 0 has the label 'CITY', which is unknown"):
        task.dataset(["a film"], [[(0, 1, "CITY")]])
    with pytest.raises(InputError, match="a list of spans for each text. Received: 1 for 2 texts"):
        task.dataset(["a film", "a story"], [[]])


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 1, "CITY")], "text 0 has the label 'CITY', which is unknown. Expected one of the labels of the model"),
        ([(0, 99, "THING")], "text 0: the span .* is not within its text of 6 characters"),
        ([(3, 3, "THING")], "text 0: the span .* is not within its text"),
        ([{"from": 0, "to": 1, "label": "THING"}], "text 0: .* is not a span. Expected"),
        ([("THING", 0, 1)], "text 0: .* is not a span. Expected"),
        (["THING"], "text 0: 'THING' is not a span. Expected"),
        ([(0, 3, "THING"), (2, 4, "VIEW")], "text 0: two spans overlap"),
    ],
)
def test_evaluate_and_dataset_refuse_spans_that_cannot_be_found(spans, expected):
    task = token_classification()
    for use in (task.evaluate, task.dataset):
        with pytest.raises(InputError, match=expected):
            use(["a film"], [spans])


def test_answers_tuples_and_blanks_at_the_edges_are_accepted_as_references():
    task = token_classification()
    entities = task.predict(["a film"])[0]["entities"]
    assert task.evaluate(["a film"], [entities])["f1"] == float(bool(entities))
    spans = [(2, 6, "THING")], [{"start": 1, "end": 6, "label": "THING"}], [[2, 6, "THING"]]
    assert len({str(checked_spans(["a film"], [own])) for own in spans}) == 1


def test_the_label_o_is_a_label_like_the_others():
    tags = tags_for(["N", "O"], "tokens")
    preprocessor = TokenPreprocessor.from_texts(["it rains"], segmenter="spaces")
    model = bilstm_tagger(preprocessor.vocabulary_size, len(tags), hidden_dim=4, embedding_dim=4)
    task = TokenClassification(model, preprocessor, tags)
    assert (task.outside, task.span_labels) == ("_", ["N", "O"])
    spans = [(0, 2, "O"), (3, 8, "N")]
    _, ids, _ = next(iter(task.dataset(["it rains"], [spans], batch_size=1)))
    assert [task.labels[place] for place in ids[0].numpy()] == ["O", "N"]
    row = {"count": 2, "starts": np.array([0, 3]), "ends": np.array([2, 8]), "probabilities": np.ones(2)}
    answer = task.to_python({**row, "tags": np.array([b"O", b"_"], object)}, "it rains")
    assert [(entity["text"], entity["label"]) for entity in answer["entities"]] == [("it", "O")]


def test_given_tokens_without_characters_are_refused():
    with pytest.raises(InputError, match="Token 1 of text 0 is only white space"):
        token_classification().predict([["a", "\u3000"]])
