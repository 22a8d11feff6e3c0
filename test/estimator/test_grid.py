import numpy as np
import torch
from scipy.interpolate import RegularGridInterpolator

from infonet_ros.estimator.grid import GRID, donsker_varadhan, hat_weights, pair_grids, read_table

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


def test_grids_of_all_pairs_are_those_of_each_pair():
    rng = np.random.default_rng(1)
    weights = hat_weights(torch.from_numpy(rng.random((500, 4), dtype=np.float32)))
    grids = pair_grids(weights[:, :3], weights)
    assert grids.shape == (3, 4, GRID, GRID)
    single = weights[:, 2].T @ weights[:, 1] * (GRID**2 / 500)
    torch.testing.assert_close(grids[2, 1], single, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(grids.mean(dim=(2, 3)), torch.ones(3, 4))


def test_mean_of_a_table_over_samples_is_its_product_with_their_grid():
    rng = np.random.default_rng(2)
    u, v = torch.from_numpy(rng.random((2, 400), dtype=np.float32))
    table = torch.from_numpy(rng.standard_normal((GRID, GRID)).astype(np.float32))
    (grid,) = pair_grids(hat_weights(u)[:, None], hat_weights(v)[:, None])[0]
    torch.testing.assert_close((table * grid).mean(), read_table(table, u, v).mean(), rtol=1e-4, atol=1e-5)


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
