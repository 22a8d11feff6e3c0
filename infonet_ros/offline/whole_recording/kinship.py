"""Channels that depend on each other by definition: a speed and its position, two statistics of one array.

Such a pair of one topic is no finding. Two sensors that measure the same motion are still compared.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.estimator.peak import correlation_of
from infonet_ros.intake.messages.paths import ChannelPath, parse_channel, without_rate
from infonet_ros.intake.messages.reductions import ANGLES, REDUCTIONS
from infonet_ros.series import mean_of_known, spans_of_gains
from infonet_ros.settings import Settings

_SAME = 0.95  # correlation of what a position gains, and of what its speed adds up to, in the same time
_EXACT = 0.999  # in whatever units: a friction that follows the sign of a speed comes to 0.99
_ADDS_UP = 0.9  # correlation, of what moves as the rate of another: more than the two have at any delay
_UNITS = (1.0, 180.0 / np.pi, 1000.0)  # of a speed, in those of its position: the same, degrees or radians, millimetres
_SCALE = 1.25  # by which a noisy speed or position may look larger or smaller than in one of these units
_MOST_NAMED = 3
_LEFT = 0.03  # of the variance of the square of a length, that its parts do not explain, after interpolation
_AXIS = re.compile(r"(.*?)_?[xyzw]", re.IGNORECASE)
_ANY_AXIS = re.compile(r"[xyz](?![a-z])", re.IGNORECASE)  # before a unit, too
_EARTH = ("latitude", "longitude", "altitude", "lat", "lon", "lng", "alt")


@dataclass(frozen=True, eq=False)
class Kinship:
    """Finds which of N channels are related by their definition.

    Attributes
    ----------
    rate : (N, N) bool
        ``[a, b]``: channel a measures the rate of change of b, or of the field whose computed rate b is.
    measured : (N, N) bool
        As ``rate``, and both of one topic, in which a position has one speed, and a speed one position.
    parts : (N, N) bool
        Both are statistics of one array, or computed rates of parts of one vector: they share when it moves.
    one_field : (N, N) bool
        Both are one field, by its level and by its computed rate.
    computed : (N,) bool
        The channel is a rate that was computed.
    sums : (N, N) float64
        ``[a, b]``: the correlation of what a adds up to with what b gains in the same time.
    late : (N, N) bool
        As ``measured``, and a follows the computed rate b: by how much is news.
    names : tuple of str
        Names of the channels.
    """

    rate: np.ndarray
    measured: np.ndarray
    parts: np.ndarray
    one_field: np.ndarray
    computed: np.ndarray
    sums: np.ndarray
    late: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of(cls, samples: np.ndarray, rate: float, settings: Settings) -> "Kinship":
        """Compare the channels of settings by their samples (T, N) at a rate, Hz."""
        paths, topics = [parse_channel(path) for path in settings.channel_paths], np.array(settings.channel_topics)
        computed = np.array([path.rate for path in paths])
        own = (topics[:, None] == topics) & ~np.eye(len(topics), dtype=bool)
        alike, scale = _agreement(samples, rate, computed)
        no_speed = computed | [path.wraps for path in paths]
        alike = np.where(no_speed[:, None], 0.0, alike)
        same = (alike >= _EXACT) | ((alike >= _SAME) & _in_a_unit(scale))
        rates = same & (alike.T < _SAME)  # of two oscillations each looks like the rate of the other
        one_field = own & _equal([(path.steps, path.reduction) for path in paths])
        twice = ~computed & one_field.any(axis=0)  # by its rate as well, which is asked
        measured = own & rates & _best(np.where(own & ~twice, alike, 0.0))
        measured |= measured @ one_field & twice
        of_one_array = _equal([path.steps if path.reduction in REDUCTIONS else None for path in paths])
        parts = own & (of_one_array | _equal([_vector(path) if path.rate else None for path in paths]))
        lengths = _lengths(samples, paths, topics)
        parts |= lengths | lengths.T
        return cls(rates, measured, parts, one_field, computed, alike, np.zeros_like(measured), settings.channel_names)

    @property
    def trivial(self) -> np.ndarray:
        """(N, N) bool: what two channels share is no news.

        Either is the measured rate of the other, and not late, or repeats what its topic measures, or both are parts or
        one field.
        """
        repeated = self.repeated[:, None] | self.repeated
        trivial = self.measured | self.measured.T | self.parts | self.one_field | repeated
        return trivial & ~(self.late | self.late.T)

    @property
    def repeated(self) -> np.ndarray:
        """(N,) bool: a computed rate whose topic also holds the measured rate."""
        return self.computed & self.measured.any(axis=0)

    def weaker_form(self, mi: np.ndarray) -> np.ndarray:
        """Return which pairs (N, N) share more if a channel, or both, are replaced by the other form of their field.

        What swings has the same period as its rate, a quarter of it apart: of the two, the one that shares most counts.
        And two fields that share their levels share their changes, too.
        """
        mi = np.nan_to_num(mi)
        by_other = np.where(self.one_field[:, :, None], mi, 0.0).max(axis=1)
        by_both = np.where(self.one_field[:, :, None], by_other.T, 0.0).max(axis=1)
        return (by_other > mi) | (mi < by_other.T) | (by_both > mi)

    def changes(self, mi: np.ndarray) -> np.ndarray:
        """Return which channels (N, N) move as the rate of change of others, 1, or as the rate of that, 2; else 0.

        The torque of a joint moves as the rate of its speed. Beside its rate of change, a stream is most alike a part
        of its period earlier or later: that is no delay. ``mi`` (N, N) is what each pair shares at its best delay.
        Nothing is compared with the rate of a computed rate: that is noise. Of two oscillations each looks like the
        rate of the other.
        """
        sums = np.where(self.computed, 0.0, self.sums)
        once = (sums >= _ADDS_UP) & (self.sums.T < _ADDS_UP) & (sums > correlation_of(np.nan_to_num(mi)))
        return np.where(once, 1, 2 * (once @ once & ~np.eye(len(once), dtype=bool)))

    def with_delays(self, late: np.ndarray) -> "Kinship":
        """Take the pairs (N, N) with a delay: a command and the speed of its joint, a filter and its input."""
        return replace(self, late=late & self.measured & self.computed)

    def notices(self) -> list[str]:
        """Say which channels of one topic are the rates of others."""
        pairs = np.argwhere(self.measured & ~self.late).tolist()
        if not pairs:
            return []
        words = (f"{self.names[a]} is the rate of change of {without_rate(self.names[b])}" for a, b in pairs)
        rates = [*dict.fromkeys(words)]  # of a field by level and by rate once
        more = f", and {len(rates) - _MOST_NAMED} more" if len(rates) > _MOST_NAMED else ""
        return [f"pairs within one topic that are not reported: {', '.join(rates[:_MOST_NAMED])}{more}."]


def _equal(origins: Sequence[object]) -> np.ndarray:
    """Return which channels (N, N) have an equal origin; one whose origin is None has none with another."""
    return np.array([[one is not None and one == other for other in origins] for one in origins], dtype=bool)


def _vector(path: ChannelPath) -> tuple[object, ...] | None:
    """Return what names the vector of a part such as ``position.x``, ``pos_y``, ``q|yaw``; None of a bare ``x``."""
    *parents, last = path.steps
    if path.reduction in ANGLES:
        return *path.steps, "angles"
    if last.field.lower() in _EARTH:
        return *parents, "place"
    part = _AXIS.fullmatch(last.field)
    return (*parents, part[1]) if part and (parents or part[1]) else None


def _lengths(samples: np.ndarray, paths: Sequence[ChannelPath], topics: np.ndarray) -> np.ndarray:
    """Return which channels (rows) are the length of a vector of their topic, with others as its parts, (N, N) bool.

    Tables often have it as a column, by any name: its square is the sum of those of columns such as ax, ay and az.
    """
    found = np.zeros((len(paths), len(paths)), dtype=bool)
    squares, vectors = np.square(samples), [_ANY_AXIS.sub("*", path.text) for path in paths]
    lengths = np.array([not path.rate for path in paths]) & ~(samples < 0.0).any(axis=0)
    for vector in {one for one in vectors if "*" in one}:
        alike = np.array([one == vector for one in vectors])
        for topic in np.unique(topics[alike]):
            parts = alike & (topics == topic)
            if np.count_nonzero(parts) < 2:
                continue
            for channel in np.flatnonzero(lengths & (topics == topic) & ~parts).tolist():
                left = squares[:, channel] - squares[:, parts].sum(axis=1)
                known = np.isfinite(left)
                most = squares[known, channel].var() if known.any() else 0.0
                found[channel, parts] = most > 0.0 and left[known].var() <= _LEFT * most
    return found


def _best(alike: np.ndarray) -> np.ndarray:
    """Return which pairs (N, N) agree better than any other in their row and in their column."""
    return (alike == alike.max(axis=0)) & (alike == alike.max(axis=1, keepdims=True))


def _agreement(samples: np.ndarray, rate: float, computed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlate what a channel adds up to (rows) with what others gain (columns), at the span at which it is most.

    Returns the absolute values of the correlations (N, N), and how many times the gain the sum is (N, N), 0 where the
    former is.
    """
    unknown = np.isnan(samples)
    sums = np.cumsum(np.where(unknown, 0.0, samples - mean_of_known(samples, ~unknown)), axis=0) / rate
    missing = np.cumsum(unknown, axis=0)
    places = np.where(computed, sums, samples)
    best, scale = np.zeros((2, samples.shape[1], samples.shape[1]))
    for span in spans_of_gains(len(samples)):
        apart = slice(None, None, max(1, span // 4))
        complete = ((missing[span:] == missing[:-span]) & ~unknown[:-span])[apart]
        gains, added = ((one[span:] - one[:-span])[apart] for one in (places, sums))
        found = np.abs(_correlations(added, gains, complete))
        more = found > best
        scale[more] = _ratios(added, gains, complete)[more]
        best[more] = found[more]
    return best, scale


def _in_a_unit(scale: np.ndarray) -> np.ndarray:
    """Return where a speed (N, N) has the unit of its position, or one of `_UNITS` beside it."""
    units = np.log([*_UNITS, *(1.0 / unit for unit in _UNITS)])
    off = np.log(np.where(scale > 0.0, scale, np.inf))[..., None] - units
    return (np.abs(off) <= np.log(_SCALE)).any(axis=-1)


def _ratios(left: np.ndarray, right: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Divide the spreads of the columns of two arrays (T, N); 0 where that is not possible."""
    above, below = (np.where(known, one - mean_of_known(one, known), 0.0).std(axis=0) for one in (left, right))
    return np.divide(above[:, None], below, out=np.zeros((len(above), len(below))), where=below > 0.0)


def _correlations(left: np.ndarray, right: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Correlate the columns of two arrays (T, N) where both are known; 0 where that is not possible."""
    left, right = (np.where(known, one - mean_of_known(one, known), 0.0) for one in (left, right))
    mask = known.astype(np.float64)
    spread = np.sqrt((np.square(left).T @ mask) * (mask.T @ np.square(right)))
    return np.divide(left.T @ right, spread, out=np.zeros_like(spread), where=spread > 0.0)
