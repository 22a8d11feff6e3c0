import torch

from infonet_ros.offline.workers import Workers


def test_each_worker_has_one_core_and_the_threads_of_torch_are_as_before():
    before = torch.get_num_threads()
    with Workers(torch.device("cpu"), before + 1) as workers:
        assert workers.count == torch.get_num_threads() == before + 1
        assert workers.submit(torch.get_num_threads).result() == 1
        assert list(workers.map(lambda number: number**2, range(4))) == [0, 1, 4, 9]
    assert torch.get_num_threads() == before


def test_one_worker_feeds_a_gpu():
    assert Workers(torch.device("cuda"), 8).count == 1
