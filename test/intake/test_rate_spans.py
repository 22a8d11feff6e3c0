"""The time over which the rate of a noisy field is taken."""

import numpy as np
import pytest
from field_columns import column
from scipy.signal import lfilter

from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.proposing.kinds import ALSO_BY_RATE, Column
from infonet_ros.intake.proposing.rate_spans import rate_span

COUNT = 4000


def position(rng, noise):
    """The sum of speeds that change within 50 samples, about 0.02 in each; and the noise of a sensor."""
    speed = 0.02 * lfilter([np.sqrt(1.0 - 0.98**2)], [1.0, -0.98], rng.standard_normal(COUNT))
    return np.cumsum(speed), noise * rng.standard_normal(COUNT)


def rates(values, span):
    half = max(1, span // 2)
    means = np.convolve(values, np.full(half, 1.0 / half), "valid")
    return (means[half:] - means[:-half]) / half


@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_the_rate_over_that_time_is_mostly_that_of_the_field(noise):
    for seed in range(5):
        true, noisy = position(np.random.default_rng(seed), noise)
        span = rate_span(true + noisy)
        assert span
        assert rates(noisy, span).var() < 0.2 * rates(true + noisy, span).var()
        assert rates(true, span).var() > 0.4 * rates(true, 0).var()


@pytest.mark.parametrize(
    "field",
    [
        lambda rng: position(rng, 0.0)[0],
        lambda rng: np.cumsum(rng.standard_normal(COUNT)),
        lambda rng: np.cumsum(rng.poisson(3.0, COUNT)),
    ],
    ids=["smooth", "random walk", "encoder"],
)
def test_without_noise_the_rate_is_that_between_two_samples(field):
    assert [rate_span(field(np.random.default_rng(seed))) for seed in range(5)] == [0] * 5


@pytest.mark.parametrize("slope", [0.0, 0.003])
def test_noise_that_hides_any_rate_has_no_such_time(slope):
    noise = np.random.default_rng(0).standard_normal(COUNT)
    assert rate_span(noise + slope * np.arange(COUNT)) is None


def test_a_field_that_keeps_its_values_has_a_rate_from_one_to_the_next():
    """A level of fuel, read once a second on a clock of 20 Hz: between two rows it stays the same, or leaps."""
    fuel = np.repeat(np.cumsum(np.sin(np.arange(300) / 9.0)), 20)
    assert rate_span(fuel, hold=20) == 40
    column = Column.of("fuel", np.arange(len(fuel)) * 50_000_000, fuel)
    assert (column.hold, column.rate_span) == (20, 2.0)
    moving = Column.of("speed", np.arange(300) * 50_000_000, fuel[::20])
    assert (moving.hold, moving.rate_span) == (1, 0.0)


def test_a_long_time_is_written_as_a_path_takes_it():
    """Minutes, in a greenhouse that is read every ten seconds."""
    one = column(sum(position(np.random.default_rng(0), 0.1)), rate=0.1, path="level")
    assert one.rate_span > 100.0
    assert parse_channel(ALSO_BY_RATE.channel(one)).rate_span == pytest.approx(one.rate_span, rel=0.05)
