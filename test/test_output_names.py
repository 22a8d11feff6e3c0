"""Names of outputs are checked before a command begins."""

import os

import pytest
from typer.testing import CliRunner

from infonet_ros.cli import app

OF_FOLDERS = ("bag x.mcap --out", "fleet x.mcap --out", "demo --folder", "train")
OF_FILES = ("learn x.mcap --out", "check x.mcap --report")


@pytest.mark.parametrize(
    ("command", "wanted", "other"),
    [*((command, "folder", "file") for command in OF_FOLDERS), *((command, "file", "folder") for command in OF_FILES)],
)
def test_an_output_is_neither_empty_nor_of_another_kind(command, wanted, other, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").touch()
    os.mkfifo(tmp_path / "pipe")
    for given, said in (
        ("", "it is empty"),
        (other, f"{other} is a {other}"),
        ("pipe", "pipe is a pipe"),
        ("x" * 300, "it cannot be used (File name too long)"),
        ("file/below", "it cannot be used (Not a directory)"),
    ):
        example = ", such as folder/NAME" if given == "folder" else ""
        done = CliRunner().invoke(app, [*command.split(), given])
        assert done.exit_code == 2
        assert f"{said}: expected the name of a {wanted}{example}." in " ".join(done.stderr.split())
    assert {path.name for path in tmp_path.rglob("*")} == {"file", "folder", "inside", "pipe"}
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.parametrize("command", OF_FILES)
def test_a_file_has_no_name_of_a_folder(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [*command.split(), "new/"])
    assert done.exit_code == 2
    assert "new/ is the name of a folder: expected the name of a file, such as new/NAME." in " ".join(
        done.stderr.split()
    )
