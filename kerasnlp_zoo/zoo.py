"""Entries: a folder holds everything a trained task needs, is checked by sha256 and never executed.

config.json, vocabulary.txt, model.safetensors, golden.json, metrics.json, README.md
"""

import json
import shutil
from pathlib import Path

from kerasnlp_zoo import cards
from kerasnlp_zoo.downloads import DOWNLOADS
from kerasnlp_zoo.errors import InputError, did_you_mean, require_choice
from kerasnlp_zoo.files import cache_folder, folder_written_whole, sha256, write_json

FORMAT_VERSION = 1
NEEDED = ("config.json", "vocabulary.txt", "model.safetensors")  # to load an entry
GOLDEN_TOLERANCE = 1e-4  # processors round differently

# Written for this project: ordinary sentences, and the strings that break careless preprocessing.
GOLDEN_TEXTS = {
    "en": (
        "a gripping, beautifully acted film",
        "dull, clumsy and far too long",
        "I don't think anyone's going to like it!",
        "Ｆｕｌｌ－ｗｉｄｔｈ ＣＡＦＥ\u0301 👍🏽",
        "",
    ),
    "zh": ("东西很好，下次还来买！", "质量太差了，不推荐。", "iPhone14手机壳 5元，便宜👍", "", "Ｏｋ"),
}
GOLDEN_PAIRS = {
    "en": (
        ("A man plays a guitar.", "A person is making music."),
        ("A man plays a guitar.", "Nobody plays anything."),
        ("Ｆｕｌｌ－ｗｉｄｔｈ ＣＡＦＥ\u0301 👍🏽", "a café"),
        ("", ""),
    ),
    "zh": (("他在弹吉他。", "有人在演奏音乐。"), ("他在弹吉他。", "没有人在演奏。"), ("Ｏｋ iPhone14", "好"), ("", "")),
}
# For tasks whose text is not a sentence.
GOLDEN_TEXTS_OF_TASK = {
    "question_answering": {
        "en": (
            ("Who wrote the letter?", "Anna was in Paris. The letter was written by her brother Paul in May."),
            (
                "Where is the café?",
                "CAFE\u0301 Ｎｏ．５ stands beside the station 👍🏽; " + "trains leave every hour. " * 40,
            ),
            ("Why?", ""),
        ),
        "zh": (("谁写了这封信？", "安娜在巴黎。五月，她的哥哥保罗写了这封信。"), ("为什么？", "")),
    },
    "token_classification": {
        "en": (
            "Anna Smith works for the European Union in Paris.",
            "The U.S. team didn't meet Ｏｍａｒ in São Paulo on 5 May 👍🏽",
            "a gripping, beautifully acted film",
            "",
        ),
        "zh": (
            "王小红昨天从北京大学回到上海。",
            "新华社东京１月１日电（记者张国成）日本首相今天发表新年讲话。",
            "东西很好，下次还来买！",
            "iPhone14手机壳 5元，便宜👍",
            "",
        ),
    },
    "fill_mask": {
        "en": (
            "The capital of France is [MASK].",
            "a [MASK] film",
            "[MASK]",
            "Ｆｕｌｌ－ｗｉｄｔｈ ＣＡＦＥ\u0301 [MASK] 👍🏽",
        ),
        "zh": ("东西很[MASK]，下次还来买！", "[MASK]", "iPhone14[MASK]机壳 Ｏｋ"),
    },
    "word_embedding": {
        "en": ("king", "music", "Monday", "good", "three", "Ｆｉｌｍ", "cafe\u0301", "New York", "xyzzyx", ""),
        "zh": ("国家", "经济", "音乐", "好", "三", "电影", "Ｏｋ", "两 个", "", "👍"),
    },
}


def golden_texts(task):
    """Return the texts, or pairs of texts, by which a task of an entry is checked."""
    if hasattr(task.preprocessor, "golden_texts"):  # what it reads is no plain text
        return task.preprocessor.golden_texts
    usual = GOLDEN_TEXTS if len(task.preprocessor.inputs) == 1 else GOLDEN_PAIRS
    return list(GOLDEN_TEXTS_OF_TASK.get(task.name, usual)[task.preprocessor.language])


def entry_folders():
    """Return the folders that hold entries: the installed package's, the source tree's, the cache's."""
    package = Path(__file__).parent
    tree = package.parent
    folders = [package / "saved_models", cache_folder() / "entries"]
    if (tree / "pyproject.toml").exists():
        folders.insert(1, tree / "saved_models")
    return folders


def list_entries():
    """Return the names of all entries, sorted.

    Example:

    >>> "text_cnn_movie_reviews_en" in list_entries()
    True
    """
    return sorted({path.parent.name for folder in entry_folders() for path in folder.glob("*/config.json")})


def find(name_or_folder):
    """Return the folder of an entry.

    Args:
        name_or_folder: name of an entry, or path of an entry folder or of a BERT folder of Hugging Face, which
            is converted into the cache.

    Raises:
        InputError: if there is no such entry, or its folder is half written.
    """
    places = [Path(name_or_folder), *(folder / str(name_or_folder) for folder in entry_folders())]
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None and name_or_folder in DOWNLOADS:
        raise InputError(
            f"The entry {name_or_folder!r} is not here yet, {DOWNLOADS[name_or_folder].megabytes} MB to download. "
            f"Fetch it once: kerasnlp-zoo download {name_or_folder}, or zoo.download({str(name_or_folder)!r})"
        )
    if folder is None:
        raise InputError(
            f"There is no entry {str(name_or_folder)!r}.{did_you_mean(name_or_folder, [*list_entries(), *DOWNLOADS])} "
            f"Entries: {', '.join(list_entries()) or 'none'}; to download: {', '.join(DOWNLOADS)}. "
            "Or give the path of an entry folder, such as the entry/ that a training run leaves"
        )
    missing = [name for name in NEEDED if not (folder / name).exists()]
    if missing:
        from kerasnlp_zoo.convert.entries import entry_of, is_huggingface

        if is_huggingface(folder):
            return entry_of(folder)
        raise InputError(
            f"{folder} is no whole entry: {', '.join(missing)} missing. An entry folder holds {', '.join(NEEDED)}; "
            "copy or train it again"
        )
    return folder


def read_config(name_or_folder):
    """Return the config.json of an entry as a dict.

    Raises:
        InputError: if it cannot be read or has a format this version does not know.
    """
    path = find(name_or_folder) / "config.json"
    try:
        config = json.loads(path.read_text("utf-8"))
        version = config["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not the config of an entry: {error!r}") from error
    if version != FORMAT_VERSION:
        raise InputError(
            f"{path} has format_version {version}, this kerasnlp-zoo reads {FORMAT_VERSION}. "
            f"Install kerasnlp-zoo {config.get('least_library_version', 'of another version')}"
        )
    return config


def load(name_or_folder, task=None, labels=None, dtype=None, preprocessing=None):
    """Load an entry as a task object.

    Args:
        name_or_folder: name of an entry, or path of an entry folder or of a BERT folder of Hugging Face.
        task: name of another task for the same encoder; None for the entry's own.
        labels: another list of labels: the encoder keeps its weights, the head starts anew. Not for a
            quantized entry, whose weights cannot be trained.
        dtype: Keras dtype policy to build under, such as "mixed_bfloat16"; None for the current one.
        preprocessing: dict, other arguments of the preprocessor, such as {"pairs": True}.

    Returns:
        A task, such as `TextClassification`.

    Raises:
        InputError: if there is no such entry, or a file of it is missing, broken or changed.

    Example:

    >>> task = load("text_cnn_movie_reviews_en")
    >>> task.labels
    ['negative', 'positive']
    """
    from kerasnlp_zoo.entry_tasks import make_task

    folder = find(name_or_folder)
    config = read_config(folder)
    for name in ("vocabulary.txt", "model.safetensors"):
        _check_sha256(folder, name, config)
    return make_task(folder, config, task, labels, dtype, preprocessing or {})


def save(task, folder, metrics=None, weights_dtype="float32", pictures=(), **card):
    """Write a task as an entry folder, whole or not at all.

    Args:
        task: Task whose model comes from a builder.
        folder: the entry folder; an entry already there is replaced.
        metrics: dict of measured figures for metrics.json.
        weights_dtype: "float32", "float16" for half the size, or "int8" for a quarter; see `weights.save_weights`.
        pictures: paths of PNG files for the card.
        card: what else config.json and the card say, such as name, data, weights_licence,
            commercial_use, command, seed.

    Returns:
        Path of the folder.

    Raises:
        InputError: if the model does not come from a builder, or Keras quantized it in another way than
            `quantization.quantize_model`, which loading repeats.
    """
    from kerasnlp_zoo import __version__, weights
    from kerasnlp_zoo.quantization import is_quantized

    folder = Path(folder)
    if not hasattr(task.model, "builder_config"):
        raise InputError(
            f"An entry is built again from its builder's arguments, and {task.model.name} was not made by a builder "
            "of kerasnlp_zoo.models. Save such a model with model.save('model.keras')"
        )
    quantization = getattr(task.model, "quantization", None)
    if is_quantized(task.model) and quantization is None:
        raise InputError(
            f"The model {task.model.name} was quantized by model.quantize(). Expected float weights, or those of "
            "kerasnlp_zoo.quantization.quantize_model(model)"
        )
    config = {
        "format_version": FORMAT_VERSION,
        "name": folder.absolute().name,
        "version": 1,
        "least_library_version": __version__,
        "task": task.name,
        "labels": task.labels,
        "language": task.preprocessor.language,
        "builder": task.model.builder_config["builder"],
        "builder_arguments": dict(task.model.builder_config["arguments"]),
        "preprocessing": {"class": type(task.preprocessor).__name__, "config": task.preprocessor.get_config()},
        "parameters": task.model.count_params(),
        **({"quantization": quantization} if quantization else {}),
        **card,
    }
    with folder_written_whole(folder) as new:
        task.preprocessor.vocabulary.save(new / "vocabulary.txt")
        base = getattr(task.model, "base_entry", None)
        if base is not None:
            config["base"] = {"name": base, "sha256": sha256(find(base) / "model.safetensors")}
        changed = None if base is None else task.model.trainable_weights
        weights.save_weights(task.model, new / "model.safetensors", weights_dtype, changed)
        write_json(new / "metrics.json", metrics or {})
        for picture in pictures:
            shutil.copy(picture, new)
        _write_config(new, config)
        # The golden answers are those of the entry as it will be loaded, rounded weights included.
        texts = golden_texts(task)
        answers = load(new).predict(texts)
        write_json(new / "golden.json", [{"text": t, "answer": a} for t, a in zip(texts, answers, strict=True)])
        (new / "README.md").write_text(cards.card(config, metrics or {}, megabytes(new)), encoding="utf-8")
        _write_config(new, config)
    return folder


def check(name_or_folder):
    """Prove that an entry is whole and answers as it did when it was made.

    Args:
        name_or_folder: name of an entry, or path of an entry folder.

    Returns:
        dict of files and answers compared, and the largest difference between two numbers.

    Raises:
        InputError: naming the file that was changed, or the text whose answer differs.
    """
    folder = find(name_or_folder)
    config = read_config(folder)
    for name in config["sha256"]:
        _check_sha256(folder, name, config)
    golden = json.loads((folder / "golden.json").read_text("utf-8"))
    answers = load(folder).predict([example["text"] for example in golden])
    largest = 0.0
    for example, answer in zip(golden, answers, strict=True):
        apart = difference(example["answer"], answer)
        largest = max(largest, apart)
        if apart > GOLDEN_TOLERANCE:
            raise InputError(
                f"{folder} answers {example['text']!r} with {answer}, but answered {example['answer']} when it was made"
            )
    return {"files": len(config["sha256"]), "answers": len(golden), "largest_difference": largest}


def download(name):
    """Make an entry from what others published, in the cache, where `load` finds it from now on.

    Args:
        name: name of such an entry: a key of `downloads.DOWNLOADS`.

    Returns:
        Path of the entry folder; nothing is done if it is there, whole and unchanged.

    Raises:
        InputError: if nothing of this name can be downloaded, or the network cannot be reached.
    """
    require_choice("entry to download", name, tuple(DOWNLOADS))
    folder = cache_folder() / "entries" / name
    try:
        for file in read_config(folder)["sha256"]:
            _check_sha256(folder, file, read_config(folder))
    except InputError:
        return DOWNLOADS[name].make(folder)
    return folder


def summaries():
    """Return what the table of entries shows: a dict per entry, from its config and metrics."""
    rows = []
    for name in list_entries():
        folder = find(name)
        config, metrics = read_config(folder), json.loads((folder / "metrics.json").read_text("utf-8"))
        rows.append({**config, **metrics, "name": name, "megabytes": megabytes(folder)})
    return rows


def _write_config(folder, config):
    """Write config.json with the sha256 of every other file."""
    others = sorted(path for path in folder.iterdir() if path.name != "config.json")
    write_json(folder / "config.json", {**config, "sha256": {path.name: sha256(path) for path in others}})


def _check_sha256(folder, name, config):
    expected = config.get("sha256", {}).get(name)
    if not (folder / name).exists():
        raise InputError(f"{folder} is no whole entry: {name} is missing")
    received = sha256(folder / name)
    if received != expected:
        raise InputError(
            f"{folder / name} is not the file the entry was made with: it was changed or damaged. "
            f"Expected sha256 {expected}, received {received}. Copy or train the entry again"
        )


def difference(expected, received):
    """Return the largest difference between numbers of two answers of the same form; else infinity.

    Of numbers above 1, such as perplexities, it is a share of them.
    """
    if isinstance(expected, dict) and isinstance(received, dict) and expected.keys() == received.keys():
        return max((difference(expected[key], received[key]) for key in expected), default=0.0)
    if isinstance(expected, list) and isinstance(received, list) and len(expected) == len(received):
        return max(map(difference, expected, received), default=0.0)
    if isinstance(expected, float) and isinstance(received, float):
        return abs(expected - received) / max(1.0, abs(expected))
    return 0.0 if expected == received else float("inf")


def megabytes(folder):
    """Return the size of an entry's files in millions of bytes."""
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6
