"""One HTML file that explains a recording, works without a network, and can be sent to a colleague.

Rendering is pure: an analysis in, a page out. Words and tables are plain text: the template escapes them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.drawing.labels import short_names
from infonet_ros.drawing.links import link_picture
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings.delay_words import Delay
from infonet_ros.offline.findings.pair_order import ranked_pairs
from infonet_ros.offline.findings.sentences import findings, links
from infonet_ros.offline.pages.html import Cell, Row, Table, render
from infonet_ros.offline.pages.report_data import colour_scale, kept_windows, page_data
from infonet_ros.offline.results.provenance import Provenance
from infonet_ros.offline.whole_recording.groups import similar_order
from infonet_ros.offline.whole_recording.whole_recording import SIGNIFICANCE
from infonet_ros.text import NANOSECONDS, counted, date, delay_text, has_date, listed, moment

LISTED = 200  # pairs, and changes


def render_report(analysis: Analysis, provenance: Provenance) -> str:
    """Render the page."""
    kept, labels = kept_windows(analysis), short_names(analysis.names)
    order, together = similar_order(analysis.whole, analysis.significance), analysis.groups
    return render(
        "report.html",
        styles=("report.css",),
        scripts=("charts.js", "numbers.js", "report.js"),
        label=analysis.label,
        subtitle=subtitle(analysis),
        findings=shown_findings(analysis, kept),
        significance=str(analysis.significance),
        notes=notes(analysis, provenance, len(kept)),
        names=analysis.names,
        labels=labels,
        groups=together,
        picture=link_picture([group.members for group in together], links(analysis), order.tolist()),
        last_window=len(kept) - 1,
        scale=colour_scale(analysis),
        marks=marks(analysis),
        pairs=pairs(analysis, labels),
        more_pairs=max(0, len(analysis.strongest()) - LISTED),
        changes=changes(analysis, labels, kept),
        several_topics=analysis.whole.between_modalities is not None,
        topics=topics(analysis),
        channels=channels(analysis),
        origin=origin(analysis, provenance),
        params=provenance.params,
        data=page_data(analysis, kept, labels, order, time_title(analysis)),
    )


@dataclass(frozen=True)
class ShownFinding:
    """A finding as the page shows it."""

    pieces: list[tuple[str, bool]]
    """Its sentence in pieces, and whether each piece is the name of a channel."""
    pair: tuple[int, int] | None  # the pair that it opens
    window: int | None  # the window that it opens


def subtitle(analysis: Analysis) -> str:
    """Return a description of the analysed recording in one line."""
    settings, windows = analysis.settings, counted(len(analysis.matrices), "window")
    lags = f", delays up to {settings.max_lag:g} s" if settings.max_lag else ""
    given = f" · given {listed(settings.given)}" if settings.given else ""
    return (
        f"{moment(analysis.span.start)} · {analysis.span.duration:.1f} s · "
        f"{counted(len(analysis.names), 'channel')} of {counted(len(settings.modalities), 'topic')} at "
        f"{analysis.whole.matrix.sample_rate:.4g} Hz · {windows} of {settings.window:g} s, one every "
        f"{settings.hop:g} s{lags}{given}"
    )


def time_title(analysis: Analysis) -> str:
    """Title of the axis of time."""
    zero = analysis.zero
    return f"seconds since {moment(zero)}" if has_date(zero) else "seconds since the start"


def marks(analysis: Analysis) -> str:
    """Return the meaning of the dots in the matrix, if there are any."""
    if not analysis.whole.shifts:
        return ""
    return f"• marks significant pairs: p ≤ {SIGNIFICANCE:g}, adjusted for the number of pairs."


def shown_findings(analysis: Analysis, kept: Sequence[DependenceMatrix]) -> list[ShownFinding]:
    """Return the findings in the same words as everywhere, with the channels and the pair of each."""
    found = []
    for one in findings(analysis):
        pair = _numbers(analysis, *one.channels[:2]) if len(one.channels) > 1 else None
        window = None if one.time is None else _window(kept, one.time)
        found.append(ShownFinding(_pieces(one.sentence, (*one.channels, *one.patterns)), pair, window))
    return found


def notes(analysis: Analysis, provenance: Provenance, kept: int) -> list[str]:
    """Return notes about what was left out, and what was chosen."""
    sentences = list(provenance.notices)
    if not analysis.whole.overview.complete:
        sentences.append("The recording is long: results of the whole recording use evenly spaced parts of it.")
    if kept < len(analysis.matrices):
        count = len(analysis.matrices)
        sentences.append(f"The page shows {kept} of {count} windows, evenly spaced; the table files hold all windows.")
    return sentences


def pairs(analysis: Analysis, labels: Sequence[str]) -> Table:
    """Tabulate the most useful pairs of the whole recording."""
    matrix, adjusted, rows = analysis.whole.matrix, analysis.whole.matrix.p_adjusted, []
    tested = bool(analysis.whole.shifts)
    for a, b in ranked_pairs(analysis)[:LISTED]:
        interval = f"{matrix.lower[a, b]:.2f} to {matrix.upper[a, b]:.2f}"
        cells = [*_names(analysis, labels, a, b), Cell.figure(matrix.mi[a, b], ".3f")]
        cells.append(Cell(interval, float(matrix.lower[a, b])))
        if tested:
            cells += [Cell.figure(matrix.p_value[a, b], ".2g"), Cell.figure(adjusted[a, b], ".2g")]
        cells.append(_delay(analysis, a, b))
        if analysis.explanations:
            cells.append(_explanation(analysis, labels, a, b))
        rows.append(Row(tuple(cells), pair=(a, b)))
    tests = ("#p", "#p adjusted") if tested else ()
    explained = ("Explained by",) if analysis.explanations else ()
    titles = ("A", "B", "#MI [nats]", "#90 % interval", *tests, "#Delay", *explained)
    return Table(titles, rows)


def _explanation(analysis: Analysis, labels: Sequence[str], a: int, b: int) -> Cell:
    """Return which third channel explains a pair, and the MI that is left."""
    one = analysis.explanations.get((a, b))
    return Cell("") if one is None else Cell(f"{labels[one.third]}: leaves {one.left:.2f}", one.left)


def changes(analysis: Analysis, labels: Sequence[str], kept: Sequence[DependenceMatrix]) -> Table:
    """Tabulate the largest changes; a row opens the window among ``kept`` that ends nearest to it."""
    zero, rows = analysis.zero, _relation_rows(analysis, labels, kept)
    for change in analysis.changes[:LISTED]:
        a, b = _numbers(analysis, change.a, change.b)
        step = Cell(f"{change.before:.2f} → {change.after:.2f}", abs(change.after - change.before))
        time = Cell.figure((change.time - zero) / NANOSECONDS, ".1f")
        cells = (*_names(analysis, labels, a, b), time, step, Cell.figure(change.sigmas, ".1f"))
        rows.append(Row(cells, pair=(a, b), window=_window(kept, change.time)))
    return Table(("A", "B", "#Time [s]", "#Change, or MI before → after [nats]", "#Standard errors"), rows)


def _relation_rows(analysis: Analysis, labels: Sequence[str], kept: Sequence[DependenceMatrix]) -> list[Row]:
    """Return a row for each channel whose relations to others changed."""
    zero, rows = analysis.zero, []
    for change in analysis.relation_changes:
        pair = _numbers(analysis, change.channel, change.beside[0])
        since = (change.time - zero) / NANOSECONDS
        until = "" if change.end is None else f" to {(change.end - zero) / NANOSECONDS:.1f}"
        time = Cell(f"{since:.1f}{until}", since)
        cells = (*_names(analysis, labels, *pair), time, Cell(change.label, np.nan), Cell.figure(change.sigmas, ".1f"))
        rows.append(Row(cells, pair=pair, window=_window(kept, change.time)))
    return rows


def topics(analysis: Analysis) -> Table:
    """Tabulate all topics of the recording."""
    rows = []
    for topic in analysis.topics:
        stamps = topic.stamps
        counts: list[float] = [np.nan] * 7
        if stamps.count:
            dropped = topic.duplicates + topic.overflowed
            of_stamps = (stamps.count, stamps.rate, stamps.gaps, stamps.longest_gap, stamps.out_of_order)
            counts = [*of_stamps, dropped, topic.late]
        clock = "header" if topic.clock == "header" else "time of recording"
        cells = [Cell(topic.name), Cell(topic.type), *(Cell.figure(count) for count in (topic.messages, *counts))]
        rows.append(Row((*cells, Cell(clock if stamps.count else "not used"))))
    titles = ("Topic", "Type", "#Messages", "#Read", "#Rate [Hz]", "#Gaps", "#Longest gap [s]", "#Out of order")
    return Table((*titles, "#Dropped", "#Late", "Stamps"), rows)


def channels(analysis: Analysis) -> Table:
    """Tabulate the channels, with the shares of unknown samples and of unusable windows."""
    usable = np.mean([matrix.valid for matrix in analysis.matrices], axis=0)
    rows = [
        Row((Cell(name), Cell(f"{share:.1%}", float(share)), Cell(f"{1 - good:.0%}", float(1 - good))))
        for name, share, good in zip(analysis.names, analysis.unknown, usable, strict=True)
    ]
    return Table(("Channel", "#Unknown samples", "#Unusable windows"), rows)


def origin(analysis: Analysis, provenance: Provenance) -> dict[str, str]:
    """Return how the page was made."""
    return {
        "Command": provenance.command,
        "Estimator": f"{analysis.whole.matrix.estimator} {analysis.whole.matrix.version}",
        "Versions": ", ".join(f"{name} {version}" for name, version in provenance.versions.items()),
        "Made": date(provenance.made),
    }


def _pieces(sentence: str, names: Sequence[str]) -> list[tuple[str, bool]]:
    """Split a sentence at the names in it."""
    if not names:
        return [(sentence, False)]
    longest_first = sorted(map(re.escape, names), key=len, reverse=True)
    parts = re.split(f"({'|'.join(longest_first)})", sentence)
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def _numbers(analysis: Analysis, a: str, b: str) -> tuple[int, int]:
    return analysis.names.index(a), analysis.names.index(b)


def _window(kept: Sequence[DependenceMatrix], time: int) -> int:
    return int(np.argmin([abs(matrix.end - time) for matrix in kept]))


def _names(analysis: Analysis, labels: Sequence[str], a: int, b: int) -> tuple[Cell, Cell]:
    return Cell(labels[a], whole=analysis.names[a]), Cell(labels[b], whole=analysis.names[b])


def _delay(analysis: Analysis, a: int, b: int) -> Cell:
    delay, lag = Delay.of(analysis, a, b), float(analysis.whole.matrix.lag[a, b])
    if (a, b) in analysis.leaders:
        return Cell(f"{'A' if analysis.leaders[a, b] == a else 'B'} leads; {delay.words}", np.nan)
    if not delay.clear:
        return Cell("a rate of change", np.nan, whole=delay.words) if delay.kin else Cell(delay.words, np.nan)
    return Cell(f"{'B' if lag > 0 else 'A'} follows by {delay_text(abs(lag))}", abs(lag), whole=delay.words)
