"""The launch files are imported and executed by launch itself, where it is installed."""

import asyncio
from pathlib import Path

import pytest
import yaml

REASON = "launch and launch_ros are not installed: on Debian, apt install ros-$ROS_DISTRO-launch-ros"
launch = pytest.importorskip("launch", reason=REASON)
pytest.importorskip("launch_ros", reason=REASON)
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    LogInfo,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events import Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import LifecycleNode, Node

LAUNCH = Path(__file__).parents[2] / "launch"
FILES = ["infonet.launch.py", "replay.launch.py"]
PARAMETERS = """
/**/infonet:
  ros__parameters:
    modalities: [gyro]
    gyro:
      topic: imu
      type: sensor_msgs/msg/Imu
      channels: [angular_velocity.x, angular_velocity.y]
    device: cpu
"""


def description(name):
    return PythonLaunchDescriptionSource(str(LAUNCH / name)).get_launch_description(launch.LaunchContext())


def entities(name, *, inside=False, **arguments):
    """All actions of a launch file with these arguments; ``inside``: also of those that it includes. None is run."""
    context = launch.LaunchContext()
    context.launch_configurations.update(arguments)
    found = []

    def visit(entity):
        found.append(entity)
        if not isinstance(entity, ExecuteProcess) and (inside or not isinstance(entity, IncludeLaunchDescription)):
            for each in entity.visit(context) or []:
                visit(each)

    visit(description(name))
    return context, found


def words(context, substitutions):
    return launch.utilities.perform_substitutions(context, substitutions)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("infonet.launch.py", {"params_file", "namespace", "use_sim_time", "device", "rviz", "log_level", "autostart"}),
        (
            "replay.launch.py",
            {"bag", "rate", "loop", "rviz", "params_file", "namespace", "device", "log_level", "use_sim_time"},
        ),
    ],
)
def test_every_argument_is_explained(name, expected):
    arguments = description(name).get_launch_arguments()
    own = {argument.name: argument for argument in arguments}
    assert expected <= set(own)
    for argument in own.values():
        assert isinstance(argument, DeclareLaunchArgument)
        assert argument.description not in ("", "no description given")


def install(monkeypatch, *packages):
    """Let the index of packages know these, and no others."""
    monkeypatch.setattr("ament_index_python.packages.get_packages_with_prefixes", lambda: dict.fromkeys(packages, ""))


def parameters(node):
    """Values of the parameters that a launch file gives a node itself."""
    overrides = (part for part in node._Node__parameters if isinstance(part, dict))
    given = {words(launch.LaunchContext(), name): value for part in overrides for name, value in part.items()}
    of_text = launch.utilities.normalize_to_list_of_substitutions
    return {
        name: yaml.safe_load(words(launch.LaunchContext(), of_text(value))) if isinstance(value, tuple) else value
        for name, value in given.items()
    }


@pytest.mark.parametrize("rviz", ["true", "false"])
def test_rviz_starts_when_asked_for(rviz, monkeypatch):
    install(monkeypatch, "infonet_ros", "rviz2")
    context, found = entities("infonet.launch.py", namespace="robot1", rviz=rviz)
    nodes = [entity for entity in found if isinstance(entity, Node)]
    assert sum(isinstance(node, LifecycleNode) for node in nodes) == 1
    (viewer,) = [node for node in nodes if not isinstance(node, LifecycleNode)]
    assert viewer.condition.evaluate(context) == (rviz == "true")
    option, layout = (words(context, part) for part in viewer.cmd[1:3])  # the first word is where rviz2 is installed
    assert option == "-d"
    assert layout.endswith("config/infonet.rviz")


@pytest.mark.parametrize("rviz", ["true", "false"])
def test_the_node_starts_also_where_rviz_is_not_installed(rviz, monkeypatch):
    install(monkeypatch, "infonet_ros")
    context, found = entities("infonet.launch.py", rviz=rviz)
    assert [type(entity) for entity in found if isinstance(entity, Node)] == [LifecycleNode]
    (said,) = [entity for entity in found if isinstance(entity, LogInfo)]
    assert "apt install ros-$ROS_DISTRO-rviz2" in words(context, said.msg)
    assert said.condition.evaluate(context) == (rviz == "true")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {}),
        ({"use_sim_time": "true"}, {"use_sim_time": True}),
        ({"use_sim_time": "false", "autostart": "false", "device": "cpu"}, {"use_sim_time": False, "autostart": False}),
    ],
)
def test_only_what_is_given_goes_before_the_parameter_file(arguments, expected):
    _, found = entities("infonet.launch.py", **arguments)
    (node,) = [entity for entity in found if isinstance(entity, LifecycleNode)]
    overrides = [part for part in node._Node__parameters if isinstance(part, dict)]
    given = {words(launch.LaunchContext(), name): value for part in overrides for name, value in part.items()}
    assert {name: value for name, value in given.items() if name != "device"} == expected
    assert ("device" in given) == ("device" in arguments)


def test_nodes_that_take_turns_publish_on_the_topics_of_one():
    context, found = entities("infonet.launch.py", namespace="robot1", shares="2", share="1")
    (node,) = [entity for entity in found if isinstance(entity, LifecycleNode)]
    remappings = [[words(context, part) for part in rule] for rule in node._Node__remappings]
    for topic in ("channels", "transfer", "image", "evidence"):
        assert [f"~/{topic}", f"/robot1/infonet/{topic}"] in remappings
    namespace = launch.utilities.normalize_to_list_of_substitutions(node._Node__node_namespace)
    assert words(context, namespace) == "/robot1/share_1"


def test_the_node_is_asked_about_a_share_that_is_no_number():
    """It says what it expects, where an exception of the launch file names no argument."""
    _, found = entities("infonet.launch.py", shares="2", share="-1")
    (node,) = [entity for entity in found if isinstance(entity, LifecycleNode)]
    overrides = [part for part in node._Node__parameters if isinstance(part, dict)]
    given = {words(launch.LaunchContext(), name): value for part in overrides for name, value in part.items()}
    assert given["shares"] == 2
    share = words(launch.LaunchContext(), launch.utilities.normalize_to_list_of_substitutions(given["share"]))
    assert yaml.safe_load(share) == "-1"


@pytest.mark.parametrize(
    ("installed", "loop", "present", "begin"),
    [
        ("ros2bag", "true", True, ["ros2", "bag", "play", "/data/run 1"]),
        ("rviz2", "false", False, ["infonet", "play", "/data/run 1"]),
    ],
)
def test_the_player_drives_the_clock(monkeypatch, installed, loop, present, begin):
    monkeypatch.setattr("ament_index_python.packages.get_packages_with_prefixes", lambda: {installed: "/usr"})
    context, found = entities("replay.launch.py", bag="/data/run 1", rate="2.5", loop=loop)
    (player,) = [entity for entity in found if isinstance(entity, ExecuteProcess)]
    command = [words(context, part) for part in player.cmd]
    assert command[: len(begin)] == begin
    assert ("--disable-keyboard-controls" in command) == (begin[0] == "ros2")  # the other player reads no keys
    assert "--clock" in command
    assert command[command.index("--rate") + 1] == "2.5"
    assert ("--loop" in command) == present


def test_the_replay_hands_its_arguments_on_to_the_node():
    """An argument that it did not hand on would be listed by `--show-args`, and have no effect."""
    given = {"params_file": "mine.yaml", "namespace": "robot1", "device": "cpu", "use_sim_time": "false"}
    context, found = entities("replay.launch.py", inside=True, **given, rviz="false", log_level="warn")
    (node,) = [entity for entity in found if isinstance(entity, LifecycleNode)]
    assert parameters(node) == {"device": "cpu", "use_sim_time": False}
    assert words(context, node._Node__parameters[0].param_file) == "mine.yaml"
    assert [context.launch_configurations[name] for name in ("namespace", "rviz", "log_level")] == [
        "robot1",
        "false",
        "warn",
    ]


def test_the_replay_has_other_defaults_than_the_node():
    context, found = entities("replay.launch.py", inside=True)
    (node,) = [entity for entity in found if isinstance(entity, LifecycleNode)]
    assert parameters(node) == {"use_sim_time": True}
    assert words(context, node._Node__parameters[0].param_file).endswith("config/husky.yaml")
    assert context.launch_configurations["rviz"] == "true"


def test_the_node_starts_becomes_active_and_ends_with_the_launch(tmp_path, monkeypatch, ros_domain):
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path))
    (tmp_path / "robot.yaml").write_text(PARAMETERS)
    output, exits = [], []
    service = launch.LaunchService(argv=[])

    def on_output(event):
        output.append(event.text.decode())
        return launch.actions.EmitEvent(event=Shutdown()) if "channels, weights" in output[-1] else None

    arguments = {"params_file": str(tmp_path / "robot.yaml"), "namespace": "robot1", "log_level": "debug"}
    source = PythonLaunchDescriptionSource(str(LAUNCH / "infonet.launch.py"))
    service.include_launch_description(
        launch.LaunchDescription(
            [
                RegisterEventHandler(OnProcessIO(on_stdout=on_output, on_stderr=on_output)),
                RegisterEventHandler(OnProcessExit(on_exit=lambda event, _: exits.append(event.returncode))),
                IncludeLaunchDescription(source, launch_arguments=arguments.items()),
            ]
        )
    )
    loop = asyncio.new_event_loop()
    loop.run_until_complete(asyncio.wait_for(service.run_async(), timeout=180.0))
    loop.close()
    assert "2 channels, weights" in "".join(output)
    assert "robot1.infonet" in "".join(output)
    assert exits == [0]
