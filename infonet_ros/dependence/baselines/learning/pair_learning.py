"""Learn one pair of a baseline: which views give an alarm soon, and how high their evidence rises without faults.

Each half of the good samples is judged by what the other half shows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import torch

from infonet_ros.dependence.baselines.baseline import PairBaseline, View, log_ratios
from infonet_ros.dependence.baselines.expectation import Expectation
from infonet_ros.dependence.baselines.forms import RANKED, Form
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.baselines.learning.stacking import shared, stacked
from infonet_ros.dependence.baselines.page_rule import Rises, heights_of_rises, log_e_values, mean_wait
from infonet_ros.dependence.baselines.quantiles import channel_quantiles, ranks_among
from infonet_ros.dependence.lagged_pair import LaggedPair
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.samples.effective_samples import autocorrelations, effective_samples
from infonet_ros.series import paired_at_lag

LEAST_MI = 0.1
"""Nats. The time to an alarm is proportional to 1 / MI: weaker pairs give an alarm too late."""

LEAST_INDEPENDENT = 35
"""Independent samples of each channel of a pair.

Streams with fewer of them, such as positions, look dependent by chance. Also if only one of the two is slow, such as
the voltage of a battery, its values of another time are new to the table, which gives false alarms.
"""

SLOWEST = 60.0
"""Seconds. A pair with a later alarm, at one false alarm per hour, is left out."""

_LEAST_STATES = 10  # independent samples of the values, so that what one half shows holds in the other half too
_USUAL = 3600.0  # seconds between false alarms, for which views are compared
_LATER = 1.2  # times the wait of the samples: innovations with a longer wait are not used
_PROMPT = 3.0  # seconds: residuals with a longer wait are not used
_SHIFTS = 8  # circular shifts, for the evidence of a pair that is independent


@dataclass(frozen=True, eq=False)
class LearntView:
    """A view with its table (G, G), and what the two share in it, nats.

    ``wait`` is the time to an alarm, seconds. ``reached`` has a false-alarm interval, seconds, for each rise of the
    evidence of one half by the table of the other: the rise reaches the threshold of that interval.
    """

    view: View
    table: np.ndarray
    mi: float
    wait: float
    reached: np.ndarray


@dataclass(frozen=True, eq=False)
class LearntPair:
    """A candidate with its views, the first of which tells what the two share, and what each tells of the other."""

    candidate: LaggedPair
    views: list[LearntView]
    expectation: Expectation

    def baseline(self, names: Sequence[str]) -> PairBaseline:
        """Return it with the names of its channels."""
        return PairBaseline(names[self.candidate.a], names[self.candidate.b], self.candidate.lag, self.views[0].mi)


def learn_pair(net: InfoNet, lesson: Lesson, candidate: LaggedPair) -> LearntPair | str:
    """Learn the views of a pair, or return the reason why it has none.

    Innovations are a view if they give an alarm about as soon as the samples, or sooner, as of slow streams. They are
    standardized if that gives an alarm sooner, as of bursts. Residuals are a view if they give an alarm promptly, or
    sooner than another view: in a weak pair, the expected value of one channel depends on the current motion.
    """
    shown = {form: _Shown.of(net, lesson.forms[form], candidate) for form in RANKED}
    tried = {form: _learn_view(shown[form.ranked], form, lesson) for form in Form}
    values, residuals = tried[Form.VALUES], tried[Form.RESIDUALS]
    whole = shown[Form.VALUES]
    if whole is None or whole.whole.independent_samples < _LEAST_STATES:
        return str(values)
    others = [view for form in RANKED[1:] if not isinstance(view := tried[form], str)]
    views = [] if isinstance(values, str) else [values]
    if views:
        others = [view for view in others if view.wait <= _LATER * views[0].wait]
    views += sorted(others, key=attrgetter("wait"))[:1]
    if not isinstance(residuals, str) and residuals.wait <= max([_PROMPT, *(view.wait for view in views)]):
        views.append(residuals)
    return LearntPair(candidate, views, whole.whole.expectation) if views else str(values)


def _learn_view(shown: "_Shown | None", form: Form, lesson: Lesson) -> LearntView | str:
    """Learn one view of a pair, or return the reason why it cannot be learnt."""
    if shown is None:
        return "too few samples in one half of the recordings"
    first, second, whole = shown.first, shown.second, shown.whole
    crosswise = [first.judge(second.pieces, form), second.judge(first.pieces, form)]
    if refused := _refusal(whole, crosswise, form):
        return refused
    # What the whole shows may be worse than what the halves do; then its own samples show it.
    held_out = [ratios for half in crosswise for ratios in half]
    across, own = (Rises.of(ratios, lesson.seconds) for ratios in (held_out, whole.judge(whole.pieces, form)))
    if across is None or own is None:
        return "too few samples to tell how high its evidence rises without faults"
    rises = across.or_higher(own)
    threshold = rises.threshold(_USUAL)
    waits = [mean_wait(log_e_values(ratios), threshold) for ratios in _decoupled(whole, form)]
    wait = float(np.mean(waits)) / lesson.rate
    if wait > SLOWEST:
        return f"an alarm would take more than {SLOWEST:g} s: the two share too little, or change too slowly"
    view = View(pair=0, form=form, rises=rises, decoupling=threshold / wait)
    return LearntView(view, whole.table, whole.mi, wait, rises.interval(heights_of_rises(held_out)))


def _refusal(whole: "_Part", crosswise: Sequence[Sequence[np.ndarray]], form: Form) -> str | None:
    """Return why a pair cannot be judged in a form; ``crosswise`` are the log ratios (T,) of both halves."""
    least = _LEAST_STATES if form is Form.RESIDUALS else LEAST_INDEPENDENT
    if whole.independent_samples < least:
        return f"so slow that the recordings contain fewer than {least} independent samples"
    if whole.mi < LEAST_MI:
        return f"less than {LEAST_MI:g} nats"
    if form is Form.RESIDUALS:
        return None
    if min(np.nanmean(np.concatenate(half)) for half in crosswise) < whole.mi / 4.0:
        return "the two halves of the recordings differ in how the two depend on each other"
    return None


@dataclass(frozen=True, eq=False)
class _Part:
    """A pair in one form as some pieces show it.

    ``pieces`` are samples (2, T), ``quantiles`` (2, Q), ``table`` (G, G), ``mi`` in nats. ``independent_samples`` is
    the number that all samples of the slower one are worth; ``expectation`` predicts each of the two from the other.
    """

    pieces: list[np.ndarray]
    quantiles: np.ndarray
    table: np.ndarray
    mi: float
    independent_samples: float
    expectation: Expectation

    @classmethod
    def of(cls, net: InfoNet, pieces: Sequence[np.ndarray], candidate: LaggedPair) -> "_Part | None":
        pairs = [np.stack(paired_at_lag(p[:, candidate.a], p[:, candidate.b], candidate.lag)) for p in pieces]
        both = np.concatenate(pairs, axis=1)
        x, y = both
        known = np.isfinite(x) & np.isfinite(y)
        if known.sum() < InfoNet.MIN_SAMPLES or np.ptp(x[known]) == 0.0 or np.ptp(y[known]) == 0.0:
            return None
        quantiles = channel_quantiles(both.T)
        # Only the levels count: a robot that rests repeats its fine details, and yet moves anew after each rest.
        memory = torch.from_numpy(autocorrelations(ranks_among(quantiles, both.T[known]).T, details=False))
        independent = float(effective_samples(memory, memory, int(known.sum())).min())
        drawn, mi = net.discriminant(x, y), net.estimate(x, y).mi
        if not np.isfinite(mi):
            return None
        table = stacked(drawn, both)
        return cls(pairs, quantiles, table, mi + shared(table) - shared(drawn), independent, Expectation.of(both))

    def judge(self, pieces: Sequence[np.ndarray], form: Form) -> list[np.ndarray]:
        """Return the log ratio of each sample of some pieces (2, T): by the table, or by the residuals."""
        if form is Form.RESIDUALS:
            return [self.expectation.log_ratios(piece) for piece in pieces]
        ranks = [ranks_among(self.quantiles, piece.T) for piece in pieces]
        return [log_ratios(self.table, *rank.T) for rank in ranks]


@dataclass(frozen=True, eq=False)
class _Shown:
    """A pair in one form, as the halves of the good samples and all of them show it."""

    first: _Part
    second: _Part
    whole: _Part

    @classmethod
    def of(cls, net: InfoNet, lesson: Lesson, candidate: LaggedPair) -> "_Shown | None":
        parts = [_Part.of(net, pieces, candidate) for pieces in (*lesson.halves(), lesson.pieces)]
        return None if None in parts else cls(*(part for part in parts if part is not None))


def _decoupled(pair: _Part, form: Form) -> Iterator[np.ndarray]:
    """Yield the log ratios (T,) of a pair that is independent: one of the two is shifted circularly."""
    x, y = np.concatenate(pair.pieces, axis=1)
    for shift in np.linspace(0, len(x), _SHIFTS + 2)[1:-1].astype(int):
        yield from pair.judge([np.stack([x, np.roll(y, shift)])], form)
