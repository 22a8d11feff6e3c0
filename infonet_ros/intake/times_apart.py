"""Times that lie apart from the others: of a few messages of one clock, or of whole topics."""

from collections.abc import Container, Mapping

import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.text import NANOSECONDS, counted, in_seconds, moment

_FAR = 10  # times longer than both sides: such a gap separates two clocks
_HALF_HOUR, _FARTHEST_ZONES, _AT_ONCE = 1800 * NANOSECONDS, 14 * 3600 * NANOSECONDS, 5 * NANOSECONDS
_FEW = 0.1  # of the messages
_NOTABLE, _SAME = NANOSECONDS // 2, 0.02  # between two begins; and by how much of it two ends may lie apart otherwise


def usual_times(times: np.ndarray, noun: str, time: str) -> tuple[np.ndarray, list[str]]:
    """Drop the few of some sorted times (M,) that are far from all others; return sentences about them.

    A clock may be wrong until it is set, and then years lie between two messages. ``noun`` and ``time`` are the words
    of the sentences for a message and for its time.
    """
    few = int(_FEW * len(times))
    if not few:
        return times, []
    gaps = np.diff(times.astype(float))  # 64 bits may not hold the difference of two of them
    far = _FAR * gaps[few : len(gaps) - few].sum()
    early = np.flatnonzero(gaps[:few] > far)
    late = len(gaps) - few + np.flatnonzero(gaps[-few:] > far)
    cuts = [
        *((gaps[cut], cut + 1, "before") for cut in early[-1:]),
        *((gaps[cut], len(gaps) - cut, "after") for cut in late[:1]),
    ]
    first, last = early[-1] + 1 if len(early) else 0, late[0] + 1 if len(late) else len(times)
    sentences = [
        f"{counted(int(count), noun)} left out: {time} is {in_seconds(float(gap) / NANOSECONDS)} {where} the others"
        for gap, count, where in cuts
    ]
    return (times[first:last] if cuts else times), sentences


def _reason(apart: int, between_begins: int, longest: int) -> str:
    """Say why times may not overlap, by the gap, the distance of the begins, and the length of the longest."""
    beyond = between_begins % _HALF_HOUR
    if between_begins <= _FARTHEST_ZONES and min(beyond, _HALF_HOUR - beyond) < _AT_ONCE:
        return ", as if in two time zones"
    return ", as if two clocks had made them" if apart > _FAR * longest else ""


def overlapping(
    spans: Mapping[str, tuple[int, int]], counts: Mapping[str, int], alone: Container[str] = ()
) -> tuple[list[str], list[str]]:
    """Find the topics whose stamps overlap in time, and sentences about the others, which are left out.

    ``spans`` are the first and last stamp of each topic, nanoseconds, ``counts`` its messages: of groups that lie
    apart, the one with most messages stays. Those ``alone`` are worth analysing without another. Raises RecordingError
    if there are several topics, and no two overlap.
    """
    groups: list[list[str]] = []
    until = 0
    for name in sorted(spans, key=lambda name: spans[name]):
        if groups and spans[name][0] <= until:
            groups[-1].append(name)
        else:
            groups.append([name])
            until = spans[name][1]
        until = max(until, spans[name][1])
    if len(groups) <= 1:
        return list(spans), []
    ranks = [(len(group) > 1, sum(counts[name] for name in group)) for group in groups]
    kept = set(groups[ranks.index(max(ranks))])
    kept_in_order = [name for name in spans if name in kept]
    first = kept_in_order[0]
    sentences = []
    for name in spans:
        if name not in kept:
            earlier, later = sorted((first, name), key=lambda topic: spans[topic])
            apart = spans[later][0] - spans[earlier][1]
            longest = max(last - first for first, last in spans.values())
            sentences.append(
                f"the times of {earlier} end at {moment(spans[earlier][1])} and those of {later} begin at "
                f"{moment(spans[later][0])}, {in_seconds(apart / NANOSECONDS)} later: they do not overlap"
                + _reason(apart, spans[later][0] - spans[earlier][0], longest)
            )
    if len(kept) == 1 and first not in alone:
        raise RecordingError(
            f"{sentences[0]}; expected recordings of one drive with one clock: bring the times of one onto the clock "
            "of the other, or analyse each alone."
        )
    return kept_in_order, [f"{sentence}; the smaller group of topics is left out." for sentence in sentences]


def shifted(spans: Mapping[str, tuple[int, int]]) -> list[str]:
    """Say which recordings begin and end later or earlier than the first by the same time, as with another clock.

    ``spans`` holds the first and last time of each, nanoseconds.
    """
    (first, (begin, end)), *others = spans.items()
    sentences = []
    for name, (own_begin, own_end) in others:
        late = own_begin - begin
        if _NOTABLE < abs(late) < end - begin and abs(own_end - end - late) < _SAME * abs(late):
            sentences.append(
                f"{name} begins and ends {in_seconds(abs(late) / NANOSECONDS)} {'after' if late > 0 else 'before'} "
                f"{first}: if they were recorded together, their clocks differ by this time, and delays between them "
                "contain it."
            )
    return sentences
