"""Replay a recording into the node: ros2 launch infonet_ros replay.launch.py bag:=my_bag params_file:=my_robot.yaml."""

from ament_index_python.packages import get_packages_with_prefixes
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare("infonet_ros")
# Arguments of infonet.launch.py with another default stand here again, and the others only there: launch hands them on.
ARGUMENTS = [
    DeclareLaunchArgument(
        "bag",
        default_value=PathJoinSubstitution([SHARE, "husky"]),
        description="Recording to play. The default is a Clearpath Husky driven outdoors for 395 s.",
    ),
    DeclareLaunchArgument("rate", default_value="1.0", description="Speed relative to the recording."),
    DeclareLaunchArgument(
        "loop",
        default_value="false",
        choices=["true", "false"],
        description="Start again at the end; the node detects that time jumps back.",
    ),
    DeclareLaunchArgument(
        "params_file",
        default_value=PathJoinSubstitution([SHARE, "config", "husky.yaml"]),
        description="Parameter file of the node. The default is for the default recording.",
    ),
    DeclareLaunchArgument(
        "use_sim_time",
        default_value="true",
        choices=["true", "false"],
        description="Use the time of /clock, which the player publishes.",
    ),
    DeclareLaunchArgument(
        "rviz", default_value="true", choices=["true", "false"], description="Whether to start rviz2."
    ),
]


def generate_launch_description() -> LaunchDescription:
    path = PathJoinSubstitution([SHARE, "launch", "infonet.launch.py"])
    node = IncludeLaunchDescription(PythonLaunchDescriptionSource(path))
    return LaunchDescription([*ARGUMENTS, node, OpaqueFunction(function=player)])


def player(context: LaunchContext) -> list[ExecuteProcess]:
    """Make the player: that of ROS 2, or our own where ROS 2 has none."""
    # `ros2 bag play` reads keys from a terminal, of which a launch has none.
    ros2_bag = (["ros2", "bag", "play"], ["--disable-keyboard-controls"])
    program, options = ros2_bag if "ros2bag" in get_packages_with_prefixes() else (["infonet", "play"], [])
    loop = ["--loop"] if LaunchConfiguration("loop").perform(context) == "true" else []
    bag, rate = LaunchConfiguration("bag"), LaunchConfiguration("rate")
    command = [*program, bag, "--clock", "--rate", rate, *options, *loop]
    return [ExecuteProcess(cmd=command, name="player", output="screen")]
