"""The vocabulary gets the words of pretrained vectors, including words that no training text has."""

import numpy as np
import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.text import TokenPreprocessor, TreePreprocessor, WordPairPreprocessor, WordPreprocessor
from recipes import bilstm, bilstm_tagging, text_cnn, transformer_encoder

WORDS = ["the", "film", "New York", "zebra", "DVD", "don't", "[UNK]", "zebra", "naïve"]


@pytest.mark.parametrize(
    ("preprocessor", "added"),
    [
        (WordPreprocessor.from_texts(["a film"]), ["the", "zebra", "naïve"]),
        (WordPairPreprocessor.from_texts(["a film"]), ["the", "zebra", "naïve"]),
        (TokenPreprocessor.from_texts(["a film"], word_length=5), ["the", "zebra", "naïve"]),
        (TokenPreprocessor.from_texts(["a film"], segmenter="spaces"), ["the", "zebra", "don't", "naïve"]),
        (TreePreprocessor.from_texts(["( a film )"]), ["the", "zebra", "don't", "naïve"]),
        (WordPreprocessor.from_texts(["我爱电影"], language="zh"), ["the", "film", "zebra", "naïve"]),
    ],
)
def test_words_that_can_occur_in_a_text_are_added_after_the_own_words(preprocessor, added):
    wider = preprocessor.extended(WORDS)
    own = preprocessor.vocabulary.tokens
    assert wider.vocabulary.tokens[: len(own)] == own
    assert wider.vocabulary.tokens[len(own) :] == added
    assert wider.get_config() == preprocessor.get_config()


def test_words_of_a_segmenter_are_added_and_sentences_are_not():
    preprocessor = WordPreprocessor.from_texts(["我爱电影"], language="zh", segmenter="jieba")
    wider = preprocessor.extended(["苹果", "我今天去商店买了很多很多好吃的苹果"])
    assert wider.vocabulary.tokens[-1] == "苹果"
    assert wider.vocabulary_size == preprocessor.vocabulary_size + 1


@pytest.fixture
def files(tmp_path):
    rows = [f"{'good fine' if n % 2 else 'bad dull'} film {n % 7},{'pos' if n % 2 else 'neg'}" for n in range(80)]
    (tmp_path / "train.csv").write_text("\n".join(["text,label", *rows]))
    (tmp_path / "validation.csv").write_text("text,label\ngood zebra,pos\nbad yak zebra,neg\n")
    vectors = {"film": [1, 2], "zebra": [3, -4], "good": [2, 0], "yak": [5, 5], "never": [1, 1]}
    lines = [f"{word} {' '.join(map(str, numbers))}" for word, numbers in vectors.items()]
    (tmp_path / "vectors.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def train(files, embedding_dim=4, **options):
    config = text_cnn.Config(
        train_file=files / "train.csv",
        validation_file=files / "validation.csv",
        embeddings=str(files / "vectors.txt"),
        embedding_dim=embedding_dim,
        num_filters=2,
        epochs=1,
        optimizer="adam",
        output_dir=files / "run",
        **options,
    )
    text_cnn.main(config)
    return zoo.load(files / "run" / "entry")


@pytest.mark.slow
def test_words_without_training_examples_keep_their_vectors_in_training(files, capsys):
    task = train(files, max_vectors=4)
    printed = capsys.readouterr().out
    assert "2 words of" in printed  # zebra and yak; never is the fifth word
    assert "unknown tokens of validation: 60.0% before, 0.0% with them" in printed
    tokens = task.preprocessor.vocabulary.tokens
    assert tokens[-2:] == ["zebra", "yak"]
    vectors = np.asarray(task.model.get_layer("token_embedding").embeddings)[-2:]
    known = np.array([[3.0, -4.0], [5.0, 5.0]])
    np.testing.assert_allclose(vectors[:, :2], known * (vectors[0, 0] / 3), rtol=1e-2)
    np.testing.assert_array_equal(vectors[:, 2:], 0)


@pytest.mark.slow
def test_without_added_words_the_vocabulary_is_that_of_the_training_texts(files):
    assert "zebra" not in train(files, max_vectors=0).preprocessor.vocabulary.tokens


@pytest.mark.slow
@pytest.mark.parametrize(("given", "width"), [(None, 2), (3, 3)])
def test_a_model_is_as_wide_as_its_vectors_unless_a_flag_says_more(files, given, width):
    assert train(files, given).model.get_layer("token_embedding").output_dim == width


@pytest.mark.parametrize(
    ("recipe", "width"), [(text_cnn, 300), (transformer_encoder, 128), (bilstm, 100), (bilstm_tagging, 100)]
)
def test_without_vectors_a_recipe_has_its_own_width(recipe, width):
    assert recipe.Config().width(None) == width
    assert recipe.Config(embedding_dim=7).width(None) == 7


def test_a_negative_number_of_words_is_refused(files):
    with pytest.raises(InputError, match="max_vectors"):
        train(files, max_vectors=-1)
