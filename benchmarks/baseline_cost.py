"""What a baseline costs the node: two nodes take the same messages at the same time, in turn one of them with it.

A node on a busy machine takes 28 to 35 % of a core from one minute to the next, and two nodes that do the same differ.
So both are configured again after each block, and change places. Of two such blocks, the processor time (of the whole
process, without faults; an alarm takes some more) is compared: neither the time nor the process makes a difference.
Needs ROS 2.

    python -m benchmarks.baseline_cost [--long]
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.live.load import BOUND, CHANNELS, Load
from benchmarks.live.node_process import interrupt, node_process, processor_seconds
from benchmarks.tables import markdown_table
from infonet_ros import InfoNet
from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.matrix import LaggedPair

if TYPE_CHECKING:
    from subprocess import Popen

    from benchmarks.live.listener import Listener

SHORT, LONG = 1, 8  # changes of place
BLOCK = 15.0  # s of which the processor time is taken
SETTLED = 4.0  # s after the first window is full
LEARNT = 100.0  # s
INTERVAL = 1e9  # s between false alarms: none may come where stamps of a busy machine are uneven
GOAL = 0.05
NODES = ("infonet", "other")


def measure(options: Options) -> dict[str, Any]:
    """Return the processor seconds of the node with and without a baseline, block by block, and skipped windows."""
    from benchmarks.live.listener import listening

    changes = LONG if options.long else SHORT
    load = Load(minutes=2 * changes * (BLOCK + 2.0 * BOUND) / 60.0)  # it ends with the last block
    with TemporaryDirectory() as folder, listening() as listener, ExitStack() as stack:
        path = Path(folder) / "robot.baseline"
        pairs = _write_baseline(InfoNet.from_pretrained("cpu", options.weights), load, path)
        arguments = load.node_arguments(options.weights)
        set_up = ["-p", f"false_alarm_interval:={INTERVAL}", "-r"]
        nodes = {name: stack.enter_context(node_process([*arguments, *set_up, f"__node:={name}"])) for name in NODES}
        for name in NODES:
            listener.wait_until(lambda name=name: f"{name}: estimator" in listener.statuses, f"{name}'s diagnostics")
        stack.enter_context(load.publishing())
        blocks = [_block(listener, load, nodes, str(path), NODES[number % 2]) for number in range(2 * changes)]
        for node in nodes.values():
            interrupt(node)
    return {
        "load": {**asdict(load), "minutes": len(blocks) * BLOCK / 60.0},
        "pairs": pairs,
        "block [s]": BLOCK,
        "blocks": blocks,
    }


def _block(
    listener: "Listener", load: Load, nodes: Mapping[str, "Popen[bytes]"], baseline: str, watching: str
) -> dict[str, dict[str, float]]:
    """Give one node the baseline, and the other none; return what both do in a block."""
    for name in NODES:
        listener.configure(name, baseline=baseline if name == watching else "")
    for name in NODES:
        listener.wait_until(lambda name=name: _fill(listener, name) == 1.0, f"a window of {name}")
    listener.listen_for(SETTLED)
    before = _done(listener, nodes)
    listener.listen_for(BLOCK)
    after = _done(listener, nodes)
    return {
        "with" if name == watching else "without": {key: after[name][key] - before[name][key] for key in after[name]}
        for name in NODES
    }


def _fill(listener: "Listener", name: str) -> float:
    """Return how full the first window of a node is; an inactive one has none."""
    return float(listener.statuses.get(f"{name}: estimator", {}).get("window fill", "0"))


def _done(listener: "Listener", nodes: Mapping[str, "Popen[bytes]"]) -> dict[str, dict[str, float]]:
    """Return the processor seconds of the nodes so far, and the windows that they computed and skipped."""
    reported = {name: listener.statuses[f"{name}: estimator"] for name in nodes}
    return {
        name: {
            "processor [s]": processor_seconds(node.pid),
            "windows": int(reported[name]["windows"]),
            "skipped": int(reported[name]["windows skipped"]),
        }
        for name, node in nodes.items()
    }


def _write_baseline(net: InfoNet, load: Load, path: Path) -> int:
    """Learn pairs of channels of the same topic from noise like that of `live.publisher`; return their number."""
    rng, count = np.random.default_rng(0), round(LEARNT * load.rate)
    names = [f"{topic.strip('/')}.quaternion.{channel}" for topic in load.topic_names for channel in CHANNELS]
    noise = rng.standard_normal((count + 1, 1)) + rng.standard_normal((count + 1, len(names)))
    samples = 0.75 * noise[1:] + 0.25 * noise[:-1]  # ticks of a clock lie between two messages
    lesson = Lesson(tuple(names), (samples,), load.rate, messages=(np.ones(samples.shape),))
    candidates = [LaggedPair(a, a + 1, 0) for a in range(0, len(names), 2)]
    baseline, _ = learn(net, lesson, candidates, parameters="", recordings=("noise",), most=len(candidates))
    baseline.save(path)
    return len(baseline.pairs)


def _sums(results: dict[str, Any], which: str, key: str) -> np.ndarray:
    """Return what the node did with or without a baseline in both blocks of each change of places: (K,)."""
    return np.array([block[which][key] for block in results["blocks"]]).reshape(-1, 2).sum(axis=1)


def _more(results: dict[str, Any]) -> np.ndarray:
    """Return the share of processor time that a baseline adds, (K,), by each change of places."""
    return _sums(results, "with", "processor [s]") / _sums(results, "without", "processor [s]") - 1.0


def describe(results: dict[str, Any]) -> str:
    """Table in Markdown."""
    load, more, seconds = Load(**results["load"]), _more(results), 2.0 * results["block [s]"]
    rows = [
        [
            f"{which} a baseline",
            f"{np.median(_sums(results, which, 'processor [s]')) / seconds:.1%}",
            *(f"{_sums(results, which, key).sum():.0f}" for key in ("windows", "skipped")),
        ]
        for which in ("without", "with")
    ]
    table = markdown_table(["node", "of one core, median", "windows computed", "skipped"], rows)
    low, middle, high = np.quantile(more, (0.25, 0.5, 0.75))
    return (
        f"{load}; a baseline of {results['pairs']} pairs, in blocks of {results['block [s]']:g} s.\n\n{table}\n\n"
        f"By {len(more)} changes of places the baseline adds {middle:.1%} (median; quartiles {low:.1%} and {high:.1%})."
    )


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goal."""
    more, load = float(np.median(_more(results))), Load(**results["load"])
    text = f"processor time that a baseline of {results['pairs']} pairs adds to the node's, {load}"
    return [Claim.at_most(text, 100 * more, 100 * GOAL, 1, "%")]


BENCHMARK = Benchmark("baseline_cost", "What a baseline costs the node", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
