"""The executable as a process: how it starts, and how it ends."""

import os
import signal
import subprocess
import sys

import pytest
from robot_graph import Diagnosis, Graph
from test_infonet_node import PAIR

BOUND = 60.0  # seconds until a process must have come so far


@pytest.fixture
def launch(graph):
    processes = []

    def launch(*arguments):
        environment = {**os.environ, "ROS_DOMAIN_ID": str(graph.domain), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "infonet_ros.node.infonet_node", "--ros-args", *arguments]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield launch
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=BOUND)


def arguments(**changes):
    return [part for name, given in {**PAIR, **changes}.items() for part in ("-p", f"{name}:={given}")]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_it_ends_at_once_and_with_code_zero(graph: Graph, launch, name):
    process = launch(*arguments())
    Diagnosis(graph).until("infonet: estimator", lambda status: "full" in status.message, timeout=BOUND)
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=BOUND)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_a_value_that_cannot_be_is_one_line_and_code_one(launch):
    process = launch(*arguments(hop=-1.0))
    _, errors = process.communicate(timeout=BOUND)
    assert process.returncode == 1
    assert errors.splitlines()[-1] == "infonet_node: hop must lie between 0.01 and 86400.0 s, got -1.0 s."
    assert "Traceback" not in errors
