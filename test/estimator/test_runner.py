import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from infonet_ros.errors import InputError
from infonet_ros.estimator.network.blocks import PairBlock
from infonet_ros.estimator.network.machine import ONE_THREAD, resolve_device
from infonet_ros.estimator.network.pair_network import Network, NetworkShape
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.samples.ranks import Ordering


class ShortOfMemory(Network):
    """Fails like a full GPU with too many pairs."""

    room = 8

    def forward(self, seen, tables=True):
        if len(seen) > self.room:
            raise torch.cuda.OutOfMemoryError("full")
        return super().forward(seen, tables)


def block(number, pairs, count=200):
    """Pairs of one channel with others that depend on it more and more."""
    rng = np.random.default_rng(number)
    x = rng.standard_normal((pairs, count))
    x = x[:1] * np.linspace(0.0, 3.0, pairs)[:, None] + x
    channels = RankedChannels.from_ranks(Ordering.from_channels(x, seed=0).ranks())
    return PairBlock.of(channels, channels, np.zeros(pairs, int), np.arange(pairs), np.array([0]), tag=number)


def collected(runner, blocks):
    parts = list(runner.quantiles(blocks))
    numbers = [(part.tag, column) for part, _ in parts for column in part.columns]
    return numbers, np.concatenate([q for _, q in parts])


@pytest.fixture
def shape():
    torch.manual_seed(0)
    return NetworkShape(width=8, heads=2, blocks=1)


@pytest.fixture
def blocks():
    return [block(0, 3), block(1, 100), block(2, 1)]


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_quantiles_do_not_depend_on_how_pairs_are_cut(shape, blocks):
    runner = Runner(Network(shape), "cpu")
    numbers, together = collected(runner, blocks)
    assert numbers == [(number, k) for number, pairs in enumerate((3, 100, 1)) for k in range(pairs)]
    _, apart = collected(runner, [b[k : k + 1] for b in blocks for k in range(len(b))])
    np.testing.assert_allclose(together, apart, atol=1e-5)


@pytest.mark.parametrize("batches", [1, 3, 12])
def test_results_do_not_depend_on_the_number_of_threads(shape, blocks, batches, two_threads):
    runner = Runner(Network(shape), "cpu")
    found, tables = [], []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        found.append(collected(runner, blocks * batches))
        tables.append(runner.estimate(blocks[1])[1])
        assert torch.get_num_threads() == threads
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])
    assert torch.equal(*tables)


def test_threads_stay_and_a_runner_goes_to_other_processes_without_them(shape, blocks, two_threads):
    runner = Runner(Network(shape), "cpu")
    before = set(threading.enumerate())  # some of a runner that is gone may not have ended yet
    _, first = collected(runner, blocks * 3)
    threads = set(threading.enumerate()) - before
    _, again = collected(runner, blocks * 3)
    assert set(threading.enumerate()) - before == threads
    _, elsewhere = collected(pickle.loads(pickle.dumps(runner)), blocks * 3)  # noqa: S301 (its own)
    assert threads
    np.testing.assert_array_equal(again, first)
    np.testing.assert_array_equal(elsewhere, first)


def test_an_estimation_that_is_given_up_leaves_no_work(shape, blocks, two_threads):
    runner = Runner(Network(shape), "cpu")
    results = runner.quantiles(blocks * 10)
    next(results)
    results.close()
    assert torch.get_num_threads() == 2
    _, quantiles = collected(runner, blocks)
    assert len(quantiles) == 104


def test_estimations_side_by_side_leave_torch_its_threads(shape, blocks, two_threads):
    runner = Runner(Network(shape), "cpu")
    first, second = runner.quantiles(blocks * 3), runner.quantiles(blocks * 3)
    next(first)
    next(second)
    first.close()
    second.close()
    assert torch.get_num_threads() == 2


def test_a_thread_with_one_core_takes_no_core_of_another(two_threads):
    with ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        assert pool.submit(ONE_THREAD.__enter__).result() == 1
        with ONE_THREAD as threads:
            assert (threads, torch.get_num_threads()) == (2, 1)
        pool.submit(ONE_THREAD.__exit__).result()
    assert torch.get_num_threads() == 2


def test_the_network_is_called_with_few_different_numbers_of_pairs(shape, monkeypatch):
    """torch keeps kernels for each batch size, so the memory of a node that runs for weeks would grow."""
    network, seen = Network(shape), set()
    forward = network.forward
    monkeypatch.setattr(network, "forward", lambda pairs, tables: seen.add(len(pairs)) or forward(pairs, tables))
    for pairs in range(1, 65):
        _, quantiles = collected(Runner(network, "cpu"), [block(0, pairs)])
        assert len(quantiles) == pairs
    assert seen == {1, 2, 4, 8, 16, 32, 48, 64}


def test_pairs_of_many_blocks_fill_the_batches_and_the_last_are_shared_evenly(shape, monkeypatch):
    network, seen = Network(shape), []
    forward = network.forward
    monkeypatch.setattr(network, "forward", lambda pairs, tables: seen.append(len(pairs)) or forward(pairs, tables))
    runner = Runner(network, "cpu")
    runner.chunk = 32
    numbers, _ = collected(runner, [block(number, 25) for number in range(4)])
    assert numbers == [(number, k) for number in range(4) for k in range(25)]
    assert sorted(seen) == [4, 32, 32, 32]  # several threads begin at both ends


def test_blocks_of_many_samples_are_split(blocks, monkeypatch):
    monkeypatch.setattr("infonet_ros.estimator.network.blocks.BLOCK_ELEMENTS", 200 * 7)
    assert [len(part) for part in blocks[1].spans(64)] == [7] * 14 + [2]


def test_blocks_of_many_pairs_are_split_about_evenly(blocks):
    assert [len(part) for part in blocks[1].spans(100)] == [100]
    assert [len(part) for part in blocks[1].spans(64)] == [64, 36]
    assert [len(part) for part in blocks[1].spans(90)] == [64, 36]
    assert [len(part) for part in blocks[1].spans(40)] == [40, 40, 20]


def test_a_turned_channel_is_turned_end_to_start():
    x, y = np.random.default_rng(3).standard_normal((2, 300))
    ranks = Ordering.from_channels(np.stack([x, y, np.roll(y, 40)]), seed=0).ranks()
    channels = RankedChannels.from_ranks(ranks)
    turned = PairBlock.of(channels, channels, np.array([0]), np.array([1]), np.array([0, 40])).observe()
    rolled = PairBlock.of(channels, channels, np.array([0]), np.array([2]), np.array([0])).observe()
    torch.testing.assert_close(turned.counts[1], rolled.counts[0])
    torch.testing.assert_close(turned.local[1], rolled.local[0])
    assert not torch.equal(turned.counts[0], turned.counts[1])


def test_a_full_device_halves_the_chunk_and_continues(shape):
    network = ShortOfMemory(shape)
    numbers, quantiles = collected(Runner(network, "cpu"), [block(0, 150)])
    assert len(numbers) == len(quantiles) == 150 and np.isfinite(quantiles).all()


def test_a_full_device_makes_tables_in_halves(shape):
    torch.manual_seed(0)
    network = ShortOfMemory(shape)
    quantiles, tables = Runner(network, "cpu").estimate(block(0, 20))
    assert len(quantiles) == len(tables) == 20
    network.room = 20
    torch.testing.assert_close(tables, Runner(network, "cpu").estimate(block(0, 20))[1])


def test_a_device_without_room_for_one_pair_is_an_error(shape):
    network = ShortOfMemory(shape)
    network.room = 0
    with pytest.raises(torch.cuda.OutOfMemoryError):
        collected(Runner(network, "cpu"), [block(0, 4)])


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "mps", ""])
def test_unknown_devices_are_refused(name):
    with pytest.raises(InputError, match="device is"):
        resolve_device(name)


def test_quantiles_increase_and_are_not_negative(shape):
    _, quantiles = collected(Runner(Network(shape), "cpu"), [block(0, 64)])
    assert (np.diff(quantiles, axis=1) >= 0).all() and (quantiles >= 0).all()
