import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.errors import InputError
from infonet_ros.estimator.measures.plan import Requests
from infonet_ros.estimator.samples.surrogates import surrogate_shifts


@pytest.fixture
def samples(rng):
    """Five channels: a chain of three, an independent one, a constant one."""
    x = rng.standard_normal((800, 5))
    x[:, 1] += x[:, 0]
    x[:, 2] += 2.0 * x[:, 1]
    x[:, 4] = 1.0
    return x


def test_every_pair_is_what_it_is_alone(net, samples):
    matrix = net.pairwise(samples).mi
    for i in range(5):
        for j in range(5):
            if i != j:
                assert matrix[i, j] == pytest.approx(net.estimate(samples[:, i], samples[:, j]).mi, abs=1e-5)


def test_of_many_lags_few_are_tried_and_the_best_are_among_them(net, rng, monkeypatch):
    """A delay either way, a square, a held command, a sample of each that is not known; and one that is independent."""
    source = lfilter([1.0], [1.0, -0.9], rng.standard_normal(2300))
    held = np.repeat(source[150:2150:8], 8)
    samples = np.column_stack([source[150:2150], source[113:2113], source[270:2270] ** 2, held])
    samples += 0.1 * samples.std(axis=0) * rng.standard_normal(samples.shape) * [1, 1, 1, 0]
    samples = np.column_stack([samples, lfilter([1.0], [1.0, -0.9], rng.standard_normal(2000))])
    samples[np.arange(5) * 100, np.arange(5)] = np.nan
    tried = []
    taking = Requests.taking
    monkeypatch.setattr(
        Requests, "taking", lambda own, some: tried.append((some.sum(), len(some))) or taking(own, some)
    )
    found = net.pairwise(samples, lags=range(201))
    assert tried[0][1] == 10 * 401 and tried[0][0] < 0.05 * tried[0][1]
    assert found.lag[0, 1] == 37 and found.lag[0, 2] == -120 and found.lag[1, 2] == -157
    for a, b in ((0, 1), (0, 2), (1, 2), (0, 3), (2, 3)):
        every = net.lagged(samples[:, a], samples[:, b], range(-200, 201))
        assert found.mi[a, b] == pytest.approx(every.mi.max(), abs=0.03)
    assert found.mi[0, 4] < 0.2
    assert len(tried) == 1
    net.pairwise(samples, lags=range(64))
    net.pairwise(samples[:, :2], lags=range(70), surrogates=1)
    assert len(tried) == 1, "few lags, and those of surrogates, are all tried"


def test_the_order_of_channels_makes_no_difference_to_the_bit(net, samples):
    samples[:, 3] = np.round(samples[:, 3])
    samples[::9, 2] = np.nan
    order = np.array([3, 1, 4, 0, 2])
    straight = net.pairwise(samples, lags=[0, 2], surrogates=3)
    permuted = net.pairwise(samples[:, order], lags=[0, 2], surrogates=3)
    for name in ("mi", "lower", "upper", "p_value", "lag", "samples"):
        np.testing.assert_array_equal(getattr(permuted, name), getattr(straight, name)[np.ix_(order, order)])


def test_the_diagonal_is_unknown_and_the_rest_symmetric(net, samples):
    estimate = net.pairwise(samples)
    assert np.isnan(np.diag(estimate.mi)).all()
    np.testing.assert_array_equal(estimate.mi, estimate.mi.T)
    assert estimate.p_value is None and (estimate.lag == 0).all()


def test_constants_are_marked_and_have_none(net, samples):
    estimate = net.pairwise(samples, surrogates=2)
    np.testing.assert_array_equal(estimate.constant, [False, False, False, False, True])
    assert (estimate.mi[4, :4] == 0).all() and (estimate.p_value[4, :4] == 1).all()


def test_missing_samples_cost_only_their_pairs(net, samples):
    whole = net.pairwise(samples)
    samples[:300, 0] = np.nan
    samples[200:, 3] = np.inf
    estimate = net.pairwise(samples)
    assert estimate.mi[1, 2] == pytest.approx(whole.mi[1, 2], abs=1e-5)
    assert estimate.samples[0, 1] == 500 and estimate.samples[1, 3] == 200 and estimate.samples[0, 3] == 0
    assert np.isnan(estimate.mi[0, 3])
    assert estimate.mi[0, 1] == pytest.approx(net.estimate(samples[300:, 0], samples[300:, 1]).mi, abs=1e-5)


def test_lags_are_found_in_both_directions(net, rng):
    x = rng.standard_normal(1000)
    samples = np.stack([x, np.roll(x, 5), np.roll(x, -3)], axis=1) + 0.3 * rng.standard_normal((1000, 3))
    estimate = net.pairwise(samples, lags=range(9))
    np.testing.assert_array_equal(estimate.lag, [[0, 5, -3], [-5, 0, -8], [3, 8, 0]])
    assert estimate.samples[1, 2] == 992
    assert estimate.mi[0, 1] == pytest.approx(net.lagged(samples[:, 0], samples[:, 1], [5]).mi[0], abs=1e-5)


def test_many_channels_and_samples_fit_in_blocks(net, rng, monkeypatch):
    samples = rng.standard_normal((300, 9))
    whole = net.pairwise(samples).mi
    monkeypatch.setattr("infonet_ros.estimator.network.blocks.BLOCK_ELEMENTS", 300 * 5)
    np.testing.assert_allclose(net.pairwise(samples).mi, whole, atol=1e-5)


@pytest.mark.parametrize("surrogates", [0, 5])
def test_windows_that_share_passes_are_what_they_are_alone(net, rng, surrogates):
    constant = np.ones((200, 3))
    windows = [constant, *rng.standard_normal((20, 200, 3)).cumsum(axis=1), constant, np.full((200, 3), np.nan)]
    windows[3][:150, 0] = np.nan  # too few samples of a channel
    together = list(net.pairwise_windows(iter(windows), lags=[0, 3], surrogates=surrogates))
    assert len(together) == len(windows)
    for window, estimate in zip(windows, together, strict=True):
        alone = net.pairwise(window, lags=[0, 3], surrogates=surrogates)
        for name in ("mi", "lower", "upper"):
            np.testing.assert_allclose(getattr(estimate, name), getattr(alone, name), atol=1e-5)
        np.testing.assert_array_equal(estimate.lag, alone.lag)
        if surrogates:
            np.testing.assert_allclose(estimate.p_value, alone.p_value)


def test_windows_are_taken_as_they_are_needed(net, rng):
    taken = []

    def windows():
        for number in range(1000):
            taken.append(number)
            yield rng.standard_normal((100, 4))

    estimates = net.pairwise_windows(windows())
    next(estimates)
    assert len(taken) < 200


def test_slow_independent_streams_are_not_called_dependent(net, rng):
    streams = lfilter([1.0], [1.0, -0.95], rng.standard_normal((30, 2, 1000)), axis=2)
    p = [net.estimate(x, y, surrogates=19).p_value for x, y in streams]
    assert np.mean(np.array(p) <= 0.05) < 0.25  # 5 % expected; shuffling would give about 80 %


def test_coupled_slow_streams_are_found(net, rng):
    rho = np.sqrt(-np.expm1(-2.0 * 0.4))
    streams = lfilter([1.0], [1.0, -0.95], rng.standard_normal((10, 2, 1000)), axis=2)
    p = [net.estimate(x, rho * x + np.sqrt(1 - rho**2) * y, surrogates=19).p_value for x, y in streams]
    assert np.mean(np.array(p) <= 0.05) >= 0.8


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (5, r"samples has shape \(\)"),
        (np.zeros(5), r"samples has shape \(5,\)"),
        (np.zeros((0, 3)), r"samples has shape \(0, 3\)"),
        (np.zeros((3, 0)), r"samples has shape \(3, 0\)"),
        (np.zeros((3, 2), dtype=complex), "type complex128"),
    ],
)
def test_unusable_samples_are_refused(net, samples, message):
    with pytest.raises(InputError, match=message):
        net.pairwise(samples)


@pytest.mark.parametrize(
    ("lags", "message"), [([-1], "holds -1"), ([1.5], "whole numbers"), ([], "non-empty"), ([[0], [0, 1]], "non-empty")]
)
def test_unusable_lags_are_refused(net, rng, lags, message):
    with pytest.raises(InputError, match=message):
        net.pairwise(rng.standard_normal((100, 2)), lags=lags)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int32])
def test_lags_of_every_whole_type_are_the_same(net, rng, kind):
    samples = rng.standard_normal((300, 2))
    lags = np.arange(100, 103).astype(kind)
    np.testing.assert_array_equal(net.pairwise(samples, lags=lags).lag, net.pairwise(samples, lags=lags.tolist()).lag)


def test_long_lags_leave_few_surrogates_and_large_p_values(net, rng):
    """With one shift no p-value is below one in two, however many were requested."""
    estimate = net.pairwise(rng.standard_normal((200, 3)), lags=[0, 99], surrogates=19)
    off = ~np.eye(3, dtype=bool)
    assert (estimate.p_value[off] >= 1 / 2).all()


def test_a_pair_with_few_samples_has_fewer_surrogates_than_the_others(net, rng):
    samples = rng.standard_normal((300, 3))
    samples[:, 1] = samples[:, 0]
    samples[70:, 2] = np.nan
    p = net.pairwise(samples, surrogates=99).p_value
    assert p[0, 1] == 1 / 100
    few = 1 + len(surrogate_shifts(70, 99, seed=0))
    assert few < 71
    assert p[0, 2] * few == pytest.approx(round(p[0, 2] * few)) and p[0, 2] >= 1 / few


def test_negative_counts_are_refused(net, rng):
    with pytest.raises(InputError, match="surrogates is -1"):
        net.pairwise(rng.standard_normal((100, 2)), surrogates=-1)


def test_one_channel_has_no_pairs(net, rng):
    estimate = net.pairwise(rng.standard_normal((100, 1)), surrogates=2)
    assert estimate.mi.shape == (1, 1) and np.isnan(estimate.mi[0, 0]) and estimate.samples[0, 0] == 100
