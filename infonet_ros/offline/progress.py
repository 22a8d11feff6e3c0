"""Progress and notices of a run, shown on standard error."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from infonet_ros.text import printable

Progress = Callable[[str, float], None]
"""Called with the name of a step and the finished share of it, 0 to 1."""


def silent(what: str, share: float) -> None:
    """Show nothing."""


def standard_error(quiet: bool) -> Console:
    """Return the console for progress and notices."""
    return Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)


@contextmanager
def progress_bars(console: Console) -> Iterator[Progress]:
    """Show a bar with the remaining time for each step, if the console is a terminal."""
    share = TextColumn("{task.percentage:3.0f} %")
    columns = (TextColumn("{task.description}"), BarColumn(), share, TimeRemainingColumn())
    with Bars(*columns, console=console, transient=True, disable=console.quiet or not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, share: float) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what.capitalize(), total=1.0)
            bars.update(tasks[what], completed=share)

        yield progress


def print_notices(console: Console, notices: Iterable[str]) -> None:
    """Print sentences about what was left out."""
    for notice in notices:
        console.print(f"Note: {printable(notice)}", markup=False)
