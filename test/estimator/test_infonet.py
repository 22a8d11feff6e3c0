import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from scipy.stats import multivariate_normal, norm

from infonet_ros import InfoNet
from infonet_ros.errors import InputError, WeightsError
from infonet_ros.series import paired_at_lag

BIT = np.log(2.0)


@pytest.mark.parametrize("information", [0.1, 0.4, 0.8, 1.5])
def test_gaussian_pairs_have_their_closed_form(net, correlated, information):
    estimate = net.estimate(*correlated(information))
    assert estimate.mi == pytest.approx(information, abs=0.08)
    assert estimate.lower <= estimate.mi <= estimate.upper
    assert estimate.samples == 2000 and not estimate.constant and estimate.p_value is None


def test_independent_pairs_have_almost_none(net, rng):
    assert net.estimate(*rng.standard_normal((2, 2000))).mi < 0.03


@pytest.mark.parametrize("step", [0.1, 0.2])
def test_independent_readings_in_fine_steps_have_almost_none(net, rng, step):
    windows = np.round(rng.standard_normal((20, 300, 2)) / step)
    assert np.mean([found.mi[0, 1] for found in net.pairwise_windows(windows)]) < 0.1


def test_dependence_without_correlation_is_seen(net, rng):
    x = rng.standard_normal(2000)
    assert net.estimate(x, x**2 + 0.1 * rng.standard_normal(2000)).mi > 1.0


def test_tied_data_have_the_information_of_their_table(net, rng):
    x = rng.integers(2, size=4000)
    y = np.where(rng.random(4000) < 0.1, 1 - x, x)  # a binary symmetric channel
    truth = BIT + 0.1 * np.log(0.1) + 0.9 * np.log(0.9)
    assert net.estimate(x, y).mi == pytest.approx(truth, abs=0.05)
    assert net.estimate(x, x).mi == pytest.approx(BIT, abs=0.08)


def test_symmetric_to_the_bit(net, correlated, rng):
    x, y = correlated(0.5, 700)
    coarse = np.round(2.0 * y)
    for other in (y, coarse):
        assert net.estimate(x, other) == net.estimate(other, x)


def test_increasing_transforms_change_nothing(net, correlated):
    x, y = correlated(0.5)
    assert net.estimate(np.exp(x), y**3 + 5.0) == net.estimate(x, y)


@pytest.mark.parametrize("count", [101, 999, 2000])
@pytest.mark.parametrize("information", [0.5, 4.0])
def test_decreasing_transforms_change_almost_nothing(net, correlated, information, count):
    x, y = correlated(information, count)
    for u, v in ((-x, y), (x, -y), (-x, -y)):
        assert net.estimate(u, v).mi == pytest.approx(net.estimate(x, y).mi, abs=1e-4)


@pytest.mark.parametrize("count", [250, 2000])
def test_negating_tied_data_changes_almost_nothing(net, correlated, count):
    x, y = np.round(3.0 * np.stack(correlated(0.5, count)))
    for u, v in ((-x, y), (x, -y), (-x, -y)):
        assert net.estimate(u, v).mi == pytest.approx(net.estimate(x, y).mi, abs=0.01)


def test_masked_values_are_not_known(net, correlated):
    x, y = correlated(0.5, 500)
    spoilt = x.copy()
    spoilt[::5] = 999.0
    masked = np.ma.masked_equal(spoilt, 999.0)
    unknown = np.where(spoilt == 999.0, np.nan, spoilt)
    assert net.estimate(masked, y) == net.estimate(unknown, y)
    assert net.estimate(masked, y).samples == 400


def test_stamps_in_nanoseconds_are_distinguished(net, rng):
    stamps = 1_790_000_000_000_000_000 + rng.permutation(1000)
    assert net.estimate(stamps, stamps.astype(np.uint64)).mi == net.estimate(stamps - stamps.min(), stamps).mi > 3.0
    extremes = np.where(stamps % 2, np.iinfo(np.int64).min, np.iinfo(np.int64).max)
    assert net.estimate(extremes, stamps % 2).mi == pytest.approx(BIT, abs=0.05)


def test_a_stream_that_is_constant_where_the_other_is_known_is_marked(net, rng):
    x, y = rng.standard_normal((2, 400))
    x[:200], y[200:] = 1.0, np.nan
    estimate = net.estimate(x, y)
    assert estimate.mi == 0.0 and estimate.constant


def test_same_seed_same_bits(net, rng):
    samples = np.round(rng.standard_normal((400, 5)), 1)
    first, second = (net.pairwise(samples, surrogates=5, seed=3) for _ in range(2))
    for name in ("mi", "lower", "upper", "p_value"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_bad_samples_are_left_out(net, correlated):
    x, y = correlated(0.5, 1000)
    x[::10], y[5::50] = np.nan, np.inf
    good = np.isfinite(x) & np.isfinite(y)
    estimate = net.estimate(x, y)
    assert estimate.samples == good.sum()
    assert estimate.mi == pytest.approx(net.estimate(x[good], y[good]).mi, abs=1e-5)


def test_too_few_good_samples_give_nan(net, rng):
    x, y = rng.standard_normal((2, 100))
    x[:37] = np.nan
    estimate = net.estimate(x, y, surrogates=5)
    assert np.isnan([estimate.mi, estimate.lower, estimate.upper, estimate.p_value]).all()
    assert estimate.samples == 63


def test_a_constant_has_no_information_and_is_marked(net, rng):
    estimate = net.estimate(rng.standard_normal(200), np.full(200, 3.5), surrogates=3)
    assert (estimate.mi, estimate.lower, estimate.upper, estimate.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert estimate.constant


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint16, np.float16, np.float32])
def test_other_number_types_work(net, rng, kind):
    x = (rng.standard_normal(300) * 3).clip(0).astype(kind)
    assert net.estimate(x, x).mi > 0.3


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((5, 2)), np.zeros(5), r"x has shape \(5, 2\)"),
        (np.zeros(5), np.zeros(6), r"x has shape \(5,\) and y has shape \(6,\)"),
        ([], [], r"x has shape \(0,\)"),
        (np.zeros(5), np.zeros(5, complex), r"y has shape \(5,\) and type complex128"),
        (np.array(["a", "b"]), np.zeros(2), "x has shape .* expected real numbers"),
        (np.array([None, 1.0]), np.zeros(2), "x has shape .* and type object"),
        ([[1.0], [1.0, 2.0]], [1.0], "x is ragged"),
    ],
)
def test_unusable_input_is_refused_by_name(net, x, y, message):
    with pytest.raises(InputError, match=message):
        net.estimate(x, y)


def test_a_list_of_streams_is_not_taken_for_rows(net, rng):
    streams = list(rng.standard_normal((3, 64)))
    with pytest.raises(
        InputError, match=r"samples is a list of 3 streams of 64 samples: .* numpy.stack\(samples, axis=1\)"
    ):
        net.pairwise(streams)
    assert net.pairwise(np.stack(streams, axis=1).tolist()).mi.shape == (3, 3)


def test_more_samples_than_trained_are_dealt_out_and_averaged(net, correlated):
    x, y = correlated(0.6, 40000)
    long, parts = net.estimate(x, y), [net.estimate(x[k::5], y[k::5]) for k in range(5)]
    assert long.samples == 40000
    assert long.mi == pytest.approx(np.mean([part.mi for part in parts]), abs=1e-5)
    assert long.upper == pytest.approx(np.mean([part.upper for part in parts]), abs=1e-5)
    assert net.lagged(x, y, [0]).mi[0] == pytest.approx(long.mi, abs=1e-5)
    assert net.sliced(x[:, None], y[:, None]).mi == pytest.approx(long.mi, abs=1e-5)
    assert np.exp(net.discriminant(x, y)).mean() == pytest.approx(1.0, abs=1e-4)


def test_the_interval_is_wider_for_streams_with_memory(net, rng, correlated):
    x, y = correlated(0.5, 2000)
    slow_x, slow_y = (np.repeat(z[:100], 20) + 1e-3 * rng.standard_normal(2000) for z in (x, y))
    fresh, slow = net.estimate(x, y), net.estimate(slow_x, slow_y)
    assert slow.upper - slow.lower > 2.0 * (fresh.upper - fresh.lower)


def test_discriminant_is_the_log_density_of_the_copula(net, correlated):
    table = net.discriminant(*correlated(0.5, 8000))
    assert table.shape == (64, 64)
    assert np.exp(table).mean() == pytest.approx(1.0, abs=1e-4)
    assert table[0, 0] > 0.5 and table[-1, -1] > 0.5  # a positive dependence: the like ends meet often
    assert table[0, -1] < -0.5 and table[-1, 0] < -0.5


def test_discriminant_has_x_first(net, rng):
    x = rng.standard_normal(4000)
    table = net.discriminant(x, x**2 + 0.3 * rng.standard_normal(4000))
    assert table[0, -1] > 0.5 and table[-1, -1] > 0.5  # both ends of x meet large y


def test_the_table_of_a_robot_that_moves_and_rests_is_close_to_the_true_density(net, rng):
    kept, noise, cov = 0.8, 0.01, np.array([[1.0, 0.8], [0.8, 1.0]])
    motion = lfilter([np.sqrt(1.0 - kept**2)], [1.0, -kept], rng.multivariate_normal(np.zeros(2), cov, 4000).T)
    x, y = motion * (np.arange(4000) // 200 % 2) + noise * rng.standard_normal((2, 4000))
    alone = [np.logaddexp(norm.logpdf(own), norm.logpdf(own, scale=noise)) - np.log(2.0) for own in (x, y)]
    moving, still = (multivariate_normal(cov=each).logpdf(np.c_[x, y]) for each in (cov, noise**2 * np.eye(2)))
    true = np.logaddexp(moving, still) - np.log(2.0) - sum(alone)
    assert net.pointwise(x, y).mean() == pytest.approx(true.mean(), rel=0.1)


def test_discriminants_of_several_pairs_are_those_of_each_at_its_lag(net, rng):
    samples = rng.standard_normal((9000, 4))  # two parts of the samples that the network knows
    samples[:, 1] = np.roll(samples[:, 0], 3) ** 2 + 0.5 * samples[:, 1]
    samples[:, 3] = 7.0
    pairs, lags = [(0, 1), (1, 0), (0, 2), (0, 3)], [3, -3, 0, 5]
    found = net.discriminants(samples, pairs, lags)
    for (a, b), lag, table in zip(pairs, lags, found, strict=True):
        alone = net.discriminant(*paired_at_lag(samples[:, a], samples[:, b], lag))
        np.testing.assert_allclose(table, alone, atol=1e-5)
    assert found[0][0, -1] > 0.5 and not found[3].any()
    with pytest.raises(InputError, match="2 lags for 4 pairs"):
        net.discriminants(samples, pairs, [0, 1])


def test_the_discriminant_of_a_channel_and_itself_has_the_same_axes_at_lags_of_both_signs(net, rng):
    x = lfilter([1.0], [1.0, -0.6], rng.exponential(size=2000))  # jumps up, and falls slowly
    later, earlier = net.discriminants(x[:, None], [(0, 0), (0, 0)], [3, -3])
    np.testing.assert_array_equal(earlier, later.T)
    assert np.abs(later - later.T).max() > 0.5


@pytest.mark.parametrize("pairs", [[], [0, 1], [(0, 1, 1)], ["01"], [(0, 2)]])
def test_what_are_no_pairs_of_columns_is_refused(net, rng, pairs):
    with pytest.raises(InputError, match="pairs"):
        net.discriminants(rng.standard_normal((100, 2)), pairs, [0])


def test_pointwise_averages_to_the_information(net, correlated):
    x, y = correlated(0.5, 4000)
    x[7] = np.nan
    values = net.pointwise(x, y)
    assert values.shape == (4000,) and np.isnan(values[7])
    rho = np.sqrt(-np.expm1(-1.0))
    truth = 0.5 - (rho**2 * (x**2 + y**2) - 2 * rho * x * y) / (2 * (1 - rho**2))
    assert np.nanmean(values) == pytest.approx(0.5, abs=0.08)
    assert np.corrcoef(values[8:], truth[8:])[0, 1] > 0.9


def test_lagged_finds_the_delay(net, rng):
    x = rng.standard_normal(1500)
    y = np.roll(x, 7) + 0.5 * rng.standard_normal(1500)
    scan = net.lagged(x, y, range(-10, 11))
    assert scan.best_lag == 7
    assert (scan.samples == 1500 - np.abs(scan.lags)).all()
    assert net.lagged(y, x, [-7]).mi[0] == pytest.approx(scan.mi[scan.lags == 7][0], abs=1e-5)


def test_lagged_at_no_lag_is_the_plain_estimate(net, correlated):
    x, y = correlated(0.5, 600)
    assert net.lagged(x, y, [0]).mi[0] == pytest.approx(net.estimate(x, y).mi, abs=1e-6)


def test_lags_beyond_the_window_are_refused(net, rng):
    with pytest.raises(InputError, match="holds 300: expected less than the 300 samples"):
        net.lagged(*rng.standard_normal((2, 300)), [0, 300])
    with pytest.raises(InputError, match="expected less than the 300 samples"):
        net.lagged(*rng.standard_normal((2, 300)), [np.iinfo(np.int64).min])


def test_tensors_give_the_plain_estimate(net, correlated):
    x, y = correlated(0.7, 500)
    value = net(torch.from_numpy(x[None]), torch.from_numpy(y[None]))
    assert value.item() == pytest.approx(net.estimate(x, y).mi, abs=1e-5)


def test_pairs_of_a_batch_are_each_by_itself(net, rng):
    x = torch.from_numpy(np.round(rng.standard_normal((1, 300)), 1))
    y = x + torch.from_numpy(rng.standard_normal((1, 300)))
    values = net(x.repeat(3, 1), y.repeat(3, 1))
    torch.testing.assert_close(values, net(x, y).repeat(3), rtol=0.0, atol=1e-6)
    assert net(torch.ones(1, 300), y.float()) == 0.0


def test_gradients_flow_to_both_streams(net, correlated):
    x, y = (torch.from_numpy(values[None]).requires_grad_() for values in correlated(0.5, 300))
    net(x, y).sum().backward()
    for streams, other in ((x, y), (y, x)):
        # Moving a stream towards the other, standardised, raises the MI.
        assert (streams.grad * (other - streams)).sum() > 0.0


def test_gradient_ascent_recovers_a_rotation(net, rng):
    """Two sources are mixed by a rotation; the angle at which one output shares most with its reference undoes it."""
    source, other = rng.uniform(-1.0, 1.0, (2, 1000))
    reference = torch.from_numpy(np.sin(2.0 * source) + 0.1 * rng.standard_normal(1000))
    mixed = torch.from_numpy(
        np.stack([np.cos(0.6) * source - np.sin(0.6) * other, np.sin(0.6) * source + np.cos(0.6) * other])
    )
    angle = torch.tensor(0.05, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([angle], lr=0.06)
    for _ in range(40):
        output = torch.cos(angle) * mixed[0] + torch.sin(angle) * mixed[1]
        loss = -net(output[None], reference[None]).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert angle.item() == pytest.approx(0.6, abs=0.08)


@pytest.mark.parametrize("values", [np.zeros((1, 100)), [[0.0] * 100], torch.zeros(1, 100, dtype=torch.complex64)])
def test_what_are_no_real_tensors_is_refused(net, values):
    with pytest.raises(InputError, match="expected a floating torch tensor"):
        net(torch.zeros(1, 100), values)


@pytest.mark.parametrize("shape", [(100,), (2, 63), (1, 2, 100), (0, 100)])
def test_tensors_of_other_shapes_are_refused(net, shape):
    with pytest.raises(InputError, match=r"expected \(B, T\)"):
        net(torch.zeros(shape), torch.zeros(shape))


def test_tensors_with_nan_are_refused(net):
    x = torch.zeros(1, 100)
    x[0, 3] = torch.nan
    with pytest.raises(InputError, match="NaN"):
        net(x, x)


def test_an_unknown_device_is_refused():
    with pytest.raises(InputError, match="device is None"):
        InfoNet.from_pretrained(device=None)
    with pytest.raises(WeightsError, match="weights is 3: expected the path"):
        InfoNet.from_pretrained(weights=3)
    with pytest.raises(InputError, match="device is 'tpu'"):
        InfoNet.from_pretrained(device="tpu")


def test_without_a_network_it_says_how_to_load_one():
    with pytest.raises(InputError, match=r"`InfoNet\.from_pretrained\(\)` loads"):
        InfoNet()


@pytest.mark.parametrize("missing", [0, 60])
def test_each_lag_of_a_pair_has_what_the_matrix_has_at_that_lag(net, rng, missing):
    x = np.round(rng.standard_normal(400).cumsum())
    y = np.roll(x, 3) + rng.standard_normal(400)
    x[rng.permutation(400)[:missing]] = np.nan
    for lag in (0, 3, -3, -20):
        (found,) = net.lagged(x, y, [lag]).mi
        both = net.pairwise(np.stack([x, y], axis=1), lags=[abs(lag)])
        other = net.lagged(x, y, [-lag]).mi[0]
        assert both.mi[0, 1] == pytest.approx(max(found, other), abs=1e-6)


def test_what_has_no_sample_in_common_is_not_known(net):
    x, y = np.arange(200.0), np.arange(200.0)
    x[:100] = y[100:] = np.nan
    for nothing in (net.estimate(x, y), net.estimate(x, y, surrogates=3), net.sliced(x, y)):
        assert np.isnan([nothing.mi, nothing.lower, nothing.upper]).all() and nothing.samples == 0
    assert np.isnan(net.estimate(np.full(80, np.inf), np.arange(80.0)).mi)
    scan = net.lagged(x, y, range(-20, 21))
    assert np.isnan(scan.mi).all() and scan.best_lag is None
    assert np.isnan([scan.delay, scan.delay_lower, scan.delay_upper]).all()
    assert net.lagged(x, y, [-100]).samples == [100]
