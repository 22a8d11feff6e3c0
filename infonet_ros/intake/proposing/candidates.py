"""The numeric fields of a recording as candidates for channels: their samples, and the kind of each.

Of a long recording only parts are read.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from infonet_ros.errors import RecordingError
from infonet_ros.intake.pieces import Piece
from infonet_ros.intake.proposing.kinds import Column, FieldKind, as_angle, kind_of
from infonet_ros.intake.recording import NumericField, Recording, Span
from infonet_ros.intake.windows.timeline import longest_run
from infonet_ros.settings import Modality
from infonet_ros.text import listed, moment

_MOST_MESSAGES = 100_000  # that are read; of a longer recording, in parts from all over it
_VALUES_A_MESSAGE = 50  # a message with twice as many counts as two
_PARTS = 8  # of a long recording
_HEAVY = {"sensor_msgs/msg/Image": 20, "sensor_msgs/msg/PointCloud2": 20}  # as how many messages one counts
_MOST_FIELDS = 1000  # that are considered: each is compared with each


@dataclass(eq=False)
class Candidate:
    """A field on its way through the proposal."""

    topic: str
    field: NumericField
    column: Column
    kind: FieldKind
    same_as: "Candidate | None" = None
    beyond: bool = False  # the limit of channels

    @property
    def channel(self) -> str | None:
        """Path of the channel that the field can give; None if it gives none."""
        return None if self.same_as or self.beyond else self.kind.channel(self.column)

    @property
    def full_path(self) -> str:
        """The topic and the path."""
        return f"{self.topic} {self.field.path}"

    @property
    def remembers(self) -> float:
        """The memory of the field, seconds."""
        return self.column.period * len(self.column.moving) / self.column.moves


def fields_of_topics(recording: Recording, topics: Sequence[str], notices: list[str]) -> dict[str, list[NumericField]]:
    """List the numeric fields of each topic, with notices about the others."""
    found, without = {}, []
    for topic in topics:
        try:
            fields, left_out = recording.fields(topic)
        except RecordingError as error:
            notices.append(f"{topic} is left out: {error}")
            continue
        notices += [f"{topic}: {sentence}." for sentence in left_out]
        if fields:
            found[topic] = fields
        elif not left_out:
            without.append(topic)
    if without:
        notices.append(f"left out, because their messages hold no numbers: {listed(without)}.")
    return _at_most(_MOST_FIELDS, found, notices)


def _at_most(most: int, found: dict[str, list[NumericField]], notices: list[str]) -> dict[str, list[NumericField]]:
    """Limit the fields to the same number for each topic, with a notice about those that are left out."""
    total = sum(map(len, found.values()))
    if total <= most:
        return found
    turns = sorted((place, topic) for topic, fields in found.items() for place in range(len(fields)))
    counts = Counter(topic for _, topic in turns[:most])
    notices.append(
        f"{total - most} of {total} numeric fields are not considered: name channels in a parameter file, or choose "
        "topics with --topics."
    )
    return {topic: found[topic][:count] for topic, count in counts.items()}


def candidates_of(
    recording: Recording, fields: dict[str, list[NumericField]], span: Span, notices: list[str]
) -> list[Candidate]:
    """Read the samples of all fields, and find the kind of each, with notices about topics with only one stamp."""
    probes = _probes(fields)
    candidates = []
    for probe, (stamps, values) in zip(probes, _read(recording, probes, span), strict=True):
        if len(stamps) > 1 and (stamps == stamps[0]).all():
            same = moment(int(stamps[0]))
            notices.append(f"all {len(stamps)} messages of {probe.topic} have the same stamp, {same}.")
        for field, samples in zip(fields[probe.topic], values.T, strict=True):
            column = as_angle(Column.of(field.path, stamps, samples))
            candidates.append(Candidate(probe.topic, field, column, kind_of(column)))
    return candidates


def unbroken(recording: Recording, chosen: Sequence[Candidate], span: Span) -> float:
    """Return for how many seconds the stamps continue without a jump of time.

    A recording that is read in parts counts as one without jumps.
    """
    fields: dict[str, list[NumericField]] = {}
    for candidate in chosen:
        fields.setdefault(candidate.topic, []).append(candidate.field)
    if _work(recording, _probes(fields), span) > _MOST_MESSAGES:
        return span.duration
    return min(span.duration, max(longest_run(candidate.column.stamps) for candidate in chosen))


def _probes(fields: dict[str, list[NumericField]]) -> list[Modality]:
    return [
        Modality(f"m{number}", topic, tuple(field.path for field in own))
        for number, (topic, own) in enumerate(fields.items())
    ]


def _read(recording: Recording, probes: Sequence[Modality], span: Span) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return stamps (M,) and values (M, K) of each modality; NaN where a value is not known, or not in the message."""
    stamps = {probe.name: [np.empty(0, dtype=np.int64)] for probe in probes}
    values = {probe.name: [np.empty((0, len(probe.channels)))] for probe in probes}
    for piece in _pieces(recording, probes, span):
        for batch in piece.batches:
            for name, (numbers, present) in batch.columns.items():
                stamps[name].append(batch.stamps)
                values[name].append(np.where(present, numbers, np.nan))
    return [(np.concatenate(stamps[probe.name]), np.concatenate(values[probe.name])) for probe in probes]


def _pieces(recording: Recording, probes: Sequence[Modality], span: Span) -> Iterator[Piece]:
    """Read all messages; of a long recording, parts of equal length, which takes a few seconds."""
    work = _work(recording, probes, span)
    if work <= _MOST_MESSAGES:
        yield from recording.pieces(probes, span.start, span.stop)
        return
    step = (span.stop - span.start) // _PARTS
    for begin in range(span.start, span.start + _PARTS * step, step):
        yield from recording.pieces(probes, begin, begin + step * _MOST_MESSAGES // work)


def _work(recording: Recording, probes: Sequence[Modality], span: Span) -> int:
    """Return the work of reading all samples, as a number of messages of ordinary size."""
    topics = [(recording.topics[probe.topic], len(probe.channels)) for probe in probes]
    work = sum(
        topic.count * max(_HEAVY.get(topic.type, 1), -(-values // _VALUES_A_MESSAGE)) for topic, values in topics
    )
    return work * (span.stop - span.start) // max(1, recording.end + 1 - recording.start)
