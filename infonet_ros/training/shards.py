"""Shards of simulated examples on disk: made once, in parallel, and resumed where they were left."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import torch
from safetensors import SafetensorError

from infonet_ros.errors import ConfigurationError
from infonet_ros.training.examples import Examples, simulate


def shard_path(folder: Path, number: int) -> Path:
    """Path of one shard."""
    return folder / f"shard_{number:05d}.safetensors"


def make_shards(folder: Path, count: int, examples: int, seed: int, workers: int) -> Iterator[int]:
    """Simulate the shards that are not there yet, yielding the number of each as it is done.

    Shard ``k`` of a seed always holds the same examples.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [k for k in range(count) if not shard_path(folder, k).exists()]
    if not missing:
        return
    with ProcessPoolExecutor(max(1, workers), mp_context=get_context("spawn"), initializer=_be_modest) as pool:
        jobs = {pool.submit(_make_shard, folder, k, examples, seed): k for k in missing}
        for job in as_completed(jobs):
            job.result()
            yield jobs[job]


def load_shards(folder: Path, numbers: range) -> Examples:
    """Read shards into memory, 4 KB an example; ConfigurationError for one that is damaged."""
    return Examples.join([_load(shard_path(folder, k)) for k in numbers])


def _load(path: Path) -> Examples:
    try:
        return Examples.load(path)
    except (SafetensorError, TypeError) as error:
        raise ConfigurationError(
            f"{path} is damaged or of another version ({type(error).__name__}): remove it, and it is made anew."
        ) from error


def _make_shard(folder: Path, number: int, examples: int, seed: int) -> None:
    simulate(examples, seed=seed + number).save(shard_path(folder, number))


def _be_modest() -> None:
    torch.set_num_threads(1)
    os.nice(10)
