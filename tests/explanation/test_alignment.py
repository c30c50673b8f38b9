import numpy as np
import pytest

from kerasnlp_zoo import plots
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.explanation import Alignment, alignment_weights
from kerasnlp_zoo.models import seq2seq, transformer
from kerasnlp_zoo.plots.alignment import alignment_figure
from kerasnlp_zoo.tasks import Translation
from kerasnlp_zoo.text import TranslationPreprocessor
from kerasnlp_zoo.text.pieces import learn_piece_vocabulary
from tests.small_tasks import text_classification

VOCABULARY = learn_piece_vocabulary(["where is the station", "dónde está la estación"] * 2, size=40)
PREPROCESSOR = TranslationPreprocessor(VOCABULARY)


def task(builder, **arguments):
    built = builder(vocabulary_size=len(VOCABULARY), hidden_dim=8, **arguments)
    random = np.random.default_rng(2)
    for weight in built.trainable_weights:
        weight.assign(random.normal(size=weight.shape))
    return Translation(built, PREPROCESSOR)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("builder", "arguments", "shape"),
    [
        (seq2seq, {"embedding_dim": 8, "placement": "bahdanau"}, (1, 1)),
        (transformer, {"num_layers": 2, "num_heads": 4, "norm_first": True}, (2, 4)),
    ],
)
def test_attention_of_every_translated_word_sums_to_one_over_the_source(builder, arguments, shape):
    alignment = alignment_weights(task(builder, **arguments), "Where is the station?", "la estación")
    assert alignment.source[-5:] == ["is", "the", "station", "[UNK]", "[END]"]
    assert alignment.target == ["la", "estación", "[END]"]
    assert alignment.weights.shape == (*shape, 3, len(alignment.source))
    assert repr(alignment).endswith(f"target=['la', 'estación', '[END]'], layers={shape[0]}, heads={shape[1]})")
    np.testing.assert_allclose(alignment.weights.sum(axis=-1), 1.0, atol=1e-5)
    own = alignment_weights(task(builder, **arguments), "the station")
    assert own.target[-1] == "[END]"


def test_attention_of_the_pieces_of_a_word_is_combined():
    translator = task(seq2seq, embedding_dim=8)
    pieces = [PREPROCESSOR.features([text])["source_ids"].to_tensor() for text in ("the station", "la")]
    raw = np.asarray(translator.steps.alignments(pieces[0], np.append([[2]], pieces[1][:, :-1], axis=1)))[0, 0, 0]
    tokens = [VOCABULARY.tokens[place] for place in pieces[0].numpy()[0]]
    starts = [place for place, token in enumerate(tokens) if not token.startswith("##")]
    assert len(starts) < len(tokens)
    alignment = alignment_weights(translator, "the station", "la")
    np.testing.assert_allclose(alignment.weights[0, 0, -1], np.add.reduceat(raw[-1], starts), atol=1e-6)


def test_all_words_of_a_map_are_readable(tmp_path):
    random = np.random.default_rng(1)
    alignment = Alignment(["车站", "在", "哪里", "[END]"], ["where", "$x_1$", "[END]"], random.random((2, 3, 3, 4)))
    figure = alignment_figure(alignment, layers=[0, 1], heads=[0, 2], title="a model")
    assert [axes.get_title() for axes in figure.axes[:4]] == [f"layer {n}, head {h}" for n in (0, 1) for h in (0, 2)]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == alignment.source
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == alignment.target
    mean = alignment_figure(alignment).axes[0].get_images()[0].get_array()
    np.testing.assert_allclose(mean, alignment.weights[1].mean(axis=0))
    plots.alignment_maps(alignment, tmp_path / "maps.png")
    assert (tmp_path / "maps.png").read_bytes()[:4] == b"\x89PNG"


def test_the_cells_of_a_small_map_have_their_values():
    weights = np.random.default_rng(0).uniform(size=(1, 2, 3, 2))
    panel = alignment_figure(Alignment(["a", "b"], ["x", "y", "z"], weights)).axes[0]
    found = {(round(text.get_position()[1]), round(text.get_position()[0])): text.get_text() for text in panel.texts}
    assert found == {place: f"{value:.2f}" for place, value in np.ndenumerate(weights[0].mean(axis=0))}
    words = [f"word{number}" for number in range(20)]
    large = alignment_figure(Alignment(words, words, np.full((1, 1, 20, 20), 0.05))).axes[0]
    assert not large.texts


def test_models_and_texts_without_alignment_are_refused():
    with pytest.raises(InputError, match="Received: a task of text_classification"):
        alignment_weights(text_classification(), "a film")
    with pytest.raises(InputError, match="built without attention"):
        alignment_weights(task(seq2seq, embedding_dim=8, attention=None), "the station")
    with pytest.raises(InputError, match="has 1 layers"):
        alignment_figure(alignment_weights(task(seq2seq, embedding_dim=8), "the", "la"), layers=[3])
