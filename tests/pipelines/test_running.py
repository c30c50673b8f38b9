"""A pipeline that fails or is interrupted leaves nothing, and its error is that of a reader in memory."""

import shlex
import signal
import socket
import subprocess
import sys
import time

import pytest

from kerasnlp_zoo import cli
from kerasnlp_zoo.datasets.text_files import read_lines
from kerasnlp_zoo.errors import InputError
from kerasnlp_zoo.pipelines import running
from kerasnlp_zoo.pipelines.duplicates import remove_duplicate_lines
from kerasnlp_zoo.pipelines.predictions import predict_lines
from kerasnlp_zoo.pipelines.token_ids import encode_pieces, encode_words
from kerasnlp_zoo.pipelines.word_counts import WordFlags, count_words
from tests.docs_blocks import TREE, blocks

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


def free_port():
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


@pytest.fixture
def portable(tmp_path):
    """The flags of a job service and a worker pool, two processes that speak the protocol of Flink and Spark."""
    jobs, workers = free_port(), free_port()
    modules = {
        "apache_beam.runners.portability.local_job_service_main": ["--port", str(jobs)],
        "apache_beam.runners.worker.worker_pool_main": ["--service_port", str(workers)],
    }
    with (tmp_path / "log").open("w") as log:
        processes = [
            subprocess.Popen([sys.executable, "-m", module, *flags], stdout=log, stderr=log)
            for module, flags in modules.items()
        ]
        for port in (jobs, workers):
            for _ in range(600):
                with socket.socket() as connection:
                    if connection.connect_ex(("localhost", port)) == 0:
                        break
                time.sleep(0.1)
        runner = ["--runner", "PortableRunner", "--job_endpoint", f"localhost:{jobs}"]
        yield [*runner, "--environment_type", "EXTERNAL", "--environment_config", f"localhost:{workers}"]
        for process in processes:
            process.terminate()
            process.wait()


@pytest.mark.slow
def test_workers_of_a_cluster_give_the_same_output(texts, tmp_path, portable):
    for name, flags in (("here", []), ("cluster", portable)):
        encode_words(str(texts), str(tmp_path / name), WordFlags(min_count=1), beam_flags=flags)
        remove_duplicate_lines(str(texts), str(tmp_path / f"unique_{name}"), beam_flags=flags)
    for here, cluster in (("here", "cluster"), ("unique_here", "unique_cluster")):
        files = [{f.name: f.read_bytes() for f in (tmp_path / folder).iterdir()} for folder in (here, cluster)]
        assert files[0] == files[1]


@pytest.mark.slow
def test_a_killed_pipeline_leaves_no_output_and_the_next_one_removes_its_files(texts, tmp_path):
    line = "\n".join(f"line {number} of many" for number in range(10**6))
    (texts / "large.txt").write_text(line)
    program = "import sys; sys.argv = sys.argv[1:]; from kerasnlp_zoo.cli import main; main()"
    command = [sys.executable, "-c", program, "kerasnlp-zoo", "corpus", "deduplicate", str(texts), "output"]
    process = subprocess.Popen(command, cwd=tmp_path)
    until = time.time() + 120
    while not (left := list(tmp_path.glob(".*-output"))) and time.time() < until:
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


def test_without_beam_the_command_says_what_to_install(texts, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam.options.pipeline_options", None)
    monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", "corpus", "count", str(texts), str(tmp_path / "output")])
    with pytest.raises(SystemExit, match=r'Apache Beam is not installed: pip install "kerasnlp-zoo\[beam\]"'):
        cli.main()


CLUSTERS = [
    line.split(" -- ")[1]
    for block in blocks(TREE / "docs" / "corpus.md")
    if block.language == "sh"
    for line in block.lines
]


@pytest.mark.parametrize("line", CLUSTERS, ids=lambda line: line.split()[1])
def test_apache_beam_has_the_flags_of_the_documentation(line):
    from apache_beam.options.pipeline_options import PipelineOptions

    options = PipelineOptions(shlex.split(line))
    assert options.get_all_options(retain_unknown_options=True).keys() == options.get_all_options().keys()
    assert len(CLUSTERS) == 4
