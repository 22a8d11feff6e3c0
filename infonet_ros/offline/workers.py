"""Threads that estimate the pairs of a whole recording in parallel."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """Threads with one core each, for estimates of few pairs. Use as a context manager.

    There are ``count`` of them, by default as many as this process may use; a GPU is fed by one. Estimates of many
    pairs, made meanwhile by the thread that opened it, share the same number of cores by themselves.
    """

    def __init__(self, device: torch.device, cores: int | None = None) -> None:
        self.count = (cores or len(os.sched_getaffinity(0))) if device.type == "cpu" else 1

    def __enter__(self) -> "Workers":
        self._threads_before = torch.get_num_threads()
        torch.set_num_threads(self.count)  # of this thread, whose estimates then use all cores
        self._pool = ThreadPoolExecutor(self.count, initializer=torch.set_num_threads, initargs=(1,))
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(self._threads_before)

    def submit(self, work: Callable[..., Result], *arguments: object) -> "Future[Result]":
        """Start one task."""
        return self._pool.submit(work, *arguments)

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Start a task for each item; results come in the same order."""
        return self._pool.map(work, items)
