"""Alarms of one cause as one sentence: a broken channel gives an alarm for each of its pairs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from infonet_ros.dependence.evidence import Alarm
from infonet_ros.dependence.fault import PROVISIONAL, Kind
from infonet_ros.text import counted, listed

_DECOUPLED = "no longer depends on the others of its pairs as before"


@dataclass(frozen=True)
class AlarmGroup:
    """Alarms of one cause that overlap in time and share one channel; or one alarm of a pair.

    Attributes
    ----------
    alarms : tuple of Alarm
        The first ones name the cause.
    channel : str
        The channel at fault, or the modality if all of it is; "" for one alarm that does not name it.
    """

    alarms: tuple[Alarm, ...]
    channel: str

    @property
    def kind(self) -> Kind:
        """The kind of fault."""
        return self.alarms[0].kind

    def __str__(self) -> str:
        if len(self.alarms) == 1:
            return str(self.alarms[0])
        first = self.alarms[0]
        words = next(filter(None, (_about(self.channel, one) for one in self.alarms)), first.words)
        ends = [one.end for one in self.alarms if one.end is not None]
        whole = replace(
            first,
            since=min(one.since for one in self.alarms),
            words=f"{words}: {self._affected}",
            end=max(ends) if len(ends) == len(self.alarms) else None,
        )
        return str(whole)

    @property
    def _affected(self) -> str:
        """The pairs and single channels of the alarms, in words."""
        pairs = list(dict.fromkeys((one.a, one.b) for one in self.alarms if one.b))
        alone = {one.a for one in self.alarms if not one.b}
        others = dict.fromkeys(name for pair in pairs for name in pair)
        partners = [name for name in others if not _is_in(self.channel, name)]
        counts = [counted(len(some), noun) for some, noun in ((pairs, "pair"), (alone, "single channel")) if some]
        return f"{' and '.join(counts)}{f', with {listed(partners)}' if partners else ''}"


def _about(channel: str, alarm: Alarm) -> str:
    """Return what an alarm says of a channel, or of a modality; "" if it does not name it."""
    if alarm.channel:
        return alarm.words
    if alarm.kind is Kind.DECOUPLED:
        return f"{channel} {_DECOUPLED}"
    return next((fault.words for fault in alarm.either if fault.channel == channel), "")


def grouped(alarms: Sequence[Alarm]) -> list[AlarmGroup]:
    """Group alarms of one cause, in the order of their first alarms.

    An alarm that does not name the cause, or its channel, joins a group that does, if they overlap and have the channel
    at fault.
    """
    groups = _by_kind([alarm for alarm in alarms if _is_clear(alarm)])
    unclear = []
    for alarm in alarms:
        if _is_clear(alarm):
            continue
        place = next((place for place, group in enumerate(groups) if _explains(group, alarm)), None)
        if place is None:
            unclear.append(alarm)
        else:
            groups[place] = replace(groups[place], alarms=(*groups[place].alarms, alarm))
    return sorted([*groups, *_by_kind(unclear)], key=lambda group: group.alarms[0].time)


def _is_clear(alarm: Alarm) -> bool:
    """Return whether an alarm names its cause, and the channel if there is one."""
    return alarm.kind not in PROVISIONAL and not alarm.either


def _explains(group: AlarmGroup, alarm: Alarm) -> bool:
    """Return whether the fault of a group's channel can have caused another alarm."""
    return (
        any(_is_in(group.channel, name) for name in (alarm.a, alarm.b))
        and alarm.channel in ("", group.channel)
        and any(_reaches(one, alarm) and _reaches(alarm, one) for one in group.alarms)
    )


def _is_in(channel: str, name: str) -> bool:
    """Return whether a name is a channel, or one of its modality's."""
    return name == channel or name.startswith(f"{channel}.")


def _reaches(alarm: Alarm, later: Alarm) -> bool:
    return alarm.end is None or alarm.end >= later.since


def _by_kind(alarms: Sequence[Alarm]) -> list[AlarmGroup]:
    """Group alarms of one kind and channel."""
    groups: list[AlarmGroup] = []
    for kind in Kind:
        own = sorted((one for one in alarms if one.kind is kind), key=lambda one: one.time)
        for channel in dict.fromkeys(one.channel for one in own if one.channel):
            named = [one for one in own if one.channel == channel]
            groups += [AlarmGroup(tuple(together), channel) for together in _overlapping(named)]
        for together in _overlapping([one for one in own if not one.channel]):
            groups += _shared(together)
    return groups


def _overlapping(alarms: Sequence[Alarm]) -> Iterator[list[Alarm]]:
    """Split alarms, which are in the order of time, at times without an active alarm."""
    run: list[Alarm] = []
    for alarm in alarms:
        if run and not any(_reaches(one, alarm) for one in run):
            yield run
            run = []
        run.append(alarm)
    if run:
        yield run


def _shared(alarms: Sequence[Alarm]) -> Iterator[AlarmGroup]:
    """Yield groups of alarms that share a channel, beginning with the most frequent channel."""
    left = list(alarms)
    while left:
        pairs = {(one.a, one.b) for one in left if _about(one.a, one) or _about(one.b, one)}
        shared = Counter(name for pair in pairs for name in pair).most_common(1)
        if not shared or shared[0][1] < 2:
            yield from (AlarmGroup((one,), "") for one in left)
            return
        channel = shared[0][0]
        yield AlarmGroup(tuple(one for one in left if channel in (one.a, one.b)), channel)
        left = [one for one in left if channel not in (one.a, one.b)]
