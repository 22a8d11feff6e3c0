"""Shards of simulated examples on disk: made once, in parallel, and resumed where they were left."""

import os
import signal
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch
from safetensors import SafetensorError

from infonet_ros.errors import ConfigurationError
from infonet_ros.training.examples import Examples, simulate


class Shards:
    """The shards of a folder; those that are missing are simulated in their order, until the context is left.

    Shard ``k`` holds the examples of the seed ``seed + k``.

    Parameters
    ----------
    folder : Path
        Created when it is not there.
    count, examples : int
        How many shards, and how many examples in each.
    seed : int
    workers : int
        Processes that simulate.
    device : torch.device
        Where shards are kept once they were asked for, about 7 KB an example.
    """

    def __init__(
        self, folder: Path, count: int, examples: int, seed: int, workers: int, device: torch.device | str = "cpu"
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._device = device
        self._loaded: dict[int, Examples] = {}
        missing = [k for k in range(count) if not shard_path(folder, k).exists()]
        spawn = get_context("spawn")
        # Without a job the pool starts no process.
        self._pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_be_modest)
        self._jobs: dict[int, Future[None]] = {
            k: self._pool.submit(_make_shard, shard_path(folder, k), examples, seed + k) for k in missing
        }

    def __enter__(self) -> "Shards":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def there(self, number: int) -> bool:
        """Tell whether a shard can be had without waiting for its simulation."""
        return number not in self._jobs or self._jobs[number].done()

    def __getitem__(self, number: int) -> Examples:
        """Wait for a shard, and keep it in memory; ConfigurationError if its file is damaged."""
        if number not in self._loaded:
            if number in self._jobs:
                self._jobs[number].result()
            self._loaded[number] = _load(shard_path(self._folder, number)).to(self._device)
        return self._loaded[number]


def shard_path(folder: Path, number: int) -> Path:
    """Path of one shard."""
    return folder / f"shard_{number:05d}.safetensors"


def _load(path: Path) -> Examples:
    try:
        return Examples.load(path)
    except (SafetensorError, TypeError) as error:
        raise ConfigurationError(
            f"{path} is damaged or of another version ({type(error).__name__}): remove it, and it is made again."
        ) from error


def _make_shard(path: Path, examples: int, seed: int) -> None:
    simulate(examples, seed=seed).save(path)


def _be_modest() -> None:
    """Leave the machine to the training, and end at Ctrl-C without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    torch.set_num_threads(1)
    os.nice(10)
