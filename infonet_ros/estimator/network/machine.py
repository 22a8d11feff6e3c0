"""How torch uses this machine: its devices, the precision that suits them, threads, and freed memory."""

from threading import local

import torch

from infonet_ros.errors import InputError

FREED_AT_ONCE = 31 << 20  # bytes; it must be below 32 MiB


def resolve_device(name: str) -> torch.device:
    """Return the torch device of a name; InputError when this machine does not have it."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise InputError(f"device is {name!r}: expected 'auto', 'cpu', 'cuda' or 'cuda:<index>'.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(
            f"device is {name!r}, but torch sees {torch.cuda.device_count()} CUDA devices here: choose 'auto' or 'cpu'."
        )
    return device


def fast_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 if the hardware's capability says that it is faster; a measurement would not be repeatable."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device)[0] >= 8 else torch.float32
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # torch 2.9 and later
    return torch.bfloat16 if capabilities.get("avx512_bf16", False) else torch.float32


class _OneThread(local):
    """Limits torch to one thread for the calling thread, until the last user of this context in it has left.

    The users can leave in any order; the last one restores the old number. torch counts for each thread, and so does
    this: a thread with one core would else take the cores of another.
    """

    users = 0
    threads = 1

    def __enter__(self) -> int:
        """Return how many threads torch had."""
        if not self.users:
            self.threads = torch.get_num_threads()
        self.users += 1
        torch.set_num_threads(1)
        return self.threads

    def __exit__(self, *_: object) -> None:
        if not self.users:  # a generator that another thread began
            return
        self.users -= 1
        if not self.users:
            torch.set_num_threads(self.threads)


ONE_THREAD = _OneThread()


def keep_freed_memory() -> None:
    """Make the C library keep the memory of a chunk for the next one, up to twice as much.

    Otherwise it returns large buffers to the system after each use and requests them again page by page, which costs a
    third of the time. Its limit grows with the largest buffer that was ever freed (mallopt(3), M_MMAP_THRESHOLD). With
    other C libraries this has no effect.
    """
    torch.empty(FREED_AT_ONCE, dtype=torch.uint8)
