"""Training examples of conditional mutual information: all views of a triple, and its true value."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from infonet_ros.estimator.network.conditional_network import MOST_VIEWS, Views
from infonet_ros.estimator.network.observation import TRAINED_SAMPLES
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.views import ConditionedPairs, Side
from infonet_ros.estimator.network.weights import load_short, load_weights
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.ranks import Ordering
from infonet_ros.training.columns import Columns
from infonet_ros.training.examples import MOST_INFORMATION
from infonet_ros.training.triples import BATCH, KINDS, SHARES, Simulator, Triples


@dataclass
class ConditionalExamples(Columns):
    """The network's input for M triples, with their true values."""

    features: Tensor  # (M, MOST_VIEWS, F) float16: as in `Views`; 0 in missing views
    share: Tensor  # (M, MOST_VIEWS) float32
    circumstances: Tensor  # (M, CIRCUMSTANCES) float32
    samples: Tensor  # (M,) float32
    information: Tensor  # (M,) float32: true conditional MI, nats
    kind: Tensor  # (M,) int64: index into `triples.KINDS`

    @property
    def views(self) -> Views:
        """Return the network's input."""
        return Views(self.features, self.share, self.circumstances)


def simulate_conditional(count: int, seed: int) -> ConditionalExamples:
    """Simulate ``count`` examples, as the shipped network of pairs describes them; equal seeds give equal examples."""
    simulator, runner = Simulator(seed), Runner(load_weights()[0], "cpu", short=load_short())
    parts: list[ConditionalExamples] = []
    made = 0
    while made < count:
        kind = int(simulator.rng.choice(len(KINDS), p=SHARES))
        length = int(np.exp(simulator.rng.uniform(*np.log(TRAINED_SAMPLES))))
        triples = simulator.draw(list(KINDS)[kind], length)
        for k in range(BATCH):
            if not triples.information[k] < MOST_INFORMATION:
                continue
            example = _seen(runner, triples, k, kind)
            if example is not None:
                parts.append(example)
                made += 1
    return ConditionalExamples.join(parts)[torch.from_numpy(simulator.rng.permutation(made)[:count])]


def _seen(runner: Runner, triples: Triples, place: int, kind: int) -> ConditionalExamples | None:
    """Return the input for one of several triples; None if too few samples are in frequent modes."""
    given, rows = Given.from_channels(triples.given[place])
    if len(rows) < TRAINED_SAMPLES[0]:
        return None
    streams = np.stack([triples.x[place], triples.y[place]])[:, rows]
    side = Side(Ordering.from_channels(streams, seed=0).ranks(), given)
    views = ConditionedPairs(side, side, np.array([0]), np.array([1])).views(runner)
    missing = MOST_VIEWS - views.share.shape[1]
    return ConditionalExamples(
        features=functional.pad(views.features.half(), (0, 0, 0, missing)),
        share=functional.pad(views.share, (0, missing)),
        circumstances=views.circumstances,
        samples=torch.tensor([float(given.count)]),
        information=torch.tensor([triples.information[place]], dtype=torch.float32),
        kind=torch.tensor([kind]),
    )
