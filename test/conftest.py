"""Fixtures that several folders share.

Property-based tests take the same examples each time; ``pytest --hypothesis-profile explore`` looks for new ones.
"""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from ros_domains import free_domain

# One thread of torch, which is loaded later, also where `make test` does not say so: some tests count what waits for
# each thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts the tests in its background lets them ignore Ctrl-C, and nohup the end of the terminal. All
# programs that they start would ignore them, too. A handler of Python is not handed on to programs.
signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda number, frame: None)

BUSY = [HealthCheck.too_slow]  # depends on the machine, not on the test

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=60, database=None, suppress_health_check=BUSY
)
settings.register_profile("explore", deadline=None, max_examples=5000, suppress_health_check=BUSY)
settings.load_profile("repeatable")


@pytest.fixture
def ros_domain(monkeypatch):
    """A ROS domain of the test's own, also for the processes that it starts."""
    with free_domain() as domain:
        monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        yield domain


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def net():
    from infonet_ros import InfoNet

    return InfoNet.from_pretrained(device="cpu")


@pytest.fixture(scope="session")
def store():
    return _with_custom_type("ROS2_JAZZY")


@pytest.fixture(scope="session")
def ros1_store():
    return _with_custom_type("ROS1_NOETIC")


def _with_custom_type(name):
    from recordings import CUSTOM, CUSTOM_DEFINITION
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores[name])
    store.register(get_types_from_msg(CUSTOM_DEFINITION, CUSTOM))
    return store


@pytest.fixture(scope="session")
def small_bag(tmp_path_factory, store):
    """A minute of /leg (custom type, 20 Hz) and /speed, in mcap."""
    from recordings import leg_and_speed, write_ros2

    return write_ros2(tmp_path_factory.mktemp("bags") / "small", store, leg_and_speed(store))


@pytest.fixture
def make_matrix():
    from matrices import dependence_matrix

    return dependence_matrix


@pytest.fixture
def infonet(tmp_path, monkeypatch, capfd):
    """The command line, run in an empty folder and in this process, where torch is loaded already."""
    from infonet_ros import cli

    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        command = ["infonet", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return subprocess.CompletedProcess(command, ended.value.code, *capfd.readouterr())

    return run
