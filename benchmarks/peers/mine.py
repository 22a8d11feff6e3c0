"""MINE (Belghazi et al., ICML 2018): a network trained again on the samples of each pair."""

import numpy as np
import torch
from torch import Tensor, nn

STEPS = 3000
BATCH = 256
WIDTH = 128
RATE = 1e-3  # of Adam
FORGETTING = 0.01  # of the moving average that corrects the bias of the gradient (section 3.2 of the paper)


def mine(x: np.ndarray, y: np.ndarray, steps: int = STEPS, seed: int = 0) -> float:
    """Estimate the MI of x and y, each (T,), in nats: the bound on all samples when training ends, 0 if negative.

    Both variables are standardised. As in algorithm 1 of the paper, samples of the marginals' product are made by
    pairing x with y of other samples.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        statistic = nn.Sequential(nn.Linear(2, WIDTH), nn.ELU(), nn.Linear(WIDTH, WIDTH), nn.ELU(), nn.Linear(WIDTH, 1))
    optimizer = torch.optim.Adam(statistic.parameters(), lr=RATE)
    points = torch.from_numpy(np.stack([x, y], axis=1)).float()
    points = (points - points.mean(dim=0)) / points.std(dim=0)
    average = torch.tensor(1.0)
    for _ in range(steps):
        chosen, others = torch.randint(len(points), (2, BATCH), generator=generator)
        joint, product = statistic(points[chosen]), statistic(_mixed(points, chosen, others))
        partition = product.exp().mean()
        average = (1.0 - FORGETTING) * average + FORGETTING * partition.detach()
        # The gradient of log E exp(T), with the moving average in place of the batch's own mean as its denominator.
        loss = partition / average - joint.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    everything = torch.arange(len(points))
    with torch.no_grad():
        joint = statistic(points)
        product = statistic(_mixed(points, everything, torch.randperm(len(points), generator=generator)))
    return max(0.0, float(joint.mean() - torch.logsumexp(product, dim=0) + np.log(len(points))))


def _mixed(points: Tensor, chosen: Tensor, others: Tensor) -> Tensor:
    """Pair x of some samples with y of others: samples of the product of the marginals, (M, 2)."""
    return torch.stack([points[chosen, 0], points[others, 1]], dim=1)
