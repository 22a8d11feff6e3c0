import pytest
import torch

from infonet_ros.estimator.network.symmetry import ORIENTATIONS, Symmetry, orient, restore

SYMMETRY = Symmetry(32)


@pytest.mark.parametrize("orientation", range(ORIENTATIONS))
def test_restore_undoes_orient(orientation):
    grids = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    turn = torch.full((3,), orientation)
    assert torch.equal(restore(orient(grids, turn), turn), grids)


@pytest.mark.parametrize("orientation", range(ORIENTATIONS))
def test_every_orientation_of_a_grid_becomes_the_same(orientation):
    grids = torch.rand(5, 32, 32, generator=torch.Generator().manual_seed(1))
    turned = orient(grids, torch.full((5,), orientation))
    expected = orient(grids, SYMMETRY.canonical(grids))
    assert torch.equal(orient(turned, SYMMETRY.canonical(turned)), expected)


def test_the_second_grid_decides_how_a_symmetric_one_is_turned():
    generator = torch.Generator().manual_seed(2)
    symmetry, even, finer = Symmetry(32, 8), torch.ones(5, 32, 32), torch.rand(5, 8, 8, generator=generator)
    expected = orient(finer, symmetry.canonical(even, finer))
    for orientation in range(ORIENTATIONS):
        turned = orient(finer, torch.full((5,), orientation))
        assert torch.equal(orient(turned, symmetry.canonical(even, turned)), expected)


def test_a_falling_line_is_turned_up():
    falling = torch.eye(32).flip(0)[None]
    assert torch.equal(orient(falling, SYMMETRY.canonical(falling))[0], torch.eye(32))
