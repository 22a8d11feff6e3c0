"""The command that trains, called as a function."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from infonet_ros.training.commands import train
from infonet_ros.training.configuration import Configuration


@pytest.fixture
def train_in(tmp_path) -> Callable[..., None]:
    """Train with some settings in a folder; torch has its threads again afterwards."""

    def run(settings: Configuration, folder: Path, threads: int | None = None, **others: bool) -> None:
        settings.save(tmp_path / "settings.yaml")
        train(folder, config=tmp_path / "settings.yaml", threads=threads, device="cpu", **others)

    before = torch.get_num_threads()
    yield run
    torch.set_num_threads(before)
