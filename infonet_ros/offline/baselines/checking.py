"""Check a recording against a baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.dependence.baselines.watching.alarm_groups import AlarmGroup, grouped
from infonet_ros.dependence.baselines.watching.evidence import Alarm, EvidenceMonitor
from infonet_ros.errors import RecordingError
from infonet_ros.intake.opener import STAMPED, TableClock, open_recording
from infonet_ros.intake.recording import check_topics, chosen_span
from infonet_ros.intake.windows.row_stream import Rows, RowStream
from infonet_ros.offline.progress import Progress, silent
from infonet_ros.offline.recorded_windows import stamp_notices
from infonet_ros.settings import Settings, only_channels, remapped, settings_from_text
from infonet_ros.text import NANOSECONDS, counted


@dataclass(frozen=True, eq=False)
class Check:
    """The result of checking a recording against a baseline.

    Attributes
    ----------
    label : str
        Name of the recording.
    baseline : Baseline
    interval : float
        Requested seconds between false alarms.
    start, end : int
        First and last sample, nanoseconds of sensor time.
    alarms : tuple of Alarm
        In the order of time.
    stamps : (K,) int64
        Times of the evidence, nanoseconds.
    evidence : (K, P) float64
        Of each pair, nats.
    thresholds : (P,) float64
        Evidence that makes an alarm, nats.
    notices : tuple of str
        Sentences about what was left out.
    """

    label: str
    baseline: Baseline
    interval: float
    start: int
    end: int
    alarms: tuple[Alarm, ...]
    stamps: np.ndarray
    evidence: np.ndarray
    thresholds: np.ndarray
    notices: tuple[str, ...] = ()

    @property
    def groups(self) -> list[AlarmGroup]:
        """Alarms of one cause together."""
        return grouped(self.alarms)

    @property
    def count(self) -> str:
        """The number of alarms, and of their causes if these are fewer."""
        causes = len(self.groups)
        of = f" of {counted(causes, 'cause')}" if causes < len(self.alarms) else ""
        return f"{counted(len(self.alarms), 'alarm')}{of}"

    def record(self) -> dict[str, Any]:
        """Return it in plain types, for JSON; times in seconds of sensor time."""
        return {
            "recording": self.label,
            "start": self.start / NANOSECONDS,
            "end": self.end / NANOSECONDS,
            "false_alarm_interval": self.interval,
            "supported_interval": self.baseline.coverage.supported,
            "alarms": [
                {"a": alarm.a, "b": alarm.b, "evidence": round(alarm.evidence, 3), **_record(alarm)}
                for alarm in self.alarms
            ],
            "causes": [
                {"alarms": [self.alarms.index(alarm) for alarm in group.alarms], **_record(group.whole)}
                for group in self.groups
            ],
            "notices": self.notices,
        }

    def __str__(self) -> str:
        seconds = (self.end - self.start) / NANOSECONDS
        head = f"{self.label}: {self.baseline.size} over {seconds:.1f} s, "
        if not self.alarms:
            return head + "no alarm."
        return "\n".join([f"{head}{self.count}:", *(f"  {group}" for group in self.groups)])


def _record(alarm: Alarm) -> dict[str, Any]:
    """Return what an alarm says in plain types; times in seconds."""
    return {
        "time": alarm.time / NANOSECONDS,
        "since": alarm.since / NANOSECONDS,
        "end": None if alarm.end is None else alarm.end / NANOSECONDS,
        "kind": alarm.kind.value,
        "channel": alarm.channel,
        "words": alarm.words,
    }


def check_recording(
    path: Path,
    baseline: Baseline,
    interval: float,
    *,
    start: float = 0.0,
    duration: float | None = None,
    clock: TableClock = STAMPED,
    remappings: Sequence[str] = (),
    progress: Progress = silent,
) -> Check:
    """Check a recording against a baseline; see `settings.remapping` for its topics under other names.

    ``clock`` tells how tables have their times.

    Raises InfonetError with one sentence for the user, such as a topic of the baseline that is not there.
    """
    settings = remapped(_settings_of(baseline), remappings)
    rows, watched = RowStream(settings, baseline.periods), _Watched(EvidenceMonitor(baseline, interval), settings)
    with open_recording([path], *clock) as recording:
        span = chosen_span(recording, start, duration)
        advice = "check recordings with all topics of the baseline, or learn it without this one"
        check_topics(recording, settings, advice, remaps=True)
        for piece in recording.pieces(settings.modalities, span.start, span.stop):
            for batch in piece.batches:
                rows.windows.extend(*batch)
            for part in rows.ready():
                watched.push(part)
                progress("evidence", (piece.received - span.start) / (span.stop - span.start))
        label = recording.label
        notices = (*recording.notices, *stamp_notices(rows.windows, settings.modalities, recording))
    progress("evidence", 1.0)
    if not watched.stamps:
        left_out = f" ({' '.join(notices).removesuffix('.')})" if notices else ""
        raise RecordingError(f"{label} is too short to be checked{left_out}: expected at least 2 s of all channels.")
    seconds = (watched.stamps[-1] - watched.start) / NANOSECONDS
    own = (baseline.beyond(interval), baseline.slower_than(seconds, interval))
    return watched.check(label, interval, (*notices, *filter(None, own)))


def _settings_of(baseline: Baseline) -> Settings:
    """Return the settings under which a baseline was learnt, with its channels only, and on its clock."""
    settings = settings_from_text(baseline.parameters, "the baseline's parameters").with_values(rate=baseline.rate)
    settings = only_channels(settings, baseline.names)
    if missing := sorted(set(baseline.names) - set(settings.channel_names)):
        raise RecordingError(
            f"the parameters in the baseline lack its channel {missing[0]!r}: it is damaged; learn it again with "
            "`infonet learn`."
        )
    return settings


class _Watched:
    """A monitor, and its evidence after each delivery of rows."""

    def __init__(self, monitor: EvidenceMonitor, settings: Settings) -> None:
        self._monitor = monitor
        self._order = [settings.channel_names.index(name) for name in monitor.baseline.names]
        self.stamps: list[int] = []
        self.start = 0
        self._evidence: list[np.ndarray] = []

    def push(self, rows: Rows) -> None:
        """Take the next samples of all channels of the settings."""
        if not self.stamps:
            self.start = int(rows.stamps[0])
        own = (each[:, self._order] for each in (rows.samples, rows.messages, rows.spikes))
        self._monitor.push(rows.stamps, *own)
        self.stamps.append(int(rows.stamps[-1]))
        self._evidence.append(self._monitor.evidence.copy())

    def check(self, label: str, interval: float, notices: Sequence[str]) -> Check:
        """Return the result for a recording."""
        return Check(
            label=label,
            baseline=self._monitor.baseline,
            interval=interval,
            start=self.start,
            end=self.stamps[-1],
            alarms=tuple(self._monitor.history),
            stamps=np.array(self.stamps),
            evidence=np.stack(self._evidence),
            thresholds=self._monitor.thresholds,
            notices=tuple(notices),
        )
