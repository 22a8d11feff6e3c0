"""How soon a broken pair is noticed, and how rarely a sound one is called broken.

Husky: gyroscope y and the odometry's yaw rate. A baseline is learnt from the first half of the recording; into the
second each fault is put at nine moments. Beside it three things that people do: a threshold on the MI of a window, on
the correlation in a sliding window, and on the residual of a linear model. Their thresholds are taken from the second
half itself, as low as they can be without a false alarm there: better than anybody could know.

Simulated: how long sound pairs run without an alarm, and how soon one that has parted is found.

    python -m benchmarks.detection [--long]
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main, markdown_table
from benchmarks.plots import figure
from benchmarks.sound_pairs import SOUND
from infonet_ros import InfoNet, Settings
from infonet_ros.dependence.baseline import Baseline
from infonet_ros.dependence.evidence import EvidenceMonitor
from infonet_ros.dependence.learning import Candidate, Lesson, learn
from infonet_ros.errors import RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.recording import chosen_span
from infonet_ros.offline.baselines import whole_recording
from infonet_ros.settings import Modality
from infonet_ros.text import NANOSECONDS

SHARE = Path(__file__).resolve().parent.parent / "share"
PAIR = Settings(
    modalities=(
        Modality("imu", "/imu/data", ("angular_velocity.y",)),
        Modality("odom", "/husky_velocity_controller/odom", ("twist.twist.angular.z",)),
    ),
    rate=10.0,
)
LAG = 4  # samples: the odometry is 0.4 s late
INTERVAL = 3600.0  # s between false alarms
MOMENTS = 9
OURS, WINDOWED, CORRELATION, RESIDUAL = "baseline", "MI of 20 s", "correlation of 5 s", "linear residual"
MEDIAN = 5.0  # s, goal

PROMISE = 500.0  # s between false alarms of simulated pairs
LEARNT = 400.0  # s
RATES = (10.0, 100.0)  # Hz
RUNS = {10.0: 4000.0, 100.0: 1000.0}  # s that each sound pair runs
PARTED = 100.0  # s in which a parted pair is to be found
FACTOR = 1.5  # times the bound, goal

Fault = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""From what a sensor gives from a moment on (T,) to what it gives with the fault."""


def faults(good: np.ndarray) -> dict[str, Fault]:
    """Return the faults, by name; sizes are those of ``good`` samples (T,) of the sensor."""
    size, middle = float(np.std(good)), float(np.mean(good))
    return {
        "frozen": lambda x, rng: np.full_like(x, x[0]),
        "weak noise only": lambda x, rng: middle + 0.1 * size * rng.standard_normal(len(x)),
        "data of another time": lambda x, rng: good[: len(x)] if len(x) <= len(good) else np.resize(good, len(x)),
        "sign flipped": lambda x, rng: 2.0 * middle - x,
        "1 s late": lambda x, rng: np.r_[np.full(10, x[0]), x[:-10]],
        "offset of 1 sd": lambda x, rng: x + size,
        "noise of 1 sd added": lambda x, rng: x + size * rng.standard_normal(len(x)),
        "silent": lambda x, rng: np.full_like(x, np.nan),
        "gain 0.3": lambda x, rng: middle + 0.3 * (x - middle),
    }


def measure(options: Options) -> dict[str, Any]:
    """Return ``{"husky": {fault: {detector: [seconds or None, ...]}}, "alarms": ..., "simulated": [...]}``."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    return _husky(net) | {"simulated": _simulated(net, 10 if options.long else 2)}


def _husky(net: InfoNet) -> dict[str, Any]:
    with Bag([SHARE / "husky"]) as bag:
        samples = whole_recording(bag, PAIR, chosen_span(bag, 0.0, None)).window.samples
    half = len(samples) // 2
    good, later = samples[:half], samples[half:]
    lesson = Lesson(PAIR.channel_names, (good,), PAIR.rate)
    baseline, _ = learn(net, lesson, [Candidate(0, 1, LAG)], parameters="", recordings=("husky",))
    detectors = [_Ours(baseline), _Windowed(net, later), _Correlation(later), _Residual(good, later)]
    moments = np.linspace(0.05, 0.8, MOMENTS) * len(later)
    found: dict[str, dict[str, list[float | None]]] = {}
    for name, fault in faults(good[:, 0]).items():
        found[name] = {detector.name: [] for detector in detectors}
        for number, moment in enumerate(moments.astype(int)):
            broken = later.copy()
            broken[moment:, 0] = fault(later[moment:, 0], np.random.default_rng(number))
            for detector in detectors:
                found[name][detector.name].append(detector.seconds_until_found(broken, int(moment)))
    alarms = len(_Ours(baseline).alarms(later))
    promised = float(baseline.detection_times(INTERVAL)[0])
    return {"husky": found, "false alarms": alarms, "seconds": len(later) / PAIR.rate, "promised": promised}


class _Ours:
    name = OURS

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline

    def alarms(self, samples: np.ndarray) -> list[int]:
        """Return the samples at which an alarm went on."""
        monitor = EvidenceMonitor(self._baseline, INTERVAL)
        return list(_alarms(monitor, samples, step=2))

    def seconds_until_found(self, samples: np.ndarray, moment: int) -> float | None:
        """Return how long after a moment, seconds, the alarm goes on; None if it does not."""
        later = [at for at in self.alarms(samples) if at >= moment]
        return (later[0] - moment) / PAIR.rate if later else None


class _Threshold:
    """Alarms where a statistic of the last samples passes the most that it reaches in sound ones."""

    name: str

    def __init__(self, sound: np.ndarray) -> None:
        self._most = float(np.nanmax(self.statistic(sound)))

    def statistic(self, samples: np.ndarray) -> np.ndarray:
        """Return it at each sample, (T,); NaN where there is none yet."""
        raise NotImplementedError

    def seconds_until_found(self, samples: np.ndarray, moment: int) -> float | None:
        statistic = self.statistic(samples)
        # What a statistic cannot say of silent sensors, a time-out on top would.
        found = np.flatnonzero((statistic[moment:] > self._most) | np.isnan(statistic[moment:]))
        return float(found[0]) / PAIR.rate if len(found) else None


class _Windowed(_Threshold):
    name = WINDOWED
    _WINDOW, _HOP = 200, 20

    def __init__(self, net: InfoNet, sound: np.ndarray) -> None:
        self._net = net
        super().__init__(sound)

    def statistic(self, samples: np.ndarray) -> np.ndarray:
        aligned = np.stack([samples[:-LAG, 0], samples[LAG:, 1]], axis=1)
        ends = np.arange(self._WINDOW, len(aligned) + 1, self._HOP)
        windows = [aligned[end - self._WINDOW : end] for end in ends]
        values = np.full(len(samples), -np.inf)
        for end, found in zip(ends, self._net.pairwise_windows(windows), strict=True):
            values[end + LAG - 1] = -found.mi[0, 1]
        return values


class _Correlation(_Threshold):
    name = CORRELATION
    _WINDOW = 50

    def statistic(self, samples: np.ndarray) -> np.ndarray:
        aligned = np.stack([samples[:-LAG, 0], samples[LAG:, 1]], axis=1)
        values = np.full(len(samples), -np.inf)
        for end in range(self._WINDOW, len(aligned) + 1):
            window = aligned[end - self._WINDOW : end]
            spread = window.std(axis=0)
            values[end + LAG - 1] = -np.corrcoef(window.T)[0, 1] if (spread > 0.0).all() else 0.0
        return values


class _Residual(_Threshold):
    name = RESIDUAL

    def __init__(self, good: np.ndarray, sound: np.ndarray) -> None:
        x, y = good[:-LAG, 0], good[LAG:, 1]
        known = np.isfinite(x) & np.isfinite(y)
        self._line = np.polyfit(x[known], y[known], 1)
        self._size = float(np.std(y[known] - np.polyval(self._line, x[known])))
        super().__init__(sound)

    def statistic(self, samples: np.ndarray) -> np.ndarray:
        """Page's sum of the squared residual over its mean, less one and a half."""
        residual = (samples[LAG:, 1] - np.polyval(self._line, samples[:-LAG, 0])) / self._size
        total, values = 0.0, np.full(len(samples), -np.inf)
        for k, one in enumerate(residual**2 - 1.5):
            total = max(0.0, total + one) if np.isfinite(one) else np.nan
            values[k + LAG] = total
            if np.isnan(total):
                break
        return values


def _simulated(net: InfoNet, repetitions: int) -> list[dict[str, Any]]:
    kinds = list(product(SOUND, RATES, (0.5, 1.0)))
    return [_sound(net, *each, repetitions) for each in tqdm(kinds, desc="detection, simulated", leave=False)]


def _sound(net: InfoNet, kind: str, rate: float, information: float, repetitions: int) -> dict[str, Any]:
    """Learn pairs of one kind, let sound ones run, and count how long parted ones are taken for sound."""
    row: dict[str, Any] = {"kind": kind, "rate": rate, "information": information}
    rng, draw = np.random.default_rng(5), SOUND[kind].draw
    alarms, seconds, waits, views = 0, 0.0, [], []
    for _ in range(repetitions):
        lesson = Lesson(("x", "y"), (draw(rng, information, round(LEARNT * rate), rate).T,), rate)
        try:
            baseline, _ = learn(net, lesson, [Candidate(0, 1, 0)], parameters="", recordings=("simulated",))
        except RecordingError as error:
            return row | {"refused": str(error)}
        views.append([(view.news, view.block) for view in baseline.views])
        count = round(RUNS[rate] * rate)
        alarms += sum(1 for _ in _alarms(EvidenceMonitor(baseline, PROMISE), draw(rng, information, count, rate).T, 50))
        seconds += RUNS[rate]
        one, other = (draw(rng, information, round(PARTED * rate), rate) for _ in range(2))
        parted = _alarms(EvidenceMonitor(baseline, PROMISE), np.stack([one[0], other[1]], axis=1), 1)
        waits.append(next((at + 1 for at in parted), None))
    bound = np.log(PROMISE * rate) / SOUND[kind].nats_per_sample(information, rate)
    return row | {"views": views, "alarms": alarms, "seconds": seconds, "waits": waits, "bound": float(bound)}


def _alarms(monitor: EvidenceMonitor, samples: np.ndarray, step: int) -> Iterator[int]:
    """Yield the samples at which an alarm goes on, looking at them every ``step``."""
    stamps = (np.arange(len(samples)) * NANOSECONDS / monitor.baseline.rate).astype(np.int64)
    parts = [slice(begin, begin + step) for begin in range(0, len(samples), step)]
    return (min(part.stop, len(samples)) - 1 for part in parts for _ in monitor.push(stamps[part], samples[part]))


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    names = list(next(iter(results["husky"].values())))
    rows = [[fault, *(_found(by_detector[name]) for name in names)] for fault, by_detector in results["husky"].items()]
    known = [row for row in results["simulated"] if "refused" not in row]
    sound = [
        [
            row["kind"], f"{row['rate']:g}", f"{row['information']:g}", _views(row),
            f"{row['seconds'] / PROMISE:.0f} / {row['alarms']}", _found(row["waits"], figures=0),
            f"{_mean_wait(row):.0f}", f"{row['bound']:.0f}",
        ]
        for row in known
    ]  # fmt: skip
    refused = [
        f"{row['kind']}, {row['rate']:g} Hz, {row['information']} nats: {row['refused']}"
        for row in results["simulated"]
        if "refused" in row
    ]
    return "\n\n".join([
        f"Husky, gyroscope y and odometry yaw rate, faults of the gyroscope: found of {MOMENTS}, median and longest "
        f"seconds. Learnt from the first half; {results['false alarms']} false alarms in {results['seconds']:.0f} s of "
        f"the other. One in {INTERVAL:.0f} s was asked for; {results['promised']:.1f} s to an alarm were expected.",
        markdown_table(["fault", *names], rows),
        f"Simulated pairs, learnt from {LEARNT:.0f} s, one false alarm asked for in {PROMISE:.0f} s. Waits are "
        "samples; the bound is log(samples between false alarms) / nats that the two share a sample. Views: what is "
        "judged, values or news, and the samples that count as one.",
        markdown_table(
            [
                "pair", "Hz", "nats", "views", "intervals / false alarms", "parted: found, median and longest", "mean",
                "bound",
            ],
            sound,
        ),
        *refused,
    ])  # fmt: skip


def _found(waits: Sequence[float | None], figures: int = 1) -> str:
    known = [value for value in waits if value is not None]
    text = f"{len(known)} of {len(waits)}"
    return f"{text}: {np.median(known):.{figures}f}, {max(known):.{figures}f}" if known else text


def _mean_wait(row: dict[str, Any]) -> float:
    return float(np.mean([np.inf if wait is None else wait for wait in row["waits"]]))


def _views(row: dict[str, Any]) -> str:
    """Name the views that most repetitions chose, with the median of their blocks."""
    texts = []
    for news, name in ((False, "values"), (True, "news")):
        blocks = [block for views in row["views"] for of_news, block in views if of_news is news]
        if 2 * len(blocks) >= len(row["views"]):
            texts.append(f"{name} {np.median(blocks):.0f}")
    return ", ".join(texts)


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    strong = {name: found for name, found in results["husky"].items() if name != "gain 0.3"}
    ours = [wait for found in strong.values() for wait in found[OURS]]
    known = [wait for wait in ours if wait is not None]
    median = float(np.median([np.inf if wait is None else wait for wait in ours]))
    simulated = results["simulated"]
    kept = [row for row in simulated if "refused" not in row and row["alarms"] * PROMISE <= row["seconds"]]
    soon = [row for row in simulated if "refused" not in row and _mean_wait(row) <= FACTOR * row["bound"]]
    return [
        Claim(
            "Husky: faults found, all but the weak gain", "all", f"{len(known)} of {len(ours)}",
            len(known) == len(ours),
        ),
        Claim(
            "Husky: median time to the alarm, all faults but the weak gain", f"at most {MEDIAN:g} s",
            f"{median:.1f} s", median <= MEDIAN,
        ),
        Claim("Husky: false alarms", "none", str(results["false alarms"]), not results["false alarms"]),
        Claim(
            f"simulated: {PROMISE:.0f} s or more from one false alarm to the next", "every kind of pair",
            f"{len(kept)} of {len(simulated)}", len(kept) == len(simulated),
        ),
        Claim(
            f"simulated: mean time to the alarm at most {FACTOR:g} times the bound", "every kind of pair",
            f"{len(soon)} of {len(simulated)}", len(soon) == len(simulated),
        ),
    ]  # fmt: skip


def draw(results: dict[str, Any]) -> Figure:
    """Draw the median time to the alarm of each detector and fault."""
    made, (axes,) = figure(1, height=4.2)
    names = list(next(iter(results["husky"].values())))
    colours = ("#0072b2", "#d55e00", "#009e73", "#777777")
    for row, by_detector in enumerate(results["husky"].values()):
        for name, colour in zip(names, colours, strict=True):
            waits = [60.0 if wait is None else wait for wait in by_detector[name]]
            axes.plot(np.median(waits), row, "o", color=colour, label=name if row == 0 else None)
    axes.set_yticks(range(len(results["husky"])), list(results["husky"]))
    axes.invert_yaxis()
    axes.set_xlabel("median seconds to the alarm; 60: not found")
    axes.legend(frameon=False, loc="lower right")
    return made


BENCHMARK = Benchmark("detection", "Broken pairs: how soon, how rarely in error", measure, describe, draw, claim)

if __name__ == "__main__":
    main(BENCHMARK)
