"""The readout: from the outputs of the network of pairs, and plug-in estimates, to the quantiles of the MI."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from infonet_ros.estimator.network.quantiles import LEAST, corrected_mean, stretched_quantiles

DROPOUT = 0.1  # of the inputs, in training
EXTRAPOLATED = 2  # the finest estimates of the ladder, which are also extrapolated
STEPS_AHEAD = 2.0  # of their last steps
LEVELS = 2  # numbers that tell how many values there are


@dataclass(frozen=True)
class ReadoutShape:
    """Sizes of the readout; stored with the weights."""

    numbers: int  # of each pair, besides the draft and the ladder
    rungs: int  # plug-in estimates
    width: int = 256


@dataclass(frozen=True, eq=False)
class Evidence:
    """The input of the readout for M pairs."""

    draft: Tensor
    """(M, 3) float32: the quantile outputs of the network of pairs, before they are put in increasing order."""
    numbers: Tensor  # (M, F) float32: the numbers from which the network computed the draft
    ladder: Tensor
    """(M, L) float32: plug-in estimates from the coarsest cells to the finest, see `plug_ins.unbiased_plug_ins`."""
    by_level: Tensor
    """(M, 3) float32: the estimate from the values themselves, and how many there are of each stream; see
    `Observation`."""


class Readout(nn.Module):
    """Returns quantiles that depend mostly on plug-in estimates if samples are many, otherwise on the network of pairs.

    The median is a weighted mean, times a correction: of the network's own median, of plug-in estimates, of their
    extrapolations, and of the estimate from values where a stream has few. The layers choose the weights. If a sharp
    edge cuts cells, each rung of the ladder misses about half of what the rung before missed. For a smooth density it
    misses about a quarter.
    """

    def __init__(self, shape: ReadoutShape) -> None:
        super().__init__()
        self.shape = shape
        choices = 1 + shape.rungs + EXTRAPOLATED + 1
        inputs = 3 + shape.numbers + choices + shape.rungs + LEVELS
        self.stretch: Tensor
        self.centre: Tensor
        self.scale: Tensor
        self.register_buffer("stretch", torch.ones(2))  # of the interval below and above the median, see `calibrate`
        self.register_buffer("centre", torch.zeros(inputs))  # of the inputs, in training
        self.register_buffer("scale", torch.ones(inputs))
        self.layers = nn.Sequential(
            nn.Dropout(DROPOUT),
            nn.Linear(inputs, shape.width),
            nn.SiLU(),
            nn.Linear(shape.width, shape.width),
            nn.SiLU(),
            nn.Linear(shape.width, 3 + choices),
        )

    def forward(self, evidence: Evidence) -> Tensor:
        """Return 5, 50 and 95 % quantiles of the MI of M pairs, (M, 3) nats; increasing, not negative."""
        choices = _choices(evidence)
        found = self.layers((self._inputs(evidence, choices) - self.centre) / self.scale)
        correction, below, above = found[:, :3].unbind(dim=1)
        median = corrected_mean(choices, found[:, 3:], correction)
        return stretched_quantiles(median, evidence.draft[:, 1] + below, evidence.draft[:, 2] + above, self.stretch)

    def inputs(self, evidence: Evidence) -> Tensor:
        """Return the input of the layers before it is standardised, (M, inputs)."""
        return self._inputs(evidence, _choices(evidence))

    def _inputs(self, evidence: Evidence, choices: Tensor) -> Tensor:
        ladder = torch.cat([evidence.ladder, evidence.by_level[:, :1]], dim=1)
        parts = evidence.draft, evidence.numbers, torch.log(choices), ladder.diff(dim=1), evidence.by_level[:, 1:]
        return torch.cat(parts, dim=-1)


def _choices(evidence: Evidence) -> Tensor:
    """Return the estimates that the median combines, (M, choices) nats."""
    steps = evidence.ladder.diff(dim=1)[:, -EXTRAPOLATED:]
    extrapolated = evidence.ladder[:, -EXTRAPOLATED:] + STEPS_AHEAD * steps
    choices = functional.softplus(evidence.draft[:, :1]), evidence.ladder, extrapolated, evidence.by_level[:, :1]
    return torch.cat(choices, dim=-1).clamp_min(LEAST)
