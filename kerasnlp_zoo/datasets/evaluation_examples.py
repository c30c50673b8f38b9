"""Examples to evaluate a task on: the test split of a data set, or the user's file."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from kerasnlp_zoo.datasets.feature_tables import FeatureOptions, load_features, read_features
from kerasnlp_zoo.datasets.labelled_texts import load_labelled_texts, read_label_sets
from kerasnlp_zoo.datasets.language_modeling import LanguageModelingOptions, held_out_lines
from kerasnlp_zoo.datasets.opened_files import content_stem
from kerasnlp_zoo.datasets.options import DataOptions, LabelOptions, TokenClassificationOptions, TranslationOptions
from kerasnlp_zoo.datasets.question_answering import QuestionAnsweringOptions, load_question_answering, read_squad
from kerasnlp_zoo.datasets.tagged_files import read_tagged
from kerasnlp_zoo.datasets.text_classification import load_text_classification
from kerasnlp_zoo.datasets.text_files import read_lines
from kerasnlp_zoo.datasets.text_regression import load_text_regression, score_of
from kerasnlp_zoo.datasets.token_classification import load_token_classification
from kerasnlp_zoo.datasets.translation import load_translation
from kerasnlp_zoo.datasets.translation_files import read_translations
from kerasnlp_zoo.datasets.trees import TreeOptions, load_trees, read_labelled_trees
from kerasnlp_zoo.datasets.user_files import read_examples
from kerasnlp_zoo.datasets.word_evaluation import load_word_set, published_word_sets
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.types import Config

SHARED = ("dataset", "test_file", "encoding", "delimiter", "language", "validation_split", "data_dir", "smoke")
# Texts, and the references that the task's evaluate() takes.
Examples: TypeAlias = tuple[Sequence[Any], Sequence[Any] | None]
Options = TypeVar("Options", bound=DataOptions | LanguageModelingOptions)


def load_evaluation_examples(
    task_name: str, options: DataOptions, config: Config
) -> tuple[Sequence[Any], Sequence[Any] | None, str]:
    """Read test examples for a task.

    Args:
        task_name: name of the task, such as "text_classification".
        options: flags of the data. The examples are test_file if it is given, otherwise the test split of dataset,
            otherwise the test split of the entry's own data set. For word embeddings they are test_file, or the
            published set dataset, or all published sets of the language.
        config: config.json of the entry; for feature_classification also "columns", the names of the numbers.

    Returns:
        The texts, the references (labels, numbers, spans, answers or translations; None for tasks that need none),
        and the name of the data.

    Raises:
        InputError: if the task cannot be evaluated, no data is selected, or the data cannot be read.
    """
    if task_name not in READERS:
        raise InputError(
            f"{task_name} cannot be evaluated on labelled texts. Expected one of the tasks {', '.join(READERS)}"
        )
    texts, references = READERS[task_name](options, config)
    name = _data_name(options, config) if options.test_file is None else content_stem(options.test_file)
    return texts, references, name


def _data_name(options: DataOptions, config: Config) -> str:
    """Return the name of the data set of the flags, otherwise of the entry, otherwise ""."""
    return options.dataset or config.get("data", {}).get("name", "")


def _with_data(options: DataOptions, config: Config) -> DataOptions:
    """Return the options, with the entry's own data set if the flags select no data."""
    if options.test_file is not None:
        return options
    name = _data_name(options, config)
    if not name:
        raise InputError(
            f"{config.get('name', 'The entry')} does not name its data set. Give --dataset NAME or --test-file FILE to "
            "score it on"
        )
    return dataclasses.replace(options, dataset=name)


def _classified(options: DataOptions, config: Config) -> Examples:
    if options.test_file is not None:
        examples = read_examples(options.test_file, options)
        return [example.text for example in examples], [example.label for example in examples]
    data = load_text_classification(_with_data(options, config))
    return data.test.texts, [data.labels[label] for label in data.test.labels]


def _with_label_sets(options: DataOptions, config: Config) -> Examples:
    if not isinstance(options, LabelOptions):
        options = LabelOptions(**dataclasses.asdict(options))
    if options.test_file is not None:
        examples = [example for example in read_label_sets(options.test_file, options) if example.labels is not None]
        return [example.text for example in examples], [list(example.labels or ()) for example in examples]
    data = load_labelled_texts(dataclasses.replace(options, dataset=_with_data(options, config).dataset))
    return data.test.texts, [[data.labels[label] for label in labels] for labels in data.test.labels]


def _numbered(options: DataOptions, config: Config) -> Examples:
    columns = tuple(config["columns"])
    more = {"label_column": options.label_column, "feature_columns": columns}
    options = _as(FeatureOptions, _with_data(options, config), **more)
    if options.test_file is not None:
        examples = read_features(options.test_file, options, columns)
        return [example.text for example in examples], [example.label for example in examples]
    data = load_features(options)
    return data.test.texts, [data.labels[label] for label in data.test.labels]


def _scored(options: DataOptions, config: Config) -> Examples:
    if options.test_file is not None:
        examples = read_examples(options.test_file, options)
        return [example.text for example in examples], [score_of(example) for example in examples]
    test = load_text_regression(_with_data(options, config)).test
    return test.texts, test.labels.tolist()


def _tagged(options: DataOptions, config: Config) -> Examples:
    options = _as(TokenClassificationOptions, _with_data(options, config))
    if options.test_file is not None:
        examples, _ = read_tagged(options.test_file, options)
        return [example.text for (example, _) in examples], [example.spans for (example, _) in examples]
    test = load_token_classification(options).test
    return test.texts, test.references


def _asked(options: DataOptions, config: Config) -> Examples:
    options = _as(QuestionAnsweringOptions, _with_data(options, config))
    if options.test_file is not None:
        examples, _ = read_squad(options.test_file, options.encoding)
    else:
        examples = load_question_answering(options).test
    texts = [(example.question, example.passage) for example in examples]
    return texts, [[answer.text for answer in example.answers] for example in examples]


def _parsed(options: DataOptions, config: Config) -> Examples:
    labelled = config["builder_arguments"].get("labelled", "root")
    columns = {name: getattr(options, name) for name in ("text_column", "text_pair_column", "label_column")}
    notation = config["preprocessing"]["config"]["notation"]
    options = _as(TreeOptions, _with_data(options, config))
    options = dataclasses.replace(options, notation=notation, labelled=labelled, **columns)
    if options.test_file is None:
        data = load_trees(options)
        return data.test.texts, [data.labels[label] for label in data.test.labels]
    rows = read_labelled_trees(options.test_file, options)
    return [text for text, _, _ in rows], [labels if labelled == "nodes" else labels[0] for _, labels, _ in rows]


def _lines(options: DataOptions, config: Config) -> Examples:
    if options.test_file is not None:
        lines = (line for lines in read_lines(options.test_file, options.encoding) for line in lines)
        return [line for line in lines if line.strip()], None
    return held_out_lines(_as(LanguageModelingOptions, _with_data(options, config))), None


def _word_sets(options: DataOptions, config: Config) -> Examples:
    if options.test_file is not None:
        return [load_word_set(options.test_file, options.encoding)], None
    if options.dataset:
        return [load_word_set(options.dataset)], None
    return published_word_sets(config["language"]), None


def _as(kind: type[Options], options: DataOptions, **more: Any) -> Options:
    """Return options of another class, with the flags that all of them share."""
    known = {field.name for field in dataclasses.fields(kind)}.intersection(SHARED)
    return kind(**{name: value for name, value in dataclasses.asdict(options).items() if name in known}, **more)


def _translated(options: DataOptions, config: Config) -> Examples:
    """Return the sources without duplicates, and all translations of each."""
    languages = config["preprocessing"]["config"]
    columns = {name: getattr(options, name) for name in ("text_column", "text_pair_column")}
    more = {"source": languages["language"], "target": languages["target_language"], **columns}
    options = _as(TranslationOptions, _with_data(options, config), **more)
    if options.test_file is None:
        test = load_translation(options).test
        return test.texts, test.references
    references: dict[str, list[str]] = {}
    for source, target in read_translations(options.test_file, None, options):
        references.setdefault(source, []).append(target)
    return list(references), list(references.values())


READERS: dict[str, Callable[[DataOptions, Config], Examples]] = {
    "text_classification": _classified,
    "multi_label_classification": _with_label_sets,
    "feature_classification": _numbered,
    "text_regression": _scored,
    "sentence_similarity": _scored,
    "token_classification": _tagged,
    "question_answering": _asked,
    "tree_classification": _parsed,
    "language_modeling": _lines,
    "translation": _translated,
    "word_embedding": _word_sets,
}
