"""One HTML file that explains a recording, works without a network, and can be sent to a colleague.

Rendering is pure: an analysis in, a page out. Names come from the recording and are not trusted: in the page they are
escaped, in the data no ``<`` survives, and a content security policy lets only the scripts run that are meant to.
"""

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np

from infonet_ros.errors import MissingDependencyError
from infonet_ros.matrices import DependenceMatrix
from infonet_ros.offline.analysis import Analysis, DelayCurve
from infonet_ros.offline.recording import NANOSECONDS
from infonet_ros.view import palette

MEASURES = ("mi", "lower", "upper", "p_value", "lag")
SIGNIFICANCE = 0.01

CLEAR_GAIN = 0.05
"""Nats by which the MI must grow from no delay to the best one, for the delay to be called clear."""

_MOST_VALUES = 600_000  # of each measure that go into the page
_LISTED = 15
_TABLE_STEP = 1 / 24  # nats: the discriminant goes into the page as bytes


@dataclass(frozen=True)
class Provenance:
    """Where a report comes from: the command, versions by name, the params file, and what there is to be said."""

    command: str
    versions: dict[str, str]
    params: str
    notices: tuple[str, ...] = ()


def render_report(analysis: Analysis, provenance: Provenance) -> str:
    """Render the page.

    Raises
    ------
    MissingDependencyError
        plotly, whose charts the page carries, is not installed.
    """
    plotly, script = _plotly(), _part("report.js")
    kept = _kept_windows(analysis)
    first = analysis.matrices[0].start
    return Template(_part("report.html")).substitute(
        title=escape(analysis.label),
        subtitle=escape(_subtitle(analysis)),
        style=_part("report.css"),
        script_hashes=" ".join(f"'sha256-{_digest(text)}'" for text in (plotly, script)),
        last_window=len(kept) - 1,
        marks=f" • marks p ≤ {SIGNIFICANCE:g}." if analysis.settings.surrogates else "",
        summary=_summary(analysis, provenance, len(kept)),
        strongest=_strongest(analysis),
        changes=_changes(analysis, kept, first),
        modalities=_modalities(analysis),
        topics=_topics(analysis),
        channels=_channels(analysis),
        provenance=_provenance(analysis, provenance),
        data=_json(_data(analysis, kept)),
        plotly=plotly,
        script=script,
    )


# ---- the data that the page draws -----------------------------------------------------------------------------------


def _data(analysis: Analysis, kept: Sequence[DependenceMatrix]) -> dict[str, Any]:
    row, column = np.triu_indices(len(analysis.names), k=1)
    first = analysis.matrices[0].start
    strongest = analysis.strongest(1)
    return {
        "names": analysis.names,
        "first": strongest[0] if strongest else (0, 1),
        "rate": analysis.overview.window.rate,
        "scale": _scale(analysis),
        "time_title": f"seconds since {_utc(first)}" if first > 1e17 else "seconds since the first window",
        "windows": {
            "start": [(matrix.start - first) / NANOSECONDS for matrix in kept],
            "end": [(matrix.end - first) / NANOSECONDS for matrix in kept],
        },
        "series": {name: _series(kept, name, row, column) for name in MEASURES}
        | {"valid": _base64(np.stack([matrix.valid for matrix in kept]).astype(np.uint8))},
        "overall": {name: _base64(getattr(analysis.overall, name)[row, column].astype("<f4")) for name in MEASURES}
        | {"valid": analysis.overall.valid.tolist()},
        "ranks": {
            "values": _base64(np.nan_to_num(1 + analysis.ranks * 65534).astype("<u2")),
            "stamps": _base64(((analysis.overview.stamps - first) / NANOSECONDS).astype("<f8")),
        },
        "tables": _tables(analysis),
        "curves": [_curve(analysis, curve) for curve in analysis.curves],
        "changes": [
            {"pair": _pair_index(analysis, change.a, change.b), "time": (change.time - first) / NANOSECONDS}
            for change in analysis.changes
        ],
        "modalities": _modality_data(analysis.between_modalities),
    }


def _series(kept: Sequence[DependenceMatrix], name: str, row: np.ndarray, column: np.ndarray) -> str | None:
    """(W, P) little-endian float32; None for a measure that was not asked for."""
    values = np.stack([getattr(matrix, name)[row, column] for matrix in kept]).astype("<f4")
    return None if np.isnan(values).all() and name != "mi" else _base64(values)


def _tables(analysis: Analysis) -> dict[str, Any]:
    pairs = sorted(analysis.discriminants)
    names = analysis.names
    stack = [analysis.discriminants[pair] for pair in pairs]
    values = np.clip(np.round(np.array(stack) / _TABLE_STEP) + 128, 0, 255).astype(np.uint8)
    return {
        "pairs": [_pair_index(analysis, names[a], names[b]) for a, b in pairs],
        "nodes": len(stack[0]) if stack else 0,
        "step": _TABLE_STEP,
        "values": _base64(values),
    }


def _curve(analysis: Analysis, curve: DelayCurve) -> dict[str, Any]:
    numbers = {name: _finite(getattr(curve, name)) for name in ("lags", "mi", "lower", "upper")}
    return {"pair": _pair_index(analysis, curve.a, curve.b), **numbers}


def _modality_data(matrix: DependenceMatrix | None) -> dict[str, Any] | None:
    if matrix is None:
        return None
    largest = float(np.max(matrix.mi, initial=0.0, where=np.isfinite(matrix.mi)))
    return {"names": matrix.names, "mi": [_finite(row) for row in matrix.mi], "scale": palette.scale_end(largest)}


def _finite(values: Iterable[float]) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def _pair_index(analysis: Analysis, a: str, b: str) -> int:
    """Index of a pair in the upper triangle, row by row."""
    count, (row, column) = len(analysis.names), sorted((analysis.names.index(a), analysis.names.index(b)))
    return row * count - row * (row + 1) // 2 + column - row - 1


def _scale(analysis: Analysis) -> float:
    values = np.concatenate([matrix.mi[np.isfinite(matrix.mi)] for matrix in (*analysis.matrices, analysis.overall)])
    return palette.scale_end(float(np.quantile(values, 0.97)) if len(values) else 0.0)


def _kept_windows(analysis: Analysis) -> Sequence[DependenceMatrix]:
    """Every window, or every second, third, ... so that the page stays small."""
    pairs = len(analysis.names) * (len(analysis.names) - 1) // 2
    return analysis.matrices[:: max(1, math.ceil(len(analysis.matrices) * pairs / _MOST_VALUES))]


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _json(data: Any) -> str:
    """JSON that no name in it can break out of."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


# ---- what the page says ---------------------------------------------------------------------------------------------


def _subtitle(analysis: Analysis) -> str:
    settings, count = analysis.settings, len(analysis.matrices)
    lags = f", delays up to {settings.max_lag:g} s" if settings.max_lag else ""
    return (
        f"{_utc(analysis.span.start)} · {analysis.span.duration:.1f} s · {len(analysis.names)} channels of "
        f"{len(settings.modalities)} topics at {analysis.overall.sample_rate:.4g} Hz · {count} windows of "
        f"{settings.window:g} s, one every {settings.hop:g} s{lags}"
    )


def _summary(analysis: Analysis, provenance: Provenance, kept: int) -> str:
    points = [escape(sentence) for sentence in _findings(analysis)]
    warnings = list(provenance.notices)
    if not analysis.settings.surrogates:
        warnings.append(
            "Slow streams look dependent by chance alone: no surrogates were asked for, so nothing here has a p-value. "
            "Run again with --surrogates 99."
        )
    if not analysis.overview.complete:
        warnings.append("The recording is long: figures of the whole recording are made of stretches all over it.")
    if kept < len(analysis.matrices):
        warnings.append(
            f"The page shows {kept} of {len(analysis.matrices)} windows, evenly spaced; the tables hold all."
        )
    points += [f'<span class="warning">{escape(sentence)}</span>' for sentence in warnings]
    return "<ul>" + "".join(f"<li>{point}</li>" for point in points) + "</ul>"


def _findings(analysis: Analysis) -> list[str]:
    """Sentences about clear delays, the strongest pair, significance and changes."""
    findings = []
    names, overall = analysis.names, analysis.overall
    for a, b in analysis.strongest(3):
        findings.append(
            f"{names[a]} and {names[b]} share {overall.mi[a, b]:.2f} nats "
            f"({overall.lower[a, b]:.2f} to {overall.upper[a, b]:.2f})."
        )
    for curve in analysis.curves:
        words, clear = _delay(analysis, names.index(curve.a), names.index(curve.b))
        if clear:
            findings.append(f"Delay: {words}.")
    row, column = np.triu_indices(len(names), k=1)
    p = overall.p_value[row, column]
    p = p[np.isfinite(p)]
    if len(p):
        findings.append(
            f"{discoveries(p)} of {len(p)} pairs are significant at {SIGNIFICANCE:.0%} over the whole recording, "
            f"corrected for their number (Benjamini and Hochberg), against {analysis.settings.surrogates} surrogates; "
            f"{int((p <= SIGNIFICANCE).sum())} have p ≤ {SIGNIFICANCE:g} uncorrected, where chance alone gives "
            f"{SIGNIFICANCE * len(p):.1f}. One pair alone passes from {len(p) / SIGNIFICANCE - 1:.0f} surrogates on."
        )
    pairs = len({(change.a, change.b) for change in analysis.changes})
    findings.append(f"{len(analysis.changes)} changes of dependence in {pairs} pairs.")
    return findings


def discoveries(p: np.ndarray) -> int:
    """Count the p-values (M,) that are significant when the share of false ones among them is to stay below 1 %.

    Benjamini and Hochberg (1995): the largest k of which the k-th smallest p-value is at most k / M of the level.
    """
    passing = np.sort(p) <= SIGNIFICANCE * np.arange(1, len(p) + 1) / len(p) + 1e-9
    return int(np.flatnonzero(passing)[-1]) + 1 if passing.any() else 0


def _delay(analysis: Analysis, a: int, b: int) -> tuple[str, bool]:
    """Words about the delay of a pair, and whether it is clear."""
    names, lag = analysis.names, float(analysis.overall.lag[a, b])
    curve = next((c for c in analysis.curves if (c.a, c.b) == (names[a], names[b])), None)
    if lag == 0.0:
        return "none", False
    leader, follower = (names[a], names[b]) if lag > 0 else (names[b], names[a])
    words = f"{follower} follows {leader} by {abs(lag):.2f} s"
    if curve is None:
        return words, False
    if abs(lag) >= float(np.abs(curve.lags).max()) - 1e-6:
        return f"{words}, the edge of the search", False
    at_zero = float(curve.mi[np.argmin(np.abs(curve.lags))])
    gain = float(analysis.overall.mi[a, b]) - at_zero
    if gain < CLEAR_GAIN:
        return f"{words}, hardly more than without delay ({at_zero:.2f} nats)", False
    return f"{words} ({at_zero:.2f} nats without delay, {analysis.overall.mi[a, b]:.2f} with it)", True


def _strongest(analysis: Analysis) -> str:
    overall, rows = analysis.overall, []
    pairs = analysis.strongest(_LISTED)
    with_p = bool(np.isfinite(overall.p_value).any())
    for a, b in pairs:
        cells = [_button(analysis.names[a]), escape(analysis.names[b]), f"{overall.mi[a, b]:.3f}"]
        cells.append(f"{overall.lower[a, b]:.2f} to {overall.upper[a, b]:.2f}")
        if with_p:
            cells.append(f"{overall.p_value[a, b]:.2g}")
        rows.append((f' data-pair="{a},{b}"', [*cells, escape(_delay(analysis, a, b)[0])]))
    head = ["A", "B", "#MI [nats]", "#90 % interval", *(["#p"] if with_p else []), "Delay"]
    hint = (
        '<p class="hint">Over the whole recording, each pair at the delay at which it depends most; ordered by the '
        "lower end of the interval.</p>"
    )
    return _table(head, rows) + hint if rows else "<p>No pair could be estimated.</p>"


def _changes(analysis: Analysis, kept: Sequence[DependenceMatrix], first: int) -> str:
    if not analysis.changes:
        return "<p>No pair changed by more than chance gives.</p>"
    ends, rows = np.array([matrix.end for matrix in kept]), []
    for change in analysis.changes[:_LISTED]:
        pair = f"{analysis.names.index(change.a)},{analysis.names.index(change.b)}"
        window = int(np.argmin(np.abs(ends - change.time)))
        cells = [f"{(change.time - first) / NANOSECONDS:.1f}", _button(change.a), escape(change.b)]
        cells += [f"{change.before:.2f} → {change.after:.2f}", f"{change.sigmas:.1f}"]
        rows.append((f' data-pair="{pair}" data-window="{window}"', cells))
    more = len(analysis.changes) - len(rows)
    hint = (
        '<p class="hint">The window that ends at that time against the one that begins there, judged by their 90 % '
        "intervals: if nothing changed, one recording in a hundred would have an entry here."
        f"{f' {more} smaller changes are marked in the charts.' if more else ''}</p>"
    )
    return _table(["#Time [s]", "A", "B", "#MI before → after [nats]", "#Standard errors"], rows) + hint


def _modalities(analysis: Analysis) -> str:
    if analysis.between_modalities is None:
        return ""
    return (
        '<section><h2>Between topics</h2><div id="modalities" class="chart"></div><p class="hint">Sliced mutual '
        "information of all channels of one topic with all of another, over the whole recording, without delay. It is "
        "on a lower scale than the mutual information of two channels.</p></section>"
    )


def _topics(analysis: Analysis) -> str:
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


def _channels(analysis: Analysis) -> str:
    usable = np.mean([matrix.valid for matrix in analysis.matrices], axis=0)
    rows = [
        ("", [escape(name), f"{share:.1%}", f"{1 - good:.0%}"])
        for name, share, good in zip(analysis.names, analysis.unknown, usable, strict=True)
    ]
    hint = '<p class="hint">In a window without use the channel was constant or had too few known samples.</p>'
    return _table(["Channel", "#Unknown samples", "#Windows without use"], rows) + hint


def _provenance(analysis: Analysis, provenance: Provenance) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in provenance.versions.items())
    entries = {
        "Command": f"<code>{escape(provenance.command)}</code>",
        "Estimator": escape(f"{analysis.overall.estimator} {analysis.overall.version}"),
        "Versions": escape(versions),
        "Made": _utc(int(datetime.now(timezone.utc).timestamp() * NANOSECONDS)),
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


def _utc(nanoseconds: int) -> str:
    """Date of a stamp; simulated clocks start near zero and get seconds."""
    if nanoseconds < 1e17:
        return f"{nanoseconds / NANOSECONDS:.3f} s"
    return f"{datetime.fromtimestamp(nanoseconds / NANOSECONDS, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def _part(name: str) -> str:
    return (files("infonet_ros.offline") / name).read_text(encoding="utf-8")


def _plotly() -> str:
    try:
        return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    except (ImportError, FileNotFoundError) as error:
        raise MissingDependencyError(
            "The HTML report", "plotly", "run `pip install plotly`, or leave html out"
        ) from error


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
