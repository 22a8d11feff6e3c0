"""Learn one pair of a baseline: which views give an alarm soon, and how high their evidence rises without faults.

Each half of the good samples is judged by what the other half shows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np
import torch

from infonet_ros.caching import cached_property
from infonet_ros.dependence.baselines.baseline import DECOUPLED, PairBaseline, View, log_ratios
from infonet_ros.dependence.baselines.expectation import Expectation
from infonet_ros.dependence.baselines.forms import RANKED, Form, channel_quantiles, ranks_among
from infonet_ros.dependence.baselines.learning.lesson import PLANTED, Lesson, planted
from infonet_ros.dependence.baselines.learning.stacking import shared, stacked
from infonet_ros.dependence.baselines.page_rule import Rises, heights_of_rises, log_e_values, mean_wait
from infonet_ros.dependence.matrix import LaggedPair
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.samples.effective_samples import effective_samples, level_autocorrelations
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

_STRETCHES = 4  # of the good recordings, each as long as that time: fewer do not tell how evidence grows in it

_LEAST_STATES = 10  # independent samples of the values, so that what one half shows holds in the other half too
_USUAL = 3600.0  # seconds between false alarms, for which views are compared
_LATER = 1.2  # times the wait of the samples: innovations with a longer wait are not used
_PROMPT = 3.0  # seconds: residuals with a longer wait are not used
_TOO_FEW = "too few samples in one half of the recordings"
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
    shown = {form: _Shown(net, lesson.forms[form], candidate) for form in RANKED}
    tried = {form: _learn_view(shown[form.ranked], form, lesson) for form in Form}
    values, residuals = tried[Form.VALUES], tried[Form.RESIDUALS]
    whole = shown[Form.VALUES].whole
    if whole is None or whole.independent_samples < _LEAST_STATES:
        return str(values)
    others = [view for form in RANKED[1:] if not isinstance(view := tried[form], str)]
    views = [] if isinstance(values, str) else [values]
    if views:
        others = [view for view in others if view.wait <= _LATER * views[0].wait]
    views += sorted(others, key=attrgetter("wait"))[:1]
    if not isinstance(residuals, str) and residuals.wait <= max([_PROMPT, *(view.wait for view in views)]):
        views.append(residuals)
    if not views or not shown[Form.VALUES].halves:
        return str(values)
    views = [_with_all_faults(one, shown[one.view.form.ranked], candidate, lesson) for one in views]
    return LearntPair(candidate, views, whole.expectation)


def _learn_view(shown: "_Shown", form: Form, lesson: Lesson) -> LearntView | str:
    """Learn one view of a pair, or return the reason why it cannot be learnt."""
    whole = shown.whole
    if whole is None:
        return _TOO_FEW
    if refused := _refusal(whole, form):
        return refused
    if shown.halves is None:
        return _TOO_FEW
    first, second = shown.halves
    crosswise = [first.judge(second.pieces, form), second.judge(first.pieces, form)]
    least = min(np.nanmean(np.concatenate(half)) for half in crosswise)
    if form is not Form.RESIDUALS and least < whole.mi / 4.0:
        return "the two halves of the recordings differ in how the two depend on each other"
    # What the whole shows may be worse than what the halves do; then its own samples show it.
    held_out = [ratios for half in crosswise for ratios in half]
    across, own = (Rises.of(ratios, lesson.seconds) for ratios in (held_out, whole.judge(whole.pieces, form)))
    if across is None or own is None:
        return "too few samples to tell how high its evidence rises without faults"
    rises = across.or_higher(own)
    threshold = rises.threshold(_USUAL)
    wait = float(np.mean([_wait(ratios, threshold, lesson) for ratios in _decoupled(whole, form)]))
    slowest = min(SLOWEST, lesson.seconds / _STRETCHES)
    if wait > slowest:
        return f"an alarm would take more than {slowest:.3g} s: the two share too little, or change too slowly"
    view = View(pair=0, form=form, rises=rises, growth={DECOUPLED: threshold / wait})
    return LearntView(view, whole.table, whole.mi, wait, rises.interval(heights_of_rises(held_out)))


def _with_all_faults(learnt: LearntView, shown: "_Shown", candidate: LaggedPair, lesson: Lesson) -> LearntView:
    """Return a view that also knows how soon it shows each fault of one of its channels, that of the worse one."""
    view, growth, whole = learnt.view, dict(learnt.view.growth), shown.whole
    assert whole is not None  # the view is of it
    threshold = view.rises.threshold(_USUAL)
    for fault in PLANTED:
        broken = planted(lesson, candidate, view.form, fault)
        judged = [np.concatenate(whole.judge(pieces, view.form)) for pieces in broken]
        growth[fault] = threshold / max(_wait(ratios, threshold, lesson) for ratios in judged)
    return replace(learnt, view=replace(view, growth=growth))


def _wait(ratios: np.ndarray, threshold: float, lesson: Lesson) -> float:
    """Return the mean seconds until the evidence of log ratios (T,) reaches a threshold; inf if never."""
    return mean_wait(log_e_values(ratios), threshold) / lesson.rate


def _refusal(whole: "_Part", form: Form) -> str | None:
    """Return why a pair cannot be judged in a form by all its samples; most candidates cannot, so this comes first."""
    least = _LEAST_STATES if form is Form.RESIDUALS else LEAST_INDEPENDENT
    if whole.independent_samples < least:
        return f"so slow that the recordings contain fewer than {least} independent samples"
    return f"less than {LEAST_MI:g} nats" if whole.mi < LEAST_MI else None


@dataclass(frozen=True, eq=False)
class _Part:
    """A pair in one form as some pieces show it.

    ``pieces`` are samples (2, T), ``quantiles`` (2, Q), ``drawn`` and ``table`` (G, G) the table of the network and the
    one that holds for all samples. ``expectation`` predicts each of the two from the other.
    """

    net: InfoNet
    pieces: list[np.ndarray]
    quantiles: np.ndarray
    drawn: np.ndarray
    table: np.ndarray
    expectation: Expectation

    @classmethod
    def of(cls, net: InfoNet, pieces: Sequence[np.ndarray], candidate: LaggedPair) -> "_Part | None":
        pairs = [np.stack(paired_at_lag(p[:, candidate.a], p[:, candidate.b], candidate.lag)) for p in pieces]
        both = np.concatenate(pairs, axis=1)
        x, y = both
        known = np.isfinite(x) & np.isfinite(y)
        if known.sum() < InfoNet.MIN_SAMPLES or np.ptp(x[known]) == 0.0 or np.ptp(y[known]) == 0.0:
            return None
        drawn = net.discriminant(x, y)
        if not np.isfinite(drawn).all():
            return None
        return cls(net, pairs, channel_quantiles(both.T), drawn, stacked(drawn, both), Expectation.of(both))

    @property
    def samples(self) -> np.ndarray:
        """Those of all pieces, (2, T)."""
        return np.concatenate(self.pieces, axis=1)

    @cached_property
    def mi(self) -> float:
        """What the two share, nats."""
        return self.net.estimate(*self.samples).mi + shared(self.table) - shared(self.drawn)

    @cached_property
    def independent_samples(self) -> float:
        """The number that all samples of the slower one are worth."""
        samples = self.samples
        known = samples[:, np.isfinite(samples).all(axis=0)]
        # Only the levels count: a robot that rests repeats its fine details, and yet moves anew after each rest.
        levels = level_autocorrelations(ranks_among(self.quantiles, known.T).T)
        memory = torch.from_numpy(levels)
        return float(effective_samples(memory, memory, known.shape[1]).min())

    def judge(self, pieces: Sequence[np.ndarray], form: Form) -> list[np.ndarray]:
        """Return the log ratio of each sample of some pieces (2, T): by the table, or by the residuals."""
        if form is Form.RESIDUALS:
            return [self.expectation.log_ratios(piece) for piece in pieces]
        ranks = [ranks_among(self.quantiles, piece.T) for piece in pieces]
        return [log_ratios(self.table, *rank.T) for rank in ranks]


@dataclass(frozen=True, eq=False)
class _Shown:
    """A pair in one form, as the good samples and each half of them show it; learnt when it is asked for."""

    net: InfoNet
    lesson: Lesson
    candidate: LaggedPair

    @cached_property
    def whole(self) -> _Part | None:
        """What all samples show; None if they are too few."""
        return _Part.of(self.net, self.lesson.pieces, self.candidate)

    @cached_property
    def halves(self) -> tuple[_Part, _Part] | None:
        """What each half shows; None if the samples of one are too few."""
        first, second = (_Part.of(self.net, pieces, self.candidate) for pieces in self.lesson.halves())
        return None if first is None or second is None else (first, second)


def _decoupled(pair: _Part, form: Form) -> Iterator[np.ndarray]:
    """Yield the log ratios (T,) of a pair that is independent: one of the two is shifted circularly."""
    x, y = pair.samples
    for shift in np.linspace(0, len(x), _SHIFTS + 2)[1:-1].astype(int):
        yield from pair.judge([np.stack([x, np.roll(y, shift)])], form)
