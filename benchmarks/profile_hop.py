"""Where the time goes in one hop from message to matrix, beside the least time that each stage must take.

All times are processor time. The stages are timed one by one on one thread, with the messages, windows and weights of
the node; those of the estimator by the module in which the time passes. What the middleware and the executor take
besides is measured on the real node. The floor of a stage is the longer of two times: its arithmetic at the rate of a
large matrix product, and its bytes at the rate of a large copy, both on one thread in the same run. Needs ROS 2.

    python -m benchmarks.profile_hop [--long]
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from benchmarks.benchmark import Benchmark, Claim, Options, main, timed
from benchmarks.live.load import Load
from benchmarks.tables import markdown_table, paragraphs

SHORT, LONG = (0.3, 5), (1.0, 25)  # minutes of the real node, rounds of each stage
GOAL = 0.22  # seconds of processor time a hop
EDGE, BYTES, ROUNDS = 1536, 1 << 26, 6  # of the matrix product and of the copy


def measure(options: Options) -> dict[str, Any]:
    """Return the stages, what this machine can do, and the processor time of the real node."""
    import rclpy

    from benchmarks.live.hop_stages import Hop, Stage, message_size
    from benchmarks.live.live_hop import seconds_a_hop

    minutes, rounds = LONG if options.long else SHORT
    load = Load(minutes)
    live = seconds_a_hop(load, options.weights)
    rclpy.init()
    try:
        stages = Hop(load, options.weights, rounds).stages()
    finally:
        rclpy.shutdown()
    taken_in = sum(stage.seconds for stage in stages if stage.name in ("channel reading", "buffers"))
    moved = 2.0 * message_size() * load.topics * load.rate * load.hop
    intake = [
        Stage("middleware's own threads", live["middleware"], 0.0, moved),
        Stage("taking messages", max(0.0, live["reader and executor"] - taken_in), 0.0, moved),
    ]
    return {
        "load": asdict(load),
        "stages": [asdict(stage) for stage in (*intake, *stages)],
        "operations a second": operations_a_second(),
        "bytes a second": bytes_a_second(),
        "node": live,
    }


def operations_a_second() -> float:
    """Rate of arithmetic in a matrix product on one thread, in the type that this machine is fastest at."""
    torch.set_num_threads(1)
    rates = []
    for kind in (torch.float32, torch.bfloat16):
        matrix = torch.randn(EDGE, EDGE).to(kind)
        rates.append(2.0 * EDGE**3 / _best_time(lambda matrix=matrix: matrix @ matrix))
    return max(rates)


def bytes_a_second() -> float:
    """Rate of bytes read and written in a copy on one thread."""
    source, target = np.zeros(BYTES, dtype=np.uint8), np.ones(BYTES, dtype=np.uint8)
    return 2.0 * BYTES / _best_time(lambda: np.copyto(target, source))


def _best_time(compute: Callable[[], object]) -> float:
    return min(timed(compute, ROUNDS, time.thread_time))


def floor(stage: dict[str, Any], results: dict[str, Any]) -> tuple[float, str]:
    """Return the least seconds of a stage, and what bounds it."""
    moves = stage["moved"] / results["bytes a second"], f"{stage['moved'] / 1e3:,.0f} kB"
    computes = stage["operations"] / results["operations a second"], f"{stage['operations'] / 1e6:,.1f} M operations"
    return max(moves, computes, key=lambda one: one[0])


def describe(results: dict[str, Any]) -> str:
    """Table in Markdown."""
    load, live = Load(**results["load"]), results["node"]
    rows = []
    for stage in results["stages"]:
        least, bound = floor(stage, results)
        beside = [f"{1e3 * least:.4f}", bound, f"{stage['seconds'] / least:,.0f}"] if least > 0.0 else [""] * 3
        rows.append([stage["name"], f"{1e3 * stage['seconds']:.2f}", *beside])
    total = sum(stage["seconds"] for stage in results["stages"])
    rows.append(["**sum**", f"**{1e3 * total:.2f}**", "", "", ""])
    used = ", ".join(f"{name} {1e3 * seconds:.1f} ms" for name, seconds in live.items())
    return paragraphs(
        f"{load}. One thread of this machine does {results['operations a second'] / 1e9:.0f} G operations a second in "
        f"a matrix product, and moves {results['bytes a second'] / 1e9:.1f} GB a second in a copy.",
        markdown_table(["stage", "a hop, ms", "floor, ms", "of", "times the floor"], rows),
        f"Processor time of the real node a hop: {used}; {sum(live.values()) / load.hop:.0%} of one core.",
    )


def claim(results: dict[str, Any]) -> list[Claim]:
    """Judge the real node; there is no goal for a single stage."""
    took = sum(results["node"].values())
    text = f"processor time of the node a hop, {Load(**results['load'])}"
    return [Claim.at_most(text, 1e3 * took, 1e3 * GOAL, 0, " ms")]


BENCHMARK = Benchmark("profile_hop", "Where the time of one hop goes", measure, describe, claim)

if __name__ == "__main__":
    main(BENCHMARK)
