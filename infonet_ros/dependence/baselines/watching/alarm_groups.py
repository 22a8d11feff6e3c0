"""Alarms of one cause as one sentence: a broken channel gives an alarm for each of its pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from infonet_ros.dependence.baselines.channel_baseline import field_of, modality_of
from infonet_ros.dependence.baselines.diagnosis.fault import EXPLAINED, PROVISIONAL, Kind, better
from infonet_ros.dependence.baselines.watching.evidence import Alarm
from infonet_ros.text import counted, listed

_OF_ONE = EXPLAINED - {Kind.SWAPPED}
"""Kinds of which one of two channels is at fault where an alarm says that either may be."""

_DECOUPLED = "no longer depends on the others of its pairs as before"


@dataclass(frozen=True)
class AlarmGroup:
    """Alarms of one cause that overlap in time and share one channel; or one alarm of a pair."""

    alarms: tuple[Alarm, ...]  # the first ones name a cause
    channel: str  # the channel at fault, or the modality if all of it is; "" if the alarms do not tell it

    @property
    def kind(self) -> Kind:
        """The kind of fault."""
        return self._cause.kind

    @property
    def _cause(self) -> Alarm:
        """The alarm that names the cause best: noise makes spikes, too."""
        cause = self.alarms[0]
        for one in self.alarms:
            if (one.channel or one.either) and cause.kind not in PROVISIONAL and better(cause.kind, one.kind):
                cause = one
        return cause

    @property
    def suspects(self) -> set[str]:
        """The channel at fault, or the fields of which each alarm says that one may be at fault."""
        if self.channel or self.kind not in _OF_ONE:
            return {self.channel} - {""}
        own = (one for one in self.alarms if one.kind is self.kind)  # others may have joined
        return set.intersection(*({field_of(fault.channel) for fault in one.either} for one in own))

    @property
    def whole(self) -> Alarm:
        """One alarm for all: from the earliest start to the latest end, with words that name the pairs."""
        cause = self._cause
        if len(self.alarms) == 1:
            return cause
        telling = sorted(self.alarms, key=lambda one: (not (one.channel or one.either), one is not cause))
        named = (_about(self.channel, one) for one in telling) if self.channel else ()
        words = next(filter(None, named), cause.words)
        ends = [one.end for one in self.alarms if one.end is not None]
        return replace(
            cause,
            channel=self.channel,
            time=min(one.time for one in self.alarms),
            since=min(one.since for one in self.alarms),
            words=f"{words}: {self._affected}",
            end=max(ends) if len(ends) == len(self.alarms) else None,
        )

    def __str__(self) -> str:
        return str(self.whole)

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
    fault = next((fault for fault in alarm.either if _is_in(channel, fault.channel)), None)
    if fault is None:
        return f"{channel} {_DECOUPLED}" if alarm.kind is Kind.DECOUPLED else ""
    return fault.words.replace(fault.channel, channel, 1) if fault.channel.startswith(f"{channel}.") else fault.words


def grouped(alarms: Sequence[Alarm]) -> list[AlarmGroup]:
    """Group alarms of one cause, in the order of their first alarms.

    An alarm that does not name the cause, or its channel, joins a group that does, if they overlap and have the channel
    at fault. If either of two channels may be at fault, it is the one that they share. Alarms of a channel and of its
    rate have one cause. A topic that is late after a silence has two: its clock may have been set.
    """
    groups: list[AlarmGroup] = []
    for vagueness in range(3):
        left = []
        for alarm in (one for one in alarms if _vagueness(one) == vagueness):
            for place, group in enumerate(groups):
                if faulty := _at_fault(group, alarm):
                    channel = faulty.pop() if len(faulty) == 1 else group.channel
                    groups[place] = replace(group, alarms=(*group.alarms, alarm), channel=channel)
                    break
            else:
                left.append(alarm)
        groups += _by_kind(left)
    return sorted(groups, key=lambda group: group.whole.time)


def _vagueness(alarm: Alarm) -> int:
    """Return 0 if an alarm names its cause and the channel, 1 if either channel may be at fault, else 2."""
    return 2 if alarm.kind in PROVISIONAL else int(bool(alarm.either))


def _at_fault(group: AlarmGroup, alarm: Alarm) -> set[str]:
    """Return the suspects of a group whose fault can have caused another alarm."""
    together = any(_reaches(one, alarm) and _reaches(alarm, one) for one in group.alarms)
    if not together or (group.kind is Kind.SILENT and alarm.kind in EXPLAINED):
        return set()
    named = (alarm.channel,) if alarm.channel else (alarm.a, alarm.b)
    return {suspect for suspect in group.suspects if any(_is_in(suspect, name) for name in named)}


def _is_in(channel: str, name: str) -> bool:
    """Return whether a name is a channel, one of the same field, or one of its modality's."""
    return field_of(name) == field_of(channel) or name.startswith(f"{channel}.")


def _cause(alarm: Alarm) -> str:
    """Return what alarms of one kind and cause have in common: the field at fault, or which channels are swapped."""
    return alarm.words if alarm.kind is Kind.SWAPPED else field_of(alarm.channel)


def _reaches(alarm: Alarm, later: Alarm) -> bool:
    return alarm.end is None or alarm.end >= later.since


def _by_kind(alarms: Sequence[Alarm]) -> list[AlarmGroup]:
    """Group alarms of one kind and channel."""
    groups: list[AlarmGroup] = []
    for kind in Kind:
        own = sorted((one for one in alarms if one.kind is kind), key=lambda one: one.time)
        for cause in dict.fromkeys(_cause(one) for one in own if one.channel):
            named = [one for one in own if one.channel and _cause(one) == cause]
            groups += [AlarmGroup(tuple(together), together[0].channel) for together in _overlapping(named)]
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
    """Yield groups of alarms that share a channel, beginning with the most frequent one."""
    left = list(alarms)
    while group := _largest(left):
        yield group
        left = [one for one in left if one not in group.alarms]
    yield from (AlarmGroup((one,), "") for one in left)


def _largest(alarms: Sequence[Alarm]) -> AlarmGroup | None:
    """Return the alarms of most pairs, two at least, that share a channel or more; without its name if they share two.

    Of what as many pairs share, the smallest part counts: a channel, a field, a topic. The field of one side may be
    shared as well as the channel of the other.
    """
    sharing: dict[tuple[int, str], list[Alarm]] = {}
    for one in alarms:
        for part in _parts(one):
            sharing.setdefault(part, []).append(one)
    pairs = {part: len({(one.a, one.b) for one in own}) for part, own in sharing.items()}
    best = min(sharing, key=lambda part: (-pairs[part], part[0]), default=None)
    if best is None or pairs[best] < 2:
        return None
    alike = [part for part, own in sharing.items() if own == sharing[best]]
    same = {field_of(name) for size, name in alike if size in (0, 1, best[0])}
    named = sharing[best][0].kind not in (Kind.SWAPPED, Kind.NOT_SEEN_BEFORE)  # these are of several channels
    return AlarmGroup(tuple(sharing[best]), best[1] if len(same) == 1 and named else "")


def _parts(alarm: Alarm) -> list[tuple[int, str]]:
    """Return what other pairs may share with an alarm that can be named, each with its size, from small to large.

    All channels of a topic are late together.
    """
    names = (alarm.a, alarm.b)
    if alarm.kind is Kind.NOT_SEEN_BEFORE:
        return [(0, alarm.words)]
    if alarm.kind is not Kind.DECOUPLED and not alarm.either:
        return []
    if alarm.kind is Kind.SWAPPED:
        return [(0, fault.words) for fault in alarm.either]
    parts = [(0, name) for name in names] + [(1, field_of(name)) for name in names]
    modalities = {modality_of(name) for name in names}
    if alarm.kind is Kind.DELAY_CHANGED and len(modalities) == 2:
        parts += [(2, name) for name in sorted(modalities)]
    return list(dict.fromkeys(parts))
