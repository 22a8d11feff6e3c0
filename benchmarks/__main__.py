"""All benchmarks, one after the other: ``make bench``, or ``make bench LONG=1`` for the long version.

    python -m benchmarks [--long] [--out FOLDER] [name ...]

The long version, in its own folder, also brings the tables of docs/ up to date.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from benchmarks import pages
from benchmarks.benchmark import RESULTS, Benchmark, Options, add_options, default_folder, load, run

NAMES = (
    "accuracy",
    "order",
    "coverage",
    "significance",
    "whole_significance",
    "level",
    "independence",
    "conditional",
    "transfer",
    "delays",
    "detection",
    "comparison",
    "speed",
    "recorded_intake",
    "intake",
    "node_latency",
    "baseline_cost",
    "profile_hop",
)
_NEED_ROS = ("intake", "node_latency", "baseline_cost", "profile_hop")


def main() -> int:
    """Run the benchmarks that were named, or all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"{', '.join(NAMES)}; all when none is named")
    add_options(parser)
    given = parser.parse_args()
    if unknown := sorted(set(given.names) - set(NAMES)):
        parser.error(f"there is no benchmark {', '.join(unknown)}: expected some of {', '.join(NAMES)}.")
    out = given.out or default_folder(given.long)
    benchmarks = _available(given.names or NAMES)
    print(announcement([benchmark.command(given.long) for benchmark in benchmarks], out), flush=True)
    for benchmark in benchmarks:
        print(f"\n## {benchmark.name}\n", flush=True)
        run(benchmark, Options.of(given), out)
    if out.resolve() == RESULTS:
        pages.main()
    print(f"\nTables and JSON are in {out}/.")
    return 0


def _available(names: Sequence[str]) -> list[Benchmark]:
    ros = find_spec("rclpy") is not None
    for name in names:
        if name in _NEED_ROS and not ros:
            print(f"{name} is left out, because it needs ROS 2: source it, or run `make setup` on a bare machine.")
    return [import_module(f"benchmarks.{name}").BENCHMARK for name in names if ros or name not in _NEED_ROS]


def announcement(commands: Sequence[str], folder: Path) -> str:
    """Say how long these commands took when they last wrote their results to a folder."""
    records = [load(file) for file in sorted(folder.glob("*.json"))]
    last = {record["command"]: record for record in records if record["command"] in commands}
    if not last:
        return f"{len(commands)} benchmarks; {folder} does not tell yet how long they take."
    seconds = sum(record["seconds"] for record in last.values())
    processor = next(iter(last.values()))["environment"]["processor"]
    missing = len(commands) - len(last)
    rest = f", and {missing} of which that is not known yet" if missing else ""
    return f"{len(last)} benchmarks that took {seconds / 60:.1f} minutes when they last ran, on {processor}{rest}."


if __name__ == "__main__":
    sys.exit(main())
