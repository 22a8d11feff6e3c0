"""`pip install .`, and its result on a machine without ROS."""

import ast
import os
import subprocess
import sys
import zipfile
from importlib.metadata import PathDistribution, distribution
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
BOUND = 250  # seconds, on a busy machine
NEEDS_ROS = pytest.mark.skipif(find_spec("rclpy") is None, reason="needs ROS 2")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources because setuptools leaves its traces in them."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    names = ["infonet_ros", "msg", "setup.py", "pyproject.toml", "README.md", "LICENSE"]
    sources.mkdir()
    subprocess.run(["cp", "-rL", *names, str(sources)], cwd=ROOT, check=True)
    pytest.importorskip("setuptools", minversion="68", reason="a wheel is built by setuptools: pip install setuptools")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(sources)], check=True, timeout=BOUND, capture_output=True)
    (built,) = folder.glob("infonet_ros-*.whl")
    return built


def test_everything_is_installed(wheel):
    with zipfile.ZipFile(wheel) as archive:
        installed = set(archive.namelist())
    package = ROOT / "infonet_ros"
    needed = {str(path.relative_to(ROOT)) for path in (*package.rglob("*.py"), *package.glob("models/*"))}

    assert needed - installed == set()
    assert any(name.endswith("entry_points.txt") for name in installed)


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


def test_no_class_is_one_that_python_3_10_refuses():
    """It loads no NamedTuple with a second base, such as Generic; the type checker does not know that."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "infonet_ros").rglob("*.py")}
    nodes = [(path, node) for path, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    classes = [(f"{path}: {node.name}", list(map(ast.unparse, node.bases))) for path, node in nodes]
    tuples = [(name, bases) for name, bases in classes if "NamedTuple" in bases]

    assert tuples
    assert [name for name, bases in tuples if len(bases) > 1] == []


def needed(requirements):
    """Names of the distributions that pip would install for these requirements."""
    found, waiting = set(), list(requirements)
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found.add(requirement.name)
            waiting += distribution(requirement.name).requires or []
    return found


@pytest.fixture(scope="module")
def infonet_installed(wheel, tmp_path_factory):
    """`infonet` in an environment with the wheel and its requirements, linked from the environment of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=BOUND)
    (site,) = folder.glob("lib/python*/site-packages")
    asked = PathDistribution(zipfile.Path(wheel, f"infonet_ros-{wheel.name.split('-')[1]}.dist-info/")).requires
    for name in needed(asked):
        tops = {file.parts[0] for file in distribution(name).files} - {"..", "__pycache__"}
        for top in tops - {path.name for path in site.iterdir()}:
            (site / top).symlink_to(distribution(name).locate_file(top))
    without = ("PYTHONPATH", "AMENT_PREFIX_PATH", "ROS_DISTRO")
    environment = {name: value for name, value in os.environ.items() if name not in without}
    environment["MPLCONFIGDIR"] = "/dev/null/cache"  # as with a home that is read-only
    command = [sys.executable, "-m", "pip", "--python", str(folder), "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*command, str(wheel)], env=environment, check=True, timeout=BOUND, capture_output=True)

    def run(*arguments):
        return subprocess.run(
            [folder / "bin" / "infonet", *arguments],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=BOUND, check=False,
        )  # fmt: skip

    return run


def test_in_an_environment_with_nothing_else_a_table_is_analysed(infonet_installed, tmp_path, rng):
    x, noise = rng.normal(size=(2, 600))
    np.savetxt(
        tmp_path / "run.csv", np.column_stack([np.arange(600) / 10, x, x + noise]), delimiter=",", header="t,x,y"
    )
    done = infonet_installed("csv", tmp_path / "run.csv", "--out", tmp_path / "out", "--quiet")

    assert (done.returncode, done.stderr) == (0, "")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.html", "infonet.csv", "infonet.parquet", "heatmap.png", "matrices", "params.yaml"} <= names


def test_in_an_environment_with_nothing_else_commands_say_what_they_need(infonet_installed, tmp_path):
    for command, package in ((("monitor",), "rclpy of ROS 2"), (("fleet", tmp_path, "--out", tmp_path), "distributed")):
        done = infonet_installed(*command)
        assert done.returncode == 1
        assert f"needs {package}" in done.stderr
        assert "Traceback" not in done.stderr


def run_program(program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=BOUND, check=False)


@pytest.mark.parametrize("module", ["typer", "torch", "yaml", "rosbags"])
def test_a_missing_package_is_one_sentence(module, tmp_path):
    (tmp_path / "log.csv").write_text("time,x\n0,1\n")
    program = f"import sys; sys.modules[{module!r}] = None; from infonet_ros.__main__ import main; main()"
    done = run_program(program, "csv", str(tmp_path / "log.csv"))
    package = {"yaml": "pyyaml"}.get(module, module)

    said = f"infonet: infonet needs {package}, which is not installed: run `pip install {package}`.\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.mark.parametrize(
    ("run", "feature"),
    [
        (["infonet_ros", "csv", "log.csv"], "infonet: infonet"),
        pytest.param(["infonet_ros.node"], "infonet_node: The node", marks=NEEDS_ROS),
    ],
)
def test_a_package_that_cannot_be_loaded_is_one_sentence(run, feature, tmp_path):
    """As torch without the libraries of CUDA, or rclpy of another Python."""
    (tmp_path / "log.csv").write_text("time,x\n0,1\n")
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("def load():\n    raise OSError('libcuda.so:\\nno file')\nload()\n")
    paths = f"{tmp_path}:{ROOT}:{os.environ.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [sys.executable, "-m", *run], cwd=tmp_path, env=os.environ | {"PYTHONPATH": paths},
        capture_output=True, text=True, timeout=BOUND, check=False,
    )  # fmt: skip

    reason = f"cannot be loaded (libcuda.so: no file): install it again for {sys.executable}"
    assert (done.returncode, done.stderr) == (1, f"{feature} needs torch, which {reason}.\n")


def test_a_missing_package_of_the_library_is_one_sentence():
    program = "import sys, infonet_ros; sys.modules['torch'] = None; infonet_ros.InfoNet"
    done = run_program(program)

    said = "infonet_ros.InfoNet needs torch, which is not installed: run `pip install torch`."
    assert done.stderr.splitlines()[-1] == f"infonet_ros.errors.MissingDependencyError: {said}"


def test_no_dependency_of_the_package_needs_pip():
    """ROS builds no Debian packages of what depends on pip."""
    package = (ROOT / "package.xml").read_text(encoding="utf-8")
    assert "-pip</" not in package


def test_the_versions_agree():
    import re

    import infonet_ros

    package = (ROOT / "package.xml").read_text(encoding="utf-8")
    assert re.search("<version>(.+)</version>", package)[1] == infonet_ros.__version__


def test_every_public_name_is_there():
    import infonet_ros

    assert [name for name in infonet_ros.__all__ if not hasattr(infonet_ros, name)] == []
    assert dir(infonet_ros) == infonet_ros.__all__
