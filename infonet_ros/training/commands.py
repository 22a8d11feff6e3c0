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
        typer.Option(help="YAML file of settings; for a network of the shipped shape when not given.", dir_okay=False),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Processor cores to use; as the settings say when not given.", min=1)
    ] = None,
    device: Annotated[
        str, typer.Option(help="Where to train: auto (a GPU where there is one), cpu, cuda or cuda:1, say.")
    ] = "auto",
) -> None:
    """Train the network on simulated distributions.

    The best weights stay in FOLDER/infonet.safetensors.
    """
    from dataclasses import replace

    import torch

    from infonet_ros.training.configuration import TrainingConfiguration, load_configuration
    from infonet_ros.training.loop import WEIGHTS, Trainer

    configuration = load_configuration(config) if config else TrainingConfiguration()
    if threads:
        configuration = replace(configuration, workers=threads)
    torch.set_num_threads(configuration.workers)
    Trainer(configuration, folder, device).run()
    typer.echo(f"The best weights are {folder / WEIGHTS}; use them by InfoNet.from_pretrained(weights=...).")
