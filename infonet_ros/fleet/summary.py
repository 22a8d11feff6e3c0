"""Summary of a fleet on one page: every bag, every pair over all bags, and the differences."""

import csv
import io
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from infonet_ros.dependence.comparison import Difference, adjusted, caveat, compare, surest_first
from infonet_ros.errors import RecordingError
from infonet_ros.fleet.job import SUMMARY_FILES, Outcome
from infonet_ros.offline.pages.html import Cell, Row, Table, render
from infonet_ros.offline.results.outputs import OutputFolder
from infonet_ros.text import counted, printable

_MEASURES = ("mi", "lower", "upper", "p_value", "p_adjusted", "lag")
_MEASURED = {"mi": "", "mean": "mean of ", "spread": "log spread of "}
_EFFECTS = ("before", "after", "lower", "upper", "p_value", "p_adjusted")


@dataclass(frozen=True)
class Differences:
    """Differences of one or several comparisons, each with its bags, surest first; and notices."""

    found: tuple[tuple[str, Difference], ...]
    notices: tuple[str, ...] = ()

    @property
    def real(self) -> tuple[tuple[str, Difference], ...]:
        """Those that are significant after correction for all of them, and large enough to matter."""
        return tuple((whom, one) for whom, one in self.found if one.real)


def differences(outcomes: Sequence[Outcome], against: Sequence[Outcome] = ()) -> Differences:
    """Compare a second group of bags with the first; without one, each bag with all others together."""
    first = [(one.name, one.windows) for one in outcomes if one.windows is not None]
    second = [(one.name, one.windows) for one in against if one.windows is not None]
    if against:
        label = second[0][0] if len(second) == 1 else counted(len(second), "bag")
        comparisons = [(label, [w for _, w in first], [w for _, w in second])]
    else:
        comparisons = [(name, [w for other, w in first if other != name], [w]) for name, w in first]
    found: list[tuple[str, Difference]] = []
    notices: list[str] = []
    for name, before, after in comparisons:
        if before and after:
            try:
                found += [(name, one) for one in compare(before, after)]
            except RecordingError as error:
                notices.append(f"{name}: {error}")
    if comparisons and (too_few := caveat(*(len(group) for group in comparisons[0][1:]))):
        notices.append(too_few)
    corrected = zip((whom for whom, _ in found), adjusted([one for _, one in found]), strict=True)
    return Differences(tuple(sorted(corrected, key=lambda pair: surest_first(pair[1]))), tuple(notices))


def write_summary(out: Path, outcomes: Sequence[Outcome], differences: Differences) -> None:
    """Write a row for each pair of each bag, the differences, and a page.

    Raises OutputError if they cannot be written.
    """
    texts = (page(out, outcomes, differences), table(outcomes), difference_table(differences))
    with OutputFolder(out) as folder:
        for name, text in zip(SUMMARY_FILES, texts, strict=True):
            folder.write(name, partial(Path.write_text, data=text, encoding="utf-8", newline="\n"))


def table(outcomes: Sequence[Outcome]) -> str:
    """Every known pair of every bag as CSV; nats and seconds, empty where not known.

    A bag whose name a spreadsheet would take for a formula has an apostrophe before it; control characters are
    written out.
    """
    rows = (
        [_bag_cell(outcome.name), *(pair[name] for name in ("a", "b", *_MEASURES))]
        for outcome in outcomes
        for pair in outcome.findings.get("pairs", ())
    )
    return _csv(["bag", "a", "b", *_MEASURES], rows)


def difference_table(differences: Differences) -> str:
    """Every difference as CSV, with the same names of bags as in `table`; for the measures see `Difference`."""
    rows = (
        [_bag_cell(whom), one.what, *(*one.names, "")[:2], *(getattr(one, name) for name in _EFFECTS), int(one.real)]
        for whom, one in differences.found
    )
    return _csv(["bag", "what", "a", "b", *_EFFECTS, "real"], rows)


def _csv(header: list[str], rows: Iterable[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _bag_cell(name: str) -> str:
    """Return the name as text for a spreadsheet, as OWASP advises on CSV injection; channels begin with a letter."""
    name = printable(name)
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name


def page(out: Path, outcomes: Sequence[Outcome], differences: Differences) -> str:
    """Return the page: bags with their strongest pair or problem, differences, and pairs over all bags."""
    return render(
        "fleet.html",
        package="infonet_ros.fleet",
        title=counted(len(outcomes), "bag"),
        bags=Table(("Bag", "#Seconds", "#Windows", "Strongest pair, or problem"), [_bag(out, o) for o in outcomes]),
        differences=Table(("Bag", "What", "#Others", "#Here", "#Shift from", "#to", "#p"), _differences(differences)),
        compared=len(differences.found),
        notices=differences.notices,
        pairs=Table(("Pair", "#Bags", "#Lowest", "In", "#Median", "#Highest", "In"), _pairs(outcomes)),
    )


def _bag(out: Path, outcome: Outcome) -> Row:
    report = f"{quote(outcome.name)}/report.html" if (out / outcome.name / "report.html").exists() else ""
    name = Cell(outcome.name, link=report)
    if outcome.problem:
        return Row((name, Cell.figure(math.nan), Cell.figure(math.nan), Cell(outcome.problem)))
    found = outcome.findings
    strongest = next((f"{p['a']} - {p['b']}: {p['mi']:.2f} nats" for p in found["pairs"]), "none is known")
    return Row((name, Cell.figure(found["duration"], ".0f"), Cell.figure(found["windows"]), Cell(strongest)))


def _differences(differences: Differences) -> list[Row]:
    """One row for each difference that is real, the surest first."""
    rows = []
    for whom, one in differences.real:
        figures = [Cell.figure(value, ".2f") for value in (one.before, one.after)]
        ends = [Cell.figure(value, "+.2f") for value in (one.lower, one.upper)]
        what = Cell(f"{_MEASURED[one.what]}{' - '.join(one.names)}", whole=str(one))
        rows.append(Row((Cell(whom), what, *figures, *ends, Cell.figure(one.p_adjusted, ".1g"))))
    return rows


def _pairs(outcomes: Sequence[Outcome]) -> list[Row]:
    """One row for each pair that is known in some bag, the widest spread first."""
    values: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for outcome in outcomes:
        for pair in outcome.findings.get("pairs", ()):
            if pair["mi"] is not None:
                values[pair["a"], pair["b"]].append((pair["mi"], outcome.name))
    rows = []
    for (a, b), found in sorted(values.items(), key=lambda item: min(item[1])[0] - max(item[1])[0]):
        (least, least_bag), (most, most_bag) = min(found), max(found)
        median = statistics.median(mi for mi, _ in found)
        low, middle, high = (Cell.figure(value, ".2f") for value in (least, median, most))
        names = Cell(f"{a} - {b}")
        rows.append(Row((names, Cell.figure(len(found)), low, Cell(least_bag), middle, high, Cell(most_bag))))
    return rows
