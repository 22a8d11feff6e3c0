"""Folders for results are checked before a command begins; `test_commands.py` checks files."""

import os

import pytest
from typer.testing import CliRunner

from infonet_ros.cli import app

COMMANDS = [("bag", "x.mcap", "--out"), ("fleet", "x.mcap", "--out"), ("demo", "--folder"), ("train",)]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_folder_is_neither_empty_nor_anything_but_a_folder(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("precious")
    os.mkfifo(tmp_path / "pipe")
    for given, said in (
        ("", "it is empty: expected the name of a folder."),
        ("file", "file is a file: expected the name of a folder."),
        ("pipe", "pipe is a pipe: expected the name of a folder."),
        ("x" * 300, "it cannot be used (File name too long): expected the name of a folder."),
        ("file/below", "it cannot be used (Not a directory): expected the name of a folder."),
    ):
        done = CliRunner().invoke(app, [*command, given])
        assert done.exit_code == 2
        assert said in " ".join(done.stderr.split())
    assert {path.name for path in tmp_path.iterdir()} == {"file", "pipe"}
