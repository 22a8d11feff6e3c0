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


def overlapping(
    spans: Mapping[str, tuple[int, int]], counts: Mapping[str, int], alone: Container[str] = ()
) -> tuple[list[str], list[str]]:
    """Find the topics whose stamps overlap in time, and sentences about the others, which are left out.

    ``spans`` are the first and last stamp of each topic, nanoseconds, ``counts`` its messages: of groups that lie
    apart, the one with most messages stays. Those ``alone`` are worth analysing without another. Raises RecordingError
    if there are several topics, and no two overlap.
    """
    groups = _groups_in_time(spans)
    if len(groups) <= 1:
        return list(spans), []
    most = max(groups, key=lambda group: (len(group) > 1, sum(counts[name] for name in group)))
    kept = [name for name in spans if name in most]
    sentences = [_do_not_overlap(spans, kept[0], name) for name in spans if name not in most]
    if len(kept) == 1 and kept[0] not in alone:
        raise RecordingError(
            f"{sentences[0]}; expected recordings of one drive with one clock: bring the times of one onto the clock "
            "of the other, or analyse each alone."
        )
    return kept, [f"{sentence}; the smaller group of topics is left out." for sentence in sentences]


def _groups_in_time(spans: Mapping[str, tuple[int, int]]) -> list[list[str]]:
    """Group topics by the first and last stamp of each: those of two groups do not overlap, the earliest first."""
    groups: list[list[str]] = []
    until = 0
    for name in sorted(spans, key=spans.__getitem__):
        begin, end = spans[name]
        if groups and begin <= until:
            groups[-1].append(name)
            until = max(until, end)
        else:
            groups.append([name])
            until = end
    return groups


def _do_not_overlap(spans: Mapping[str, tuple[int, int]], one: str, other: str) -> str:
    """Say how far apart the times of two topics lie, and why that may be."""
    earlier, later = sorted((one, other), key=spans.__getitem__)
    (first, end), (begin, _) = spans[earlier], spans[later]
    reason = ", as if two clocks had made them" if begin - end > _FAR * max(b - a for a, b in spans.values()) else ""
    beyond = (begin - first) % _HALF_HOUR
    if begin - first <= _FARTHEST_ZONES and min(beyond, _HALF_HOUR - beyond) < _AT_ONCE:
        reason = ", as if in two time zones"
    return (
        f"the times of {earlier} end at {moment(end)} and those of {later} begin at {moment(begin)}, "
        f"{in_seconds((begin - end) / NANOSECONDS)} later: they do not overlap{reason}"
    )


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
