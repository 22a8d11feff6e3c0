"""The planner of the documentation, beside the real node, on real middleware."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from paired_topics import noise
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from robot_graph import START, Feed, parameters, stamped
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String

from infonet_ros.msg import MutualInformationMatrix

EXAMPLE = Path(__file__).parents[2] / "examples" / "planner" / "choose_odometry.py"
SETTINGS = {
    "modalities": ["imu", "wheels", "visual"],
    **{f"{name}.topic": f"/{name}" for name in ("imu", "wheels", "visual")},
    **{f"{name}.channels": ["vector.z"] for name in ("imu", "wheels", "visual")},
    "window": 4.0,
    "hop": 1.0,
}
SLIPS_AFTER, BLIND_AFTER = 6.0, 14.0


def turning(name, error, until):
    """A sensor that measures the yaw rate with an error, and becomes silent after so many seconds."""
    channel = {"imu": 1, "wheels": 2, "visual": 3}[name]
    return lambda t: stamped(t, z=(noise(t, 0) if t < START + until else 0.0) + error * noise(t, channel))


def load_example():
    spec = importlib.util.spec_from_file_location("choose_odometry", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def planner(graph):
    """Start the example in simulated time; return what it chooses, and a function that sets the clock."""
    candidates = ["wheels.vector.z", "visual.vector.z"]
    overrides = parameters(reference="imu.vector.z", candidates=candidates, use_sim_time=True)
    node = graph.add(load_example().OdometryChoice(context=graph.context, parameter_overrides=overrides))
    clock = graph.publisher(Clock, "/clock")

    def at(seconds):
        now = Time(nanoseconds=round(seconds * 1e9))
        clock.publish(Clock(clock=now.to_msg()))
        graph.until(lambda: node.get_clock().now().nanoseconds == now.nanoseconds)

    kept = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    return graph.listen(String, "/odometry_choice/choice", kept), at


@pytest.fixture
def told(graph):
    """The planner's answer to a matrix whose lower ends are given, at a time; and its answer to time alone."""
    choices, at = planner(graph)
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = graph.publisher(MutualInformationMatrix, "/infonet/channels", latched)

    def told(now, lower=None, camera="visual"):
        at(START + now)
        graph.until(lambda: choices)
        choices.clear()
        if lower is None:
            at(START + now + 1.0)  # lets the planner's timer run
        else:
            matrix = MutualInformationMatrix(names=["imu.vector.z", "wheels.vector.z", f"{camera}.vector.z"])
            matrix.header.stamp = Time(nanoseconds=round(START * 1e9)).to_msg()
            matrix.lower = [np.nan, *lower, *[np.nan] * 6]
            publisher.publish(matrix)
        return graph.until(lambda: choices and choices[-1]).data

    return told


def test_the_planner_holds_its_choice_until_another_is_better_by_the_margin(told):
    assert told(0.0, (0.50, 0.45)) == "wheels.vector.z"
    assert told(0.0, (0.45, 0.50)) == "wheels.vector.z"
    assert told(0.0, (0.45, 0.60)) == "visual.vector.z"
    assert told(0.0, (0.60, 0.55)) == "visual.vector.z"


def test_the_planner_trusts_no_old_news_and_says_so(told, capfd):
    assert told(5.0, (0.5, 0.4)) == "wheels.vector.z"
    assert told(20.0) == ""
    assert "no new matrix, so no choice" in capfd.readouterr().err  # once in ten seconds
    assert told(20.0, (0.5, 0.4)) == ""


def test_the_planner_names_a_candidate_that_the_matrix_lacks(told, capfd):
    assert told(0.0, (0.50, 0.60), camera="visuel") == "wheels.vector.z"
    expected = "the matrix has no visual.vector.z, but imu.vector.z, wheels.vector.z, visuel.vector.z"
    assert expected in capfd.readouterr().err


def test_the_planner_leaves_the_slipping_wheels_and_the_blind_camera(graph):
    choices, at = planner(graph)
    node = graph.infonet(**SETTINGS)
    feed = Feed(
        graph,
        node,
        {
            "/imu": turning("imu", 0.05, np.inf),
            "/wheels": turning("wheels", 0.2, SLIPS_AFTER),
            "/visual": turning("visual", 0.6, BLIND_AFTER),
        },
    )
    for start, expected in ((0.0, "wheels.vector.z"), (SLIPS_AFTER, "visual.vector.z"), (BLIND_AFTER, "")):
        at(START + start)
        choices.clear()
        feed.run(start, 8.0 if start else 6.0)
        graph.until(lambda: choices and choices[-1].data == expected)  # noqa: B023
