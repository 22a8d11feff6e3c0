"""Learn a baseline from good recordings: the result in words, and how it is made."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from infonet_ros.dependence.baselines.baseline import DECOUPLED, Baseline, PairBaseline
from infonet_ros.dependence.baselines.channel_baseline import ChannelBaseline
from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import PLANTED, Lesson
from infonet_ros.dependence.matrix import CLEAR_GAIN, LaggedPair
from infonet_ros.errors import ConfigurationError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.intake.opener import STAMPED, TableClock, check_once, open_recording
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import chosen_span
from infonet_ros.intake.windows.row_stream import angular_channels, wrapped
from infonet_ros.offline.baselines.unbroken import UnbrokenRecording, read_unbroken
from infonet_ros.offline.progress import Progress, silent
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.search_range import usual_range
from infonet_ros.offline.whole_recording.whole_estimate import estimate_whole
from infonet_ros.offline.whole_recording.whole_recording import WholeRecording
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Settings, params_document
from infonet_ros.text import delay_text, in_seconds, listed, sentences_about, unique_names

_SAME_NUMBERS = 0.9999  # correlation of two channels that carry the same
_CANDIDATES = 60  # pairs that are tried

_MOST_NEW = 3  # channels with values that one recording shows alone


@dataclass(frozen=True)
class Learnt:
    """A baseline in its file."""

    baseline: Baseline
    path: Path
    interval: float  # requested seconds between false alarms
    notices: tuple[str, ...]  # sentences about what was left out

    def record(self) -> dict[str, Any]:
        """Return it in plain types, for JSON; times in seconds."""
        baseline, coverage, times = self.baseline, self.baseline.coverage, self._times
        pairs = [
            {
                "a": pair.a,
                "b": pair.b,
                "mi": pair.mi,
                "lag": pair.lag / baseline.rate,
                "time_to_alarm": times[DECOUPLED][number],
                "time_to_alarm_of": {fault: times[fault][number] for fault in PLANTED},
            }
            for number, pair in enumerate(baseline.pairs)
        ]
        return {
            "baseline": str(self.path),
            "recordings": list(baseline.recordings),
            "seconds": baseline.seconds,
            "rate": baseline.rate,
            "false_alarm_interval": self.interval,
            "supported_interval": coverage.supported,
            "pairs": pairs,
            "single_channels": [
                {"name": channel.name, "not_found": [fault for fault, found in channel.judged.items() if not found]}
                for channel in self._alone
            ],
            "new_values": [asdict(one) for one in coverage.new_values],
            "notices": list(self.notices),
        }

    def __str__(self) -> str:
        baseline = self.baseline
        head = (
            f"{baseline.size} learnt from {baseline.seconds:.0f} s at {baseline.rate:g} Hz. The table shows the "
            f"seconds from a fault to its alarm, with one false alarm in {self.interval:g} s; - means no alarm. The "
            "faults: a pair decouples; one channel has the wrong sign, is 1 s late, has an offset of its standard "
            "deviation, or a gain of 0.3. They were put into the good recordings:"
        )
        table = [*zip(*([name, *map(_seconds, times)] for name, times in self._times.items()), strict=True)]
        names = ["", *map(self._described, baseline.pairs)]
        rows = ["".join(f"{cell:>11}" for cell in row) + f"  {name}" for row, name in zip(table, names, strict=True)]
        return "\n".join([head, *(row.rstrip() for row in rows), *self._coverage(), f"Written to {self.path}."])

    @property
    def _times(self) -> dict[str, list[float | None]]:
        """Seconds from each fault to its alarm, of each pair; None if there is none."""
        times = {fault: self.baseline.detection_times(self.interval, fault) for fault in (DECOUPLED, *PLANTED)}
        return {fault: [float(one) if np.isfinite(one) else None for one in own] for fault, own in times.items()}

    def _described(self, pair: PairBaseline) -> str:
        late = pair.b if pair.lag > 0 else pair.a
        delay = f", {late} {delay_text(abs(pair.lag) / self.baseline.rate)} later" if pair.lag else ""
        return f"{pair.a} - {pair.b} ({pair.mi:.2f} nats{delay})"

    @property
    def _alone(self) -> list[ChannelBaseline]:
        return [self.baseline.channels[column] for column in self.baseline.alone]

    def _single_channels(self) -> list[str]:
        """Say for which faults the channels that are in no pair are watched."""
        if not self._alone:
            return []
        names = listed([channel.name for channel in self._alone])
        lines = [
            "Channels in no pair are watched alone, for silence, another rate, freezing, spikes and values far out of "
            f"range: {names}."
        ]
        for fault in self._alone[0].judged:
            if left_out := [channel.name for channel in self._alone if not channel.judged[fault]]:
                lines.append(f"The good recordings show too little to find {fault} of {listed(left_out)}.")
        return lines

    def _coverage(self) -> list[str]:
        baseline, coverage = self.baseline, self.baseline.coverage
        beyond = baseline.beyond(self.interval)
        lines = [
            beyond[0].upper() + beyond[1:]
            if beyond
            else f"The good recordings support up to {in_seconds(round(coverage.supported))} between false alarms."
        ]
        lines += self._single_channels()
        if coverage.new_values:
            differ = "; ".join(map(str, coverage.new_values[:_MOST_NEW]))
            more = len(coverage.new_values) - _MOST_NEW
            rest = f"; and {more} more, see --json" if more > 0 else ""
            lines.append(
                f"The good recordings differ: {differ}{rest}. If that is normal, add more recordings that show it."
            )
        return lines


def _seconds(time: float | None) -> str:
    return "-" if time is None else f"{time:.1f}"


def learn_baseline(
    paths: Sequence[Path],
    settings: Settings | None = None,
    *,
    start: float = 0.0,
    duration: float | None = None,
    clock: TableClock = STAMPED,
    most: int = 12,
    progress: Progress = silent,
) -> tuple[Baseline, list[str]]:
    """Learn a baseline from good recordings.

    Raises InfonetError with one sentence for the user.

    Parameters
    ----------
    paths : sequence of Path
        Bags or tables.
    settings : Settings, optional
        Channels to use, by default those that are proposed for the first recording. Watches with two channels that
        must stay dependent choose the pairs; without such watches, the strongest stable pairs are chosen.
    start, duration : float
        Seconds: the part of each recording that is used.
    clock : TableClock
        How tables have their times.
    most : int
        Pairs that are watched; more only if a channel would otherwise be in no pair.

    Returns
    -------
    (Baseline, list of str)
        The baseline, and sentences about what was left out.
    """
    check_once(paths)
    read, settings, proposed = _read_all(paths, settings, start, duration, clock, progress)
    labels = unique_names(one.label for one in read)
    net = InfoNet.from_pretrained(settings.device, settings.weights)
    whole = _estimated(net, read, settings, progress)
    baseline, left_out = learn(
        net,
        _lesson(read, settings),
        _candidates(whole, settings),
        parameters=params_document(replace(settings, watches=())),
        recordings=tuple(labels),
        most=most,
    )
    notices = [
        *proposed,
        *sentences_about([(label, one.notices) for label, one in zip(labels, read, strict=True)]),
        *whole.notices(),
    ]
    return baseline, [*notices, *(f"left out: {text}." for text in left_out)]


def _read_all(
    paths: Sequence[Path],
    settings: Settings | None,
    start: float,
    duration: float | None,
    clock: TableClock,
    progress: Progress,
) -> tuple[list[UnbrokenRecording], Settings, list[str]]:
    """Read recordings on the clock and with the channels of the first; also return the settings and notices."""
    read: list[UnbrokenRecording] = []
    proposed: list[str] = []
    for path in paths:
        with open_recording([path], *clock) as recording:
            span = chosen_span(recording, start, duration)
            if settings is None or not settings.modalities:
                proposal = propose(recording, settings or Settings(), span)
                settings, proposed = proposal.settings, [*proposal.notices, *proposal.about_fields]
            read.append(read_unbroken(recording, settings, span, progress))
        if not settings.rate:
            settings = settings.with_values(rate=read[0].overview.window.rate)
    assert settings is not None, "there is a recording"
    return read, settings, proposed


def _estimated(
    net: InfoNet, read: Sequence[UnbrokenRecording], settings: Settings, progress: Progress
) -> WholeRecording:
    """Return what the channels of the longest recording share."""
    longest = _longest(read)
    usual = settings.with_values(max_lag=usual_range(settings))  # the node waits for each delay of a baseline
    with Workers(net.device) as workers:
        return estimate_whole(net, longest, usual, workers, progress)


def _lesson(read: Sequence[UnbrokenRecording], settings: Settings) -> Lesson:
    """Return the good samples of all recordings."""
    longest, angular = _longest(read), angular_channels(settings)
    return Lesson(
        names=longest.window.names,
        pieces=tuple(wrapped(one.overview.window.samples, angular) for one in read),
        rate=longest.window.rate,
        messages=tuple(one.messages for one in read),
        spikes=tuple(one.spikes for one in read),
        angles=tuple(np.array(longest.window.names)[angular].tolist()),
    )


def _longest(read: Sequence[UnbrokenRecording]) -> Overview:
    return max((one.overview for one in read), key=lambda overview: len(overview.stamps))


def _candidates(whole: WholeRecording, settings: Settings) -> list[LaggedPair]:
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
        pairs = [(min(pair), max(pair)) for pair in (tuple(map(matrix.names.index, pair)) for pair in watched)]
    else:
        least = np.where(matrix.known[row, column], matrix.lower[row, column], -np.inf)
        best = np.argsort(-least, kind="stable")
        pairs = [(int(row[k]), int(column[k])) for k in best if least[k] > 0.0]
        pairs = _each_channel_first([pair for pair in pairs if not _same(whole, *pair)])[:_CANDIDATES]
    inside = np.abs(matrix.lag) < whole.longest_lag - 1e-6  # beyond the edge of the search it may depend more
    gains = matrix.mi - whole.undelayed.mi >= CLEAR_GAIN
    lags = np.where(inside & gains, matrix.lag, 0.0) * matrix.sample_rate
    return [LaggedPair(a, b, round(float(lags[a, b]))) for a, b in pairs]


def _each_channel_first(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sort pairs: first each channel with its best partner, then with its second-best partner, and so on.

    A few channels share most with each other: sorted by strength alone, their pairs would leave out all others.
    """
    partners: Counter[int] = Counter()
    places = []
    for a, b in pairs:
        places.append(min(partners[a], partners[b]))
        partners.update((a, b))
    return [pairs[k] for k in np.argsort(places, kind="stable")]


def _same(whole: WholeRecording, a: int, b: int) -> bool:
    """Return whether two channels carry the same numbers; such a pair is not worth watching."""
    x, y = whole.overview.window.samples[:, [a, b]].T
    known = np.isfinite(x) & np.isfinite(y)
    return bool(abs(np.corrcoef(x[known], y[known])[0, 1]) > _SAME_NUMBERS)
