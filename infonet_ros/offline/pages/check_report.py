"""The page of `infonet check`: the evidence of each pair over time, and every alarm in words."""

from dataclasses import dataclass

import numpy as np

from infonet_ros.offline.baselines.checking import Check
from infonet_ros.offline.pages.html import render
from infonet_ros.text import moment

_WIDTH, _HEIGHT = 1000.0, 100.0  # units of the picture
_POINTS = 2000  # of a curve at most


@dataclass(frozen=True)
class _Curve:
    """The evidence of one pair, in units of the picture."""

    title: str
    points: str
    threshold: float
    nats: float
    spans: list[tuple[float, float]]


def render_check(check: Check) -> str:
    """Render one HTML file that works without a network."""
    curves = [_curve(check, number) for number in range(len(check.baseline.pairs))]
    return render(
        "check.html",
        styles=("check.css",),
        check=check,
        begin=moment(check.start),
        end=moment(check.end),
        alarms=check.count,
        # The pair with the first alarm comes first, those without one last, in their order.
        curves=sorted(curves, key=lambda curve: min((begin for begin, _ in curve.spans), default=np.inf)),
    )


def _curve(check: Check, number: int) -> _Curve:
    pair, threshold = check.baseline.pairs[number], float(check.thresholds[number])
    # The largest value of each group of samples is drawn, so that no alarm is lost.
    bounds = np.unique(np.linspace(0, len(check.stamps), _POINTS + 1).astype(int))[:-1]
    values = np.maximum.reduceat(np.nan_to_num(check.evidence[:, number]), bounds)
    x, y = _x(check, check.stamps[bounds]), _y(values, threshold)
    own = [alarm for alarm in check.alarms if (alarm.a, alarm.b) == (pair.a, pair.b)]
    spans = [_x(check, np.array([a.time, check.end if a.end is None else a.end])) for a in own]
    return _Curve(
        title=f"{pair.a} and {pair.b}",
        points=" ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)),
        threshold=round(float(_y(np.array(threshold), threshold)), 1),
        nats=threshold,
        spans=[(round(float(begin), 1), round(float(end - begin), 1)) for begin, end in spans],
    )


def _x(check: Check, stamps: np.ndarray) -> np.ndarray:
    return _WIDTH * (stamps - check.start) / max(1, check.end - check.start)


def _y(values: np.ndarray, threshold: float) -> np.ndarray:
    """Return heights, downwards: evidence ends at twice the threshold."""
    return _HEIGHT * (1.0 - values / (2.1 * threshold))
