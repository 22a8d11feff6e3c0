"""Processor time of the real node for each hop, by thread, while messages come in. Needs ROS 2."""

import threading
import time
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor

from benchmarks.live.load import Load
from infonet_ros.msg import MutualInformationMatrix
from infonet_ros.node.infonet_node import InfonetNode

REST = 2.0  # seconds for what is still on its way when the publishers end


def seconds_a_hop(load: Load, weights: Path) -> dict[str, float]:
    """Run the node in this process; return the processor seconds a hop of its threads, and of all others.

    What runs on the others is the middleware, in C++.
    """
    rclpy.init(args=load.node_arguments(weights))
    node, listener = InfonetNode(), rclpy.create_node("listener")
    matrices: list[bytes] = []
    listener.create_subscription(MutualInformationMatrix, "/infonet/channels", matrices.append, 10, raw=True)
    executor = SingleThreadedExecutor()
    for one in (node, listener):
        executor.add_node(one)
    node.start()
    try:
        before = _clocks()
        with load.publishing() as publishers:
            while any(publisher.poll() is None for publisher in publishers):
                _spin_for(executor, 0.1)
        _spin_for(executor, REST)
        after = _clocks()
    finally:
        node.end(timeout=5.0)
        listener.destroy_node()
        rclpy.shutdown()
    # On a busy machine the worker skips windows, but the messages of every hop are taken in.
    hops = load.messages / load.rate / load.hop
    counts = {"reader and executor": hops, "worker": len(matrices), "middleware": hops}
    return {name: (after[name] - before[name]) / counts[name] for name in counts}


def _clocks() -> dict[str, float]:
    """Processor seconds so far."""
    clocks = {thread.name: time.pthread_getcpuclockid(thread.ident or 0) for thread in threading.enumerate()}
    computing, reading = (time.clock_gettime(clocks[name]) for name in ("estimator", "reader"))
    own = time.thread_time() + reading
    return {"reader and executor": own, "worker": computing, "middleware": time.process_time() - own - computing}


def _spin_for(executor: SingleThreadedExecutor, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        executor.spin_once(timeout_sec=0.1)
