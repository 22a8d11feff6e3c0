import numpy as np
import pytest

from infonet_ros.errors import InputError


def test_selection_leaves_out_what_is_redundant(net, rng):
    a, b, noise = rng.standard_normal((3, 2000))
    target = a + b + 0.5 * noise
    samples = np.stack([target, a, a + 1e-3 * noise, b, rng.standard_normal(2000)], axis=1)
    found = net.select(samples, 0, 4)
    assert set(found.channels[:2]) in ({1, 3}, {2, 3})
    assert 4 not in found.channels and len(found.channels) <= 3
    assert found.adds[:2].sum() == pytest.approx(0.5 * np.log(1.0 + 2.0 / 0.25), abs=0.25)


def test_what_is_given_comes_before_the_first_channel(net, rng):
    given, own, noise = rng.standard_normal((3, 2000))
    target = given + own + 0.5 * noise
    samples = np.stack([target, given + 0.1 * noise, own], axis=1)
    found = net.select(samples, 0, given=given)
    assert found.channels.tolist()[0] == 2
    assert found.adds[0] == pytest.approx(0.5 * np.log(1.0 + 1.0 / 0.25), abs=0.1)
    with pytest.raises(InputError, match="count is 9: expected at most 8 channels beside 1 given stream"):
        net.select(samples, 0, 9, given=given)


def test_selection_of_nothing_is_empty(net, rng):
    assert len(net.select(rng.standard_normal((800, 3)), 0).channels) == 0
    assert len(net.select(np.ones((800, 3)), 0).channels) == 0
    with pytest.raises(InputError, match="target is 3: expected a column from 0 to 2"):
        net.select(rng.standard_normal((800, 3)), 3)
