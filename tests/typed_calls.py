"""Typical calls, with the types that editors and type checkers must see. mypy checks this file; it is not run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, assert_type

import keras
import numpy as np
import tensorflow as tf

from kerasnlp_zoo import datasets, explanation, models, tasks, zoo
from kerasnlp_zoo.decoding import Sampling
from kerasnlp_zoo.tasks.fill_mask import FillMaskAnswer
from kerasnlp_zoo.tasks.question_answering import FoundAnswer, QuestionAnsweringAnswer
from kerasnlp_zoo.tasks.span_tags import tags_for
from kerasnlp_zoo.tasks.text_classification import TextClassificationAnswer
from kerasnlp_zoo.tasks.token_classification import Entity
from kerasnlp_zoo.text import Vocabulary, WordPreprocessor


def load_by_name_or_folder(folder: Path) -> None:
    task = zoo.load("text_cnn_movie_reviews_en")
    assert_type(task, tasks.Task[Any])
    assert_type(task.labels, list[str])
    assert_type(task.entry, str | None)
    assert_type(zoo.load(folder, dtype="mixed_bfloat16"), tasks.Task[Any])
    assert_type(zoo.list_entries(), list[str])
    assert_type(zoo.check(folder)["largest_difference"], float)
    assert_type(zoo.download("bert_minilm_en"), Path)


def a_task_name_decides_the_class() -> None:
    assert_type(zoo.load("name", "text_classification"), tasks.TextClassification)
    assert_type(zoo.load("name", task="multi_label_classification"), tasks.MultiLabelClassification)
    assert_type(zoo.load("name", task="text_regression"), tasks.TextRegression)
    assert_type(zoo.load("name", task="token_classification", labels=["O", "B-PER"]), tasks.TokenClassification)
    assert_type(zoo.load("name", task="tree_classification"), tasks.TreeClassification)
    assert_type(zoo.load("name", task="question_answering", preprocessing={"pairs": True}), tasks.QuestionAnswering)
    assert_type(zoo.load("name", task="sentence_similarity"), tasks.SentenceSimilarity)
    assert_type(zoo.load("name", task="fill_mask"), tasks.FillMask)
    assert_type(zoo.load("name", task="language_modeling"), tasks.LanguageModeling)
    assert_type(zoo.load("name", task="translation"), tasks.Translation)
    assert_type(zoo.load("name", task="word_embedding"), tasks.WordEmbedding)


def answers_are_typed_dicts() -> None:
    review = zoo.load("name", task="text_classification").predict(["a fine film"])[0]
    assert_type(review, TextClassificationAnswer)
    assert_type(review["probabilities"], dict[str, float])
    assert_type(zoo.load("name", task="token_classification").predict([["Anna", "left"]])[0]["entities"], list[Entity])
    found = zoo.load("name", task="question_answering").predict([("Who?", "Anna.")])[0]
    assert_type(found, QuestionAnsweringAnswer)
    assert_type(found["alternatives"], list[FoundAnswer])
    assert_type(zoo.load("name", task="fill_mask").predict(["a [MASK] film"]), list[FillMaskAnswer])
    assert_type(zoo.load("name", task="translation").predict(["a cup"], batch_size=8)[0]["text"], str)


def methods_of_single_tasks() -> None:
    words = zoo.load("glove_6b_50d_en", task="word_embedding")
    assert_type(words.most_similar("king", negative=["man"], count=3), list[tuple[str, float]])
    assert_type(words.vector("king"), np.ndarray)
    assert_type("king" in words, bool)
    sentences = zoo.load("bert_minilm_en", task="sentence_similarity")
    assert_type(sentences.similarity(["a film"], ["a movie"]), np.ndarray)
    writer = zoo.load("name", task="language_modeling").with_decoding(Sampling(top_p=0.9))
    assert_type(writer, tasks.LanguageModeling)
    assert_type(writer.predict(["The"])[0]["perplexity"], float)


def train_evaluate_and_save(texts: Sequence[str], labels: Sequence[str], folder: Path) -> None:
    preprocessor = WordPreprocessor.from_texts(texts, language="en")
    assert_type(preprocessor, WordPreprocessor)
    assert_type(preprocessor.vocabulary_size, int)
    model = models.text_cnn(preprocessor.vocabulary_size, num_classes=2, filter_widths=(3, 4, 5))
    assert_type(model, keras.Model)
    task = tasks.TextClassification(model, preprocessor, labels=["negative", "positive"])
    assert_type(task.dataset(texts, labels, training=True), tf.data.Dataset)
    assert_type(task.evaluate(texts, labels), dict[str, Any])
    assert_type(task.export(folder / "served"), Path)
    assert_type(task.export(folder / "phone", format="litert"), Path)
    assert_type(zoo.save(task, folder / "entry", metrics={"test_score": 80.0}, weights_dtype="float16"), Path)
    explained = explanation.fired_ngrams(task, texts[0])
    assert_type(explained, explanation.Explanation)
    assert_type(explained.strongest(count=1)[0], list[explanation.FiredNgram])


def a_data_set_is_ready_for_training() -> None:
    data = datasets.load_text_classification(datasets.DataOptions(dataset="trec"))
    assert_type(data.train.labels, np.ndarray)
    assert_type(data.labels, list[str])
    assert_type(data.published_score, float | None)


def vocabularies_and_tags() -> None:
    vocabulary = Vocabulary.from_counts({"film": 3, "a": 5}, min_count=2)
    assert_type(vocabulary, Vocabulary)
    assert_type(vocabulary.ids["film"], int)
    assert_type(tags_for(["PER"], "bioes"), list[str])
    words = tasks.WordEmbedding.from_vectors(vocabulary, np.zeros((len(vocabulary), 2)))
    assert_type(words, tasks.WordEmbedding)


def mistakes_are_found(texts: Sequence[str]) -> None:
    zoo.load("name", task="text_clasification")  # type: ignore[call-overload]
    task = zoo.load("name", task="text_classification")
    task.predict(texts, batch_size="8")  # type: ignore[arg-type]
    task.export("folder", format="onnxx")  # type: ignore[arg-type]
    task.predict(texts)[0]["lable"]  # type: ignore[typeddict-item]
    models.text_cnn(1000, num_clases=2)  # type: ignore[call-arg]
    zoo.save(task, "folder", weights_dtype="float64")  # type: ignore[arg-type]
