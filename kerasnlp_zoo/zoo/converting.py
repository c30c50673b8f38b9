"""A BERT folder of Hugging Face as an entry: converted once, and found in the cache from then on."""

import hashlib
import re

from kerasnlp_zoo.convert.huggingface import read_huggingface
from kerasnlp_zoo.files import cache_folder, sha256
from kerasnlp_zoo.zoo.saving import save

CHINESE = re.compile(r"[\u4e00-\u9fff]")
MOSTLY = 0.2  # of the pieces; an English vocabulary has 1% of Chinese characters, a Chinese one a third


def entry_of(folder):
    """Return the entry made of a BERT folder of Hugging Face; it is made if it is not in the cache.

    An encoder without a head becomes one of sentences, which keeps its pooler if it has one.

    Args:
        folder: Path.

    Returns:
        Path of the entry folder.

    Raises:
        InputError: if it is no BERT that can be read.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".txt", ".safetensors", ".bin"))
    digest = hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()
    entry = cache_folder() / "converted" / f"{folder.absolute().name}-{digest[:12]}"
    if entry.exists():
        return entry
    converted = read_huggingface(folder)
    if converted.builder == "bert":
        converted = read_huggingface(folder, "pooled_output" if "pooler/kernel" in converted.weights else "mean")
    is_chinese = sum(map(bool, map(CHINESE.search, converted.tokens))) > MOSTLY * len(converted.tokens)
    task = converted.task("zh" if is_chinese else "en")
    return save(task, entry, weights_licence="that of the folder it was made of")
