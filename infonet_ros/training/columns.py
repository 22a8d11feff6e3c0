"""Examples of any kind: tensors of one length, kept together in a file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

CHUNK = 1024

Kind = TypeVar("Kind", bound="Columns")


@dataclass
class Columns:
    """M examples, whose fields are tensors (M, ...)."""

    def __len__(self) -> int:
        return len(next(iter(self._columns().values())))

    def __getitem__(self: Kind, index: Tensor | slice) -> Kind:
        return type(self)(**{name: column[index] for name, column in self._columns().items()})

    def chunks(self: Kind) -> Iterator[Kind]:
        """Yield parts that a network takes at once."""
        for start in range(0, len(self), CHUNK):
            yield self[start : start + CHUNK]

    @torch.no_grad()
    def outputs(self: Kind, network: Callable[[Kind], Tensor]) -> Tensor:
        """Return what a network gives for all examples, which it takes chunk by chunk: (M, ...)."""
        return torch.cat([network(chunk) for chunk in self.chunks()])

    def to(self: Kind, device: torch.device | str) -> Kind:
        """Copy to a device."""
        return type(self)(**{name: column.to(device) for name, column in self._columns().items()})

    def save(self, path: Path) -> None:
        """Write to a safetensors file, completely or not at all."""
        partial = path.with_suffix(".partial")
        save_file(self._columns(), partial)
        partial.replace(path)

    @classmethod
    def load(cls: type[Kind], path: Path) -> Kind:
        """Read what `save` wrote."""
        return cls(**load_file(path))

    @classmethod
    def join(cls: type[Kind], parts: list[Kind]) -> Kind:
        """Concatenate."""
        columns = [part._columns() for part in parts]
        return cls(**{name: torch.cat([one[name] for one in columns]) for name in columns[0]})

    def _columns(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}
