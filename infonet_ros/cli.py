"""The command line: `infonet`. Each command lives with the part that it drives, and imports it when it runs."""

import sys

import typer

from infonet_ros.errors import InfonetError
from infonet_ros.fleet.commands import fleet
from infonet_ros.node.commands import demo, play
from infonet_ros.node.monitor_command import monitor
from infonet_ros.offline.baseline_commands import check, compare, learn
from infonet_ros.offline.commands import bag, csv
from infonet_ros.text import printable
from infonet_ros.training.commands import train

app = typer.Typer(
    name="infonet",
    help="Which of a robot's streams carry information about which others, how much, with what delay, how surely.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # panels would take a second of imports before the first word of --help
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(bag)
app.command()(check)
app.command()(compare)
app.command()(csv)
app.command()(demo)
app.command()(fleet)
app.command()(learn)
app.command()(monitor)
app.command()(play)
app.command()(train)


@app.callback(invoke_without_command=True)
def infonet(
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
) -> None:
    """Serve the options that come before a command."""
    if version:
        from infonet_ros import __version__

        typer.echo(f"infonet_ros {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; what the user can mend is one line on stderr and exit status 1."""
    try:
        app()
    except InfonetError as error:
        print(f"infonet: {printable(str(error))}", file=sys.stderr)
        sys.exit(1)
