"""The command line: `infonet`. Each command lives with the part that it drives, and imports it when it runs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand

from infonet_ros.errors import InfonetError, OutputError, missing_packages_named
from infonet_ros.fleet.commands import fleet
from infonet_ros.node.tools.commands import demo, monitor, play
from infonet_ros.offline.commands.baseline_commands import check, compare, learn
from infonet_ros.offline.commands.recording_commands import bag, csv
from infonet_ros.similar_signs import SIMILAR_SIGNS
from infonet_ros.text import printable
from infonet_ros.training.commands import train
from infonet_ros.version import VERSION


class _Command(TyperCommand):
    """A command whose help says `BAG`, where typer 0.29 says `BAG <list[Path]>`, and whose errors name the value."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for argument in self.params:
            if isinstance(argument, TyperArgument):
                argument.display_type_rich = lambda ctx: None  # type: ignore[method-assign]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Say what was received: typer 0.29 takes the words of pydantic, which only say what was expected."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            for found in getattr(error.__cause__, "errors", list)():
                expected = found["msg"].partition(",")[0].replace("Input should be", "expected")
                received = f"{expected}, got {found['input']!r}."
                error.message = found["msg"].partition(", ")[2] if found["type"] == "value_error" else received
            raise


app = typer.Typer(
    name="infonet",
    help="Measure which sensor streams depend on each other, how strongly, with what delay, and how certainly.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # panels would take a second of imports before the first word of --help
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (bag, check, compare, csv, demo, fleet, learn, monitor, play, train):
    app.command(cls=_Command)(command)


@app.callback(invoke_without_command=True)
def infonet(
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
) -> None:
    """Serve the options that come before a command."""
    if version:
        typer.echo(f"infonet_ros {VERSION}")
        raise typer.Exit


def main() -> None:
    """Run the command line; an error that the user can correct is one line on stderr and exit status 1."""
    try:
        with _checked_output(), missing_packages_named("infonet"):
            app()
    except InfonetError as error:
        print(f"infonet: {printable(str(error))}", file=sys.stderr)
        sys.exit(1)


@contextmanager
def _checked_output() -> Iterator[None]:
    """Turn every failure to write to standard output into an OutputError."""
    if sys.stdout is None:  # closed by the shell
        yield
        return
    given = sys.stdout
    output = _Output(given.buffer, given.encoding, SIMILAR_SIGNS, line_buffering=True)
    with redirect_stdout(output):
        try:
            yield
        finally:
            output.flush()
            output.detach()


class _Output(TextIOWrapper):
    """Standard output that says in one sentence why it cannot be written."""

    def write(self, text: str) -> int:
        with self._explained():
            return super().write(text)

    def flush(self) -> None:
        with self._explained():
            super().flush()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())  # or Python complains once more at its end
            if isinstance(error, BrokenPipeError):  # whoever read it has seen enough
                sys.exit(1)
            raise OutputError(
                f"cannot write to standard output ({error.strerror or error}): make room there, or write elsewhere."
            ) from error
