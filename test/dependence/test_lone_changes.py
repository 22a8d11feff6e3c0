import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.dependence.changes.lone_changes import find_lone_changes

COUNT = 3000


def found(*channels, lone=True):
    samples = np.column_stack(channels)
    every = np.ones(len(channels), dtype=bool)
    names = [f"channel_{k}" for k in range(len(channels))]
    return find_lone_changes(samples, np.arange(COUNT, dtype=np.int64), names, every, every & lone)


def ar(rng, memory):
    keep = np.exp(-1.0 / memory)
    return lfilter([np.sqrt(1.0 - keep**2)], [1.0, -keep], rng.standard_normal(COUNT + 500))[500:]


def test_single_samples_that_stand_out_are_told():
    rng = np.random.default_rng(0)
    distance, speed = ar(rng, 40.0) + 0.05 * rng.standard_normal(COUNT), ar(rng, 40.0)
    distance[[700, 1900]] += (8.0, 9.0)
    (spike,) = found(distance, speed)
    assert (spike.channel, spike.times, spike.spike) == ("channel_0", (700, 1900), True)
    assert spike.sentence("then") == f"channel_0 stands out in single samples then, by {spike.value:.2g} or more."
    assert spike.value == pytest.approx(8.0, abs=1.0)


@pytest.mark.parametrize("lasts", [1, 3, 8])
def test_a_position_that_jumps_is_told_by_its_rate(lasts):
    """GPS at a fifth of the clock: the rate of its position is high for some samples, there and back."""
    rng = np.random.default_rng(3)
    rate = ar(rng, 60.0) + 0.1 * rng.standard_normal(COUNT)
    for row, metres in ((900, 8.0), (1100, -8.0)):
        rate[row : row + lasts] += metres / (lasts * 0.1)
    stamps = np.arange(COUNT, dtype=np.int64) * 100_000_000
    nothing = np.zeros(2, dtype=bool)
    (jump,) = find_lone_changes(
        np.column_stack([rate, ar(rng, 60.0)]), stamps, ["gps.x|rate", "v|rate"], nothing, nothing
    )
    assert jump.times == pytest.approx((90e9, 110e9), abs=1e9)
    assert jump.sentence("then").startswith("gps.x jumps then, by ") and abs(jump.value) == pytest.approx(8.0, rel=0.2)


def test_a_field_that_is_back_at_once_does_not_jump():
    rng = np.random.default_rng(5)
    rate = ar(rng, 60.0) + 0.1 * rng.standard_normal(COUNT)
    rate[900:902] += (80.0, -80.0)
    stamps = np.arange(COUNT, dtype=np.int64) * 100_000_000
    nothing = np.zeros(2, dtype=bool)
    assert not find_lone_changes(np.column_stack([rate, ar(rng, 60.0)]), stamps, ["z|rate", "v"], nothing, nothing)


def test_a_rate_that_is_0_but_for_rounding_has_no_jump():
    rng = np.random.default_rng(6)
    rate = 1e-15 * rng.standard_normal(COUNT)
    rate[:8] += ar(rng, 40.0)[:8]
    rate[900:902] += 1e-13
    stamps = np.arange(COUNT, dtype=np.int64) * 100_000_000
    nothing = np.zeros(2, dtype=bool)
    assert not find_lone_changes(np.column_stack([rate, ar(rng, 60.0)]), stamps, ["z|rate", "v"], nothing, nothing)


def test_a_change_that_is_tiny_beside_the_motion_of_another_joint_does_not_matter():
    rng = np.random.default_rng(2)
    resting = 1.57 + 1e-7 * rng.standard_normal(COUNT)
    resting[1700:] += 3e-6
    moving, every = ar(rng, 40.0), np.array([True, True])
    stamps = np.arange(COUNT, dtype=np.int64)

    def told(*names):
        return find_lone_changes(np.column_stack([resting, moving]), stamps, names, every, every)

    assert len(told("arm.position[joint_7]", "arm.speed")) == 1
    assert not told("arm.position[joint_7]", "arm.position[joint_6]")
    assert not told("Position_7", "Position_1")
    assert len(told("Position_7", "Velocity_1")) == 1


def test_a_button_and_a_channel_full_of_spikes_are_not():
    rng = np.random.default_rng(1)
    button, radar = np.zeros(COUNT), 0.1 * rng.standard_normal(COUNT)
    button[1000] = 1.0
    radar[rng.choice(COUNT, 12, replace=False)] += 10.0
    assert found(button, radar, rng.standard_normal(COUNT)) == []


@pytest.mark.parametrize(("end", "rises"), [(COUNT, 0.6), (2100, -0.6)])
def test_an_offset_of_a_lone_channel_is_told_with_its_time(end, rises):
    rng = np.random.default_rng(2)
    voltage = 5.0 + 0.05 * rng.standard_normal(COUNT)
    voltage[1700:end] += rises
    (step,) = found(voltage, ar(rng, 40.0))
    assert step.times == (pytest.approx(1700, abs=2),)
    assert step.end == (None if end == COUNT else pytest.approx(end, abs=2))
    assert step.value == pytest.approx(rises, abs=0.01)
    assert found(voltage, ar(rng, 40.0), lone=False) == []  # beside others its relations show it
    load = ar(rng, 40.0)
    load[1700:end] += 8.0
    assert found(voltage, load) == []  # of two that change neither is alone


def test_streams_without_a_change_have_none():
    for seed in range(4):
        rng = np.random.default_rng(seed)
        white, walk = rng.standard_normal((2, COUNT))
        walk = np.cumsum(walk)
        kinds = [white, rng.laplace(size=COUNT), ar(rng, 5.0), ar(rng, 300.0) + 0.3 * white, walk, walk + 5.0 * white]
        assert found(*kinds, np.linspace(0.0, 5.0, COUNT) + white) == []


def test_a_state_that_flickers_has_no_other_level():
    rng = np.random.default_rng(9)
    state = np.zeros(COUNT)
    state[1000:1700] = rng.random(700) > 0.03
    assert found(state, ar(rng, 40.0)) == []


def test_a_short_flight_shows_too_little_for_a_jump():
    """It hovers, turns once within a second and hovers: of 200 samples, one in eight belongs to the turn."""
    rng = np.random.default_rng(10)
    rate = 0.01 * rng.standard_normal(200)
    rate[90:98] += np.hanning(8)
    stamps = np.arange(200, dtype=np.int64) * 100_000_000
    nothing = np.zeros(2, dtype=bool)
    samples = np.column_stack([rate, ar(rng, 40.0)[:200]])
    assert find_lone_changes(samples, stamps, ["roll|rate", "v"], nothing, nothing) == []
