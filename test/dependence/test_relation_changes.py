"""Simulated robots: true faults are reported, with the channel; another motion is no fault."""

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.dependence.changes.relation_changes import find_relation_changes
from infonet_ros.dependence.changes.relations import Relation
from infonet_ros.dependence.changes.verdicts import Outcome
from infonet_ros.dependence.matrix import LaggedPair

SECONDS, RATE = 120, 20
COUNT = SECONDS * RATE


class Robot:
    """Random motion, and noise for its sensors."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def motion(self, seconds):
        keep = np.exp(-1.0 / (seconds * RATE))
        return lfilter([np.sqrt(1.0 - keep**2)], [1.0, -keep], self.rng.standard_normal(COUNT + 500))[500:]

    def seen(self, values, size=0.1):
        return values + size * self.rng.standard_normal(COUNT)


def after(value, otherwise=1.0, share=0.5):
    return np.where(np.arange(COUNT) >= share * COUNT, value, otherwise)


def found(channels, topics=None):
    """Compare all pairs whose squares or values correlate."""
    samples = np.column_stack(list(channels.values()))
    strength = np.maximum(*(np.abs(np.corrcoef(one.T)) for one in (samples, (samples - samples.mean(axis=0)) ** 2)))
    return found_among(channels, np.argwhere(np.triu(strength > 0.2, k=1)).tolist(), topics)


def found_among(channels, pairs, topics=None):
    samples = np.column_stack(list(channels.values()))
    stamps = (np.arange(COUNT) * 1e9 / RATE).astype(np.int64)
    lagged = [LaggedPair(a, b, 0) for a, b in pairs]
    return find_relation_changes(samples, stamps, list(channels), topics or list(channels), lagged)


def turning(seed):
    robot = Robot(seed)
    yaw_rate = robot.motion(0.5)
    return {name: robot.seen(yaw_rate) for name in ("command", "gyro", "odometry")}


def test_ice_on_an_anemometer_shows_in_its_level_while_the_wind_is_about_its_mean():
    robot = Robot(8)
    wind, share = 9.0 + 1.5 * robot.motion(2.5), np.arange(COUNT) / COUNT
    cup = robot.seen(wind, 0.15) * np.where((share > 0.27) & (share < 0.47), 0.6, 1.0)
    (change,) = found({"cup": cup, "sonic": robot.seen(wind, 0.15), "power": robot.seen(wind**2, 1.5)})
    assert (change.channel, change.kind) == ("cup", Outcome.FACTOR)
    assert change.value == pytest.approx(0.6, abs=0.05)
    assert (change.time, change.end) == pytest.approx((32.4e9, 56.4e9), abs=2e9)


def test_a_sign_that_turns_over():
    channels = turning(0)
    channels["gyro"] *= after(-1.0)
    (change,) = found(channels)
    assert (change.channel, {*change.beside}, change.kind) == ("gyro", {"command", "odometry"}, Outcome.SIGN)
    assert change.time == pytest.approx(60e9, abs=1e9)
    others = " and ".join(change.beside)
    assert change.sentence("after 60 s") == f"The sign of gyro changed after 60 s, relative to {others}."


def test_an_offset_and_a_unit():
    channels = turning(1)
    channels["gyro"] += after(0.8, 0.0, share=0.25)
    (change,) = found(channels)
    assert change.sentence("after 30 s").startswith("gyro is 0.8 higher after 30 s, for the same values of ")
    channels = turning(2)
    channels["odometry"] *= after(np.degrees(1.0), share=0.75)
    (change,) = found(channels)
    assert change.sentence("then").startswith(
        "odometry is about 57.3 times what it was, as degrees for radians, then, for the same values of "
    )


def test_of_two_channels_either_can_have_turned():
    channels = turning(3)
    channels["gyro"] *= after(-1.0)
    (change,) = found({name: channels[name] for name in ("command", "gyro")})
    assert not change.sure
    assert change.sentence("after 60 s") == "The sign of gyro or command changed after 60 s."


def test_two_faults_at_two_times():
    channels = turning(4)
    channels["gyro"] *= after(-1.0, share=0.3)
    channels["odometry"] += after(2.0, 0.0, share=0.7)
    assert {(one.channel, one.kind) for one in found(channels)} == {
        ("gyro", Outcome.SIGN),
        ("odometry", Outcome.OFFSET),
    }


def car_at_another_speed(robot):
    speed, steering = 8.0 * after(2.5) + robot.motion(4.0), robot.motion(1.0)
    yaw_rate = 0.1 * speed * steering
    return {"speed": speed, "steering": steering, "yaw_rate": robot.seen(yaw_rate), "fuel": robot.seen(speed**2, 1.0)}


def car_that_reverses(robot):
    speed, steering = after(-2.0, 4.0) + 0.4 * robot.motion(2.0), robot.motion(1.0)
    yaw_rate = 0.3 * speed * steering
    return {
        "command": speed,
        "speed": robot.seen(speed),
        "steering": robot.seen(steering),
        "yaw_rate": robot.seen(yaw_rate),
        "current": robot.seen(np.abs(speed)),
    }


def rover_that_drives_back(robot):
    speed, heading = 1.0 + 0.3 * robot.motion(2.0), np.pi * after(1.0, 0.0) + 0.2 * robot.motion(2.0)
    north = speed * np.cos(heading)
    return {"command": speed, "odometry": robot.seen(speed, 0.05), "north": north, "gps": robot.seen(north, 0.1)}


def drone_with_more_throttle(robot):
    throttle = 0.5 + 0.05 * after(2.5) * robot.motion(0.5)
    speed = robot.seen(np.sqrt(throttle), 0.01)
    current = robot.seen(speed**2, 0.02)
    return {"throttle": throttle, "speed": speed, "current": current, "volt": robot.seen(16.0 - current, 0.05)}


def boat_in_wind(robot):
    thrust = np.abs(robot.motion(3.0))
    speed = thrust + 0.4 * robot.motion(15.0)
    return {"thrust": thrust, "speed": robot.seen(speed), "gps": robot.seen(speed, 0.2), "rpm": np.sqrt(thrust)}


def arm_that_warms_up(robot):
    speed, warm = robot.motion(0.5), 1.0 - np.exp(-np.arange(COUNT) / COUNT * 4.0)
    torque = np.tanh(5.0 * speed) * (1.5 - 0.5 * warm) + speed
    return {"speed": speed, "torque": robot.seen(torque, 0.2), "measured": robot.seen(speed), "warm": robot.seen(warm)}


@pytest.mark.parametrize(
    "robot",
    [
        car_at_another_speed,
        car_that_reverses,
        rover_that_drives_back,
        drone_with_more_throttle,
        boat_in_wind,
        arm_that_warms_up,
    ],
)
def test_another_motion_is_no_change(robot):
    for seed in range(8):
        assert found(robot(Robot(seed))) == []


def test_channels_of_one_topic_can_change_together():
    """A driver changes its unit; without topics it could as well be a heading that changes."""
    robot = Robot(5)
    speed = robot.motion(0.5)
    channels = {"command": speed, "left": robot.seen(speed), "right": robot.seen(speed), "imu": robot.seen(speed)}
    for name in ("left", "right"):
        channels[name] *= after(3.6)
    told = found(channels, ["command", "wheels", "wheels", "imu"])
    assert {(one.channel, one.kind) for one in told} == {("left", Outcome.FACTOR), ("right", Outcome.FACTOR)}
    assert found(channels, ["table"] * 4) == []


def between(value, otherwise=1.0, begin=0.4, end=0.55):
    share = np.arange(COUNT) / COUNT
    return np.where((share >= begin) & (share < end), value, otherwise)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (lambda gyro, _: gyro * between(-1.0), Outcome.SIGN, "The sign of gyro is inverted then, relative to "),
        (lambda gyro, _: gyro + between(1.5, 0.0), Outcome.OFFSET, "gyro is 1."),
        (lambda gyro, _: gyro * between(2.0), Outcome.FACTOR, "gyro is about "),
        (lambda gyro, _: np.where(between(1, 0), gyro[COUNT // 2], gyro), Outcome.HELD, "gyro keeps its value then, "),
        (lambda gyro, other: np.where(between(1, 0), other, gyro), Outcome.LOST, "gyro does not depend on "),
    ],
    ids=["sign", "offset", "factor", "frozen", "blind"],
)
def test_a_fault_that_passes_is_told_with_its_end(fault, kind, words):
    for seed in range(4):
        channels = turning(seed)
        channels["gyro"] = fault(channels["gyro"], Robot(seed + 100).motion(0.5))
        (change,) = found(channels)
        assert (change.channel, change.kind) == ("gyro", kind)
        assert (change.time, change.end) == (pytest.approx(48e9, abs=2e9), pytest.approx(66e9, abs=2e9))
        assert change.sentence("then").startswith(words)


def test_a_belt_that_slips_for_some_seconds_is_told_beside_its_motor_alone():
    """The belt has the smaller factor: it loses what the motor turns. Both have few speeds."""
    robot = Robot(1)
    motor = lfilter([0.06], [1.0, -0.94], np.repeat(robot.rng.choice([0.2, 0.4, 0.6, 0.8, 1.0], COUNT // 80), 80))
    slip = between(0.55, begin=0.5, end=0.6)
    (change,) = found({"belt": robot.seen(motor * slip, 0.004), "motor": robot.seen(30.0 * motor, 0.1)})
    assert (change.channel, change.beside, change.kind) == ("belt", ("motor",), Outcome.FACTOR)
    assert change.value == pytest.approx(0.55, abs=0.03)
    assert (change.time, change.end) == (pytest.approx(60e9, abs=2e9), pytest.approx(72e9, abs=2e9))


def slipping(seed):
    """Wheels that slip at a speed that they have at no other time."""
    robot, slips = Robot(seed), between(1.0, 0.0) > 0.0
    speed = np.where(slips, 2.6, 2.0 + 0.5 * robot.motion(4.0))
    return {"wheels": robot.seen(speed, 0.02), "gps": robot.seen(np.where(slips, 0.6, 1.0) * speed, 0.02)}


def test_wheels_that_slip_at_a_speed_they_seldom_have_are_told_without_a_cause():
    for seed in range(3):
        (change,) = found(slipping(seed))
        assert change.sentence("then") == "The relation of wheels and gps is another then." and not change.sure
        assert (change.time, change.end) == pytest.approx((48e9, 66e9), abs=1e9)


def test_a_slip_that_may_last_to_the_end_is_not_told_to_pass(monkeypatch):
    nearer = Relation.nearer
    monkeypatch.setattr(Relation, "nearer", lambda *arguments: nearer(*arguments)._replace(end=COUNT))
    assert found(slipping(1)) == []


def test_a_slow_moment_is_not_told_for_wheels_that_slip_at_another():
    robot, slips = Robot(2), between(1.0, 0.0) > 0.0
    speed = np.where(slips, 2.6, 2.0 + 0.5 * robot.motion(4.0))
    slower = np.where(slips, 0.3, 1.0) * speed  # as slow as at 34 s
    assert found({"wheels": robot.seen(speed, 0.02), "gps": robot.seen(slower, 0.02)}) == []


def test_a_frozen_rate_is_told_by_the_name_of_its_field():
    channels = turning(0)
    channels["height|rate(0.2)"] = channels.pop("gyro") * between(0.0)
    (change,) = found(channels)
    assert change.sentence("then").startswith("height keeps its value then, while ")


def test_another_motion_that_passes_is_no_change():
    """A car that drives fast for a while, or reverses."""
    for seed in range(8):
        robot = Robot(seed)
        for now in (2.5, -1.0):
            speed, steering = 8.0 * between(now) + robot.motion(4.0), robot.motion(1.0)
            yaw_rate = 0.1 * speed * steering
            car = {"speed": speed, "steering": steering, "yaw_rate": robot.seen(yaw_rate), "fuel": robot.seen(speed**2)}
            assert found(car) == []


def test_a_dead_wheel_of_a_car_that_stops_meanwhile_is_told_with_its_end():
    """Only while the car is fast, a wheel speed of 0 stands out; the wheel is dead for longer."""
    for seed in range(4):
        robot = Robot(seed)
        speed = 5.0 * np.abs(robot.motion(4.0)) * (1.0 - between(1.0, 0.0, 0.45, 0.55))
        car = {name: robot.seen(speed) for name in ("front", "left", "right", "gps")}
        car["left"] *= between(0.0)
        (change,) = found(car)
        assert (change.channel, change.kind) == ("left", Outcome.HELD)
        assert (change.time, change.end) == (pytest.approx(48e9, abs=0.1e9), pytest.approx(66e9, abs=0.1e9))


def test_a_wheel_that_stalls_loses_its_speed_and_its_current():
    for seed in range(4):
        robot = Robot(seed)
        speed, load = 2.0 + robot.motion(2.0), 2.0 + robot.motion(1.0)
        stalls, jammed = between(0.0) == 0.0, robot.seen(np.full(COUNT, 4.0))
        channels = {f"speed_{side}": robot.seen(speed) for side in ("left", "right", "rear")}
        channels |= {f"current_{side}": robot.seen(load) for side in ("left", "right", "rear")}
        channels["speed_left"] = np.where(stalls, robot.seen(np.zeros(COUNT)), channels["speed_left"])
        channels["current_left"] = np.where(stalls, jammed, channels["current_left"])
        told = {one.channel: one.kind for one in found(channels, ["wheels"] * 6)}
        assert told == {"speed_left": Outcome.LOST, "current_left": Outcome.LOST}


def test_an_axle_that_slides_for_a_moment_is_told():
    """It loses up to a third of its speed in three seconds: the change is clear for one channel of each pair only."""
    times = np.arange(COUNT) / RATE
    slide = 0.3 * np.sin(np.pi * (times - 70.0) / 3.0) * ((times > 70.0) & (times < 73.0))
    for seed in range(6):
        robot = Robot(seed)
        speed = 18.0 + 3.0 * robot.motion(6.0) + robot.motion(1.0)
        train = {name: robot.seen(speed, 0.03) for name in ("first", "second", "third", "fourth", "gps")}
        assert found(train) == []
        train["third"] -= slide * speed
        (change,) = found(train)
        assert (change.channel, change.sure) == ("third", True)
        assert (change.time, change.end) == (pytest.approx(70.7e9, abs=1.1e9), pytest.approx(72.5e9, abs=1.1e9))


def test_of_two_slow_thermometers_one_jumps_for_the_last_sixth():
    """What comes later moves the mean for the same temperature; the change is told to last."""
    for seed in range(4):
        robot = Robot(seed)
        heat = 5.0 * robot.motion(8.0)
        (change,) = found({"inlet": robot.seen(heat) + after(4.0, 0.0, share=0.83), "outlet": robot.seen(heat)})
        assert (change.kind, change.end) == (Outcome.OFFSET, None)
        assert change.time == pytest.approx(0.83 * SECONDS * 1e9, abs=3e9)


def test_a_small_offset_of_a_close_relation_is_told_beside_a_loose_one():
    """The beam of a lift jumps by a hand, which is little beside the distance of two floors."""
    for seed in range(4):
        robot = Robot(seed)
        height = robot.motion(2.0)
        lift = {"floor": robot.seen(height, 0.5), "encoder": robot.seen(height, 0.02), "beam": robot.seen(height, 0.02)}
        lift["beam"] += after(0.2, 0.0)
        (change,) = found(lift)
        assert ({change.channel, *change.beside}, change.kind) == ({"encoder", "beam"}, Outcome.OFFSET)
        assert abs(change.value) == pytest.approx(0.2, abs=0.02)


def test_a_short_jump_is_no_change_that_lasts():
    for seed in (6, 10):
        for seconds in (4.0, 15.0):
            robot = Robot(seed)
            height = np.convolve(robot.motion(seconds), np.ones(RATE) / RATE, "same")
            sensors = {"sonar": robot.seen(height, 0.01), "laser": robot.seen(height, 0.01)}
            sensors["laser"] += between(1.0, 0.0, 0.6, 0.67)
            assert not [one for one in found(sensors) if one.end is None]


def test_of_two_channels_the_one_with_doubtful_relations_to_others_is_at_fault():
    """The offset of a wheel is clear beside its own current, and not sure beside the loose commands."""
    for seed in range(4):
        robot = Robot(seed)
        speed = robot.motion(0.5)
        robots = {"wheel": robot.seen(speed), "current": robot.seen(speed)}
        robots |= {f"loose_{number}": robot.seen(speed, 1.2) for number in range(3)}
        assert found(robots) == []
        robots["wheel"] += between(1.0, 0.0, 0.45, 0.53)
        (change,) = found(robots)
        assert (change.channel, change.beside[0], change.sure) == ("wheel", "current", True)


def test_a_fault_that_passes_soon_after_the_start():
    channels = turning(0)
    channels["gyro"] *= between(-1.0, begin=0.05, end=0.2)
    (change,) = found(channels)
    assert (change.kind, change.end) == (Outcome.SIGN, pytest.approx(24e9, abs=2e9))


def test_other_channels_can_be_unknown_where_one_pair_changes():
    """A topic that ends before, begins after, or has a hole there says nothing about the fault."""
    known = {"ended": 1.0 - after(1.0, 0.0, share=0.35), "began": after(1.0, 0.0, share=0.6), "hole": between(0.0)}
    for part in known.values():
        channels = turning(0)
        channels["gyro"] *= between(-1.0)
        robot = Robot(1)
        slow = robot.motion(0.5)
        for name in ("inlet", "outlet"):
            channels[name] = np.where(part > 0.0, robot.seen(slow), np.nan)
        (change,) = found_among(channels, [(0, 1), (0, 2), (1, 2), (3, 4)])
        assert (change.channel, change.kind) == ("gyro", Outcome.SIGN)
