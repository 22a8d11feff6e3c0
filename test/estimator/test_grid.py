import numpy as np
import pytest
import torch
from scipy.interpolate import RegularGridInterpolator
from scipy.stats import entropy

from infonet_ros.estimator.grid import (
    BINS,
    GRID,
    RESOLUTIONS,
    bins_of_ranks,
    count_pairs,
    donsker_varadhan,
    hat_weights,
    observe_counts,
    read_table,
    spread_grids,
)

CENTRES = (np.arange(GRID) + 0.5) / GRID


def uniform_ranks(count):
    return torch.from_numpy(((np.arange(count) + 0.5) / count).astype(np.float32))


def test_hat_weights_sum_to_one_and_share_evenly():
    weights = hat_weights(uniform_ranks(6400))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(6400))
    torch.testing.assert_close(weights.mean(dim=0), torch.full((GRID,), 1.0 / GRID), rtol=0, atol=1e-5)


def test_read_table_is_bilinear_interpolation():
    rng = np.random.default_rng(0)
    table = rng.standard_normal((GRID, GRID)).astype(np.float32)
    points = rng.uniform(CENTRES[0], CENTRES[-1], (100, 2)).astype(np.float32)
    expected = RegularGridInterpolator((CENTRES, CENTRES), table)(points)
    read = read_table(torch.from_numpy(table), *torch.from_numpy(points.T.copy()))
    np.testing.assert_allclose(read, expected, atol=1e-4)


def test_counts_are_those_of_a_histogram():
    rng = np.random.default_rng(1)
    left, right = torch.from_numpy(rng.integers(BINS, size=(2, 3, 500)))
    counts = count_pairs(left, right)
    edges = np.arange(BINS + 1)
    for k in range(3):
        expected = np.histogram2d(left[k].numpy(), right[k].numpy(), bins=(edges, edges))[0]
        np.testing.assert_array_equal(counts[k], expected)


@pytest.mark.parametrize("count", [64, 100, 2000, 8191])
def test_bins_hold_equal_shares_and_mirror_each_other(count):
    bins = bins_of_ranks(count)
    sides = np.delete(np.arange(count), count // 2 if count % 2 else [])  # all but the middle one of an odd number
    np.testing.assert_array_equal(bins[::-1][sides], BINS - 1 - bins[sides])
    assert (np.diff(bins) >= 0).all()
    assert np.ptp(np.bincount(bins, minlength=BINS)) <= 2


def test_grids_and_plug_ins_are_those_of_coarser_histograms():
    rng = np.random.default_rng(2)
    bins = torch.from_numpy(bins_of_ranks(2048)[np.stack([np.arange(2048), rng.permutation(2048)])])
    grids, plug_ins = observe_counts(count_pairs(bins[:1], bins[1:]), 2048)
    assert grids.shape == (1, GRID, GRID) and grids.mean() == pytest.approx(1.0)
    for cells, plug_in in zip(RESOLUTIONS, plug_ins[0].tolist(), strict=True):
        joint = np.histogram2d(*(bins.numpy() // (BINS // cells)), bins=(range(cells + 1),) * 2)[0] / 2048
        assert plug_in == pytest.approx(np.log(cells**2) - entropy(joint.ravel()), abs=1e-5)


def test_a_permutation_has_the_information_of_its_cells():
    bins = torch.from_numpy(bins_of_ranks(4096))[None].long()
    _, plug_ins = observe_counts(count_pairs(bins, bins), 4096)
    np.testing.assert_allclose(plug_ins[0], np.log(RESOLUTIONS), atol=1e-5)


def test_mean_of_a_table_over_samples_is_its_product_with_their_spread_grid():
    rng = np.random.default_rng(2)
    u, v = torch.from_numpy(rng.random((2, 3, 400), dtype=np.float32))
    table = torch.from_numpy(rng.standard_normal((3, GRID, GRID)).astype(np.float32))
    grids = spread_grids(u, v)
    torch.testing.assert_close(grids.mean(dim=(1, 2)), torch.ones(3))
    expected = read_table(table, u, v).mean(dim=1)
    torch.testing.assert_close((table * grids).mean(dim=(1, 2)), expected, rtol=1e-4, atol=1e-5)


def test_bound_of_the_true_log_density_of_a_table_is_its_information():
    rng = np.random.default_rng(3)
    joint = rng.gamma(1.0, size=(GRID, GRID))
    for _ in range(200):  # Sinkhorn: make the marginals uniform, as those of a copula are
        joint /= joint.sum(axis=1, keepdims=True)
        joint /= joint.sum(axis=0, keepdims=True)
    density = torch.from_numpy(joint / joint.mean())
    information = (density * density.log()).mean()
    torch.testing.assert_close(donsker_varadhan(density.log(), density), information)
    assert donsker_varadhan(0.5 * density.log(), density) < information
