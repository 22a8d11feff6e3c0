"""The test of independence keeps its level, and detects what distance correlation and the Hilbert-Schmidt test do."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from infonet_ros.estimator.measures import independence
from infonet_ros.estimator.measures.independence import Vector, independence_p, seam, vector_memory
from infonet_ros.estimator.samples.product_spread import block_sums, spread_of
from infonet_ros.estimator.samples.surrogates import surrogate_shifts

PAIRS = 40


def p_value(x, y, surrogates=39):
    """p-value of vectors (T, d)."""
    overlap = seam(vector_memory(x.T), vector_memory(y.T), len(x))
    return independence_p(Vector.prepare(x.T, overlap), Vector.prepare(y.T, overlap), surrogates, seed=0)


def share(maker, samples, channels, pairs=PAIRS):
    """Number of generated pairs that the test at 5 % calls dependent."""
    rng = np.random.default_rng(1)
    return np.mean([p_value(*maker(rng, samples, channels)) <= 0.051 for _ in range(pairs)])


def independent(rng, samples, channels):
    return rng.standard_normal((2, samples, channels))


def slow(coefficient):
    return lambda rng, samples, channels: lfilter(
        [1.0], [1.0, -coefficient], rng.standard_normal((2, samples + 200, channels)), axis=1
    )[:, 200:]


def common_sum(rng, samples, channels):
    """The task of the paper's notebook."""
    x = rng.standard_normal((samples, channels))
    return x, (x.sum(axis=1, keepdims=True) / np.sqrt(channels) + rng.standard_normal((samples, channels))) / np.sqrt(2)


def squares(rng, samples, channels):
    x = rng.standard_normal((samples, channels))
    return x, 0.3 * (x**2 - 1.0) / np.sqrt(2.0) + 0.95 * rng.standard_normal((samples, channels))


def one_channel(rng, samples, channels):
    x, y = rng.standard_normal((2, samples, channels))
    y[:, 3] = 0.8 * x[:, 5] + 0.6 * y[:, 3]
    return x, y


def common_loudness(rng, samples, channels):
    """Independent signs, dependent sizes."""
    loudness = np.exp(rng.standard_normal((samples, 1)))
    return rng.standard_normal((2, samples, channels)) * loudness


@pytest.mark.parametrize(
    "maker, samples, channels, least",
    [
        (common_sum, 50, 128, 0.6),
        (common_sum, 100, 128, 0.97),
        (squares, 300, 16, 0.9),
        (one_channel, 100, 128, 0.8),
        (common_loudness, 200, 3, 0.9),
    ],
)
def test_dependence_of_any_kind_is_found(maker, samples, channels, least):
    assert share(maker, samples, channels) >= least


@pytest.mark.parametrize(
    "maker, samples, channels",
    [(independent, 60, 128), (slow(0.8), 200, 8), (slow(0.9), 300, 32)],
)
def test_independent_vectors_are_called_dependent_as_seldom_as_they_should(maker, samples, channels):
    assert share(maker, samples, channels, pairs=50) <= 0.16  # 5 % and nearly four deviations


def set_points(correlation):
    """Steps of all channels at the same random times."""

    def maker(rng, samples, channels):
        left, other = rng.standard_normal((2, samples, channels))
        heights = np.stack([left, correlation * left + np.sqrt(1.0 - correlation**2) * other])
        lasting = np.repeat(heights, rng.geometric(0.05, size=samples), axis=1)[:, :samples]
        return lasting + 0.1 * rng.standard_normal(lasting.shape)

    return maker


def test_independent_vectors_that_change_at_common_times_are_seldom_called_dependent():
    """By shifts alone it would be most of them."""
    assert share(set_points(0.0), 600, 3, pairs=25) <= 0.16
    assert share(set_points(0.9), 600, 3, pairs=10) >= 0.9


def test_what_vectors_share_is_divided_by_the_spread_of_the_sums_of_blocks(rng):
    """Of one channel each, the matrices of waves are products of single waves."""
    x, y = (Vector.prepare(one, 0) for one in rng.standard_normal((2, 1, 60)))
    found = independence.studentised_over_all_shifts(x, y, 4)["even"]
    shifts = np.array([0, 1, 17, 59])
    sums = block_sums(*(vector.waves[0][1].double().numpy() for vector in (x, y)), -shifts, 4)
    assert found[shifts] == pytest.approx(np.square(sums.sum(axis=1))[:, 0, 0] / spread_of(sums), rel=1e-3, abs=1e-4)


def test_all_shifts_by_fourier_are_what_turning_the_samples_gives(rng):
    for count in (60, 61):
        x, y = rng.standard_normal((2, 4, count))
        everywhere = independence.over_all_shifts(Vector.prepare(x, 0), Vector.prepare(y, 0))
        for shift in (0, 1, 17, count - 1):
            turned = Vector.prepare(np.roll(y, shift, axis=1), 0)
            for name, values in independence.over_all_shifts(Vector.prepare(x, 0), turned).items():
                assert everywhere[name][shift] == pytest.approx(values[0], rel=1e-3, abs=1e-3)


def test_without_a_shift_the_inner_product_is_the_distance_covariance(rng):
    x, y = rng.standard_normal((2, 3, 50))
    found = independence.over_all_shifts(Vector.prepare(x, 0), Vector.prepare(y, 0))["distance"][0]

    def centred(values):
        level = independence.levelled(values)
        distances = np.linalg.norm(level[:, :, None] - level[:, None, :], axis=0)
        return distances - distances.mean(axis=0) - distances.mean(axis=1)[:, None] + distances.mean()

    assert found == pytest.approx((centred(x) * centred(y)).sum(), rel=1e-4)


def test_the_seam_is_closed_only_where_both_remember():
    assert seam(1.0, 30.0, 500) == seam(30.0, 1.0, 500) == 0
    assert seam(10.0, 30.0, 500) == 32
    assert seam(100.0, 300.0, 500) == 71


def test_fading_keeps_the_power_of_noise(rng):
    noise = torch.from_numpy(rng.standard_normal((200, 300)).astype(np.float32))
    closed = independence.without_seam(noise, 40)
    assert closed.shape == (200, 260)
    assert float(closed[:, :40].square().mean()) == pytest.approx(1.0, abs=0.05)


def test_units_outliers_and_constants_make_no_difference(rng):
    x, y = common_sum(rng, 200, 6)
    plain = p_value(x, y)
    x = np.column_stack([1e6 * x + 3.0, np.full(200, 7.0)])
    assert p_value(x, y) == plain
    y[17, 2] = 1e12
    assert p_value(x, y) <= 0.05


def test_the_p_value_counts_as_many_shifts_as_there_are(rng):
    x, y = independent(rng, 30, 2)
    shifts = len(surrogate_shifts(30, 999, 0))
    assert (p_value(x, y, surrogates=999) * (1 + shifts)) == pytest.approx(round(p_value(x, y, 999) * (1 + shifts)))


def test_long_vectors_are_dealt_out_in_parts(rng):
    x, y = common_sum(rng, 3000, 3)
    prepared = Vector.prepare(x.T, 0)
    assert len(prepared.waves) > 1 and prepared.count <= independence.MOST_ROWS
    assert p_value(x, y) == 1 / 40
