"""How soon a broken pair is noticed, and how rarely a sound one is called broken.

Husky: gyroscope y and the odometry's yaw rate. A baseline is learnt from the first half of the recording. Each fault is
put into the second half at nine moments. The baseline is compared with three usual methods: a threshold on the MI of a
window, on the correlation in a sliding window, and on the residual of a linear model. Their thresholds are the lowest
without a false alarm in the second half itself, which nobody could know in advance.

Simulated: how long sound pairs run without an alarm, and how soon a decoupled pair is found.

    python -m benchmarks.detection [--long]
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import poisson
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.peers.detectors import (
    ByBaseline,
    Detector,
    LinearResidual,
    SlidingCorrelation,
    WindowedInformation,
    alarms,
)
from benchmarks.plots import figure
from benchmarks.streams.coupled import MEMORY, SOUND, decoupled
from benchmarks.tables import markdown_table, paragraphs
from infonet_ros import InfoNet, Settings
from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.dependence.baselines.forms import Form
from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.baselines.watching.evidence import EvidenceMonitor
from infonet_ros.dependence.matrix import LaggedPair
from infonet_ros.errors import RecordingError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.recording import chosen_span
from infonet_ros.offline.baselines.unbroken import read_unbroken
from infonet_ros.settings import Modality

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
MEDIAN = 5.0  # s, goal

PROMISE = 500.0  # s between false alarms of simulated pairs
LEARNT = 400.0  # s
RATES = (10.0, 100.0)  # Hz
RUNS = {10.0: 4000.0, 100.0: 1000.0}  # s that each sound pair runs
DECOUPLED = 100.0  # s in which a decoupled pair is to be found
BEFORE = 40.0  # s in which it was sound; what moves and rests begins to move then
COMPARED = f"memory of {MEMORY:g} s"
INFORMATION = (0.2, 0.35, 0.5, 0.75, 1.0, 1.5)  # nats
CHANNELS = 32
NEVER = 100.0  # s, where the picture shows what was not found
FACTOR = 1.5  # times the yardstick, goal
CHANCE = 0.01  # probability of so many false alarms or more; if it is smaller, the promise is broken

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
    repetitions = 10 if options.long else 2
    return _husky(net) | {
        "simulated": _simulated(net, repetitions),
        "by information": _by_information(net, 2 * repetitions),
        "cost": _cost(net),
    }


def _husky(net: InfoNet) -> dict[str, Any]:
    with Bag([SHARE / "husky"]) as bag:
        samples = read_unbroken(bag, PAIR, chosen_span(bag, 0.0, None)).overview.window.samples
    half = len(samples) // 2
    good, later = samples[:half], samples[half:]
    lesson = Lesson(PAIR.channel_names, (good,), PAIR.rate)
    baseline, _ = learn(net, lesson, [LaggedPair(0, 1, LAG)], parameters="", recordings=("husky",))
    detectors = _detectors(net, baseline, INTERVAL, good, later, LAG, stretches=1)
    moments = np.linspace(0.05, 0.8, MOMENTS) * len(later)
    found: dict[str, dict[str, list[float | None]]] = {}
    for name, fault in faults(good[:, 0]).items():
        found[name] = {detector.name: [] for detector in detectors}
        for number, moment in enumerate(moments.astype(int)):
            broken = later.copy()
            broken[moment:, 0] = fault(later[moment:, 0], np.random.default_rng(number))
            for detector in detectors:
                wait = detector.samples_until_found(broken, int(moment))
                found[name][detector.name].append(None if wait is None else wait / PAIR.rate)
    false = sum(1 for _ in alarms(EvidenceMonitor(baseline, INTERVAL), later, step=2))
    promised = float(baseline.detection_times(INTERVAL)[0])
    return {"husky": found, "false alarms": false, "seconds": len(later) / PAIR.rate, "promised": promised}


def _simulated(net: InfoNet, repetitions: int) -> list[dict[str, Any]]:
    kinds = list(product(SOUND, RATES, (0.5, 1.0)))
    return [_sound(net, *each, repetitions) for each in tqdm(kinds, desc="detection, simulated", leave=False)]


def _sound(net: InfoNet, kind: str, rate: float, information: float, repetitions: int) -> dict[str, Any]:
    """Learn pairs of one kind, watch sound ones, and measure how long decoupled ones are not noticed."""
    row: dict[str, Any] = {"kind": kind, "rate": rate, "information": information}
    rng, draw = np.random.default_rng(5), SOUND[kind].draw
    false, seconds, waits, views = 0, 0.0, [], []
    for _ in range(repetitions):
        lesson = Lesson(("x", "y"), (draw(rng, information, round(LEARNT * rate), rate).T,), rate)
        try:
            baseline, _ = learn(net, lesson, [LaggedPair(0, 1, 0)], parameters="", recordings=("simulated",))
        except RecordingError as error:
            return row | {"refused": str(error)}
        views.append([view.form.name.lower() for view in baseline.views])
        count = round(RUNS[rate] * rate)
        false += sum(1 for _ in alarms(EvidenceMonitor(baseline, PROMISE), draw(rng, information, count, rate).T, 50))
        seconds += RUNS[rate]
        waits.append(_wait(baseline, rng, kind, information, rate))
    yardstick = np.log(PROMISE * rate) / SOUND[kind].nats_per_sample(information, rate)
    return row | {"views": views, "alarms": false, "seconds": seconds, "waits": waits, "yardstick": float(yardstick)}


def _wait(baseline: Baseline, rng: np.random.Generator, kind: str, information: float, rate: float) -> int | None:
    """Return how many samples a decoupled pair goes unnoticed.

    A pair whose alarm is on before, a false one, tells nothing of that: another one is drawn.
    """
    while True:
        pair, moment = _decoupled(rng, kind, information, rate)
        monitor = EvidenceMonitor(baseline, PROMISE)
        deque(alarms(monitor, pair[:moment], 1), maxlen=0)
        if not monitor.on:
            return next((at + 1 for at in alarms(monitor, pair[moment:], 1, first=moment)), None)


def _by_information(net: InfoNet, repetitions: int) -> dict[str, dict[str, list[float | None]]]:
    """Return after how many seconds each detector finds a decoupled simulated pair: {nats: {detector: [...]}}."""
    rng, rate, draw = np.random.default_rng(6), RATES[0], SOUND[COMPARED].draw
    found: dict[str, dict[str, list[float | None]]] = {}
    for information in INFORMATION:
        good, sound = (draw(rng, information, round(seconds * rate), rate).T for seconds in (LEARNT, RUNS[rate]))
        baseline, _ = learn(net, Lesson(("x", "y"), (good,), rate), [LaggedPair(0, 1, 0)], parameters="", recordings=())
        detectors = _detectors(net, baseline, PROMISE, good, sound, lag=0, stretches=round(RUNS[rate] / PROMISE))
        waits: dict[str, list[float | None]] = {detector.name: [] for detector in detectors}
        for _ in range(repetitions):
            pair, moment = _decoupled(rng, COMPARED, information, rate)
            for detector in detectors:
                wait = detector.samples_until_found(pair, moment)
                waits[detector.name].append(None if wait is None else wait / rate)
        found[f"{information:g}"] = waits
    return found


def _decoupled(rng: np.random.Generator, kind: str, information: float, rate: float) -> tuple[np.ndarray, int]:
    """Draw a pair (T, 2) that decouples, and return when."""
    moment, count = (round(seconds * rate) for seconds in (BEFORE, BEFORE + DECOUPLED))
    pair, moment = decoupled(SOUND[kind].draw, rng, information, moment, count, rate)
    return pair.T, moment


def _detectors(
    net: InfoNet, baseline: Baseline, interval: float, good: np.ndarray, sound: np.ndarray, lag: int, stretches: int
) -> list[Detector]:
    return [
        ByBaseline(baseline, interval),
        WindowedInformation(net, sound, lag, stretches),
        SlidingCorrelation(sound, lag, stretches),
        LinearResidual(good, sound, lag, stretches),
    ]


def _cost(net: InfoNet) -> float:
    """Return the processor time, in seconds a second of streams, that a baseline of 32 channels at 100 Hz takes."""
    rng, rate = np.random.default_rng(7), RATES[1]
    names = [f"c{number}" for number in range(CHANNELS)]
    pairs = range(0, CHANNELS, 2)
    samples = np.concatenate([SOUND[COMPARED].draw(rng, 1.0, round(rate * 60.0), rate).T for _ in pairs], axis=1)
    lesson = Lesson(tuple(names), (samples,), rate)
    candidates = [LaggedPair(a, a + 1, 0) for a in pairs]
    baseline, _ = learn(net, lesson, candidates, parameters="", recordings=(), most=len(candidates))
    watched = samples[:, [names.index(name) for name in baseline.names]]
    started = time.process_time()
    deque(alarms(EvidenceMonitor(baseline, INTERVAL), watched, step=round(rate / 4.0)), maxlen=0)
    return (time.process_time() - started) * rate / len(samples)


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    refused = [
        f"{row['kind']}, {row['rate']:g} Hz, {row['information']} nats: {row['refused']}"
        for row in results["simulated"]
        if "refused" in row
    ]
    return paragraphs(
        f"Husky, gyroscope y and odometry yaw rate, faults of the gyroscope: found of {MOMENTS}, median and longest "
        f"seconds. Learnt from the first half; {results['false alarms']} false alarms in {results['seconds']:.0f} s of "
        f"the other. One in {INTERVAL:.0f} s was asked for; {results['promised']:.1f} s to an alarm were expected.",
        _waits_by_detector("fault", results["husky"]),
        f"Simulated pairs of a {COMPARED} at {RATES[0]:g} Hz, decoupled after {BEFORE:g} s, one false alarm in "
        f"{PROMISE:.0f} s for every detector.",
        _waits_by_detector("nats", results["by information"]),
        f"Processor time of the evidence of {CHANNELS} channels at {RATES[1]:g} Hz, {CHANNELS // 2} pairs: "
        f"{results['cost']:.1%} of one core.",
        f"Simulated pairs, learnt from {LEARNT:.0f} s, one false alarm asked for in {PROMISE:.0f} s. A kind of pair "
        f"breaks that if so many alarms, or more, would come in less than {CHANCE:.0%} of the runs that keep it "
        "(Poisson): of 20 intervals, with 32 alarms. Waits are samples. The yardstick is log(samples between false "
        "alarms) / nats that the two share a sample. It is no lower bound: decoupling can tell more in a sample than "
        "what the two shared. Views: what is judged (values, residuals, innovations, or innovations in units of their "
        "recent size).",
        _simulated_pairs([row for row in results["simulated"] if "refused" not in row]),
        *refused,
    )


def _waits_by_detector(case: str, waits: dict[str, dict[str, list[float | None]]]) -> str:
    """Make the table of what each detector found, with a row for each case."""
    rows = [[name, *map(_found, by_detector.values())] for name, by_detector in waits.items()]
    return markdown_table([case, *next(iter(waits.values()))], rows)


def _simulated_pairs(known: Sequence[dict[str, Any]]) -> str:
    rows = [
        [
            row["kind"],
            f"{row['rate']:g}",
            f"{row['information']:g}",
            _views(row),
            f"{row['seconds'] / PROMISE:.0f} / {row['alarms']}",
            _found(row["waits"], figures=0),
            f"{_mean_wait(row):.0f}",
            f"{row['yardstick']:.0f}",
        ]
        for row in known
    ]
    decoupled_columns = ["decoupled: found, median and longest", "mean", "yardstick"]
    return markdown_table(["pair", "Hz", "nats", "views", "intervals / false alarms", *decoupled_columns], rows)


def _found(waits: Sequence[float | None], figures: int = 1) -> str:
    known = [value for value in waits if value is not None]
    text = f"{len(known)} of {len(waits)}"
    return f"{text}: {np.median(known):.{figures}f}, {max(known):.{figures}f}" if known else text


def _chance(row: dict[str, Any]) -> float:
    """Return the probability of so many false alarms or more, if one comes in the promised interval."""
    return float(poisson.sf(row["alarms"] - 1, row["seconds"] / PROMISE))


def _mean_wait(row: dict[str, Any]) -> float:
    return float(np.mean([np.inf if wait is None else wait for wait in row["waits"]]))


def _views(row: dict[str, Any]) -> str:
    """Name the views that most repetitions chose."""
    names = [form.name.lower() for form in Form]
    return ", ".join(name for name in names if 2 * sum(name in views for views in row["views"]) >= len(row["views"]))


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    strong = {name: found for name, found in results["husky"].items() if name != "gain 0.3"}
    ours = [wait for found in strong.values() for wait in found[ByBaseline.name]]
    known = [wait for wait in ours if wait is not None]
    median = float(np.median([np.inf if wait is None else wait for wait in ours]))
    simulated = results["simulated"]
    kept = [row for row in simulated if "refused" not in row and _chance(row) >= CHANCE]
    soon = [row for row in simulated if "refused" not in row and _mean_wait(row) <= FACTOR * row["yardstick"]]
    return [
        Claim.of_all("Husky: faults found, all but the weak gain", "all", len(known), len(ours)),
        Claim.at_most("Husky: median time to the alarm, all faults but the weak gain", median, MEDIAN, 1, " s"),
        Claim("Husky: false alarms", "none", str(results["false alarms"]), not results["false alarms"]),
        Claim.of_all(
            f"simulated: {PROMISE:.0f} s or more from one false alarm to the next, by a Poisson test at {CHANCE:.0%}",
            "every kind of pair",
            len(kept),
            len(simulated),
        ),
        Claim.of_all(
            f"simulated: mean time to the alarm at most {FACTOR:g} times log(interval) / MI",
            "every kind of pair",
            len(soon),
            len(simulated),
        ),
    ]


def draw(results: dict[str, Any]) -> Figure:
    """Draw the median time to the alarm of each detector, by fault and by MI."""
    made, (by_fault, by_information) = figure(2, height=4.2)
    names = list(next(iter(results["husky"].values())))
    for name, colour in zip(names, ("#0072b2", "#d55e00", "#009e73", "#777777"), strict=True):
        median = [_median(found[name]) for found in results["husky"].values()]
        by_fault.plot(median, range(len(median)), "o", color=colour, label=name)
        known = {float(nats): _median(found[name]) for nats, found in results["by information"].items()}
        by_information.plot(list(known), list(known.values()), "o-", color=colour, label=name)
    by_fault.set_yticks(range(len(results["husky"])), list(results["husky"]))
    by_fault.invert_yaxis()
    by_fault.set_xscale("log")
    by_fault.set_xlabel(f"median seconds to the alarm; {NEVER:g}: not found")
    by_fault.set_title("Husky, faults of the gyroscope", fontsize=9)
    yardstick = np.log(PROMISE * RATES[0]) / np.array(INFORMATION) / RATES[0]
    by_information.plot(INFORMATION, yardstick, "--", color="black", label="log(interval) / MI")
    by_information.set_yscale("log")
    by_information.set_xlabel("MI [nats]")
    by_information.set_ylabel("median seconds to the alarm")
    by_information.set_title("simulated, decoupled", fontsize=9)
    by_information.legend(frameon=False, fontsize=8, loc="upper right")
    return made


def _median(waits: Sequence[float | None]) -> float:
    return float(np.median([NEVER if wait is None else wait for wait in waits]))


BENCHMARK = Benchmark("detection", "Broken pairs: how soon, how rarely in error", measure, describe, claim, draw)

if __name__ == "__main__":
    main(BENCHMARK)
