"""Two topics that share a signal, the parameters of a node that listens to them, and its matrices."""

import numpy as np
from robot_graph import Feed, stamped

from infonet_ros.msg import MutualInformationMatrix

PAIR = {
    "modalities": ["a", "b"],
    "a.topic": "/a",
    "a.channels": ["vector.x", "vector.y"],
    "b.topic": "/b",
    "b.channels": ["vector.x"],
    "window": 4.0,
    "hop": 1.0,
}


def noise(seconds, channel):
    """White noise that depends on the time only: a signal that two topics share."""
    return np.random.default_rng([round(seconds * 1e6), channel]).normal()


SIGNALS = {
    "/a": lambda t: stamped(t, noise(t, 0), noise(t, 1)),
    "/b": lambda t: stamped(t, noise(t, 0) + 0.3 * noise(t, 2)),
}


def square(message, field="mi"):
    return np.array(getattr(message, field)).reshape(len(message.names), -1)


def started(graph, **changes):
    matrices = graph.listen(MutualInformationMatrix, "/infonet/channels")
    node = graph.infonet(**{**PAIR, **changes})
    return node, matrices


def first_matrix(graph, signals=SIGNALS, **changes):
    """Start a node, and feed it until it has published a matrix: both."""
    node, matrices = started(graph, **changes)
    Feed(graph, node, signals).run(0.0, 6.5)
    return node, graph.until(lambda: matrices and matrices[-1])
