import shutil

import numpy as np
import pytest
import torch

from infonet_ros import InfoNet
from infonet_ros.errors import WeightsError
from infonet_ros.estimator.network.blocks import PairBlock
from infonet_ros.estimator.network.counts import BINS, RESOLUTIONS, count_pairs
from infonet_ros.estimator.network.observation import SUMMARIES
from infonet_ros.estimator.network.pair_network import Network, NetworkShape
from infonet_ros.estimator.network.plug_ins import unbiased_sums
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.readout import Evidence, Readout, ReadoutShape
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.weights import READOUT, SHIPPED, base_of, load_readout, save_weights


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network(NetworkShape(width=16, heads=2, blocks=1)).requires_grad_(False)


@pytest.fixture
def readout(network):
    torch.manual_seed(1)
    return Readout(ReadoutShape(2 * network.shape.width + SUMMARIES, len(RESOLUTIONS)))


@pytest.fixture
def block():
    ranks = np.argsort(np.random.default_rng(0).standard_normal((6, 300)), axis=1)
    channels = RankedChannels.from_ranks(ranks)
    return PairBlock.pairs(channels)


def test_estimates_of_coarse_cells_are_unbiased():
    """Plain plug-in estimates of 64 fields with 3 samples each are too large by about 0.13 nats."""
    rng = np.random.default_rng(2)
    table = rng.gamma(1.0, size=(8, 8))
    table /= table.sum()
    truth = np.sum(table * np.log(table))
    counts = torch.from_numpy(rng.multinomial(200, table.ravel(), size=2000).reshape(-1, 8, 8).astype(np.uint8))
    found = unbiased_sums(counts) / 200 - np.log(200)
    assert float(found.mean()) == pytest.approx(truth, abs=0.01)


def test_sums_are_the_same_to_the_bit_in_whatever_order():
    bins = torch.from_numpy(np.random.default_rng(3).integers(0, BINS, (2, 4, 3000), dtype=np.uint8))
    counts = count_pairs(*bins)
    assert torch.equal(unbiased_sums(counts), unbiased_sums(counts.mT.flip(1).contiguous()))


def test_quantiles_increase_and_are_not_negative():
    readout = Readout(ReadoutShape(numbers=5, rungs=7)).eval()
    torch.manual_seed(4)
    evidence = Evidence(3.0 * torch.randn(200, 3), 3.0 * torch.randn(200, 5), torch.randn(200, 7), torch.rand(200, 3))
    found = readout(evidence)
    assert (found >= 0.0).all() and (found.diff(dim=1) >= 0.0).all()


def test_a_runner_reads_quantiles_and_leaves_the_rest(network, readout, block):
    alone, read = Runner(network, "cpu"), Runner(network, "cpu", readout)
    (_, quantiles), (_, first) = (next(runner.quantiles([block])) for runner in (read, alone))
    evidence, _ = network.evidence(block.observe(), tables=False)
    np.testing.assert_allclose(quantiles, readout.eval()(evidence), rtol=1e-5, atol=1e-6)
    assert not np.allclose(quantiles, first)
    assert np.array_equal(*(next(runner.features([block]))[1] for runner in (read, alone)))
    assert torch.equal(*(runner.estimate(block)[1] for runner in (read, alone)))


def test_a_readout_belongs_to_its_network(readout, tmp_path):
    weights = tmp_path / "own.safetensors"
    for suffix in (".safetensors", ".json"):
        shutil.copy(SHIPPED.with_suffix(suffix), weights.with_suffix(suffix))
    assert load_readout(weights) is None
    save_weights(readout, tmp_path / READOUT, "test", base=base_of(weights))
    loaded, version = load_readout(weights)
    assert version == "test" and loaded.shape == readout.shape
    save_weights(readout, tmp_path / READOUT, "test", base="0" * 64)
    with pytest.raises(WeightsError, match="trained beside other weights of pairs"):
        InfoNet.from_pretrained("cpu", weights)


@pytest.mark.parametrize("fields", [4, 6])
def test_the_error_on_a_checkerboard_falls(net, fields):
    rng = np.random.default_rng(fields)
    errors = []
    for count in (250, 8000):
        row, pair = rng.integers(fields, size=(8, count)), rng.integers(fields // 2, size=(8, count))
        x, y = row + rng.random(row.shape), 2 * pair + row % 2 + rng.random(row.shape)
        errors.append(np.mean([abs(net.estimate(*one).mi - np.log(2.0)) for one in zip(x, y, strict=True)]))
    assert errors[1] < min(errors[0], 0.04)
