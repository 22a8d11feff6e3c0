import numpy as np
import torch
from scipy.interpolate import RegularGridInterpolator

from infonet_ros.estimator.network.counts import GRID
from infonet_ros.estimator.network.discriminant import donsker_varadhan, hat_weights, read_table, spread_grids

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
