"""Judge every sample by a baseline: evidence for planners, and alerts within seconds.

This runs on the reader's thread, every half second of sensor time: many messages at once take little more time than a
few. It needs one table look-up per pair and no network. The diagnosis of an active alarm takes longer, so the monitor
diagnoses one alarm at a time.
"""

from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecycleNode

from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.dependence.baselines.diagnosis.fault import Kind
from infonet_ros.dependence.baselines.watching.evidence import EvidenceMonitor
from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.windows.row_stream import STEP, Rows, RowStream
from infonet_ros.intake.windows.window_stream import Columns
from infonet_ros.msg import PairEvidence
from infonet_ros.node.diagnostics.alerts import Alerts
from infonet_ros.node.diagnostics.statuses import ERROR, WARN, seconds, status
from infonet_ros.node.outputs.messages import time_message
from infonet_ros.settings import Settings, only_channels
from infonet_ros.text import NANOSECONDS, did_you_mean

EVIDENCE_TOPIC = "~/evidence"

_STEP = round(STEP * NANOSECONDS)
_Batch = tuple[np.ndarray, Columns, np.ndarray]  # messages of one topic; see `WindowStream.extend`


class BaselineWatch:
    """The pairs and single channels of a baseline, watched while the node is active.

    Raises ConfigurationError if a channel of the baseline is not among the modalities, or streams are not resampled.
    """

    def __init__(self, node: LifecycleNode, settings: Settings, baseline: Baseline, alerts: Alerts) -> None:
        _check(settings, baseline)
        self._alerts = alerts
        self._baseline = baseline
        self._monitor = EvidenceMonitor(baseline, settings.false_alarm_interval)
        own = only_channels(settings, baseline.names).with_values(rate=baseline.rate)
        self._rows = RowStream(own, baseline.periods)
        self._order = [own.channel_names.index(name) for name in baseline.names]
        self._columns = {
            modality.name: [k for k, name in enumerate(modality.channel_names) if name in baseline.names]
            for modality in settings.modalities
        }
        self._last: int | None = None
        self._waiting: dict[tuple[str, ...], list[_Batch]] = {}
        self._taken_until = 0  # newest stamp of all topics when messages were taken in last
        self._published: dict[int, Kind] = {}
        self._node = node
        self._publisher = node.create_lifecycle_publisher(PairEvidence, EVIDENCE_TOPIC, 10)
        if beyond := baseline.beyond(settings.false_alarm_interval):
            node.get_logger().warning(beyond)

    def clear(self) -> None:
        """Forget all samples, and end all alerts."""
        self._rows.clear()
        self._monitor.reset()
        self._waiting = {}
        self._taken_until = 0
        self._last = None
        self._published = {}
        self._alerts.update(self.statuses())

    def extend(self, stamps: np.ndarray, columns: Columns, arrivals: np.ndarray) -> None:
        """Take messages of one topic; see `WindowStream.extend`."""
        watched = {
            name: (values[:, chosen], present[:, chosen])
            for name, (values, present) in columns.items()
            if (chosen := self._columns[name])
        }
        if watched:
            self._waiting.setdefault(tuple(watched), []).append((stamps, watched, arrivals))

    @property
    def due(self) -> int:
        """Stamp at which to judge next: the next samples may be complete, or a slow topic may have come."""
        since = self._taken_until
        return min(max(self._rows.windows.next_end, since + _STEP // 2), since + _STEP)

    def judge(self, newest: int) -> None:
        """Judge the samples that are complete when the newest stamp of all topics is ``newest``."""
        if self._taken_until <= newest < self.due:
            return
        self._taken_until = newest
        self._take_in()
        rows = self._rows.ready()
        for part in rows:
            self._judge(part)
        if rows:
            self._publish()

    def judge_silence(self, length: float) -> None:
        """Judge that no topic has sent a message for ``length`` seconds."""
        self._take_in()
        if self._last is None:
            return
        period = self._rows.period
        stamps = np.arange(self._last + period, self._last + round(length * NANOSECONDS), period, dtype=np.int64)
        missing = stamps[stamps > self._monitor.last_stamp]
        if len(missing):
            self._monitor.push(missing, np.full((len(missing), len(self._baseline.channels)), np.nan))
            self._publish()

    def statuses(self, prefix: str = "") -> dict[str, DiagnosticStatus]:
        """Return the status of each pair, and of each channel that is in none, by its name.

        This goes to ~/alerts, and with a prefix to /diagnostics.
        """
        monitor, on, found = self._monitor, self._monitor.on, {}
        for number, (a, b) in enumerate(monitor.subjects):
            alarm, known = on.get(number), monitor.last_stamp > 0
            values: dict[str, Any] = {
                "a": a,
                "b": b,
                "kind": alarm.kind.value if alarm else "",
                "channel": alarm.channel if alarm else "",
                "since [s]": seconds(alarm.since) if alarm else "",
                "stamp [s]": seconds(monitor.last_stamp),
            }
            if b:
                known = bool(np.isfinite(monitor.evidence[number]))
                values["evidence [nats]"] = float(monitor.evidence[number])
                values["threshold [nats]"] = float(monitor.thresholds[number])
            problems = []
            if alarm:
                problems.append((ERROR, alarm.words))
            elif not known:
                problems.append((WARN, "not known yet"))
            well = f"{a} and {b} depend as before" if b else f"{a} is as before"
            name = f"baseline {a} {b}".rstrip()
            found[name] = status(f"{prefix}{name}", problems, well, values)
        return found

    def close(self) -> None:
        """End all alerts, and destroy the publisher."""
        self.clear()
        self._node.destroy_lifecycle_publisher(self._publisher)

    def _take_in(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for names, batches in waiting.items():
            stamps, columns, arrivals = zip(*batches, strict=True)
            joined = {
                name: (
                    np.concatenate([part[name][0] for part in columns]),
                    np.concatenate([part[name][1] for part in columns]),
                )
                for name in names
            }
            self._rows.windows.extend(np.concatenate(stamps), joined, np.concatenate(arrivals))

    def _judge(self, rows: Rows) -> None:
        stamps = rows.stamps
        fresh = stamps > self._monitor.last_stamp  # samples that a silence has counted as missing are judged already
        if self._last is not None and not 0 < stamps[0] - self._last <= 1.5 * self._rows.period:
            self._monitor.reset()  # time jumped
            fresh[:] = True
        self._last = int(stamps[-1])
        if fresh.any():
            own = (each[fresh][:, self._order] for each in (rows.samples, rows.messages, rows.spikes))
            self._monitor.push(stamps[fresh], *own)

    def _publish(self) -> None:
        pairs, on = self._baseline.pairs, self._monitor.on
        kinds = {number: alarm.kind for number, alarm in on.items()}
        if kinds != self._published:
            self._alerts.update(self.statuses())
            self._published = kinds
        message = PairEvidence(
            a=[pair.a for pair in pairs],
            b=[pair.b for pair in pairs],
            evidence=self._monitor.evidence.tolist(),
            threshold=self._monitor.thresholds.tolist(),
            alarm=[number in on for number in range(len(pairs))],
        )
        message.header.stamp = time_message(self._monitor.last_stamp)
        self._publisher.publish(message)


def _check(settings: Settings, baseline: Baseline) -> None:
    known = settings.channel_names
    missing = [name for name in baseline.names if name not in known]
    if missing:
        raise ConfigurationError(
            f"the baseline {settings.baseline} watches {missing[0]}, which the node does not listen to"
            f"{did_you_mean(missing[0], known)}: add it to the modalities, under the names that `infonet learn` used."
        )
    if settings.synchronization != "resample":
        raise ConfigurationError(
            f"synchronization is {settings.synchronization!r} with a baseline: it needs the regular clock of "
            "'resample'; set synchronization to 'resample', or baseline to ''."
        )
