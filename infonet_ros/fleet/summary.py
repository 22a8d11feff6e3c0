"""A fleet on one page: every bag, and every pair over all bags."""

import csv
import html
import io
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote

from infonet_ros.fleet.job import Outcome
from infonet_ros.offline.outputs import OutputFolder
from infonet_ros.text import printable

_MEASURES = ("mi", "lower", "upper", "p_value", "p_adjusted", "lag")
_STYLE = (
    "body{font:15px system-ui,sans-serif;max-width:72em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    "td,th{padding:.25em .8em;text-align:left;border-bottom:1px solid #ddd}"
)


def write_summary(out: Path, outcomes: Sequence[Outcome]) -> None:
    """Write ``fleet.csv``, a row for each pair of each bag, and ``fleet.html``.

    Raises
    ------
    OutputError
        They cannot be written.
    """
    with OutputFolder(out) as folder:
        for name, text in (("fleet.csv", table(outcomes)), ("fleet.html", page(out, outcomes))):
            folder.write(name, partial(Path.write_text, data=text, encoding="utf-8", newline="\n"))


def table(outcomes: Sequence[Outcome]) -> str:
    """Every known pair of every bag as CSV; nats and seconds, empty where not known.

    A bag whose name a spreadsheet would take for a formula has an apostrophe before it; control characters are
    written out.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["bag", "a", "b", *_MEASURES])
    for outcome in outcomes:
        for pair in outcome.findings.get("pairs", ()):
            writer.writerow([_bag_cell(outcome.name), pair["a"], pair["b"], *(pair[name] for name in _MEASURES)])
    return text.getvalue()


def _bag_cell(name: str) -> str:
    """Make it text, as OWASP advises on CSV injection; names of channels are, since they begin with an identifier."""
    name = printable(name)
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name


def page(out: Path, outcomes: Sequence[Outcome]) -> str:
    """Return the page: bags with their strongest pair or problem, and pairs with the bags that stand out."""
    return (
        f'<!DOCTYPE html><meta charset="utf-8"><title>Fleet</title><style>{_STYLE}</style><h1>{len(outcomes)} bags</h1>'
        + _rows(("bag", "seconds", "windows", "strongest pair, or problem"), [_bag(out, o) for o in outcomes])
        + "<h2>Pairs</h2><p>MI of the whole recording in nats. A bag that stands alone at the low end is where to look "
        "for a sensor that fails.</p>"
        + _rows(("pair", "bags", "lowest", "in", "median", "highest", "in"), _pairs(outcomes))
    )


def _bag(out: Path, outcome: Outcome) -> tuple[str, ...]:
    name = html.escape(outcome.name)
    if outcome.problem:
        return name, "", "", html.escape(outcome.problem)
    if (out / outcome.name / "report.html").exists():
        name = f'<a href="{quote(outcome.name)}/report.html">{name}</a>'
    found = outcome.findings
    strongest = next((f"{p['a']} - {p['b']}: {p['mi']:.2f} nats" for p in found["pairs"]), "none is known")
    return name, f"{found['duration']:.0f}", str(found["windows"]), html.escape(strongest)


def _pairs(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
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
        texts = (f"{a} - {b}", str(len(found)), f"{least:.2f}", least_bag, f"{median:.2f}", f"{most:.2f}", most_bag)
        rows.append(tuple(html.escape(text) for text in texts))
    return rows


def _rows(titles: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    def line(tag: str, cells: Iterable[str]) -> str:
        return f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)}</tr>"

    return f"<table>{line('th', titles)}{''.join(line('td', row) for row in rows)}</table>"
