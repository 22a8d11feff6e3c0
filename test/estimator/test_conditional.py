import numpy as np
import pytest
import torch

from infonet_ros.errors import InputError

T = 1500


def gaussian(information):
    return np.sqrt(-np.expm1(-2.0 * information))


@pytest.fixture
def driven(rng):
    """Draw z, and x and y that it drives, whose noises share so much; (T,) each."""

    def draw(information, count=T):
        z, a, e = rng.standard_normal((3, count))
        rho = gaussian(information)
        b = rho * a + np.sqrt(1.0 - rho**2) * e
        return z, z**2 + 2.0 * z + a, np.sin(2.0 * z) - 2.0 * z + 0.5 * b

    return draw


def test_a_common_driver_leaves_nothing(net, driven):
    z, x, y = driven(0.0)
    assert net.estimate(x, y).mi > 0.4
    beside = net.estimate(x, y, given=z, surrogates=19)
    assert beside.mi < 0.02 and beside.lower == 0.0 and beside.p_value > 0.05


@pytest.mark.parametrize("information", [0.2, 0.8])
def test_what_is_shared_beside_a_driver_is_found(net, driven, information):
    z, x, y = driven(information)
    beside = net.estimate(x, y, given=z, surrogates=19)
    assert beside.mi == pytest.approx(information, abs=0.08)
    assert beside.lower <= information <= beside.upper
    assert beside.p_value == pytest.approx(0.05)


def test_a_coupling_that_turns_with_what_is_given_is_seen(net, rng):
    z, x, e = rng.uniform(-1.0, 1.0, 3000), *rng.standard_normal((2, 3000))
    rho = 0.95 * np.sin(np.pi * z)
    y = rho * x + np.sqrt(1.0 - rho**2) * e
    assert net.estimate(x, y, given=z).mi == pytest.approx(-0.5 * np.log1p(-(rho**2)).mean(), rel=0.3)


def test_modes_and_streams_are_given_together(net, rng):
    mode = rng.integers(0, 4, 2000)
    z, a, e = rng.standard_normal((3, 2000))
    x, y = 3.0 * mode + z + a, mode**2.0 - z + gaussian(0.5) * a + np.sqrt(1.0 - gaussian(0.5) ** 2) * e
    assert net.estimate(x, y, given=np.stack([mode, z], axis=1)).mi == pytest.approx(0.5, abs=0.12)
    assert net.estimate(x, e - z + mode, given=np.stack([mode, z], axis=1)).mi < 0.03


def test_several_drivers_are_given(net, rng):
    z = rng.standard_normal((3, 3000))
    x, y = z.sum(axis=0) + 0.7 * rng.standard_normal(3000), z[0] - z[1] + z[2] + 0.7 * rng.standard_normal(3000)
    assert net.estimate(x, y).mi > 0.03
    assert net.estimate(x, y, given=z.T).mi < 0.03


def test_what_is_given_without_change_changes_nothing(net, driven):
    _, x, y = driven(0.3)
    assert net.estimate(x, y, given=np.ones(T)).mi == pytest.approx(net.estimate(x, y).mi, abs=0.05)


def test_beside_a_copy_a_stream_shares_nothing(net, driven):
    _, x, y = driven(0.8)
    beside = net.estimate(x, y, given=np.exp(x))
    assert beside.mi == beside.upper == 0.0


def test_units_and_the_order_of_the_two_make_no_difference(net, driven):
    z, x, y = driven(0.3)
    beside = net.estimate(x, y, given=z).mi
    assert net.estimate(y, x, given=z).mi == beside
    assert net.estimate(5.0 * x + 1.0, y, given=100.0 * z).mi == pytest.approx(beside, rel=1e-5)


def test_pairs_lags_and_single_estimates_agree(net, driven):
    z, x, y = driven(0.3, 800)
    samples = np.stack([x, np.roll(y, 2), z], axis=1)
    pairs = net.pairwise(samples, lags=(0, 2), given=z)
    lagged = net.lagged(samples[:, 0], samples[:, 1], range(-3, 4), given=z)
    assert lagged.best_lag == pairs.lag[0, 1] == -pairs.lag[1, 0] == 2
    assert lagged.mi[5] == pytest.approx(pairs.mi[0, 1], rel=1e-5) and pairs.mi[0, 1] == pairs.mi[1, 0]
    assert lagged.mi[3] == pytest.approx(net.estimate(samples[:, 0], samples[:, 1], given=z).mi, rel=1e-5)
    assert lagged.samples.tolist() == [797, 798, 799, 800, 799, 798, 797]


def test_unknown_samples_are_left_out_pair_by_pair(net, driven):
    z, x, y = driven(0.5)
    x[:200], z[300:350] = np.nan, np.inf
    pairs = net.pairwise(np.stack([x, y, y + 1.0], axis=1), given=z)
    assert pairs.samples.tolist() == [[1300, 1250, 1250], [1250, 1500, 1450], [1250, 1450, 1500]]
    assert pairs.mi[0, 1] == pytest.approx(0.5, abs=0.12)
    assert np.isnan(net.estimate(x[:250], y[:250], given=z[:250]).mi)


def test_what_is_given_must_be_known(net, driven):
    z, x, y = driven(0.5, 400)
    assert np.isnan(net.estimate(x, y, given=np.full(400, np.nan), surrogates=5).mi)
    z[:300] = np.nan  # at lag 40 only 60 samples are left
    pairs = net.pairwise(np.stack([x, y], axis=1), lags=(0, 40), given=z)
    assert pairs.lag[0, 1] == 0 and pairs.mi[0, 1] > 0.2 and pairs.samples[0, 1] == 100
    assert np.isnan(net.pointwise(x, y, given=z)[:300]).all()


def test_more_samples_than_the_network_knows_are_dealt_out(net, driven):
    z, x, y = driven(0.4, 9000)
    assert net.estimate(x, y, given=z).mi == pytest.approx(0.4, abs=0.05)


def test_time_that_is_given_takes_out_a_common_trend(net, rng):
    time = np.arange(T)
    x, y = 5e-3 * time + rng.standard_normal((2, T))
    plain, beside = net.estimate(x, y, surrogates=19), net.estimate(x, y, given=time, surrogates=19)
    assert plain.mi > 0.3 and plain.drifting and np.isnan(plain.p_value)
    assert beside.mi < 0.03 and beside.p_value > 0.05


def test_the_level_of_the_test_holds(net, rng):
    """Of all pairs of six streams that one driver moves, of five drivers: 75 pairs."""
    alarms = 0
    for _ in range(5):
        z, *noises = rng.standard_normal((7, 400))
        streams = [z**2 + 2.0 * z + a if k % 2 else np.sin(2.0 * z) - 2.0 * z + 0.5 * a for k, a in enumerate(noises)]
        p_value = net.pairwise(np.stack(streams, axis=1), given=z, surrogates=19).p_value
        alarms += np.count_nonzero(np.triu(p_value <= 0.05, k=1))
    assert alarms <= 9  # 4 are expected; more than 9 in one of 200 runs


def test_pointwise_information_has_the_mean_of_the_whole(net, driven):
    z, x, y = driven(0.6, 3000)
    values = net.pointwise(x, y, given=z)
    assert values.mean() == pytest.approx(0.6, abs=0.15)
    assert net.pointwise(z + x, z - x, given=x).mean() > 0.5


def test_the_gradient_climbs(net, driven):
    z, x, y = (torch.from_numpy(part)[None] for part in driven(0.3, 600))
    x.requires_grad_()
    value = net(x, y, z)
    assert value.item() == pytest.approx(net.estimate(x[0].detach(), y[0], given=z[0]).mi, rel=1e-5)
    value.sum().backward()
    step = 0.1 * x.grad / x.grad.std()
    assert net(x.detach() + step, y, z).item() > value.item() + 0.02


def test_the_gradient_is_as_large_where_the_given_stream_makes_noise_quiet(net, rng):
    z, a, e = rng.uniform(-1.0, 1.0, 800), *rng.standard_normal((2, 800))
    y, given = torch.from_numpy(a + e)[None], torch.from_numpy(z)[None]
    shares = []
    for growth in (0.0, 2.0):
        loudness = np.exp(growth * z)
        x = torch.from_numpy(loudness * a)[None].requires_grad_()
        net(x, y, given).sum().backward()
        size = np.abs(x.grad[0].numpy() * loudness)  # in units of the noise
        shares.append(size[z < 0.0].mean() / size[z > 0.0].mean())
    assert shares[1] == pytest.approx(shares[0], rel=0.25)


def test_a_tensor_beside_an_array_is_refused(net):
    x = torch.zeros(1, 100)
    with pytest.raises(InputError, match="given is of type ndarray: expected a floating torch tensor"):
        net(x, x, np.zeros((1, 100)))


def test_without_coupling_there_is_a_gradient_of_modes_too(net, rng):
    mode = torch.from_numpy(rng.integers(0, 3, 600).astype(float))[None]
    x = torch.from_numpy(rng.standard_normal(600))[None].requires_grad_()
    y = (x + 0.7 * torch.from_numpy(rng.standard_normal(600))).detach() + 4.0 * mode
    net(x, y, mode).sum().backward()
    assert x.grad.abs().mean() > 0.0 and torch.isfinite(x.grad).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((T, 9)), r"given has shape \(1500, 9\): expected .* at most 8 streams"),
        (np.zeros(7), r"given has shape \(7,\): expected \(1500,\)"),
        (np.zeros((T, 2, 2)), r"expected \(T, N\)"),
        (["a"] * T, "expected real numbers"),
    ],
)
def test_what_cannot_be_given_is_refused(net, driven, given, message):
    _, x, y = driven(0.0)
    with pytest.raises(InputError, match=message):
        net.estimate(x, y, given=given)


def test_gaits_of_one_period_have_no_p_value_unless_their_phase_is_given(net, rng):
    phase = 2.0 * np.pi * np.arange(600) / 23.7
    noise, other, unrelated = rng.standard_normal((3, 600))
    gaits = np.stack([np.sin(phase) + 0.3 * noise, np.sin(phase + 1.0) + 0.3 * other], axis=1)
    found = net.pairwise(gaits, given=unrelated, surrogates=5)
    assert np.isnan(found.p_value[0, 1]) and np.isfinite(found.mi[0, 1])
    known = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    assert np.isfinite(net.pairwise(gaits, given=known, surrogates=5).p_value[0, 1])
