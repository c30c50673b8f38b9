"""The commands and Python blocks of README.md and docs/ run, and their output is the output that is shown."""

import csv
import importlib.util
import re
import shlex
import sys
import tomllib

import pytest

from kerasnlp_zoo import cli, layers, models, zoo
from kerasnlp_zoo.commands.recipes import _paths as recipe_paths
from kerasnlp_zoo.flags import read_flags
from kerasnlp_zoo.zoo import cards
from tests.docs_blocks import (
    CHINESE_PAGES,
    FAMILIES,
    OTHER_PAGES,
    PAGES,
    TREE,
    all_blocks,
    anchors,
    blocks,
    inline_commands,
    name,
)
from tests.small_data import LIKES

RUN_BY_NOBODY = {  # first words of a command -> why the tests do not run it
    "pip install": "the tests run in an environment that is installed",
    "pytest": "it would run this test",
}
IN_ORDER = "docs/five_minutes.md"  # the page whose commands and Python blocks run one after the other in one folder
SHARING = "docs/sharing.md"  # the page whose commands use a stand-in of the Hugging Face Hub
TOGETHER = (
    "docs/corpus.md",
    "docs/own_data.md",
    "docs/serving.md",
    SHARING,
)  # pages whose commands use the output of the commands before
SLOW = (  # words in blocks of more than 10 s; the blocks on the pages of families are slow, too
    "Sampling(",
    "Word2VecTrainer(",
    "bert_minilm_en",
    "bilstm_crf_pos_zh",
    "download",
    "quantize",
    "to-huggingface",
    "train ",
    "tune ",
    "transformer_en_es",
)
QUICK = ("README.md", "--train-file")  # the only training that is not slow: on this page, with this word
BASH, PYTHON = ([block for block in all_blocks(language) if block.page != IN_ORDER] for language in ("bash", "python"))


WITHOUT_BEAM = pytest.mark.skipif(
    importlib.util.find_spec("apache_beam") is None, reason="the extra beam is not installed"
)


def units():
    """Return lists of blocks; the commands of a list run one after the other in one folder."""
    together = [[block for block in BASH if block.page == page] for page in TOGETHER]
    return [[block] for block in BASH if block.page not in TOGETHER] + together


def marked(items, text):
    """Return pytest parameters, one for each block or list of blocks, with its page and line as id."""
    result = []
    for item in items:
        id = str(item[0] if isinstance(item, list) else item)
        is_quick = QUICK[0] in id and QUICK[1] in text(item)
        is_slow = id.startswith("docs/families/") or any(word in text(item) for word in SLOW)
        marks = [pytest.mark.slow] if is_slow and not is_quick else []
        marks += [WITHOUT_BEAM] if "kerasnlp-zoo corpus" in text(item) else []
        result.append(pytest.param(item, id=id, marks=marks))
    return result


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the files that the pages name, in sentences written for this test. It is the current folder."""
    things = ["手机", "衣服", "鞋子", "书包", "耳机", "台灯", "水杯", "雨伞", "键盘", "风扇", "帽子", "椅子"]
    good = ["{}很好，下次还来", "{}质量不错，很喜欢", "很满意的{}", "{}便宜又好用"]
    bad = ["{}太差了，不推荐", "{}用了一天就坏", "很失望的{}", "{}又贵又难用"]
    rows = [
        f"{text.format(thing)},{label}\n"
        for label, texts in (("好评", good), ("差评", bad))
        for text in texts
        for thing in things
    ]
    (tmp_path / "评论.csv").write_text("评论,标签\n" + "".join(rows), "utf-8")
    (tmp_path / "texts").mkdir()
    lines = [f"the {animal} ran over the {way}\n" for animal in ("dog", "cat") for way in ("hill", "road")]
    for number in range(2):
        (tmp_path / "texts" / f"{number}.txt").write_text("".join(lines) * 20)
    (tmp_path / "likes.txt").write_text("\n".join(LIKES))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands(line):
    """Return the commands of a line that the tests run."""
    return [part for part in line.split(" && ") if not part.startswith(tuple(RUN_BY_NOBODY))]


def quickly(command):
    """Return the arguments of a command, with the flags that make training quick."""
    arguments = shlex.split(command)[1:]
    if arguments[0] == "tune":
        return [*arguments, "--smoke", "--trials", "2"]
    if arguments[0] == "launch":
        return arguments if "--hosts" in arguments else [*arguments, "--smoke"]
    if arguments[0] != "train" or "--corpus" in arguments:
        return arguments
    return [*arguments, *(["--epochs", "3"] if "--train-file" in arguments else ["--smoke"])]


@pytest.fixture
def run(folder, monkeypatch, capsys):
    """Run a line of a page in this process; return what it printed."""

    def run(line):
        capsys.readouterr()
        for command in commands(line):
            monkeypatch.setattr(sys, "argv", ["kerasnlp-zoo", *quickly(command)])
            cli.main()
        return capsys.readouterr().out

    return run


def test_the_tests_run_every_command():
    for block in BASH:
        for line in block.lines:
            for command in commands(line):
                assert shlex.split(command)[0] == "kerasnlp-zoo", f"{block}: {command}"
                assert shlex.split(command)[1] in cli.COMMANDS, f"{block}: {command}"


@pytest.mark.parametrize("unit", marked(units(), lambda unit: "".join(block.text for block in unit)))
def test_commands(unit, run, folder, request):
    if unit[0].page == SHARING:
        request.getfixturevalue("hub")
    for block in unit:
        printed = "".join(run(line) for line in block.lines)
        if block.output is None:
            continue
        if any(word in block.text for word in (" train ", " export ")) and "--hosts" not in block.text:
            compare_by_line(block.output, printed, folder)
        else:
            assert printed == block.output
    for picture in re.findall(r"(?:-o|--output) (\S+\.png)", unit[0].text):
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")


def served(line):
    """Return the words of a command of TensorFlow Serving, without the texts of a request: they are from the data."""
    return [word for word in shlex.split(line) if not word.startswith('{"instances"')]


@pytest.mark.slow
def test_a_new_user_trains_predicts_and_serves_in_five_minutes(run, folder, capsys):
    for block in (block for block in blocks(TREE / IN_ORDER) if block.language in ("bash", "python")):
        capsys.readouterr()
        if block.language == "python":
            exec(compile(block.text, str(block), "exec"), {"__name__": "__main__"})
            printed = capsys.readouterr().out
        else:
            printed = "".join(run(line) for line in block.lines)
        if block.output is not None and block.language == "bash":
            compare_by_line(block.output, printed, folder)
        elif block.output is not None:
            assert printed == block.output
    with open(folder / "new.csv", newline="") as given, open(folder / "answers.csv", newline="") as answered:
        rows, answers = list(csv.DictReader(given)), list(csv.DictReader(answered))
    assert len(answers) == 100
    assert [{name: row[name] for name in ("id", "text")} for row in answers] == rows
    assert {row["label"] for row in answers} == {"negative", "positive"}


def compare_by_line(shown, printed, folder):
    """Compare the output of a run with one on other data: every line shown has a counterpart with the same words."""
    for line in shown.splitlines():
        if line.startswith(("docker", "curl")):
            expected = served(line.replace("$PWD", str(folder)))
            assert any(served(other) == expected for other in printed.splitlines() if other[:4] == line[:4]), line
        elif line != "...":
            words = re.match(r"\s*[^\d:]+", line).group().split()[:2]
            assert any(all(word in other for word in words) for other in printed.splitlines()), line


@pytest.mark.parametrize("block", marked(PYTHON, lambda block: block.text))
def test_python(block, folder, capsys):
    capsys.readouterr()
    exec(compile(block.text, str(block), "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    if block.output is not None:
        assert printed == block.output
    if 'export("served")' in block.text:
        assert (folder / "served" / "1" / "saved_model.pb").exists()


@pytest.mark.slow
def test_word2vec_counts_the_words_of_a_folder_of_texts(run, folder):
    line = next(line for block in BASH for line in block.lines if "--corpus texts/" in line)
    assert "960 words in 160 sentences, 7 different words" in run(line)
    assert (folder / "runs/word2vec_texts/vectors.txt").read_text().startswith("7 100\n")


@pytest.mark.slow
def test_int8_keeps_the_size_and_the_accuracy_that_are_stated(run):
    page = " ".join((TREE / "docs/serving.md").read_text("utf-8").split())
    size, score = re.search(r"size is unchanged \(([\d.]+) MB\).*accuracy is unchanged \(([\d.]+)\)", page).groups()
    line = next(line for block in BASH for line in block.lines if " quantize " in line)
    assert f"{size} MB -> {size} MB, test accuracy {score} -> {score} on" in run(line)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_flags_of_training_commands_exist(page):
    lines = [line for block in blocks(page) if block.language == "bash" for line in block.lines]
    in_blocks = [command for line in lines for command in commands(line)]
    for command in [*in_blocks, *inline_commands(page)]:
        _, subcommand, *arguments = shlex.split(command)
        assert subcommand in cli.COMMANDS or subcommand.startswith("--"), command
        if subcommand == "train" and arguments[0] in recipe_paths() and "--help" not in arguments:
            recipe = importlib.import_module(f"recipes.{arguments[0]}")
            read_flags(recipe.Config, prog=command, args=arguments[1:])


def cells(page):
    """Return the names in the table of facts of a family's page, by the first column."""
    rows = re.findall(r"^\| (layers|builders|recipes|entries) \| (.*) \|$", page.read_text("utf-8"), re.MULTILINE)
    return {key: re.findall(r"`(\w+)`", cell) for key, cell in rows}


@pytest.mark.parametrize("page", FAMILIES, ids=name)
def test_names_of_a_family_exist(page):
    facts = cells(page)
    assert (TREE / "kerasnlp_zoo" / "models" / f"{page.stem}.py").exists()
    assert set(facts.get("layers", ())) <= set(layers.__all__)
    assert set(facts.get("builders", ())) <= set(models.BUILDERS) | {"count_ngrams", "ngram", "NgramModel"}
    assert set(facts["entries"]) <= {*zoo.list_entries(), *zoo.DOWNLOADS}
    languages = {block.language.split()[0] if block.language else "" for block in blocks(page)}
    has_picture = page.stem not in ("cooccurrence", "ngram")  # their models are tables of counts
    assert languages >= {"bash", "python", *(["{architecture}"] if has_picture else [])}  # command, example, picture
    assert "core" in page.read_text("utf-8")  # its scores


@pytest.mark.parametrize("page", FAMILIES, ids=name)
def test_every_equation_of_a_family_has_code_and_a_test(page):
    """test_links_and_pictures_exist checks that the definitions exist."""
    _, found, rest = page.read_text("utf-8").partition("| | equation | computed by | proved by |\n|---|---|---|---|\n")
    rows = [line.strip("| ").split(" | ") for line in rest.partition("\n\n")[0].splitlines()]
    assert found
    assert [row[0] for row in rows] == [str(number + 1) for number in range(len(rows))]
    for row in rows:
        _, _, computed, proved = row
        assert re.findall(r"\]\(../../(?:kerasnlp_zoo|recipes)/[\w/]+\.py#[\w.]+\)", computed), row
        assert re.findall(r"\]\(../../tests/[\w/]+\.py#test_\w+\)", proved), row


def test_every_builder_recipe_and_entry_is_on_a_page():
    text = "".join(page.read_text("utf-8") for page in FAMILIES)
    entries = [path.parent.name for path in (TREE / "saved_models").glob("*/config.json")]
    recipes = set(recipe_paths()) - {"ladder"}  # it trains the models of all families
    for known in (models.BUILDERS, recipes, zoo.DOWNLOADS, entries):
        assert [item for item in known if f"`{item}`" not in text] == []


def test_floors_of_the_contributing_page_are_those_of_the_contract():
    contract = tomllib.loads((TREE / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    floors = [set(re.split(r"[ |]+", floor)) for floor in reversed(contract["layers"])]
    rows = re.findall(r"^\| \d+ \| (.*?) \|", (TREE / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    shown = [set(re.findall(r"`(\w+)`", row)) for row in rows]
    assert shown == [*floors[:-2], floors[-2] | floors[-1], {"recipes"}]


def test_readme_is_short():
    assert len((TREE / "README.md").read_text("utf-8").splitlines()) <= 200


def test_table_of_entries_is_the_measured_one(monkeypatch, tmp_path):
    monkeypatch.setenv("KERASNLP_ZOO_CACHE", str(tmp_path))  # downloaded entries are not in it
    assert cards.table(zoo.summaries()) in (TREE / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", CHINESE_PAGES, ids=name)
def test_chinese_pages_have_only_commands_and_outputs_that_are_tested_on_other_pages(page):
    tested = [block for other in PAGES for block in blocks(other)]
    for block in blocks(page):
        same = [other for other in tested if (other.language, other.text) == (block.language, block.text)]
        assert same or block.language.startswith("{"), str(block)
        assert block.output is None or block.output in [other.output for other in same], str(block)


def test_the_chinese_readme_has_the_scores_of_the_chinese_entries():
    content = (TREE / "README.zh.md").read_text("utf-8")
    chinese = [entry for entry in zoo.summaries() if "zh" in entry["name"].split("_")]
    assert len(chinese) >= 7
    for entry in chinese:
        assert f"`{entry['name']}`" in content
        score = entry.get("test_score")
        assert score is None or f" {score:.1f} |" in content, entry["name"]


@pytest.mark.parametrize("page", [*PAGES, *OTHER_PAGES], ids=name)
def test_links_and_pictures_exist(page):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target
