"""The result of `infonet learn` in words: the time to an alarm of each pair, and what the good recordings support."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infonet_ros.dependence.baselines.baseline import Baseline, PairBaseline
from infonet_ros.dependence.baselines.channel_baseline import ChannelBaseline
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
        baseline, coverage = self.baseline, self.baseline.coverage
        pairs = [
            {"a": pair.a, "b": pair.b, "mi": pair.mi, "lag": pair.lag / baseline.rate, "time_to_alarm": float(seconds)}
            for pair, seconds in zip(baseline.pairs, baseline.detection_times(self.interval), strict=True)
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
        times = zip(baseline.pairs, baseline.detection_times(self.interval), strict=True)
        head = (
            f"{baseline.size} learnt from {baseline.seconds:.0f} s at {baseline.rate:g} Hz. "
            f"With one false alarm in {self.interval:g} s, these are the seconds from a fault to its alarm:"
        )
        pairs = [f"  {seconds:6.1f} s  {self._described(pair)}" for pair, seconds in times]
        return "\n".join([head, *pairs, *self._coverage(), f"Written to {self.path}."])

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
                lines.append(
                    f"Not watched for {fault}, of which the good recordings show too little: {listed(left_out)}."
                )
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
