"""What a baseline costs the node: two nodes take the same messages at the same time, one of them with a baseline.

Processor time is that of the whole process without faults; an alarm takes some more. Needs ROS 2.

    python -m benchmarks.baseline_cost [--long]
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from benchmarks.benchmark import Benchmark, Claim, Options, main, markdown_table
from benchmarks.intake import processor_seconds
from benchmarks.load import CHANNELS, Load
from benchmarks.node_process import interrupt, node_process
from benchmarks.plots import figure
from infonet_ros import InfoNet
from infonet_ros.dependence.baselines.learning.baseline_learning import learn
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.lagged_pair import LaggedPair

if TYPE_CHECKING:
    from subprocess import Popen

    from benchmarks.listener import Listener

SHORT, LONG = 0.3, 2.0  # minutes
LEARNT = 100.0  # s
INTERVAL = 1e9  # s between false alarms: none may come where stamps of a busy machine are uneven
GOAL = 0.05
NODES = {"without": "infonet", "with": "watching"}
"""Names of the nodes, without a baseline and with one."""


def measure(options: Options) -> dict[str, Any]:
    """Return the processor seconds, messages, matrices and skipped windows of both nodes."""
    from benchmarks.listener import listening

    load = Load(minutes=LONG if options.long else SHORT)
    with TemporaryDirectory() as folder, listening() as listener, ExitStack() as stack:
        path = Path(folder) / "robot.baseline"
        pairs = _write_baseline(InfoNet.from_pretrained("cpu", options.weights), load, path)
        nodes = {
            which: stack.enter_context(node_process(_arguments(load, options.weights, which, path))) for which in NODES
        }
        spent = _processor_seconds(listener, load, nodes)
        listener.listen_for(2.5)
        for node in nodes.values():
            interrupt(node)
    return {
        "load": asdict(load),
        "pairs": pairs,
        "sent": load.messages * load.topics,
        "processor [s]": spent,
        "received": {which: _received(listener, load, name) for which, name in NODES.items()},
        "skipped": {
            which: int(listener.statuses[f"{name}: estimator"]["windows skipped"]) for which, name in NODES.items()
        },
    }


def _processor_seconds(listener: "Listener", load: Load, nodes: Mapping[str, "Popen[bytes]"]) -> dict[str, float]:
    """Publish a load, and return the processor time of both nodes from their first message to the last."""
    for name in NODES.values():
        listener.wait_until(lambda name=name: f"{name}: estimator" in listener.statuses, f"{name}'s diagnostics")
    with load.publishing() as publishers:
        for name in NODES.values():
            listener.wait_until(lambda name=name: _received(listener, load, name), f"a message of {name}")
        before = {which: processor_seconds(node.pid) for which, node in nodes.items()}
        while any(publisher.poll() is None for publisher in publishers):
            listener.listen_for(0.1)
    return {which: processor_seconds(node.pid) - before[which] for which, node in nodes.items()}


def _arguments(load: Load, weights: Path, which: str, baseline: Path) -> Sequence[str]:
    own = ["-r", f"__node:={NODES[which]}"]
    if which == "with":
        own += ["-p", f"baseline:={baseline}", "-p", f"false_alarm_interval:={INTERVAL}"]
    return [*load.node_arguments(weights), *own]


def _write_baseline(net: InfoNet, load: Load, path: Path) -> int:
    """Learn pairs of channels of the same topic from noise like that of `benchmarks.publisher`; return their number."""
    rng, count = np.random.default_rng(0), round(LEARNT * load.rate)
    names = [f"{topic.strip('/')}.quaternion.{channel}" for topic in load.topic_names for channel in CHANNELS]
    noise = rng.standard_normal((count + 1, 1)) + rng.standard_normal((count + 1, len(names)))
    samples = 0.75 * noise[1:] + 0.25 * noise[:-1]  # ticks of a clock lie between two messages
    lesson = Lesson(tuple(names), (samples,), load.rate, messages=(np.ones(samples.shape),))
    candidates = [LaggedPair(a, a + 1, 0) for a in range(0, len(names), 2)]
    baseline, _ = learn(net, lesson, candidates, parameters="", recordings=("noise",), most=len(candidates))
    baseline.save(path)
    return len(baseline.pairs)


def _received(listener: "Listener", load: Load, name: str) -> int:
    statuses = [listener.statuses.get(f"{name}: {topic}", {}) for topic in load.topic_names]
    return sum(int(status.get("received", 0)) for status in statuses)


def _more(results: dict[str, Any]) -> float:
    """Return the share of processor time that a baseline adds."""
    processor = results["processor [s]"]
    return processor["with"] / processor["without"] - 1.0


def describe(results: dict[str, Any]) -> str:
    """Table in Markdown."""
    load = Load(**results["load"])
    rows = [
        [
            f"{which} a baseline",
            f"{results['processor [s]'][which] / (60.0 * load.minutes):.1%}",
            f"{results['sent'] - results['received'][which]} of {results['sent']}",
            str(results["skipped"][which]),
        ]
        for which in NODES
    ]
    table = markdown_table(["node", "of one core", "messages lost", "windows skipped"], rows)
    return f"{load}; a baseline of {results['pairs']} pairs.\n\n{table}"


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with the goal."""
    more, load = _more(results), Load(**results["load"])
    text = f"processor time that a baseline of {results['pairs']} pairs adds to the node's, {load}"
    return [Claim(text, f"at most {GOAL:.0%}", f"{more:.1%}", more <= GOAL)]


def draw(results: dict[str, Any]) -> Figure:
    """Draw the processor time of both nodes."""
    made, (axes,) = figure(1, height=1.6)
    seconds = [results["processor [s]"][which] for which in NODES]
    axes.barh([f"{which} a baseline" for which in NODES], seconds, color=["#e69f00", "#0072b2"])
    axes.set_xlabel("processor time [s]")
    axes.invert_yaxis()
    return made


BENCHMARK = Benchmark("baseline_cost", "What a baseline costs the node", measure, describe, draw, claim)

if __name__ == "__main__":
    main(BENCHMARK)
