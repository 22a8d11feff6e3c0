"""Angles: dependences that continue across the edges of the unit square."""

import numpy as np
import torch
from torch import Tensor

from infonet_ros.training.simulation.dependence import Dependence, column, draw_information, uniform

TURNS = 4  # a wrapped normal distribution has no density left beyond them
ROUND = 0.8  # turns: from this deviation on, it is even to 1e-5


class Angle(Dependence):
    """An angle and the noisy measurement of a multiple of it, both within one turn, in turns.

    Examples are headings, phases, and angles behind gears. Angle and noise are wrapped normal, and so is the reading;
    some of the readings are outliers.
    """

    RATIOS = (-2, -1, -1, 1, 1, 1, 2, 3)

    def __init__(self, rng: np.random.Generator, batch: int) -> None:
        self._ratio = column(rng.choice(self.RATIOS, batch))
        even = rng.random(batch) < 0.5
        self._spread = column(np.where(even, ROUND, np.exp(rng.uniform(np.log(0.1), np.log(ROUND), batch))))
        noise = np.exp(-draw_information(rng, batch)) / np.sqrt(2.0 * np.pi * np.e)
        self._noise = column(noise) * self._spread / ROUND * self._ratio.abs().sqrt()
        self._outliers = column(np.where(rng.random(batch) < 0.7, 0.0, rng.uniform(0.0, 0.6, batch)))
        self._cuts = column(rng.random(batch)), column(rng.random(batch))

    def sample(self, drivers: Tensor) -> tuple[Tensor, Tensor]:
        """Drive the angle by the first stream, the noise by the second, the outliers by the last two."""
        angle = self._spread * drivers[:, 0]
        reading = self._ratio * angle + self._noise * drivers[:, 1]
        reading = torch.where(uniform(drivers[:, 3]) < self._outliers, uniform(drivers[:, 4]), reading)
        x, y = (torch.remainder(z + cut, 1.0) for z, cut in zip((angle, reading), self._cuts, strict=True))
        return x, y

    def information(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean log ratio of the reading's density given the angle and its own."""
        angle, reading = (z - cut for z, cut in zip((x, y), self._cuts, strict=True))
        own = torch.sqrt((self._ratio * self._spread) ** 2 + self._noise**2)
        given, alone = (
            self._outliers + (1.0 - self._outliers) * _wrapped_normal(distance, deviation)
            for distance, deviation in ((reading - self._ratio * angle, self._noise), (reading, own))
        )
        return torch.log(given / alone).mean(dim=1)


def _wrapped_normal(distance: Tensor, deviation: Tensor) -> Tensor:
    """Density over one turn, of distances (B, T) in turns and deviations (B, 1)."""
    deviation = deviation.clamp_max(ROUND)
    nearest = distance - distance.round()
    terms = [torch.exp(-0.5 * ((nearest + turn) / deviation) ** 2) for turn in range(-TURNS, TURNS + 1)]
    return torch.stack(terms).sum(dim=0) / (deviation * np.sqrt(2.0 * np.pi))
