"""How far estimators are from the truth: families of distributions, sample sizes, order of pairs, coverage.

python benchmarks/accuracy.py [--seeds 10] [--out benchmarks/results]
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import estimators
import numpy as np
from distributions import Distribution, held_out, independent, random_mixture, standard_tasks
from report import environment, markdown_table, write_results
from tqdm import tqdm

from infonet_ros import InfoNet

PEERS: dict[str, estimators.Estimator] = {
    "KSG of ranks": estimators.ksg_of_ranks,
    "KSG": estimators.ksg,
    "scikit-learn": estimators.scikit_learn,
    "Gaussian copula": estimators.gaussian_copula,
}
SAMPLES = (250, 2000, 8000)


def main() -> None:
    """Run, print the tables, and write them with the machine and versions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10, help="repetitions of each distribution")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder of the results")
    parser.add_argument("--weights", type=Path, help="other weights than the shipped ones")
    arguments = parser.parse_args()
    net = InfoNet.from_pretrained("cpu", **({"weights": arguments.weights} if arguments.weights else {}))
    errors = {count: measure(net, families(arguments.seeds), count, arguments.seeds) for count in SAMPLES}
    results = {
        "environment": environment(),
        "seeds": arguments.seeds,
        "errors": errors,
        "order": {f"mixtures of {k}": order_accuracy(net, k, 50 * arguments.seeds) for k in (1, 3, 10)},
        "coverage": coverage(net, 60 * arguments.seeds),
    }
    text = describe(results)
    print(text)
    write_results(arguments.out, "accuracy", results, text)


def families(seeds: int) -> list[Distribution]:
    """Return the distributions of one run; random mixtures are drawn by a fixed seed."""
    rng = np.random.default_rng(2024)
    mixtures = [random_mixture(rng, components) for components in (1, 3, 10) for _ in range(2 * seeds)]
    return [*standard_tasks(), independent(), *mixtures]


def measure(net: InfoNet, distributions: list[Distribution], count: int, seeds: int) -> dict:
    """Return the mean absolute error and the bias, nats: ``{family: {estimator: [error, bias]}}``."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number, distribution in enumerate(tqdm(distributions, desc=f"T = {count}")):
        repetitions = seeds if not distribution.family.startswith("mixture") else 1
        for seed in range(repetitions):
            x, y = distribution.sample(np.random.default_rng([seed, number, count]), count)
            found[distribution.family]["infonet"].append(net.estimate(x, y).mi - distribution.truth)
            for name, peer in PEERS.items():
                found[distribution.family][name].append(peer(x, y) - distribution.truth)
    return {
        family: {name: [float(np.mean(np.abs(e))), float(np.mean(e))] for name, e in by_name.items()}
        for family, by_name in found.items()
    }


def order_accuracy(net: InfoNet, components: int, trials: int, count: int = 2000) -> float:
    """Return how often the stronger of two pairs that share x is named.

    Each trial takes a random mixture, and a copy of y to which noise is added; the copy's pair has less information by
    the data-processing inequality, whatever the mixture. The noise is strong, 0.3 to 1 standard
    deviations of y, so these are easy pairs: two of nearly the same information are not among them.
    """
    right = 0
    rng = np.random.default_rng(99)
    for _ in range(trials):
        x, y = random_sample(rng, components, count)
        worse = y + rng.uniform(0.3, 1.0) * y.std() * rng.standard_normal(count)
        right += net.estimate(x, y).mi > net.estimate(x, worse).mi
    return right / trials


def random_sample(rng: np.random.Generator, components: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Sample of a random mixture with at least 0.05 nats, so that there is an order to find."""
    while True:
        mixture = random_mixture(rng, components)
        if mixture.truth > 0.05:
            return mixture.sample(rng, count)


def coverage(net: InfoNet, trials: int) -> dict:
    """Return how often the 90 % interval holds the truth on families left out of training: ``{T: {family: share}}``."""
    inside: dict[int, dict[str, list[bool]]] = {count: defaultdict(list) for count in SAMPLES}
    rng = np.random.default_rng(5)
    for _ in tqdm(range(trials), desc="coverage"):
        distribution = held_out(rng)
        for count in SAMPLES:
            estimate = net.estimate(*distribution.sample(rng, count))
            inside[count][distribution.family].append(estimate.lower <= distribution.truth <= estimate.upper)
    return {
        count: {
            **{family: float(np.mean(hits)) for family, hits in sorted(by_family.items())},
            "all": mean_of(by_family.values()),
        }
        for count, by_family in inside.items()
    }


def mean_of(lists: Iterable[list[bool]]) -> float:
    """Mean over all entries of all lists."""
    return float(np.mean([entry for entries in lists for entry in entries]))


def describe(results: dict) -> str:
    """Tables in Markdown."""
    parts = []
    for count, by_family in results["errors"].items():
        names = list(next(iter(by_family.values())))
        rows = [
            [family, *(f"{by[name][0]:.4f} ({by[name][1]:+.4f})" for name in names)] for family, by in by_family.items()
        ]
        shared = [f for f in by_family if f != "independent"]
        means = {name: np.mean([by_family[f][name][0] for f in shared]) for name in names}
        rows.append(["**mean of families**", *(f"**{means[name]:.4f}**" for name in names)])
        rows.append(["ratio to KSG of ranks", *(f"{means[name] / means['KSG of ranks']:.2f}" for name in names)])
        parts.append(f"Mean absolute error (bias), nats, T = {count}\n\n{markdown_table(['family', *names], rows)}")
    order = [[name, f"{100 * share:.1f} %"] for name, share in results["order"].items()]
    parts.append("The stronger of two pairs is named, T = 2000\n\n" + markdown_table(["data", "infonet"], order))
    kinds = list(next(iter(results["coverage"].values())))
    rows = [[str(count), *(f"{100 * by[kind]:.0f} %" for kind in kinds)] for count, by in results["coverage"].items()]
    parts.append(
        "The 90 % interval holds the truth, families left out of training\n\n" + markdown_table(["T", *kinds], rows)
    )
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
