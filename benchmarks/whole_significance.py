"""False alarms and power of the test of a whole recording: all circular shifts of the samples and of their changes.

python -m benchmarks.whole_significance [--long]
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.streams.driven import KINDS as DRIVEN
from benchmarks.streams.pairs import BEFORE, HELD, Rng, correlation_of, slow
from benchmarks.tables import markdown_table, paragraphs, percent, span
from infonet_ros.intake.windows.window import Window
from infonet_ros.offline.trace import Overview
from infonet_ros.offline.whole_recording.moves import Moves
from infonet_ros.offline.whole_recording.p_values import p_values_by_shifts
from infonet_ros.offline.whole_recording.rest import resting, without_rest

RATE, SAMPLES, CHANNELS = 50.0, 3000, 8  # a minute of each recording
LONGEST = 50  # samples: delays of a second are searched
SHORT, LONG = 6, 60  # recordings of each kind
LEVEL = 0.05
ALARMS = (0.03, 0.08)  # goals
INFORMATION = 0.1  # nats, of the coupled pairs
POWER = 0.9

Recording = Callable[[Rng], np.ndarray]
"""From a generator to independent streams (T, N)."""


def _each(stream: Callable[[Rng], np.ndarray]) -> Recording:
    return lambda rng: np.column_stack([stream(rng) for _ in range(CHANNELS)])


def _pairwise(kind: str) -> Recording:
    """Take both streams of so many pairs of a kind of `HELD`."""
    return lambda rng: np.column_stack([one for _ in range(CHANNELS // 2) for one in HELD[kind](rng, SAMPLES)])


def _together(kind: str) -> Recording:
    """Take all channels of one kind of driven streams, all with the same times."""

    def recording(rng: Rng) -> np.ndarray:
        seed = int(rng.integers(1 << 31))
        noises = rng.standard_normal((CHANNELS, 10 * SAMPLES + 2 * BEFORE))
        return np.column_stack([DRIVEN[kind].stream(one, np.random.default_rng(seed), SAMPLES) for one in noises])

    return recording


def _resting(rng: Rng) -> np.ndarray:
    """Draw rest and motion in turn, common to all streams, some seconds each; the analysis leaves out the rest."""
    runs = rng.uniform(4.0, 12.0, 40) * RATE
    moving = np.repeat(np.arange(len(runs)) % 2, runs.astype(int))[:SAMPLES]
    motion = np.column_stack([slow(rng, SAMPLES, 0.9) for _ in range(CHANNELS)])
    samples = motion * moving[:, None] + 0.02 * rng.standard_normal(motion.shape)
    overview = Overview(Window((), samples, 0, 1, RATE), np.arange(SAMPLES), True)
    return without_rest(overview, resting(samples, RATE), LONGEST + 1).window.samples


def _walks_with_pauses(rng: Rng) -> np.ndarray:
    """Add up steps for some seconds at a time, common to all streams, as poses of a robot do."""
    moving = np.repeat(rng.random(SAMPLES // 100) < 0.6, 100)
    return np.column_stack([np.cumsum(slow(rng, SAMPLES, 0.9) * moving) for _ in range(CHANNELS)])


KINDS: dict[str, Recording] = {
    "AR(1) 0.9": _each(lambda rng: slow(rng, SAMPLES, 0.9)),
    "AR(1) 0.95": _each(lambda rng: slow(rng, SAMPLES, 0.95)),
    "AR(1) 0.98": _each(lambda rng: slow(rng, SAMPLES, 0.98)),
    "held 5, common ticks": _pairwise("held 5, common ticks"),
    "held 50, common ticks": _pairwise("held 50, common ticks"),
    "piecewise constant, run 50": _pairwise("piecewise constant, run 50"),
    "random walks": _each(lambda rng: np.cumsum(rng.standard_normal(SAMPLES))),
    "AR(1) 0.9 and a trend of 3 sd": _each(lambda rng: slow(rng, SAMPLES, 0.9) + np.linspace(0.0, 3.0, SAMPLES)),
    "AR(1) 0.9 that grows threefold": _each(lambda rng: slow(rng, SAMPLES, 0.9) * np.linspace(1.0, 3.0, SAMPLES)),
    "walks that pause together": _walks_with_pauses,
    "resting and moving": _resting,
    **{kind: _together(kind) for kind in DRIVEN if kind.startswith("set points")},
}


def _coupled(rng: Rng) -> np.ndarray:
    """Streams of which all pairs share `INFORMATION`, with what is common to all."""
    rho = correlation_of(INFORMATION)
    own = np.column_stack([slow(rng, SAMPLES, 0.9) for _ in range(CHANNELS)])
    return np.sqrt(rho) * slow(rng, SAMPLES, 0.9)[:, None] + np.sqrt(1.0 - rho) * own


def _walks(rng: Rng) -> np.ndarray:
    """Add up the coupled streams: all of them drift."""
    return np.cumsum(_coupled(rng), axis=0)


COUPLED: dict[str, Recording] = {"coupled": _coupled, "sums of coupled": _walks}


def measure(options: Options) -> dict[str, Any]:
    """Count pairs called dependent, ``{kind: [called, tested, pairs]}``, of independent and of coupled streams."""
    recordings = LONG if options.long else SHORT
    kinds = KINDS | COUPLED
    return {kind: _judge(recording, recordings) for kind, recording in tqdm(kinds.items(), desc="whole recordings")}


def _judge(recording: Recording, count: int) -> list[int]:
    rng = np.random.default_rng(21)
    found = [p_values_by_shifts(Moves.of(recording(rng), LONGEST), LONGEST)[0] for _ in range(count)]
    p_values = np.concatenate([one[np.triu_indices(len(one), k=1)] for one in found])
    return [int((p_values <= LEVEL).sum()), int(np.isfinite(p_values).sum()), len(p_values)]


def describe(results: dict[str, Any]) -> str:
    """Table in Markdown."""
    rows = [
        [kind, f"{pairs:,}", percent(tested, pairs), percent(called, tested)]
        for kind, (called, tested, pairs) in results.items()
    ]
    return paragraphs(
        f"Pairs that infonet calls dependent at the {100 * LEVEL:.0f} % level, against all circular shifts: recordings "
        f"of {SAMPLES:,} samples and {CHANNELS} independent channels, delays of {LONGEST} samples either way; the last "
        f"rows are of channels of which all pairs share {INFORMATION} nats, and of their sums over time",
        markdown_table(["streams", "pairs", "have a p-value", "called dependent"], rows),
    )


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    low, high = ALARMS
    shares = {kind: results[kind][0] / max(1, results[kind][1]) for kind in KINDS}
    kept = [kind for kind, share in shares.items() if low <= share <= high]
    least, most = (100 * extreme(shares.values()) for extreme in (min, max))
    power = [results[kind][0] / results[kind][2] for kind in COUPLED]
    return [
        Claim(
            f"false alarms at the {100 * LEVEL:.0f} % level against all circular shifts, {len(KINDS)} kinds of streams",
            f"{span(low, high)} of each",
            f"{least:.1f} to {most:.1f} %, {len(kept)} of {len(KINDS)} kinds",
            len(kept) == len(KINDS),
        ),
        Claim(
            f"power on AR(1) pairs of 0.9 coupled to {INFORMATION} nats, T = {SAMPLES}, and on their sums over time",
            f"above {100 * POWER:.0f} %",
            " and ".join(f"{100 * share:.1f} %" for share in power),
            min(power) > POWER,
        ),
    ]


BENCHMARK = Benchmark("whole_significance", "Significance of whole recordings", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
