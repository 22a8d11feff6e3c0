"""Stochastic gradient descent: for small networks on examples that are all in memory, and Muon for the others.

Muon is the optimiser for the matrices of hidden layers: its steps are orthogonal matrices.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from tqdm import tqdm

from infonet_ros.training.configuration import RunConfiguration

Kind = TypeVar("Kind", bound=nn.Module)

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


def standardise(network: nn.Module, inputs: Sequence[Tensor], least: float = 1e-2) -> None:
    """Set ``centre`` and ``scale`` of a network to mean and standard deviation of its inputs in training.

    The columns of all ``inputs`` (M, F) are the network's; M need not be the same. A scale is at least ``least``.
    """
    network.get_buffer("centre").copy_(torch.cat([part.mean(dim=0) for part in inputs]))
    network.get_buffer("scale").copy_(torch.cat([part.std(dim=0) for part in inputs]).clamp_min(least))


def descend(network: Kind, loss_of: Callable[[Tensor], Tensor], count: int, settings: RunConfiguration) -> Kind:
    """Train by AdamW, with a linear warm-up and a cosine decay to 0; return the network ready for use.

    ``loss_of`` returns the loss of those of ``count`` examples that have given indices (B,).
    """
    c = settings
    optimiser = torch.optim.AdamW(network.parameters(), lr=c.learning_rate, weight_decay=c.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, c.learning_rate, total_steps=c.steps, pct_start=max(1, c.warm_up) / c.steps
    )
    bar = tqdm(range(c.steps), unit="step", desc="training")
    for step in bar:
        loss = loss_of(torch.randint(count, (c.batch,)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            bar.set_postfix(loss=f"{loss.item():.4f}")
    return network.eval().requires_grad_(False)
