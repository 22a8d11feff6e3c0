"""The training loop, from shards to weights; it can be resumed at every validation."""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from infonet_ros.errors import ConfigurationError
from infonet_ros.estimator.network.machine import fast_dtype, resolve_device
from infonet_ros.estimator.network.pair_network import Network, NetworkShape
from infonet_ros.estimator.network.weights import SHIPPED, save_weights
from infonet_ros.training.configuration import TrainingConfiguration
from infonet_ros.training.descent import Muon
from infonet_ros.training.examples import Examples, simulate
from infonet_ros.training.losses import importance, training_loss
from infonet_ros.training.shards import Shards
from infonet_ros.training.validation import calibrate, log_errors, validate

CONFIGURATION = "configuration.yaml"
CHECKPOINT = "checkpoint.safetensors"
LOG = "log.jsonl"
WEIGHTS = SHIPPED.name
ALL_IN_USE = 0.7  # share of the steps after which all shards are drawn from


class Trainer:
    """A training run in a folder: its configuration, shards, log, checkpoint, and the best weights so far.

    An existing run is resumed. The device is as in `InfoNet`. Raises ConfigurationError if the folder holds a run with
    another configuration, and InputError if this machine does not have the device.
    """

    def __init__(self, configuration: TrainingConfiguration, folder: Path, device: str = "auto") -> None:
        self.device = resolve_device(device)
        self.configuration = configuration
        self.folder = folder
        configuration.keep(folder / CONFIGURATION)
        torch.manual_seed(configuration.seed)
        c = configuration
        self.network = Network(NetworkShape(c.width, c.heads, c.blocks, c.expansion)).to(self.device)
        self.average = Network(self.network.shape).to(self.device).eval().requires_grad_(False)
        self.average.load_state_dict(self.network.state_dict())
        self.optimisers = make_optimisers(self.network, c.learning_rate, c.weight_decay)
        # Not on a GPU: most of its time goes into starting operations, and products in bfloat16 gain nothing.
        self._mixed = self.device.type == "cpu" and fast_dtype(self.device) == torch.bfloat16
        self.step = 0
        self.seconds = 0.0
        self.best = math.inf
        if (folder / CHECKPOINT).exists():
            self._resume()

    def run(self) -> None:
        """Train to the last step, while missing shards are simulated."""
        c = self.configuration
        if self.step >= c.steps:
            return
        simulated = Shards(Examples, simulate, self.folder / "shards", c, self.device)
        with simulated as shards, tqdm(total=c.steps, initial=self.step, unit="step") as bar:
            for batch in self._batches(shards, bar):
                loss = self._train(batch)
                bar.update()
                if self.step % c.validate_every == 0 or self.step == c.steps:
                    bar.set_postfix(self.validate(shards[0], loss.item()))

    def _train(self, batch: Examples) -> Tensor:
        started = time.perf_counter()
        rate = self._learning_rate()
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self._mixed):
            quantiles, table = self.network(batch.observation)
        loss = training_loss(
            quantiles,
            table,
            batch.judges,
            batch.information,
            importance(batch.effective),
            self.configuration.quantile_weight,
        )
        self.network.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self._follow()
        self.step += 1
        self.seconds += time.perf_counter() - started
        return loss.detach()

    @torch.no_grad()
    def _follow(self) -> None:
        """Update the averaged weights; faster at the beginning, so that the random start loses its influence."""
        share = 1.0 - min(self.configuration.averaging, (1.0 + self.step) / (10.0 + self.step))
        for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(value, share)

    def _batches(self, shards: Shards[Examples], bar: tqdm) -> Iterator[Examples]:
        """Yield batches shard after shard, each shard in its own random order.

        The shards and their order depend only on seed and step, so that a resumed run repeats them. A batch of one
        shard is as good as a batch of all, because each shard is a random sample of the family.
        """
        c = self.configuration
        per_visit = c.shard_examples // c.batch
        while self.step < c.steps:
            visit, done = divmod(self.step, per_visit)
            generator = torch.Generator().manual_seed(c.seed + 7919 * visit)
            number = 1 + int(torch.randint(self._shards_in_use(visit * per_visit), (), generator=generator))
            if not shards.there(number):
                bar.set_description(f"waiting for shard {number} of {c.shards}")
            shard = shards[number]
            bar.set_description("training")
            order = torch.randperm(len(shard), generator=generator).to(self.device)
            for k in range(done, min(per_visit, done + c.steps - self.step)):
                yield shard[order[k * c.batch : (k + 1) * c.batch]]

    def _shards_in_use(self, step: int) -> int:
        """Return the number of shards in use; it grows, so that training need not wait for the simulation."""
        c = self.configuration
        return math.ceil((c.shards - 1) * min(1.0, (step + 1) / (ALL_IN_USE * c.steps)))

    def _learning_rate(self) -> float:
        c = self.configuration
        if self.step < c.warm_up:
            return c.learning_rate * (self.step + 1) / c.warm_up
        return c.learning_rate * 0.5 * (1.0 + math.cos(math.pi * (self.step - c.warm_up) / (c.steps - c.warm_up)))

    def validate(self, held_out: Examples, loss: float) -> dict[str, str]:
        """Calibrate and validate on the held-out shard, keep the best weights, and write a checkpoint."""
        calibrate(self.average, held_out)
        errors = validate(self.average, held_out)
        entry = {"step": self.step, "seconds": round(self.seconds), "loss": loss, **errors}
        log_errors(self.folder / LOG, entry)
        if errors["loss_held_out"] < self.best:
            self.best = errors["loss_held_out"]
            card = {"training": asdict(self.configuration), "held_out": entry}
            save_weights(self.average, self.folder / WEIGHTS, version=f"step-{self.step}", **card)
        self._leave_checkpoint()
        return {"error": f"{errors['error']:.4f}", "coverage": f"{errors['coverage']:.3f}"}

    def _leave_checkpoint(self) -> None:
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for number, optimiser in enumerate(self.optimisers):
            for index, state in optimiser.state_dict()["state"].items():
                tensors |= {f"optimiser{number}.{index}.{k}": v for k, v in state.items()}
        tensors["progress"] = torch.tensor([self.step, self.seconds, self.best], dtype=torch.float64)
        partial = self.folder / (CHECKPOINT + ".partial")
        save_file(tensors, partial)
        partial.replace(self.folder / CHECKPOINT)

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        try:
            tensors = load_file(path)
            step, self.seconds, self.best = tensors.pop("progress").tolist()
            self.step = int(step)
            self.network.load_state_dict(_below(tensors, "network."))
            self.average.load_state_dict(_below(tensors, "average."))
            for number, optimiser in enumerate(self.optimisers):
                state: dict[int, dict[str, Tensor]] = {}
                for key, value in _below(tensors, f"optimiser{number}.").items():
                    index, name = key.split(".")
                    state.setdefault(int(index), {})[name] = value
                optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
        except (SafetensorError, RuntimeError, KeyError, ValueError) as error:
            raise ConfigurationError(
                f"{path} is damaged or of another version of the network ({type(error).__name__}): remove it to begin "
                "again, or choose another folder."
            ) from error


def make_optimisers(network: Network, rate: float, weight_decay: float) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the hidden layers, and AdamW for the rest, with the same learning rate."""
    matrices = [matrix for layer in network.hidden_layers for matrix in layer.parameters() if matrix.ndim == 2]
    chosen = {id(matrix) for matrix in matrices}
    others = [parameter for parameter in network.parameters() if id(parameter) not in chosen]
    return [
        Muon(matrices, lr=rate, weight_decay=weight_decay),
        torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=weight_decay),
    ]


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
