"""The shared part of recipes that train word vectors: flags, corpus, scores during training and the end of a run.

Shapes: V vocabulary, D width of a vector.
"""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasnlp_zoo import files, plots
from kerasnlp_zoo.datasets.corpora import CHARACTERS, CorpusOptions, TextSource, open_corpus
from kerasnlp_zoo.datasets.encoded_text import EncodedText
from kerasnlp_zoo.datasets.word_evaluation import load_analogies, load_word_pairs
from kerasnlp_zoo.datasets.word_vector_files import write_projector, write_vectors
from kerasnlp_zoo.errors import InputError, require_positive
from kerasnlp_zoo.evaluation.analogies import AnalogyQuestions
from kerasnlp_zoo.evaluation.word_similarity import WordPairs
from kerasnlp_zoo.tasks import WordEmbedding
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.text import Vocabulary
from kerasnlp_zoo.text.corpus import IDS, Corpus, encode_corpus, recode_corpus
from kerasnlp_zoo.training.run import Run
from kerasnlp_zoo.training.run_options import RunOptions
from kerasnlp_zoo.training.saving import save_task
from kerasnlp_zoo.training.word_vector_scores import WordVectorScores
from kerasnlp_zoo.weights import WeightDtype, round_weights

ENTRY_DTYPE: WeightDtype = "int8"  # changes no score in its first three digits
WORD_PAIR_SETS, ANALOGY_SET = ("wordsim353", "simlex999"), "questions_words"  # English
MAIN_METRIC = "wordsim353 spearman"
LEAST_PAIRS = 30  # word pairs are scored only if the vocabulary has at least this many: fewer give a random correlation
LEAST_KNOWN = 30  # analogies are scored only if the vocabulary has at least this many of their words
# Groups of related words, for the plot.
WORDS = {
    "en": {
        "animals": "dog cat horse bird fish cow sheep lion",
        "numbers": "two three four five six seven eight nine",
        "countries": "france germany italy spain china japan india russia",
        "family": "mother father brother sister son daughter wife husband",
        "music": "guitar piano drums violin singer album song band",
    },
    "zh": {
        "国家": "美国 日本 法国 英国 德国 俄罗斯 印度 韩国",
        "家庭": "父亲 母亲 儿子 女儿 妻子 丈夫 孩子 妈妈",
        "体育": "足球 篮球 排球 冠军 球队 比赛 教练 球迷",
        "经济": "银行 企业 市场 贷款 投资 价格 税收 金融",
        "时间": "星期一 星期二 上午 下午 晚上 今天 昨天 明天",
    },
}
FEWEST_SHOWN = 12  # with fewer known words of these groups, the plot shows frequent words
SHOWN_FROM, SHOWN = 100, 40  # rank of the first of them, and their number


@dataclasses.dataclass
class CorpusRunConfig(RunOptions, CorpusOptions):
    """The flags of recipes that train word vectors on a corpus."""

    epochs: int = 5
    """Number of passes over the corpus."""
    embedding_dim: int = 100
    """Width of a word vector."""
    min_count: int = 5
    """Minimum number of occurrences of a word. Rarer words are dropped from the corpus."""
    max_vocabulary_size: int | None = None
    """Maximum number of words with a vector; the most frequent ones are kept."""
    entry_size: int = 30_000
    """Maximum number of words in the entry and the SavedModel, the most frequent ones; vectors.txt has all words."""

    def check(self, replicas: int) -> None:
        """Raise InputError if flags are invalid or cannot be combined, also for this number of replicas."""
        super().check(replicas)
        require_positive(embedding_dim=self.embedding_dim, min_count=self.min_count, entry_size=self.entry_size)


class Throughput(keras.callbacks.Callback):
    """Show the training speed in the progress bar and in history.csv.

    Args:
        name: name of the column, such as "words_per_second".
        count: number of words, or of other units, of an epoch.
        num_steps: number of steps of an epoch.
    """

    def __init__(self, name: str, count: float, num_steps: int) -> None:
        super().__init__()
        self.name = name
        self.count_per_step = count / num_steps

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Start the clock."""
        self.started, self.steps = time.perf_counter(), 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the speed to the progress bar."""
        self.steps += 1
        self.per_second = self.steps * self.count_per_step / (time.perf_counter() - self.started)
        if logs is not None:
            logs[self.name] = self.per_second

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the speed, measured before validation, to the row of history.csv."""
        if logs is not None:
            logs[self.name] = self.per_second


def read_corpus(run: Run[CorpusRunConfig], known: Vocabulary | None = None) -> tuple[TextSource, Corpus]:
    """Write the text that the flags select as word ids into the run's state, where a resumed run finds them.

    Args:
        run: the run.
        known: vocabulary of the entry whose training continues, which keeps its ids.

    Raises:
        InputError: if the text cannot be read, has no words, or no sentence with two words.
    """
    config, source, folder = run.config, open_corpus(run.config), run.state / "corpus"
    started = time.time()
    run.remembered.remember({"text": config.fingerprint()})
    with run.chief_first():
        if folder.exists():
            corpus = Corpus.load(folder)
        elif source.encoded:
            corpus = _recoded(config, source.encoded, folder, known)
        else:
            corpus = encode_corpus(source.chunks(), folder, config.min_count, config.max_vocabulary_size, known)
    if corpus.num_tokens <= corpus.num_sentences:
        raise InputError(
            f"Word vectors are learned from pairs of words in a line. Received: {source.name}, in which every line has "
            f"at most one word that occurs {config.min_count} times or more. Put the words of a sentence in one line"
            + (", or set a smaller --min-count" if config.min_count > 1 else "")
        )
    first = ", ".join(corpus.vocabulary.tokens[2:7])
    print(
        f"{source.name}: {corpus.num_tokens:,} words in {corpus.num_sentences:,} sentences, "
        f"{len(corpus.vocabulary) - 2:,} different words that occur at least {config.min_count} times: {first}, ... "
        f"({time.time() - started:.0f} s)",
        flush=True,
    )
    if known is not None:
        found, added = np.count_nonzero(corpus.counts[: len(known)]), len(corpus.vocabulary) - len(known)
        print(f"{found:,} of the {len(known) - 2:,} words of the entry occur, and {added:,} words are new", flush=True)
    return source, corpus


def _recoded(config: CorpusRunConfig, encoded: EncodedText, folder: Path, known: Vocabulary | None) -> Corpus:
    """Write the corpus that would be encoded from the text, from a folder of its token ids."""
    assert config.corpus is not None
    encoded.require_unit("words", config.corpus)
    if encoded.min_count > config.min_count:
        raise InputError(
            f"{config.corpus} contains only words that occur {encoded.min_count} times or more. Received: --min-count "
            f"{config.min_count}. Add --min-count {encoded.min_count}, or encode the text again"
        )
    corpus = Corpus.load(config.corpus)
    corpus.check_ids(len(corpus.vocabulary))
    return recode_corpus(corpus, folder, config.min_count, config.max_vocabulary_size, known)


def score_callbacks(language: str, tokens: Sequence[str]) -> list[keras.callbacks.Callback]:
    """Return the callback that scores word vectors every epoch, in a list; the list is empty without a set for them."""
    word_pairs, questions = published_sets(language, tokens)
    return [WordVectorScores(tokens, word_pairs, questions)] if word_pairs or questions else []


def published_sets(language: str, tokens: Sequence[str]) -> tuple[list[WordPairs], AnalogyQuestions | None]:
    """Return the published word pairs and analogy questions for which a vocabulary has enough words.

    Args:
        language: language of the vocabulary; the sets are English.
        tokens: the V tokens.
    """
    if language != "en":
        return [], None
    known = set(tokens)

    def num_known(pairs: WordPairs) -> int:
        return sum(known.issuperset(map(str.lower, pair)) for pair in pairs.words)

    word_pairs = [given for given in map(load_word_pairs, WORD_PAIR_SETS) if num_known(given) >= LEAST_PAIRS]
    questions = load_analogies(ANALOGY_SET)
    asked = (word for section in questions.sections.values() for question in section for word in question)
    has_enough = len({word.lower() for word in asked} & known) >= LEAST_KNOWN
    return word_pairs, questions if has_enough else None


def finish_word_vectors(
    run: Run[CorpusRunConfig],
    source: TextSource,
    corpus: Corpus,
    vectors: np.ndarray,
    weights_dtype: WeightDtype = ENTRY_DTYPE,
    output: tuple[np.ndarray, np.ndarray] | None = None,
) -> dict[str, Any]:
    """Score the vectors and write everything into the output folder.

    vectors.txt has all words in float32. The entry and the SavedModel have the most frequent ones, by default in int8
    with one scale per vector. The scores are measured with the entry.

    Args:
        run: the run that ends.
        source: where the text comes from.
        corpus: the text as word ids.
        vectors: float [V, D].
        weights_dtype: dtype of the vectors in the entry.
        output: the output vectors [V, D] of word2vec and their bias [V], to keep them in the entry; None for none.

    Returns:
        The content of metrics.json.
    """
    tokens = corpus.vocabulary.tokens
    kept = run.config.entry_size + 2  # [PAD] and [UNK]
    task = WordEmbedding.from_vectors(
        Vocabulary(tokens[:kept]),
        vectors[:kept],
        source.language,
        "jieba" if source.language == "zh" and source.segmenter != CHARACTERS else None,
        output and (output[0][:kept], output[1][:kept]),
    )
    round_weights(task.model, weights_dtype)
    write_vectors(run.folder / "vectors.txt", tokens, vectors)
    write_projector(run.folder / "projector", tokens, vectors)
    metrics = {
        "task": task.name,
        "language": source.language,
        **_scores(task),
        "words": corpus.num_tokens,
        "vocabulary_size": len(tokens) - 2,
        "milliseconds_per_sentence": milliseconds_per_sentence(task, task.tokens[2:]),
    }
    named = {"recipe": run.recipe, "dataset": source.name, **metrics}
    metrics["pictures"] = [path.stem for path in draw_word_vectors(run.folder, run.history.rows(), named, task)]
    _print_results(task, metrics)
    suffix = "" if source.name.endswith(f"_{source.language}") else f"_{source.language}"
    metrics = save_task(
        run,
        task,
        source,
        run.describe(metrics),
        weights_dtype,
        task.tokens[2:],
        name=f"{getattr(run.config, 'model', run.recipe)}_{source.name}{suffix}",
        fingerprint=files.sha256(corpus.folder / IDS),
        other_files=["vectors.txt", f"projector/  tensorboard --logdir {run.folder / 'projector'}"],
        use="predict {} WORD",
    )
    run.note_smoke()
    run.finish(metrics)
    return metrics


def _scores(task: WordEmbedding) -> dict[str, Any]:
    """Return the scores of published sets; the main score is in percent."""
    word_pairs, questions = published_sets(task.preprocessor.language, task.tokens)
    sets: list[WordPairs | AnalogyQuestions] = [*word_pairs, *([questions] if questions else [])]
    scores = task.evaluate(sets) if sets else {}
    is_main = scores.get("metric") == MAIN_METRIC
    return {
        "metric": "WordSim-353 Spearman" if is_main else "not scored",
        "test_score": scores["score"] if is_main else None,
        "validation_score": None,
        "published_score": None,
        "published_by": None,
        "scores": scores,
    }


def draw_word_vectors(
    folder: Path, history: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any], task: WordEmbedding
) -> list[Path]:
    """Draw the training curves, and the vectors of some words in two dimensions.

    Args:
        folder: output folder.
        history: rows of history.csv; may be empty.
        metrics: content of metrics.json; recipe and dataset are used.
        task: a task with the vectors.

    Returns:
        The paths of the plots.
    """
    title = f"{metrics['recipe']} on {metrics['dataset']}"
    pictures = []
    if history:
        pictures.append(folder / "curves.png")
        plots.score_curves(history, pictures[0], title)
    words, groups = chosen_words(task)
    if len(words) >= 4:
        pictures.append(folder / "words.png")
        vectors = task.vectors[task.ids(words)]
        plots.word_scatter(words, vectors, pictures[-1], "tsne", groups, f"{title}: words with similar neighbours")
    return pictures


def chosen_words(task: WordEmbedding) -> tuple[list[str], list[str] | None]:
    """Return words for a plot and their groups; if too few of them are known, frequent words without groups."""
    grouped = [
        (word, group)
        for group, words in WORDS.get(task.preprocessor.language, {}).items()
        for word in words.split()
        if word in task
    ]
    if len(grouped) >= FEWEST_SHOWN:
        return [word for word, _ in grouped], [group for _, group in grouped]
    start = min(2 + SHOWN_FROM, max(2, len(task.tokens) - SHOWN))  # the most frequent words are function words
    return task.tokens[start : start + SHOWN], None


def _print_results(task: WordEmbedding, metrics: Mapping[str, Any]) -> None:
    """Print the scores, and the nearest neighbours of some words."""
    print()
    sets = {name: scores for name, scores in metrics["scores"].items() if isinstance(scores, dict)}
    for name, scores in sets.items():
        value = scores["spearman"] if "spearman" in scores else scores["accuracy"]
        what = "Spearman correlation" if "spearman" in scores else "accuracy"
        print(f"{name}: {what} {100 * value:.1f} on the {scores['coverage']:.0%} whose words are in the vocabulary")
    words, _ = chosen_words(task)
    for word, answer in zip(words[::8], task.predict(words[::8]), strict=True):
        print(f"  {word}: {task.readable(answer)}")
