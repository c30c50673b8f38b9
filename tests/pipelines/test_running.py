"""A pipeline that fails or is interrupted leaves nothing, and its error is that of a reader in memory."""

import os
import signal
import subprocess
import sys
import time

import pytest

from kerasnlp_zoo.datasets.text_files import read_lines
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.pipelines import running
from kerasnlp_zoo.pipelines.duplicates import remove_duplicate_lines
from kerasnlp_zoo.pipelines.predictions import predict_lines
from kerasnlp_zoo.pipelines.token_ids import encode_pieces, encode_words
from kerasnlp_zoo.pipelines.word_counts import WordFlags, count_words

pytest.importorskip("apache_beam", reason="the extra beam is not installed")

PIPELINES = {
    "count": lambda text, output: count_words(text, output, WordFlags()),
    "ids": lambda text, output: encode_words(text, output, WordFlags()),
    "bert": lambda text, output: encode_pieces(text, output, "bert_tiny_en"),
    "deduplicate": remove_duplicate_lines,
}


@pytest.mark.usefixtures("_small_ranges")
@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("bad", [b"caf\xe9 au lait", b"a\0b"], ids=["encoding", "zero byte"])
def test_text_that_cannot_be_read_has_the_error_of_memory(texts, tmp_path, name, bad):
    path = texts / "more" / "bad.txt"
    path.write_bytes(b"a line of text, which is not long\n" * 30 + bad + b"\n" + b"another line of text\n" * 30)
    with pytest.raises(InputError) as expected:
        list(read_lines(path))
    with pytest.raises(InputError) as received:
        PIPELINES[name](str(texts), str(tmp_path / "output"))
    assert str(received.value) == str(expected.value)
    assert "line 31" in str(expected.value)
    assert [file.name for file in tmp_path.iterdir()] == ["texts"]


@pytest.mark.parametrize("name", PIPELINES)
def test_a_text_that_does_not_exist_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="none does not exist. Expected a text file, or a folder of text files"):
        PIPELINES[name](str(tmp_path / "none"), str(tmp_path / "output"))


@pytest.mark.parametrize("name", PIPELINES)
def test_an_output_folder_that_exists_is_not_replaced(texts, tmp_path, name):
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="output already exists, and is not replaced"):
        PIPELINES[name](str(texts), str(tmp_path / "output"))
    assert (tmp_path / "output" / "mine.txt").read_text() == "mine"


def test_an_output_folder_that_appears_meanwhile_is_not_replaced(texts, tmp_path, monkeypatch):
    run = running.run

    def run_slowly(*arguments):
        run(*arguments)
        (tmp_path / "output").mkdir()

    monkeypatch.setattr("kerasnlp_zoo.pipelines.duplicates.run", run_slowly)
    with pytest.raises(InputError, match="output already exists"):
        remove_duplicate_lines(str(texts), str(tmp_path / "output"))
    assert list((tmp_path / "output").iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--runer", "FlinkRunner"], "Apache Beam has no flag --runer"),
        (["--runner", "Nonsense"], "Unexpected pipeline runner: Nonsense"),
    ],
)
def test_wrong_flags_of_beam_are_refused(texts, tmp_path, flags, message):
    with pytest.raises(InputError, match=message):
        remove_duplicate_lines(str(texts), str(tmp_path / "output"), beam_flags=flags)
    assert not (tmp_path / "output").exists()


def test_an_error_that_is_no_fault_of_the_input_names_its_cause(texts, tmp_path, monkeypatch):
    def fail(text):
        raise ArithmeticError("the earth is flat")

    monkeypatch.setattr("kerasnlp_zoo.pipelines.duplicates.duplicate_key", fail)
    with pytest.raises(InputError, match="The pipeline failed, and its output was not written.*the earth is flat"):
        remove_duplicate_lines(str(texts), str(tmp_path / "output"))


@pytest.mark.slow
def test_several_processes_give_the_same_output(texts, tmp_path):
    flags = ["--direct_running_mode", "multi_processing", "--direct_num_workers", "2"]
    remove_duplicate_lines(str(texts), str(tmp_path / "one"))
    remove_duplicate_lines(str(texts), str(tmp_path / "two"), beam_flags=flags)
    one, two = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


@pytest.mark.slow
def test_a_killed_pipeline_leaves_no_output_and_the_next_one_removes_its_files(texts, tmp_path):
    line = "\n".join(f"line {number} of many" for number in range(10**6))
    (texts / "large.txt").write_text(line)
    command = [sys.executable, "-m", "kerasnlp_zoo.cli", "corpus", "deduplicate", str(texts), "output"]
    program = "import sys; sys.argv = sys.argv[1:]; from kerasnlp_zoo.cli import main; main()"
    command = [sys.executable, "-c", program, "kerasnlp-zoo", "corpus", "deduplicate", str(texts), "output"]
    process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ})
    until = time.time() + 120
    while not (left := [path for path in tmp_path.glob(".*-output")]) and time.time() < until:
        time.sleep(0.05)
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert left
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([left[0].name, "texts"])
    subprocess.run(command, cwd=tmp_path, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["output", "texts"]


def test_predictions_need_a_text(tmp_path):
    with pytest.raises(InputError, match="none does not exist"):
        predict_lines(str(tmp_path / "model"), str(tmp_path / "none"), str(tmp_path / "output"))
