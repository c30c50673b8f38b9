"""Text to numbers: preprocessors of TensorFlow operations, for tf.data and exported graphs, and training data."""

from typing import TYPE_CHECKING

from kerasnlp_zoo.lazy import lazy_attributes
from kerasnlp_zoo.text.batches import bucketed_batches
from kerasnlp_zoo.text.cooccurrence_counts import cooccurrence_counts, term_document_counts
from kerasnlp_zoo.text.document_frequencies import inverse_document_frequencies, tf_idf
from kerasnlp_zoo.text.preprocessors.features import FeaturePreprocessor
from kerasnlp_zoo.text.preprocessors.language_model import LanguageModelPreprocessor
from kerasnlp_zoo.text.preprocessors.preprocessor import Preprocessor
from kerasnlp_zoo.text.preprocessors.single_words import SingleWordPreprocessor
from kerasnlp_zoo.text.preprocessors.tokens import TokenPreprocessor
from kerasnlp_zoo.text.preprocessors.trees import TreePreprocessor
from kerasnlp_zoo.text.preprocessors.word_pairs import WordPairPreprocessor
from kerasnlp_zoo.text.preprocessors.words import WordPreprocessor
from kerasnlp_zoo.text.wordpiece_training import learn_wordpiece_vocabulary
from kerasnlp_zoo.vocabulary import GenerativeVocabulary, PairVocabulary, Vocabulary, WordPieceVocabulary

if TYPE_CHECKING:
    from kerasnlp_zoo.text.preprocessors.translation import TranslationPreprocessor
    from kerasnlp_zoo.text.preprocessors.wordpiece import WordPiecePreprocessor

PREPROCESSORS = (  # classes whose names an entry can contain
    "FeaturePreprocessor",
    "LanguageModelPreprocessor",
    "SingleWordPreprocessor",
    "TokenPreprocessor",
    "TranslationPreprocessor",
    "TreePreprocessor",
    "WordPairPreprocessor",
    "WordPiecePreprocessor",
    "WordPreprocessor",
)

__all__ = [
    "PREPROCESSORS",
    "FeaturePreprocessor",
    "GenerativeVocabulary",
    "LanguageModelPreprocessor",
    "PairVocabulary",
    "Preprocessor",
    "SingleWordPreprocessor",
    "TokenPreprocessor",
    "TranslationPreprocessor",
    "TreePreprocessor",
    "Vocabulary",
    "WordPairPreprocessor",
    "WordPiecePreprocessor",
    "WordPieceVocabulary",
    "WordPreprocessor",
    "bucketed_batches",
    "cooccurrence_counts",
    "inverse_document_frequencies",
    "learn_wordpiece_vocabulary",
    "term_document_counts",
    "tf_idf",
]

# These modules import tensorflow-text, which is not available for Windows.
__getattr__, __dir__ = lazy_attributes(
    __name__,
    {
        "preprocessors.translation": ["TranslationPreprocessor"],
        "preprocessors.wordpiece": ["WordPiecePreprocessor"],
    },
)
