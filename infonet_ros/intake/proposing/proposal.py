"""A parameter file for a recording that has none: every useful numeric field, up to a limit.

Each field has a kind (`proposing.kinds`), and none is left out without a note. The clock, the window and
the hop come from the recording (`proposing.timing`).
"""

import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from infonet_ros.errors import RecordingError
from infonet_ros.intake.messages.paths import is_rate
from infonet_ros.intake.proposing.both_ways import both_ways
from infonet_ros.intake.proposing.candidates import Candidate, candidates_of, fields_of_topics, unbroken
from infonet_ros.intake.proposing.channel_choice import (
    fair_share,
    find_doubles,
    on_one_clock,
    worth_comparing,
)
from infonet_ros.intake.proposing.kinds import ALSO_BY_LEVEL, ALSO_BY_RATE, KINDS, Treatment, is_event
from infonet_ros.intake.proposing.reasons import beyond_the_limit, details_of
from infonet_ros.intake.proposing.timing import choose_timing
from infonet_ros.intake.recording import Recording, Span, unit_remedy
from infonet_ros.settings import Modality, Settings, reserved_names
from infonet_ros.text import NANOSECONDS, counted, did_you_mean, in_seconds, listed, unique_names

LIMIT = 32
"""Channels that a proposal holds at most; 32 of them have 496 pairs."""

_NOTICES_IN_ERROR = 3
_PLURAL = re.compile(r"s(?=,| or |$)")
_LEAST_MEMORY = 3.0  # samples of a stream that is more than noise
_SAMPLES_A_MEMORY = 4.0
_SLOW = 0.5  # of the time of recording: the stamps of a correct clock cover at least so much
_LONGEST_NAME = 60  # of a modality; the end of a topic's name says more than its namespace
_BEYOND = "beyond the limit of channels"


@dataclass(frozen=True)
class FieldVerdict:
    """A numeric field of a recording: its kind, and how it is used.

    Attributes
    ----------
    topic, path : str
    kind : str
        Its name in `kinds.KINDS`; "duplicate" for a field with the numbers of another.
    channel : str or None
        Its full name among the channels; None if it is left out.
    reason : str
        Why it is left out, or taken as it is; empty for a plain measurement.
    twin_topic : str or None
        Topic of the field whose numbers a duplicate repeats.
    """

    topic: str
    path: str
    kind: str
    channel: str | None
    reason: str
    twin_topic: str | None = None


@dataclass(frozen=True)
class Proposal:
    """Settings for a recording, and the reasons for them."""

    settings: Settings
    notices: tuple[str, ...] = ()  # sentences about topics and fields that could not be used
    timing: str = ""  # a sentence about the clock and the windows
    about_fields: tuple[str, ...] = ()  # sentences about every field that is left out or taken by its rate
    fields: tuple[FieldVerdict, ...] = ()  # every numeric field

    @property
    def details(self) -> tuple[str, ...]:
        """Sentences about the clock and the windows, and about the fields."""
        return (self.timing, *self.about_fields) if self.timing else ()

    @property
    def brief(self) -> list[str]:
        """The clock and the windows, and how many fields were left out or taken by their rate; for the terminal."""
        words = {kind.name: kind.words for kind in KINDS} | {"duplicate": "with the numbers of another field"}
        left_out = Counter(
            field.reason if field.reason == _BEYOND else words[field.kind]
            for field in self.fields
            if field.channel is None
        )
        both = sum(field.kind in (ALSO_BY_RATE.name, ALSO_BY_LEVEL.name) for field in self.fields)
        by_rate = sum(is_rate(field.channel or "") and field.kind != ALSO_BY_RATE.name for field in self.fields)
        counts = [f"{count} {_PLURAL.sub('', what) if count == 1 else what}" for what, count in left_out.items()]
        lines = [self.timing] if self.timing else []
        if counts:
            lines.append(f"Left out: {', '.join(counts)}.")
        lines += [
            f"{topic} repeats {counted(count, 'field')} of {twin}."
            for (topic, twin), count in Counter((field.topic, field.twin_topic) for field in self.fields).items()
            if twin not in (None, topic)
        ]
        if by_rate:
            lines.append(f"{counted(by_rate, 'channel')} used as rate of change: growing or wandering.")
        if both:
            lines.append(f"{counted(both, 'field')} used both as {'it is' if both == 1 else 'they are'} and by rate.")
        return lines


def propose(
    recording: Recording,
    settings: Settings,
    span: Span,
    topics: Sequence[str] = (),
    limit: int = LIMIT,
    given: Iterable[str] = (),
) -> Proposal:
    """Propose modalities, a clock, a window and a hop for a part of an open recording.

    A ``rate`` of 0 in the settings is replaced by one that suits the recording, and so are ``window`` and ``hop``
    unless they are ``given`` or differ from their defaults. ``topics`` are globs; none takes all. ``limit`` is the most
    channels. Raises RecordingError if no topic matches, no numeric field varies, or there are too few samples.
    """
    names = matching_topics(recording, topics)
    kept = {*given, *(name for name in ("window", "hop") if getattr(settings, name) != getattr(Settings(), name))}
    notices: list[str] = []
    known = len(recording.notices)
    every = candidates_of(recording, fields_of_topics(recording, names, notices), span, notices)
    candidates = on_one_clock(recording, every, notices)
    find_doubles(candidates)
    chosen = fair_share(worth_comparing(candidates), limit)
    if len(chosen) < 2:
        raise _nothing_to_compare(recording, names, every, chosen, [*notices, *recording.notices[known:]])
    duration = unbroken(recording, chosen, span)
    if slow := _slow_clock(recording, chosen, span):
        notices.append(f"{slow}.")
    lasting = [c for c in chosen if c.kind.treatment is Treatment.KEPT and not is_event(c.column)]
    timing = choose_timing(
        duration,
        _rates(chosen),
        [c.remembers for c in lasting],
        swift=_swift(lasting),
        rate=settings.rate,
        max_lag=settings.max_lag,
        remedy=unit_remedy(recording) + (f"; {slow}" if slow else ""),
        **{name: getattr(settings, name) for name in ("window", "hop") if name in kept},
    )
    again = both_ways(chosen)[: limit - len(chosen)]
    candidates, chosen = [*candidates, *again], [*chosen, *again]
    modalities = _modalities(recording, chosen)
    proposed = replace(settings, modalities=modalities, rate=timing.rate, window=timing.window, hop=timing.hop)
    notices = [*beyond_the_limit(candidates, limit), *notices]
    about_fields = tuple(details_of(candidates, chosen))
    return Proposal(proposed, tuple(notices), timing.reason, about_fields, _verdicts(candidates, chosen, modalities))


def _nothing_to_compare(
    recording: Recording,
    names: Sequence[str],
    every: Sequence[Candidate],
    chosen: Sequence[Candidate],
    notices: Sequence[str],
) -> RecordingError:
    if notices and not every:
        reasons = " ".join(notices[:_NOTICES_IN_ERROR])
        return RecordingError(f"no numbers can be read from {recording.label} (topics {listed(names)}): {reasons}")
    found = f"only {chosen[0].full_path} varies" if chosen else "no numeric field varies"
    return RecordingError(
        f"{found} in {recording.label} (topics {listed(names)}): there is nothing to compare; choose another part "
        "with --start and --duration, or other topics with --topics."
        + "".join(f" Note: {notice}" for notice in notices[:_NOTICES_IN_ERROR])
    )


def _slow_clock(recording: Recording, chosen: Sequence[Candidate], span: Span) -> str:
    """Return a notice if the stamps cover far less time than was recorded; else an empty text.

    Tables have no other times than their stamps: some topic of theirs may have begun long before the others.
    """
    passed = max(int(c.column.stamps[-1] - c.column.stamps[0]) for c in chosen) / NANOSECONDS
    if recording.kind == "table" or passed >= _SLOW * span.duration:
        return ""
    return (
        f"the stamps pass {in_seconds(passed)} in {in_seconds(span.duration)} of recording: their clock is slow, as "
        "that of a simulation may be, or counts in another unit"
    )


def matching_topics(recording: Recording, globs: Sequence[str]) -> list[str]:
    """Return the topics with messages that match any of the globs, in the order of the recording.

    Raises RecordingError if a glob matches nothing.
    """
    there = [topic.name for topic in recording.topics.values() if topic.count]
    for glob in globs:
        if not fnmatch.filter(there, glob):
            raise RecordingError(
                f"no topic of {recording.label} matches {glob!r}{did_you_mean(glob, there)}: it has {listed(there)}."
            )
    return [name for name in there if not globs or any(fnmatch.fnmatchcase(name, glob) for glob in globs)]


def _rates(chosen: Sequence[Candidate]) -> dict[str, float]:
    """Hz of the slowest channel of each topic."""
    rates: dict[str, float] = {}
    for candidate in chosen:
        rate = candidate.column.clock
        rates[candidate.topic] = min(rate, rates.get(candidate.topic, rate))
    return rates


def _swift(chosen: Sequence[Candidate]) -> float:
    """Return the rate, Hz, at which most of the streams that move from sample to sample have several in a memory.

    Noise does not: it remembers nothing, and would ask for any rate.
    """
    usual = sorted(c.remembers for c in chosen if c.remembers >= _LEAST_MEMORY * c.column.period)
    return _SAMPLES_A_MEMORY / usual[len(usual) // 2] if usual else 0.0


def _modalities(recording: Recording, chosen: Sequence[Candidate]) -> tuple[Modality, ...]:
    paths: dict[str, list[str]] = {}
    for candidate in chosen:
        assert candidate.channel is not None
        paths.setdefault(candidate.topic, []).append(candidate.channel)
    names = unique_names(map(_modality_name, paths), taken=reserved_names())
    types = {topic: recording.topics[topic].type for topic in paths}  # "table" is none of ROS
    return tuple(
        Modality(name, topic, tuple(own), types[topic] if "/" in types[topic] else "")
        for name, (topic, own) in zip(names, paths.items(), strict=True)
    )


def _verdicts(
    candidates: Sequence[Candidate], chosen: Sequence[Candidate], modalities: Sequence[Modality]
) -> tuple[FieldVerdict, ...]:
    names = {modality.topic: modality.name for modality in modalities}
    verdicts = []
    for c in candidates:
        channel = f"{names[c.topic]}.{c.channel}" if c in chosen else None
        if c.same_as is not None:
            kind, reason, twin = "duplicate", f"the same numbers as {c.same_as.full_path}", c.same_as.topic
        else:
            kind, reason, twin = c.kind.name, _BEYOND if c.beyond else c.kind.words, None
        verdicts.append(FieldVerdict(c.topic, c.field.path, kind, channel, reason, twin))
    return tuple(verdicts)


def _modality_name(topic: str) -> str:
    base = re.sub(r"\W+", "_", topic, flags=re.ASCII).strip("_") or "topic"
    if len(base) > _LONGEST_NAME:  # without the rest of the word in which the cut is
        base = base[-_LONGEST_NAME - 1 :].partition("_")[2] or base[-_LONGEST_NAME:]
    return base if base.isidentifier() else f"topic_{base}"
