"""Changes of relations, also those that leave the MI as it is: a sign changes, an offset appears, a unit changes.

A change lasts to the end of the recording, or ends before: a wheel slips, a sensor freezes for a while.

One pair is not enough to distinguish a fault from another motion: on the way back, a speed and a compass have another
sign relative to each other. So all pairs are judged together. A channel is at fault if its relations to all channels
that it depends on have changed. The relations between those channels must not have changed, and they must move as
before. A change that another motion or a third channel can explain is not a fault.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from scipy.cluster.hierarchy import DisjointSet

from infonet_ros.caching import cached_property
from infonet_ros.dependence.changes.relations import UNCLEAR, Relation
from infonet_ros.dependence.changes.steps import SHORTEST, OtherMotion, Stretch, block_edges, blocks_of
from infonet_ros.dependence.changes.verdicts import CHANGED, Outcome, Verdict
from infonet_ros.dependence.factors import factor_words
from infonet_ros.dependence.matrix import LaggedPair
from infonet_ros.intake.messages.paths import without_rate
from infonet_ros.series import moved, runs
from infonet_ros.text import rounded

LEAST_SIGMAS = 10.0
"""Standard errors of a change: in the rows where they seem to change most, wandering pairs without one reach many."""

LEAST_MI = 0.1
"""Nats. The relation of a weaker pair shows too little about either channel."""

_HELD = 0.9  # of the samples are equal to the next, in a stretch whose ends are known to a block only
_LONGEST_HELD = 3  # stretches of each channel that are asked
_DOUBTFUL = 0.5  # of the standard errors of a change
_ONE_SIDED = 2.0  # times as sure must a change be that is clear for one of two channels only
_MOST_LEFT = 0.6  # of the residuals of a pair, without the rows in which its relation is another
_NAMED = 2  # of the other channels in a sentence


@dataclass(frozen=True)
class RelationChange:
    """A channel whose relation to others changed, and which depends on them as much as before.

    Attributes
    ----------
    channel : str
        Name of the channel.
    beside : tuple of str
        The other channels, those with the surest change first.
    sure : bool
        False if the first of ``beside`` may have changed instead.
    time : int
        Start of the change, nanoseconds of sensor time.
    end : int or None
        Its end, nanoseconds; None if it lasts until the recording ends.
    kind : Outcome
        What changed: the sign, the factor, the offset, another relation, or the values stay the same.
    value : float
        The factor, or the offset in the unit of the channel; NaN for other kinds.
    sigmas : float
        How sure it is, in standard errors.
    """

    channel: str
    beside: tuple[str, ...]
    sure: bool
    time: int
    end: int | None
    kind: Outcome
    value: float
    sigmas: float

    @property
    def label(self) -> str:
        """What changed, for a table."""
        labels = {
            Outcome.SIGN: "other sign",
            Outcome.FACTOR: f"{self.value:.3g} times",
            Outcome.OFFSET: f"{self.value:+.3g}",
            Outcome.LOST: "no relation",
            Outcome.HELD: "keeps its value",
        }
        return labels.get(self.kind, "other relation")

    def sentence(self, when: str) -> str:
        """Return what changed, with words for the time, as "after 120 s" or "from 60 s to 80 s"."""
        others = " and ".join(self.beside[:_NAMED])
        if self.kind is Outcome.SIGN:
            turns = "changed" if self.end is None else "is inverted"
            if self.sure:
                return f"The sign of {self.channel} {turns} {when}, relative to {others}."
            return f"The sign of {self.channel} or {others} {turns} {when}."
        if self.kind is Outcome.FACTOR:
            return f"{self.channel} {factor_words(self.value)}, {when}, for the same values of {others}."
        if self.kind is Outcome.OFFSET:
            side = "higher" if self.value > 0.0 else "lower"
            return f"{self.channel} is {rounded(abs(self.value))} {side} {when}, for the same values of {others}."
        if self.kind is Outcome.HELD:
            change = "changes" if len(self.beside) == 1 else "change"
            return f"{without_rate(self.channel)} keeps its value {when}, while {others} {change}."
        if self.kind is Outcome.LOST:
            return f"{self.channel} does not depend on {others} {when}, as it does at other times."
        changes = "changed" if self.end is None else "is another"
        return f"The relation of {self.channel} and {others} {changes} {when}."


def find_relation_changes(
    samples: np.ndarray, stamps: np.ndarray, names: Sequence[str], topics: Sequence[str], pairs: Sequence[LaggedPair]
) -> list[RelationChange]:
    """Find the times at which the relations of channels changed.

    Parameters
    ----------
    samples : (T, N) float64
        Of the whole recording, NaN where unknown.
    stamps : (T,) int64
        Nanoseconds.
    names, topics : sequence of str
        Of the N channels.
    pairs : sequence of LaggedPair
        Channels that depend on each other.

    Returns
    -------
    list of RelationChange
        The surest first. Of several changes of a pair, only the surest is found. Of those of a channel that begin
        within a tenth of the recording, only one is.
    """
    relations = {(pair.a, pair.b): one for pair in pairs if (one := _relation(samples, pair)) is not None}
    changes = [(pair, *change) for pair, one in relations.items() if (change := one.change(LEAST_SIGMAS)) is not None]
    changes.sort(key=lambda change: -change[2])
    likely = [rows for _, rows, _ in changes] + [relations[pair].nearer(rows) for pair, rows, _ in changes]
    found: dict[tuple[int, int], RelationChange] = {}  # by channel and first row
    asked = dict.fromkeys([*likely, *_held_rows(samples, {*chain(*relations)})])
    moments = {rows: _Moment(samples, topics, relations, rows) for rows in asked}
    for rows, moment in moments.items():
        for fault in moment.faults():
            begin, end = moment.held(fault.channel) if fault.verdict.kind is Outcome.HELD else rows
            lasts = moment.lasts or end == len(samples) - 1
            times = int(stamps[begin]), None if lasts else int(stamps[end])
            if not any(fault.channel == k and abs(rows.begin - other) < len(samples) // 10 for k, other in found):
                found[fault.channel, rows.begin] = fault.named(names, *times)
    for pair, rows, sigmas in changes:
        begin, end = exact = relations[pair].nearer(rows)
        sure = sigmas > UNCLEAR * LEAST_SIGMAS and moments[rows].another(pair) and not moments[exact].lasts
        if sure and not any(abs(begin - other) < len(samples) // 10 for _, other in found):
            either = _ChangedChannel(pair[0], pair[1:], False, Verdict(Outcome.OTHER), sigmas)
            found[pair[0], begin] = either.named(names, int(stamps[begin]), int(stamps[end]))
    return sorted(found.values(), key=lambda change: -change.sigmas)


def _held_rows(samples: np.ndarray, channels: Iterable[int]) -> Iterator[Stretch]:
    """Yield the rows in which one of some channels keeps its value for longest: a sensor may be dead then.

    Its residual alone shows these rows badly: it is large only while the other channels are far from that value.
    """
    block = int(np.diff(block_edges(len(samples))).max())
    for channel in sorted(channels):
        held = runs(np.diff(samples[:, channel]) == 0.0)
        held = held[(held[:, 0] > block) & (held[:, 1] - held[:, 0] > SHORTEST * block)]
        longest = np.argsort(held[:, 0] - held[:, 1], kind="stable")[:_LONGEST_HELD]
        yield from (Stretch(begin, end + 1) for begin, end in held[longest].tolist())


def _relation(samples: np.ndarray, pair: LaggedPair) -> Relation | None:
    """Return the relation of the channels of a pair at its lag, in the rows of the first."""
    return Relation.of(samples[:, pair.a], moved(samples[:, pair.b], -pair.lag))


@dataclass(frozen=True)
class _Changed:
    """A pair that changed: how sure this is, and the change of either channel relative to the other, if known.

    It is ``clear`` if no channel that may have changed has an unclear change.
    """

    sigmas: float
    of: dict[int, Verdict]
    clear: bool


@dataclass(frozen=True)
class _ChangedChannel:
    """A channel at fault, the channels relative to which it changed, and whether the fault is surely in this one."""

    channel: int
    beside: tuple[int, ...]
    sure: bool
    verdict: Verdict
    sigmas: float

    def named(self, names: Sequence[str], time: int, end: int | None) -> RelationChange:
        beside, kind, value = tuple(names[other] for other in self.beside), self.verdict.kind, self.verdict.value
        return RelationChange(names[self.channel], beside, self.sure, time, end, kind, value, self.sigmas)


class _Moment:
    """All pairs in some rows in which one of them may have changed."""

    def __init__(
        self, samples: np.ndarray, topics: Sequence[str], relations: dict[tuple[int, int], Relation], rows: Stretch
    ) -> None:
        self.rows = rows
        self._topics = topics
        self._relations = relations
        self._held = np.diff(samples, axis=0) == 0.0
        edges = block_edges(len(samples))
        stretch = blocks_of(edges, rows)
        self.lasts = stretch.end == len(edges) - 1
        self._motions = [OtherMotion.of(channel, edges, stretch) for channel in samples.T]
        self._alike = DisjointSet(range(samples.shape[1]))
        self._changed: dict[tuple[int, int], _Changed] = {}
        same: dict[tuple[int, int], dict[int, Verdict]] = {}
        for pair, relation in relations.items():
            both = {channel: relation.verdict(rows, side) for side, channel in enumerate(pair)}
            if Outcome.SAME in {verdict.kind for verdict in both.values()}:
                same[pair] = both
            else:
                self._compare(pair, relation, both)
        for pair, both in same.items():
            if all(self._excluded(channel, verdict) for channel, verdict in both.items()):
                self._alike.merge(*pair)

    def faults(self) -> Iterator[_ChangedChannel]:
        """Yield the channels at fault: of two, that with fewer unchanged, more changed or more doubtful relations."""
        changes: dict[int, list[tuple[int, _Changed]]] = {}
        for pair, change in sorted(self._changed.items(), key=lambda item: -item[1].sigmas):
            for channel, other in (pair, pair[::-1]):
                if channel in change.of and self._can_be_at_fault(channel, change.of[channel].kind):
                    changes.setdefault(channel, []).append((other, change))
        for channel, own in changes.items():
            beside, change = tuple(other for other, _ in own), own[0][1]
            asked = [k for k in (channel, *beside) if k in changes]
            doubt = {k: (self._alike.subset_size(k), -len(changes[k]), -self._doubtful(k)) for k in asked}
            exact = {k: changes[k][0][1].of[k].share for k in asked}
            if channel == min(asked, key=lambda k: (doubt[k], -exact[k], -k)):
                alone = len(beside) == 1 and self._alike.subset_size(beside[0]) == 1
                sure = (change.clear or not alone) and [*doubt.values()].count(doubt[channel]) == 1
                verdict = Verdict(Outcome.HELD) if self._keeps_its_value[channel] else change.of[channel]
                slips = verdict.kind is Outcome.FACTOR and change.clear and change.sigmas > _ONE_SIDED * LEAST_SIGMAS
                # Else two channels that are compared with no other may move so for a while.
                if sure or self.lasts or slips or verdict.kind is Outcome.HELD:
                    yield _ChangedChannel(channel, beside, sure, verdict, change.sigmas)

    def another(self, pair: tuple[int, int]) -> bool:
        """Return whether the relation of a close pair is another for a while, whichever channel is the cause.

        If both keep their relation to others, another motion is the cause, and so it may be if a third channel moves
        about another level, or a sign is another: that of a speed when a robot drives back, beside a current.
        """
        relation, loose = self._relations[pair], min(self._alike.subset_size(k) for k in pair) == 1
        usual = not any(motion.level for k, motion in enumerate(self._motions) if k not in pair)
        usual &= not (relation.turns(self.rows) or self._keeps_its_value[[*pair]].any())
        return relation.close and loose and usual and not self.lasts and relation.without(self.rows) < _MOST_LEFT

    def _doubtful(self, channel: int) -> int:
        """Return how many relations of a channel seem to be others, though that is not sure."""
        own = (relation for pair, relation in self._relations.items() if channel in pair)
        return sum(relation.sigmas(self.rows) > _DOUBTFUL * LEAST_SIGMAS for relation in own)

    @cached_property
    def _keeps_its_value(self) -> np.ndarray:
        """(N,) bool: a channel keeps its value in these rows, as it does not at other times."""
        inside = np.zeros(len(self._held), dtype=bool)
        inside[slice(*self.rows)] = True
        return (self._held[inside].mean(axis=0) >= _HELD) & (2.0 * self._held[~inside].mean(axis=0) < _HELD)

    def held(self, channel: int) -> Stretch:
        """Return for how long a channel keeps its value around these rows, whose ends are known to a block only."""
        held = runs(self._held[:, channel])
        common = np.minimum(held[:, 1], self.rows.end) - np.maximum(held[:, 0], self.rows.begin)
        return Stretch(*held[common.argmax()].tolist())

    def _excluded(self, channel: int, verdict: Verdict) -> bool:
        """Return whether a pair that stayed the same shows that a channel did not change as beside any other one.

        A loose relation hides a small change: a height that jumps by a hand is still that of the same floor.
        """
        changes = [one.of[channel] for pair, one in self._changed.items() if channel in pair and channel in one.of]
        return all(verdict.excludes(change) for change in changes)

    def _compare(self, pair: tuple[int, int], relation: Relation, both: dict[int, Verdict]) -> None:
        """Note whether one channel of a pair changed while the other moves as before, by the verdicts of both."""
        beside = dict(zip(pair, pair[::-1], strict=True))
        usual = {k: not (self._motions[k].other or self._keeps_its_value[k]) for k in pair}
        verdicts = {channel: verdict for channel, verdict in both.items() if usual[beside[channel]]}
        kinds = {verdict.kind for verdict in verdicts.values()}
        turned = kinds == {Outcome.SIGN} and len(verdicts) == len(pair)  # else the other motion may change the sign
        clear = {channel: verdict for channel, verdict in verdicts.items() if verdict.kind is not Outcome.UNCLEAR}
        if turned or (clear and kinds <= CHANGED - {Outcome.SIGN} | {Outcome.UNCLEAR}):
            sigmas = relation.sigmas(self.rows)
            if sigmas > LEAST_SIGMAS * (1 if len(clear) == len(verdicts) else _ONE_SIDED):
                self._changed[pair] = _Changed(sigmas, clear, len(clear) == len(verdicts))

    def _can_be_at_fault(self, channel: int, kind: Outcome) -> bool:
        """Return whether all channels with a relation to a channel are of one topic, and no other motion is a cause.

        Another level can change the relation of two channels: another speed of a car, another attitude of an arm.
        More or less motion can change it, too, but not to another sign or to an offset.
        """
        own = self._alike.subset(channel)
        one_topic = len(own) == 1 or (len({self._topics[k] for k in own}) == 1 and len({*self._topics}) > 1)
        level_only = kind in {Outcome.SIGN, Outcome.OFFSET}
        moved = [motion.level if level_only else motion.other for motion in self._motions]
        if kind is Outcome.LOST:
            own = own | {k for k in self._lost if self._topics[k] == self._topics[channel]}
        return one_topic and not any(one for k, one in enumerate(moved) if k not in own)

    @cached_property
    def _lost(self) -> frozenset[int]:
        """Channels that no longer depend on any other: of a wheel that stalls both the speed and the current."""
        kinds: dict[int, set[Outcome]] = {}
        for change in self._changed.values():
            for channel, verdict in change.of.items():
                kinds.setdefault(channel, set()).add(verdict.kind)
        return frozenset(k for k, own in kinds.items() if own == {Outcome.LOST} and self._alike.subset_size(k) == 1)
