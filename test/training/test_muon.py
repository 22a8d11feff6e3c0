import pytest
import torch

from infonet_ros.training.descent import Muon, orthogonal


@pytest.mark.parametrize("shape", [(24, 24), (16, 40), (40, 16)])
def test_a_direction_is_nearly_orthogonal_and_keeps_its_singular_vectors(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    direction = orthogonal(matrix)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    rotated = left.T @ direction @ right.T
    torch.testing.assert_close(rotated, rotated.diag().diag(), atol=1e-4, rtol=0.0)
    well_above_zero = values > 0.05 * values.max()
    assert well_above_zero.sum() > 12
    assert ((rotated.diag() > 0.65) & (rotated.diag() < 1.25))[well_above_zero].all()


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="needs torch 2.9")
def test_it_goes_where_that_of_torch_goes():
    """But for the rounding to bfloat16, of 0.4 %, which that of torch does at each of its products."""
    generator = torch.Generator().manual_seed(1)
    start, target = torch.randn(2, 32, 48, generator=generator)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    options = {"lr": 0.05, "weight_decay": 0.02}
    optimisers = (
        (ours, Muon([ours], **options)),
        (theirs, torch.optim.Muon([theirs], adjust_lr_fn="match_rms_adamw", **options)),
    )
    for _ in range(20):
        for parameter, optimiser in optimisers:
            parameter.grad = parameter.detach() - target
            optimiser.step()
    moved = (theirs - start).norm()
    assert moved > 5.0
    assert (ours - theirs).norm() < 0.02 * moved
