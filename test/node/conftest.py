import gc
import importlib.util

import pytest


@pytest.fixture(scope="session")
def frozen():
    """Leave what is loaded out of garbage collections: each takes milliseconds then, not a fifth of a second."""
    from infonet_ros.node import infonet_node  # noqa: F401 (torch)

    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_domain(ros_domain):
    """Each test of this folder has its own ROS domain."""
    yield
    gc.collect()  # a context that is not collected stays in the domain, which another test takes later


@pytest.fixture
def graph(frozen, ros_domain):
    from robot_graph import Graph

    graph = Graph()
    yield graph
    graph.close()


class WithoutRos(pytest.Module):
    """A test module that cannot even be imported, because what it tests is a ROS node."""

    def collect(self):
        pytest.skip("needs ROS 2 and the built messages", allow_module_level=True)


def pytest_pycollect_makemodule(module_path, parent):
    if importlib.util.find_spec("rclpy") is None or importlib.util.find_spec("infonet_ros.msg") is None:
        return WithoutRos.from_parent(parent, path=module_path)
    return None
