"""How often two recordings of one kind are called different, and how often a change is found.

Recordings hold three coupled pairs of one kind of stream and begin at a random moment. The measure of `infonet compare`
compares the first windows of two of them, once of the same kind, and once with a pair that shares less.

    python -m benchmarks.comparison [--long]
"""

from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.streams.coupled import REST, SOUND
from benchmarks.tables import markdown_table, paragraphs, percent
from infonet_ros import InfoNet, Settings
from infonet_ros.dependence.comparison import Difference, WindowedRecording, compare
from infonet_ros.dependence.window_matrices import channel_matrices
from infonet_ros.intake.windows.window import Window
from infonet_ros.text import NANOSECONDS

RATE = 10.0  # Hz
WINDOW = 30.0  # s
WINDOWS = (5, 10)  # of each recording
PAIRS = 3
BEFORE, LESS = 1.0, 0.5  # nats
LEVEL = 0.05
MOST_CALLED = 0.06
FOUND = 0.8
SHORT, LONG = 4, 40  # comparisons of each kind


class _Compared(NamedTuple):
    """The p-values of pairs that are the same, whether one of these is reported, and whether the changed one is."""

    p_values: list[float]
    false: bool
    found: bool


def measure(options: Options) -> dict[str, Any]:
    """Compare recordings of each kind, of a few windows."""
    net = InfoNet.from_pretrained(options.device, options.weights)
    count = LONG if options.long else SHORT
    rows = []
    for kind in tqdm(SOUND, desc="comparison", leave=False):
        rng = np.random.default_rng(9)
        drawn = [[_recording(net, rng, kind, nats) for nats in (BEFORE, BEFORE, LESS)] for _ in range(count)]
        for windows in WINDOWS:
            compared = [_compared(*(_first(one, windows) for one in three)) for three in drawn]
            p_values = np.concatenate([one.p_values for one in compared])
            rows.append(
                {
                    "kind": kind,
                    "windows": windows,
                    "pairs": len(p_values),
                    "called": int((p_values <= LEVEL).sum()),
                    "false": sum(one.false for one in compared),
                    "found": sum(one.found for one in compared),
                }
            )
    return {"comparisons": count, "rows": rows}


def _recording(net: InfoNet, rng: np.random.Generator, kind: str, nats: float) -> WindowedRecording:
    """Draw a recording of pairs of which the first shares so many nats, and the others what they usually do."""
    length, skipped = round(WINDOW * RATE), int(rng.integers(round(2.0 * REST * RATE)))
    count = length * max(WINDOWS)
    channels = np.concatenate(
        [SOUND[kind].draw(rng, own, skipped + count, RATE)[:, skipped:] for own in (nats, *[BEFORE] * (PAIRS - 1))]
    )
    names = tuple(f"c{number}" for number in range(len(channels)))
    cuts = np.split(channels.T, max(WINDOWS))
    windows = [Window(names, cut, 0, round((length - 1) / RATE * NANOSECONDS), RATE) for cut in cuts]
    return WindowedRecording.of(list(channel_matrices(net, windows, Settings())), cuts)


def _first(recording: WindowedRecording, windows: int) -> WindowedRecording:
    measures = ("mi", "mean", "spread", "correlation")
    return WindowedRecording(recording.names, *(getattr(recording, name)[:windows] for name in measures))


def _compared(before: WindowedRecording, same: WindowedRecording, less: WindowedRecording) -> _Compared:
    unchanged, changed = compare([before], [same]), compare([before], [less])
    coupled = [one for one in unchanged if _pair(one) is not None]
    found = any(one.real for one in changed if _pair(one) == 0)
    return _Compared([one.p_value for one in coupled], any(one.real for one in unchanged), found)


def _pair(difference: Difference) -> int | None:
    """Return the number of the coupled pair that a difference is about; None for all else."""
    if difference.what != "mi":
        return None
    first, second = (int(name[1:]) for name in difference.names)
    return first // 2 if first // 2 == second // 2 else None


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown."""
    count = results["comparisons"]
    rows = [
        [
            row["kind"],
            str(row["windows"]),
            percent(row["called"], row["pairs"]),
            f"{row['false']} of {count}",
            f"{row['found']} of {count}",
        ]
        for row in results["rows"]
    ]
    return paragraphs(
        f"Two recordings of {PAIRS} coupled pairs at {RATE:g} Hz, windows of {WINDOW:g} s. 'Called' is the share of "
        f"the coupled pairs that are the same and have a p-value of {LEVEL:g} or less, before the correction for all "
        "that is compared. 'False' are comparisons of the same kind with a reported difference of any pair or channel. "
        f"'Found' are those in which one pair shares {LESS:g} nats in the second recording, not {BEFORE:g}, and this "
        "is reported.",
        markdown_table(["streams", "windows", f"called at {LEVEL:.0%}", "false", "found"], rows),
    )


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goals."""
    count, rows, most = results["comparisons"], results["rows"], max(WINDOWS)
    called = sum(row["called"] for row in rows) / sum(row["pairs"] for row in rows)
    false = sum(row["false"] for row in rows)
    found = [row["found"] for row in rows if row["windows"] == most]
    return [
        Claim.at_most(
            f"pairs that are the same with a p-value of {LEVEL:g} or less", 100 * called, 100 * MOST_CALLED, 1, "%"
        ),
        Claim(
            "recordings of one kind with a reported difference",
            f"at most {LEVEL:.0%}",
            f"{false} of {count * len(rows)}",
            false <= LEVEL * count * len(rows),
        ),
        Claim(
            f"a pair that lost half of its MI is reported, {most} windows",
            f"{FOUND:.0%} of all kinds",
            f"{sum(found)} of {count * len(found)}",
            sum(found) >= FOUND * count * len(found),
        ),
    ]


BENCHMARK = Benchmark("comparison", "Two recordings: false differences, and found ones", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
