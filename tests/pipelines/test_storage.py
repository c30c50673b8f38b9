"""Pipelines read and write remote files through Apache Beam: here through a file system that a test registers."""

from pathlib import Path

import pytest

pytest.importorskip("apache_beam", reason="the extra beam is not installed")

from apache_beam.io.filesystem import FileMetadata
from apache_beam.io.localfilesystem import LocalFileSystem

from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.pipelines.duplicates import remove_duplicate_lines
from kerasnlp_zoo.pipelines.storage import find_texts
from kerasnlp_zoo.pipelines.token_ids import encode_pieces, encode_words
from kerasnlp_zoo.pipelines.word_counts import WordFlags, count_words

SCHEME = "bucket"


class Bucket(LocalFileSystem):
    """A folder of this machine under the name bucket://. Apache Beam finds this class by its scheme."""

    root = None

    @classmethod
    def scheme(cls):
        return SCHEME

    def local(self, path):
        return path.replace(f"{SCHEME}://", f"{self.root}/")

    def join(self, basepath, *paths):
        return "/".join([basepath, *paths])

    def split(self, path):
        return tuple(path.rsplit("/", 1))

    def _list(self, dir_or_prefix):
        for found in super()._list(self.local(dir_or_prefix)):
            path = found.path.replace(f"{self.root}/", f"{SCHEME}://")
            yield FileMetadata(path, found.size_in_bytes, found.last_updated_in_seconds)

    def create(self, path, *arguments, **named):
        return super().create(self.local(path), *arguments, **named)

    def open(self, path, *arguments, **named):
        return super().open(self.local(path), *arguments, **named)

    def exists(self, path):
        return super().exists(self.local(path))

    def metadata(self, path):
        found = super().metadata(self.local(path))
        return FileMetadata(path, found.size_in_bytes, found.last_updated_in_seconds)

    def rename(self, sources, destinations):
        for path in map(self.local, destinations):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        super().rename(list(map(self.local, sources)), list(map(self.local, destinations)))

    def delete(self, paths):
        super().delete(list(map(self.local, paths)))


@pytest.fixture
def _bucket(tmp_path, monkeypatch):
    monkeypatch.setattr(Bucket, "root", str(tmp_path))


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


PIPELINES = {
    "count": lambda text, output: count_words(text, output, WordFlags(min_count=1)),
    "ids": lambda text, output: encode_words(text, output, WordFlags(min_count=1)),
    "bert": lambda text, output: encode_pieces(text, output, "bert_tiny_en"),
    "deduplicate": remove_duplicate_lines,
}


@pytest.mark.usefixtures("_bucket", "_small_ranges")
@pytest.mark.parametrize("name", PIPELINES)
def test_remote_files_give_the_same_output(texts, tmp_path, name):
    PIPELINES[name](str(texts), str(tmp_path / "local"))
    PIPELINES[name]("bucket://texts", "bucket://remote")
    local, remote = files_of(tmp_path / "local"), files_of(tmp_path / "remote")
    for files in (local, remote):
        files.pop("files.json", None)  # it has the paths of the text
    assert remote == local
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and "unfinished" in str(path)]
    with pytest.raises(InputError, match="bucket://remote already exists"):
        PIPELINES[name]("bucket://texts", "bucket://remote")


@pytest.mark.usefixtures("_bucket")
def test_remote_texts_are_found_as_local_ones(texts):
    local = find_texts(str(texts))
    remote = find_texts("bucket://texts")
    assert [(path.removeprefix("bucket://texts"), size) for path, size in remote] == [
        (path.removeprefix(str(texts)), size) for path, size in local
    ]
    assert find_texts("bucket://texts/a.txt") == [("bucket://texts/a.txt", (texts / "a.txt").stat().st_size)]
    with pytest.raises(InputError, match="bucket://none contains no .txt file"):
        find_texts("bucket://none")
