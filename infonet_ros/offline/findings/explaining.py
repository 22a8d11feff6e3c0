"""Finds direct pairs, pairs that a third channel explains, and channels with information about a target."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from infonet_ros.dependence.given_streams import given_streams
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.measures.untestable import reasons
from infonet_ros.estimator.results import PairwiseEstimate
from infonet_ros.estimator.samples.responses import Drivers, Place
from infonet_ros.intake.messages.paths import is_rate
from infonet_ros.limits import MOST_GIVEN
from infonet_ros.offline.analysis import Analysis, Explanation, InformativeChannels
from infonet_ros.settings import TIME

EXPLAINED = 0.25
"""A third channel explains a pair if at most this share of their MI is left given it.

If all information passes through the third channel, nothing is left but the effect of its sensor's noise and sampling.
That effect is larger if the two have little noise. One of two equal drivers leaves half of the MI or more.
"""

_SURELY = 0.5  # share of their MI that the upper end of the interval may be: not as much as beside one of two drivers

_MOST_PAIRS = 24  # the strongest pairs are tested
_MOST_SAMPLES = 1200  # for these pairs: some hundred estimates in a second; eight times as many for a target
_MOST_INFORMATIVE = 4


def explain(net: InfoNet, analysis: Analysis, target: str = "") -> Analysis:
    """Find what explains the strong pairs of an analysis, and the channels with most information about a target."""
    informative = _informative(net, analysis, target) if target else None
    if analysis.settings.given:  # the pairs are conditional already
        return replace(analysis, informative=informative)
    matrix, significance = analysis.whole.matrix, analysis.significance
    wanted = np.zeros(matrix.mi.shape, dtype=bool)
    for a, b in [pair for pair in analysis.strongest() if not significance.doubt(*pair)][:_MOST_PAIRS]:
        wanted[a, b] = wanted[b, a] = True
    window = analysis.whole.overview.window
    lag = np.round(matrix.lag * window.rate).astype(np.int32)
    mi, lower, upper = (np.where(wanted, values, np.nan) for values in (matrix.mi, matrix.lower, matrix.upper))
    unknown = np.zeros(len(wanted), dtype=bool)
    pairs = PairwiseEstimate(
        mi=mi,
        lower=lower,
        upper=upper,
        p_value=None,
        lag=lag,
        samples=matrix.samples,
        constant=~matrix.valid,
        drifting=unknown,
        untested=reasons(unknown),
    )
    found = net.explanations(window.samples, pairs=pairs, most_samples=_MOST_SAMPLES, seed=analysis.settings.seed)
    asked = {
        (a, b): Explanation(int(found.by[a, b]), *(float(v[a, b]) for v in (found.left, found.lower, found.upper)))
        for a, b in np.argwhere(np.triu(found.by >= 0)).tolist()
    }
    asked = {pair: one for pair, one in asked.items() if not _repeats(analysis, one.third, *pair)}
    return replace(analysis, explanations=_standing(analysis, asked), informative=informative)


def _repeats(analysis: Analysis, third: int, a: int, b: int) -> bool:
    """Return whether a third channel is a rate that was computed from a measured channel, or the other form of either.

    A copy always explains its original and another channel, and would hide their dependence.
    """
    rates = [is_rate(analysis.names[channel]) for channel in (third, a, b)]
    kinship = analysis.whole.kinship
    other_form = kinship.one_field[third, [a, b]].any()
    return bool(kinship.repeated[third] or other_form) or rates == [True, False, False]


def _standing(analysis: Analysis, asked: Mapping[tuple[int, int], Explanation]) -> dict[tuple[int, int], Explanation]:
    """Keep explanations that surely leave little MI and use only links that are kept, the weakest pairs first.

    Of two copies of a sensor each explains the links of the other: the stronger one keeps its links. Two wheels with
    little noise do the same for their command, so a channel that surely leads both channels of a pair comes first.
    """
    mi, drivers = analysis.whole.matrix.mi, _drivers(analysis)
    kept: dict[tuple[int, int], Explanation] = {}
    links: set[tuple[int, int]] = set()
    order = sorted(asked, key=lambda pair: (not _leads(analysis, drivers, asked[pair].third, pair), float(mi[pair])))
    for a, b in order:
        one = asked[a, b]
        through = [(min(end, one.third), max(end, one.third)) for end in (a, b)]
        surely = one.left <= EXPLAINED * mi[a, b] and one.upper <= _SURELY * mi[a, b]
        if surely and (a, b) not in links and not any(link in kept for link in through):
            kept[a, b] = one
            links.update(through)
    return kept


def _leads(analysis: Analysis, drivers: Drivers, third: int, pair: tuple[int, int]) -> bool:
    """Return whether both channels of a pair surely follow a third one: by a clear delay, or slowly."""
    clear, late = analysis.whole.clear_delays[third], analysis.whole.matrix.lag[third] > 0.0
    return all(late[end] and (clear[end] or drivers.response(third, end) is not None) for end in pair)


def _informative(net: InfoNet, analysis: Analysis, target: str) -> InformativeChannels:
    """Choose channels with most information about a target, each at once or as the target follows it.

    Beside other channels, one may have most to add at once: a speed beside the command that it follows. Given channels
    come before all others.
    """
    column, drivers = analysis.names.index(target), _drivers(analysis)
    itself = Place(column, -1, 0)
    places = sorted({itself, *_places(analysis, drivers, column)})
    streams, known = drivers.at(places).T, _known(analysis, drivers, column)
    rows = slice(None, None, -(-len(streams) // (8 * _MOST_SAMPLES)))
    most, seed = min(_MOST_INFORMATIVE, MOST_GIVEN + 1 - known.shape[1]), analysis.settings.seed
    chosen = net.select(streams[rows], places.index(itself), most, given=known[rows] if known.size else None, seed=seed)
    found = [places[k] for k in chosen.channels]
    adds: dict[int, float] = {}
    for place, nats in zip(found, chosen.adds, strict=True):
        adds[place.driver] = adds.get(place.driver, 0.0) + float(nats)  # one may be chosen in both ways
    slow = {place.driver for place in found if place.listener >= 0}
    return InformativeChannels(target, tuple(adds), tuple(adds.values()), tuple(channel in slow for channel in adds))


def _drivers(analysis: Analysis) -> Drivers:
    """Return all channels as the others follow them: given ones, as the others do before anything is given."""
    samples, lag, follows = analysis.whole.overview.window.samples, analysis.whole.matrix.lag, analysis.whole.follows
    if follows is not None:
        lag = np.where(np.isin(analysis.names, analysis.settings.given)[:, None], follows, lag)
    return Drivers(samples.T, samples.T, np.round(lag * analysis.whole.matrix.sample_rate).astype(int))


def _known(analysis: Analysis, drivers: Drivers, column: int) -> np.ndarray:
    """Return the given streams at once and as a column follows them, (T, D)."""
    at_once = given_streams(analysis.whole.overview.window, analysis.settings.given)
    given = [analysis.names.index(name) for name in analysis.settings.given if name != TIME]
    later = {drivers.place(channel, column) for channel in given} - {Place(channel, -1, 0) for channel in given}
    return np.hstack([at_once, drivers.at(later).T])[:, :MOST_GIVEN] if later else at_once


def _places(analysis: Analysis, drivers: Drivers, column: int) -> Iterator[Place]:
    """Yield where channels are tried that may tell about a column.

    Its own rate or level tells nothing new. Nor does the past of a speed about the position that it adds up to.
    """
    kinship = analysis.whole.kinship
    others = ~kinship.one_field[column] & ~np.isin(analysis.names, [analysis.names[column], *analysis.settings.given])
    for channel in np.flatnonzero(others).tolist():
        yield Place(channel, -1, 0)
        if kinship.trivial[channel, column]:
            yield Place(channel, -1, -int(drivers.delays[channel, column]))
        else:
            yield drivers.place(channel, column)
