import numpy as np
import pytest
import yaml
from recordings import CUSTOM, EPOCH, HUSKY, SECOND, leg_and_speed, stamp, write_ros2

from infonet_ros.errors import RecordingError
from infonet_ros.offline.bags import Bag
from infonet_ros.offline.proposal import params_document, propose
from infonet_ros.offline.recording import chosen_span
from infonet_ros.streams.settings import Modality, Settings, Watch, load_settings


def proposal_for(path, **options):
    with Bag([path]) as bag:
        return propose(bag, options.pop("settings", Settings()), chosen_span(bag, 0.0, None), **options)


def channels_of(proposal):
    return {m.topic: m.channels for m in proposal.settings.modalities}


def test_every_numeric_field_that_varies_is_proposed(small_bag):
    channels = channels_of(proposal_for(small_bag))
    # torque[1] and torque[2] are constant, label is text, the header holds no measurement
    assert channels == {"/leg": ("force", "torque[0]"), "/speed": ("data",)}


def test_husky_gets_angles_for_quaternions_and_a_rate_that_fills_the_window():
    proposal = proposal_for(HUSKY)
    channels = channels_of(proposal)
    assert {"orientation|yaw", "angular_velocity.y"} <= set(channels["/imu/data"])
    assert "pose.pose.orientation|yaw" in channels["/husky_velocity_controller/odom"]
    assert not any("orientation.w" in path for paths in channels.values() for path in paths)
    assert proposal.settings.rate == 10.0  # the odometry's; the GPS at 2.5 Hz would leave 50 samples in a window


def test_the_limit_is_shared_fairly_and_said(small_bag):
    proposal = proposal_for(small_bag, limit=2)
    assert channels_of(proposal) == {"/leg": ("force",), "/speed": ("data",)}
    assert "1 channels beyond the limit of 2 are left out (/leg torque[0])" in proposal.notices[0]


def test_covariances_stand_back():
    proposal = proposal_for(HUSKY, limit=17)
    assert not any("covariance" in path for paths in channels_of(proposal).values() for path in paths)


def test_topics_are_chosen_by_globs(small_bag):
    assert list(channels_of(proposal_for(small_bag, topics=["/l*"]))) == ["/leg"]
    with pytest.raises(RecordingError, match=r"no topic of small matches '/arm\*': it has /leg, /speed"):
        proposal_for(small_bag, topics=["/arm*"])


def test_a_recording_in_which_nothing_varies_is_refused(tmp_path, store):
    still = [
        ("/data", "std_msgs/msg/Float64", EPOCH + k, store.types["std_msgs/msg/Float64"](data=1.0)) for k in range(9)
    ]
    with pytest.raises(RecordingError, match="no numeric field varies"):
        proposal_for(write_ros2(tmp_path / "still", store, still))


def test_big_arrays_are_reduced_and_arrays_of_messages_are_left_out_with_a_word(tmp_path, store):
    types, rng = store.types, np.random.default_rng(0)
    messages = []
    for k in range(30):
        time = EPOCH + k * SECOND
        head = types["std_msgs/msg/Header"](stamp=stamp(store, time), frame_id="")
        scan = types["sensor_msgs/msg/LaserScan"](
            header=head, angle_min=0.0, angle_max=1.0, angle_increment=0.1, time_increment=0.0, scan_time=0.1,
            range_min=0.0, range_max=9.0, ranges=rng.uniform(1, 8, 181).astype(np.float32),
            intensities=np.zeros(0, np.float32),
        )  # fmt: skip
        pose = types["geometry_msgs/msg/Pose"](
            position=types["geometry_msgs/msg/Point"](x=rng.normal(), y=0.0, z=0.0),
            orientation=types["geometry_msgs/msg/Quaternion"](x=0.0, y=0.0, z=0.0, w=1.0),
        )
        poses = types["geometry_msgs/msg/PoseArray"](header=head, poses=[pose])
        messages += [
            ("/scan", "sensor_msgs/msg/LaserScan", time, scan),
            ("/poses", "geometry_msgs/msg/PoseArray", time, poses),
        ]
    proposal = proposal_for(write_ros2(tmp_path / "bag", store, messages))
    assert channels_of(proposal) == {"/scan": ("ranges|min", "ranges|mean", "ranges|std")}
    assert any("/poses: poses is an array of geometry_msgs/msg/Pose" in notice for notice in proposal.notices)


def test_a_topic_of_an_unknown_type_is_left_out_with_a_word(tmp_path, store):
    import sqlite3

    from rosbags.rosbag2 import StoragePlugin

    folder = write_ros2(tmp_path / "bag", store, leg_and_speed(store, 20.0), StoragePlugin.SQLITE3)
    with sqlite3.connect(folder / "bag.db3") as database:
        database.execute("DELETE FROM message_definitions")
    proposal = proposal_for(folder)
    assert list(channels_of(proposal)) == ["/speed"]
    assert any(CUSTOM in notice for notice in proposal.notices)


# ---- the params file ------------------------------------------------------------------------------------------------

AWKWARD = Settings(
    modalities=(
        Modality("n", "/n", ("x", "y", "z"), "geometry_msgs/msg/Vector3"),
        Modality("arm", "/joint states", ("position[left 'elbow']", "position[on]")),
    ),
    watches=(Watch("pair", ("n", "arm"), "independent", 0.2, 3.0),),
    window=12.5,
    surrogates=19,
)


def test_the_params_file_gives_the_same_settings_back(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(params_document(AWKWARD, "first line\nsecond line"), encoding="utf-8")
    assert load_settings(path) == AWKWARD


def test_no_string_in_the_params_file_can_be_taken_for_another_type():
    """The YAML of ROS 2 reads a bare y, n, on or off as true or false (YAML 1.1)."""
    events = yaml.parse(params_document(AWKWARD), Loader=yaml.SafeLoader)
    bare = [e.value for e in events if isinstance(e, yaml.ScalarEvent) and e.style is None]
    assert {"x", "y", "n", "on"} & {value for value in bare if value in AWKWARD.modalities[0].channels} == set()
    assert '"y"' in params_document(AWKWARD)


def test_the_node_takes_the_params_file_as_it_is(tmp_path):
    """By the parser that `ros2 run ... --params-file` uses."""
    rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not installed")
    path = tmp_path / "params.yaml"
    path.write_text(params_document(AWKWARD), encoding="utf-8")
    context = rclpy.Context()
    rclpy.init(args=["--ros-args", "--params-file", str(path)], context=context, domain_id=81)
    try:
        node = rclpy.create_node("infonet", context=context, automatically_declare_parameters_from_overrides=True)
        names = ["n.channels", "arm.channels", "window", "surrogates", "modalities", "pair.threshold"]
        values = {name: node.get_parameter(name).value for name in names}
        node.destroy_node()
    finally:
        rclpy.shutdown(context=context)
    assert values == {
        "n.channels": ["x", "y", "z"],
        "arm.channels": ["position[left 'elbow']", "position[on]"],
        "window": 12.5,
        "surrogates": 19,
        "modalities": ["n", "arm"],
        "pair.threshold": 0.2,
    }
