"""The command `infonet train`."""

from pathlib import Path
from typing import Annotated

import typer


def train(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the run; a run that was interrupted there is resumed.", file_okay=False)
    ],
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file of settings; those of the shipped weights when not given.", dir_okay=False),
    ] = None,
    threads: Annotated[int, typer.Option(help="Processor cores to use.", min=1)] = 2,
) -> None:
    """Train the network on simulated distributions; the best weights stay in FOLDER/infonet.safetensors."""
    import torch

    from infonet_ros.training.configuration import TrainingConfiguration, load_configuration
    from infonet_ros.training.loop import WEIGHTS, Trainer

    torch.set_num_threads(threads)
    configuration = load_configuration(config) if config else TrainingConfiguration(workers=threads)
    Trainer(configuration, folder).run()
    typer.echo(f"The best weights are {folder / WEIGHTS}; use them by InfoNet.from_pretrained(weights=...).")
