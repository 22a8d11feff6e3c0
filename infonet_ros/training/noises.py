"""Noise of unit size: how it is drawn, its density, distribution function and entropy."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor
from torch.special import ndtr

from infonet_ros.training.dependence import uniform

TINY = 1e-12


class Noise(NamedTuple):
    """A distribution: the same for all of a batch, or one for each of B examples."""

    sample: Callable[[Tensor], Tensor]  # maps a standard normal driver (B, T) to noise
    density: Callable[[Tensor], Tensor]  # density, distribution: of values (B, K, T)
    distribution: Callable[[Tensor], Tensor]
    entropy: float | Tensor  # float or (B,): nats


NORMAL = Noise(
    sample=lambda driver: driver,
    density=lambda values: torch.exp(-0.5 * values * values) / np.sqrt(2.0 * np.pi),
    distribution=ndtr,
    entropy=0.5 * np.log(2 * np.pi * np.e),
)

UNIFORM = Noise(
    sample=lambda driver: 2.0 * uniform(driver) - 1.0,
    density=lambda values: 0.5 * (values.abs() <= 1.0),
    distribution=lambda values: 0.5 * (values.clamp(-1.0, 1.0) + 1.0),
    entropy=np.log(2.0),
)


def _laplace_sample(driver: Tensor) -> Tensor:
    centred = uniform(driver) - 0.5
    return -torch.sign(centred) * torch.log1p(-2.0 * centred.abs())


def _laplace_distribution(values: Tensor) -> Tensor:
    tail = 0.5 * torch.exp(-values.abs())
    return torch.where(values < 0.0, tail, 1.0 - tail)


LAPLACE = Noise(
    sample=_laplace_sample,
    density=lambda values: 0.5 * torch.exp(-values.abs()),
    distribution=_laplace_distribution,
    entropy=1.0 + np.log(2.0),
)


def _student_sample(driver: Tensor) -> Tensor:
    p = uniform(driver)
    return (2.0 * p - 1.0) / torch.sqrt(2.0 * p * (1.0 - p))


STUDENT = Noise(  # two degrees of freedom: the distribution function has a closed inverse
    sample=_student_sample,
    density=lambda values: (2.0 + values * values) ** -1.5,
    distribution=lambda values: 0.5 + 0.5 * values / torch.sqrt(2.0 + values * values),
    entropy=float(stats.t(2).entropy()),
)


def weibull(exponents: Tensor) -> Noise:
    """Return noise that is never negative, and exponential where its exponent (B, 1) is 1."""
    wide, each = exponents[..., None], exponents[:, 0]

    def density(values: Tensor) -> Tensor:
        positive = values.clamp_min(TINY)
        hazard = positive ** (wide - 1.0)
        return wide * hazard * torch.exp(-hazard * positive) * (values >= 0.0)

    return Noise(
        sample=lambda driver: (-torch.log(uniform(driver))) ** (1.0 / exponents),
        density=density,
        distribution=lambda values: -torch.expm1(-(values.clamp_min(0.0) ** wide)),
        entropy=np.euler_gamma * (1.0 - 1.0 / each) - torch.log(each) + 1.0,
    )


def noise_of(name: str, exponents: Tensor) -> Noise:
    """Return the noise of a name; ``exponents`` (B, 1) are those of Weibull noise."""
    fixed = {"normal": NORMAL, "uniform": UNIFORM, "laplace": LAPLACE, "student": STUDENT}
    return fixed[name] if name in fixed else weibull(exponents)
