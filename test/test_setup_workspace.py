import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "setup_workspace.py"


@pytest.fixture
def setup(tmp_path, monkeypatch):
    """The script as a module, in an empty folder."""
    spec = importlib.util.spec_from_file_location("setup_workspace", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PLACE", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "BUILD_LOG", tmp_path / "log" / "setup.log")
    return module


def path_with(folder, *programs):
    folder.mkdir()
    for program in programs:
        (folder / program).symlink_to(shutil.which("true"))
    return str(folder)


@pytest.mark.parametrize(
    ("programs", "complaint"),
    [
        ((), "no C++ compiler was found"),
        (("g++",), "CMake was not found"),
        (("g++", "cmake"), "neither make nor ninja was found"),
    ],
)
def test_missing_programs_are_named_in_one_sentence(tmp_path, programs, complaint):
    environment = {**os.environ, "PATH": path_with(tmp_path / "bin", *programs)}
    ended = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, timeout=120, check=False
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"setup: {complaint}")
    assert len(ended.stderr.splitlines()) == 1


def test_imports_of_each_start_are_stored_compiled_although_the_environment_forbids_it(setup, monkeypatch, tmp_path):
    (tmp_path / "sensor.py").write_text("rate = 50")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(setup, "NEEDED_MODULES", "sensor")
    setup.compile_imports(Path(sys.executable))

    assert list((tmp_path / "__pycache__").glob("sensor.*.pyc"))


def test_an_installation_that_does_not_work_is_one_sentence(setup, monkeypatch):
    monkeypatch.setattr(setup, "NEEDED_MODULES", "json no_such_module")

    with pytest.raises(setup.SetupError, match=r"cannot be imported; (.|\n)*No module named 'no_such_module'"):
        setup.compile_imports(Path(sys.executable))


def test_the_abilities_of_another_processor_are_recognised(setup, monkeypatch):
    monkeypatch.setattr(setup.platform, "machine", lambda: "aarch64")

    with pytest.raises(setup.SetupError, match=r"Linux on aarch64.*pip install \."):
        setup.make_environment()


def test_an_unsuitable_python_is_named(setup, monkeypatch):
    monkeypatch.setattr(setup.sys, "version_info", (3, 9, 0, "final", 0))

    with pytest.raises(setup.SetupError, match=r"is Python 3\.9, but 3\.10 to 3.14 is needed"):
        setup.check_machine()


def test_a_sourced_ros_without_the_libraries_says_which_are_missing(setup, monkeypatch):
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    monkeypatch.setattr(setup, "can_import", lambda module: module not in ("torch", "safetensors"))

    with pytest.raises(setup.SetupError, match=r"ROS 2 jazzy is sourced, but .* lacks safetensors, torch: run `rosdep"):
        setup.ros_is_sourced()


def test_without_a_sourced_ros_the_bare_way_is_taken(setup, monkeypatch):
    monkeypatch.delenv("ROS_DISTRO", raising=False)

    assert setup.ros_is_sourced() is False


def test_paths_of_the_wheels_builder_become_those_of_this_machine(setup, tmp_path):
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    builder = f"/opt/python/cp{version.replace('.', '')}-cp{version.replace('.', '')}"
    exported = tmp_path / ".venv" / "share" / "some_msgs" / "cmake" / "export.cmake"
    exported.parent.mkdir(parents=True)
    exported.write_text(
        f'INCLUDES "{builder}/include/python{version};{builder}/lib/python{version}/site-packages/numpy/_core/include"'
    )

    setup.correct_cmake_paths(Path(sys.executable))

    assert builder not in exported.read_text()
    python_include, numpy_include = exported.read_text().split('"')[1].split(";")
    assert (Path(python_include) / "Python.h").exists()
    assert (Path(numpy_include) / "numpy" / "arrayobject.h").exists()


def test_a_step_is_done_only_with_the_same_inputs(setup, tmp_path):
    source, stamp = tmp_path / "CMakeLists.txt", tmp_path / "stamp"
    source.write_text("one")
    first = setup.digest([source], "python")
    stamp.write_text(first)

    assert setup.is_done(stamp, setup.digest([source], "python"))
    assert not setup.is_done(stamp, setup.digest([source], "another python"))
    source.write_text("two")
    assert not setup.is_done(stamp, setup.digest([source], "python"))
    assert not setup.is_done(tmp_path / "missing", first)


def test_a_new_file_of_the_package_needs_a_new_link(setup, tmp_path):
    (tmp_path / "infonet_ros" / "__pycache__").mkdir(parents=True)
    before = setup.linked_names()
    (tmp_path / "infonet_ros" / "__pycache__" / "a.pyc").write_text("")
    assert setup.linked_names() == before
    (tmp_path / "infonet_ros" / "a.py").write_text("")
    assert setup.linked_names() == ["infonet_ros/a.py"]


def test_a_failing_command_shows_the_end_of_its_log(setup):
    with pytest.raises(setup.SetupError, match=r"it failed; the log is .*setup\.log, and ends\nwhy it failed"):
        setup.run([sys.executable, "-c", "print('why it failed'); raise SystemExit(3)"], "it failed")


def test_an_environment_half_made_is_not_taken_for_whole(setup, tmp_path):
    (tmp_path / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python").chmod(0o755)

    assert not setup.same_version(tmp_path / "python")


def test_the_activated_shell_finds_the_packages_of_the_environment_once(setup, tmp_path):
    activate = tmp_path / "activate"
    activate.write_text("VIRTUAL_ENV=/the/environment\n")
    setup.name_prefix(activate)
    setup.name_prefix(activate)
    command = f". {activate} && echo $AMENT_PREFIX_PATH $CMAKE_PREFIX_PATH"
    environment = {"AMENT_PREFIX_PATH": "/an/overlay"}
    shown = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)

    assert shown.stdout == "/the/environment:/an/overlay /the/environment\n"
