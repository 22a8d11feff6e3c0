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
    conditional: Annotated[
        bool, typer.Option("--conditional", help="Train the network of conditional MI instead, on the shipped one.")
    ] = False,
) -> None:
    """Train the network on simulated distributions.

    The best weights stay in FOLDER/infonet.safetensors, or FOLDER/conditional.safetensors.
    """
    from dataclasses import replace

    import torch

    from infonet_ros.training.configuration import TrainingConfiguration
    from infonet_ros.training.loop import WEIGHTS, Trainer

    if conditional:
        _train_conditional(folder, config, threads)
        return
    configuration = TrainingConfiguration.load(config) if config else TrainingConfiguration()
    if threads:
        configuration = replace(configuration, workers=threads)
    torch.set_num_threads(configuration.workers)
    Trainer(configuration, folder, device).run()
    typer.echo(f"The best weights are {folder / WEIGHTS}; use them by InfoNet.from_pretrained(weights=...).")


def _train_conditional(folder: Path, config: Path | None, threads: int | None) -> None:
    from dataclasses import replace

    import torch

    from infonet_ros.training.conditional_training import WEIGHTS, ConditionalTraining, run_conditional

    configuration = ConditionalTraining.load(config) if config else ConditionalTraining()
    if threads:
        configuration = replace(configuration, workers=threads)
    torch.set_num_threads(configuration.workers)
    run_conditional(configuration, folder)
    typer.echo(f"The weights are {folder / WEIGHTS}.")
