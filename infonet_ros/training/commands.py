"""The command `infonet train`."""

from pathlib import Path
from typing import Annotated

import typer


def train(
    folder: Annotated[Path, typer.Argument(help="Folder of the run; an interrupted run is resumed.", file_okay=False)],
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file of settings; default: a network of the shipped size.", dir_okay=False),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="CPU cores to use; default: as in the settings.", min=1)] = None,
    device: Annotated[
        str, typer.Option(help="Device for training: auto (a GPU if there is one), cpu, cuda or cuda:<index>.")
    ] = "auto",
    conditional: Annotated[
        bool,
        typer.Option("--conditional", help="Train the network of conditional MI instead; it uses the shipped network."),
    ] = False,
    readout: Annotated[
        bool,
        typer.Option("--readout", help="Train the readout of the network in FOLDER, or of the shipped one, instead."),
    ] = False,
) -> None:
    """Train the network on simulated distributions.

    The best weights are written to infonet.safetensors, conditional.safetensors or readout.safetensors in FOLDER.
    """
    from dataclasses import replace

    import torch

    from infonet_ros.training.configuration import TrainingConfiguration
    from infonet_ros.training.loop import WEIGHTS, Trainer

    if conditional:
        _train_conditional(folder, config, threads)
        return
    if readout:
        _train_readout(folder, config, threads)
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


def _train_readout(folder: Path, config: Path | None, threads: int | None) -> None:
    from dataclasses import replace

    import torch

    from infonet_ros.estimator.network.weights import READOUT, SHIPPED
    from infonet_ros.training.loop import WEIGHTS
    from infonet_ros.training.readout_training import ReadoutTraining, run_readout

    configuration = ReadoutTraining.load(config) if config else ReadoutTraining()
    if threads:
        configuration = replace(configuration, workers=threads)
    torch.set_num_threads(configuration.workers)
    own = folder / WEIGHTS
    run_readout(configuration, folder, own if own.exists() else SHIPPED)
    typer.echo(f"The readout is {folder / READOUT}; it is used with the weights beside it.")
