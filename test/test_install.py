"""`pip install .`, and what it leaves out on a machine without ROS."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOUND = 100  # seconds


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources because setuptools leaves its traces in them."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    names = ["infonet_ros", "msg", "setup.py", "pyproject.toml", "README.md", "LICENSE"]
    sources.mkdir()
    subprocess.run(["cp", "-rL", *names, str(sources)], cwd=ROOT, check=True)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(sources)], check=True, timeout=BOUND, capture_output=True)
    (built,) = folder.glob("infonet_ros-*.whl")
    return built


@pytest.mark.timeout(BOUND)
def test_everything_is_installed(wheel):
    with zipfile.ZipFile(wheel) as archive:
        installed = set(archive.namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "infonet_ros").rglob("*.py")}

    assert modules - installed == set()
    assert {"infonet_ros/models/infonet.safetensors", "infonet_ros/models/infonet.json"} <= installed
    assert any(name.endswith("entry_points.txt") for name in installed)


@pytest.mark.timeout(BOUND)
def test_the_library_and_its_help_work_without_ros(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = """
import sys
class NoRos:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("rclpy", "ament_index_python", "builtin_interfaces", "std_msgs", "sensor_msgs"):
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, NoRos())
import infonet_ros, infonet_ros.cli, infonet_ros.estimator, infonet_ros.intake, infonet_ros.offline
assert infonet_ros.__file__.startswith(sys.argv[1]), infonet_ros.__file__
assert not {"torch", "rclpy"} & set(sys.modules), "torch or rclpy was imported"
net = infonet_ros.InfoNet.from_pretrained(device="cpu")
import numpy as np
x = np.random.default_rng(0).normal(size=1000)
assert net.estimate(x, -x).mi > 1
assert "rclpy" not in sys.modules
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=BOUND, check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr


def test_the_versions_agree():
    import re

    import infonet_ros

    package = (ROOT / "package.xml").read_text(encoding="utf-8")
    assert re.search("<version>(.+)</version>", package)[1] == infonet_ros.__version__


def test_every_public_name_is_there():
    import infonet_ros

    assert [name for name in infonet_ros.__all__ if not hasattr(infonet_ros, name)] == []
    assert dir(infonet_ros) == infonet_ros.__all__
