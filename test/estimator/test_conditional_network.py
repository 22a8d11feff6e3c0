import copy

import pytest
import torch

from infonet_ros.estimator.network.conditional_network import CIRCUMSTANCES, MOST_VIEWS, WHOLE, Views
from infonet_ros.estimator.network.weights import load_conditional


@pytest.fixture
def network():
    return load_conditional()


@pytest.fixture
def views(network):
    """Make the views of 32 pairs, of which half have half as many slices."""
    random = torch.Generator().manual_seed(0)
    features = network.centre[:-CIRCUMSTANCES] + 0.3 * torch.randn(32, MOST_VIEWS, 259, generator=random)
    features[..., :3] = features[..., :3].abs()
    share = torch.ones(32, MOST_VIEWS)
    share[:, WHOLE:] = 1.0 / 16.0
    share[16:, WHOLE:] = torch.tensor([1.0 / 8.0, 0.0]).repeat(8)
    return Views(features, share, torch.randn(32, CIRCUMSTANCES, generator=random))


def test_lower_precision_leaves_the_quantiles_about_the_same(network, views):
    rounded = copy.deepcopy(network).in_precision(torch.bfloat16)(views)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, network(views), rtol=0.01, atol=0.01)


def test_views_that_are_missing_change_nothing(network, views):
    slices = [*range(WHOLE), *range(WHOLE, MOST_VIEWS, 2)]  # all that the second half has
    part = Views(views.features[16:, slices], views.share[16:, slices], views.circumstances[16:])
    torch.testing.assert_close(network(views)[16:], network(part), rtol=1e-4, atol=1e-4)
