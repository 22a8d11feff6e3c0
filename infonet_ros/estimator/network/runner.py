"""Runs the network over pair blocks: in chunks that suit the device, which shrink when its memory is short."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import torch

from infonet_ros.estimator.network.blocks import PairBlock, observe_together, rounded, sketch_together
from infonet_ros.estimator.network.machine import ONE_THREAD, fast_dtype, keep_freed_memory, resolve_device
from infonet_ros.estimator.network.observation import Input, Observation
from infonet_ros.estimator.network.pair_network import Network
from infonet_ros.estimator.network.quantiles import without_chance
from infonet_ros.estimator.network.readout import Readout
from infonet_ros.estimator.network.short_network import ShortNetwork

CPU_CHUNK = 256  # pairs at a time: with fewer, Python takes too much of the time; with more, the cache is too small
CUDA_CHUNK = 4096
GATHERED = 4  # chunks for each thread, made before they are read
TOGETHER = 4  # chunks that the network of short views takes at a time: its input is small


class Reading(NamedTuple):
    """What is read of M pairs: numbers (M, F) of what is seen of them together."""

    of: Callable[[Any], torch.Tensor]
    see: Callable[[Sequence[PairBlock]], Input]


class Runner:
    """A network on its device: "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:<index>".

    The quantiles are those of the readout, if there is one, and the network of short views describes pairs of few
    samples. ``chunk`` pairs are taken at a time. Raises InputError if this machine does not have the device.
    """

    def __init__(
        self,
        network: Network,
        device: str = "auto",
        readout: Readout | None = None,
        short: ShortNetwork | None = None,
    ) -> None:
        self.device = resolve_device(device)
        kind = fast_dtype(self.device)
        self.network = network.to(self.device).in_precision(kind).eval().requires_grad_(False)
        self.readout = None if readout is None else readout.to(self.device).eval().requires_grad_(False)
        self.short = None if short is None else short.to(self.device).in_precision(kind).eval().requires_grad_(False)
        self.chunk = CUDA_CHUNK if self.device.type == "cuda" else CPU_CHUNK
        self._pool: tuple[tuple[int, int], ThreadPoolExecutor] | None = None
        keep_freed_memory()

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for another process, without the threads."""
        return {**self.__dict__, "_pool": None}

    @property
    def threads(self) -> int:
        """Threads that may estimate at the same time; a GPU is fed by one."""
        return torch.get_num_threads() if self.device.type == "cpu" else 1

    def quantiles(self, blocks: Iterable[PairBlock]) -> Iterator[tuple[PairBlock, np.ndarray]]:
        """Estimate blocks of pairs, split or gathered into chunks; on as many cores as torch has threads here.

        Yields
        ------
        block : PairBlock
            In the order in which they came, large ones in parts.
        quantiles : (M, 3) float32
            5, 50 and 95 % quantiles of the MI of its pairs, nats.
        """
        see = partial(observe_together, ladder=self.readout is not None)
        return self._by_block(blocks, Reading(self._quantiles, see))

    def tables(self, blocks: Iterable[PairBlock]) -> Iterator[tuple[PairBlock, np.ndarray]]:
        """Estimate the discriminants of blocks, (M, GRID, GRID) float32; all else as in `quantiles`.

        Fine details that repeat are what two streams share by chance, so they widen intervals. Where two streams depend
        on each other, the table is closer to that of new samples if only the memory of their levels counts.
        """
        blocks = (replace(block, details=False) for block in blocks)
        return self._by_block(blocks, Reading(self._tables, partial(observe_together, ladder=False)))

    def features(self, blocks: Iterable[PairBlock]) -> Iterator[tuple[PairBlock, np.ndarray]]:
        """Describe the pairs of blocks as `Network.features` does, (M, F) float32; all else as in `quantiles`."""
        return self._by_block(blocks, Reading(self.network.features, partial(observe_together, ladder=False)))

    def short_features(self, blocks: Iterable[PairBlock]) -> Iterator[tuple[PairBlock, np.ndarray]]:
        """Describe the pairs of blocks of at most `MOST_SHORT` samples; all else as in `features`."""
        assert self.short is not None
        return self._by_block(blocks, Reading(self.short, sketch_together), TOGETHER)

    def _by_block(
        self, blocks: Iterable[PairBlock], read: Reading, together: int = 1
    ) -> Iterator[tuple[PairBlock, np.ndarray]]:
        batches = _gather(blocks, together * self.chunk)
        for batch, numbers in self._results(batches, read):
            start = 0
            for block in batch:
                yield block, numbers[start : start + len(block)]
                start += len(block)

    def _quantiles(self, seen: Observation) -> torch.Tensor:
        return self._estimate(seen, False)[0]

    def _tables(self, seen: Observation) -> torch.Tensor:
        tables = self.network(seen)[1]
        assert tables is not None
        return tables

    def _estimate(self, seen: Observation, tables: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return what `Network.forward` does, with the quantiles of the readout, as far as the samples tell them."""
        if self.readout is None:
            quantiles, found = self.network(seen, tables)
        else:
            evidence, found = self.network.evidence(seen, tables)
            quantiles = self.readout(evidence)
        return without_chance(quantiles, seen.effective), found

    @torch.inference_mode()
    def estimate(self, block: PairBlock) -> tuple[np.ndarray, torch.Tensor]:
        """Quantiles (M, 3) and discriminants (M, G, G), on the CPU, of a block of few pairs; in halves, as below."""
        try:
            with ONE_THREAD:
                seen = block.observe()
                quantiles, tables = self._estimate(seen.padded(rounded(len(seen))), True)
                assert tables is not None
            return quantiles[: len(seen)].cpu().numpy(), tables[: len(seen)].cpu()
        except torch.cuda.OutOfMemoryError:
            if len(block) == 1:
                raise
            torch.cuda.empty_cache()
        halves = [self.estimate(half) for half in block.spans(len(block) // 2)]
        return np.concatenate([found for found, _ in halves]), torch.cat([table for _, table in halves])

    def _results(
        self, batches: Iterator[list[PairBlock]], read: Reading
    ) -> Iterator[tuple[list[PairBlock], np.ndarray]]:
        """Yield the results of batches in their order; batches run in parallel, each in one thread.

        Batches in parallel waste less time than torch's own threads, which wait for each other after every operation.
        And the rounding of a product does not depend on the number of threads.
        """
        with ONE_THREAD as cores:
            threads = cores if self.device.type == "cpu" else 1
            while some := list(islice(batches, GATHERED * threads if threads > 1 else 1)):
                if len(some) > 1:
                    yield from zip(some, self._read_in_parallel(some, read, threads), strict=True)
                else:
                    yield some[0], self._read(some[0], read)

    def _read_in_parallel(self, batches: list[list[PairBlock]], read: Reading, threads: int) -> Iterator[np.ndarray]:
        """Return the numbers of each batch; this is one of so many threads, and begins with the last batches.

        They are all made before: a thread that made others meanwhile would hold the lock of Python too often.
        """
        pool = self._pool_of(threads - 1)
        results = [pool.submit(self._read, batch, read) for batch in batches]
        own: list[np.ndarray] = []
        while results and results[-1].cancel():  # no other thread has begun with it
            own.append(self._read(batches[len(results) - 1], read))
            results.pop()
        return chain((result.result() for result in results), reversed(own))

    def _pool_of(self, threads: int) -> ThreadPoolExecutor:
        """Return a pool of so many threads of one core each, the same one at each call, so threads keep their memory.

        A forked process does not inherit threads, so it gets its own pool.
        """
        wanted, pool = (os.getpid(), threads), self._pool
        if pool is None or pool[0] != wanted:
            made = ThreadPoolExecutor(threads, "infonet", initializer=torch.set_num_threads, initargs=(1,))
            self._pool = pool = wanted, made
        return pool[1]

    @torch.inference_mode()
    def _read(self, batch: list[PairBlock], read: Reading) -> np.ndarray:
        """Return numbers (M, F) of the pairs of all blocks; if memory runs out, the chunks are halved from then on."""
        try:
            seen = read.see(batch)
            return read.of(seen.padded(rounded(len(seen))))[: len(seen)].float().cpu().numpy()
        except torch.cuda.OutOfMemoryError:
            pairs = sum(map(len, batch))
            if pairs == 1:
                raise
            self.chunk = min(self.chunk, pairs // 2)
            torch.cuda.empty_cache()
        return np.concatenate([self._read(part, read) for part in _gather(batch, self.chunk)])


def _gather(blocks: Iterable[PairBlock], size: int) -> Iterator[list[PairBlock]]:
    """Divide blocks into batches of ``size`` pairs, and the last pairs about evenly, for cores that share them."""
    waiting: deque[PairBlock] = deque()
    held = 0
    for block in blocks:
        waiting.append(block)
        held += len(block)
        while held > 2 * size:
            yield list(_taken(waiting, size))
            held -= size
    for left in range(-(-held // size), 0, -1):
        share = min(held, size, rounded(-(-held // left)))  # a size that the network need not fill up
        yield list(_taken(waiting, share))
        held -= share


def _taken(waiting: deque[PairBlock], pairs: int) -> Iterator[PairBlock]:
    """Take so many pairs from the first of the waiting blocks."""
    while pairs:
        block = waiting.popleft()
        if len(block) > pairs:
            waiting.appendleft(block[pairs:])
            block = block[:pairs]
        pairs -= len(block)
        yield block
