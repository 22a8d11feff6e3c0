"""Simulated triples: two streams and given streams, with their conditional mutual information.

Most are built from a pair with known MI. An increasing function of either stream, chosen by z, does not change the MI
given z. So x = f(z) + s(z) a and y = g(z) + r(z) b share, given z, the information of a and b.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from infonet_ros.training.examples import FAMILIES, Draw, draw_family
from infonet_ros.training.simulation.copulas import Independent, Tails
from infonet_ros.training.simulation.drivers import EvenDrivers, draw_drivers
from infonet_ros.training.simulation.gaussian_systems import Mixture, autoregression
from infonet_ros.training.simulation.regressions import Bounded

BATCH = 8  # triples of one kind and length made together
FRESH = 8192  # samples over which a truth is averaged
DIMENSIONS = (1, 1, 1, 1, 1, 2, 2, 3, 4, 6, 8)  # of the given streams, to choose from
NOTHING = 0.3  # share of triples whose conditional MI is 0
# What is hardest to tell from a common driver of the scale is a common scale; from a strong driver, sharp edges.
SCALED_FAMILIES = {**FAMILIES, "tails": (Tails, 1.0)}
SHARP_FAMILIES: dict[str, tuple[Draw, float]] = {"bounded": (Bounded, 1.0)}
SCALED_NOTHING, SHARP_NOTHING = 0.45, 0.15


@dataclass(frozen=True, eq=False)
class Triples:
    """B triples over the same number of samples."""

    x: np.ndarray  # x, y: (B, T) float
    y: np.ndarray
    given: list[np.ndarray]  # list of (D, T) float: of each triple
    information: np.ndarray  # (B,) float: true conditional MI, nats


@dataclass(frozen=True, eq=False)
class Pairs:
    """B pairs of streams that share so much, with location near 0 and scale near 1."""

    a: np.ndarray  # a, b: (B, T) float
    b: np.ndarray
    information: np.ndarray  # (B,) float: true MI, nats


class Simulator:
    """Draws triples of all kinds; the same seed gives the same triples."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self._even = EvenDrivers(seed)

    def draw(self, kind: str, count: int) -> Triples:
        """Draw a batch of a kind in `KINDS`, of ``count`` samples each."""
        return KINDS[kind](self, count)

    def pairs(self, count: int, families: dict[str, tuple[Draw, float]] = FAMILIES, nothing: float = NOTHING) -> Pairs:
        """Draw one dependence of some families for each of B pairs, and ``count`` samples of it.

        With the probability ``nothing`` the streams share nothing.
        """
        drivers = self.drivers(count)
        family, _ = draw_family(self.rng, families)
        dependence = (Independent if self.rng.random() < nothing else family)(self.rng, BATCH)
        even = dependence.sample(self._even.draw(self.rng, BATCH))
        information = dependence.information(*even).clamp_min(0.0).numpy().astype(np.float64)
        normal = self.rng.random() < 0.3
        a, b = (_standard(side.numpy().astype(np.float64), normal) for side in dependence.sample(drivers))
        return Pairs(a, b, information)

    def drivers(self, count: int) -> torch.Tensor:
        """Draw drivers (B, 5, T), half of them with memory."""
        return draw_drivers(self.rng, BATCH, count)

    def given(self, count: int) -> list[np.ndarray]:
        """Draw B times D streams of several shapes, with or without memory, related or not: (D, T) each."""
        dimensions = int(self.rng.choice(DIMENSIONS))
        streams = np.concatenate([self.drivers(count).numpy() for _ in range(2)], axis=1)[:, :dimensions]
        return [self._shaped(example.astype(np.float64)) for example in streams]

    def _shaped(self, streams: np.ndarray) -> np.ndarray:
        if len(streams) > 1 and self.rng.random() < 0.5:
            mixing = np.eye(len(streams)) + self.rng.uniform(0.0, 1.0) * self.rng.standard_normal((len(streams),) * 2)
            streams = mixing @ streams
            streams /= streams.std(axis=1, keepdims=True)
        shape = self.rng.integers(4)
        if shape == 1:
            return 3.4 * ndtr(streams) - 1.7
        if shape == 2:
            return np.sign(streams) + 0.4 * streams
        return streams

    def driven(self, given: np.ndarray, noise: np.ndarray, modes: bool = False) -> np.ndarray:
        """Return f(z) + s(z) a for given streams z (D, T) and noise a (T,): an increasing function of a for each z."""
        direction = self.rng.standard_normal(len(given)) * (self.rng.random(len(given)) < 0.7)
        along = direction @ given / max(np.linalg.norm(direction), 1e-9)
        strength = np.exp(self.rng.uniform(np.log(0.2), np.log(10.0))) if self.rng.random() < 0.85 else 0.0
        scale = np.exp(self.rng.uniform(0.2, 1.2) * np.tanh(along)) if self.rng.random() < 0.3 else 1.0
        level = self._table(along) if modes else self._function(along)
        return strength * level + scale * noise

    def scale(self, given: np.ndarray) -> np.ndarray:
        """Return a scale that changes with given streams (D, T), weakly or strongly: (T,)."""
        direction = self.rng.standard_normal(len(given))
        along = direction @ given / np.linalg.norm(direction)
        kind = self.rng.integers(4)
        if kind == 0:
            logs = np.tanh(self.rng.uniform(0.5, 3.0) * along)
        elif kind == 1:
            logs = np.log(0.1 + np.abs(along - self.rng.uniform(-1.0, 1.0)))
        elif kind == 2:
            logs = np.log(0.05 + np.logaddexp(0.0, along))
        else:
            logs = np.sin(self.rng.uniform(0.5, 2.0) * along + self.rng.uniform(0.0, 6.3))
        return np.exp(np.exp(self.rng.uniform(np.log(0.3), np.log(2.0))) * logs)

    def _function(self, along: np.ndarray) -> np.ndarray:
        kind = self.rng.integers(7)
        if kind == 0:
            return 0.6 * (along**2 - 1.0)
        if kind == 1:
            return np.abs(along) - 0.8
        if kind == 2:
            return np.sin(self.rng.uniform(0.8, 3.0) * along + self.rng.uniform(0.0, 6.3))
        if kind == 3:
            return np.tanh(self.rng.uniform(1.0, 4.0) * along)
        return along

    def _table(self, along: np.ndarray) -> np.ndarray:
        levels, level = np.unique(along, return_inverse=True)
        return self.rng.standard_normal(len(levels))[level]


def driven(simulator: Simulator, count: int) -> Triples:
    """Let the given streams drive location and scale of both streams; these share what their noises share."""
    pairs = simulator.pairs(count)
    return _triples(simulator, simulator.given(count), pairs)


def switching(simulator: Simulator, count: int) -> Triples:
    """Give the noises one dependence on one side of a value of a given stream, and another or none on the other."""
    given, elsewhere = simulator.given(count), simulator.given(count)
    first, second = (simulator.pairs(count) for _ in range(2))
    a, b = np.empty((2, BATCH, count))
    information = np.empty(BATCH)
    for k, streams in enumerate(given):
        signal = streams[0] if simulator.rng.random() < 0.8 else elsewhere[k][0]
        share = simulator.rng.uniform(0.15, 0.85)
        inside = rankdata(signal, method="ordinal") <= share * count
        if signal is not streams[0]:  # it is given as well, or the true value would not be known
            given[k] = np.concatenate([streams, signal[None]])
        a[k] = np.where(inside, first.a[k], second.a[k])
        b[k] = np.where(inside, first.b[k], second.b[k])
        information[k] = inside.mean() * first.information[k] + (~inside).mean() * second.information[k]
    return _triples(simulator, given, Pairs(a, b, information))


def scaled(simulator: Simulator, count: int) -> Triples:
    """Let the given streams drive the scale of both streams, mostly together, and perhaps their location too."""
    pairs = simulator.pairs(count, SCALED_FAMILIES, SCALED_NOTHING)
    given = simulator.given(count)
    first = np.stack([simulator.scale(streams) for streams in given])
    apart = simulator.rng.random(BATCH) < 0.3
    second = np.stack([simulator.scale(z) if own else s for z, s, own in zip(given, first, apart, strict=True)])
    exponent = simulator.rng.uniform(0.3, 1.3, (BATCH, 1))
    return _triples(simulator, given, Pairs(first * pairs.a, second**exponent * pairs.b, pairs.information))


def sharp(simulator: Simulator, count: int) -> Triples:
    """Let noise with sharp edges be small beside what the given streams do to both."""
    pairs = simulator.pairs(count, SHARP_FAMILIES, SHARP_NOTHING)
    given = simulator.given(count)
    size = np.exp(simulator.rng.uniform(np.log(0.03), 0.0, (2, BATCH, 1)))
    return _triples(simulator, given, Pairs(size[0] * pairs.a, size[1] * pairs.b, pairs.information))


def turning(simulator: Simulator, count: int) -> Triples:
    """Let the correlation of the noises change gradually with a given stream, to its opposite or to 0."""
    given = simulator.given(count)
    drivers = simulator.drivers(count).numpy()
    a, b = drivers[:, 0].astype(np.float64), np.empty((BATCH, count))
    information = np.empty(BATCH)
    for k, streams in enumerate(given):
        along = rankdata(streams[simulator.rng.integers(len(streams))]) / count
        correlation = simulator.rng.uniform(0.3, 0.995) * _turn(simulator.rng, along)
        b[k] = correlation * a[k] + np.sqrt(1.0 - correlation**2) * drivers[k, 1]
        information[k] = -0.5 * np.log1p(-(correlation**2)).mean()
    return _triples(simulator, given, Pairs(a, b, information))


def modes(simulator: Simulator, count: int) -> Triples:
    """Give a mode of operation, with or without streams: each mode has its own levels, scale and dependence."""
    rng = simulator.rng
    given = simulator.given(count)
    first, second = (simulator.pairs(count) for _ in range(2))
    x, y = np.empty((2, BATCH, count))
    information = np.empty(BATCH)
    for k, streams in enumerate(given):
        levels = int(rng.integers(2, 9))
        edges = np.sort(rng.uniform(0.05, 0.95, levels - 1))
        mode = np.searchsorted(edges, rankdata(streams[0]) / count).astype(np.float64)
        other = np.isin(mode, np.flatnonzero(rng.random(levels) < 0.3))
        noises = np.where(other, second.a[k], first.a[k]), np.where(other, second.b[k], first.b[k])
        information[k] = np.where(other, second.information[k], first.information[k]).mean()
        x[k], y[k] = (simulator.driven(mode[None], noise, modes=True) for noise in noises)
        given[k] = mode[None]
        if len(streams) > 1:
            x[k], y[k] = (simulator.driven(streams[1:], noise) for noise in (x[k], y[k]))
            given[k] = np.concatenate([mode[None], streams[1:]])
    return Triples(x, y, given, information)


def mixtures(simulator: Simulator, count: int) -> Triples:
    """Mix Gaussians in all variables at once: drivers, confounders and colliders of every shape."""
    rng, dimensions = simulator.rng, 2 + int(simulator.rng.choice(DIMENSIONS))
    drawn = [Mixture(rng, dimensions) for _ in range(BATCH)]
    points = [mixture.sample(rng, count) for mixture in drawn]
    information = np.array([mixture.information(mixture.sample(rng, FRESH)) for mixture in drawn])
    x, y = np.stack([p[:, 0] for p in points]), np.stack([p[:, 1] for p in points])
    return Triples(x, y, [p[:, 2:].T for p in points], information)


def autoregressions(simulator: Simulator, count: int) -> Triples:
    """Simulate linear autoregressions that drive each other; their own past, or a third stream, is given."""
    triples = [autoregression(simulator.rng, count) for _ in range(BATCH)]
    x, y, given, information = zip(*triples, strict=True)
    return Triples(np.stack(x), np.stack(y), list(given), np.array(information))


KINDS: dict[str, Callable[[Simulator, int], Triples]] = {
    "driven": driven,
    "switching": switching,
    "turning": turning,
    "modes": modes,
    "mixtures": mixtures,
    "autoregressions": autoregressions,
    "scaled": scaled,
    "sharp": sharp,
}
SHARES = (0.28, 0.11, 0.13, 0.12, 0.09, 0.07, 0.13, 0.07)


def _turn(rng: np.random.Generator, along: np.ndarray) -> np.ndarray:
    """Return a wave, or a slope from -1 to 1, over ranks (T,) between 0 and 1."""
    if rng.random() < 0.7:
        return np.cos(np.pi * (rng.uniform(0.3, 1.5) * along + rng.uniform()))
    return np.tanh(np.exp(rng.uniform(np.log(2.0), np.log(30.0))) * (along - rng.uniform(0.1, 0.9)))


def _triples(simulator: Simulator, given: list[np.ndarray], noises: Pairs) -> Triples:
    """Let the given streams drive the two noises of each pair."""
    x, y = (np.stack(list(map(simulator.driven, given, side))) for side in (noises.a, noises.b))
    return Triples(x, y, given, noises.information)


def _standard(samples: np.ndarray, normal: bool) -> np.ndarray:
    """Standardise samples (B, T) by their median and quartiles, or transform them to a normal distribution."""
    if normal:
        return ndtri((rankdata(samples, axis=1) - 0.5) / samples.shape[1])
    low, middle, high = np.quantile(samples, (0.25, 0.5, 0.75), axis=1, keepdims=True)
    return (samples - middle) / np.maximum(high - low, 1e-9) * 1.35
