"""An hour of faults: the real node, in its own process over real middleware, and everything that goes wrong on a robot.

A recording is played in a loop at ten times its speed, with faults in an order that the seed decides. Every matrix is
checked; after each episode the node must give matrices with every row known again, its threads and files must be as
before, and it must have named what was wrong. The parts are in live/: faults.py, invariants.py, diagnosis.py. Needs
ROS 2.

    make faults
    python -m benchmarks.reliability [--long] [--hours 1] [--rate 10] [--seed 0] [--storm FAULT ...]

The exit code is 1 if anything was violated. The long version, an hour, brings docs/reliability.md up to date.
"""

import argparse
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks import pages
from benchmarks.benchmark import RESULTS, Benchmark, Claim, Options, add_options, default_folder, load, run
from benchmarks.tables import markdown_table

if TYPE_CHECKING:
    from benchmarks.live.fault_run import Plan

SHORT, LONG = 0.05, 1.0  # hours


def measure(options: Options, plan: "Plan | None" = None) -> dict[str, Any]:
    """Return what was injected, checked and violated."""
    from benchmarks.live.fault_run import Plan, play_faults

    return play_faults(plan or Plan(hours=LONG if options.long else SHORT))


def describe(results: dict[str, Any]) -> str:
    """Tables in Markdown: what was measured, what was injected, what was checked."""
    injected, recovery = results["injected"], results["recovery"]
    figures = [
        ["sensor time, wall time", f"{results['played']:.2f} h, {results['minutes']:.1f} min"],
        ["messages sent, matrices received", f"{results['sent']}, {results['matrices']}"],
        ["episodes, of which storms of several faults", f"{len(results['time'])}, {results['storms']}"],
        [
            "sensor time from the end of a fault until every row is known again, windows of 10 s",
            f"median {recovery['median']:.1f} s, worst {recovery['worst']:.1f} s",
        ],
        ["memory after the first episode, at the end", f"{results['memory'][0]:.0f}, {results['memory'][-1]:.0f} MiB"],
        ["threads, open files", f"{results['threads']}, {results['files']}"],
    ]
    faults = [
        [fault, what, str(results["episodes"].get(fault, 0)), str(injected.get(fault, 0))]
        for fault, what in results["faults"].items()
    ]
    invariants = [
        [invariant, str(count), str(results["violated"][invariant]), results["examples"].get(invariant, "")]
        for invariant, count in results["checked"].items()
    ]
    return "\n\n".join(
        [
            markdown_table(["measured", "value"], figures),
            markdown_table(["fault", "what happens", "episodes", "messages or times"], faults),
            markdown_table(["invariant", "checked", "violated", "first violation"], invariants),
        ]
    )


def claim(results: dict[str, Any]) -> list[Claim]:
    """Every invariant holds."""
    violated = [name for name, count in results["violated"].items() if count]
    measured = f"{len(violated)} of {len(results['checked'])}" + (f": {', '.join(violated)}" if violated else "")
    text = f"invariants violated in {results['hours']:g} h of faults, {results['matrices']} matrices"
    return [Claim(text, "0", measured, not violated)]


BENCHMARK = Benchmark("reliability", "An hour of faults", measure, describe, claim)


def _main() -> int:
    from benchmarks.live.fault_run import Plan
    from benchmarks.live.faults import FAULTS

    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability")
    add_options(parser)
    parser.add_argument("--hours", type=float, help=f"of sensor time; {SHORT:g}, or with --long {LONG:g}")
    parser.add_argument("--rate", type=float, default=Plan.rate, help="seconds of sensor time per second")
    parser.add_argument("--seed", type=int, default=Plan.seed, help="of the faults and their order")
    parser.add_argument("--storm", nargs="+", default=(), choices=FAULTS, help="all these faults at once, nothing else")
    given = parser.parse_args()
    plan = Plan(given.hours or (LONG if given.long else SHORT), given.rate, given.seed, given.storm)
    out = given.out or default_folder(given.long)
    run(replace(BENCHMARK, measure=partial(measure, plan=plan)), Options.of(given), out)
    if out.resolve() == RESULTS:
        pages.main()
    return 1 if any(load(out / "reliability.json")["results"]["violated"].values()) else 0


if __name__ == "__main__":
    sys.exit(_main())
