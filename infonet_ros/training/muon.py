"""Muon, the optimiser for the matrices of the hidden layers: its steps are orthogonal matrices."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic iteration, the steepest at zero (Jordan et al. 2024)
ITERATIONS = 5
LIKE_ADAMW = 0.2  # root mean square of the entries of a step, as AdamW's have it (Liu et al. 2025)


class Muon(torch.optim.Optimizer):
    """Nesterov momentum; each step is replaced by the nearest orthogonal matrix (Jordan et al. 2024).

    As `torch.optim.Muon` with ``match_rms_adamw``, but in float32. `torch.optim.Muon` rounds to bfloat16, on which
    processors without bfloat16 products spend most of a training step. A learning rate that suits AdamW suits Muon,
    since a step has the size of AdamW's.
    """

    def __init__(self, matrices: Iterable[Tensor], lr: float, weight_decay: float, momentum: float = 0.95) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Move the matrices by their gradients; a closure, if given, computes the gradients and returns the loss."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for matrix in group["params"]:
                mean = self.state[matrix].setdefault("momentum_buffer", torch.zeros_like(matrix))
                mean.lerp_(matrix.grad, 1.0 - group["momentum"])
                direction = orthogonal(matrix.grad.lerp(mean, group["momentum"]))
                matrix.mul_(1.0 - group["lr"] * group["weight_decay"])
                matrix.sub_(direction, alpha=group["lr"] * LIKE_ADAMW * math.sqrt(max(matrix.shape)))
        return loss


def orthogonal(matrix: Tensor) -> Tensor:
    """Bring all singular values near 1, between 0.65 and 1.25, and keep the singular vectors: (A, B) to (A, B).

    Newton and Schulz's iteration needs only products. Singular values that are nearly 0 reach less than 0.65.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonal(matrix.mT).mT
    a, b, c = COEFFICIENTS
    x = matrix / matrix.norm().clamp_min(1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x
