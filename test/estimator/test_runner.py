import numpy as np
import pytest
import torch

from infonet_ros.errors import InputError
from infonet_ros.estimator.blocks import PairBlock
from infonet_ros.estimator.network import Network, NetworkShape
from infonet_ros.estimator.runner import Runner, resolve_device


class ShortOfMemory(Network):
    """Fails as a full GPU does when it is given more pairs than it has room for."""

    room = 5

    def forward(self, grids, summaries, tables=True):
        if len(grids) > self.room:
            raise torch.cuda.OutOfMemoryError("full")
        return super().forward(grids, summaries, tables)


def block(start, count):
    generator = torch.Generator().manual_seed(start)
    numbers = np.arange(start, start + count)
    return PairBlock(numbers, numbers, torch.rand(count, 32, 32, generator=generator), torch.zeros(count, 4))


def collected(runner, blocks):
    parts = list(runner.quantiles(blocks))
    return np.concatenate([left for left, _, _ in parts]), np.concatenate([q for _, _, q in parts])


@pytest.fixture
def shape():
    torch.manual_seed(0)
    return NetworkShape(width=8, heads=2, blocks=1)


def test_quantiles_do_not_depend_on_how_pairs_are_cut(shape):
    runner = Runner(Network(shape), "cpu")
    blocks = [block(0, 3), block(3, 100), block(103, 1)]
    numbers, together = collected(runner, blocks)
    np.testing.assert_array_equal(numbers, np.arange(104))
    _, apart = collected(
        runner,
        [
            PairBlock(b.left[k : k + 1], b.right[k : k + 1], b.grids[k : k + 1], b.summaries[k : k + 1])
            for b in blocks
            for k in range(len(b.left))
        ],
    )
    np.testing.assert_allclose(together, apart, atol=1e-5)


def test_a_full_device_halves_the_chunk_and_goes_on(shape):
    network = ShortOfMemory(shape)
    numbers, quantiles = collected(Runner(network, "cpu"), [block(0, 150)])
    assert len(numbers) == len(quantiles) == 150 and np.isfinite(quantiles).all()


def test_a_device_without_room_for_one_pair_is_an_error(shape):
    network = ShortOfMemory(shape)
    network.room = 0
    with pytest.raises(torch.cuda.OutOfMemoryError):
        collected(Runner(network, "cpu"), [block(0, 4)])


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "mps", ""])
def test_unknown_devices_are_refused(name):
    with pytest.raises(InputError, match="device is"):
        resolve_device(name)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees_with_cpu(shape):
    network = Network(shape)
    _, on_cpu = collected(Runner(network, "cpu"), [block(0, 50)])
    _, on_cuda = collected(Runner(network, "cuda"), [block(0, 50)])
    np.testing.assert_allclose(on_cuda, on_cpu, atol=0.02)


def test_quantiles_increase_and_are_not_negative(shape):
    _, quantiles = collected(Runner(Network(shape), "cpu"), [block(0, 64)])
    assert (np.diff(quantiles, axis=1) >= 0).all() and (quantiles >= 0).all()
