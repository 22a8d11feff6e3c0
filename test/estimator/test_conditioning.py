import numpy as np
import pytest
import torch
from scipy.special import ndtr
from scipy.stats import kstest, spearmanr

from infonet_ros.estimator.network.views import Side
from infonet_ros.estimator.samples.conditioning import (
    DETERMINED,
    MOST_SLICES,
    WIDTHS,
    Given,
    conditional_ranks,
    fitted_again,
)
from infonet_ros.estimator.samples.ordered_fits import LEAST_VARIANCE, places_in_order
from infonet_ros.estimator.samples.ranks import Ordering, normal_scores, rank


def scores_of(*streams):
    return normal_scores(Ordering.from_channels(np.stack(streams), seed=0).ranks())


def given_of(*channels):
    return Given.from_channels(np.stack(channels).astype(float), np.arange(len(channels[0])))


def test_values_that_are_few_are_modes_and_others_are_streams(rng):
    given, rows = given_of(rng.integers(0, 3, 600), rng.standard_normal(600), np.ones(600), rng.integers(0, 40, 600))
    assert len(rows) == given.count == 600
    assert len(given.by_mode) == 3 and len(given.streams) == 2


def test_samples_of_modes_that_are_too_rare_are_left_out(rng):
    modes = rng.integers(0, 3, 600)
    modes[:10] = 7
    given, rows = given_of(modes)
    assert rows.tolist() == list(range(10, 600)) and len(given.by_mode) == 3


def test_many_rare_modes_are_taken_for_a_stream(rng):
    given, rows = given_of(rng.integers(0, 16, 200))
    assert len(given.by_mode) == 1 and len(given.streams) == 1 and len(rows) == 200


@pytest.mark.parametrize("dimensions", [1, 3])
def test_slices_hold_all_samples_once_and_little_changes_in_them(rng, dimensions):
    given, _ = given_of(*rng.standard_normal((dimensions, 3000)))
    slices = given.slices
    assert len(slices) == MOST_SLICES
    assert np.array_equal(np.sort(np.concatenate(slices)), np.arange(3000))
    inside = np.mean([given.streams[:, rows].var(axis=1).mean() for rows in slices])
    assert inside < (0.05 if dimensions == 1 else 0.55)


def test_each_mode_is_a_slice(rng):
    modes = rng.integers(0, 4, 800)
    given, _ = given_of(modes)
    assert sorted(len(rows) for rows in given.slices) == sorted(np.bincount(modes))


@pytest.mark.parametrize("width", range(len(WIDTHS)))
@pytest.mark.parametrize("dimensions", [1, 2])
def test_conditional_ranks_do_not_depend_on_what_is_given(rng, width, dimensions):
    z = rng.standard_normal((dimensions, 2000))
    x = np.sin(2.0 * z[0]) + np.exp(0.5 * z[-1]) * rng.exponential(size=2000)
    ranks, left = conditional_ranks(scores_of(x), given_of(*z)[0], width)
    uniform = (ranks[0] + 0.5) / 2000
    assert np.array_equal(np.sort(ranks[0]), np.arange(2000))
    for part in np.array_split(np.argsort(z[0]), 4):
        assert kstest(uniform[part], "uniform").statistic < 0.09  # 0.43 as they are
    assert 0.1 < left[0] < 1.0


@pytest.mark.parametrize("width", range(len(WIDTHS)))
@pytest.mark.parametrize("dimensions", [1, 2])
def test_streams_that_are_loud_together_are_not_far_out_together(rng, width, dimensions):
    z = rng.standard_normal((dimensions, 2000))
    ranks, _ = conditional_ranks(
        scores_of(*np.exp(1.5 * z[0]) * rng.standard_normal((16, 2000))), given_of(*z)[0], width
    )
    together = spearmanr(np.abs(ranks - 999.5).T).statistic
    assert abs(together[np.triu_indices(16, 1)].mean()) < 0.02  # 0.04 and 0.11 by ranks of the residuals as they are


def neighbours_in_order(given, size):
    order = np.argsort(given, kind="stable")
    near = np.empty((len(given), size), dtype=int)
    near[order] = order[np.clip(np.arange(len(given)) - size // 2, 0, len(given) - size)[:, None] + np.arange(size)]
    return near


def lines(given, values, size, ridge):
    """Residuals (N, T, size) of the neighbours of each sample beside the line through them, and its level (N, T)."""
    left, levels = np.empty((len(values), len(given), size)), np.empty(values.shape)
    for sample, near in enumerate(neighbours_in_order(given, size)):
        away = given[near] - given[sample]
        away /= max(1e-4, np.sqrt(np.mean(away**2)))
        design = np.stack([np.ones(size), away], axis=1)
        level, slope = np.linalg.solve(design.T @ design + np.diag([0.0, ridge * size]), design.T @ values[:, near].T)
        left[:, sample] = values[:, near] - level[:, None] - slope[:, None] * away
        levels[:, sample] = level
    return left, levels


@pytest.mark.parametrize("equal", [False, True])
def test_moving_fits_are_those_of_each_neighbourhood(rng, equal):
    given, scores = rng.standard_normal(120), rng.standard_normal((3, 120))
    if equal:
        given = np.round(4.0 * np.maximum(given, 0.0))  # no line can be fitted where half of them are 0
    scores[0] += 3.0 * given
    size, wide, ridge = 25, 60, 1e-3
    places, rest = places_in_order(given, scores, size, wide, ridge)
    expected = scores - lines(given, scores, size, ridge)[1]
    assert rest == pytest.approx(expected, abs=1e-7)
    squares = expected**2
    mean = squares[:, neighbours_in_order(given, wide)].mean(axis=2)
    even = expected / np.sqrt(np.maximum(lines(given, squares, wide, ridge)[1], LEAST_VARIANCE * mean))
    left, level = lines(given, even, size, ridge)
    below = (left < (even - level)[..., None] - 1e-9).sum(axis=2)
    within = ndtr((even - level) / np.sqrt(np.mean(left**2, axis=2)))
    assert places == pytest.approx((below + within) / (size + 1), abs=1e-6)


@pytest.mark.parametrize("dimensions", [1, 4])
def test_surrogates_are_as_alike_as_independent_streams(rng, dimensions):
    given, _ = given_of(*rng.standard_normal((dimensions, 300)))
    ranks = Ordering.from_channels(rng.standard_normal((160, 300)), seed=0).ranks()
    left, right = (Side(part, given) for part in np.split(ranks, 2))
    own = right.conditional[0]
    by_chance, too_small, again = (
        300.0 * np.square(np.corrcoef(left.conditional[0], one)[:80, 80:]).mean()
        for one in (own, np.roll(own, 100, axis=1), right.shifted([100], 0))
    )
    assert too_small < 1.04 and again > 1.05  # 1 without a fit
    assert again == pytest.approx(by_chance, abs=0.12)


@pytest.mark.parametrize("dimensions", [0, 1, 3])
def test_a_new_fit_leaves_the_residuals_of_the_neighbours(rng, dimensions):
    given, _ = given_of(rng.integers(0, 2, 300), *rng.standard_normal((dimensions, 300)))
    scores = scores_of(*rng.standard_normal((3, 300)))
    expected = np.empty(scores.shape)
    for rows, near in zip(given.by_mode, given.neighbourhoods[0], strict=True):
        expected[:, rows] = near.conditional(torch.from_numpy(scores[:, rows].T.copy()), near)[1].T
    found, expected = fitted_again(rank(scores), given, 0), rank(expected)
    assert np.abs(found - expected).max() <= 1  # where two are almost equal


def test_conditional_ranks_keep_what_is_new(rng):
    z, noise = rng.standard_normal((2, 2000))
    ranks, _ = conditional_ranks(scores_of(z**2 + noise), given_of(z)[0], 0)
    assert spearmanr(ranks[0], noise).statistic > 0.97


def test_within_modes_ranks_are_exact(rng):
    modes, noise = rng.integers(0, 3, 900), rng.standard_normal(900)
    given, _ = given_of(modes)
    ranks, _ = conditional_ranks(scores_of(10.0 * modes + noise), given, 0)
    for mode in range(3):
        inside = modes == mode
        assert np.array_equal(np.argsort(ranks[0][inside]), np.argsort(noise[inside]))


def test_of_a_copy_nothing_is_left(rng):
    z = rng.standard_normal(800)
    _, left = conditional_ranks(scores_of(z, 3.0 * z + 1.0, rng.standard_normal(800)), given_of(z)[0], 0)
    assert (left[:2] < DETERMINED).all() and left[2] > 0.5
