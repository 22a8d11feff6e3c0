"""Elements by a name inside them: transforms of /tf by their child frame, diagnostics by name and key."""

import numpy as np
import pytest
from recordings import EPOCH, SECOND, header, write_ros2

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.messages.channels import bind_channel
from infonet_ros.intake.messages.reductions import number_of_text
from infonet_ros.intake.messages.types import definitions_schema
from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import chosen_span
from infonet_ros.settings import Modality, Settings

TF = "tf2_msgs/msg/TFMessage"
DIAGNOSTICS = "diagnostic_msgs/msg/DiagnosticArray"


@pytest.fixture
def tf_bag(tmp_path, store):
    """Base and gripper by turns in one order and the other; the gripper is missing in each third message."""
    make = store.types
    rng = np.random.default_rng(0)
    places = rng.normal(size=(300, 2))

    def transform(now, child, x):
        place = make["geometry_msgs/msg/Vector3"](x, 0.0, 0.0)
        turn = make["geometry_msgs/msg/Quaternion"](0.0, 0.0, np.sin(x / 2), np.cos(x / 2))
        moved = make["geometry_msgs/msg/Transform"](place, turn)
        return make["geometry_msgs/msg/TransformStamped"](header(store, now), child, moved)

    def messages():
        for k, (base, gripper) in enumerate(places.tolist()):
            now = EPOCH + k * SECOND // 10
            both = [transform(now, "base_link", base), transform(now, "arm/gripper", gripper)]
            both = both[:1] if k % 3 == 2 else both[:: 1 if k % 2 else -1]
            yield "/tf", TF, now, make[TF](both)

    return write_ros2(tmp_path / "bag", store, messages()), places


def test_a_transform_is_chosen_by_its_child_frame(tf_bag):
    path, places = tf_bag
    channels = tuple(f"transforms[{child}].transform.translation.x" for child in ("base_link", "arm/gripper"))
    with Bag([path]) as bag:
        modality = Modality("tf", "/tf", (*channels, "transforms[nowhere].transform.rotation|yaw"))
        values = [sample.values for sample in bag.samples([modality], bag.start, bag.end + 1)]
    expected = [[base, None if k % 3 == 2 else gripper, None] for k, (base, gripper) in enumerate(places.tolist())]
    assert values == expected


def test_a_bag_of_nothing_but_tf_proposes_its_transforms(tf_bag):
    path, _ = tf_bag
    with Bag([path]) as bag:
        proposal = propose(bag, Settings(), chosen_span(bag, 0.0, None))
        fields = {field.path for field in bag.fields("/tf")[0]}
    assert "transforms[base_link].transform.rotation|yaw" in fields
    (modality,) = proposal.settings.modalities
    assert {
        "transforms[base_link].transform.translation.x",
        "transforms[arm/gripper].transform.translation.x",
    } <= set(modality.channels)


def test_diagnostics_are_chosen_by_name_and_key(tmp_path, store):
    make = store.types

    def status(name, level, **values):
        pairs = [make["diagnostic_msgs/msg/KeyValue"](key, text) for key, text in values.items()]
        return make["diagnostic_msgs/msg/DiagnosticStatus"](level, name, f"{level} is the level", "", pairs)

    def messages():
        for k in range(5):
            now = EPOCH + k * SECOND
            own = [status("fan: left", k), status("motor", 1, Temperature=f"{20.5 + k}", State="on")]
            yield "/diagnostics", DIAGNOSTICS, now, make[DIAGNOSTICS](header(store, now), own[:: 1 if k % 2 else -1])

    channels = (
        "status[fan: left].level",
        "status[motor].values[Temperature].value",
        "status[motor].values[State].value",
        "status[motor].values[Voltage].value",
    )
    with Bag([write_ros2(tmp_path / "bag", store, messages())]) as bag:
        fields = [field.path for field in bag.fields("/diagnostics")[0]]
        samples = list(bag.samples([Modality("d", "/diagnostics", channels)], bag.start, bag.end + 1))
    assert {*channels[:2], "status[motor].level"} == set(fields)
    np.testing.assert_array_equal(
        np.array([sample.values for sample in samples], dtype=float),
        [[k, 20.5 + k, np.nan, np.nan] for k in range(5)],
    )
    assert all(sample.values[2] is not None and sample.values[3] is None for sample in samples)


@pytest.mark.parametrize(
    ("text", "number"),
    [("24.5 V", 24.5), ("-3.2e2mA", -320.0), ("85%", 85.0), ("61.5 °C", 61.5), (".5 m/s", 0.5), ("1e3", 1e3)],
)
def test_a_text_may_have_a_unit_behind_its_number(text, number):
    assert number_of_text(text) == number


@pytest.mark.parametrize("text", ["10.0.0.1", "2026-11-29", "12:30", "1280x720", "OK", "", "3 of 10", "V 24", "0x1F"])
def test_other_texts_are_no_numbers(text):
    assert np.isnan(number_of_text(text))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("poses[base]", "geometry_msgs/msg/PoseArray"),
        ("transforms[base].child_frame_id", TF),
        ("transforms[base]", TF),
        ("status[motor].values[Temperature].key|mean", DIAGNOSTICS),
    ],
)
def test_what_has_no_name_or_no_number_is_refused(path, kind, store):
    with pytest.raises(ConfigurationError, match=r"/topic"):
        bind_channel(path, kind, definitions_schema(store.fielddefs), "/topic")
