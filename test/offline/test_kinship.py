"""Speeds and positions of joints, wheels and gyroscopes, whose motions are drawn at random."""

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.offline.whole_recording.kinship import Kinship
from infonet_ros.settings import Modality, Settings

RATE = 100.0
SPEED, POSITION = "joint.speed", "joint.position"


def speeds(rng, count, channels):
    """Smooth motions (T, N) without a centre, with a memory of 0.5 s."""
    coefficient = np.exp(-1.0 / (0.5 * RATE))
    return lfilter([1.0 - coefficient], [1.0, -coefficient], 5.0 * rng.standard_normal((count, channels)), axis=0)


def two_joints(rng, noise=0.0, late=0):
    """Return speeds and positions of two independent joints, (T, 4)."""
    speed = speeds(rng, 6000, 2)
    position = np.cumsum(speed, axis=0) / RATE
    told = np.roll(speed, late, axis=0) + noise * rng.standard_normal(speed.shape)
    return np.hstack([told, position + 0.001 * rng.standard_normal(speed.shape)])


def joints(*paths, topics=("/joint",)):
    if len(topics) == 1:
        return Settings((Modality("joint", topics[0], paths),))
    members = zip(paths, topics, strict=True)
    return Settings(tuple(Modality(f"m{k}", topic, (path,)) for k, (path, topic) in enumerate(members)))


@pytest.mark.parametrize(("noise", "late"), [(0.0, 0), (0.5, 0), (0.0, 14)])
def test_a_speed_is_the_rate_of_its_own_position(rng, noise, late):
    """With noise, and with the delay of a filter."""
    samples = two_joints(rng, noise, late)
    kinship = Kinship.of(samples, RATE, joints("dq[0]", "dq[1]", "q[0]", "q[1]"))
    assert np.argwhere(kinship.measured).tolist() == [[0, 2], [1, 3]]
    assert np.argwhere(np.triu(kinship.trivial)).tolist() == [[0, 2], [1, 3]]
    (notice,) = kinship.notices()
    assert notice == (
        "pairs within one topic that are not reported: joint.dq[0] is the rate of change of joint.q[0], joint.dq[1] is "
        "the rate of change of joint.q[1]."
    )


def test_a_position_and_its_computed_rate_are_one_thing(rng):
    """Beside the speed that their topic measures."""
    samples = two_joints(rng)[:, [0, 2]]
    rate = np.gradient(samples[:, 1]) * RATE
    kinship = Kinship.of(np.column_stack([samples, rate]), RATE, joints("dq", "q", "q|rate(0.1)"))
    assert kinship.trivial[np.triu_indices(3, k=1)].all()
    (notice,) = kinship.notices()
    assert notice.endswith("not reported: joint.dq is the rate of change of joint.q.")


def test_of_a_field_by_level_and_by_rate_the_form_that_shares_more_counts(rng):
    settings = joints("q", "q|rate", "gyro", topics=("/joint", "/joint", "/imu"))
    kinship = Kinship.of(rng.standard_normal((100, 3)), RATE, settings)
    mi = np.array([[np.nan, 0.1, 0.3], [0.1, np.nan, 1.2], [0.3, 1.2, np.nan]])
    assert np.argwhere(np.triu(kinship.weaker_form(mi), k=1)).tolist() == [[0, 2]]


def test_two_fields_that_share_their_levels_share_their_changes_too():
    paths = ("current", "current|rate(0.4)", "speed", "speed|rate(0.8)")
    kinship = Kinship.of(np.zeros((1, 4)), RATE, joints(*paths))
    mi = np.zeros((4, 4))
    mi[0, 2] = mi[2, 0] = 1.3
    mi[1, 3] = mi[3, 1] = 0.5
    weaker = kinship.weaker_form(mi)
    assert weaker[1, 3] and weaker[3, 1] and not weaker[0, 2]


@pytest.mark.parametrize("unit", [1000.0, 0.001, np.pi / 180.0])
def test_a_speed_may_have_other_units_than_its_position(rng, unit):
    kinship = Kinship.of(two_joints(rng) * [unit, unit, 1.0, 1.0], RATE, joints("dq[0]", "dq[1]", "q[0]", "q[1]"))
    assert np.argwhere(kinship.measured).tolist() == [[0, 2], [1, 3]]


def test_the_heading_of_a_slow_drive_is_no_speed(rng):
    """At one metre a second and small angles, the way to the side has the heading as its rate."""
    heading = 0.2 * speeds(rng, 6000, 1)[:, 0]
    samples = np.column_stack([heading, np.cumsum(heading) / RATE])
    assert not Kinship.of(samples, RATE, joints("orientation|yaw", "position.y")).trivial.any()
    assert not Kinship.of(samples, RATE, joints("heading|radians", "y")).trivial.any()
    assert Kinship.of(samples, RATE, joints("speed.y", "position.y")).trivial.any()


def test_a_friction_is_no_speed(rng):
    """It has the sign of the speed: what it adds up to looks like the position of a tool that goes to and fro."""
    place = 0.1 * np.sin(np.pi * np.arange(6000) / RATE)
    friction = 6.0 * np.tanh(np.gradient(place) * RATE / 0.05) + 0.4 * rng.standard_normal(6000)
    samples = np.column_stack([friction, place + 0.0005 * rng.standard_normal(6000)])
    assert not Kinship.of(samples, RATE, joints("force", "x")).trivial.any()


def test_a_computed_rate_repeats_the_measured_one(rng):
    samples = two_joints(rng, noise=0.1)[:, [0, 2]]
    samples[1:, 1] = np.diff(samples[:, 1]) * RATE
    kinship = Kinship.of(samples, RATE, joints("dq", "q|rate"))
    assert kinship.repeated.tolist() == [False, True]
    assert kinship.notices()[0].endswith("joint.dq is the rate of change of joint.q.")


def test_a_late_speed_and_its_computed_rate_are_compared(rng):
    samples = two_joints(rng, late=14)
    samples[1:, 2:] = np.diff(samples[:, 2:], axis=0) * RATE
    kinship = Kinship.of(samples, RATE, joints("dq[0]", "dq[1]", "q[0]|rate", "q[1]|rate"))
    late = np.zeros((4, 4), dtype=bool)
    late[0, 2] = late[2, 0] = True
    told = kinship.with_delays(late)
    assert kinship.trivial[0, 2] and not told.trivial[0, 2] and told.trivial[1, 3]
    assert told.trivial[1, 2]  # the computed rate repeats what is measured, for all others
    assert told.notices()[0].endswith("not reported: joint.dq[1] is the rate of change of joint.q[1].")


def test_two_sensors_of_one_motion_are_compared(rng):
    """Even if one is the rate of the other."""
    kinship = Kinship.of(two_joints(rng)[:, [0, 2]], RATE, joints("dq", "q", topics=("/gyro", "/pose")))
    assert kinship.rate[0, 1] and not kinship.trivial.any() and not kinship.repeated.any()
    assert not kinship.notices()


def test_unknown_samples_do_not_hide_a_rate(rng):
    samples = two_joints(rng)
    samples[rng.random(samples.shape) < 0.002] = np.nan
    samples[2000:2600] = np.nan
    kinship = Kinship.of(samples, RATE, joints("dq[0]", "dq[1]", "q[0]", "q[1]"))
    assert np.argwhere(kinship.measured).tolist() == [[0, 2], [1, 3]]


def test_of_two_oscillations_neither_is_the_rate_of_the_other():
    phase = 2.0 * np.pi * np.arange(6000) / RATE
    kinship = Kinship.of(np.column_stack([np.sin(phase), np.cos(phase)]), RATE, joints("left", "right"))
    assert not kinship.trivial.any()
    assert not kinship.changes(np.full((2, 2), 0.1)).any()


def test_a_torque_moves_as_the_rate_of_a_speed_and_as_the_acceleration_of_a_command(rng):
    """The command and the speed are those of one joint, which follows by 0.1 s; the torque has any unit."""
    command = lfilter([0.04], [1.0, -0.96], speeds(rng, 6000, 1)[:, 0])
    position = np.roll(command, 10)
    speed = np.gradient(position) * RATE
    torque = 3.0 * np.gradient(speed) * RATE
    samples = np.column_stack([command, speed, torque + 0.2 * torque.std() * rng.standard_normal(6000)])
    kinship = Kinship.of(samples, RATE, joints("command", "speed", "torque", topics=("/a", "/b", "/c")))
    mi = np.full((3, 3), 0.5)
    assert kinship.changes(mi).tolist() == [[0, 0, 0], [1, 0, 0], [2, 1, 0]]
    assert not kinship.changes(4.0 * mi).any()  # they share more at a delay than as rates


@pytest.mark.parametrize("late", [1, 10, 40])
def test_what_follows_by_a_delay_or_a_filter_is_no_rate(rng, late):
    leader = speeds(rng, 6000, 1)[:, 0]
    filtered = lfilter([0.1], [1.0, -0.9], leader)
    samples = np.column_stack([leader, np.roll(leader, late), np.roll(filtered, late)])
    kinship = Kinship.of(samples, RATE, joints("a", "b", "c", topics=("/a", "/b", "/c")))
    assert not kinship.changes(np.full((3, 3), 0.1)).any()


@pytest.mark.parametrize(
    ("paths", "kin"),
    [
        (("ranges|mean", "ranges|std"), True),
        (("ranges|mean", "intensities|mean"), False),
        (("orientation|roll", "orientation|yaw"), False),
        (("orientation|roll|rate", "orientation|yaw|rate"), True),
        (("pose.position.x|rate", "pose.position.y|rate"), True),
        (("position[left]|rate", "position[right]|rate"), False),
        (("tx|rate", "ty|rate"), True),
        (("cmd_x|rate", "pos_x|rate"), False),
        (("latitude|rate", "longitude|rate"), True),
        (("x|rate", "y|rate"), False),
    ],
)
def test_statistics_of_one_array_and_parts_of_one_vector_are_kin(paths, kin):
    kinship = Kinship.of(np.zeros((1, 2)), RATE, joints(*paths))
    assert kinship.trivial[0, 1] == kin
    assert not Kinship.of(np.zeros((1, 2)), RATE, joints(*paths, topics=("/a", "/b"))).trivial.any()


@pytest.mark.parametrize("off", [0.0, 0.5])
def test_a_column_that_is_the_length_of_others_is_kin_to_them(rng, off):
    """By any name, such as the absolute acceleration, also between the rows; one that is only near that is not."""
    vector = lfilter([0.3], [1.0, -0.95], rng.standard_normal((2000, 3)), axis=0) * (0.2, 0.3, 1.0)
    length = np.linalg.norm(vector, axis=1)
    noisy = length + 0.3 * np.abs(rng.standard_normal(2000))
    samples = np.column_stack([vector, length, noisy, 1.0 + 0.1 * rng.standard_normal(2000)])
    samples = (1.0 - off) * samples[:-1] + off * samples[1:]
    names = ("Acc_x_m_s2", "Acc_y_m_s2", "Acc_z_m_s2", "total", "load", "temperature")
    kinship = Kinship.of(samples, RATE, joints(*names))
    assert np.argwhere(np.triu(kinship.trivial)).tolist() == [[0, 3], [1, 3], [2, 3]]
    assert not Kinship.of(samples[:, :4], RATE, joints("ax", "ay", "az", "a", topics="wxyz")).trivial.any()


def test_streams_that_share_nothing_are_no_kin(rng):
    walks = np.cumsum(rng.standard_normal((3000, 8)), axis=0)
    kinship = Kinship.of(np.hstack([walks, speeds(rng, 3000, 8)]), RATE, joints(*(f"q[{k}]" for k in range(16))))
    assert not kinship.rate.any()
