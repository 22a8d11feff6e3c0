"""Pairs a second for all pairs of N channels, ranks and grids included, beside a k-d tree KSG in the same run.

python benchmarks/speed.py [--out benchmarks/results]
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import ennemi
import numpy as np
from report import environment, markdown_table, write_results

from infonet_ros import InfoNet

CASES = ((200, 32), (1000, 8), (1000, 32), (1000, 64), (2000, 32), (5000, 32))
KSG_CHANNELS = 5  # its time is the same for each pair, so that a few will do
ROUNDS = 5


def main() -> None:
    """Run, print the table, and write it with the machine and versions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto", help="where the network runs")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder of the results")
    arguments = parser.parse_args()
    net = InfoNet.from_pretrained(arguments.device)
    rows = []
    for samples, channels in CASES:
        data = np.random.default_rng(0).standard_normal((samples, channels))
        ours, theirs = paired_rates(
            lambda data=data: net.pairwise(data),
            channels * (channels - 1) // 2,
            lambda data=data: ennemi.pairwise_mi(data[:, :KSG_CHANNELS], k=3),
            KSG_CHANNELS * (KSG_CHANNELS - 1) // 2,
        )
        ratio = np.array(ours) / np.array(theirs)
        rows.append({"samples": samples, "channels": channels, "infonet": ours, "ksg": theirs, "ratio": ratio.tolist()})
    table = markdown_table(
        ["T", "N", "pairs", "infonet, pairs/s", "KSG (ennemi), pairs/s", "ratio (min ... max)"],
        [
            [
                str(row["samples"]),
                str(row["channels"]),
                str(row["channels"] * (row["channels"] - 1) // 2),
                f"{np.median(row['infonet']):,.0f}",
                f"{np.median(row['ksg']):,.0f}",
                f"{np.median(row['ratio']):.0f} ({min(row['ratio']):.0f} ... {max(row['ratio']):.0f})",
            ]
            for row in rows
        ],
    )
    machine = environment()
    where = f"{net.device}, {machine['processor']}, {machine['cores']} cores"
    text = f"Median of {ROUNDS} rounds in turn, {where}\n\n{table}\n"
    print(text)
    write_results(arguments.out, "speed", {"environment": machine, "device": str(net.device), "cases": rows}, text)


def paired_rates(
    first: Callable[[], object], first_pairs: int, second: Callable[[], object], second_pairs: int
) -> tuple[list[float], list[float]]:
    """Time two computations in turn, so that a drift of the machine's speed meets both; pairs a second of each."""
    first(), second()  # the first time takes longer
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for run, pairs, into in ((first, first_pairs, rates[0]), (second, second_pairs, rates[1])):
            started = time.perf_counter()
            run()
            into.append(pairs / (time.perf_counter() - started))
    return rates


if __name__ == "__main__":
    main()
