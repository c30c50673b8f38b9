"""A small, untrained task of every kind, and texts for it."""

import numpy as np

from kerasnlp_zoo.models import (
    BUILDERS,
    count_ngrams,
    multilayer_perceptron,
    ngram,
    ngram_keras_model,
    nnlm,
    rnn_language_model,
    seq2seq,
    text_cnn,
    transformer,
    transformer_encoder,
    transformer_language_model,
    tree_lstm,
)
from kerasnlp_zoo.tasks import (
    FeatureClassification,
    FillMask,
    LanguageModeling,
    MultiLabelClassification,
    QuestionAnswering,
    SentenceSimilarity,
    TextClassification,
    TextRegression,
    TokenClassification,
    Translation,
    TreeClassification,
    WordEmbedding,
)
from kerasnlp_zoo.tasks.question_answering import NO_ANSWER
from kerasnlp_zoo.tasks.span_tags import tags_for
from kerasnlp_zoo.text import (
    FeaturePreprocessor,
    GenerativeVocabulary,
    LanguageModelPreprocessor,
    TokenPreprocessor,
    TranslationPreprocessor,
    TreePreprocessor,
    Vocabulary,
    WordPairPreprocessor,
    WordPiecePreprocessor,
    WordPieceVocabulary,
    WordPreprocessor,
)
from kerasnlp_zoo.text.pieces import learn_piece_vocabulary
from kerasnlp_zoo.vocabulary import TokenList
from tests.contracts import BERT

TEXTS = [
    "a fine and gripping film",
    "dull , clumsy and far too long",
    "the actors are wonderful",
    "nobody should have to sit through this",
    "what a lovely little story",
    "a waste of two hours",
    "gripping from the first minute",
    "too long and badly acted",
    "wonderful",
    "a clumsy story , badly told , and nobody in it is worth two hours of anyone's life",
    "fine",
]
LABELS = ["positive", "negative"] * 5 + ["positive"]
STRANGE = ("", "👍🏽 ＣＡＦＥ\u0301", "word " * 3000)


def text_classification() -> TextClassification:
    """A small, untrained TextClassification."""
    preprocessor = WordPreprocessor.from_texts(TEXTS)
    model = text_cnn(preprocessor.vocabulary_size, num_classes=2, embedding_dim=16, num_filters=8)
    return TextClassification(model, preprocessor, ["negative", "positive"])


LABEL_SETS = [("film",), (), ("film", "story"), ("story", "long"), ("film",)] * 2 + [("long",)]


def multi_label_classification() -> MultiLabelClassification:
    """A small, untrained MultiLabelClassification."""
    preprocessor = WordPreprocessor.from_texts(TEXTS)
    model = text_cnn(preprocessor.vocabulary_size, num_classes=3, embedding_dim=16, num_filters=8)
    return MultiLabelClassification(model, preprocessor, ["film", "long", "story"], thresholds=[0.5, 0.498, 0.505])


ROWS = ("7.5,8,6,9.1", [3.0, 2.5, 4.0, 1.0], (9, 9, 8, 10), [0.0, 0.0, 0.0, 0.0], "-1, 2e1,+3,.5")


def feature_classification() -> FeatureClassification:
    """A small, untrained FeatureClassification."""
    model = multilayer_perceptron(num_features=4, hidden_dims=(6,))
    model.get_layer("standardization").set_statistics(np.random.default_rng(0).uniform(0, 10, (20, 4)))
    preprocessor = FeaturePreprocessor(TokenList(["first", "second", "third", "fourth"]))
    return FeatureClassification(model, preprocessor, ["rejected", "hired"])


WORDS = "king queen man woman cup mug tea coffee train bus paris london café n't".split()


PIECES = WordPieceVocabulary(
    "[PAD] [UNK] [CLS] [SEP] [MASK] a the and too long dull fine film story actor ##s grip ##ping , . are is".split()
)


def bert_model(builder, preprocessor, **arguments):
    """A small, untrained model of BERT's, and its preprocessor."""
    size = {**BERT, "vocabulary_size": len(PIECES), "max_sequence_length": 80, **arguments}
    return BUILDERS[builder](**size), WordPiecePreprocessor(PIECES, max_sequence_length=80, **preprocessor)


def pair_classification() -> TextClassification:
    """A small, untrained TextClassification of pairs."""
    model, preprocessor = bert_model("bert_classifier", {"pairs": True}, num_classes=2, pooling="mean")
    return TextClassification(model, preprocessor, ["negative", "positive"])


def word_pair_classification() -> TextClassification:
    """A small, untrained TextClassification of pairs by a model of words."""
    preprocessor = WordPairPreprocessor.from_texts(TEXTS, max_sequence_length=80)
    size = {**BERT, "vocabulary_size": preprocessor.vocabulary_size, "num_segments": 2}
    model = transformer_encoder(**size, num_classes=2)
    return TextClassification(model, preprocessor, ["negative", "positive"])


def text_regression() -> TextRegression:
    """A small, untrained TextRegression."""
    return TextRegression(*bert_model("bert_classifier", {}, num_classes=1))


def token_classification() -> TokenClassification:
    """A small, untrained TokenClassification."""
    tags = tags_for(["THING", "VIEW"])
    return TokenClassification(*bert_model("bert_token_classifier", {}, num_classes=len(tags)), tags)


def tagging_with_crf() -> TokenClassification:
    """A small, untrained TokenClassification of words and their letters, with a conditional random field."""
    tags = tags_for(["THING", "VIEW"], "bmes")
    preprocessor = TokenPreprocessor.from_texts(TEXTS).changed(word_length=4, max_sequence_length=80)
    model = BUILDERS["bilstm_crf"](
        preprocessor.vocabulary_size,
        len(tags),
        embedding_dim=8,
        hidden_dim=4,
        num_layers=1,
        character_vocabulary_size=preprocessor.character_vocabulary_size,
        tags=tags,
    )
    return TokenClassification(model, preprocessor, tags)


def question_answering() -> QuestionAnswering:
    """A small, untrained QuestionAnswering that can answer that there is no answer."""
    return QuestionAnswering(*bert_model("bert_span_predictor", {"pairs": True}), [NO_ANSWER])


def sentence_similarity() -> SentenceSimilarity:
    """A small, untrained SentenceSimilarity."""
    return SentenceSimilarity(*bert_model("sentence_encoder", {}))


def fill_mask() -> FillMask:
    """A small, untrained FillMask."""
    return FillMask(*bert_model("bert_masked_language_model", {}))


TREES = (
    "(+ (0 a) (+ (+ fine) (0 film)))",
    "(- (- dull) (- (0 and) (- (0 too) (0 long))))",
    "(0 (0 the) (0 actors))",
    "(+ fine)",
    "(- (0 a) (- (- dull) (0 film)) (0 .))",
)
STRANGE_TREES = ("(0 " * 60 + "deep" + ")" * 60, f"(0 {'(0 wide) ' * 300})", "(0 (0 👍🏽) (0 ＣＡＦＥ\u0301) (0 （))")


def tree_classification() -> TreeClassification:
    """A small, untrained TreeClassification of every node."""
    preprocessor = TreePreprocessor.from_texts(TREES, notation="labelled")
    size = {"composition": "child_sum", "embedding_dim": 8, "hidden_dim": 5}
    model = tree_lstm(preprocessor.vocabulary_size, num_classes=3, labelled="nodes", **size)
    return TreeClassification(model, preprocessor, ["-", "0", "+"])


def generative_vocabulary():
    """The words of TEXTS, for a language model."""
    words = dict.fromkeys(word for text in TEXTS for word in text.split())
    return GenerativeVocabulary.from_counts(dict.fromkeys(words, 1))


def language_modeling() -> LanguageModeling:
    """A small, untrained LanguageModeling."""
    vocabulary = generative_vocabulary()
    model = rnn_language_model(len(vocabulary), embedding_dim=8, hidden_dim=6)
    return LanguageModeling(model, LanguageModelPreprocessor(vocabulary, max_sequence_length=80))


def language_modeling_by_nnlm() -> LanguageModeling:
    """A small, untrained LanguageModeling of a fixed number of previous words."""
    vocabulary = generative_vocabulary()
    model = nnlm(len(vocabulary), embedding_dim=8, hidden_dim=6, context_size=3)
    return LanguageModeling(model, LanguageModelPreprocessor(vocabulary, max_sequence_length=80))


def language_modeling_by_transformer() -> LanguageModeling:
    """A small, untrained LanguageModeling by a Transformer."""
    vocabulary = generative_vocabulary()
    size = {"hidden_dim": 8, "num_layers": 2, "num_heads": 2, "intermediate_dim": 12, "attention_window": 6}
    model = transformer_language_model(len(vocabulary), **size)
    return LanguageModeling(model, LanguageModelPreprocessor(vocabulary, max_sequence_length=80))


def language_modeling_by_ngrams() -> LanguageModeling:
    """A LanguageModeling by the n-grams of TEXTS."""
    vocabulary = generative_vocabulary()
    preprocessor = LanguageModelPreprocessor(vocabulary, max_sequence_length=80)
    lines = preprocessor.token_ids(TEXTS).to_list()
    ids = np.array([token for line in lines for token in [*line, vocabulary.ids["[END]"]]])
    model = ngram(vocabulary, count_ngrams(ids, len(vocabulary), order=3))
    return LanguageModeling(ngram_keras_model(model), preprocessor)


TRANSLATION_PIECES = learn_piece_vocabulary([*TEXTS, *(text[::-1] for text in TEXTS)], size=120)


def translation_by_transformer() -> Translation:
    """A small, untrained Translation by a Transformer."""
    model = transformer(**{**BERT, "vocabulary_size": len(TRANSLATION_PIECES)})
    return Translation(model, TranslationPreprocessor(TRANSLATION_PIECES, max_sequence_length=40))


def translation_by_seq2seq() -> Translation:
    """A small, untrained Translation by recurrent networks."""
    model = seq2seq(len(TRANSLATION_PIECES), embedding_dim=8, hidden_dim=6)
    return Translation(model, TranslationPreprocessor(TRANSLATION_PIECES, max_sequence_length=40))


def word_embedding() -> WordEmbedding:
    """A small WordEmbedding of random vectors."""
    vocabulary = Vocabulary(["[PAD]", "[UNK]", *WORDS])
    return WordEmbedding.from_vectors(vocabulary, np.random.default_rng(3).normal(size=(len(vocabulary), 8)))


def word_embedding_with_contexts() -> WordEmbedding:
    """A small WordEmbedding of random vectors, with output vectors."""
    vocabulary, random = Vocabulary(["[PAD]", "[UNK]", *WORDS]), np.random.default_rng(3)
    vectors, output = random.normal(size=(2, len(vocabulary), 8))
    return WordEmbedding.from_vectors(vocabulary, vectors, output=(output, random.normal(size=len(vocabulary))))
