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
def test_arguments_and_values_of_options_are_named_without_types_of_python(command):
    assert re.findall(r"<(?:list|str|int|float|path|file|dir).*?>", help_of(command), re.IGNORECASE) == []
