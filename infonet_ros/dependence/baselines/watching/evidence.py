"""Evidence, sample by sample, that two channels no longer depend on each other as before, and alarms.

    monitor = EvidenceMonitor(baseline, interval=3600.0)
    for alarm in monitor.push(stamps, samples):       # (T,), (T, N): the next samples on the clock of the baseline
        print(alarm)

Channels that are in no pair are watched for the faults that one channel shows alone (see `channel_watch`).

Each pair is judged in one to three forms (see `forms`): its views. An alarm starts when the evidence of a view (see
`page_rule`) passes the threshold for the false-alarm interval. It ends when all views have been below half of it for
five seconds: of many faults some samples fit well. Evidence is limited to twice the threshold, so that it recovers.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from infonet_ros.dependence.baselines.baseline import SINGLE_SHARE, Baseline
from infonet_ros.dependence.baselines.diagnosis.fault import EXPLAINED, LATE, PROVISIONAL, Fault, Kind, better
from infonet_ros.dependence.baselines.diagnosis.pair_diagnosis import LONG_ZERO, Diagnosis
from infonet_ros.dependence.baselines.watching.channel_watch import ChannelWatch, Trouble
from infonet_ros.dependence.baselines.watching.evidence_sums import EvidenceSums
from infonet_ros.errors import ConfigurationError
from infonet_ros.text import NANOSECONDS, moment

MEMORY = 60.0
"""Seconds of samples that are kept for the diagnosis."""

_HISTORY = 10_000  # alarms
_CALM = 5.0  # seconds for which a pair must fit its baseline before its alarm ends
_LASTING = 2.0  # seconds after a spike: then another fault that makes spikes is reported
_REVISED_FOR = 15.0  # seconds after an alarm in which any better diagnosis counts; later only those of `LATE`
_TOGETHER = 15.0  # seconds within which pairs change together
_LONGER = 1.1  # times the samples of a fault since its last diagnosis: then it is diagnosed again

_NEW = Fault(
    Kind.NOT_SEEN_BEFORE,
    "pairs without a channel in common changed together: the robot does something new, or several are at fault",
)
_NEVER_NEW = {Kind.SILENT, Kind.FROZEN, Kind.SPIKE, Kind.OTHER_RATE, Kind.SWAPPED, Kind.DELAY_CHANGED}
"""Faults that nothing new that a robot does looks like."""


@dataclass(frozen=True)
class Alarm:
    """An alarm: a pair that differs from the good recordings, or a channel that is in no pair.

    Attributes
    ----------
    a, b : str
        The pair; of one channel ``b`` is empty.
    time : int
        Start of the alarm, nanoseconds of sensor time.
    since : int
        Time at which the evidence began to grow: about the start of the fault.
    evidence : float
        Evidence at the start of the alarm, nats.
    kind : Kind
        The diagnosis.
    words : str
        The diagnosis in words.
    channel : str
        The one channel at fault; empty where it is not known which of the two is, or both are.
    end : int or None
        End of the alarm, nanoseconds; None while it is active.
    either : tuple of Fault
        Those of the one and of the other channel, where either may be at fault, or both are.
    """

    a: str
    b: str
    time: int
    since: int
    evidence: float
    kind: Kind
    words: str
    channel: str = ""
    end: int | None = None
    either: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        until = "still on at the end" if self.end is None else f"until {moment(self.end)}"
        return f"{moment(self.time)}: {self.words} (since about {moment(self.since)}, {until})"


@dataclass
class _Record:
    """An alarm as far as it is known, with the stamps of its last diagnosis and of the first sample that fits again."""

    alarm: Alarm
    diagnosed: int
    fits_since: int | None = None


class EvidenceMonitor:
    """Adds up the evidence of every pair of a baseline, with all false alarms ``interval`` seconds apart in the mean.

    ``evidence`` (P,) is that of each pair, nats; NaN before its first sample. Of several views it is that of the one
    that is nearest to its threshold, on the scale of the first. From ``thresholds`` (P,) on, it makes an alarm. The
    places of the baseline's ``subjects`` are the numbers of what is watched.
    """

    def __init__(self, baseline: Baseline, interval: float) -> None:
        if not 0.0 < interval < float("inf"):
            raise ConfigurationError(f"the false-alarm interval is {interval:g} s: expected a number above 0.")
        self.baseline = baseline
        thresholds = baseline.thresholds(interval)
        self._sums = EvidenceSums(baseline, thresholds)
        self.subjects = baseline.subjects
        self._columns: list[tuple[int, ...]] = [baseline.columns(pair) for pair in range(len(baseline.pairs))]
        self._columns += [(column,) for column in baseline.alone]
        self._channels = ChannelWatch(baseline.channels, baseline.rate, interval / SINGLE_SHARE)
        self._views = [baseline.views_of(pair) for pair in range(len(baseline.pairs))]
        self._pair_of_view = np.array([view.pair for view in baseline.views])
        self.thresholds = thresholds[[views[0] for views in self._views]]
        self.reset()

    def reset(self) -> None:
        """Forget all samples, as when time has jumped."""
        count = len(self.baseline.channels)
        self._channels.reset()
        self._sums.reset()
        self._stamps = np.empty(0, dtype=np.int64)
        self._samples = np.empty((0, count))
        self.evidence = np.full(len(self.baseline.pairs), np.nan)
        self._troubles: list[Trouble | None] = [None] * count  # of each channel by itself
        self._records: deque[_Record] = deque(maxlen=_HISTORY)  # of the latest alarms, in the order of time
        self._on: dict[int, _Record] = {}  # of those that are on, by the place in `subjects`

    def push(
        self,
        stamps: np.ndarray,
        samples: np.ndarray,
        messages: np.ndarray | None = None,
        spikes: np.ndarray | None = None,
    ) -> list[Alarm]:
        """Take the next samples (T, N) of the baseline's channels, NaN where unknown; return alarms that started.

        Their stamps (T,), nanoseconds, are one period of the baseline's clock apart. ``messages`` (T, N) are the
        numbers of messages of each channel since the previous sample, see `messages_since`; None if not counted.
        ``spikes`` (T, N) tell by how much one of these stands out, see `spikes_since`; None if that is not known.
        """
        keep = round(MEMORY * self.baseline.rate)
        self._stamps = np.concatenate([self._stamps[-keep:], stamps])
        self._samples = np.concatenate([self._samples[-keep:], samples])
        self._channels.push(samples, np.full(samples.shape, np.nan) if messages is None else messages, spikes)
        peaks, since = self._sums.add(stamps, samples[:, : self.baseline.paired])
        self._troubles = self._channels.troubles()
        self.evidence = self._highest(self._sums.levels) * self.thresholds
        judged = [self._judge(number, peaks, since) for number in self._suspects(peaks)]
        self._diagnose_again()
        return [alarm for alarm in judged if alarm is not None]

    @property
    def last_stamp(self) -> int:
        """Stamp of the last sample, nanoseconds; 0 before the first."""
        return int(self._stamps[-1]) if len(self._stamps) else 0

    @property
    def on(self) -> dict[int, Alarm]:
        """Alarms that are on, by the number of the pair or channel."""
        return {number: record.alarm for number, record in self._on.items()}

    @property
    def history(self) -> list[Alarm]:
        """Return the latest alarms, in the order of time."""
        return [record.alarm for record in self._records]

    def _highest(self, levels: np.ndarray) -> np.ndarray:
        """Return the highest one of the views (V,) of each pair: (P,)."""
        highest = np.full(len(self.baseline.pairs), -np.inf)
        np.maximum.at(highest, self._pair_of_view, levels)
        return highest

    def _suspects(self, peaks: np.ndarray) -> list[int]:
        """Return the numbers of the pairs and channels with an alarm, or a reason for one: none of a sound robot.

        ``peaks`` (V,) are the highest evidence of the views, as shares of their thresholds.
        """
        passed = np.flatnonzero(self._highest(peaks) >= 1.0).tolist()
        wrong = {column for column, trouble in enumerate(self._troubles) if trouble is not None}
        troubled = [number for number, columns in enumerate(self._columns) if wrong.intersection(columns)]
        return sorted({*self._on, *passed, *troubled})

    def _judge(self, number: int, peaks: np.ndarray, starts: np.ndarray) -> Alarm | None:
        """Return the alarm of a pair or channel if it starts now.

        ``peaks`` (V,) are the highest evidence of the views as shares of their thresholds, grown since ``starts`` (V,).
        """
        now, troubles, alone = self.last_stamp, self._troubles_of(number), number >= len(self.baseline.pairs)
        threshold = 0.0 if alone else float(self.thresholds[number])
        if number in self._on and not self._falls_silent(number, troubles):
            fits = alone or bool(self.evidence[number] < 0.5 * threshold)
            self._end_if_calm(number, fits and not troubles)
            return None
        peak, since = 0.0, now
        if not alone:
            peak, since = max((float(peaks[view]), int(starts[view])) for view in self._views[number])
        if troubles:
            since = now - round(max(trouble.seconds for trouble in troubles) * NANOSECONDS)
        alarm = Alarm(
            *self.subjects[number], now, since, peak * threshold, **self._explain(number, since, now)._asdict()
        )
        self._on[number] = _Record(alarm, diagnosed=now)
        self._records.append(self._on[number])
        return alarm

    def _falls_silent(self, number: int, troubles: Sequence[Trouble]) -> bool:
        """Return whether a topic has fallen silent long after an alarm started, and end it: that is another fault."""
        alarm = self._on[number].alarm
        silent = [trouble.seconds for trouble in troubles if trouble.kind is Kind.SILENT]
        since = self.last_stamp - round(max(silent, default=0.0) * NANOSECONDS)
        if not silent or self._is_new(alarm, since) or alarm.kind in (Kind.SILENT, Kind.OTHER_RATE):
            return False
        self._on.pop(number).alarm = replace(alarm, end=since)
        return True

    def _end_if_calm(self, number: int, fits: bool) -> None:
        """End an alarm if all has fitted the baseline for long enough."""
        record, now = self._on[number], self.last_stamp
        if not fits:
            record.fits_since = None
            return
        since = record.fits_since = now if record.fits_since is None else record.fits_since
        if now - since >= _CALM * NANOSECONDS:
            record.alarm = replace(record.alarm, end=since)
            del self._on[number]

    def _troubles_of(self, number: int) -> list[Trouble]:
        """Return the faults that the channels of a pair, or the one, show alone; each topic once."""
        found = (self._troubles[column] for column in self._columns[number])
        return list({trouble.words: trouble for trouble in found if trouble is not None}.values())

    def _explain(self, number: int, since: int, raised: int) -> Fault:
        """Diagnose a pair or channel: by faults of single channels, or by the samples since evidence began to grow.

        ``raised`` is the stamp at which the alarm started.
        """
        troubles = self._troubles_of(number)
        faults = tuple(Fault(one.kind, one.words, one.name) for one in troubles)
        if number >= len(self.baseline.pairs):
            return self._of_one(number, faults[0])
        start = max(int(np.searchsorted(self._stamps, since)), self._end_of_stop(number))
        start = min(start, len(self._stamps) - 1)
        until = int(np.searchsorted(self._stamps, raised, side="right"))
        diagnosis = Diagnosis(self.baseline, number, self._samples, start, until)
        if not faults:
            return self._of_pair(diagnosis, since)
        if {fault.kind for fault in faults} == {Kind.FROZEN}:
            rows = round(min(trouble.seconds for trouble in troubles) * self.baseline.rate) + 1
            resting = replace(diagnosis, start=max(0, len(self._samples) - rows))
            if found := diagnosis.saturated() or resting.standing():
                return found
        if faults[0].kind is Kind.SPIKE and self.last_stamp - since > _LASTING * NANOSECONDS:
            cause = self._of_pair(diagnosis, since)
            if better(Kind.SPIKE, cause.kind):
                return cause
        if len(faults) == 1:
            return faults[0]
        return Fault(faults[0].kind, " and ".join(one.words for one in faults), either=faults)

    def _of_pair(self, diagnosis: Diagnosis, since: int) -> Fault:
        """Return the fault of a pair, unless others without a channel or topic in common changed at the same time.

        No single fault does that.
        """
        found = diagnosis.explain()
        alarms = (record.alarm for record in self._records)
        near = (one for one in alarms if one.b and abs(one.since - since) <= _TOGETHER * NANOSECONDS)
        pairs = {self.subjects[diagnosis.pair], *((one.a, one.b) for one in near if one.kind not in _NEVER_NEW)}
        common = set.intersection(*(self.baseline.sources(*pair) for pair in pairs))
        return found if common or found.kind in _NEVER_NEW else _NEW

    def _end_of_stop(self, number: int) -> int:
        """Return the row at which a pair moves again after a stop that no good recording shows, or 0.

        The stop made evidence grow, but it tells nothing about another cause.
        """
        channels, samples = self.baseline.channels, self._samples
        return max(channels[k].end_of_stop(samples[:, k], self.baseline.rate) for k in self._columns[number])

    def _of_one(self, number: int, fault: Fault) -> Fault:
        """Return the fault of a channel that is in no pair, which may also have stopped with the robot."""
        (column,) = self._columns[number]
        channel, samples = self.baseline.channels[column], self._samples[:, column]
        if fault.kind is Kind.FROZEN and channel.slowed_down(samples):
            return fault._replace(kind=Kind.NOT_SEEN_BEFORE, words=f"{fault.channel} is {LONG_ZERO}")
        return fault

    def _diagnose_again(self) -> None:
        """Diagnose one alarm again, the one with the oldest diagnosis: more samples may improve it.

        Only one at each push: a diagnosis takes as long as judging hundreds of pairs.
        """
        waiting = [number for number, record in self._on.items() if self._waits(record)]
        if not waiting:
            return
        number = min(waiting, key=lambda number: self._on[number].diagnosed)
        record = self._on[number]
        fault = self._explain(number, record.alarm.since, record.alarm.time)
        record.diagnosed = self.last_stamp
        improved = fault == _NEW or better(record.alarm.kind, fault.kind)
        if improved and (self._is_new(record.alarm, self.last_stamp) or fault.kind in LATE):
            record.alarm = replace(record.alarm, **fault._asdict())

    def _waits(self, record: _Record) -> bool:
        """Return whether an alarm is to be diagnosed again.

        A robot that drives straight on does not show that a gyroscope has the wrong sign: the cause can come late.
        Samples that fit the baseline again tell nothing of the fault.
        """
        alarm = record.alarm
        improves = {*EXPLAINED, Kind.FROZEN} if self._is_new(alarm, self.last_stamp) else set()
        longer = self.last_stamp - alarm.since > _LONGER * (record.diagnosed - alarm.since)
        return (
            longer
            and record.fits_since is None
            and alarm.kind in {*PROVISIONAL, Kind.OTHER_RATE, Kind.SILENT, Kind.SPIKE, *improves}
        )

    def _is_new(self, alarm: Alarm, stamp: int) -> bool:
        return stamp < alarm.time + _REVISED_FOR * NANOSECONDS
