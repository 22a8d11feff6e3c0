"""Stochastic gradient descent for small networks on examples that are all in memory."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from tqdm import tqdm

from infonet_ros.training.configuration import RunConfiguration

Kind = TypeVar("Kind", bound=nn.Module)


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
