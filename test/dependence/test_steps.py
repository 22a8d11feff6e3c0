import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.dependence.changes.steps import (
    Stretch,
    block_edges,
    block_means,
    blocks_of,
    contrast,
    noise,
    stretch_size,
    stretch_sizes,
    stretches,
    without_stretch,
)


def test_blocks_are_means_of_all_samples():
    edges = block_edges(1000)
    means = block_means(np.arange(1000.0), edges)
    assert len(means) == 250
    assert means @ np.diff(edges) == pytest.approx(np.arange(1000.0).sum())
    assert len(block_edges(100_000)) == 257


@pytest.mark.parametrize(
    ("rows", "blocks"),
    [
        ((399, 601), (100, 150)),
        ((0, 601), (1, 150)),  # a block before it is needed
        ((399, 400), (100, 101)),
        ((399, 1000), (100, 250)),
        ((399, 990), (100, 250)),  # too near to the end of the series to be told from one that lasts
    ],
)
def test_rows_have_the_blocks_that_begin_nearest(rows, blocks):
    assert blocks_of(block_edges(1000), Stretch(*rows)) == blocks


@pytest.mark.parametrize("place", [(80, 200), (60, 72), (100, 146)])
def test_a_stretch_is_largest_where_it_is_and_a_bend_is_none(place):
    time, block = np.linspace(-1.0, 1.0, 200), np.arange(200)
    bent = 3.0 + 2.0 * time - 5.0 * time**2
    means = np.stack([((block >= place[0]) & (block < place[1])) + bent, bent])
    sizes = stretch_sizes(means)
    largest = np.abs(sizes[0]).argmax()
    np.testing.assert_allclose(stretches(200)[largest], place, atol=3)  # a sixteenth of the longest
    np.testing.assert_allclose(sizes[1], 0.0, atol=1e-9)
    exact = stretch_size(means, Stretch(*place))
    assert exact[0] >= sizes[0, largest] - 1e-9
    left = without_stretch(means, sizes)
    np.testing.assert_allclose(stretch_size(left, Stretch(*stretches(200)[largest]))[0], 0.0, atol=1e-9)


def test_sizes_of_steps_in_noise_have_the_variance_that_its_memory_gives():
    """Closed form: the long-run variance of an AR(1) of innovations 1 is 1 / (1 - r)^2."""
    white = np.random.default_rng(0).standard_normal((2000, 256))
    np.testing.assert_allclose(stretch_sizes(white).std(axis=0), 1.0, rtol=0.1)
    np.testing.assert_allclose(np.median(noise(white)), 1.0, rtol=0.05)
    slow = lfilter([1.0], [1.0, -0.5], white, axis=1)
    np.testing.assert_allclose(np.median(noise(slow)), 2.0, rtol=0.15)
    assert np.isinf(noise(np.ones((1, 256)))).all()


def test_a_contrast_is_the_difference_beside_that_at_other_times():
    series = np.where(np.arange(200) < 100, 1.0, 4.0)
    assert contrast(series, Stretch(100, 200)) == ((3.0,), 0.0)
    series[110:] = 1.0
    assert contrast(series, Stretch(100, 110)) == ((3.0, 3.0), 0.0)
    ramp = contrast(np.arange(200.0), Stretch(100, 200))
    assert ramp.size == pytest.approx(ramp.usual) == pytest.approx(20.0)
