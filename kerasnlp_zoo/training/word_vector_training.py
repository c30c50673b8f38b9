"""The frame of a run that learns word vectors: its flags, the corpus, scores on the way, and what it leaves behind.

Shapes: V vocabulary, D width of a vector.
"""

import dataclasses
import time

import keras

from kerasnlp_zoo import files, plots
from kerasnlp_zoo.datasets.corpora import CHARACTERS, CorpusOptions, open_corpus
from kerasnlp_zoo.datasets.word_evaluation import load_analogies, load_word_pairs
from kerasnlp_zoo.datasets.word_vector_files import write_projector, write_vectors
from kerasnlp_zoo.errors import require_positive
from kerasnlp_zoo.tasks import WordEmbedding
from kerasnlp_zoo.tasks.speed import milliseconds_per_sentence
from kerasnlp_zoo.text import Vocabulary
from kerasnlp_zoo.text.corpus import IDS, Corpus, encode_corpus
from kerasnlp_zoo.training.run import RunOptions
from kerasnlp_zoo.training.saving import save_task
from kerasnlp_zoo.training.word_vector_scores import WordVectorScores
from kerasnlp_zoo.weights import round_weights

KEPT = "int8"  # no score changes in its third digit
PAIRS, QUESTIONS = ("wordsim353", "simlex999"), "questions_words"  # English
LEAST_KNOWN = 30  # words of a set that a vocabulary must have for a score to mean anything
# Words that a person expects to see in groups, for the picture.
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
FEWEST_SHOWN, SHOWN_FROM, SHOWN = 12, 100, 40  # words of the picture


@dataclasses.dataclass
class CorpusRunConfig(RunOptions, CorpusOptions):
    """The flags of recipes that learn word vectors from a corpus."""

    epochs: int = 5
    """Passes over the corpus."""
    embedding_dim: int = 100
    """Width of a word vector."""
    min_count: int = 5
    """Words seen less often are left out."""
    max_vocabulary_size: int | None = None
    """Most words that get a vector, the most frequent ones."""
    entry_size: int = 30_000
    """Most words in the entry and the SavedModel, the most frequent ones; vectors.txt holds all."""

    def check(self, replicas):
        """Refuse flags that cannot be."""
        super().check(replicas)
        require_positive(embedding_dim=self.embedding_dim, min_count=self.min_count, entry_size=self.entry_size)


class Throughput(keras.callbacks.Callback):
    """Show how much is trained on in a second, in the progress bar and in history.csv.

    Args:
        name: str, such as "words_per_second".
        count: int, words or whatever else an epoch has.
        num_steps: int, steps of an epoch.
    """

    def __init__(self, name, count, num_steps):
        super().__init__()
        self.name = name
        self.count_per_step = count / num_steps

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.started, self.steps = time.perf_counter(), 0

    def on_train_batch_end(self, batch, logs=None):
        """Add the figure to what the progress bar shows."""
        self.steps += 1
        self.figure = self.steps * self.count_per_step / (time.perf_counter() - self.started)
        logs[self.name] = self.figure

    def on_epoch_end(self, epoch, logs=None):
        """Add the figure, from before validation, to the row of history.csv."""
        logs[self.name] = self.figure


def read_corpus(run):
    """Write the text that the flags choose as word ids, once: a resumed run finds them.

    Args:
        run: Run with a `CorpusRunConfig`.

    Returns:
        (TextSource, Corpus).

    Raises:
        InputError: if the text cannot be read or holds no words.
    """
    config, text, folder = run.config, open_corpus(run.config), run.state / "corpus"
    started = time.time()
    if folder.exists():
        corpus = Corpus.load(folder)
    else:
        corpus = encode_corpus(text.chunks(), folder, config.min_count, config.max_vocabulary_size)
    first = ", ".join(corpus.vocabulary.tokens[2:7])
    print(
        f"{text.name}: {corpus.num_tokens:,} words in {corpus.num_sentences:,} sentences, "
        f"{len(corpus.vocabulary) - 2:,} different ones that occur {config.min_count} times or more: {first}, ... "
        f"({time.time() - started:.0f} s)",
        flush=True,
    )
    return text, corpus


def score_callbacks(language, tokens):
    """Return the callback that scores word vectors every epoch, in a list; empty where nothing can be scored."""
    pairs, questions = published_sets(language, tokens)
    return [WordVectorScores(tokens, pairs, questions)] if pairs or questions else []


def published_sets(language, tokens):
    """Return the word pairs and analogy questions that a vocabulary has enough words of.

    Args:
        language: str; the sets are English.
        tokens: list of V str.

    Returns:
        (list of `WordPairs`, `AnalogyQuestions` or None).
    """
    if language != "en":
        return [], None
    known = set(tokens)

    def enough(words):
        return len({word.lower() for word in words} & known) >= LEAST_KNOWN

    pairs = [given for given in map(load_word_pairs, PAIRS) if enough(word for pair in given.words for word in pair)]
    questions = load_analogies(QUESTIONS)
    asked = (word for section in questions.sections.values() for question in section for word in question)
    return pairs, questions if enough(asked) else None


def finish_word_vectors(run, text, corpus, vectors):
    """Score the vectors and leave everything in the run's folder.

    vectors.txt holds every word; the entry and the SavedModel the most frequent ones, kept in int8 with a scale for
    each vector, and these are what is scored.

    Args:
        run: Run with a `CorpusRunConfig`.
        text: TextSource.
        corpus: `Corpus`.
        vectors: float array [V, D].

    Returns:
        dict, what metrics.json holds.
    """
    tokens = corpus.vocabulary.tokens
    kept = run.config.entry_size + 2  # [PAD] and [UNK]
    task = WordEmbedding.from_vectors(
        Vocabulary(tokens[:kept]),
        vectors[:kept],
        text.language,
        "jieba" if text.language == "zh" and text.segmenter != CHARACTERS else None,
    )
    round_weights(task.model, KEPT)
    write_vectors(run.folder / "vectors.txt", tokens, vectors)
    write_projector(run.folder / "projector", tokens, vectors)
    metrics = {
        "task": task.name,
        "language": text.language,
        **_scores(task),
        "words": corpus.num_tokens,
        "vocabulary_size": len(tokens) - 2,
        "milliseconds_per_sentence": milliseconds_per_sentence(task, task.tokens[2:]),
    }
    named = {"recipe": run.recipe, "dataset": text.name, **metrics}
    metrics["pictures"] = [path.stem for path in draw_word_vectors(run.folder, run.history.rows(), named, task)]
    _print_results(task, metrics)
    suffix = "" if text.name.endswith(f"_{text.language}") else f"_{text.language}"
    metrics = save_task(
        run,
        task,
        text,
        run.describe(metrics),
        KEPT,
        task.tokens[2:],
        name=f"{getattr(run.config, 'model', run.recipe)}_{text.name}{suffix}",
        fingerprint=files.sha256(corpus.folder / IDS),
        leaves=["vectors.txt", f"projector/  tensorboard --logdir {run.folder / 'projector'}"],
        use="predict {} WORD",
    )
    run.finish(metrics)
    return metrics


def _scores(task):
    """Return the scores of published sets, percentages of 100 where they head a table."""
    pairs, questions = published_sets(task.preprocessor.language, task.tokens)
    names = [*(given.name for given in pairs), *([QUESTIONS] if questions else [])]
    scores = task.evaluate(names) if names else {}
    main = scores.get("wordsim353")
    return {
        "metric": "WordSim-353 Spearman" if main else "not scored",
        "test_score": 100 * main["spearman"] if main else None,
        "validation_score": None,
        "published_score": None,
        "scores": scores,
    }


def draw_word_vectors(folder, history, metrics, task):
    """Draw how the training went and some words in the plane.

    Args:
        folder: Path, where the pictures go.
        history: list of dict, rows of history.csv; may be empty.
        metrics: dict with recipe and dataset.
        task: `WordEmbedding`.

    Returns:
        list of Path, the pictures drawn.
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


def chosen_words(task):
    """Return words for a picture, and their groups: well-known ones, or else frequent ones without groups."""
    grouped = [
        (word, group)
        for group, words in WORDS.get(task.preprocessor.language, {}).items()
        for word in words.split()
        if word in task
    ]
    if len(grouped) >= FEWEST_SHOWN:
        return [list(column) for column in zip(*grouped, strict=True)]
    start = min(2 + SHOWN_FROM, max(2, len(task.tokens) - SHOWN))  # the most frequent words mean little
    return task.tokens[start : start + SHOWN], None


def _print_results(task, metrics):
    """Print the scores, and what stands near some words."""
    print()
    for name, scores in metrics["scores"].items():
        value = scores["spearman"] if "spearman" in scores else scores["accuracy"]
        what = "Spearman correlation" if "spearman" in scores else "right answers"
        print(f"{name}: {what} {100 * value:.1f}, {scores['coverage']:.0%} of it known")
    words, _ = chosen_words(task)
    for word, answer in zip(words[::8], task.predict(words[::8]), strict=True):
        print(f"  {word}: {task.readable(answer)}")
