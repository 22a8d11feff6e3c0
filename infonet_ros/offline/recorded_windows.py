"""Cut a recording into windows, and keep the samples, stamps and counts of all of it."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from infonet_ros.estimator.samples.channels import MIN_SAMPLES
from infonet_ros.intake.proposing.timing import check_window
from infonet_ros.intake.recording import Recording, Span, unit_remedy
from infonet_ros.intake.topic_log import StampLog, TopicStatistics
from infonet_ros.intake.windows.between_ticks import messages_since
from infonet_ros.intake.windows.row_stream import angular_channels
from infonet_ros.intake.windows.window import Window
from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.offline.progress import Progress
from infonet_ros.offline.trace import Trace
from infonet_ros.settings import Modality, Settings
from infonet_ros.text import counted, in_seconds

_LISTED = 4  # topics in one sentence


class RecordedWindows:
    """Reads a part of an open recording once; see `Trace` for ``longest_lag``, seconds, and ``most_steps``.

    An ``unbroken`` reading has spikes, too, and its windows are only pieces to join: they may have any length. What was
    read is in ``trace``, and its stamps are in ``log``.
    """

    def __init__(
        self,
        recording: Recording,
        settings: Settings,
        span: Span,
        longest_lag: float,
        *,
        most_steps: int = 1,
        unbroken: bool = False,
    ) -> None:
        self._recording = recording
        self._settings = settings
        self._span = span
        angular = angular_channels(settings)
        self.trace = Trace(angular, longest_lag, most_steps=most_steps, with_spikes=unbroken)
        self._unbroken = unbroken
        self._stream = WindowStream(settings)
        self.log = StampLog()

    def windows(self, progress: Progress) -> Iterator[Window]:
        """Read the recording, and yield each window as soon as it is complete.

        Raises RecordingError for windows with fewer samples than the estimator needs, except in an unbroken reading.
        """
        start, stop = self._span.start, self._span.stop
        for piece in self._recording.pieces(self._settings.modalities, start, stop):
            for batch in piece.batches:
                for modality, (values, present) in batch.columns.items():
                    self.log.extend(modality, batch.stamps, present & np.isfinite(values))
                self._stream.extend(*batch)
            for cut in self._stream.ready():
                window = self.trace.add(cut)
                if not self._unbroken:
                    self._check_length(window)
                progress("windows", (piece.received - start) / (stop - start))
                yield window
        progress("windows", 1.0)

    def messages(self, ticks: np.ndarray, period: int) -> np.ndarray:
        """Count the messages (T, N) with a value of each channel by the ticks (T,) of a clock; see `messages_since`."""
        channels = [(m.name, column) for m in self._settings.modalities for column in range(len(m.channels))]
        return np.stack([messages_since(self.log.of_channel(*one), ticks, period) for one in channels], axis=1)

    def topics(self) -> tuple[TopicStatistics, ...]:
        """Figures of every topic of the recording; one that several modalities use is counted by the first of them."""
        modality_of = _first_of_each(self._settings.modalities)
        rows = []
        for topic in self._recording.topics.values():
            name = modality_of.get(topic.name, "")
            buffer = self._stream.buffers.get(name)
            unstamped = topic.name in self._recording.unstamped
            rows.append(
                TopicStatistics(
                    name=topic.name,
                    type=topic.type,
                    messages=topic.count,
                    duplicates=buffer.duplicates if buffer else 0,
                    overflowed=buffer.overflowed if buffer else 0,
                    late=self._stream.late.get(name, 0),
                    clock="recording" if unstamped else "header" if buffer else "",
                    stamps=self.log.summary(name),
                )
            )
        return tuple(rows)

    def notices(self) -> list[str]:
        """Sentences about messages that were left out for their stamps."""
        return stamp_notices(self._stream, self._settings.modalities, self._recording)

    def _check_length(self, window: Window) -> None:
        if len(window.samples) < MIN_SAMPLES:
            check_window(self._span.duration, window.rate, self._settings.window, unit_remedy(self._recording))


def stamp_notices(stream: WindowStream, modalities: Sequence[Modality], recording: Recording) -> list[str]:
    """Say which messages were left out for their stamps, and how often time jumped."""
    sentences = []
    first_of = _first_of_each(modalities)
    for topic, name in first_of.items():
        if count := stream.outliers(name):
            by = stream.offset(name)
            whose = "its stamp does" if count == 1 else "their stamps do"
            sentences.append(
                f"{counted(count, 'message')} of {topic} left out: {whose} not fit those before and after "
                f"({'the last is ' if count > 1 else ''}{in_seconds(abs(by))} {'ahead' if by > 0 else 'behind'})."
            )
        if steps := stream.clock_steps(name):
            largest = max(steps, key=abs)
            sentences.append(
                f"the clock of {topic} was set {counted(len(steps), 'time')} during the recording, by "
                f"{in_seconds(abs(largest))} {'ahead' if largest > 0 else 'back'}{' at most' * (len(steps) > 1)}: its "
                "stamps from before and after do not both fit those of others."
            )
    for count, where in ((stream.backward_jumps, "back"), (stream.forward_jumps, "ahead")):
        if count:
            sentences.append(
                f"time jumped {where} {counted(count, 'time')}: no window holds samples from before and after."
            )
    buffers = {topic: stream.buffers[name] for topic, name in first_of.items() if name in stream.buffers}
    repeated = {topic: buffer.duplicates for topic, buffer in buffers.items() if buffer.duplicates}
    return [*sentences, *_repeated(repeated, recording)]


def _first_of_each(modalities: Sequence[Modality]) -> dict[str, str]:
    """Return the name of the first modality of each topic."""
    names: dict[str, str] = {}
    for modality in modalities:
        names.setdefault(modality.topic, modality.name)
    return names


def _repeated(duplicates: Mapping[str, int], recording: Recording) -> Iterator[str]:
    """Yield a sentence on how many messages of each topic repeat a stamp: only one sample for each stamp is used."""
    counts = [f"{count} of {recording.topics[topic].count} of {topic}" for topic, count in duplicates.items()]
    if not counts:
        return
    shown = ", ".join(counts[:_LISTED]) + (", ..." if len(counts) > _LISTED else "")
    if recording.kind == "table":
        yield (
            f"rows with the time of an earlier row are left out ({shown}): if that clock is too coarse for them, "
            "name a finer one with --time."
        )
    else:
        yield f"messages with the stamp of an earlier one are left out ({shown})."
