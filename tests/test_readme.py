"""What the README shows is run here, and what it prints is what is printed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kerasnlp_zoo import zoo
from kerasnlp_zoo.zoo import cards

TREE = Path(__file__).parents[1]
README = (TREE / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("bash") for line in block.splitlines()]
OUTPUTS = blocks("text")


@pytest.fixture
def folder(tmp_path):
    """A folder with the CSV file that the README speaks of, in sentences written for this test."""
    things = ["手机", "衣服", "鞋子", "书包", "耳机", "台灯", "水杯", "雨伞", "键盘", "风扇", "帽子", "椅子"]
    good = ["{}很好，下次还来", "{}质量不错，很喜欢", "很满意的{}", "{}便宜又好用"]
    bad = ["{}太差了，不推荐", "{}用了一天就坏", "很失望的{}", "{}又贵又难用"]
    rows = [
        (text.format(thing), label)
        for label, texts in (("好评", good), ("差评", bad))
        for text in texts
        for thing in things
    ]
    (tmp_path / "评论.csv").write_text("评论,标签\n" + "".join(f"{text},{label}\n" for text, label in rows), "utf-8")
    return tmp_path


def run(line, folder):
    """Run a command of the README as a shell would; the part that installs is left to whoever runs the tests."""
    line = line.split(" && ")[-1]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(shlex.split(line), cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


def command(word):
    """Return the command of the README with this word in it."""
    return next(line for line in COMMANDS if word in line)


def output(word):
    """Return the output shown in the README that has this word in it."""
    return next(block for block in OUTPUTS if word in block)


def test_every_command_is_known_to_these_tests():
    tried = [
        "&& kerasnlp-zoo train",
        "predict text_cnn_",
        "explain",
        "quantize",
        "litert",
        "guitar",
        "analogy",
        "--corpus texts/",
        "train bert_classification",
        "plot attention",
        "plot positions",
        "train ngram",
        "train rnn_language_model",
        "predict rnn_language_model",
        "predict bilstm_crf_segmentation",
        "predict bilstm_crf_pos",
        "predict bilstm_crf_msra",
        "train transformer_translation",
        "train seq2seq",
        "评论.csv",
        "质量很好",
        "&& pytest",
    ]
    assert [next((word for word in tried if word in line), line) for line in COMMANDS] == tried


def test_language_model_and_taggers_answer_what_is_shown(folder):
    commands = [
        line for line in COMMANDS if line.split()[1] == "predict" and ("predict rnn" in line or "_crf_" in line)
    ]
    assert "".join(run(line, folder) for line in commands) == output("perplexity")


def test_training_command(folder):
    assert "Test accuracy" in run(command("&& kerasnlp-zoo train") + " --smoke", folder)
    assert (folder / "runs/text_cnn_movie_reviews/metrics.json").exists()


def test_prediction_command_prints_what_is_shown(folder):
    assert run(command("predict"), folder) == output("gripping")


def test_word_commands_print_what_is_shown(folder):
    assert run(command("guitar"), folder) + run(command("analogy"), folder) == output("bigger")


def test_word2vec_command_learns_from_a_folder_of_texts(folder):
    (folder / "texts").mkdir()
    for place in range(2):
        lines = [
            f"the {animal} ran over the {place_name}\n" for animal in ("dog", "cat") for place_name in ("hill", "road")
        ]
        (folder / "texts" / f"{place}.txt").write_text("".join(lines) * 20)
    printed = run(command("--corpus texts/"), folder)
    assert "960 words in 160 sentences, 7 different words" in printed
    assert (folder / "runs/word2vec_texts/vectors.txt").read_text().startswith("7 100\n")


def test_bert_commands(folder):
    printed = run(command("train bert_classification") + " --smoke", folder)
    assert "; 22,566,146 are trained" in printed
    run(command("plot attention"), folder)
    run(command("plot positions"), folder)
    for name in ("it.png", "positions.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")


def test_language_model_commands(folder):
    assert "modified_kneser_ney" in run(command("train ngram") + " --smoke", folder)
    assert "Test perplexity" in run(command("train rnn_language_model") + " --smoke", folder)


def test_translation_commands(folder):
    assert "Data set tatoeba, en to es" in run(command("train transformer_translation") + " --smoke", folder)
    assert "Data set reversal" in run(command("train seq2seq") + " --smoke", folder)


def test_translator_answers_what_is_shown(folder):
    text, answer = re.search(r'predict transformer_en_es "(.+?)"` answers (.+?);', README).groups()
    assert run(f'kerasnlp-zoo predict transformer_en_es "{text}"', folder).startswith(f"{answer}\t")


def test_explaining_command_prints_what_is_shown_and_draws_it(folder):
    assert run(command("explain"), folder) == output("n-grams")
    assert (folder / "why.png").read_bytes().startswith(b"\x89PNG")


def test_commands_for_phones_give_the_figures_shown(folder):
    size, score, new_score = re.search(
        r"int8 \(still ([\d.]+) MB; the score goes from ([\d.]+) to ([\d.]+);", README
    ).groups()
    printed = run(command("quantize"), folder)
    assert f"{size} MB -> {size} MB, test accuracy {score} -> {new_score} on" in printed
    run(command("litert"), folder)
    assert (folder / "phone" / "model.tflite").exists()


def test_own_data_commands(folder):
    printed = run(command("评论.csv") + " --epochs 3", folder)
    # The numbers are those of other reviews; every line shown has its counterpart.
    for line in output("Data set").splitlines():
        if line != "...":
            words = re.match(r"\s*[^\d:]+", line).group().split()[:2]
            assert any(all(word in other for word in words) for other in printed.splitlines()), line
    assert re.fullmatch(r"[好差]评 [01]\.\d{3}\t质量很好，很喜欢\n", run(command("质量很好"), folder))
    for line in output("docker").splitlines():
        words = shlex.split(line.replace("$PWD", str(folder)))
        assert any(shlex.split(other)[3:] == words[3:] for other in printed.splitlines() if other[:4] == line[:4]), line


@pytest.mark.parametrize("block", blocks("python"))
def test_python(block, folder):
    subprocess.run([sys.executable, "-c", block], cwd=folder, check=True, capture_output=True)
    if "export" in block:
        assert (folder / "served" / "1" / "saved_model.pb").exists()


def test_table_of_entries_is_the_measured_one(monkeypatch, tmp_path):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))  # what someone downloaded is not in it
    assert cards.table(zoo.summaries()) in README


def test_links_and_pictures_exist():
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (TREE / target).exists(), target
