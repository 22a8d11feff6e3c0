"""Shards of simulated examples on disk: simulated once, in parallel; an interrupted simulation is resumed."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Generic, TypeVar

import torch
from safetensors import SafetensorError
from tqdm import tqdm

from infonet_ros.errors import ConfigurationError
from infonet_ros.training.columns import Columns
from infonet_ros.training.configuration import RunConfiguration

SEEDS_APART = 1000  # of two runs: each shard has its own seed

Kind = TypeVar("Kind", bound=Columns)


class Shards(Generic[Kind]):
    """The shards of a run in a folder; missing ones are simulated in their order, until the context is left.

    ``simulate`` returns a number of examples for a seed: a function of a module, because other processes call it. Each
    shard has its own seed. Shards that were requested are kept on the device, about 7 KB an example.
    """

    def __init__(
        self,
        kind: type[Kind],
        simulate: Callable[[int, int], Kind],
        folder: Path,
        configuration: RunConfiguration,
        device: torch.device | str = "cpu",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        c = configuration
        self._kind = kind
        self._folder = folder
        self._device = device
        self._loaded: dict[int, Kind] = {}
        missing = [k for k in range(c.shards) if not shard_path(folder, k).exists()]
        spawn = get_context("spawn")
        # Without a job the pool starts no process.
        self._pool = ProcessPoolExecutor(c.workers, mp_context=spawn, initializer=_work_in_background)
        self._jobs: dict[int, Future[None]] = {
            k: self._pool.submit(_make_shard, simulate, shard_path(folder, k), c.shard_examples, shard_seed(c.seed, k))
            for k in missing
        }

    def __enter__(self) -> "Shards[Kind]":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def there(self, number: int) -> bool:
        """Return whether a shard is available without waiting for its simulation."""
        return number not in self._jobs or self._jobs[number].done()

    def __getitem__(self, number: int) -> Kind:
        """Wait for a shard, and keep it in memory; ConfigurationError if its file is damaged."""
        if number not in self._loaded:
            if number in self._jobs:
                self._jobs[number].result()
            self._loaded[number] = _load(self._kind, shard_path(self._folder, number)).to(self._device)
        return self._loaded[number]


def held_out_and_rest(
    kind: type[Kind], simulate: Callable[[int, int], Kind], folder: Path, configuration: RunConfiguration
) -> tuple[Kind, Kind]:
    """Simulate the missing shards of a run; return the examples of the first shard, and of all others."""
    made = Shards(kind, simulate, folder, configuration)
    with made as shards, tqdm(range(configuration.shards), unit="shard", desc="simulating") as bar:
        first, *others = [shards[number] for number in bar]
    return first, kind.join(others)


def shard_seed(seed: int, number: int) -> int:
    """Seed of one shard of a run."""
    return SEEDS_APART * seed + number


def shard_path(folder: Path, number: int) -> Path:
    """Path of one shard."""
    return folder / f"shard_{number:05d}.safetensors"


def _load(kind: type[Kind], path: Path) -> Kind:
    try:
        return kind.load(path)
    except (SafetensorError, TypeError) as error:
        raise ConfigurationError(
            f"{path} is damaged or of another version ({type(error).__name__}): remove it, and it is simulated again."
        ) from error


def _make_shard(simulate: Callable[[int, int], Columns], path: Path, examples: int, seed: int) -> None:
    simulate(examples, seed).save(path)


def _work_in_background() -> None:
    """Give the training priority, and end silently at Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    torch.set_num_threads(1)
    os.nice(10)
