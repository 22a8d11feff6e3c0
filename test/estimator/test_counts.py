import numpy as np
import pytest
import torch
from scipy.stats import entropy

from infonet_ros.estimator.network.counts import (
    BINS,
    GRID,
    MOST_SAMPLES,
    RESOLUTIONS,
    bins_of_ranks,
    coarsen,
    coarsen_bytes,
    count_pairs,
    pyramid,
)
from infonet_ros.estimator.network.plug_ins import (
    LOCAL_RESOLUTIONS,
    TILES,
    both_sums,
    coarse_plug_ins,
    local_plug_ins,
    sums_by_tile,
    unbiased_sums,
)


def estimated(levels, samples):
    """Local estimates at all resolutions of a pyramid."""
    return local_plug_ins({g: sums_by_tile(levels[g]) for g in LOCAL_RESOLUTIONS}, levels[TILES], samples)


def counted(count, seed=2):
    """Counts of a random permutation, and the bins behind them, (2, T)."""
    order = np.random.default_rng(seed).permutation(count)
    bins = torch.from_numpy(bins_of_ranks(np.stack([np.arange(count), order])))
    return count_pairs(bins[:1], bins[1:]), bins.numpy()


def test_counts_are_those_of_a_histogram():
    rng = np.random.default_rng(1)
    left, right = torch.from_numpy(rng.integers(BINS, size=(2, 3, 500), dtype=np.uint8))
    counts = count_pairs(left, right)
    edges = np.arange(BINS + 1)
    for k in range(3):
        expected = np.histogram2d(left[k].numpy(), right[k].numpy(), bins=(edges, edges))[0]
        np.testing.assert_array_equal(counts[k], expected)


@pytest.mark.parametrize("count", [64, 100, 101, 2000, 8191])
def test_bins_hold_equal_shares(count):
    bins = bins_of_ranks(np.arange(count)[None])[0]
    assert (np.diff(bins) >= 0).all()
    assert np.ptp(np.bincount(bins, minlength=BINS)) <= 2


@pytest.mark.parametrize("count", [64, 100, 101, 2000, 8191])
def test_bins_of_a_negated_stream_mirror_each_other(count):
    rng = np.random.default_rng(count)
    middle_first = np.roll(np.arange(count), -(count // 2))
    ranks = np.stack([middle_first, *(rng.permutation(count) for _ in range(8))])
    np.testing.assert_array_equal(bins_of_ranks(count - 1 - ranks), BINS - 1 - bins_of_ranks(ranks))


def test_plug_in_estimates_are_those_of_histograms():
    counts, bins = counted(2048)
    levels, samples = pyramid(counts), torch.tensor([2048.0])
    estimates = [*coarse_plug_ins(levels, samples)[0], *estimated(levels, samples)[0].mean(dim=(1, 2))]
    for cells, estimate in zip(RESOLUTIONS, estimates, strict=True):
        joint = np.histogram2d(*(bins // (BINS // cells)), bins=(range(cells + 1),) * 2)[0] / 2048
        assert estimate == pytest.approx(np.log(cells**2) - entropy(joint.ravel()), abs=1e-5)


def test_local_estimates_belong_to_the_samples_of_their_tile():
    counts, bins = counted(500)
    finest = estimated(pyramid(counts), torch.tensor([500.0]))[0, -1]
    side = BINS // TILES
    row, column = bins[:, 0] // side
    cells = counts[0, row * side : (row + 1) * side, column * side : (column + 1) * side].numpy()
    held = cells[cells > 0] / 500
    expected = TILES**2 * (held * np.log(held * BINS**2)).sum()
    assert finest[row, column] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("samples", [MOST_SAMPLES - 1, MOST_SAMPLES])
def test_no_cell_of_a_grid_holds_more_than_its_share_and_a_byte(samples):
    bins = torch.from_numpy(bins_of_ranks(np.arange(samples)[None]))
    levels = pyramid(count_pairs(bins, bins))
    for cells in levels:
        assert int(levels[cells].max()) == MOST_SAMPLES // cells
    assert MOST_SAMPLES // GRID <= 255


def test_two_counts_are_looked_up_at_once():
    counts, _ = counted(MOST_SAMPLES)
    torch.testing.assert_close(sums_by_tile(counts), sums_by_tile(counts.int()))


@pytest.mark.parametrize("samples", [64, 1000, MOST_SAMPLES])
def test_two_functions_are_looked_up_at_once_to_the_bit(samples):
    bins = torch.from_numpy(bins_of_ranks(np.arange(samples)[None]))
    counts = torch.cat([counted(samples)[0], count_pairs(bins, bins)])
    tiles, whole = both_sums(counts)
    assert torch.equal(tiles, sums_by_tile(counts)) and torch.equal(whole, unbiased_sums(counts))


def test_pairs_of_different_numbers_of_samples_are_measured_each_by_its_own():
    (few, _), (many, _) = counted(200), counted(3000)
    levels, samples = pyramid(torch.cat([few, many])), torch.tensor([200.0, 3000.0])
    for estimate in (estimated, coarse_plug_ins):
        together = estimate(levels, samples)
        for k, counts in enumerate((few, many)):
            torch.testing.assert_close(together[k], estimate(pyramid(counts), samples[k : k + 1])[0])


def test_a_permutation_along_the_diagonal_has_the_information_of_its_cells():
    bins = torch.from_numpy(bins_of_ranks(np.arange(4096)[None]))
    estimates = estimated(pyramid(count_pairs(bins, bins)), torch.tensor([4096.0]))
    expected = torch.tensor(LOCAL_RESOLUTIONS).log()
    torch.testing.assert_close(estimates[0].mean(dim=(1, 2)), expected, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize("largest", [2, 130, 255])
def test_bytes_are_joined_as_other_cells_are(rng, largest):
    cells = torch.zeros(40, 4, 4, dtype=torch.uint8)
    places = torch.from_numpy(rng.integers(16, size=(40, 1)))
    cells.view(40, 16).scatter_(1, places, largest)
    joined = coarsen_bytes(cells)
    assert joined.dtype == torch.uint8
    assert torch.equal(joined.int(), coarsen(cells.int()))
