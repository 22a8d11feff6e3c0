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


@pytest.mark.parametrize(
    ("option", "received"),
    [("--window=abc", "abc"), ("--window=-3", "-3"), ("--surrogates=1.5", "1.5"), ("--format=pdf", "'pdf' is not")],
)
def test_a_wrong_value_of_an_option_is_named(option, received):
    refused = CliRunner().invoke(app, ["csv", "table.csv", option])
    name, error = option.partition("=")[0], refused.output.splitlines()[-1]
    assert refused.exit_code == 2
    assert name in error and received in error and "Value error" not in error


@pytest.mark.parametrize("command", COMMANDS)
def test_arguments_and_values_of_options_are_named_without_types_of_python(command):
    assert re.findall(r"<(?:list|str|int|float|path|file|dir).*?>", help_of(command), re.IGNORECASE) == []
