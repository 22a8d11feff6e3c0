"""The command `infonet train`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infonet_ros import output_names
from infonet_ros.errors import OutputError

if TYPE_CHECKING:
    from infonet_ros.training.configuration import Kind


Folder = Annotated[
    Path,
    typer.Argument(
        parser=output_names.folder, metavar="FOLDER", help="Folder of the run; an interrupted run is resumed."
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="YAML file of settings; default: as the shipped network.", dir_okay=False),
]
Threads = Annotated[
    int | None, typer.Option(metavar="NUMBER", help="CPU cores to use; default: as in the settings.", min=1)
]
Device = Annotated[
    str, typer.Option(metavar="DEVICE", help="Device: auto (a GPU if there is one), cpu, cuda or cuda:<index>.")
]
Conditional = Annotated[
    bool,
    typer.Option("--conditional", help="Train the network of conditional MI instead; it uses the shipped network."),
]
Readout = Annotated[
    bool, typer.Option("--readout", help="Train the readout of the network in FOLDER, or of the shipped one, instead.")
]
Short = Annotated[
    bool, typer.Option("--short", help="Train the network of short views instead; it imitates the shipped network.")
]


def train(
    folder: Folder,
    config: Config = None,
    threads: Threads = None,
    device: Device = "auto",
    conditional: Conditional = False,
    readout: Readout = False,
    short: Short = False,
) -> None:
    """Train the network on simulated distributions.

    The best weights are written to infonet.safetensors, conditional.safetensors, readout.safetensors or
    short.safetensors in FOLDER.
    """
    chosen = {"--conditional": conditional, "--readout": readout, "--short": short}
    _check([option for option, given in chosen.items() if given], device)
    with _explained(folder):
        if conditional:
            _train_conditional(folder, config, threads)
        elif readout:
            _train_readout(folder, config, threads)
        elif short:
            _train_short(folder, config, threads)
        else:
            _train_pairs(folder, config, threads, device)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Say in one sentence why the folder of a run cannot be made or written."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"cannot write {error.filename or folder} ({error.strerror or error}): choose another folder, or make room "
            "there."
        ) from error


def _check(others: list[str], device: str) -> None:
    """Refuse more than one of the options for other networks, and a device that theirs would not use."""
    if len(others) > 1:
        raise typer.BadParameter(
            "each trains another network: expected one of them, or none for the network of pairs.",
            param_hint=" and ".join(others),
        )
    if others and device not in ("auto", "cpu"):
        raise typer.BadParameter(
            f"{device} is not used with {others[0]}: expected auto or cpu; only the network of pairs is trained on "
            "another device.",
            param_hint="--device",
        )


def _train_pairs(folder: Path, config: Path | None, threads: int | None, device: str) -> None:
    from infonet_ros.training.configuration import TrainingConfiguration
    from infonet_ros.training.loop import WEIGHTS, Trainer

    Trainer(_configured(TrainingConfiguration, config, threads), folder, device).run()
    typer.echo(f"The best weights are {folder / WEIGHTS}; use them by InfoNet.from_pretrained(weights=...).")


def _train_conditional(folder: Path, config: Path | None, threads: int | None) -> None:
    from infonet_ros.training.conditional_training import WEIGHTS, ConditionalTraining, run_conditional

    run_conditional(_configured(ConditionalTraining, config, threads), folder)
    typer.echo(f"The weights are {folder / WEIGHTS}.")


def _train_readout(folder: Path, config: Path | None, threads: int | None) -> None:
    from infonet_ros.estimator.network.weights import READOUT, SHIPPED
    from infonet_ros.training.loop import WEIGHTS
    from infonet_ros.training.readout_training import ReadoutTraining, run_readout

    own = folder / WEIGHTS
    run_readout(_configured(ReadoutTraining, config, threads), folder, own if own.exists() else SHIPPED)
    typer.echo(f"The readout is {folder / READOUT}; it is used with the weights beside it.")


def _train_short(folder: Path, config: Path | None, threads: int | None) -> None:
    from infonet_ros.training.short_training import WEIGHTS, ShortTraining, run_short

    run_short(_configured(ShortTraining, config, threads), folder)
    typer.echo(f"The weights are {folder / WEIGHTS}.")


def _configured(kind: "type[Kind]", config: Path | None, threads: int | None) -> "Kind":
    """Return the settings of a file, or the defaults; let torch use as many cores as they say."""
    import torch

    configuration = kind.load(config) if config else kind()
    configuration = replace(configuration, workers=threads or configuration.workers)
    torch.set_num_threads(configuration.workers)
    return configuration
