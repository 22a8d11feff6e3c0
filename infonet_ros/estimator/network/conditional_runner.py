"""Runs the network of conditional mutual information, on the views that the network of pairs describes."""

from dataclasses import dataclass

import numpy as np
import torch

from infonet_ros.estimator.network.conditional_network import ConditionalNetwork
from infonet_ros.estimator.network.machine import ONE_THREAD, fast_dtype
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.views import ConditionedPairs, views_of

AT_ONCE = 1024  # pairs


@dataclass(frozen=True, eq=False)
class ConditionalRunner:
    """The two networks that estimate conditional MI, one after the other."""

    pairs: Runner  # of the network of pairs, which describes each view
    network: ConditionalNetwork  # combines the views; on the CPU, because it takes a small part of the time

    def __post_init__(self) -> None:
        self.network.in_precision(fast_dtype(torch.device("cpu")))

    def quantiles(self, *sets: ConditionedPairs) -> np.ndarray:
        """Estimate pairs: 5, 50 and 95 % quantiles (M, 3) of all sets in turn, nats.

        A stream that is a function of the given streams has a conditional MI of 0.
        """
        views = views_of(sets, self.pairs)
        with ONE_THREAD, torch.inference_mode():
            parts = [self.network(views[start : start + AT_ONCE]) for start in range(0, len(views), AT_ONCE)]
        found = torch.cat(parts).numpy()
        found[np.concatenate([one.determined for one in sets])] = 0.0
        return found
