"""The help texts of the command line, as a new user reads them."""

import re

import pytest
from typer.testing import CliRunner

from infonet_ros.cli import app

COMMANDS = [command.callback.__name__ for command in app.registered_commands]


def help_of(*command):
    return CliRunner().invoke(app, [*command, "--help"], terminal_width=80).stdout


def test_the_list_of_commands_has_whole_sentences():
    lines = help_of().split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in lines] == sorted(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_values_of_options_are_named_without_types_of_python(command):
    options = help_of(command).split("Options:\n")[1]
    assert re.findall(r"^  (--\S+) <(?:list|str|int|float|path|file|dir)", options, re.MULTILINE) == []
