"""Baselines of recordings: learnt from good ones, and new ones checked against them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from infonet_ros.dependence.alarm_groups import AlarmGroup, grouped
from infonet_ros.dependence.baseline import Baseline
from infonet_ros.dependence.evidence import Alarm, EvidenceMonitor
from infonet_ros.dependence.learning import Candidate, Lesson, learn
from infonet_ros.errors import ConfigurationError, RecordingError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.intake.opener import open_recording
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import Recording, Span, check_topics, chosen_span
from infonet_ros.intake.windows.row_stream import Rows, RowStream, angular_channels, wrapped
from infonet_ros.offline.progress import Progress, silent
from infonet_ros.offline.recorded_windows import Intake, stamp_notices
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_estimate import estimate_whole, scan_range
from infonet_ros.offline.whole_recording import CLEAR_GAIN, WholeRecording
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Settings, only_channels, params_document, settings_from_text
from infonet_ros.text import NANOSECONDS, attributed, counted

_SAME_NUMBERS = 0.9999  # correlation of two channels that carry the same
_CANDIDATES = 40  # pairs that are tried
_HOP = 1.0  # seconds: so much at most is lost at the end of a recording
_EVERYTHING = 10**9  # samples: no recording is looked at in stretches


def learn_baseline(
    paths: Sequence[Path],
    settings: Settings | None = None,
    *,
    start: float = 0.0,
    duration: float | None = None,
    most: int = 12,
    progress: Progress = silent,
) -> tuple[Baseline, list[str]]:
    """Learn a baseline from good recordings.

    Parameters
    ----------
    paths : sequence of Path
        Bags or tables.
    settings : Settings, optional
        Channels to look at, by default those that are proposed for the first recording. Watches that say that two
        channels must stay dependent choose the pairs; without any the strongest that hold are taken.
    start, duration : float
        Seconds: the part of each recording that is looked at.
    most : int
        Pairs that are watched at most.

    Returns
    -------
    (Baseline, list of str)
        Also what was left out, and why.

    Raises
    ------
    InfonetError
        One sentence for the user.
    """
    read, settings, proposed = _read_all(paths, settings, start, duration, progress)
    longest = max((one.overview for one in read), key=lambda overview: len(overview.stamps))
    net = InfoNet.from_pretrained(settings.device, settings.weights)
    with Workers(net.device) as workers:
        whole = estimate_whole(net, longest, settings, workers, progress)
    angular = angular_channels(settings)
    lesson = Lesson(
        names=longest.window.names,
        pieces=tuple(wrapped(one.overview.window.samples, angular) for one in read),
        rate=longest.window.rate,
        messages=tuple(one.messages for one in read),
    )
    baseline, left_out = learn(
        net,
        lesson,
        _candidates(whole, settings),
        parameters=params_document(replace(settings, watches=())),
        recordings=tuple(one.label for one in read),
        most=most,
    )
    told = [*proposed, *_told_of(read), *whole.notices()]
    return baseline, [*told, *(f"left out: {text}." for text in left_out)]


class ReadRecording(NamedTuple):
    """A recording as one stretch of samples, their `messages_since` (T, N), and sentences about what was left out."""

    label: str
    overview: Overview
    messages: np.ndarray
    notices: list[str]


def whole_recording(recording: Recording, settings: Settings, span: Span, progress: Progress = silent) -> ReadRecording:
    """Read a recording as one stretch of samples on one clock, joined from the new samples of each window."""
    check_topics(recording, settings)
    length = min(settings.window, span.duration / 2.0)
    whole = settings.with_values(window=length, hop=min(_HOP, length), max_lag=0.0)
    intake = Intake(recording, whole, span, longest_lag=scan_range(settings))
    if not sum(1 for _ in intake.windows(progress)):
        raise RecordingError(f"{recording.label} is too short: expected at least two windows of {length:g} s.")
    overview = intake.overview(_EVERYTHING)
    messages = intake.messages(overview.stamps, round(NANOSECONDS / overview.window.rate))
    messages[np.r_[False, np.diff(overview.stamps) <= 0]] = np.nan  # in a hole
    return ReadRecording(recording.label, overview, messages, [*recording.notices, *intake.notices()])


def _read_all(
    paths: Sequence[Path], settings: Settings | None, start: float, duration: float | None, progress: Progress
) -> tuple[list[ReadRecording], Settings, list[str]]:
    """Read recordings on the clock and with the channels of the first; also return these, and what a proposal said."""
    read: list[ReadRecording] = []
    proposed: list[str] = []
    for path in paths:
        with open_recording([path]) as recording:
            span = chosen_span(recording, start, duration)
            if settings is None or not settings.modalities:
                proposal = propose(recording, settings or Settings(), span)
                settings, proposed = proposal.settings, list(proposal.notices)
            read.append(whole_recording(recording, settings, span, progress))
        if not settings.rate:
            settings = settings.with_values(rate=read[0].overview.window.rate)
    assert settings is not None, "there is a recording"
    return read, settings, proposed


def _told_of(read: Sequence[ReadRecording]) -> list[str]:
    """Return the notices of some recordings, each once, with whom it concerns."""
    said: dict[str, list[str]] = {}
    for one in read:
        for notice in one.notices:
            said.setdefault(notice, []).append(one.label)
    return attributed(said, len(read))


def _candidates(whole: WholeRecording, settings: Settings) -> list[Candidate]:
    """Return the pairs that are worth a try, best first."""
    matrix = whole.matrix
    row, column = np.triu_indices(len(matrix.names), k=1)
    watched = [watch.pair for watch in settings.watches if watch.expect == "dependent"]
    if watched:
        missing = [name for pair in watched for name in pair if name not in matrix.names]
        if missing:
            raise ConfigurationError(
                f"{missing[0]!r} of a watch is a modality: a baseline compares channels, such as {matrix.names[0]!r}; "
                "name two channels in the pair."
            )
        pairs = [tuple(sorted(map(matrix.names.index, pair))) for pair in watched]
    else:
        least = np.where(matrix.known[row, column], matrix.lower[row, column], -np.inf)
        best = np.argsort(-least, kind="stable")[:_CANDIDATES]
        pairs = [(int(row[k]), int(column[k])) for k in best if least[k] > 0.0]
        pairs = [pair for pair in pairs if not matrix.both_drift[pair] and not _same(whole, *pair)]
    inside = np.abs(matrix.lag) < whole.longest_lag - 1e-6  # beyond the edge of the search it may depend more
    gains = matrix.mi - whole.undelayed.mi >= CLEAR_GAIN
    lags = np.where(inside & gains, matrix.lag, 0.0) * matrix.sample_rate
    return [Candidate(a, b, round(float(lags[a, b]))) for a, b in pairs]


def _same(whole: WholeRecording, a: int, b: int) -> bool:
    """Tell whether two channels carry the same numbers; such a pair is not worth watching."""
    x, y = whole.overview.window.samples[:, [a, b]].T
    known = np.isfinite(x) & np.isfinite(y)
    return bool(abs(np.corrcoef(x[known], y[known])[0, 1]) > _SAME_NUMBERS)


@dataclass(frozen=True, eq=False)
class Check:
    """A recording beside a baseline.

    Attributes
    ----------
    label : str
    baseline : Baseline
    interval : float
        Seconds between false alarms that were asked for.
    start, end : int
        First and last sample, nanoseconds of sensor time.
    alarms : tuple of Alarm
        In the order of time.
    stamps : (K,) int64
        Times at which the evidence was looked at, nanoseconds.
    evidence : (K, P) float64
        Of each pair, nats.
    thresholds : (P,) float64
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

    def record(self) -> dict[str, Any]:
        """Return it in plain types, for JSON; times in seconds of sensor time."""
        return {
            "recording": self.label,
            "start": self.start / NANOSECONDS,
            "end": self.end / NANOSECONDS,
            "false_alarm_interval": self.interval,
            "vouched_interval": self.baseline.coverage.vouched,
            "alarms": [
                {
                    "time": alarm.time / NANOSECONDS,
                    "since": alarm.since / NANOSECONDS,
                    "end": None if alarm.end is None else alarm.end / NANOSECONDS,
                    "a": alarm.a,
                    "b": alarm.b,
                    "evidence": round(alarm.evidence, 3),
                    "kind": alarm.kind.value,
                    "channel": alarm.channel,
                    "words": alarm.words,
                }
                for alarm in self.alarms
            ],
            "notices": self.notices,
        }

    def __str__(self) -> str:
        seconds = (self.end - self.start) / NANOSECONDS
        head = f"{self.label}: {counted(len(self.baseline.pairs), 'pair')} over {seconds:.1f} s, "
        if not self.alarms:
            return head + "no alarm."
        return "\n".join([head + counted(len(self.alarms), "alarm") + ":", *(f"  {group}" for group in self.groups)])


def check_recording(
    path: Path,
    baseline: Baseline,
    interval: float,
    *,
    start: float = 0.0,
    duration: float | None = None,
    progress: Progress = silent,
) -> Check:
    """Check a recording against a baseline.

    Raises
    ------
    InfonetError
        One sentence for the user, such as a topic of the baseline that is not there.
    """
    settings = _settings_of(baseline)
    rows, watched = RowStream(settings), _Watched(EvidenceMonitor(baseline, interval), settings)
    with open_recording([path]) as recording:
        span = chosen_span(recording, start, duration)
        check_topics(
            recording, settings, "check recordings with all topics of the baseline, or learn it without this one"
        )
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
    beyond = baseline.beyond(interval)
    return watched.check(label, interval, (*notices, *([beyond] if beyond else [])))


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
    """A monitor, and the evidence at each look at what it was given."""

    def __init__(self, monitor: EvidenceMonitor, settings: Settings) -> None:
        self._monitor = monitor
        self._order = [settings.channel_names.index(name) for name in monitor.baseline.names]
        self.stamps: list[int] = []
        self._evidence: list[np.ndarray] = []

    def push(self, rows: Rows) -> None:
        """Take the next samples of all channels of the settings."""
        self._monitor.push(rows.stamps, rows.samples[:, self._order], rows.messages[:, self._order])
        self.stamps.append(int(rows.stamps[-1]))
        self._evidence.append(self._monitor.evidence.copy())

    def check(self, label: str, interval: float, notices: Sequence[str]) -> Check:
        """Return what was found in a recording."""
        return Check(
            label=label,
            baseline=self._monitor.baseline,
            interval=interval,
            start=self.stamps[0],
            end=self.stamps[-1],
            alarms=tuple(self._monitor.history),
            stamps=np.array(self.stamps),
            evidence=np.stack(self._evidence),
            thresholds=self._monitor.thresholds,
            notices=tuple(notices),
        )
