"""Convert a BERT folder from Hugging Face to an entry in the cache, once."""

import hashlib
import re
from pathlib import Path

from kerasnlp_zoo import durable
from kerasnlp_zoo.convert.huggingface import read_huggingface
from kerasnlp_zoo.files import cache_folder, sha256
from kerasnlp_zoo.zoo.saving import save

CHINESE = re.compile(r"[\u4e00-\u9fff]")
CONVERTER = "3"  # a new number converts every folder anew
MOSTLY = 0.2  # share of pieces; it is 1% in an English vocabulary, and a third in a Chinese one


def entry_of(folder: Path) -> Path:
    """Return the entry folder of a BERT folder from Hugging Face. Convert it if it is not in the cache.

    An encoder without a head becomes a sentence encoder. It keeps its pooler if it has one.

    Raises:
        InputError: if the folder does not contain a BERT model that can be read.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".txt", ".safetensors", ".bin"))
    digest = hashlib.sha256("".join([CONVERTER, *map(sha256, files)]).encode()).hexdigest()
    entry = cache_folder() / "converted" / f"{folder.absolute().name}-{digest[:12]}"
    durable.remove_leftovers(entry.parent)
    if entry.exists():
        return entry
    converted = read_huggingface(folder)
    if converted.builder == "bert":
        converted = read_huggingface(folder, "pooled_output" if "pooler/kernel" in converted.weights else "mean")
    is_chinese = sum(map(bool, map(CHINESE.search, converted.tokens))) > MOSTLY * len(converted.tokens)
    task = converted.task("zh" if is_chinese else "en")
    return save(task, entry, weights_licence="same as for the converted folder")
