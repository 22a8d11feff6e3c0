"""Families with sharp edges or few levels, left out of training too: their truths in closed form or by quadrature."""

from collections.abc import Callable

import numpy as np
from scipy import special, stats

from benchmarks.streams.pairs import correlation_of
from benchmarks.truths.distributions import Distribution, gaussian_pair

NODES = 4001


def checkerboard(rng: np.random.Generator) -> Distribution:
    """Fill every other field of a board: half of what each stream could be."""
    fields = 2 * int(rng.integers(1, 5))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        row, pair = generator.integers(fields, size=count), generator.integers(fields // 2, size=count)
        return row + generator.random(count), 2 * pair + row % 2 + generator.random(count)

    return Distribution("checkerboard", f"checkerboard {fields}", sample, float(np.log(2.0)))


def equal_levels(rng: np.random.Generator) -> Distribution:
    """Pair each level with one of the other, all equally frequent."""
    levels = int(rng.integers(2, 17))
    partner = rng.permutation(levels)

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        level = generator.integers(levels, size=count)
        return level.astype(float), partner[level].astype(float)

    return Distribution("equal levels", f"{levels} equal levels", sample, float(np.log(levels)))


def discrete_uniform_mixture(rng: np.random.Generator) -> Distribution:
    """Pair a level with a value that is even over two units from it on (Gao et al. 2017)."""
    levels = int(rng.integers(2, 11))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        level = generator.integers(levels, size=count)
        return level.astype(float), level + 2.0 * generator.random(count)

    truth = float(np.log(levels) - (levels - 1) * np.log(2.0) / levels)
    return Distribution("discrete-uniform mixture", f"discrete-uniform mixture {levels}", sample, truth)


def rounded_pair(rng: np.random.Generator) -> Distribution:
    """Round both of a normal pair to a coarse unit: a quantised sensor beside another."""
    rho, unit = float(rng.uniform(0.3, 0.98)), float(rng.uniform(0.4, 1.5))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = gaussian_pair(rho)[0](generator, count)
        return np.round(x / unit), np.round(y / unit)

    levels = np.arange(-int(7.0 / unit) - 1, int(7.0 / unit) + 2)
    edges = unit * (np.append(levels, levels[-1] + 1) - 0.5)
    x = np.linspace(-7.0, 7.0, 20 * NODES)
    given = np.diff(special.ndtr((edges[:, None] - rho * x) / np.sqrt(1.0 - rho**2)), axis=0) * stats.norm.pdf(x)
    own = np.searchsorted(edges, x) - 1
    joint = np.stack([np.bincount(own, row, len(levels)) for row in given]) * (x[1] - x[0])
    return Distribution("rounded pair", f"rounded pair {rho:.2f}", sample, _of_table(joint))


def binary_choice(rng: np.random.Generator) -> Distribution:
    """Pair an input with a switch that is on the more likely the larger it is (logistic)."""
    slope = float(np.exp(rng.uniform(0.3, 3.0)))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = generator.standard_normal(count)
        return x, (generator.random(count) < special.expit(slope * x)).astype(float)

    on = special.expit(slope * stats.norm.ppf((np.arange(NODES) + 0.5) / NODES))
    truth = float(np.log(2.0) - (special.entr(on) + special.entr(1.0 - on)).mean())
    return Distribution("binary choice", f"binary choice {slope:.1f}", sample, truth)


def binomial_counts(rng: np.random.Generator) -> Distribution:
    """Pair a rate, even over the unit interval, with its hits out of so many: counts that are even themselves."""
    trials = int(rng.integers(2, 31))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        rate = generator.random(count)
        return rate, generator.binomial(trials, rate).astype(float)

    rates = (np.arange(NODES) + 0.5) / NODES
    given = special.entr(stats.binom(trials, rates[:, None]).pmf(np.arange(trials + 1))).sum(axis=1).mean()
    return Distribution("binomial counts", f"binomial counts {trials}", sample, float(np.log(trials + 1) - given))


def noisy_sine(rng: np.random.Generator) -> Distribution:
    """Add bounded noise to one, two or three periods of a sine."""
    periods, width = int(rng.integers(1, 4)), float(np.exp(rng.uniform(np.log(0.1), np.log(1.5))))
    return _bounded("noisy sine", lambda x: np.sin(2.0 * np.pi * periods * x), width)


def tent_map(rng: np.random.Generator) -> Distribution:
    """Take one step of the tent map, with bounded noise."""
    return _bounded("tent map", lambda x: 1.0 - np.abs(2.0 * x - 1.0), float(np.exp(rng.uniform(-3.0, 0.0))))


def sawtooth(rng: np.random.Generator) -> Distribution:
    """Read a multiple of an angle, within one turn, by a gear with play: bounded noise around the turn."""
    ratio, play = int(rng.integers(1, 6)), float(np.exp(rng.uniform(np.log(0.05), np.log(0.7))))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        angle, noise = generator.random((2, count))
        return angle, (ratio * angle + play * noise) % 1.0

    return Distribution("sawtooth", f"sawtooth {ratio}, {play:.2f}", sample, float(-np.log(play)))


def multiplied_noise(rng: np.random.Generator) -> Distribution:
    """Multiply by a relative error that is bounded: y = x (1 + w u)."""
    width = float(np.exp(rng.uniform(np.log(0.05), np.log(0.9))))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, u = generator.random((2, count))
        return x, x * (1.0 + width * (2.0 * u - 1.0))

    y = (1.0 + width) * (np.arange(50 * NODES) + 0.5) / (50 * NODES)
    density = np.log(np.minimum(1.0, y / (1.0 - width)) / (y / (1.0 + width))) / (2.0 * width)
    entropy = special.entr(density).mean() * (1.0 + width)
    # The mean of log(2 w x) is log(2 w) - 1.
    return Distribution(
        "multiplied noise", f"multiplied noise {width:.2f}", sample, float(entropy - np.log(2.0 * width) + 1.0)
    )


def noise_times_noise(rng: np.random.Generator) -> Distribution:
    """Let a normal variable with an offset be the scale of another: volatility, uncorrelated."""
    offset = float(rng.uniform(0.0, 2.0))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, noise = generator.standard_normal((2, count))
        return x, (x + offset) * noise

    scale = np.abs(stats.norm.ppf((np.arange(NODES) + 0.5) / NODES) + offset)
    logs = np.linspace(-16.0, 4.0, NODES // 10)  # of the size of y, whose density is even in it
    density = (stats.norm.pdf(np.exp(logs)[:, None] / scale) / scale).mean(axis=1)
    entropy = 2.0 * np.trapezoid(special.entr(density) * np.exp(logs), logs)
    truth = float(entropy - stats.norm().entropy() - np.log(scale).mean())
    return Distribution("noise times noise", f"noise times noise {offset:.1f}", sample, truth)


def ring(rng: np.random.Generator) -> Distribution:
    """Spread points evenly between two circles, or in one: edges and no noise."""
    hole = float(rng.choice([0.0, 1.0])) * float(rng.uniform(0.3, 0.97))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        radius = np.sqrt(generator.uniform(hole**2, 1.0, count))
        angle = generator.uniform(0.0, 2.0 * np.pi, count)
        return radius * np.cos(angle), radius * np.sin(angle)

    area = np.pi * (1.0 - hole**2)
    x = np.sin(np.linspace(-0.5 * np.pi, 0.5 * np.pi, 50 * NODES))
    chord = 2.0 * (np.sqrt(1.0 - x * x) - np.sqrt(np.maximum(hole**2 - x * x, 0.0))) / area
    truth = float(2.0 * np.trapezoid(special.entr(chord), x) - np.log(area))
    return Distribution("ring", f"ring {hole:.2f}", sample, truth)


def stairs(rng: np.random.Generator) -> Distribution:
    """Round an even input down to steps, with normal noise on them: a coarse encoder."""
    steps, noise = int(rng.integers(2, 11)), float(np.exp(rng.uniform(np.log(0.05), np.log(1.0))))

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = steps * generator.random(count)
        return x, np.floor(x) + noise * generator.standard_normal(count)

    y = np.linspace(-8.0 * noise, steps - 1.0 + 8.0 * noise, 5 * NODES)
    density = stats.norm.pdf((y[:, None] - np.arange(steps)) / noise).mean(axis=1) / noise
    truth = float(np.trapezoid(special.entr(density), y) - stats.norm(0, noise).entropy())
    return Distribution("stairs", f"stairs {steps}, {noise:.2f}", sample, truth)


def doubled_rows(rng: np.random.Generator) -> Distribution:
    """Write every sample of a normal pair twice: half as many count."""
    rho = correlation_of(rng.uniform(0.1, 2.0))
    pair, information, _ = gaussian_pair(rho)

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = pair(generator, -(-count // 2))
        return np.repeat(x, 2)[:count], np.repeat(y, 2)[:count]

    return Distribution("doubled rows", f"doubled rows {rho:.2f}", sample, information)


def _bounded(family: str, function: Callable[[np.ndarray], np.ndarray], width: float) -> Distribution:
    """Add noise, even over twice a width, to a function of what is even over the unit interval."""

    def sample(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x, noise = generator.random((2, count))
        return x, function(x) + width * (2.0 * noise - 1.0)

    means = np.sort(function((np.arange(50 * NODES) + 0.5) / (50 * NODES)))
    y = np.linspace(means[0] - width, means[-1] + width, 5 * NODES)
    share = (np.searchsorted(means, y + width) - np.searchsorted(means, y - width)) / len(means)
    truth = float(np.trapezoid(special.entr(share / (2.0 * width)), y) - np.log(2.0 * width))
    return Distribution(family, f"{family} {width:.2f}", sample, truth)


def _of_table(joint: np.ndarray) -> float:
    """MI of a table of probabilities, nats."""
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    return float(special.xlogy(joint, np.divide(joint, product, out=np.ones_like(joint), where=product > 0.0)).sum())


FAMILIES: tuple[Callable[[np.random.Generator], Distribution], ...] = (
    checkerboard,
    equal_levels,
    discrete_uniform_mixture,
    rounded_pair,
    binary_choice,
    binomial_counts,
    noisy_sine,
    tent_map,
    sawtooth,
    multiplied_noise,
    noise_times_noise,
    ring,
    stairs,
    doubled_rows,
)
