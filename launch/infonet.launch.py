"""Start the node: ros2 launch infonet_ros infonet.launch.py params_file:=my_robot.yaml rviz:=true."""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.substitutions import FindPackageShare

CONFIG = PathJoinSubstitution([FindPackageShare("infonet_ros"), "config"])
RVIZ_TOPICS = ("image", "markers")
OUTPUTS = ("channels", "modalities", "image", "markers", "alerts")


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(
            "params_file",
            default_value=PathJoinSubstitution([CONFIG, "infonet.yaml"]),
            description="Parameter file: which topics and channels, and how to estimate. "
            "The default explains every parameter; `infonet bag` writes one for a recording.",
        ),
        DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node and its topics."),
        DeclareLaunchArgument(
            "use_sim_time",
            default_value="",
            choices=["", "true", "false"],
            description="Take the time from /clock: for simulators, and for `ros2 bag play --clock`. "
            "Empty: as the parameter file says.",
        ),
        DeclareLaunchArgument(
            "device",
            default_value="",
            description="Where the network runs: auto, cpu, cuda or cuda:<index>. Empty: as the parameter file says.",
        ),
        DeclareLaunchArgument(
            "autostart",
            default_value="",
            choices=["", "true", "false"],
            description="Configure and activate the node at once; otherwise by `ros2 lifecycle set`. "
            "Empty: as the parameter file says.",
        ),
        DeclareLaunchArgument(
            "shares",
            default_value="1",
            description="Nodes that take turns at the windows, each started by a launch of its own on its computer.",
        ),
        DeclareLaunchArgument("share", default_value="0", description="Which of them this one is, from 0."),
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
            description="Least severity of the messages that the node logs.",
        ),
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=nodes)])


def nodes(context: LaunchContext) -> list[Node]:
    """Make the node, and rviz2; arguments that were left empty stay as the parameter file has them."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ("use_sim_time", "autostart", "device")}
    given = {name: text if name == "device" else text == "true" for name, text in value.items() if text}
    clock = {name: flag for name, flag in given.items() if name == "use_sim_time"}
    return [infonet_node(context, given), rviz_node(clock)]


def infonet_node(context: LaunchContext, given: dict[str, bool | str]) -> LifecycleNode:
    """Make the node, with parameters that go before those of the file."""
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
    """Give nodes that take turns a namespace each, and let them publish on the same topics, those of a single node."""
    namespace, share, shares = (LaunchConfiguration(name).perform(context) for name in ("namespace", "share", "shares"))
    if shares == "1":
        return namespace, []
    overrides |= {"share": int(share), "shares": int(shares)}
    robot = f"/{namespace.strip('/')}".rstrip("/")
    return f"{robot}/share_{share}", [(f"~/{name}", f"{robot}/infonet/{name}") for name in OUTPUTS]


def rviz_node(parameters: dict[str, bool | str]) -> Node:
    """Make rviz2; its displays follow the node into its namespace."""
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
