"""Runs the network over pair blocks: in chunks that suit the device, which shrink when its memory is short."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch

from infonet_ros.errors import InputError
from infonet_ros.estimator.blocks import PairBlock
from infonet_ros.estimator.network import Network

CPU_CHUNK = 64  # pairs at a time: their tokens stay in the processor's cache
CUDA_CHUNK = 4096


class Runner:
    """A network on its device.

    Parameters
    ----------
    network : Network
    device : str
        "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:<index>".

    Raises
    ------
    InputError
        A device that this machine does not have.
    """

    def __init__(self, network: Network, device: str = "auto") -> None:
        self.device = resolve_device(device)
        self.network = network.to(self.device, dtype=fast_dtype(self.device)).eval().requires_grad_(False)
        self._chunk = CUDA_CHUNK if self.device.type == "cuda" else CPU_CHUNK

    def quantiles(self, blocks: Iterable[PairBlock]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Estimate blocks of pairs, gathered into chunks.

        Yields
        ------
        left, right : (M,) int64
        quantiles : (M, 3) float32
            5, 50 and 95 % quantiles of the MI of those pairs, nats.
        """
        for batch in _gather(blocks, self._chunk):
            left = np.concatenate([block.left for block in batch])
            right = np.concatenate([block.right for block in batch])
            grids = torch.cat([block.grids for block in batch])
            summaries = torch.cat([block.summaries for block in batch])
            yield left, right, self._forward(grids, summaries)

    @torch.inference_mode()
    def table(self, block: PairBlock) -> torch.Tensor:
        """Discriminants (M, G, G) of a block of few pairs, on the CPU."""
        return self.network(block.grids, block.summaries)[1].cpu()

    @torch.inference_mode()
    def _forward(self, grids: torch.Tensor, summaries: torch.Tensor) -> np.ndarray:
        parts, start = [], 0
        while start < len(grids):
            span = slice(start, start + self._chunk)
            try:
                parts.append(self.network(grids[span], summaries[span], tables=False)[0].cpu())
            except torch.cuda.OutOfMemoryError:
                if self._chunk == 1:
                    raise
                self._chunk //= 2
                torch.cuda.empty_cache()
                continue
            start = span.stop
        return torch.cat(parts).numpy()


def resolve_device(name: str) -> torch.device:
    """Return the torch device of a name; InputError when this machine does not have it."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise InputError(f"device is {name!r}: expected 'auto', 'cpu', 'cuda' or 'cuda:<index>'.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(
            f"device is {name!r}, but torch sees {torch.cuda.device_count()} CUDA devices here: choose 'auto' or 'cpu'."
        )
    return device


def fast_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the hardware multiplies it faster than float32, by its capability, so that runs repeat."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device)[0] >= 8 else torch.float32
    capabilities: dict = getattr(torch.cpu, "get_capabilities", dict)()  # torch 2.9 and later
    return torch.bfloat16 if capabilities.get("avx512_bf16", False) else torch.float32


def _gather(blocks: Iterable[PairBlock], chunk: int) -> Iterator[list[PairBlock]]:
    batch: list[PairBlock] = []
    for block in blocks:
        batch.append(block)
        if sum(len(b.left) for b in batch) >= chunk:
            yield batch
            batch = []
    if batch:
        yield batch
