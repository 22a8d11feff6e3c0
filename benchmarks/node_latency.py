"""How fast and how steady the node is: real processes, real middleware, no message lost.

The node runs in a process of its own, two others publish, this one listens. Latency is from the stamp of the last
sample of a window, which is set when it is published, to the arrival of the matrix here: more than the node itself
adds. Needs ROS 2.

    python -m benchmarks.node_latency [--long] [--minutes 60]
"""

from dataclasses import asdict
from typing import Any

from benchmarks.benchmark import Benchmark, Claim, Options, main
from benchmarks.live.load import Load
from benchmarks.live.node_process import interrupt, node_process
from benchmarks.tables import markdown_table

SHORT, LONG = 0.4, 3.0  # minutes


def measure(options: Options) -> dict[str, Any]:
    """Return what was counted, and the quantiles of the latencies in seconds."""
    default = LONG if options.long else SHORT
    load = Load(default if options.minutes is None else options.minutes)
    if load.minutes * 60.0 < 2.0 * load.window:
        raise SystemExit(
            f"--minutes is {load.minutes:g}: expected at least two windows of {load.window:g} s, such as {SHORT:g}."
        )
    from benchmarks.live.listener import listening

    with listening() as listener, node_process(load.node_arguments(options.weights)) as node:
        listener.wait_until(lambda: listener.statuses, "the node's diagnostics")
        with load.publishing() as publishers:
            while any(publisher.poll() is None for publisher in publishers):
                listener.listen_for(0.1)
                listener.note_memory(node.pid)
        listener.listen_for(2.5)
        seconds, code = interrupt(node)
    end = {"end after Ctrl-C [s]": seconds, "exit code": code}
    return {"load": asdict(load), **listener.counts(load), **end}


def describe(results: dict[str, Any]) -> str:
    """Table in Markdown."""
    load = Load(**results["load"])
    rows = [
        [
            "messages sent, of which not received by the node",
            f"{results['sent']}, {results['sent'] - results['received']}",
        ],
        ["matrices, windows skipped", f"{results['matrices']}, {results['skipped']}"],
        ["late samples", str(results["late"])],
        ["sample to matrix, outside", _spread(results["sample to matrix"])],
        ["last arrival to published, in the node", _spread(results["arrival to published"])],
        ["computing time", _spread(results["computing"])],
        [
            "memory once settled, growth until the end",
            f"{results['memory [MiB]']:.1f} MiB, {results['memory growth [MiB]']:+.1f} MiB",
        ],
        ["end after Ctrl-C", f"{results['end after Ctrl-C [s]']:.2f} s, exit code {results['exit code']}"],
    ]
    return f"{load}\n\n{markdown_table(['measured', 'value'], rows)}"


def _spread(quantiles: dict[str, float]) -> str:
    median, most, worst = (1000 * quantiles[name] for name in ("median", "99 %", "worst"))
    return f"median {median:.0f} ms, 99 % {most:.0f} ms, worst {worst:.0f} ms (n = {quantiles['count']})"


def claim(results: dict[str, Any]) -> list[Claim]:
    """Compare with what a node must not do: lose messages, skip windows, grow."""
    load, lost = Load(**results["load"]), results["sent"] - results["received"]
    return [
        Claim(f"messages lost by the node, {load}", "0", f"{lost} of {results['sent']}", lost == 0),
        Claim("windows skipped in the same run", "0", f"{results['skipped']}", results["skipped"] == 0),
    ]


BENCHMARK = Benchmark("node_latency", "Latency and load of the node", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK, minutes=f"how long to publish; {SHORT:g}, or with --long {LONG:g}")
