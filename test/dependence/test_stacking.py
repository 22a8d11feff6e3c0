"""The tables of pairs hold for all good samples, also of streams that the network sees in part."""

import numpy as np
import pytest

from infonet_ros import InfoNet
from infonet_ros.dependence.baselines.baseline import log_ratios
from infonet_ros.dependence.baselines.forms import channel_quantiles, ranks_among
from infonet_ros.dependence.baselines.learning.stacking import shared, stacked


def _set_points_and_rests(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw a gyroscope with noise, and the wheels of a robot that drives by set points and rests in turn: (2, T)."""
    held = np.repeat(rng.uniform(-1.0, 1.0, count // 15 + 1), 15)[:count]
    wheels = held * ((np.arange(count) // 150) % 3 > 0)
    return np.stack([wheels + 0.01 * rng.standard_normal(count), wheels])


@pytest.fixture(scope="module")
def driven(net: InfoNet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The samples, the table of the network, and the one that is used."""
    pair = _set_points_and_rests(np.random.default_rng(0), 4000)
    table = net.discriminant(*pair)
    return pair, table, stacked(table, pair)


def _of_fresh_samples(pair: np.ndarray, table: np.ndarray) -> np.ndarray:
    fresh = _set_points_and_rests(np.random.default_rng(1), 4000)
    return log_ratios(table, *ranks_among(channel_quantiles(pair.T), fresh.T).T)


def test_no_good_sample_is_called_impossible(driven: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    pair, of_network, used = driven
    assert (_of_fresh_samples(pair, of_network) < -3.0).mean() > 0.1
    assert (_of_fresh_samples(pair, used) < -3.0).mean() < 0.01


def test_it_is_a_density(driven: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    assert np.exp(driven[2]).mean() == pytest.approx(1.0, abs=1e-4)


def test_it_tells_how_much_fresh_samples_share(driven: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    pair, of_network, used = driven
    assert shared(used) == pytest.approx(_of_fresh_samples(pair, used).mean(), abs=0.2)
    assert shared(of_network) > _of_fresh_samples(pair, of_network).mean() + 0.5


def test_the_network_has_all_weight_where_it_is_right(net: InfoNet) -> None:
    x, noise = np.random.default_rng(0).standard_normal((2, 4000))
    pair = np.stack([x, x + 0.5 * noise])
    pair[0, :10] = np.nan
    table = net.discriminant(*pair)
    np.testing.assert_allclose(np.exp(stacked(table, pair)), np.exp(table), rtol=0.05, atol=0.01)
