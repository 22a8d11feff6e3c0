import numpy as np
import pytest
from scipy.stats import rankdata

from infonet_ros.training.simulation.triples import KINDS, SHARES, Simulator


def residual_information(x, y, given):
    """Gaussian conditional MI of the normal scores, nats: exact for linear systems of Gaussian streams."""
    covariance = np.corrcoef(np.vstack([x, y, given]))
    rest = list(range(2, len(covariance)))
    parts = [[0, *rest], [1, *rest], [0, 1, *rest], rest]
    logs = [np.linalg.slogdet(covariance[np.ix_(part, part)])[1] for part in parts]
    return 0.5 * (logs[0] + logs[1] - logs[2] - logs[3])


@pytest.mark.parametrize("kind", KINDS)
def test_triples_have_finite_truths_and_repeat(kind):
    first, second = Simulator(3).draw(kind, 300), Simulator(3).draw(kind, 300)
    assert np.isfinite(first.information).all() and (first.information >= -0.02).all()
    assert np.array_equal(first.x, second.x) and np.array_equal(first.information, second.information)
    assert all(streams.shape[1] == 300 and np.isfinite(streams).all() for streams in first.given)
    assert np.isfinite(first.x).all() and np.isfinite(first.y).all()


def test_truths_of_autoregressions_are_those_of_their_covariance():
    simulator = Simulator(1)
    for _ in range(3):
        triples = simulator.draw("autoregressions", 20_000)
        found = [residual_information(*parts) for parts in zip(triples.x, triples.y, triples.given, strict=True)]
        assert np.allclose(found, triples.information, atol=0.02)


def test_turning_triples_have_the_mean_over_what_is_given():
    triples = Simulator(2).draw("turning", 8192)
    assert (triples.information > 0.01).all() and (triples.information < 3.0).all()


def mean_correlation(x, y):
    """Return the mean over slices (P, T) of the correlation of x and y within them."""
    x, y = ((one - one.mean(axis=1, keepdims=True)) / one.std(axis=1, keepdims=True) for one in (x, y))
    return (x * y).mean()


@pytest.mark.parametrize("kind", ["driven", "scaled"])
def test_a_driver_alone_shares_nothing(kind):
    simulator = Simulator(2)
    draws = (simulator.draw(kind, 8000) for _ in range(30))
    nulls = [triples for triples in draws if not triples.information.any() and len(triples.given[0]) == 1]
    correlations = []
    for triples in nulls:
        for x, y, given in zip(triples.x, triples.y, triples.given, strict=True):
            slices = np.argsort(given[0]).reshape(80, -1)  # in each, what is given hardly moves
            ranks = [rankdata(stream[slices], axis=1) for stream in (x, y)]
            ranks = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
            correlations.append((mean_correlation(*ranks), mean_correlation(*map(np.abs, ranks))))
    # Slow streams are correlated by chance, so the median. Without slices it is 0.07 (driven) and 0.13 (scaled).
    assert len(correlations) >= 30 and (np.median(np.abs(correlations), axis=0) < 0.03).all()


def test_shares_are_those_of_a_whole():
    assert len(SHARES) == len(KINDS) and sum(SHARES) == pytest.approx(1.0)
