import numpy as np
import pytest

from infonet_ros.errors import InputError


@pytest.fixture
def vectors(rng):
    """Two vectors that share one of their three directions."""
    x = rng.standard_normal((1500, 3))
    y = rng.standard_normal((1500, 3))
    y[:, 0] = x[:, 0] + 0.2 * y[:, 0]
    return x, y


def gaussian_sliced(covariance, dx, draws=200000):
    """Sliced MI of a Gaussian vector pair by the closed form of each projection."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal((draws, dx))
    b = rng.standard_normal((draws, len(covariance) - dx))
    cross = np.einsum("ki,ij,kj->k", a, covariance[:dx, dx:], b)
    spread = np.einsum("ki,ij,kj->k", a, covariance[:dx, :dx], a) * np.einsum("ki,ij,kj->k", b, covariance[dx:, dx:], b)
    return float(np.mean(-0.5 * np.log1p(-(cross**2) / spread)))


def test_gaussian_vectors_have_their_sliced_information(net, vectors):
    x, y = vectors
    truth = gaussian_sliced(np.corrcoef(np.hstack([x, y]).T), 3)
    estimate = net.sliced(x, y, projections=512)
    assert estimate.mi == pytest.approx(truth, abs=0.03)
    assert estimate.lower <= truth <= estimate.upper


def test_scalars_have_their_plain_information(net, correlated):
    x, y = correlated(0.5)
    sliced, plain = net.sliced(x, y[:, None]), net.estimate(x, y)
    assert sliced.projections == 1
    assert sliced.mi == pytest.approx(plain.mi, abs=0.01)


def test_symmetric_to_the_bit_and_repeatable(net, vectors):
    x, y = vectors
    assert net.sliced(x, y, surrogates=3) == net.sliced(y, x, surrogates=3)
    assert net.sliced(x, y, seed=1) != net.sliced(x, y, seed=2)


def test_units_make_no_difference(net, vectors):
    x, y = vectors
    # The directions depend on the content, so only the estimate stays the same, not its bits.
    assert net.sliced(x * [1.0, 100.0, 0.01], y, projections=512).mi == pytest.approx(
        net.sliced(x, y, projections=512).mi, abs=0.02
    )


def test_independence_is_distinguished_from_dependence(net, vectors):
    x, y = vectors
    assert net.sliced(x, y, projections=32, surrogates=19).p_value == pytest.approx(0.05)
    assert net.sliced(x[:, 1:], y, projections=32, surrogates=19).p_value > 0.05


def test_rows_with_a_bad_component_are_left_out(net, vectors):
    x, y = vectors
    x[:500, 1] = np.nan
    assert net.sliced(x, y).samples == 1000
    x[: 1500 - 63, 1] = np.nan
    estimate = net.sliced(x, y, surrogates=2)
    assert estimate.samples == 63 and np.isnan(estimate.mi) and np.isfinite(estimate.p_value)
    x[: 1500 - 23, 1] = np.nan
    assert np.isnan(net.sliced(x, y, surrogates=2).p_value)


def test_a_constant_component_counts_for_nothing(net, vectors):
    x, y = vectors
    x[:, 1] = 4.0
    assert net.sliced(x, y).mi > 0.02
    assert net.sliced(np.ones((1500, 2)), y, surrogates=2).mi == 0.0


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_units_make_no_difference_however_large_or_small(net, vectors, unit):
    x, y = vectors
    assert net.sliced(x * unit, y, projections=64).mi == pytest.approx(net.sliced(x, y, projections=64).mi, abs=0.04)


def test_groups_are_paired(net, vectors):
    samples = np.hstack(vectors)
    matrix = net.pairwise_sliced(samples, groups=[[0, 1, 2], [3, 4, 5], [1]], projections=64)
    assert matrix.mi.shape == (3, 3) and np.isnan(np.diag(matrix.mi)).all()
    assert matrix.mi[0, 1] == pytest.approx(net.sliced(*vectors, projections=64).mi, abs=1e-5)
    assert matrix.mi[0, 1] > 3.0 * matrix.mi[1, 2]


@pytest.mark.parametrize(
    "groups", [[[0], []], [[0], [9]], [[0], [-1]], [[0], [0.5]], [[0], [[1], [1, 2]]], [], None, "01"]
)
def test_unusable_groups_are_refused(net, vectors, groups):
    with pytest.raises(InputError, match="groups"):
        net.pairwise_sliced(np.hstack(vectors), groups=groups)


def test_vectors_of_different_length_are_refused(net, vectors):
    with pytest.raises(InputError, match="as many rows"):
        net.sliced(vectors[0], vectors[1][:-1])
