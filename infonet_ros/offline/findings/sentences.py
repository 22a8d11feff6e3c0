"""The findings of an analysis in words; report, terminal and scripts use the same sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from infonet_ros.dependence.changes.lone_changes import LoneChange
from infonet_ros.drawing.links import Link
from infonet_ros.intake.messages.paths import is_rate, without_rate
from infonet_ros.offline.analysis import Analysis
from infonet_ros.offline.findings.alike import alike
from infonet_ros.offline.findings.delay_words import Delay
from infonet_ros.offline.findings.pair_order import USEFUL_MI, News, is_useful, measured, ranked_pairs, spread, topic_of
from infonet_ros.offline.findings.periods import periods_in_common
from infonet_ros.offline.findings.statements import ToldGroup, ToldPair
from infonet_ros.offline.whole_recording.delays import Pair
from infonet_ros.offline.whole_recording.groups import Group
from infonet_ros.offline.whole_recording.p_values import ONE_PERIOD
from infonet_ros.offline.whole_recording.wrong_clocks import ClockDrift
from infonet_ros.text import NANOSECONDS, counted, delay_text, in_seconds, listed

MOST_FINDINGS = 8
"""Sentences about groups and pairs; the tables have the rest."""

_MOST_LINKS = 12  # in the picture
_MOST_EXPLAINED = 2
_MOST_UNTESTED = 2
_UNTESTED_MI = 0.25  # nats, that a pair surely shares if it is told without a test
_NEAREST = 0.1  # p-value after correction, of a pair that is told although it is not significant
_LITTLE = 0.1  # nats, of pairs that come last
_SHORT = 60.0  # seconds of a recording, of which times are told to a tenth of a second
_MOST_RELATIONS = 3
_MOST_ALONE = 2
_AT_ONCE = 0.02  # of the recording: what starts or ends within that time of each other does so at once


@dataclass(frozen=True)
class Finding:
    """One sentence, the channels that it is about, what kind it is, and the time of a change, nanoseconds.

    ``patterns`` are the names in the sentence that stand for several channels.

    Kinds are "target", "drift", "stuck", "relation", "alone", "group", "pair", "explained", "untested", "nothing",
    "period" and "changes".
    """

    sentence: str
    channels: tuple[str, ...]
    kind: str
    time: int | None = None
    patterns: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.sentence


def findings(analysis: Analysis) -> list[Finding]:
    """Return the findings that a robot engineer needs, the most useful first.

    First come the channels with information about the target, if there is one. Clocks that drift apart, topics and
    channels that are stuck, and channels that changed follow, beside others or alone. Then come groups of similar
    channels, and pairs: between topics before within one, with a clear delay before others, strong before weak. Of the
    pairs between the same groups only the first is listed, and pairs whose channels are connected already come later.
    Pairs that a third channel explains follow. If there is no pair, those of one period are told, which no shift can
    test. Last comes that period.
    """
    explained = [*_explained(analysis)][:_MOST_EXPLAINED]
    found = [*_told(analysis)][: MOST_FINDINGS - len(explained)]
    rest = explained or [*_of_one_period(analysis)][:_MOST_UNTESTED] or [_nothing(analysis)]
    return [
        *_target(analysis),
        *_drifts(analysis),
        *_stuck(analysis),
        *_relations(analysis),
        *_alone(analysis),
        *(found or rest),
        *(explained if found else ()),
        *_periods(analysis),
        _changes(analysis),
    ]


def links(analysis: Analysis) -> list[Link]:
    """Return the pairs of the findings, and those that would come after them: what a picture shows."""
    pairs = [one for one in _groups_and_pairs(analysis) if not isinstance(one, Group)]
    matrix = analysis.whole.matrix
    return [
        Link(
            a,
            b,
            float(matrix.mi[a, b]),
            float(matrix.lag[a, b]) if Delay.of(analysis, a, b).clear else None,
            analysis.leaders.get((a, b)),
        )
        for a, b in pairs[:_MOST_LINKS]
    ]


def _groups_and_pairs(analysis: Analysis) -> Iterator[Group | Pair]:
    """Yield groups and pairs of several topics, then those of one, then those of one structure, such as a vector.

    Then come pairs whose channels are connected already, and one of each group, with the interval of its delay: if that
    tells something about stamps, it follows its group. Last come pairs that share little.
    """
    found = analysis.groups
    pairs = [p for p in ranked_pairs(analysis) if p not in analysis.explanations and is_useful(analysis, p)]
    news = News(analysis.whole.kinship, found)
    again: list[Pair] = []
    little: list[Pair] = []
    for level in (2, 1, 0):
        for group in (one for one in found if spread(analysis, *one.members) == level):
            yield group
            delayed = _delayed(analysis, group, pairs)
            if delayed and Delay.of(analysis, *delayed).about_stamps:
                yield delayed
            elif delayed:
                again.append(delayed)
        for pair in (one for one in pairs if spread(analysis, *one) == level and news.first(*one)):
            if not news.connects(*pair):
                again.append(pair)
            elif analysis.whole.matrix.mi[pair] < _LITTLE:
                little.append(pair)
            else:
                yield pair
    yield from (*again, *little)


def _delayed(analysis: Analysis, group: Group, pairs: list[Pair]) -> Pair | None:
    """Return the first pair of a group that is between topics and has a clear delay."""
    inside = (p for p in pairs if {*p} <= {*group.members} and spread(analysis, *p) == 2)
    return next((p for p in inside if Delay.of(analysis, *p).clear and measured(analysis, *p)), None)


def _told(analysis: Analysis) -> Iterator[Finding]:
    """Yield groups and pairs in words; what is true of several parts, such as all motors, is one sentence."""
    told = (_about(analysis, one) for one in _groups_and_pairs(analysis))
    for several in alike(told):
        kind = "group" if isinstance(several.statements[0], ToldGroup) else "pair"
        patterns = several.names if several.parts else ()
        yield Finding(f"{several.sentence}.", several.channels, kind, patterns=patterns)


def _about(analysis: Analysis, one: Group | Pair) -> ToldGroup | ToldPair:
    if not isinstance(one, Group):
        return ToldPair.of(analysis, *one)
    pairs = combinations(sorted(one.members), 2)
    inside = [by for a, b in pairs if (by := _third(analysis, (a, b))) is not None and {a, b, by} == {*one.members}]
    return ToldGroup.of(analysis, one, inside)


def _explained(analysis: Analysis) -> Iterator[Finding]:
    """Yield explanations of pairs, between topics before within one.

    A group of three tells itself which channel is between the others. In a larger group every channel explains a pair.
    """
    for a, b in ranked_pairs(analysis):
        by = _third(analysis, (a, b))
        if by is not None and not any({a, b, by} <= {*group.members} for group in analysis.groups):
            pair, third, left = ToldPair.of(analysis, a, b), analysis.names[by], analysis.explanations[a, b].left
            words = f"; explained by {third} ({pair.least:.2f} → {left:.2f} nats)."
            yield Finding(pair.sentence() + words, (*pair.names, third), "explained")


def _third(analysis: Analysis, pair: Pair) -> int | None:
    """Return the channel that explains a useful pair, a < b; None without one, or if it does so by definition."""
    one, rate = analysis.explanations.get(pair), analysis.whole.kinship.rate
    if one is None or not is_useful(analysis, pair) or (rate[one.third, [*pair]] | rate[[*pair], one.third]).any():
        return None
    return one.third


def _of_one_period(analysis: Analysis) -> Iterator[Finding]:
    """Yield pairs of one period that surely share much, such as a thermostat and its oven: no shift can test them."""
    whole, reasons = analysis.whole, analysis.whole.matrix.reasons
    news = News(whole.kinship, analysis.groups)
    for a, b in ranked_pairs(analysis):
        sure = whole.matrix.lower[a, b] >= _UNTESTED_MI and not (whole.kinship.trivial | whole.weaker_form)[a, b]
        if sure and reasons[a, b] == ONE_PERIOD and news.connects(a, b):
            pair = ToldPair.of(analysis, a, b)
            words = ", and no test can tell whether that is more than their common period."
            yield Finding(pair.sentence() + words, pair.names, "untested")


def _periods(analysis: Analysis) -> Iterator[Finding]:
    """Yield the periods of channels that no shift can test, such as those of a stroke, a step or a turn."""
    for channels, seconds in periods_in_common(analysis):
        names = tuple(analysis.names[channel] for channel in channels)
        yield Finding(f"These {len(names)} repeat every {delay_text(seconds)}: {listed(names)}.", names, "period")


def _target(analysis: Analysis) -> Iterator[Finding]:
    informative = analysis.informative
    if informative is None:
        return
    names = [analysis.names[channel] for channel in informative.channels]
    given = f"Given {listed(analysis.settings.given)}, " if analysis.settings.given else ""
    sentence = f"{given}{'no' if given else 'No'} channel has information about {informative.target}."
    if names:
        told = [f"{name} with its past" if slow else name for name, slow in zip(names, informative.slow, strict=True)]
        adds = [f"{one} adds {nats:.2f} nats" for one, nats in zip(told[1:], informative.adds[1:], strict=True)]
        most = f"{given}{told[0]} has the most information about {informative.target}: {informative.adds[0]:.2f} nats"
        sentence = f"{most}; {', then '.join(adds) or 'no other channel adds any'}."
    yield Finding(sentence, (informative.target, *names), "target")


def _drifts(analysis: Analysis) -> Iterator[Finding]:
    """Yield the clocks that drift apart, which makes the MI of their topics smaller.

    A clock that drifts does so beside every topic of the others: the surest pair gives the numbers.
    """
    left = list(analysis.whole.drifts)
    while left:
        one = left[0]
        same = [other for other in left if _is_one_drift(analysis, one, other)]
        left = [other for other in left if other not in same]
        fast = dict.fromkeys(topic_of(analysis, drift.fast) for drift in same)
        slow = dict.fromkeys(topic_of(analysis, drift.slow) for drift in same)
        channels = analysis.names[one.fast], analysis.names[one.slow]
        ends = one.rate, one.rate - one.error, one.rate + one.error
        rate, lower, upper = (f"{_rounded(1e6 * end):g}" for end in ends)
        sentence = (
            f"The stamps of {listed(fast)} run ahead of those of {listed(slow)}, by {rate} ppm ({lower} to {upper}), "
            f"{delay_text(one.seconds)} over the recording, as {channels[0]} and {channels[1]} show."
        )
        yield Finding(sentence, channels, "drift")


def _is_one_drift(analysis: Analysis, one: ClockDrift, other: ClockDrift) -> bool:
    """Return whether two drifts have the same topic at the same end, and agree."""
    ends = ((one.fast, other.fast), (one.slow, other.slow))
    common = any(topic_of(analysis, own) == topic_of(analysis, its) for own, its in ends)
    return common and abs(one.rate - other.rate) <= one.error + other.error


def _stuck(analysis: Analysis) -> Iterator[Finding]:
    """Yield topics and channels that keep their values while others change."""
    for one in analysis.whole.stuck:
        names = tuple(analysis.names[channel] for channel in one.channels)
        lasts = "on" if one.to_the_end else f"for {in_seconds(_rounded(one.seconds))}"
        when = f"from {_since(analysis, one.start)} {lasts}"
        fields = [*dict.fromkeys(map(without_rate, names))]
        whole = f"{one.topic} keeps its values {when}, while other topics change: {', '.join(fields)}."
        alone = f"{fields[0]} keeps its value {when}, while other channels change."
        yield Finding(whole if one.whole else alone, names, "stuck")


def _nothing(analysis: Analysis) -> Finding:
    """Return the reason why there is no pair."""
    significance = analysis.significance
    if not significance.tested:
        whys = [f"{why[:1].upper()}{why[1:]} ({counted(n, 'pair')})." for why, n in significance.untested.items()]
        return Finding(f"No pair could be tested. {' '.join(whys)}", (), "nothing")
    kin = int(np.triu(significance.significant & analysis.whole.kinship.trivial).sum())
    except_kin = ", except channels that depend on each other by definition" if kin else ""
    if significance.found > kin:
        return Finding(f"No pair certainly shares {USEFUL_MI:g} nats or more{except_kin}.", (), "nothing")
    least = float(np.nanmin(analysis.whole.matrix.p_value))
    if significance.too_few and least * (1 + significance.shifts) < 1.5:  # no surrogate has as much as that pair
        sentence = (
            f"No pair passes with {counted(significance.shifts, 'surrogate')}: a single pair needs "
            f"{significance.needed} or more; without --surrogates, all shifts are compared."
        )
        return Finding(sentence, (), "nothing")
    others = f"{significance.tested - kin} {'other pairs' if kin else 'pairs'}"
    none = "the only pair is not" if significance.tested == 1 else f"none of {others} is"
    so_far = untested = ""
    if significance.untested:
        so_far = ", as far as can be tested"
        untested = f", {counted(sum(significance.untested.values()), 'pair')} cannot be tested"
    given = analysis.settings.given
    nothing = f"Given {listed(given)}, nothing" if given else "Nothing"
    nearest = _nearest(analysis)
    sentence = f"{nothing} depends on anything here{except_kin}{so_far}: {none} significant{untested}{nearest}."
    return Finding(sentence, (), "nothing")


def _nearest(analysis: Analysis) -> str:
    """Return words about the pair that is nearly significant; empty if none is."""
    adjusted, kin = analysis.whole.matrix.p_adjusted, analysis.whole.kinship.trivial
    pairs = [pair for pair in analysis.strongest() if not kin[pair] and adjusted[pair] <= _NEAREST]
    if not pairs:
        return ""
    a, b = min(pairs, key=lambda pair: float(adjusted[pair]))
    return f"; the nearest are {analysis.names[a]} and {analysis.names[b]} (p = {adjusted[a, b]:.2g} after correction)"


def _relations(analysis: Analysis) -> Iterator[Finding]:
    """Yield the channels whose relations to others changed, for a while or until the end."""
    for change in analysis.relation_changes[:_MOST_RELATIONS]:
        sentence = change.sentence(_lasts(analysis, change.time, change.end))
        yield Finding(sentence, (change.channel, *change.beside), "relation", change.time)


def _alone(analysis: Analysis) -> Iterator[Finding]:
    """Yield what channels show alone: single samples that stand out, and other levels."""
    told: dict[tuple[str, str], list[LoneChange]] = {}
    for change in (one for one in analysis.lone_changes if not _starts_or_ends(analysis, one)):
        if change.spike:
            *before, last = (_since(analysis, time) for time in change.times)
            when = f"at {', '.join(before)} and {last}" if before else f"at {last}"
        else:
            when = _lasts(analysis, change.times[0], change.end)
        what = ("jump" if is_rate(change.channel) else "spike") if change.spike else change.channel
        told.setdefault((when, what), []).append(change)
    for (when, _), (first, *others) in [*told.items()][:_MOST_ALONE]:
        names = tuple(one.channel for one in (first, *others))
        yield Finding(first.sentence(when, others), names, "alone", first.times[0])


def _starts_or_ends(analysis: Analysis, change: LoneChange) -> bool:
    """Return whether a jump starts or ends a change of relations of the same field, such as an offset."""
    field, near = without_rate(change.channel), _AT_ONCE * analysis.span.duration * NANOSECONDS
    own = [one for one in analysis.relation_changes if without_rate(one.channel) == field]
    ends = [time for one in own for time in (one.time, one.end) if time is not None]
    return all(any(abs(time - end) < near for end in ends) for time in change.times)


def _changes(analysis: Analysis) -> Finding:
    if not analysis.changes:
        other = "other " if analysis.relation_changes else ""
        return Finding(f"No {other}dependence changed.", (), "changes")
    largest = analysis.changes[0]
    when = f"after {_since(analysis, largest.time)}"
    sentence = (
        f"{counted(len(analysis.changes), 'change')} of dependence; the largest {when}: {largest.a} and "
        f"{largest.b}, {largest.before:.2f} to {largest.after:.2f} nats."
    )
    return Finding(sentence, (largest.a, largest.b), "changes", largest.time)


def _rounded(number: float) -> float:
    """Return a number of three digits, which `g` writes without an exponent up to a million."""
    return float(f"{number:.3g}")


def _lasts(analysis: Analysis, begin: int, end: int | None) -> str:
    """Return "from 120 s to 130 s", or "after 120 s" where the end is that of the recording."""
    since = _since(analysis, begin)
    return f"after {since}" if end is None else f"from {since} to {_since(analysis, end)}"


def _since(analysis: Analysis, time: int) -> str:
    """Return "120 s", or of a short recording "12.3 s", from the start of what was analysed."""
    return in_seconds(round((time - analysis.zero) / NANOSECONDS, int(analysis.span.duration < _SHORT)))
