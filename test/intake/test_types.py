"""Names of message types come from outside, and cannot be trusted."""

import importlib
import sys

import pytest

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.types import installed_definitions, message_class


@pytest.fixture
def packages(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for name in list(sys.modules):
        if name.startswith("robot_"):
            del sys.modules[name]


def package(folder, name, *, messages):
    init = folder / name / "__init__.py"
    init.parent.mkdir()
    init.write_text(f"{name} = 'was imported'\n")
    if messages:
        (init.parent / "msg").mkdir()
        (init.parent / "msg" / "__init__.py").write_text("class Leg:\n    pass\n")


def test_a_class_is_found_by_the_name_of_its_type(packages):
    package(packages, "robot_msgs", messages=True)

    assert message_class("robot_msgs/msg/Leg").__name__ == "Leg"
    assert message_class("robot_msgs/Leg") is message_class("robot_msgs/msg/Leg")


def test_only_packages_of_messages_are_imported(packages):
    package(packages, "robot_trap", messages=False)

    with pytest.raises(ConfigurationError, match="not known here"):
        message_class("robot_trap/msg/Leg")
    assert "robot_trap" not in sys.modules


def test_the_type_that_was_meant_is_named(tmp_path, monkeypatch):
    file = tmp_path / "share" / "robot_msgs" / "msg" / "LegAngles.msg"
    file.parent.mkdir(parents=True)
    file.write_text("float64 knee\n")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))

    with pytest.raises(ConfigurationError, match="did you mean 'robot_msgs/msg/LegAngles'"):
        installed_definitions("robot_msg/msg/LegAngle")


@pytest.mark.parametrize(
    "name",
    [
        *("", "Leg", "a/b/c/d", "robot_msgs/srv/Leg", "robot_msgs/msg/", "robot_msgs/msg/Arm", "robot_msgs/msg/Leg\n"),
        *("robot_msgs/msg/__name__", "../robot_msgs/msg/Leg", "robot_msgs.msg/msg/Leg", "antigravity/msg/Leg"),
    ],
)
def test_other_names_are_refused(packages, name):
    package(packages, "robot_msgs", messages=True)

    with pytest.raises(ConfigurationError, match="expected a type such as"):
        message_class(name)
    assert "antigravity" not in sys.modules
