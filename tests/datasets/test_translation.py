from pathlib import Path

import pytest
import tensorflow_datasets as tfds
from hypothesis import given
from hypothesis import strategies as st

from kerasnlp_zoo.datasets import TranslationOptions, load_translation
from kerasnlp_zoo.datasets.translation_files import read_translations
from kerasnlp_zoo.errors import InputError
from tests.datasets.tfds_folders import write_tfds

PAIRS = [(f"Sentence {number}.", f"Frase {number}.") for number in range(100)]


def write(path, lines):
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def tsv(tmp_path, pairs=PAIRS, name="pairs.tsv"):
    return write(tmp_path / name, ["\t".join(pair) for pair in pairs])


def load(**options):
    return load_translation(TranslationOptions(**options))


def all_pairs(data):
    return [list(zip(*split.sources_and_targets(), strict=True)) for split in (data.train, data.validation, data.test)]


@pytest.mark.parametrize("kind", ["tsv", "csv", "jsonl", "named", "two files"])
def test_all_formats_of_own_files_are_read_as_the_same_data(tmp_path, kind):
    expected = load(train_file=tsv(tmp_path))
    options = {}
    if kind == "csv":
        options["train_file"] = write(tmp_path / "a.csv", [f'"{source}","{target}"' for source, target in PAIRS])
    elif kind == "jsonl":
        rows = [f'{{"text": "{source}", "text_pair": "{target}"}}' for source, target in PAIRS]
        options["train_file"] = write(tmp_path / "a.jsonl", rows)
    elif kind == "named":
        rows = ["spanish\tenglish", *(f"{target}\t{source}" for source, target in PAIRS)]
        options = {
            "text_column": "english",
            "text_pair_column": "spanish",
            "train_file": write(tmp_path / "b.tsv", rows),
        }
    elif kind == "two files":
        options["train_file"] = write(tmp_path / "a.en", [source for source, _ in PAIRS])
        options["target_file"] = write(tmp_path / "a.es", [target for _, target in PAIRS])
    else:
        options["train_file"] = tsv(tmp_path)
    assert load(**options).fingerprint() == expected.fingerprint()
    assert [len(split) for split in (expected.train, expected.validation, expected.test)] == [80, 10, 10]


def test_every_source_is_in_one_split_with_all_its_translations(tmp_path):
    pairs = [*PAIRS, *((source.upper(), target + " Sí.") for source, target in PAIRS), ("Sentence 1.", "frase  1.")]
    data = load(train_file=tsv(tmp_path, pairs))
    keys = [{source.lower() for source in split.texts} for split in (data.train, data.validation, data.test)]
    assert not keys[0] & keys[1] | keys[0] & keys[2] | keys[1] & keys[2]
    assert all(len(targets) == 2 for split in (data.train, data.test) for targets in split.references)
    assert data.dropped == {"pairs without text": 0, "duplicates": 1, "sources of another split": 0}


def test_the_held_out_share_can_be_chosen(tmp_path):
    data = load(train_file=tsv(tmp_path), validation_split=0.3)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [40, 30, 30]
    assert len(load(train_file=tsv(tmp_path), held_out=4).test) == 4


def test_splits_do_not_depend_on_the_order_of_the_data(tmp_path):
    one, other = load(train_file=tsv(tmp_path)), load(train_file=tsv(tmp_path, PAIRS[::-1], "other.tsv"))
    assert [sorted(pairs) for pairs in all_pairs(one)] == [sorted(pairs) for pairs in all_pairs(other)]


def test_sources_of_a_given_test_split_are_removed_from_training(tmp_path):
    test = tsv(tmp_path, PAIRS[:30], "test.tsv")
    data = load(train_file=tsv(tmp_path), test_file=test, held_out=5)
    assert data.test.texts == [source for source, _ in PAIRS[:30]]
    assert data.dropped["sources of another split"] == 30
    assert (len(data.validation), len(data.train)) == (5, 65)


def test_lines_without_a_translation_are_dropped(tmp_path):
    data = load(train_file=tsv(tmp_path, [*PAIRS, ("Alone.", ""), ("", "Sola.")]))
    assert data.dropped["pairs without text"] == 2


@pytest.mark.slow
def test_tatoeba_is_read_in_both_directions():
    there, back = load(), load(source="es", target="en")
    assert (len(there.test), len(there.validation)) == (2000, 2000)
    assert sum(len(references) for references in there.train.references) > 130_000
    assert max(map(len, there.test.references)) > 1
    sources, targets = back.test.sources_and_targets()
    assert "Tom" in " ".join(targets)
    assert "¿" in " ".join(sources)


def test_targets_of_reversal_are_the_reversed_sources():
    data = load(dataset="reversal")
    assert [source.split()[::-1] for source in data.test.texts] == [t.split() for (t,) in data.test.references]


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        (["Hello. Hola."], {}, "line 1: expected a sentence and its translation, separated by '.t'"),
        (
            ["a\tb"],
            {"text_column": "en", "text_pair_column": "es"},
            "line 1: there is no column 'en'. The columns are: a",
        ),
        (["a\tb"] * 5, {}, "The test split of pairs is empty"),
        (["a\tb"], {"held_out": 0}, "held_out"),
        (["a\tb"], {"language": "zh"}, "Received: --language zh. Leave out --language"),
        (["a\tb"], {"label_column": "es"}, "no labels. Received: --label-column es. Leave it out"),
        (["a\tb"], {"validation_split": 0.7}, "--validation-split must be above 0"),
        (["a\tb"], {"test_target_file": Path("a.es")}, "--test-target-file has the translations of .* --test-file"),
    ],
)
def test_bad_files_are_refused(tmp_path, lines, options, message):
    with pytest.raises(InputError, match=message):
        load(train_file=write(tmp_path / "pairs.tsv", lines), **options)


def test_files_of_different_lengths_are_refused(tmp_path):
    source, target = write(tmp_path / "a.en", ["a", "b"]), write(tmp_path / "a.es", ["a", "", "c"])
    with pytest.raises(InputError, match="Received: 2 and 3 lines"):
        load(train_file=source, target_file=target)


def test_a_missing_file_or_language_is_refused(tmp_path):
    with pytest.raises(InputError, match="nothing.tsv does not exist"):
        load(train_file=Path(tmp_path, "nothing.tsv"))
    with pytest.raises(InputError, match="between en and es, and en and uk. Received: --source en --target fr"):
        load(target="fr")
    with pytest.raises(InputError, match="Name a data set with --dataset .tatoeba, .*reversal. or give --train-file"):
        load(dataset="")
    with pytest.raises(InputError, match="Did you mean 'tatoeba'.*a package index only: tatoeba, software, reversal"):
        load(dataset="tatoebba", data_dir=tmp_path)


def test_translations_of_tfds_keep_their_splits(tmp_path):
    features = {"en": tfds.features.Text(), "es": tfds.features.Text()}
    words = {"train": ["one", "two", "three"], "validation": ["four"], "test": ["five", " six "]}
    splits = {name: {"en": texts, "es": [f"{text} es" for text in texts]} for name, texts in words.items()}
    write_tfds(tmp_path, "my_translations", features, splits, config=None)
    data = load(dataset="my_translations", data_dir=tmp_path)
    assert sorted(data.train.texts) == ["one", "three", "two"]
    assert data.validation.texts == ["four"]
    assert sorted(zip(data.test.texts, data.test.references, strict=True)) == [
        ("five", ["five es"]),
        ("six", ["six  es"]),
    ]
    with pytest.raises(InputError, match="no feature 'uk'"):
        load(dataset="my_translations", data_dir=tmp_path, target="uk")


def test_a_sample_is_spread_over_a_split_sorted_by_length(tmp_path):
    train = load(train_file=tsv(tmp_path)).train
    sample = train.sample(5)
    assert (sample.texts[0], sample.texts[-1]) == (train.texts[0], train.texts[-1])
    places = [train.texts.index(source) for source in sample.texts]
    assert places == sorted(set(places))
    assert max(b - a for a, b in zip(places, places[1:], strict=False)) <= len(train) / 4 + 1
    assert sample.references == [train.references[place] for place in places]
    assert train.sample(1000).texts == train.texts


def test_blank_lines_at_the_end_and_carriage_returns_do_not_shift_two_files_of_lines(tmp_path):
    (tmp_path / "a.en").write_bytes(b"one\ntwo\rlines\nthree\n\n\n")
    (tmp_path / "a.es").write_bytes(b"uno\r\ndos\r\ntres")
    pairs = read_translations(tmp_path / "a.en", tmp_path / "a.es", TranslationOptions())
    assert pairs == [("one", "uno"), ("two\rlines", "dos"), ("three", "tres")]


def test_a_json_list_has_several_translations(tmp_path):
    path = write(tmp_path / "a.jsonl", [f'{{"text": "a {n}", "text_pair": ["x {n}", "y"]}}' for n in range(30)])
    data = load(train_file=path)
    assert all(len(references) == 2 for references in data.train.references)
    path = write(tmp_path / "b.jsonl", ['{"text": "a", "text_pair": ["x", ["y"]]}'])
    with pytest.raises(InputError, match="line 1, 'text_pair': expected a string or a number. Received a list"):
        load(train_file=path)
    path = write(tmp_path / "c.jsonl", ['{"text": ["a"], "text_pair": "x"}'])
    with pytest.raises(InputError, match="line 1, 'text': expected a string or a number. Received a list"):
        load(train_file=path)


def test_a_quotation_mark_is_a_character_in_tsv_and_other_delimiters_are_found(tmp_path):
    assert read_translations(write(tmp_path / "a.tsv", ['"a\tb"', 'c"\t"d']), None, TranslationOptions()) == [
        ('"a', 'b"'),
        ('c"', '"d'),
    ]
    assert read_translations(write(tmp_path / "a.csv", ["a;b"]), None, TranslationOptions()) == [("a", "b")]
    options = TranslationOptions(delimiter="\\t")
    assert read_translations(write(tmp_path / "a.csv", ["a,b\tc"]), None, options) == [("a,b", "c")]


LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\ufeff"), max_size=6)


@given(st.lists(st.tuples(LINES, LINES), max_size=5), st.sampled_from(["\n", "\r\n"]), st.integers(0, 2))
def test_random_lines_of_two_files_are_read_back(tmp_path_factory, pairs, end, blank):
    folder = tmp_path_factory.mktemp("lines")
    pairs = [*pairs, ("last", "last")]
    for side, name in enumerate(("a", "b")):
        lines = [pair[side] for pair in pairs]
        (folder / name).write_bytes((end.join(lines) + end * (1 + blank * side)).encode())
    found = read_translations(folder / "a", folder / "b", TranslationOptions())
    assert found == [(source.strip(), target.strip()) for source, target in pairs]
