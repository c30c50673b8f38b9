import pytest

from kerasnlp_zoo import text
from kerasnlp_zoo.text import GenerativeVocabulary, PairVocabulary, Preprocessor, Vocabulary, WordPieceVocabulary

VOCABULARIES = {
    Vocabulary: Vocabulary(["[PAD]", "[UNK]", "tea"]),
    GenerativeVocabulary: GenerativeVocabulary(["[PAD]", "[UNK]", "[START]", "[END]", "▁tea"]),
    PairVocabulary: PairVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "tea"]),
    WordPieceVocabulary: WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "tea"]),
}


OF_TEXTS = [name for name in text.PREPROCESSORS if name != "FeaturePreprocessor"]  # its inputs are numbers


@pytest.mark.parametrize("name", OF_TEXTS)
def test_every_preprocessor_has_the_attributes_of_the_base_class(name):
    preprocessor_class = getattr(text, name)
    vocabulary = VOCABULARIES[preprocessor_class.vocabulary_class]
    preprocessor = preprocessor_class(vocabulary)
    assert isinstance(preprocessor, Preprocessor)
    assert preprocessor.vocabulary is vocabulary
    assert preprocessor.inputs == (("text", "text_pair") if name == "WordPairPreprocessor" else ("text",))
    assert set(preprocessor.modules) <= {"tensorflow_text"}
    texts = ["(tea)"] if name == "TreePreprocessor" else ["tea"]
    columns = [texts] * len(preprocessor.inputs)
    assert set(preprocessor.features(*columns)) <= set(preprocessor(*columns))
    length = preprocessor.max_sequence_length
    assert (
        repr(preprocessor) == f"{name}(language='en', vocabulary_size={len(vocabulary)}, max_sequence_length={length})"
    )
    assert repr(preprocessor_class(vocabulary, **preprocessor.get_config())) == repr(preprocessor)
