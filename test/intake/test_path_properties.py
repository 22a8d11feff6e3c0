"""Channel paths, compared with getattr and lists of plain Python."""

import math
import statistics
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rosbags.typesys import Stores, get_typestore

from infonet_ros.errors import ConfigurationError, InputError
from infonet_ros.intake.messages.arrays import image_pixels
from infonet_ros.intake.messages.channels import bind_channel
from infonet_ros.intake.messages.paths import Step, parse_channel
from infonet_ros.intake.messages.types import definitions_schema

STORE = get_typestore(Stores.ROS2_JAZZY)
SCHEMA = definitions_schema(STORE.fielddefs)
T = STORE.types
TYPES = ("sensor_msgs/msg/Imu", "sensor_msgs/msg/JointState", "sensor_msgs/msg/Image", "sensor_msgs/msg/PointCloud2")

numbers = st.floats(width=64)
bounds = st.none() | st.integers(-9, 9)
indices = st.integers(-9, 9)
slices = st.builds(slice, bounds, bounds, bounds.filter(lambda step: step != 0))
names = st.from_regex(r"[a-z_][a-z0-9_/]{0,8}", fullmatch=True)
fields = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
selectors = st.none() | names | st.lists(indices | slices, min_size=1, max_size=3).map(tuple)
steps = st.lists(st.builds(Step, fields, selectors), min_size=1, max_size=4).map(tuple)
reductions = st.sampled_from(("min", "max", "mean", "std", "norm", "count", "roll", "pitch", "yaw"))
blanks = st.sampled_from(("", " ", "  "))


def written(item):
    if isinstance(item, tuple):
        return ",".join(map(written, item))
    if isinstance(item, slice):
        bounds = [item.start, item.stop] + ([] if item.step is None else [item.step])
        return ":".join("" if bound is None else str(bound) for bound in bounds)
    return str(item)


@st.composite
def paths(draw):
    """A path as text, with the steps and the reduction that it must be parsed to."""
    parts, reduction, blank = draw(steps), draw(st.none() | reductions), draw(blanks)
    brackets = ["" if step.selector is None else f"[{blank}{written(step.selector)}]" for step in parts]
    text = ".".join(step.field + bracket for step, bracket in zip(parts, brackets, strict=True))
    return blank + text + (f"{blank}|{blank}{reduction}" if reduction else "") + blank, parts, reduction


@given(paths())
def test_what_is_written_is_what_is_parsed(path):
    text, parts, reduction = path
    parsed = parse_channel(text)
    assert (parsed.steps, parsed.reduction) == (parts, reduction)
    assert parse_channel(parsed.text) == parsed


@given(st.text() | st.text(alphabet="ab.[]|: ,-09²min", max_size=30), st.sampled_from(TYPES))
def test_any_text_is_a_path_or_refused(text, type_name):
    try:
        bind_channel(text, type_name, SCHEMA, "/topic")
    except ConfigurationError as error:
        assert repr(text) in str(error)


@pytest.mark.parametrize("path", ["ranges[::0]|min", "ranges[" + "9" * 5000 + "]", "ranges[:" + "9" * 5000 + "]|min"])
def test_brackets_that_no_array_takes_are_refused(path):
    with pytest.raises(ConfigurationError, match="not a field path"):
        parse_channel(path)


def joints(position, joint_names):
    header = T["std_msgs/msg/Header"](T["builtin_interfaces/msg/Time"](1, 2), "")
    return T["sensor_msgs/msg/JointState"](header, joint_names, np.array(position, float), np.zeros(0), np.zeros(0))


def read(path, message):
    return bind_channel(path, message.__msgtype__, SCHEMA, "/topic").extract(message)


def same(received, expected):
    if expected is None or received is None:
        return received is expected
    expected = expected if math.isfinite(expected) else math.nan
    return received == pytest.approx(expected, rel=1e-9, abs=1e-300, nan_ok=True)


@given(st.lists(numbers, max_size=8), indices)
def test_an_element_is_that_of_the_list_or_not_known(values, index):
    expected = values[index] if -len(values) <= index < len(values) else math.nan
    assert same(read(f"position[{index}]", joints(values, [])), expected)


@given(st.dictionaries(names, numbers, max_size=6), names)
def test_a_name_is_looked_up_as_in_a_dictionary(values, name):
    message = joints(list(values.values()), list(values))
    for each in (*values, name):
        assert same(read(f"position[{each}]", message), values.get(each))


IN_PLAIN_PYTHON = {
    "min": min,
    "max": max,
    "mean": statistics.fmean,
    "std": statistics.pstdev,
    "count": lambda values: float(len(values)),
}


@given(st.lists(st.floats(-1e6, 1e6) | st.sampled_from((math.nan, math.inf, -math.inf)), max_size=12), slices)
def test_a_reduction_is_that_of_the_finite_values(values, part):
    finite = [value for value in values[part] if math.isfinite(value)]
    for reduction, expected in IN_PLAIN_PYTHON.items():
        received = read(f"position[{written(part)}]|{reduction}", joints(values, []))
        wanted = expected(finite) if finite or reduction == "count" else math.nan
        assert received == pytest.approx(wanted, rel=1e-6, abs=1e-6, nan_ok=True), reduction


@given(st.tuples(numbers, numbers, numbers))
def test_fields_are_those_of_getattr(values):
    message = T["geometry_msgs/msg/Vector3"](*values)
    for name, value in zip("xyz", values, strict=True):
        assert same(read(name, message), value)


@pytest.mark.parametrize("encoding", ["mono8", "bgr8", "16UC1", "8FC1", "32FC2", "64SC3", "8UC0", "yuv422", ""])
@given(
    size=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    step=st.integers(0, 40),
    data=st.binary(max_size=120),
    big=st.booleans(),
)
def test_any_image_is_viewed_within_its_data_or_refused(encoding, size, step, data, big):
    height, width = size
    image = SimpleNamespace(encoding=encoding, height=height, width=width, step=step, data=data, is_bigendian=big)
    try:
        pixels = image_pixels(image)
    except InputError:
        return
    assert pixels.shape[:2] == (height, width)
    pixels.sum()
