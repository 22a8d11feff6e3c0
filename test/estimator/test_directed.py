import numpy as np
import pytest

from infonet_ros.errors import InputError


def autoregressive(rng, coupling, count=2000):
    """Return x (T,) that drives y (T,), and the transfer entropy in nats, from the stationary covariance."""
    x, y = np.zeros((2, count + 100))
    noise = rng.standard_normal((2, count + 100))
    for t in range(1, count + 100):
        x[t] = 0.6 * x[t - 1] + noise[0, t]
        y[t] = 0.5 * y[t - 1] + coupling * x[t - 1] + noise[1, t]
    var_x = 1.0 / (1.0 - 0.36)
    cross = 0.6 * coupling * var_x / (1.0 - 0.3)  # E x[t] y[t]
    var_y = (1.0 + coupling**2 * var_x + coupling * cross) / (1.0 - 0.25)
    left = var_x - cross**2 / var_y  # of x given y, one moment
    return x[100:], y[100:], 0.5 * np.log1p(coupling**2 * left)


@pytest.mark.parametrize("coupling", [0.3, 0.8])
def test_transfer_entropy_of_linear_systems(net, rng, coupling):
    x, y, truth = autoregressive(rng, coupling, 4000)
    found = net.transfer(np.stack([x, y], axis=1), lags=(1, 2, 3), surrogates=19)
    assert found.value[0, 1] == pytest.approx(truth, abs=0.03 + 0.1 * truth)
    assert found.lag[0, 1] == 1 and found.p_value[0, 1] == pytest.approx(0.05)
    assert found.value[1, 0] < 0.02 and found.p_value[1, 0] > 0.05
    assert np.isnan(np.diag(found.value)).all()


def test_direction_of_coupled_maps(net, rng):
    x, y = rng.uniform(0.2, 0.8, (2, 1500))
    for t in range(1, 1500):
        x[t] = 3.8 * x[t - 1] * (1.0 - x[t - 1])
        mixed = 0.7 * y[t - 1] + 0.3 * x[t - 1]
        y[t] = 3.8 * mixed * (1.0 - mixed)
    found = net.transfer(np.stack([x, y], axis=1), past=2)
    assert found.value[0, 1] > found.value[1, 0] + 0.1


def test_transfer_with_unknown_constant_and_copied_channels(net, rng):
    x, y, _ = autoregressive(rng, 0.8)
    x[:100] = np.nan
    found = net.transfer(np.stack([x, y, np.ones(2000), y], axis=1), surrogates=5)
    assert found.samples[0, 1] == 1899 and found.samples[3, 1] == 1999
    assert (found.value[2, [0, 1]] == 0.0).all() and found.constant.tolist() == [False, False, True, False]
    assert found.value[3, 1] < 0.02  # a copy tells nothing beside the past of the other
    assert np.isnan(net.transfer(np.stack([x, y], axis=1)[:140]).value[0, 1])


@pytest.mark.parametrize(
    ("options", "message"), [({"lags": (0, 1)}, "1 or more"), ({"past": 9}, "at most 8"), ({"lags": (500,)}, "500")]
)
def test_transfer_that_cannot_be_is_refused(net, rng, options, message):
    with pytest.raises(InputError, match=message):
        net.transfer(rng.standard_normal((300, 2)), **options)


def test_one_driver_explains_what_it_drives(net, rng):
    z, a, b, c = rng.standard_normal((4, 1500))
    samples = np.stack([z + 0.5 * a, z**3 + b, z, c, c + 0.3 * a], axis=1)
    found = net.explanations(samples)
    assert found.by[0, 1] == found.by[1, 0] == 2
    assert found.pairs.mi[0, 1] > 0.25 and found.left[0, 1] < 0.05
    assert found.by[3, 4] == -1 or found.left[3, 4] > 0.5 * found.pairs.mi[3, 4]
    assert found.left[3, 4] == found.left[4, 3]


def test_an_explanation_may_be_delayed(net, rng):
    z = np.convolve(rng.standard_normal(2020), np.ones(5) / 2.0, "valid")[:2000]
    x, y = np.roll(z, 3) + 0.5 * rng.standard_normal(2000), np.roll(z, 7) + 0.5 * rng.standard_normal(2000)
    found = net.explanations(np.stack([x, y, z], axis=1), lags=range(9))
    assert found.pairs.lag[0, 1] == 4
    assert found.by[0, 1] == 2 and found.by_lag[0, 1] == -3 and found.by_lag[1, 0] == -7
    assert found.left[0, 1] < 0.2 * found.pairs.mi[0, 1]


def test_selection_leaves_out_what_is_redundant(net, rng):
    a, b, noise = rng.standard_normal((3, 2000))
    target = a + b + 0.5 * noise
    samples = np.stack([target, a, a + 1e-3 * noise, b, rng.standard_normal(2000)], axis=1)
    found = net.select(samples, 0, 4)
    assert set(found.channels[:2]) in ({1, 3}, {2, 3})
    assert 4 not in found.channels and len(found.channels) <= 3
    assert found.adds[:2].sum() == pytest.approx(0.5 * np.log(1.0 + 2.0 / 0.25), abs=0.25)


def test_selection_of_nothing_is_empty(net, rng):
    assert len(net.select(rng.standard_normal((800, 3)), 0).channels) == 0
    assert len(net.select(np.ones((800, 3)), 0).channels) == 0
    with pytest.raises(InputError, match="columns from 0 to 2"):
        net.select(rng.standard_normal((800, 3)), 3)
