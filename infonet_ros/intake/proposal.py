"""A params file for a recording that has none: every numeric field that tells something, up to a limit.

Each field is sorted by what it is (`intake.kinds`), and none is left out without a note. The clock, the window and the
hop come from the recording (`intake.timing`).
"""

import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.intake.kinds import (
    KINDS,
    Column,
    Kind,
    Treatment,
    as_angle,
    is_event,
    kind_of,
    may_be_same,
    same_numbers,
)
from infonet_ros.intake.recording import Field, Recording, Sample, Span, unit_remedy
from infonet_ros.intake.timing import choose_timing
from infonet_ros.settings import Modality, Settings, scalar_parameters
from infonet_ros.text import counted, did_you_mean, listed

LIMIT = 32
"""Channels that a proposal holds at most; 32 of them have 496 pairs."""

_MOST_MESSAGES = 100_000  # that are looked at; of more, in stretches from all over the recording
_VALUES_A_MESSAGE = 50  # of those with more, fewer are looked at
_STRETCHES = 8
_HEAVY = {"sensor_msgs/msg/Image": 20, "sensor_msgs/msg/PointCloud2": 20}  # messages' worth of work
_ROWS_AT_ONCE = 1000
_MOST_FIELDS = 1000  # that are looked at: each is compared with each
_TOLD = 3  # notices behind an error
_BEYOND = "beyond the limit of channels"
_PARENT = re.compile(r"(.+[.\[|])([^.\[|]+)")  # all but the last part of a path


@dataclass(frozen=True)
class FieldVerdict:
    """What one numeric field of a recording is, and what became of it.

    Attributes
    ----------
    topic, path : str
    kind : str
        Its name in `kinds.KINDS`; "duplicate" for a field with the numbers of another.
    channel : str or None
        Its full name among the channels; None where it is left out.
    reason : str
        Why it is left out, or taken as it is; empty for a plain measurement.
    """

    topic: str
    path: str
    kind: str
    channel: str | None
    reason: str


@dataclass(frozen=True)
class Proposal:
    """Settings for a recording, and why they are as they are.

    Attributes
    ----------
    settings : Settings
    notices : tuple of str
        Sentences about what could not be taken.
    details : tuple of str
        Sentences about the clock and the windows, and about every field that is left out or taken by its rate.
    fields : tuple of FieldVerdict
        Every numeric field.
    """

    settings: Settings
    notices: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    fields: tuple[FieldVerdict, ...] = ()

    @property
    def brief(self) -> list[str]:
        """The clock and the windows, and how many fields were left out or taken by their rate; for the terminal."""
        words = {kind.name: kind.words for kind in KINDS} | {"duplicate": "with the numbers of others"}
        left_out = Counter(
            field.reason if field.reason == _BEYOND else words[field.kind]
            for field in self.fields
            if field.channel is None
        )
        by_rate = sum((field.channel or "").endswith("|rate") for field in self.fields)
        told = [f"{count} {what.removesuffix('s') if count == 1 else what}" for what, count in left_out.items()]
        lines = [self.details[0]] if self.details else []
        if told:
            lines.append(f"Left out: {', '.join(told)}.")
        if by_rate:
            lines.append(f"{counted(by_rate, 'channel')} taken by the rate of change: they grow or wander.")
        return lines


@dataclass(eq=False)
class _Candidate:
    """A field on its way through the proposal."""

    topic: str
    field: Field
    column: Column
    kind: Kind
    same_as: "_Candidate | None" = None
    beyond: bool = False  # the limit

    @property
    def channel(self) -> str | None:
        return None if self.same_as or self.beyond else self.kind.channel(self.column)

    @property
    def full_path(self) -> str:
        return f"{self.topic} {self.field.path}"

    @property
    def remembers(self) -> float:
        """Seconds."""
        return self.column.period * len(self.column.values) / self.column.moves


def propose(
    recording: Recording,
    settings: Settings,
    span: Span,
    topics: Sequence[str] = (),
    limit: int = LIMIT,
    given: Iterable[str] = (),
) -> Proposal:
    """Propose modalities, a clock, a window and a hop for a recording.

    Parameters
    ----------
    recording : Recording
        Open.
    settings : Settings
        Everything but the modalities. A ``rate`` of 0 is replaced by one that suits the recording, and so are
        ``window`` and ``hop`` unless they are ``given``.
    span : Span
        Part of the recording to look at.
    topics : sequence of str
        Globs; none takes all topics.
    limit : int
        Channels at most.
    given : iterable of str
        Names of the settings that are to stay as they are.

    Raises
    ------
    RecordingError
        No topic matches, no numeric field varies, or there are too few samples.
    """
    names = matching_topics(recording, topics)
    notices: list[str] = []
    every = _candidates(recording, _fields(recording, names, notices), span)
    candidates = _on_one_clock(recording, every, notices)
    _find_doubles(candidates)
    chosen = _fair_share(_worth_comparing(candidates), limit)
    if not chosen:
        raise RecordingError(
            f"no numeric field varies in {recording.label} (topics {listed(names)}): there is nothing "
            "to compare; choose another part with --start and --duration, or other topics with --topics."
            + "".join(f" {notice}" for notice in notices[:_TOLD])
        )
    timing = choose_timing(
        span.duration,
        _rates(chosen),
        [c.remembers for c in chosen if c.kind.treatment is Treatment.KEPT and not is_event(c.column)],
        rate=settings.rate,
        max_lag=settings.max_lag,
        remedy=unit_remedy(recording),
        **{name: getattr(settings, name) for name in ("window", "hop") if name in set(given)},
    )
    modalities = _modalities(recording, chosen)
    proposed = replace(settings, modalities=modalities, rate=timing.rate, window=timing.window, hop=timing.hop)
    if beyond := [c for c in candidates if c.beyond]:
        notices.insert(
            0,
            f"{len(beyond)} channels beyond the limit of {limit} are left out ({_listed(beyond)}): choose with "
            "--topics, raise --max-channels, or edit the params file.",
        )
    details = [timing.reason, *_details(candidates, chosen)]
    return Proposal(proposed, tuple(notices), tuple(details), _verdicts(candidates, chosen, modalities))


def matching_topics(recording: Recording, globs: Sequence[str]) -> list[str]:
    """Return the topics with messages that match any of the globs, in the order of the recording.

    Raises
    ------
    RecordingError
        A glob matches nothing.
    """
    there = [topic.name for topic in recording.topics.values() if topic.count]
    for glob in globs:
        if not fnmatch.filter(there, glob):
            raise RecordingError(
                f"no topic of {recording.label} matches {glob!r}{did_you_mean(glob, there)}: it has {listed(there)}."
            )
    return [name for name in there if not globs or any(fnmatch.fnmatchcase(name, glob) for glob in globs)]


def _fields(recording: Recording, topics: Sequence[str], notices: list[str]) -> dict[str, list[Field]]:
    """List the numeric fields of each topic; say what else there is."""
    found = {}
    for topic in topics:
        try:
            fields, left_out = recording.fields(topic)
        except RecordingError as error:
            notices.append(f"{topic} is left out: {error}")
            continue
        notices += [f"{topic}: {sentence}." for sentence in left_out]
        if fields:
            found[topic] = fields
    return _at_most(_MOST_FIELDS, found, notices)


def _at_most(most: int, found: dict[str, list[Field]], notices: list[str]) -> dict[str, list[Field]]:
    """Take so many fields, the same number of each topic where it has them; say how many are left out."""
    total = sum(map(len, found.values()))
    if total <= most:
        return found
    turns = sorted((place, topic) for topic, fields in found.items() for place in range(len(fields)))
    counts = Counter(topic for _, topic in turns[:most])
    notices.append(
        f"{total - most} of {total} numeric fields are not looked at: name channels in a params file, or choose topics "
        "with --topics."
    )
    return {topic: found[topic][:count] for topic, count in counts.items()}


def _candidates(recording: Recording, fields: dict[str, list[Field]], span: Span) -> list[_Candidate]:
    """Look at the samples of all fields, and sort each by what it is."""
    probes = [
        Modality(f"m{number}", topic, tuple(field.path for field in fields[topic]))
        for number, topic in enumerate(fields)
    ]
    candidates = []
    for probe, (stamps, values) in zip(probes, _looked_at(recording, probes, span), strict=True):
        for field, samples in zip(fields[probe.topic], values.T, strict=True):
            column = as_angle(Column.of(field.path, stamps, samples))
            candidates.append(_Candidate(probe.topic, field, column, kind_of(column)))
    return candidates


def _looked_at(recording: Recording, probes: Sequence[Modality], span: Span) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return stamps (M,) and values (M, K) of each modality; NaN where a value is not known, or not in the message."""
    rows: dict[str, list[Sequence[float | None]]] = {probe.name: [] for probe in probes}
    stamps: dict[str, list[int]] = {probe.name: [] for probe in probes}
    blocks: dict[str, list[np.ndarray]] = {probe.name: [np.empty((0, len(probe.channels)))] for probe in probes}
    for sample in _samples(recording, probes, span):
        stamps[sample.modality].append(sample.stamp)
        own = rows[sample.modality]
        own.append(sample.values)
        if len(own) == _ROWS_AT_ONCE:  # numbers take a fourth of the memory in an array
            blocks[sample.modality].append(np.array(own, dtype=np.float64))
            own.clear()
    found = []
    for probe in probes:
        if rows[probe.name]:
            blocks[probe.name].append(np.array(rows[probe.name], dtype=np.float64))
        found.append((np.array(stamps[probe.name], dtype=np.int64), np.concatenate(blocks[probe.name])))
    return found


def _samples(recording: Recording, probes: Sequence[Modality], span: Span) -> Iterator[Sample]:
    """Read all samples, or stretches of so many as take a few seconds."""
    topics = [(recording.topics[probe.topic], len(probe.channels)) for probe in probes]
    work = sum(
        topic.count * max(_HEAVY.get(topic.type, 1), -(-values // _VALUES_A_MESSAGE)) for topic, values in topics
    )
    work = work * (span.stop - span.start) // max(1, recording.end + 1 - recording.start)
    if work <= _MOST_MESSAGES:
        yield from recording.samples(probes, span.start, span.stop)
        return
    step = (span.stop - span.start) // _STRETCHES
    for begin in range(span.start, span.start + _STRETCHES * step, step):
        yield from recording.samples(probes, begin, begin + step * _MOST_MESSAGES // work)


def _on_one_clock(recording: Recording, candidates: Sequence[_Candidate], notices: list[str]) -> list[_Candidate]:
    """Leave out the topics whose clocks do not fit those of the others; say which."""
    worth = Counter(candidate.topic for candidate in candidates if candidate.channel is not None)
    fitting, apart = recording.fitting({topic: count > 1 for topic, count in worth.items()})
    notices += apart
    return [candidate for candidate in candidates if candidate.topic in fitting or candidate.topic not in worth]


def _find_doubles(candidates: Sequence[_Candidate]) -> None:
    """Let one of several fields with the same numbers stand for all: the one with the most samples."""
    there = sorted(
        (candidate for candidate in candidates if candidate.channel is not None),
        key=lambda c: (c.field.rank, -len(c.column.values)),
    )
    worth_asking = may_be_same([candidate.column for candidate in there])
    first: list[int] = []
    for place, candidate in enumerate(there):
        alike = (there[other] for other in first if worth_asking[place, other])
        candidate.same_as = next((c for c in alike if same_numbers(c.column, candidate.column)), None)
        if candidate.same_as is None:
            first.append(place)


def _worth_comparing(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the fields that could be channels; where they are fewer than two, with what would else be left out."""
    there = [c for c in candidates if c.channel is not None]
    chosen = [c for c in there if c.kind.treatment is not Treatment.SPARE]
    if len(chosen) > 1 or len(there) > 1:
        return chosen if len(chosen) > 1 else there
    for candidate in candidates:
        candidate.same_as = None
    return [c for c in candidates if c.channel is not None]


def _fair_share(candidates: Sequence[_Candidate], limit: int) -> list[_Candidate]:
    """Give every topic its turn, the fields that matter most first, until the limit is reached; mark the others."""
    by_topic: dict[str, list[_Candidate]] = {}
    for candidate in candidates:
        by_topic.setdefault(candidate.topic, []).append(candidate)
    ranks = sorted({candidate.field.rank for candidate in candidates})
    queue = [
        candidate
        for rank in ranks
        for turn in zip_longest(*([c for c in own if c.field.rank == rank] for own in by_topic.values()))
        for candidate in turn
        if candidate is not None
    ]
    for candidate in queue[limit:]:
        candidate.beyond = True
    return [candidate for candidate in candidates if not candidate.beyond]


def _rates(chosen: Sequence[_Candidate]) -> dict[str, float]:
    """Hz of the slowest channel of each topic."""
    rates: dict[str, float] = {}
    for candidate in chosen:
        rate = 1.0 / candidate.column.period
        rates[candidate.topic] = min(rate, rates.get(candidate.topic, rate))
    return rates


def _modalities(recording: Recording, chosen: Sequence[_Candidate]) -> tuple[Modality, ...]:
    taken = set(scalar_parameters()) | {"modalities", "watches", "use_sim_time", "qos_overrides"}
    paths: dict[str, list[str]] = {}
    for candidate in chosen:
        assert candidate.channel is not None
        paths.setdefault(candidate.topic, []).append(candidate.channel)
    modalities = []
    for topic, own in paths.items():
        name = _modality_name(topic, taken)
        taken.add(name)
        modalities.append(Modality(name, topic, tuple(own), _node_type(recording.topics[topic].type)))
    return tuple(modalities)


def _details(candidates: Sequence[_Candidate], chosen: Sequence[_Candidate]) -> list[str]:
    """Say what is left out for what it is, and what is taken by its rate."""
    notes = []
    if doubles := [c for c in candidates if c.same_as is not None]:
        groups: dict[str, list[_Candidate]] = {}
        for c in doubles:
            assert c.same_as is not None
            groups.setdefault(c.same_as.full_path, []).append(c)
        told = "; ".join(f"{_listed(group)} as {first}" for first, group in groups.items())
        notes.append(f"Left out with the same numbers as another field, up to scale: {told}.")
    for kind in KINDS:
        own = [c for c in candidates if c.kind is kind and not c.same_as and not c.beyond]
        if kind.treatment is Treatment.RATE and own:
            notes.append(f"{kind.words.capitalize()}, so taken by the rate of change: {_listed(own)}.")
        elif left_out := [c for c in own if c not in chosen]:
            notes.append(f"Left out as {kind.words}: {_listed(left_out)}.")
    return notes


def _listed(candidates: Sequence[_Candidate]) -> str:
    """Name fields, those of one array or message together."""
    topics: dict[str, dict[str, list[str]]] = {}
    for candidate in candidates:
        path = candidate.field.path
        parent, leaf = parts.groups() if (parts := _PARENT.fullmatch(path)) else ("", path)
        topics.setdefault(candidate.topic, {}).setdefault(parent, []).append(leaf)
    return "; ".join(
        f"{topic} " + ", ".join(_together(parent, leaves) for parent, leaves in own.items())
        for topic, own in topics.items()
    )


def _together(parent: str, leaves: Sequence[str]) -> str:
    if parent.endswith("[") and len(leaves) > 1:
        return f"{parent[:-1]} ({counted(len(leaves), 'element')})"
    if not parent or len(leaves) == 1:
        return ", ".join(parent + leaf for leaf in leaves)
    return f"{parent}({', '.join(leaves)})"


def _verdicts(
    candidates: Sequence[_Candidate], chosen: Sequence[_Candidate], modalities: Sequence[Modality]
) -> tuple[FieldVerdict, ...]:
    names = {modality.topic: modality.name for modality in modalities}
    verdicts = []
    for c in candidates:
        channel = f"{names[c.topic]}.{c.channel}" if c in chosen else None
        if c.same_as is not None:
            kind, reason = "duplicate", f"the same numbers as {c.same_as.full_path}"
        else:
            kind, reason = c.kind.name, _BEYOND if c.beyond else c.kind.words
        verdicts.append(FieldVerdict(c.topic, c.field.path, kind, channel, reason))
    return tuple(verdicts)


def _node_type(type_name: str) -> str:
    return type_name if "/" in type_name else ""


def _modality_name(topic: str, taken: set[str]) -> str:
    base = re.sub(r"\W+", "_", topic, flags=re.ASCII).strip("_") or "topic"
    base = base if base.isidentifier() else f"topic_{base}"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name
