import numpy as np
import pytest

from infonet_ros.errors import InputError
from infonet_ros.estimator.samples.periods import sharing_period


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


def test_steps_end_in_the_whole(net, rng):
    samples = rng.standard_normal((300, 3))
    steps = [step.value.copy() for step in net.transfer_in_steps(samples)]
    assert [int(np.isfinite(step).sum()) for step in steps] == [2, 4, 6]
    np.testing.assert_array_equal(steps[-1], net.transfer(samples).value)


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
    assert found.value[3, 1] < 0.02  # a copy adds nothing to the past of the other
    assert np.isnan(net.transfer(np.stack([x, y], axis=1)[:140]).value[0, 1])


@pytest.mark.parametrize(
    ("options", "message"),
    [({"lags": (0, 1)}, "1 or more"), ({"past": 7, "conditions": 2}, "at most 8 together"), ({"lags": (500,)}, "500")],
)
def test_transfer_that_cannot_be_is_refused(net, rng, options, message):
    with pytest.raises(InputError, match=message):
        net.transfer(rng.standard_normal((300, 2)), **options)


def test_given_the_one_it_goes_through_nothing_is_transferred(net, rng):
    x, y, z = np.zeros((3, 2500))
    noise = rng.standard_normal((3, 2500))
    for t in range(1, 2500):
        x[t] = 0.7 * x[t - 1] + noise[0, t]
        y[t] = 0.9 * x[t - 1] + 0.4 * noise[1, t]
        z[t] = 0.9 * y[t - 1] + 0.4 * noise[2, t]
    samples = np.stack([x, y, z], axis=1)
    alone = net.transfer(samples, lags=(1, 2))
    given = net.transfer(samples, lags=(1, 2), conditions=1, surrogates=19)
    assert alone.value[0, 2] > 0.1  # by way of y
    assert given.value[0, 2] < 0.3 * alone.value[0, 2]
    assert given.value[0, 1] > 0.2 < given.value[1, 2] and given.p_value[1, 2] == pytest.approx(0.05)


def gait(rng, period=23.7, count=1000):
    return np.sin(2.0 * np.pi * (np.arange(count) / period + rng.random())) + 0.3 * rng.standard_normal(count)


def held(rng, hold, count=1000):
    return np.repeat(rng.standard_normal(count // hold + 1), hold)[rng.integers(hold) :][:count]


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (lambda rng: [gait(rng), gait(rng)], "one period"),
        (lambda rng: [held(rng, 20), held(rng, 20)], "updates"),
        (lambda rng: [gait(rng), gait(rng, 17.1)], ""),
        (lambda rng: [held(rng, 10), held(rng, 10)], ""),
        (lambda rng: [held(rng, 20), rng.standard_normal(1000)], ""),
    ],
)
def test_pairs_that_no_shift_can_test_have_a_reason_and_no_p_value(net, rng, pair, reason):
    found = net.transfer(np.stack(pair(rng), axis=1)[:981], surrogates=5)
    assert np.isnan(found.p_value[0, 1]) == np.isnan(found.p_value[1, 0]) == bool(reason)
    assert reason in found.untested[0, 1] and bool(found.untested[0, 1]) == bool(reason)
    assert np.isfinite(found.value[0, 1])


def test_slow_and_coupled_streams_share_no_period(rng):
    pairs = [np.stack(autoregressive(rng, 0.8, 600)[:2]) for _ in range(200)]
    assert sum(sharing_period(pair)[0, 1] for pair in pairs) <= 6
    unknown = np.stack([gait(rng), gait(rng), np.ones(1000), np.full(1000, np.nan)])
    unknown[0, 300:400] = np.nan
    assert np.argwhere(sharing_period(unknown)).tolist() == [[0, 1], [1, 0]]
    assert not sharing_period(unknown[:, :30]).any()
