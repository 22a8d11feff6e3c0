"""The examples of the documentation work.

Blocks of ``python`` run, those of a page one after the other; ``py`` is for what needs results of the reader's own.
Parameter files are read, and the options of every ``infonet`` command exist.
"""

import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from infonet_ros.cli import app
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.settings import load_settings
from infonet_ros.training.configuration import TrainingConfiguration

ROOT = Path(__file__).parents[2]
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}


def blocks(page, *languages):
    pattern = rf"^```({'|'.join(languages)})\n(.*?)^```"
    return [text for _, text in re.findall(pattern, PAGES[page], flags=re.DOTALL | re.MULTILINE)]


def with_blocks(*languages):
    return [page for page in PAGES if blocks(page, *languages)]


def run(page):
    names = {"__name__": page}
    for text in blocks(page, "python"):
        exec(compile(text, f"{page}.md", "exec"), names)  # noqa: S102
    return names


@pytest.mark.parametrize("page", with_blocks("python"))
def test_examples_run(page, monkeypatch):
    if "infonet_ros.msg" in "".join(blocks(page, "python")):
        pytest.importorskip("infonet_ros.msg", reason="needs the built messages")
    monkeypatch.chdir(ROOT)

    run(page)


def test_the_example_of_the_delay_finds_it(capsys):
    run("delays")

    assert capsys.readouterr().out.startswith("12 samples")


def test_the_family_of_the_training_page_knows_its_truth():
    names = run("training")
    band, (x, y) = names["band"], (names["x"], names["y"])

    assert band.information(x, y).numpy() == pytest.approx(0.5 * (1 / band.noise[:, 0] ** 2).log1p().numpy(), abs=0.02)


def test_the_examples_of_the_matrix_read_a_message():
    messages = pytest.importorskip("infonet_ros.msg", reason="needs the built messages")
    nan = float("nan")
    lower = [nan, 0.5, 0.0, 0.5, nan, nan, 0.0, nan, nan]
    p_value = [nan, 0.04, 0.2, 0.04, nan, nan, 0.2, nan, nan]
    rest = {name: [0.0] * 9 for name in ("mi", "upper", "lag")}
    message = messages.MutualInformationMatrix(
        names=["x", "y", "z"], lower=lower, p_value=p_value, valid=[True] * 3, samples=[100] * 9, **rest
    )
    names = run("matrix")

    assert names["strongest"](message) == [("x", "y", 0.5)]
    assert names["significant"](message) == [("x", "y")]


@pytest.mark.parametrize("page", with_blocks("yaml"))
def test_parameter_files_are_read(page, tmp_path):
    path = tmp_path / "file.yaml"
    for text in blocks(page, "yaml"):
        path.write_text(text, encoding="utf-8")
        if "ros__parameters" in yaml.safe_load(text).get("/**/infonet", {}):
            WindowStream(load_settings(path))
        else:
            TrainingConfiguration.load(path)


def commands(page):
    """Lines of shell blocks and of indented code, those that end in a backslash joined with the next."""
    indented = re.findall(r"^    (\S.*)$", PAGES[page], flags=re.MULTILINE)
    text = "\n".join([*blocks(page, "sh", "bash"), *indented]).replace("\\\n", " ")
    return [line.partition("|")[0] for line in text.splitlines()]


def infonet_commands():
    return [(page, line) for page in PAGES for line in commands(page) if line.startswith("infonet ")]


@pytest.mark.parametrize(("page", "line"), infonet_commands())
def test_options_exist(page, line):
    _, name, *arguments = shlex.split(line)

    typer.main.get_command(app).commands[name].make_context(name, arguments)


def test_files_and_modules_that_commands_name_exist():
    lines = [line for page in PAGES for line in commands(page)]
    files = [word for line in lines for word in line.split() if re.match(r"(config|examples|share|scripts)/", word)]
    modules = [module for line in lines for module in re.findall(r"python3? -m (infonet_ros[\w.]*)", line)]

    assert files and modules
    assert [file for file in files if not (ROOT / file).exists()] == []
    assert [name for name in modules if not (ROOT / name.replace(".", "/") / "__main__.py").exists()] == []


def test_what_the_troubleshooting_quotes_is_what_the_code_says():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "infonet_ros").rglob("*.py"))
    spoken = re.sub(r'"\s*\n\s*f?"', "", code)  # strings that go on in the next line
    symptoms = [line.split("|")[1] for line in PAGES["troubleshooting"].splitlines() if line.startswith("| ")]
    quoted = [part.strip() for s in symptoms for words in re.findall(r'"([^"]+)"', s) for part in words.split("...")]

    assert len(quoted) > 20
    assert [part for part in quoted if part and part not in spoken] == []
