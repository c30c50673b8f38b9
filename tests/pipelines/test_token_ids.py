"""The token ids of a pipeline are those of `encode_corpus` and `encode_documents`, and recipes train on them."""

import functools
import shutil

import pytest

from kerasnlp_zoo.datasets.corpora import CorpusOptions, TextOptions, open_corpus, parallel_map
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.pipelines.token_ids import encode_pieces, encode_words
from kerasnlp_zoo.pipelines.word_counts import WordFlags
from kerasnlp_zoo.text import WordPiecePreprocessor, WordPieceVocabulary
from kerasnlp_zoo.text.corpus import Corpus, encode_corpus
from kerasnlp_zoo.text.documents import Documents, encode_documents, ids_of_sentences
from recipes import bert_pretraining, rnn_language_model, word2vec

pytest.importorskip("apache_beam", reason="the extra beam is not installed")

PIECES = "[PAD] [UNK] [CLS] [SEP] [MASK] the dog cat ran over hill road ##s ##r x ##x t ##h e . , 很 好 手 机".split()


@pytest.fixture
def vocabulary(tmp_path):
    path = tmp_path / "vocab.txt"
    WordPieceVocabulary(PIECES).save(path)
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "source.json"}


@pytest.mark.usefixtures("_small_ranges")
@pytest.mark.parametrize(
    "flags",
    [
        WordFlags(min_count=1),
        WordFlags(min_count=3, max_vocabulary_size=10),
        WordFlags(language="zh", segmenter="characters", min_count=2),
    ],
    ids=["all", "frequent", "characters"],
)
def test_word_ids_equal_those_in_memory(texts, tmp_path, flags):
    words, sentences, different = encode_words(str(texts), str(tmp_path / "output"), flags)
    options = CorpusOptions(corpus=texts, language=flags.language, segmenter=flags.segmenter)
    chunks = open_corpus(options).chunks()
    corpus = encode_corpus(chunks, tmp_path / "corpus", flags.min_count, flags.max_vocabulary_size)
    assert contents(tmp_path / "output") == contents(corpus.folder)
    assert (words, sentences, different) == (corpus.num_tokens, corpus.num_sentences, len(corpus.vocabulary) - 2)
    assert Corpus.load(tmp_path / "output").num_tokens == words


@pytest.mark.usefixtures("_small_ranges")
@pytest.mark.parametrize("cased", [False, True])
def test_documents_equal_those_in_memory(texts, tmp_path, vocabulary, cased):
    tokens, number = encode_pieces(str(texts), str(tmp_path / "output"), str(vocabulary), cased)
    preprocessor = WordPiecePreprocessor(WordPieceVocabulary(PIECES), not cased)
    read = open_corpus(TextOptions(corpus=texts)).read
    chunks = parallel_map(functools.partial(ids_of_sentences, preprocessor), read())
    documents = encode_documents(chunks, preprocessor.vocabulary, tmp_path / "documents")
    assert contents(tmp_path / "output") == contents(documents.folder)
    assert (tokens, number) == (documents.num_tokens, documents.num_documents)
    assert number > 20
    assert Documents.load(tmp_path / "output").num_tokens == tokens


@pytest.mark.slow
def test_word2vec_trains_on_word_ids_as_on_the_text(texts, tmp_path):
    encode_words(str(texts), str(tmp_path / "ids"), WordFlags(min_count=1))
    metrics = {}
    for corpus in (texts, tmp_path / "ids"):
        output = tmp_path / f"run_{corpus.name}"
        config = word2vec.Config(corpus=corpus, min_count=2, epochs=2, embedding_dim=8, output_dir=output)
        metrics[corpus.name] = word2vec.main(config)
    vectors = [(tmp_path / name / "vectors.txt").read_bytes() for name in ("run_texts", "run_ids")]
    assert vectors[0] == vectors[1]
    assert metrics["texts"]["words"] == metrics["ids"]["words"]


@pytest.mark.slow
def test_bert_trains_on_documents_as_on_the_text(texts, tmp_path, vocabulary):
    shutil.copytree(texts, texts / "again")
    for number in range(12):  # there must be enough blocks to hold some out
        shutil.copytree(texts / "again", texts / f"again_{number}")
    encode_pieces(str(texts), str(tmp_path / "ids"), str(vocabulary))
    scores = []
    for corpus, given in ((texts, str(vocabulary)), (tmp_path / "ids", None)):
        config = bert_pretraining.Config(
            corpus=corpus, vocabulary=given, epochs=1, epoch_steps=2, batch_size=8, max_sequence_length=32
        )
        config.output_dir = tmp_path / f"run_{corpus.name}"
        metrics = bert_pretraining.main(config)
        scores.append((metrics["masked_cross_entropy"], metrics["tokens"]))
    assert scores[0] == scores[1]


@pytest.fixture
def encoded(tmp_path):
    """Folders of word ids and of pieces."""
    (tmp_path / "a.txt").write_text("the dog ran over the hill\n" * 9)
    WordPieceVocabulary(PIECES).save(tmp_path / "pieces.txt")
    encode_words(str(tmp_path / "a.txt"), str(tmp_path / "words"), WordFlags(min_count=3))
    encode_pieces(str(tmp_path / "a.txt"), str(tmp_path / "pieces"), str(tmp_path / "pieces.txt"))
    return tmp_path


@pytest.mark.parametrize(
    ("recipe", "flags", "message"),
    [
        (word2vec, {"corpus": "pieces"}, "token ids of pieces, which only bert_pretraining can train on"),
        (bert_pretraining, {"corpus": "words"}, "token ids of words, which only word2vec, glove and cooccurrence"),
        (rnn_language_model, {"corpus": "words"}, "token ids of words, which only word2vec, glove and cooccurrence"),
        (word2vec, {"corpus": "words", "min_count": 2}, "only words that occur 3 times or more"),
        (word2vec, {"corpus": "words", "language": "zh"}, "was read with --language en. Received: --language zh"),
        (bert_pretraining, {"corpus": "pieces", "cased": True}, "Received: --vocabulary None, --cased True"),
    ],
)
def test_token_ids_that_do_not_fit_a_recipe_are_refused(encoded, recipe, flags, message):
    flags = {**flags, "corpus": encoded / flags["corpus"], "output_dir": encoded / "run"}
    with pytest.raises(InputError, match=message):
        recipe.main(recipe.Config(**flags))
