"""The findings of an analysis in plain types: for JSON, scripts and the fleet."""

import math
from typing import Any

from infonet_ros.dependence.changes.lone_changes import LoneChange
from infonet_ros.dependence.changes.matrix_changes import Change
from infonet_ros.dependence.changes.relation_changes import RelationChange
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings.delay_words import Delay
from infonet_ros.offline.findings.pair_order import ranked_pairs
from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.whole_recording.groups import Group
from infonet_ros.offline.whole_recording.stuck import Stuck
from infonet_ros.offline.whole_recording.wrong_clocks import ClockDrift
from infonet_ros.text import NANOSECONDS

_MEASURES = ("mi", "lower", "upper", "p_value", "lag")


def findings_record(analysis: Analysis) -> dict[str, Any]:
    """Return sentences, groups, every known pair in the order of use, and changes, in plain types for JSON."""
    return {
        "recording": analysis.label,
        "duration": round(analysis.span.duration, 6),  # the span ends a nanosecond after its last message
        "windows": len(analysis.matrices),
        "rate": analysis.whole.matrix.sample_rate,
        "window": analysis.settings.window,
        "hop": analysis.settings.hop,
        "longest_lag": _plain(analysis.whole.longest_lag),
        "resting": _plain(analysis.whole.resting),
        "channels": list(analysis.names),
        "given": list(analysis.settings.given),
        "target": _target_record(analysis),
        "significance": analysis.significance.record(),
        "findings": [
            {"sentence": one.sentence, "channels": list(one.channels), "kind": one.kind} for one in findings(analysis)
        ],
        "drifts": [_drift_record(analysis, drift) for drift in analysis.whole.drifts],
        "stuck": [_stuck_record(analysis, one) for one in analysis.whole.stuck],
        "groups": [_group_record(analysis, group) for group in analysis.groups],
        "pairs": _pair_records(analysis),
        "changes": [_change_record(analysis, change) for change in analysis.changes],
        "lone_changes": [_lone_record(analysis, change) for change in analysis.lone_changes],
        "relation_changes": [_relation_record(analysis, change) for change in analysis.relation_changes],
    }


def _change_record(analysis: Analysis, change: Change) -> dict[str, Any]:
    return {
        "a": change.a,
        "b": change.b,
        **_times(analysis, change.time),
        "before": _plain(change.before),
        "after": _plain(change.after),
    }


def _times(analysis: Analysis, time: int) -> dict[str, float]:
    """Return when something changed, seconds."""
    since = {"time": 0, "since_start": analysis.zero, "since_first_window": analysis.matrices[0].start}
    return {name: (time - begin) / NANOSECONDS for name, begin in since.items()}


def _since(analysis: Analysis, time: int) -> float:
    """Return seconds from the start of what was analysed."""
    return (time - analysis.zero) / NANOSECONDS


def _relation_record(analysis: Analysis, change: RelationChange) -> dict[str, Any]:
    return {
        "channel": change.channel,
        "beside": list(change.beside),
        "channel_sure": change.sure,
        **_times(analysis, change.time),
        "until_since_start": None if change.end is None else _since(analysis, change.end),
        "kind": change.kind.value,
        "value": _plain(change.value),
        "sigmas": _plain(change.sigmas),
    }


def _lone_record(analysis: Analysis, change: LoneChange) -> dict[str, Any]:
    return {
        "channel": change.channel,
        "spike": change.spike,
        "value": _plain(change.value),
        "times_since_start": [_since(analysis, time) for time in change.times],
        "until_since_start": None if change.end is None else _since(analysis, change.end),
    }


def _target_record(analysis: Analysis) -> dict[str, Any] | None:
    informative = analysis.informative
    if informative is None:
        return None
    chosen = zip(informative.channels, informative.adds, informative.slow, strict=True)
    return {
        "channel": informative.target,
        "informative": [
            {"channel": analysis.names[channel], "adds": _plain(adds), "slow": slow} for channel, adds, slow in chosen
        ],
    }


def _drift_record(analysis: Analysis, drift: ClockDrift) -> dict[str, Any]:
    return {
        "fast": analysis.names[drift.fast],
        "slow": analysis.names[drift.slow],
        "ppm": _plain(1e6 * drift.rate),
        "error": _plain(1e6 * drift.error),
        "seconds": _plain(drift.seconds),
    }


def _stuck_record(analysis: Analysis, one: Stuck) -> dict[str, Any]:
    channels = [analysis.names[channel] for channel in one.channels]
    when = {"start": one.start / NANOSECONDS, "seconds": _plain(one.seconds), "to_the_end": one.to_the_end}
    return {"topic": one.topic, "channels": channels, **when}


def _group_record(analysis: Analysis, group: Group) -> dict[str, Any]:
    return {
        "channels": [analysis.names[member] for member in group.members],
        "delays": [_plain(delay) for delay in group.delays],
        "least": _plain(group.least),
        "most": _plain(group.most),
    }


def _pair_records(analysis: Analysis) -> list[dict[str, Any]]:
    names, whole, significance = analysis.names, analysis.whole, analysis.significance
    adjusted = whole.matrix.p_adjusted
    return [
        {
            "a": names[a],
            "b": names[b],
            **{name: _plain(getattr(whole.matrix, name)[a, b]) for name in _MEASURES},
            "p_adjusted": _plain(adjusted[a, b]),
            "significant": bool(significance.significant[a, b]) if significance.shifts else None,
            "untested": significance.why_untested(a, b),
            "both_drift": bool(significance.both_drift[a, b]) if significance.shifts else None,
            "without_drift": bool(significance.without_drift[a, b]),
            "opposite_signs": bool(analysis.whole.opposite[a, b]),
            "delay_clear": (delay := Delay.of(analysis, a, b)).clear,
            "smoothed": delay.smoothed,
            "stamps": delay.stamps,
            "delay_lower": _plain(whole.delay_lower[a, b]),
            "delay_upper": _plain(whole.delay_upper[a, b]),
            "leader": names[analysis.leaders[a, b]] if (a, b) in analysis.leaders else None,
            **_explanation_record(analysis, a, b),
        }
        for a, b in ranked_pairs(analysis)
    ]


def _explanation_record(analysis: Analysis, a: int, b: int) -> dict[str, Any]:
    one = analysis.explanations.get((a, b))
    if one is None:
        return {"explained_by": None}
    left = {name: _plain(getattr(one, name)) for name in ("left", "lower", "upper")}
    return {"explained_by": analysis.names[one.third], "left": left}


def _plain(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
