"""Start the node: ros2 launch infonet_ros infonet.launch.py params_file:=my_robot.yaml rviz:=true."""

from ament_index_python.packages import get_packages_with_prefixes
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.substitutions import FindPackageShare

CONFIG = PathJoinSubstitution([FindPackageShare("infonet_ros"), "config"])
RVIZ_TOPICS = ("image", "markers")
OUTPUTS = ("channels", "modalities", "transfer", "image", "markers", "alerts", "evidence")
ARGUMENTS = [
    DeclareLaunchArgument(
        "params_file",
        default_value=PathJoinSubstitution([CONFIG, "infonet.yaml"]),
        description="Parameter file: topics, channels and settings. "
        "The default explains every parameter; `infonet bag` writes one for a recording.",
    ),
    DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node and its topics."),
    DeclareLaunchArgument(
        "use_sim_time",
        default_value="",
        choices=["", "true", "false"],
        description="Use the time of /clock: for simulators, and for `ros2 bag play --clock`. "
        "Empty: the value of the parameter file.",
    ),
    DeclareLaunchArgument(
        "device",
        default_value="",
        description="Device of the network: auto, cpu, cuda or cuda:<index>. Empty: as in the parameter file.",
    ),
    DeclareLaunchArgument(
        "autostart",
        default_value="",
        choices=["", "true", "false"],
        description="Configure and activate the node at once; otherwise by `ros2 lifecycle set`. "
        "Empty: the value of the parameter file.",
    ),
    DeclareLaunchArgument(
        "shares",
        default_value="1",
        description="Number of nodes that take turns with the windows; start each one by its own launch.",
    ),
    DeclareLaunchArgument("share", default_value="0", description="Number of this node among them, from 0."),
    DeclareLaunchArgument(
        "rviz",
        default_value="false",
        choices=["true", "false"],
        description="Also start rviz2, with the heat map, the graph of modalities and tf.",
    ),
    DeclareLaunchArgument(
        "log_level",
        default_value="info",
        choices=["debug", "info", "warn", "error", "fatal"],
        description="Lowest severity of log messages.",
    ),
]


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=nodes)])


def nodes(context: LaunchContext) -> list[Node | LogInfo]:
    """Make the node and rviz2; an empty argument keeps the value of the parameter file."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ("use_sim_time", "autostart", "device")}
    given = {name: text if name == "device" else text == "true" for name, text in value.items() if text}
    clock = {name: flag for name, flag in given.items() if name == "use_sim_time"}
    return [infonet_node(context, given), rviz_node(clock) if "rviz2" in get_packages_with_prefixes() else no_rviz()]


def infonet_node(context: LaunchContext, given: dict[str, bool | str]) -> LifecycleNode:
    """Make the node, with parameters that override those of the file."""
    overrides: dict[str, bool | int | str] = {**given}
    namespace, remappings = _place(context, overrides)
    return LifecycleNode(
        package="infonet_ros",
        executable="infonet_node",
        name="infonet",
        namespace=namespace,
        remappings=remappings,
        parameters=[LaunchConfiguration("params_file"), *([overrides] if overrides else [])],
        arguments=["--ros-args", "--log-level", ["infonet:=", LaunchConfiguration("log_level")]],
        output="screen",
        emulate_tty=True,
    )


def _place(context: LaunchContext, overrides: dict[str, bool | int | str]) -> tuple[str, list[tuple[str, str]]]:
    """Give each of the nodes that take turns a namespace, and map their topics to those of a single node."""
    namespace, share, shares = (LaunchConfiguration(name).perform(context) for name in ("namespace", "share", "shares"))
    if shares == "1":
        return namespace, []
    for name, text in (("share", share), ("shares", shares)):
        overrides[name] = int(text) if text.isdecimal() else text  # the node refuses a text, and says what it expects
    robot = f"/{namespace.strip('/')}".rstrip("/")
    return f"{robot}/share_{share}", [(f"~/{name}", f"{robot}/infonet/{name}") for name in OUTPUTS]


def no_rviz() -> LogInfo:
    """Say that rviz2 is missing: launch would end with an exception, and leave the node running."""
    return LogInfo(
        msg="rviz2 is not installed, and the node runs without it: apt install ros-$ROS_DISTRO-rviz2",
        condition=IfCondition(LaunchConfiguration("rviz")),
    )


def rviz_node(parameters: dict[str, bool | str]) -> Node:
    """Make rviz2, with the topics in the namespace of the node."""
    namespace = LaunchConfiguration("namespace")
    return Node(
        package="rviz2",
        executable="rviz2",
        name="infonet_rviz",
        namespace=namespace,
        arguments=["-d", PathJoinSubstitution([CONFIG, "infonet.rviz"])],
        # A relative name on the right is resolved in the namespace of rviz.
        remappings=[(f"/infonet/{topic}", f"infonet/{topic}") for topic in RVIZ_TOPICS],
        parameters=[parameters] if parameters else [],
        condition=IfCondition(LaunchConfiguration("rviz")),
        output="log",
    )
