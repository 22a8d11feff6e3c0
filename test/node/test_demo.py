import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from infonet_ros.errors import InfonetError
from infonet_ros.node.tools.demo import Demonstration

BOUND = 280.0  # seconds, for a very busy machine; 30 s are usual


def run_demo(folder, *options, **variables):
    command = [sys.executable, "-m", "infonet_ros", "demo", "--folder", str(folder), *options]
    environment = {**os.environ, "COLUMNS": "120", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=BOUND, check=False)


def processes_with(variable, value):
    """Command lines of the processes that inherited an environment variable."""
    marked = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{variable}={value}".encode() in environment.read_bytes().split(b"\0"):
                marked.append(environment.with_name("cmdline").read_text())
        except OSError:  # it has just ended, or is another user's
            continue
    return marked


def test_the_demonstration_finds_that_odometry_follows_the_gyroscope(tmp_path):
    ended = run_demo(tmp_path / "out", "--rate", "30", INFONET_TEST=str(tmp_path))
    if slower := re.search(r"computed only \d+ of 178 windows at this speed: try --rate (.*)\.", ended.stdout):
        ended = run_demo(tmp_path / "out", "--rate", slower[1], INFONET_TEST=str(tmp_path))

    assert ended.returncode == 0, ended.stderr
    finding = re.search(r"Gyro y and odometry yaw rate depend on each other: (\d\.\d\d) nats .*", ended.stdout)
    assert finding, ended.stdout
    assert float(finding[1]) > 0.3
    behind = re.search(r"with the odometry yaw rate (\d\.\d) s behind", finding[0])
    assert behind and 0.2 <= float(behind[1]) <= 0.6
    assert (tmp_path / "out" / "husky.png").read_bytes().startswith(b"\x89PNG")
    assert processes_with("INFONET_TEST", tmp_path) == []


def test_a_node_that_fails_is_reported_in_one_line(tmp_path, monkeypatch):
    broken = Demonstration(Console(), tmp_path, rate=1.0)
    monkeypatch.setattr(broken, "_params", tmp_path / "missing.yaml")

    with pytest.raises(InfonetError, match="the node ended with status"):
        broken.run()


@pytest.mark.parametrize("folder", ["/proc/out", "/proc"])
def test_a_folder_that_cannot_be_written_is_reported_in_one_line(folder):
    ended = run_demo(folder)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"infonet: cannot write to the folder {folder} (")
    assert "Traceback" not in ended.stderr
