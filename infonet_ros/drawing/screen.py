"""The screen of the monitor: from the last matrix and diagnostics to lines for rich. Pure functions, no ROS."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from rich.bar import Bar
from rich.color import Color
from rich.console import Console, Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from infonet_ros.drawing import palette
from infonet_ros.drawing.labels import fitted_names
from infonet_ros.drawing.view_options import KEYS, Pair, ViewOptions
from infonet_ros.text import NANOSECONDS, has_date, listed, printable

if TYPE_CHECKING:
    from infonet_ros.dependence.matrix import DependenceMatrix

WIDE = 120  # columns from which on the pairs stand beside the matrix

_LEVELS = ("fine", "warning", "error", "stale")
_LEVEL_STYLES = ("green", "yellow", "bold red", "yellow")
_SHADES = " ░▒▓█"
_UNKNOWN = "\N{BOX DRAWINGS LIGHT DIAGONAL UPPER RIGHT TO LOWER LEFT}"
_MARK = "•"
_LEGEND = f"{_MARK} p≤0.05  {_UNKNOWN} not known"
_FEWEST_PAIRS = 5
_READABLE_NAME = 14  # characters; where a bar would leave less for a name, there is none
_SHORTEST_NAME = 6  # characters; where names would be shorter, pairs are named by the numbers of their rows
_KEYS = "? help  q quit  Tab channels/modalities  s sort  / find  Esc all"
_PATIENCE = 5.0  # seconds: a node that is silent for longer is missing; it sends diagnostics every second


def can_redraw(console: Console) -> bool:
    """Return whether a live view is possible: rich shows none in a pipe, nor in a dumb terminal, such as in Emacs."""
    return console.is_terminal and not console.is_dumb_terminal


@dataclass(frozen=True)
class Report:
    """A line of the diagnostics: ``level`` 0 to 3 as in DiagnosticStatus."""

    level: int
    name: str
    message: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """The content of the monitor's screen at one time."""

    node: str  # full name of the node
    matrix: "DependenceMatrix | None" = None  # the last one of the selected kind
    end: float = 1.0  # MI at the end of the colour scale, nats
    reports: Sequence[Report] = field(default=())  # the node's part of the diagnostics
    rate: float = math.nan  # matrices per second; NaN until there were two
    silence: float = 0.0  # seconds since the last matrix, or since the beginning
    others: Sequence[str] = field(default=())  # full names of the nodes that publish matrices, if this node is silent
    untested: str = ""  # why pairs of the matrix have no p-value, and which


def screen(snapshot: Snapshot, options: ViewOptions, width: int, height: int | None, keys: bool = False) -> Group:
    """Lay out the whole screen in so many characters; a height of None is as much as is needed.

    ``keys`` is whether keys can be pressed; then a line explains them.
    """
    head: list[RenderableType] = [_title(snapshot, options, width)]
    reports = [*_reports(snapshot.reports, width, most=6), *_untested(snapshot.untested, width)]
    foot: list[RenderableType] = [*reports, *_footer(options, width, keys)]
    room = math.inf if height is None else height - len(head) - len(foot) - 1
    body: RenderableType
    if options.showing_keys:
        body = _key_list()
    elif snapshot.matrix is None:
        body = _waiting(snapshot, options)
    else:
        body = _body(snapshot.matrix, snapshot.end, options, width, room)
    return Group(*head, body, *foot)


def _key_list() -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="bold cyan", no_wrap=True)
    table.add_column()
    for key, effect in KEYS.items():
        table.add_row(key, effect)
    return table


def _waiting(snapshot: Snapshot, options: ViewOptions) -> Text:
    waiting = Text(f"\nwaiting for the first matrix of {snapshot.node}/{options.kind} ...", "dim")
    if not snapshot.reports and snapshot.silence > _PATIENCE:
        waiting.append(f"\n\nNo message came from {snapshot.node}: {remedy(snapshot.others)}.", "yellow")
    return waiting


def remedy(others: Sequence[str]) -> str:
    """Return advice if a node is silent, with the names of the nodes that publish matrices."""
    if others:
        return f"found {listed(others)}; choose with --node, such as `infonet monitor --node {others[0]}`"
    return (
        "start the node (`ros2 launch infonet_ros infonet.launch.py params_file:=FILE`, or `python3 -m "
        "infonet_ros.node --ros-args --params-file FILE`), or name it with --node; ROS_DOMAIN_ID must be the same"
    )


def _body(matrix: "DependenceMatrix", end: float, options: ViewOptions, width: int, room: float) -> RenderableType:
    """Return matrix and pairs: side by side in a wide terminal, else one below the other."""
    pairs = options.pairs(matrix)
    if width < WIDE:
        lines = matrix_view(matrix, end, options, width, room - _FEWEST_PAIRS - 2)
        return Group(*lines, Text(""), pairs_view(pairs, matrix.names, end, width, room - len(lines) - 1))
    lines = matrix_view(matrix, end, options, width // 2, room)
    used = max(line.cell_len for line in lines) + 3
    sides = Table.grid()
    sides.add_column(width=used)
    sides.add_column()
    sides.add_row(Group(*lines), pairs_view(pairs, matrix.names, end, width - used, room))
    return sides


def matrix_view(matrix: "DependenceMatrix", end: float, options: ViewOptions, width: int, room: float) -> list[Text]:
    """Lines of coloured cells, numbered so that columns need no names."""
    wanted = options.rows(matrix, len(matrix.names))
    longest = max((len(matrix.names[row]) for row in wanted), default=0)
    label, cell = _widths(len(wanted), longest, width)
    fitting = int(min((width - label) // cell, max(room - 2, 1)))
    rows = options.rows(matrix, fitting)
    colours = palette.colours(matrix.mi, end)
    lines = [Text(no_wrap=True).append(f"{_LEGEND if label > len(_LEGEND) else '':<{label}}", "dim")]
    for place, row in enumerate(rows):
        lines[0].append(f"{row + 1:>{cell}}", "" if place % 2 else "dim")
    labels = fitted_names(matrix.names, label - 5)
    for row in rows:
        line = Text(no_wrap=True).append(f"{row + 1:>3} ", "dim")
        line.append(f"{labels[matrix.names[row]]:<{label - 4}}", "" if matrix.valid[row] else "dim")
        for column in rows:
            line.append(*_cell(matrix, row, column, cell, end, colours[row, column]))
        lines.append(line)
    if len(rows) < len(wanted):
        lines.append(Text(f"    {len(rows)} of {len(wanted)} {options.kind} fit: those with the largest MI", "dim"))
    elif not rows:
        lines = [Text(f"no name contains {options.pattern!r}", "yellow")]
    return lines


def _widths(count: int, longest: int, width: int) -> tuple[int, int]:
    """Width of the names and of a cell: values if they fit, else colour alone."""
    for cell in (6, 5, 3, 2):
        label = width - cell * count
        if label >= min(longest, 18) + 5:
            return min(label, longest + 5), cell
    return min(longest, 18) + 5, 2


def _cell(
    matrix: "DependenceMatrix", row: int, column: int, width: int, end: float, colour: np.ndarray
) -> tuple[str, Style]:
    if row == column:
        return " " * width, Style()
    if not matrix.known[row, column]:
        return _UNKNOWN * width, Style(color="bright_black")
    mi = float(matrix.mi[row, column])
    background = Color.from_rgb(*colour)
    if width < 5:
        # Shades of the same colour: invisible with colours, and the only sign without them.
        shade = _SHADES[min(int(len(_SHADES) * mi / end), len(_SHADES) - 1)]
        return shade * width, Style(color=background, bgcolor=background)
    mark = _MARK if matrix.significant()[row, column] else " "
    number = f"{mi:.2f}"
    if width == 5:
        number = number.removeprefix("0") if mi < 0.995 else f"{mi:.1f}"
    # By numbers, because a terminal's black may be grey.
    ink = Color.from_rgb(0, 0, 0) if palette.is_light(colour) else Color.from_rgb(255, 255, 255)
    return f"{number:>{width - 1}}{mark}", Style(color=ink, bgcolor=background)


def pairs_view(pairs: Sequence[Pair], names: Sequence[str], end: float, width: int, room: float) -> RenderableType:
    """One line for each pair: names, MI and whether it is significant, its interval, a bar, the delay.

    With little room there is no bar; in a narrow terminal a pair is named by the numbers of its rows in the matrix.
    """
    shown = pairs if math.isinf(room) else pairs[: max(int(room) - 1, 1)]
    with_lags = any(pair.lag for pair in pairs)  # by what was searched, so that the columns keep their places
    columns = {"nats": 5, "90 %": 9, "": 6 if width < 100 else 16}
    columns |= {"delay": 10} if with_lags else {}
    if _name_width(width, columns) < _READABLE_NAME:
        del columns[""]
    name_width = _name_width(width, columns)
    labels = fitted_names(names, name_width)
    if name_width < _SHORTEST_NAME:
        name_width, labels = 3, {name: str(row) for row, name in enumerate(names, 1)}
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", width=width)
    for title, size in (("a", name_width), ("b", name_width), *columns.items()):
        table.add_column(title, width=size, no_wrap=True, justify="left")
    for pair in shown:
        # As Text: rich would read the joint in position[wheel] as a style.
        table.add_row(Text(labels[pair.a]), Text(labels[pair.b]), *_numbers_of(pair, end, columns))
    return table


def _name_width(width: int, columns: Mapping[str, int]) -> int:
    """Room for each of two names beside these columns."""
    return (width - sum(columns.values()) - 2 * len(columns) - 2) // 2


def _numbers_of(pair: Pair, end: float, columns: Mapping[str, int]) -> list[RenderableType]:
    red, green, blue = palette.colours(np.array(pair.mi), end)
    cells: list[RenderableType] = [
        f"{pair.mi:.2f}{_MARK if pair.significant else ''}",
        Text(f"{pair.lower:.2f}-{pair.upper:.2f}", "dim"),
    ]
    if "" in columns:
        cells.append(Bar(end, 0, min(pair.mi, end), width=columns[""], color=Color.from_rgb(red, green, blue)))
    if "delay" in columns:
        cells.append(delay(pair.delay))
    return cells


def delay(lag: float) -> str:
    """Return the delay with an arrow from the leading channel to the one that follows; nothing for NaN."""
    if math.isnan(lag):
        return ""
    if lag == 0.0:
        return "none"
    return f"a→b {lag:.3g} s" if lag > 0 else f"b→a {-lag:.3g} s"


def _title(snapshot: Snapshot, options: ViewOptions, width: int) -> RenderableType:
    title = Text(no_wrap=True, overflow="ellipsis").append(f"{snapshot.node} ", "bold")
    title.append(options.kind, "bold cyan")
    if snapshot.silence > max(_PATIENCE, 3.0 / snapshot.rate if snapshot.rate > 0 else 0.0):
        title.append(f"  silent for {snapshot.silence:.0f} s", "bold red")
    matrix = snapshot.matrix
    if matrix is not None:
        end, span = matrix.end / NANOSECONDS, (matrix.end - matrix.start) / NANOSECONDS
        at = f"{datetime.fromtimestamp(end, timezone.utc):%H:%M:%S} UTC" if has_date(matrix.end) else f"{end:.1f} s"
        if matrix.given:
            title.append(f" given {printable(', '.join(matrix.given))}", "cyan")
        title.append(f"  {span:.3g} s up to {at}, {matrix.sample_count} samples", "dim")
    if not math.isnan(snapshot.rate):
        title.append(f"  {snapshot.rate:.2g}/s", "dim")
    title.truncate(width)
    return title


def _reports(reports: Sequence[Report], width: int, most: int) -> list[Text]:
    """Return lines with alerts and problems first, two for each if there are few, then one line with the rest."""
    bad = sorted((report for report in reports if report.level), key=lambda report: -(report.level % 3))
    lines = []
    for report in bad[:most]:
        level = min(report.level, 3)
        words = printable(f"{report.name}: {report.message}")
        rows = wrap(words, max(width - 8, 1), max_lines=2 if 2 * len(bad) <= most else 1, placeholder="…")
        lines += [Text(f"{'':8}{row}", no_wrap=True) for row in rows]
        lines[-len(rows)] = Text(no_wrap=True).append(f"{_LEVELS[level]:>7} ", _LEVEL_STYLES[level]).append(rows[0])
    fine = [printable(f"{report.name} {report.message}") for report in reports if not report.level]
    if fine:
        lines.append(Text(no_wrap=True).append("   fine ", "green").append(" · ".join(fine), "dim"))
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _untested(reasons: str, width: int) -> list[Text]:
    """Return a line that says why pairs have no mark: no p-value can be computed for them."""
    if not reasons:
        return []
    line = Text(no_wrap=True).append("no p-value ", "dim").append(printable(reasons), "dim")
    line.truncate(width, overflow="ellipsis")
    return [line]


def _footer(options: ViewOptions, width: int, keys: bool) -> list[Text]:
    if options.typing:
        return [Text(f"/{options.pattern}▏", "bold cyan", no_wrap=True)]
    state = f"sorted by {options.order}" + (f", /{options.pattern}" if options.pattern else "")
    line = Text(no_wrap=True).append(state, "cyan").append(f"   {_KEYS}" if keys else "", "dim")
    line.truncate(width, overflow="ellipsis")
    return [line]
