"""The planner of the documentation, beside the real node, on real middleware."""

import importlib.util
from pathlib import Path

import numpy as np
from rclpy.qos import DurabilityPolicy, QoSProfile
from robot_graph import START, Feed, parameters, stamped
from std_msgs.msg import String

EXAMPLE = Path(__file__).parents[2] / "examples" / "planner" / "choose_odometry.py"
SETTINGS = {
    "modalities": ["imu", "wheels", "visual"],
    **{f"{name}.topic": f"/{name}" for name in ("imu", "wheels", "visual")},
    **{f"{name}.channels": ["vector.z"] for name in ("imu", "wheels", "visual")},
    "window": 4.0,
    "hop": 1.0,
}
SLIPS_AFTER, BLIND_AFTER = 6.0, 14.0


def noise(seconds, channel):
    return np.random.default_rng([round(seconds * 1e6), channel]).normal()


def turning(name, error, until):
    """A sensor that measures the yaw rate with an error, and nothing any more after so many seconds."""
    channel = {"imu": 1, "wheels": 2, "visual": 3}[name]
    return lambda t: stamped(t, z=(noise(t, 0) if t < START + until else 0.0) + error * noise(t, channel))


def load_example():
    spec = importlib.util.spec_from_file_location("choose_odometry", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_planner_leaves_the_slipping_wheels_and_the_blind_camera(graph):
    candidates = ["wheels.vector.z", "visual.vector.z"]
    overrides = parameters(reference="imu.vector.z", candidates=candidates)
    graph.add(load_example().OdometryChoice(context=graph.context, parameter_overrides=overrides))
    kept = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    choices = graph.listen(String, "/odometry_choice/choice", kept)
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
        choices.clear()
        feed.run(start, 8.0 if start else 6.0)
        graph.until(lambda: choices and choices[-1].data == expected)  # noqa: B023
