import math
from array import array

import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.channels import bind_channel
from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.messages.types import definitions_schema

STORE = get_typestore(Stores.ROS2_JAZZY)
T = STORE.types


def header(sec=7, nanosec=5):
    return T["std_msgs/msg/Header"](stamp=T["builtin_interfaces/msg/Time"](sec=sec, nanosec=nanosec), frame_id="")


def vector(x, y, z):
    return T["geometry_msgs/msg/Vector3"](x=x, y=y, z=z)


def imu(quaternion=(0.0, 0.0, 0.0, 1.0)):
    return T["sensor_msgs/msg/Imu"](
        header=header(),
        orientation=T["geometry_msgs/msg/Quaternion"](*quaternion),
        orientation_covariance=np.arange(9.0),
        angular_velocity=vector(1.0, 2.0, 2.0),
        angular_velocity_covariance=np.zeros(9),
        linear_acceleration=vector(math.inf, 0.0, 0.0),
        linear_acceleration_covariance=np.zeros(9),
    )


def joints(names, position):
    return T["sensor_msgs/msg/JointState"](
        header=header(), name=names, position=position, velocity=array("d"), effort=np.zeros(0)
    )


def scan(ranges):
    return T["sensor_msgs/msg/LaserScan"](header(), 0.0, 1.0, 0.1, 0.0, 0.1, 0.0, 9.0, ranges, array("f"))


def value(path, message):
    return bind_channel(path, message.__msgtype__, definitions_schema(STORE.fielddefs), "/topic").extract(message)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("angular_velocity.y", 2.0),
        ("angular_velocity|norm", 3.0),
        ("orientation_covariance[7]", 7.0),
        ("orientation_covariance[-1]", 8.0),
        ("orientation_covariance[1:9:2]|mean", 4.0),
        ("orientation_covariance|count", 9.0),
        ("header.stamp.sec", 7.0),
        ("angular_velocity.y|rate", 2.0),  # the windows differentiate it
        ("angular_velocity|norm|rate", 3.0),
        ("orientation_covariance[7] | radians", 7.0 - math.tau),
        ("orientation_covariance[7]|degrees|rate", math.radians(7.0)),
    ],
)
def test_a_path_reads_one_number(path, expected):
    assert value(path, imu()) == expected


@pytest.mark.parametrize("angle", [-3.0, -0.4, 0.0, 1.2, 3.1])
@pytest.mark.parametrize(("axis", "name"), [(0, "roll"), (1, "pitch"), (2, "yaw")])
def test_angles_of_a_quaternion(angle, axis, name):
    if name == "pitch":
        angle /= 2.1
    quaternion = [0.0, 0.0, 0.0, 3.0 * math.cos(angle / 2)]  # not normalised: only its direction counts
    quaternion[axis] = 3.0 * math.sin(angle / 2)
    assert value(f"orientation|{name}", imu(quaternion)) == pytest.approx(angle)


def test_a_quaternion_of_zeros_has_no_angle():
    assert math.isnan(value("orientation|yaw", imu((0.0, 0.0, 0.0, 0.0))))


def test_an_element_is_found_by_name_message_by_message():
    assert value("position[wheel]", joints(["arm", "wheel"], np.array([1.0, 2.0]))) == 2.0
    assert value("position[wheel]", joints(["wheel", "arm"], array("d", [1.0, 2.0]))) == 1.0
    assert value("position[wheel]", joints(["arm"], [1.0])) is None
    assert math.isnan(value("effort[wheel]", joints(["wheel"], [1.0])))  # named, but without a value


@pytest.mark.parametrize("make", [np.float32, lambda x: array("f", x), list])
def test_reductions_leave_out_what_is_not_finite(make):
    message = scan(make([1.0, math.inf, 3.0, math.nan, 2.0]))
    assert value("ranges|min", message) == 1.0
    assert value("ranges|max", message) == 3.0
    assert value("ranges|mean", message) == 2.0
    assert value("ranges|std", message) == pytest.approx(np.std([1.0, 3.0, 2.0]))
    assert value("ranges|count", message) == 3.0
    assert value("ranges[1:3]|min", message) == 3.0
    assert math.isnan(value("ranges[1:2]|min", message))
    assert value("ranges[1:2]|count", message) == 0.0


def test_pixels_of_an_image():
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    padded = np.zeros((2, 12), np.uint8)
    padded[:, :9] = pixels.reshape(2, 9)
    image = T["sensor_msgs/msg/Image"](header(), 2, 3, "rgb8", 0, 12, padded.reshape(-1))
    assert value("pixels|mean", image) == pixels.mean()
    assert value("pixels[0:1, 1:]|max", image) == pixels[0:1, 1:].max()
    assert value("pixels[:, :, 2]|std", image) == pytest.approx(pixels[:, :, 2].std())


def test_pixels_of_a_big_endian_depth_image():
    depth = np.array([[1.5, np.nan], [2.5, 4.0]], dtype=">f4")
    image = T["sensor_msgs/msg/Image"](header(), 2, 2, "32FC1", 1, 8, array("B", depth.tobytes()))
    assert value("pixels|min", image) == 1.5
    assert value("pixels|count", image) == 3.0


def test_points_of_a_cloud():
    kind = np.dtype({"names": ["x", "z"], "formats": ["<f4", "<f8"], "offsets": [0, 8], "itemsize": 20})
    points = np.zeros(4, kind)
    points["x"], points["z"] = [1, 2, 3, np.nan], [5, 6, 7, 8]
    field = T["sensor_msgs/msg/PointField"]
    fields = [field("x", 0, 7, 1), field("z", 8, 8, 1)]
    data = np.frombuffer(points.tobytes(), np.uint8)
    cloud = T["sensor_msgs/msg/PointCloud2"](header(), 1, 4, fields, False, 20, 80, data, False)
    assert value("points.x|max", cloud) == 3.0
    assert value("points.z|mean", cloud) == 6.5
    assert value("points.z[1:3]|min", cloud) == 6.0
    with pytest.raises(ValueError, match="no field 'y' of numbers: expected one of x, z"):
        value("points.y|max", cloud)


def test_a_cloud_of_points_without_size_is_refused_however_many_it_claims():
    fields = [T["sensor_msgs/msg/PointField"]("x", 0, 7, 1)]
    data = np.zeros(8, np.uint8)
    cloud = T["sensor_msgs/msg/PointCloud2"](header(), 30_000, 30_000, fields, False, 0, 0, data, False)
    with pytest.raises(ValueError, match="ends at byte 4 of a point of 0 bytes"):
        value("points.x|max", cloud)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("angular_velocity.w", "no field 'w': it has x .number., y .number., z .number."),
        ("gyro.x", "sensor_msgs/msg/Imu has no field 'gyro': it has header .std_msgs/msg/Header., orientation"),
        ("angular_velocity", "it ends in geometry_msgs/msg/Vector3, which has x"),
        ("orientation_covariance", r"it ends in number\[\]: choose one element"),
        ("angular_velocty.x", r"no field 'angular_velocty' \(did you mean 'angular_velocity'\?\)"),
        ("orientation_covariance.x", "has no fields of its own"),
        ("angular_velocity.x[0]", "'x' is number, not an array"),
        ("angular_velocity.x|mean", "leave '|mean' out"),
        ("angular_velocity|yaw", "needs a quaternion"),
        ("header.frame_id", "ends in text, not in a number"),
        ("orientation_covariance[a]", "no array of names beside it"),
        ("orientation_covariance[0, 1]", "has one dimension, not 2"),
        ("header|mean", "it ends in std_msgs/msg/Header"),
        ("angular_velocity|degrees", r"'\|degrees' needs a single number, and it ends in geometry_msgs/msg/Vector3"),
        ("orientation_covariance|radians", "needs a single number"),
        ("orientation_covariance|rate", r"it ends in number\[\]: choose one element"),
    ],
)
def test_a_wrong_path_says_what_there_is_instead(path, reason):
    with pytest.raises(ConfigurationError, match=reason) as caught:
        value(path, imu())
    assert str(caught.value).startswith(f"topic /topic, channel {path!r}: ")


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "a..b",
        "a.",
        "a[",
        "a[]",
        "a]",
        "a b",
        "1a",
        "a|sum",
        "a|rate|rate",
        "a|rate|yaw",
        "a|rate()",
        "a|rate(x)",
        "a|rate(-1)",
        "a|",
        "__import__('os')",
        "a[\x1b]0;x]",
    ],
)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ConfigurationError, match="expected"):
        parse_channel(path)


def test_an_unknown_type_is_refused():
    with pytest.raises(ConfigurationError, match="'no_msgs/msg/Nothing' is not known to this recording"):
        bind_channel("x", "no_msgs/msg/Nothing", definitions_schema(STORE.fielddefs), "/topic")


def test_channels_of_installed_messages():
    messages = pytest.importorskip("sensor_msgs.msg", reason="needs the ROS message packages")

    def read(path, message, type_name):
        return bind_channel(path, type_name, definitions_schema(STORE.fielddefs), "/topic").extract(message)

    message = messages.JointState(name=["a", "b"], position=[1.0, 2.0])
    assert read("position[b]", message, "sensor_msgs/JointState") == 2.0
    assert read("position|norm", message, "sensor_msgs/JointState") == pytest.approx(math.sqrt(5))
    assert read("ranges|min", messages.LaserScan(ranges=[2.0, math.inf]), "sensor_msgs/msg/LaserScan") == 2.0
    assert read("orientation|yaw", messages.Imu(), "sensor_msgs/msg/Imu") == 0.0
    image = messages.Image(height=1, width=2, step=2, encoding="mono8", data=b"\x02\x04")
    assert read("pixels|mean", image, "sensor_msgs/msg/Image") == 3.0


def test_a_path_decides_what_the_windows_do_with_its_values():
    kinds = {path: parse_channel(path) for path in ("x", "x|rate", "q|yaw", "q|yaw|rate", "x|degrees", "v|norm|rate")}
    assert [path for path, parsed in kinds.items() if parsed.rate] == ["x|rate", "q|yaw|rate", "v|norm|rate"]
    assert [parse_channel(path).rate_span for path in ("x|rate", "x|rate(0.4)", "q|yaw|rate( 2 )")] == [0.0, 0.4, 2.0]
    assert [path for path, parsed in kinds.items() if parsed.wraps] == ["q|yaw", "q|yaw|rate", "x|degrees"]
    assert [path for path, parsed in kinds.items() if parsed.angular] == ["q|yaw", "x|degrees"]


@pytest.mark.parametrize(("degrees", "radians"), [(190.0, -170.0), (-540.0, 180.0), (720.0, 0.0)])
def test_degrees_are_read_in_radians(degrees, radians):
    read = parse_channel("heading|degrees").of_number("/topic")(degrees)
    assert math.cos(read - math.radians(radians)) == pytest.approx(1.0)
    assert abs(read) <= math.pi
    assert math.isnan(parse_channel("heading|degrees").of_number("/topic")(math.inf))
