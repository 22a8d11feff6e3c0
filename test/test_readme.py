"""Every command of README.md runs as it is written there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
BOUND = 250  # seconds, on a busy machine

needs_ros = pytest.mark.skipif(find_spec("rclpy") is None, reason="needs ROS 2")


def blocks(language):
    return [text for kind, text in BLOCKS if kind == language]


def commands(language):
    return [line for text in blocks(language) for line in text.splitlines() if line and not line.startswith("#")]


def ros_commands(start):
    found = [command.split() for command in commands("sh") if command.startswith(start)]
    assert found
    return found


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "120"}


def run(command, **options):
    return subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=BOUND, check=False, **options
    )


def test_every_block_is_of_a_kind_that_is_tested_here():
    assert {language for language, _ in BLOCKS} == {"bash", "sh", "python", "bibtex"}


@pytest.mark.parametrize("command", [command for command in commands("bash") if command.startswith("make")])
def test_targets_of_make_exist(command):
    ended = run([*command.split(), "--dry-run"])

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout


@pytest.mark.skipif(not (ROOT / ".venv").exists(), reason="needs the .venv of a bare machine")
def test_the_shell_with_everything_in_it(tmp_path):
    (activate,) = [command for command in commands("bash") if command.startswith(".")]
    importing = "python -c 'from infonet_ros.msg import MutualInformationMatrix'"
    shell = f"{activate} && command -v infonet && {importing} && cd {tmp_path} && {importing}"
    bare = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    ended = subprocess.run(
        ["bash", "-c", shell], cwd=ROOT, env=bare, capture_output=True, text=True, timeout=BOUND, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip().endswith("bin/infonet")


def test_the_library_example_finds_the_delay():
    (example,) = blocks("python")
    ended = run([sys.executable, "-c", example])

    assert ended.returncode == 0, ended.stderr
    assert "delay: 5 samples" in ended.stdout
    assert float(re.match(r"(\d\.\d+) nats", ended.stdout)[1]) > 0.3


def test_the_analysis_of_a_bag(tmp_path):
    (command,) = [command for command in commands("bash") if command.startswith("infonet bag")]
    *command, option, out = command.split()
    assert (option, out) == ("--out", "demo_output/husky")
    ended = run([sys.executable, "-m", "infonet_ros", *command[1:], option, str(tmp_path)])

    assert ended.returncode == 0, ended.stderr
    assert {"report.html", "params.yaml"} <= {path.name for path in tmp_path.iterdir()}


@needs_ros
def test_three_terminals(ros_domain):
    (text,) = [text for text in blocks("bash") if "terminal 3" in text]
    node, player, monitor = [line for line in text.splitlines() if not line.startswith("#")]
    background = [start(command) for command in (node, player)]
    try:
        for _ in range(3):  # it waits a minute, which a busy machine may take to start the node
            ended = run(["timeout", "--signal=INT", "70", "bash", "-c", f"{monitor} | sed /odom.twist/q"])
            if "odom.twist" in ended.stdout:
                break
    finally:
        for process in background:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(BOUND)

    assert "imu.angular_velocity.y" in ended.stdout, ended.stderr
    assert "odom.twist" in ended.stdout


def start(command):
    return subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


@needs_ros
@pytest.mark.parametrize("command", ros_commands("ros2 launch"), ids=lambda words: words[3])
def test_launch_files_and_their_arguments_exist(command):
    _, _, package, launch_file, *arguments = command
    text = (ROOT / "launch" / launch_file).read_text(encoding="utf-8")

    assert package == "infonet_ros"
    assert [name for name, _, _ in (a.partition(":=") for a in arguments) if f'"{name}"' not in text] == []
    if shutil.which("ros2"):
        assert run(["ros2", "launch", package, launch_file, "--show-args"]).returncode == 0


@needs_ros
def test_the_executable_is_where_ros2_run_looks_for_it():
    from ament_index_python.packages import get_package_prefix

    ((_, _, package, executable, *_),) = ros_commands("ros2 run")

    assert os.access(Path(get_package_prefix(package)) / "lib" / package / executable, os.X_OK)
