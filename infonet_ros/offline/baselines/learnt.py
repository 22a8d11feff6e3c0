"""The result of `infonet learn` in words: the time to an alarm of each pair, and what the good recordings support."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from infonet_ros.dependence.baselines.baseline import DECOUPLED, Baseline, PairBaseline
from infonet_ros.dependence.baselines.channel_baseline import ChannelBaseline
from infonet_ros.dependence.baselines.learning.planted import PLANTED
from infonet_ros.text import delay_text, in_seconds, listed

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
