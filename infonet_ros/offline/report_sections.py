"""The words and tables of the report, as HTML: whatever comes from the recording is escaped here."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from infonet_ros.dependence.matrix import DependenceMatrix
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings import Delay, findings, ranked_pairs
from infonet_ros.offline.provenance import Provenance
from infonet_ros.offline.significance import SIGNIFICANCE, Significance
from infonet_ros.text import NANOSECONDS, counted, date, has_date, moment

_LISTED = 15


def subtitle(analysis: Analysis) -> str:
    """Say what was analysed, in one line of plain text."""
    settings, count = analysis.settings, len(analysis.matrices)
    lags = f", delays up to {settings.max_lag:g} s" if settings.max_lag else ""
    return (
        f"{moment(analysis.span.start)} · {analysis.span.duration:.1f} s · {len(analysis.names)} channels of "
        f"{len(settings.modalities)} topics at {analysis.whole.matrix.sample_rate:.4g} Hz · {count} windows of "
        f"{settings.window:g} s, one every {settings.hop:g} s{lags}"
    )


def time_title(analysis: Analysis) -> str:
    """Title of the axis of time, plain text."""
    first = analysis.matrices[0].start
    return f"seconds since {moment(first)}" if has_date(first) else "seconds since the first window"


def marks(analysis: Analysis) -> str:
    """Say what the dots in the matrix mean, where there are some."""
    if not analysis.whole.shifts:
        return ""
    return f" • marks significant pairs: p ≤ {SIGNIFICANCE:g}, adjusted for the number of pairs."


def summary(analysis: Analysis, provenance: Provenance, kept: int) -> str:
    """List what was found, and after it what to be careful about."""
    points = [escape(str(one)) for one in (*findings(analysis), Significance.of(analysis))]
    warnings = list(provenance.notices)
    if not analysis.whole.overview.complete:
        warnings.append("The recording is long: figures of the whole recording are made of stretches all over it.")
    if kept < len(analysis.matrices):
        warnings.append(
            f"The page shows {kept} of {len(analysis.matrices)} windows, evenly spaced; the tables hold all."
        )
    points += [f'<span class="warning">{escape(sentence)}</span>' for sentence in warnings]
    return "<ul>" + "".join(f"<li>{point}</li>" for point in points) + "</ul>"


def strongest(analysis: Analysis) -> str:
    """Tabulate the most useful pairs of the whole recording."""
    matrix, rows = analysis.whole.matrix, []
    tested, adjusted = bool(analysis.whole.shifts), matrix.p_adjusted
    for a, b in ranked_pairs(analysis)[:_LISTED]:
        cells = [_button(analysis.names[a]), escape(analysis.names[b]), f"{matrix.mi[a, b]:.3f}"]
        cells.append(f"{matrix.lower[a, b]:.2f} to {matrix.upper[a, b]:.2f}")
        if tested:
            cells += [_figure(matrix.p_value[a, b]), _figure(adjusted[a, b])]
        rows.append((f' data-pair="{a},{b}"', [*cells, escape(Delay.of(analysis, a, b).words)]))
    head = ["A", "B", "#MI [nats]", "#90 % interval", *(["#p", "#p adjusted"] if tested else []), "Delay"]
    hint = (
        '<p class="hint">Over the whole recording, each pair at the delay at which it depends most: significant '
        "pairs first, between topics before within one, with a clear delay before others, strong before weak.</p>"
    )
    return _table(head, rows) + hint if rows else "<p>No pair could be estimated.</p>"


def changes(analysis: Analysis, kept: Sequence[DependenceMatrix]) -> str:
    """Tabulate the largest changes; a row opens the window among ``kept`` that ends nearest to it."""
    if not analysis.changes:
        return "<p>No pair changed by more than chance gives.</p>"
    first, ends, rows = analysis.matrices[0].start, np.array([matrix.end for matrix in kept]), []
    for change in analysis.changes[:_LISTED]:
        pair = f"{analysis.names.index(change.a)},{analysis.names.index(change.b)}"
        window = int(np.argmin(np.abs(ends - change.time)))
        cells = [f"{(change.time - first) / NANOSECONDS:.1f}", _button(change.a), escape(change.b)]
        cells += [f"{change.before:.2f} → {change.after:.2f}", f"{change.sigmas:.1f}"]
        rows.append((f' data-pair="{pair}" data-window="{window}"', cells))
    more = len(analysis.changes) - len(rows)
    rest = f" {counted(more, 'smaller change')} more can be seen in the charts." if more else ""
    hint = (
        '<p class="hint">The window that ends at that time against the one that begins there, judged by their 90 % '
        f"intervals: if nothing changed, one recording in a hundred would have an entry here.{rest}</p>"
    )
    return _table(["#Time [s]", "A", "B", "#MI before → after [nats]", "#Standard errors"], rows) + hint


def modalities(analysis: Analysis) -> str:
    """Make room for the matrix of modalities, where there are several."""
    if analysis.whole.between_modalities is None:
        return ""
    return (
        '<section><h2>Between topics</h2><div id="modalities" class="chart"></div><p class="hint">Sliced mutual '
        "information of all channels of one topic with all of another, over the whole recording, without delay. It is "
        "on a lower scale than the mutual information of two channels.</p></section>"
    )


def topics(analysis: Analysis) -> str:
    """Tabulate all topics of the recording."""
    rows = []
    for topic in analysis.topics:
        stamps = topic.stamps
        figures = ["not used", *[""] * 7]
        if stamps.count:
            figures = [f"{stamps.count}", _figure(stamps.rate), f"{stamps.gaps}", _figure(stamps.longest_gap)]
            figures += [f"{stamps.out_of_order}", f"{topic.duplicates + topic.overflowed}", f"{topic.late}"]
            figures += ["header" if topic.clock == "header" else "time of recording"]
        rows.append(("", [escape(topic.name), escape(topic.type), f"{topic.messages}", *figures]))
    head = ["Topic", "Type", "#Messages", "#Read", "#Rate [Hz]", "#Gaps", "#Longest gap [s]", "#Out of order"]
    hint = (
        '<p class="hint">A gap is more than three periods without a message. Dropped: stamps that came twice, or '
        "messages that did not fit into memory. Late: came after a window that they belonged to.</p>"
    )
    return _table([*head, "#Dropped", "#Late", "Stamps"], rows) + hint


def channels(analysis: Analysis) -> str:
    """Tabulate the channels, with what they lack."""
    usable = np.mean([matrix.valid for matrix in analysis.matrices], axis=0)
    rows = [
        ("", [escape(name), f"{share:.1%}", f"{1 - good:.0%}"])
        for name, share, good in zip(analysis.names, analysis.unknown, usable, strict=True)
    ]
    hint = '<p class="hint">In a window without use the channel was constant or had too few known samples.</p>'
    return _table(["Channel", "#Unknown samples", "#Windows without use"], rows) + hint


def origin(analysis: Analysis, provenance: Provenance) -> str:
    """Tell how the page was made."""
    versions = ", ".join(f"{name} {version}" for name, version in provenance.versions.items())
    entries = {
        "Command": f"<code>{escape(provenance.command)}</code>",
        "Estimator": escape(f"{analysis.whole.matrix.estimator} {analysis.whole.matrix.version}"),
        "Versions": escape(versions),
        "Made": date(provenance.made),
    }
    items = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in entries.items())
    return f"<dl>{items}</dl><pre>{escape(provenance.params)}</pre>"


# ---- pieces ---------------------------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Table of rows of (attributes, cells of HTML); a heading with ``#`` before it is of numbers."""
    kinds = [' class="number"' if name.startswith("#") else "" for name in head]
    top = "".join(f"<th{kind}>{name.lstrip('#')}</th>" for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        f"<tr{attributes}>" + "".join(f"<td{k}>{c}</td>" for c, k in zip(cells, kinds, strict=True)) + "</tr>"
        for attributes, cells in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _button(text: str) -> str:
    return f'<button type="button">{escape(text)}</button>'


def _figure(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"
