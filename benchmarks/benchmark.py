"""What all benchmarks share: how long they run, what they claim, and where their results go.

A benchmark is a file with a `Benchmark`; ``python -m benchmarks.<name> [--long] [--out FOLDER]`` runs one,
``python -m benchmarks`` all. Each writes its results as JSON, with the machine and the versions, and as Markdown; those
whose picture a page of docs/ shows draw it.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from benchmarks.tables import markdown_table
from infonet_ros import InfoNet
from infonet_ros.estimator.network.weights import SHIPPED

RESULTS = Path(__file__).parent / "results"
"""Results of the long version; docs/ quotes them."""

SHORT_RESULTS = Path("bench_output")

_PACKAGES = ("torch", "numpy", "scipy", "ennemi", "scikit-learn", "ros-rclpy")


@dataclass(frozen=True)
class Options:
    """How to run: the long version or the short one, with which weights, and where; the node always on the CPU.

    ``minutes`` is how long to publish, for the benchmarks that have this option; None: as long as they do by default.
    """

    long: bool = False
    weights: Path = SHIPPED
    device: str = "auto"
    minutes: float | None = None

    @classmethod
    def of(cls, given: argparse.Namespace) -> "Options":
        """Take what `add_options` parsed."""
        return cls(given.long, given.weights, given.device, getattr(given, "minutes", None))


@dataclass(frozen=True)
class Claim:
    """One statement about the results: its goal, what was measured, and whether that reaches the goal."""

    text: str
    goal: str
    measured: str
    reached: bool

    @classmethod
    def at_most(cls, text: str, value: float, limit: float, digits: int, unit: str = "") -> "Claim":
        """Say that a number is no larger than its goal."""
        return cls(text, f"at most {limit:g}{unit}", f"{value:.{digits}f}{unit}", value <= limit)

    @classmethod
    def at_least(cls, text: str, value: float, limit: float, digits: int, unit: str = "") -> "Claim":
        """Say that a number is no smaller than its goal."""
        return cls(text, f"at least {limit:g}{unit}", f"{value:.{digits}f}{unit}", value >= limit)

    @classmethod
    def of_all(cls, text: str, goal: str, count: int, of: int, what: str = "") -> "Claim":
        """Say that a goal is reached by each of so many."""
        return cls(text, goal, f"{count} of {of} {what}".rstrip(), count == of)


@dataclass(frozen=True)
class Benchmark:
    """One question about the estimator or the node.

    ``measure`` returns values that JSON can hold. From these alone ``describe`` makes the tables, ``claim`` the claims
    and ``draw``, if there is one, the picture.
    """

    name: str
    title: str
    measure: Callable[[Options], dict[str, Any]]
    describe: Callable[[dict[str, Any]], str]
    claim: Callable[[dict[str, Any]], list[Claim]]
    draw: Callable[[dict[str, Any]], Figure] | None = None

    def command(self, long: bool) -> str:
        """Return the command line that runs it."""
        return f"python -m benchmarks.{self.name}" + long * " --long"


def run(benchmark: Benchmark, options: Options, out: Path) -> None:
    """Run a benchmark, write its results to a folder, and print its tables."""
    started = time.monotonic()
    found = benchmark.measure(options)
    net = InfoNet.from_pretrained(options.device, options.weights)
    record = {
        "command": benchmark.command(options.long),
        "seconds": round(time.monotonic() - started, 1),
        "device": _named(net.device),
        "weights": net.version,
        "environment": environment(),
        "results": found,
    }
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{benchmark.name}.json"
    file.write_text(json.dumps(record) + "\n", encoding="utf-8")
    print(save(benchmark, load(file), out), flush=True)


def save(benchmark: Benchmark, record: dict[str, Any], out: Path) -> str:
    """Write a record's tables, and its picture if it has one, to a folder; return the tables."""
    text = report(benchmark, record)
    (out / f"{benchmark.name}.md").write_text(f"# {benchmark.title}\n\n{text}", encoding="utf-8")
    if benchmark.draw:
        benchmark.draw(record["results"]).savefig(out / f"{benchmark.name}.png", dpi=110)
    return text


def report(benchmark: Benchmark, record: dict[str, Any]) -> str:
    """Tables and claims of a record in Markdown; its ``note`` says how it was made, if not as `run` makes it."""
    machine = record["environment"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    origin = (
        f"`{record['command']}`, {record['seconds']:.0f} s, {machine['processor']}, {machine['cores']} cores, "
        f"load {machine['load']:.1f} at the end, device {record['device']}, weights {record['weights']}, "
        f"Python {machine['python']}, {versions}"
    )
    if "note" in record:
        origin += f". {record['note']}"
    claims = benchmark.claim(record["results"])
    parts = [origin, benchmark.describe(record["results"])]
    if claims:
        rows = [[claim.text, claim.goal, claim.measured, verdict(claim)] for claim in claims]
        parts.insert(1, markdown_table(["claim", "goal", "measured", "reached"], rows))
    return "\n\n".join(parts) + "\n"


def verdict(claim: Claim) -> str:
    """Say whether a claim's goal is reached."""
    return "yes" if claim.reached else "**no**"


def load(file: Path) -> dict[str, Any]:
    """Read a record."""
    return json.loads(file.read_text(encoding="utf-8"))


def environment() -> dict[str, Any]:
    """Return the machine and the versions of what was compared."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": versions,
    }


def _named(device: torch.device) -> str:
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def area_under_curve(low: np.ndarray, high: np.ndarray) -> float:
    """Share of pairs of one of ``low`` (N,) and one of ``high`` (M,) in which the second is larger; ties count half."""
    return float(((high[:, None] > low) + 0.5 * (high[:, None] == low)).mean())


def timed(compute: Callable[[], object], rounds: int, clock: Callable[[], float]) -> list[float]:
    """Return the seconds of a computation by a clock, in each round."""
    taken = []
    for _ in range(rounds):
        began = clock()
        compute()
        taken.append(clock() - began)
    return taken


def default_folder(long: bool) -> Path:
    """Return where results go: those of a short run must not replace what the documents quote."""
    return RESULTS if long else SHORT_RESULTS


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all benchmarks have."""
    parser.add_argument("--long", action="store_true", help="the long version, which docs/ quotes")
    parser.add_argument(
        "--out", type=Path, help="folder of the results; bench_output, or with --long benchmarks/results"
    )
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="other weights than the shipped ones")
    parser.add_argument("--device", default="auto", help="where the network runs: auto, cpu, cuda, cuda:1")


def main(benchmark: Benchmark, minutes: str | None = None) -> None:
    """Run one benchmark from the command line; ``minutes`` is the help of that option, where there is one."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{benchmark.name}")
    add_options(parser)
    if minutes:
        parser.add_argument("--minutes", type=float, help=minutes)
    given = parser.parse_args()
    run(benchmark, Options.of(given), given.out or default_folder(given.long))


def _processor() -> str:
    """Return the processor's name as the system gives it, and the vector instructions that torch uses there."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = [f"model name: {platform.processor()}"]
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{name} ({torch.backends.cpu.get_cpu_capability()})"
