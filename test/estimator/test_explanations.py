import numpy as np
from scipy.signal import lfilter


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


def test_a_held_command_explains_wheels_that_follow_it_slowly(net, rng):
    command = np.repeat(rng.standard_normal(400), 10)
    left, right = (lfilter([0.08], [1.0, -0.92], command) + 0.05 * rng.standard_normal(4000) for _ in range(2))
    found = net.explanations(np.stack([left, right, command], axis=1), lags=range(0, 20, 2), most_samples=1000)
    assert found.pairs.mi[0, 1] > 3.0 * found.pairs.mi[0, 2]
    assert found.by[0, 1] == 2 and found.left[0, 1] < 0.05 * found.pairs.mi[0, 1]


def test_the_reference_does_not_explain_a_feedback_loop(net, rng):
    reference, disturbance, noise = lfilter([1.0], [1.0, -0.95], rng.standard_normal((3, 4000)))
    position, actuator = np.zeros((2, 4000))
    for t in range(1, 4000):
        actuator[t] = 3.0 * (reference[t - 1] - position[t - 1]) + 0.1 * noise[t]
        position[t] = position[t - 1] + 0.04 * (actuator[t] - position[t - 1] + disturbance[t])
    found = net.explanations(np.stack([actuator, position, reference], axis=1), lags=(0, 10, 20, 30, 40))
    assert found.pairs.mi[0, 1] > 0.02 and found.pairs.lag[0, 1] > 0
    assert found.left[0, 1] > 0.5 * found.pairs.mi[0, 1]


def test_pairs_that_share_the_chunks_of_the_network_do_not_change_each_other(net, rng):
    z, w, a, b, c, d = rng.standard_normal((6, 1500))
    samples = np.stack([z + 0.5 * a, z + 0.5 * b, z, w + 0.5 * c, w + 0.5 * d, w], axis=1)
    samples[400:, 3:] = np.nan  # fewer slices
    found = net.explanations(samples)
    for x, y, third in ((0, 1, 2), (3, 4, 5)):
        alone = net.estimate(samples[:, x], samples[:, y], given=samples[:, third])
        assert found.by[x, y] == third
        np.testing.assert_allclose(found.left[x, y], alone.mi, atol=1e-5)
