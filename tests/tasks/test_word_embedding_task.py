"""Queries for word vectors equal a slow search and gensim, also for unknown words."""

import dataclasses
import logging

import keras
import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.datasets.word_evaluation import load_word_set
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.evaluation.word_similarity import WordPairs
from kerasnlp_zoo.models import sentence_vectors, skip_gram, text_cnn_tagger, word_embedding
from kerasnlp_zoo.tasks import WordEmbedding
from kerasnlp_zoo.tasks.golden_texts import golden_texts
from kerasnlp_zoo.text import SingleWordPreprocessor, Vocabulary, WordPreprocessor

WORDS = "the king queen man woman cup mug tea coffee train Rome café good bad best".split()
WIDTH = 6
PAIRS = WordPairs("pairs", [("king", "queen"), ("tea", "train")], np.array([9.0, 1.0]))


def make_task(words=WORDS, seed=1, **arguments):
    vocabulary = Vocabulary(["[PAD]", "[UNK]", *words])
    vectors = np.random.default_rng(seed).normal(size=(len(vocabulary), WIDTH)).astype("float32")
    return WordEmbedding.from_vectors(vocabulary, vectors, **arguments)


@pytest.fixture(scope="module")
def task():
    return make_task()


def cosine(first, second):
    return first @ second / np.sqrt((first @ first) * (second @ second))


def search(task, added, taken=()):
    """Return all other words with their cosine to the sum of unit vectors, the closest first."""
    query = np.zeros(WIDTH)
    for sign, words in ((1, added), (-1, taken)):
        for word in words:
            query += sign * task.vector(word) / np.linalg.norm(task.vector(word))
    found = [(word, cosine(query, task.vector(word))) for word in task.tokens[2:] if word not in (*added, *taken)]
    return sorted(found, key=lambda pair: -pair[1])


def assert_same(received, expected):
    assert [word for word, _ in received] == [word for word, _ in expected]
    np.testing.assert_allclose([c for _, c in received], [c for _, c in expected], atol=1e-6)


def test_vectors_are_unchanged_and_words_are_found_in_any_case(task):
    np.testing.assert_array_equal(task.vector("king"), task.vectors[task.tokens.index("king")])
    np.testing.assert_array_equal(task.vector("King"), task.vector("king"))
    np.testing.assert_array_equal(task.vector("ＣＵＰ"), task.vector("cup"))
    np.testing.assert_array_equal(task.vector("cafe\u0301"), task.vector("café"))
    assert "Rome" in task
    assert " king" in task
    for word in ("rome", "", "the king", "[PAD]", "[UNK]", None, 3, "\ud800"):
        assert word not in task


@pytest.mark.parametrize("word", WORDS)
def test_neighbours_equal_a_slow_search_in_python_and_in_the_graph(task, word):
    expected = search(task, [word])
    assert_same(task.most_similar(word, count=99), expected)
    assert_same(task.most_similar([word], count=4), expected[:4])
    answer = task.predict([word])[0]
    assert answer["word"] == word
    assert_same([tuple(neighbour.values()) for neighbour in answer["neighbours"]], expected[:10])


@pytest.mark.parametrize(
    ("added", "taken"), [(["king", "woman"], ["man"]), (["tea", "cup", "tea"], []), ([], ["bad"]), ("tea", "mug")]
)
def test_arithmetic_equals_a_slow_search(task, added, taken):
    lists = [[words] if isinstance(words, str) else words for words in (added, taken)]
    assert_same(task.most_similar(added, taken), search(task, *lists)[:10])


def test_an_analogy_is_b_minus_a_plus_c(task):
    assert_same(task.analogy("man", "king", "woman", 3), search(task, ["king", "woman"], ["man"])[:3])
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "man", "king", "woman", "queen", "cup"])
    vectors = [[0, 0, 0], [9, 9, 9], [1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 1, 1], [1, 1, 0]]
    plane = WordEmbedding.from_vectors(vocabulary, vectors)
    assert plane.analogy("man", "king", "woman", count=1)[0][0] == "queen"


def test_equally_close_words_are_ordered_by_frequency():
    vocabulary = Vocabulary(["[PAD]", "[UNK]", *"abcdefghijklmnopqrst"])
    vectors = np.tile([[1.0, 0.0], [0.0, 1.0]], (11, 1))
    task = WordEmbedding.from_vectors(vocabulary, vectors)
    in_python = [word for word, _ in task.most_similar("e", count=12)]
    assert in_python == list("acgikmoqs") + list("bdf")
    assert [neighbour["word"] for neighbour in task.predict(["e"])[0]["neighbours"]] == in_python[:10]


def test_similarity_is_the_cosine(task):
    for a in WORDS[:4]:
        for b in WORDS:
            assert task.similarity(a, b) == pytest.approx(cosine(task.vector(a), task.vector(b)), abs=1e-6)


def test_the_odd_word_is_farthest_from_the_mean(task):
    for words in (["king", "queen", "cup"], WORDS, ["tea", "Tea", "mug"]):
        unit = [task.vector(word) / np.linalg.norm(task.vector(word)) for word in words]
        mean = np.mean(unit, axis=0)
        assert task.doesnt_match(words) == words[int(np.argmin([cosine(mean, vector) for vector in unit]))]


@pytest.mark.peers
def test_gensim_returns_the_same_answers(random):
    models = pytest.importorskip("gensim.models")
    words = [f"w{number}" for number in range(300)]
    task = make_task(words)
    gensim = models.KeyedVectors(WIDTH)
    gensim.add_vectors(words, task.vectors[2:])
    for _ in range(20):
        a, b, c, *more = random.choice(words, 6, replace=False).tolist()
        assert_same(task.most_similar(a), gensim.most_similar(a))
        assert_same(task.most_similar([b, c], [a], count=20), gensim.most_similar([b, c], [a], topn=20))
        assert_same(task.analogy(a, b, c), gensim.most_similar(positive=[b, c], negative=[a]))
        assert task.similarity(a, b) == pytest.approx(gensim.similarity(a, b), abs=1e-6)
        assert task.doesnt_match([a, b, c, *more]) == gensim.doesnt_match([a, b, c, *more])


def test_unknown_words_have_no_neighbours_and_are_returned_as_written(task):
    strange = ["unheard", "", "New York", "[PAD]", "[UNK]", "\ud800", "word " * 3000]
    answers = task.predict(strange)
    assert all(answer["neighbours"] == [] for answer in answers)
    assert [answer["word"] for answer in answers][:5] == strange[:5]
    outputs = task.outputs(["unheard", "king"])
    assert outputs["known"].tolist() == [False, True]
    assert outputs["count"].tolist() == [0, 10]
    assert not outputs["vector"][0].any()
    np.testing.assert_array_equal(outputs["vector"][1], task.vector("king"))
    assert outputs["neighbours"][0].tolist() == [b""] * 10
    assert outputs["neighbour_ids"][0].tolist() == [-1] * 10
    assert outputs["scores"][0].tolist() == [0] * 10
    assert [task.tokens[id_].encode() for id_ in outputs["neighbour_ids"][1]] == outputs["neighbours"][1].tolist()


def test_the_graph_accepts_invalid_utf8(task):
    answer = task.serve(np.array([b"\xff\xfe"]))
    assert answer["word"].numpy()[0].decode() == "\ufffd\ufffd"
    assert not answer["known"][0]


def test_missing_neighbours_in_a_tiny_vocabulary_are_padded():
    outputs = make_task(["one", "two", "three"]).outputs(["one", "four"])
    assert outputs["count"].tolist() == [2, 0]
    assert outputs["neighbours"].shape == (2, 10)
    assert set(outputs["neighbours"][0, :2].tolist()) == {b"two", b"three"}
    alone = make_task(["one"])
    assert alone.predict(["one"]) == [{"word": "one", "neighbours": []}]
    assert alone.most_similar("one") == []


def test_zero_vectors_have_similarity_zero():
    task = WordEmbedding.from_vectors(Vocabulary(["[PAD]", "[UNK]", "a", "b", "c"]), [[0], [0], [0], [1], [-1]])
    assert task.most_similar("a") == [("b", 0.0), ("c", 0.0)]
    assert task.predict(["b"])[0]["neighbours"] == [{"word": "a", "score": 0.0}, {"word": "c", "score": -1.0}]


def test_a_terminal_shows_words_and_cosines(task):
    first, second = search(task, ["tea"])[:2]
    shown = task.readable(task.predict(["tea"])[0])
    assert shown.startswith(f"{first[0]} {first[1]:.2f}, {second[0]} {second[1]:.2f}, ")
    assert task.readable(task.predict(["unheard"])[0]) == "unknown word"
    assert task.readable(task.predict(["ikng"])[0]) == "unknown word. Did you mean 'king'?"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda task: task.vector("coffe"),
            r"'coffe' is not one of the 15 words with .* Did you mean 'coffee'\?",
        ),
        (lambda task: task.similarity("tea", "quene"), "Did you mean 'queen'"),
        (lambda task: task.most_similar("rome"), "'rome' is not one of .* Did you mean 'Rome'"),
        (lambda task: task.vector("xyzzyx"), "'xyzzyx' is not one of the 15 words with a vector. Expected"),
        (lambda task: task.vector(""), "'' is not one of"),
        (lambda task: task.vector("New York"), "'New York' is not one of"),
        (lambda task: task.vector(None), "Expected strings. Received: None"),
        (lambda task: task.most_similar(3), "list of strings.*int"),
        (lambda task: task.most_similar(["tea", 3]), "Received: 3 at index 1"),
        (lambda task: task.most_similar(None), "Received: NoneType"),
        (lambda task: task.most_similar([]), "at least one word"),
        (lambda task: task.most_similar("tea", count=0), "count=0"),
        (lambda task: task.most_similar("tea", count=2.5), "count=2.5"),
        (lambda task: task.analogy("man", "king", "womna"), "Did you mean 'woman'"),
        (lambda task: task.doesnt_match([]), "needs at least 3 words. Received: 0"),
        (lambda task: task.doesnt_match(["tea", "mug"]), "needs at least 3 words. Received: 2"),
        (lambda task: task.doesnt_match("tea"), "list of strings"),
        (lambda task: task.sentence_vector("a text"), "list of strings"),
        (lambda task: task.sentence_vector(["a"], method="max"), "method must be one of 'mean', 'sif'"),
        (lambda task: task.sentence_vector(["a"], method="sif"), "at least 2 texts. Received: 1. Use 'mean'"),
        (lambda task: task.sentence_vector(["a", "b"], "sif", counts=[1, 2]), r"17 counts.*Received: \(2,\)"),
        (lambda task: task.evaluate(["king"]), "Expected WordPairs and AnalogyQuestions.* Received: 'king'"),
        (lambda task: task.evaluate([]), "Received: no set"),
        (lambda task: task.evaluate([PAIRS, PAIRS]), "different names.* Received: pairs, pairs"),
        (lambda task: task.evaluate([dataclasses.replace(PAIRS, name="a/score.tsv")]), "other than score and metric"),
        (lambda task: task.predict("tea"), "list of strings"),
        (lambda task: task.predict([None]), "None at index 0"),
    ],
)
def test_invalid_queries_are_refused(task, ask, message):
    with pytest.raises(InputError, match=message):
        ask(task)


def test_the_answer_to_an_empty_list_is_empty(task):
    assert task.predict([]) == []
    assert task.ids([]).shape == (0,)
    assert task.sentence_vector([]).shape == (0, WIDTH)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros((3, 2)), r"4 tokens of the vocabulary. Received the shape \(3, 2\)"),
        (np.zeros(4), r"Received the shape \(4,\)"),
        (np.zeros((4, 0)), r"Received the shape \(4, 0\)"),
        ([[0.0], [0.0], [np.nan], [1.0]], "1 word vectors contain NaN or infinity; the first one is for 'a'"),
    ],
)
def test_vectors_must_fit_the_vocabulary_and_be_numbers(vectors, message):
    with pytest.raises(InputError, match=message):
        WordEmbedding.from_vectors(Vocabulary(["[PAD]", "[UNK]", "a", "b"]), vectors)


def test_models_without_word_vectors_are_refused():
    preprocessor = SingleWordPreprocessor(Vocabulary(["[PAD]", "[UNK]", "a"]))
    with pytest.raises(InputError, match="vocabulary_size=3"):
        WordEmbedding(word_embedding(4, 2), preprocessor)
    with pytest.raises(InputError, match=r"Expected a model from ids to word vectors.*skip_gram"):
        WordEmbedding(skip_gram(3), preprocessor)


def test_sentence_vectors_are_means_of_their_words(task):
    texts = ["Tea, tea and coffee!", "The King", "", "unheard of"]
    tea, coffee = task.vector("tea"), task.vector("coffee")
    expected = [
        (2 * tea + coffee) / 3,
        (task.vector("the") + task.vector("king")) / 2,
        np.zeros(WIDTH),
        np.zeros(WIDTH),
    ]
    np.testing.assert_allclose(task.sentence_vector(texts), expected, atol=1e-6)


@pytest.mark.parametrize("counts", [None, np.arange(17)[::-1]])
def test_sif_weights_words_and_removes_the_common_direction(task, counts):
    texts = ["the king", "the queen", "the tea and coffee", "a good cup"]
    if counts is None:
        shares = {word: 1 / rank for rank, word in enumerate(WORDS, start=1)}
    else:
        shares = dict(zip(WORDS, counts[2:].tolist(), strict=True))
    total = sum(shares.values())
    means = []
    for text in texts:
        known = [word for word in text.split() if word in shares]
        means.append(sum(1e-3 / (1e-3 + shares[w] / total) * task.vector(w) for w in known) / len(known))
    direction = np.linalg.svd(np.array(means, "float64"))[2][0]
    expected = [mean - direction * (direction @ mean) for mean in means]
    np.testing.assert_allclose(task.sentence_vector(texts, "sif", counts), expected, atol=1e-6)


def test_chinese_sentences_are_split_like_the_training_text():
    pytest.importorskip("jieba")
    task = make_task(["我", "喜欢", "电影"], language="zh", segmenter="jieba")
    expected = np.mean([task.vector(word) for word in ("我", "喜欢", "电影")], axis=0)
    np.testing.assert_allclose(task.sentence_vector(["我喜欢电影"])[0], expected, atol=1e-6)
    assert task.predict(["电影"])[0]["word"] == "电影"
    assert task.predict(["我喜欢电影"])[0]["neighbours"] == []


def test_an_embedding_layer_can_be_made_for_another_vocabulary(task, caplog):
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "Tea", "unheard", "king"])
    with caplog.at_level(logging.WARNING, logger="kerasnlp_zoo"):
        layer = task.embedding_layer(vocabulary)
    assert "1 of 3 words have no vector and are zeros: unheard" in caplog.text
    zeros = np.zeros(WIDTH)
    rows = [zeros, zeros, task.vector("tea"), zeros, task.vector("king")]
    np.testing.assert_array_equal(np.asarray(layer(np.arange(5))), rows)
    assert not layer.trainable_variables
    model = keras.Sequential([keras.Input((None,)), layer, keras.layers.GlobalAveragePooling1D()])
    assert model(np.array([[2, 4]])).shape == (1, WIDTH)


def test_a_trainable_embedding_layer_has_random_vectors_for_missing_words(task, caplog):
    missing = [f"unheard{number}" for number in range(500)]
    layer = task.embedding_layer(Vocabulary(["[PAD]", "[UNK]", *missing, *WORDS]), trainable=True)
    values = np.asarray(layer(np.arange(502 + len(WORDS))))
    assert "500 of 515 words have no vector and are random: unheard0, unheard1, " in caplog.text
    np.testing.assert_array_equal(values[502:], task.vectors[2:])
    assert values[1:502].std() == pytest.approx(task.vectors[2:].std(), rel=0.1)
    assert not values[0].any()
    assert len(layer.trainable_variables) == 1
    caplog.clear()
    task.embedding_layer(task.preprocessor.vocabulary)
    assert caplog.text == ""


def test_evaluate_scores_pairs_and_questions_of_files(task, tmp_path):
    pairs = [("king", "queen", 9), ("tea", "coffee", 8), ("tea", "train", 1), ("tea", "yak", 0)]
    (tmp_path / "pairs.tsv").write_text("".join(f"{a}\t{b}\t{score}\n" for a, b, score in pairs))
    (tmp_path / "questions.txt").write_text("\ufeff: family\nman king woman queen\n", "utf-8")
    sets = [load_word_set(tmp_path / "pairs.tsv"), load_word_set(str(tmp_path / "questions.txt"))]
    scores = task.evaluate(sets)
    assert list(scores) == ["score", "metric", "pairs", "questions"]
    assert (scores["metric"], scores["score"]) == ("pairs spearman", 100 * scores["pairs"]["spearman"])
    assert task.evaluate(sets[::-1])["metric"] == "questions accuracy"
    cosines = [task.similarity(a, b) for a, b, _ in pairs[:3]]
    assert scores["pairs"]["pearson"] == pytest.approx(np.corrcoef(cosines, [9, 8, 1])[0, 1], abs=1e-5)
    assert (scores["pairs"]["num_pairs"], scores["pairs"]["num_known"]) == (4, 3)
    right = task.analogy("man", "king", "woman")[0][0] == "queen"
    assert scores["questions"]["sections"]["family"]["accuracy"] == float(right)


def test_a_saved_entry_contains_words_and_vectors(tmp_path):
    task = make_task(["the", "king", "Rome"])
    entry = zoo.save(task, tmp_path / "words", weights_dtype="float16")
    loaded = zoo.load(entry)
    assert loaded.tokens == task.tokens
    np.testing.assert_allclose(loaded.vectors, task.vectors, atol=2e-3)
    assert zoo.check(entry)["answers"] == len(golden_texts(task))
    card = (entry / "README.md").read_text()
    assert "| labels |" not in card
    assert "| task | word_embedding |" in card


def test_vectors_of_a_tagger_answer_the_same_queries():
    vocabulary = Vocabulary(["[PAD]", "[UNK]", "a", "b", "c"])
    model = text_cnn_tagger(5, num_classes=4, embedding_dim=3, num_filters=2)
    encoder = keras.Model(model.input, model.get_layer("token_embedding").output)
    task = WordEmbedding(encoder, WordPreprocessor(vocabulary))
    np.testing.assert_array_equal(task.vectors, np.asarray(model.get_layer("token_embedding").embeddings))
    assert len(task.predict(["a"])[0]["neighbours"]) == 2


def test_sif_uses_zipfs_law_without_word_counts(task):
    texts = ["the king", "the tea and coffee"]
    counts = 1e9 * sentence_vectors.zipf_probabilities(len(task.tokens))
    np.testing.assert_allclose(
        task.sentence_vector(texts, "sif"), task.sentence_vector(texts, "sif", counts), atol=1e-6
    )


def test_words_that_cancel_out_are_refused(task):
    for positive, negative in ((["king"], ["king"]), (["king", "cup"], ["cup", "king"])):
        with pytest.raises(InputError, match="Nothing is left to compare with"):
            task.most_similar(positive, negative)


def test_an_embedding_layer_without_any_known_word_is_random(task, caplog):
    layer = task.embedding_layer(Vocabulary.from_counts({"unheard": 2, "unseen": 1}), trainable=True)
    assert "are random: unheard, unseen" in caplog.text
    vectors = np.array(layer.embeddings)
    assert np.abs(vectors[2:]).min() > 0
    assert len(np.unique(vectors[2:])) == vectors[2:].size
