"""Training of the network of conditional mutual information, on features of simulated triples.

The simulation takes most of the time, and an interrupted one is resumed. The training takes minutes and is not resumed.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from infonet_ros.estimator.network.conditional_network import MOST_VIEWS, ConditionalNetwork, ConditionalShape, Views
from infonet_ros.estimator.network.observation import TRAINED_SAMPLES
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.views import ConditionedPairs, Side, views_of
from infonet_ros.estimator.network.weights import CONDITIONAL, base_of, load_short, load_weights, save_weights
from infonet_ros.estimator.samples.conditioning import Given
from infonet_ros.estimator.samples.ranks import Ordering
from infonet_ros.training.columns import Columns
from infonet_ros.training.configuration import AttentionConfiguration
from infonet_ros.training.descent import descend, standardise
from infonet_ros.training.examples import MOST_INFORMATION
from infonet_ros.training.losses import importance, pinball_loss
from infonet_ros.training.shards import held_out_and_rest
from infonet_ros.training.simulation.triples import BATCH, KINDS, SHARES, Simulator, Triples
from infonet_ros.training.validation import ALLOWANCE, errors, log_errors, stretches

WEIGHTS = CONDITIONAL.name
CONFIGURATION = "configuration.yaml"
LOG = "log.jsonl"
STANDARDISED = 4096  # examples from which the scales of the inputs are computed
TOLERANCE = 1e-3  # nats of the lower end above the truth, which is often exactly 0


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
    channels = triples.given[place]
    given, rows = Given.from_channels(channels, np.arange(channels.shape[1]))
    if len(rows) < TRAINED_SAMPLES[0]:
        return None
    streams = np.stack([triples.x[place], triples.y[place]])[:, rows]
    side = Side(Ordering.from_channels(streams, seed=0).ranks(), given)
    views = views_of([ConditionedPairs(side, side, np.array([0]), np.array([1]))], runner)
    missing = MOST_VIEWS - views.share.shape[1]
    return ConditionalExamples(
        features=functional.pad(views.features.half(), (0, 0, 0, missing)),
        share=functional.pad(views.share, (0, missing)),
        circumstances=views.circumstances,
        samples=torch.tensor([float(given.count)]),
        information=torch.tensor([triples.information[place]], dtype=torch.float32),
        kind=torch.tensor([kind]),
    )


@dataclass(frozen=True)
class ConditionalTraining(AttentionConfiguration):
    """Settings of a run on triples; the defaults are those of the shipped weights."""

    width: int = 96
    heads: int = 4
    blocks: int = 2
    shards: int = 75
    shard_examples: int = 1000
    seed: int = 5
    batch: int = 128
    learning_rate: float = 1.5e-3
    warm_up: int = 200
    weight_decay: float = 0.1


def run_conditional(configuration: ConditionalTraining, folder: Path) -> None:
    """Simulate the missing shards in a folder, train, and write the weights there."""
    c = configuration
    c.keep(folder / CONFIGURATION)
    held_out, others = held_out_and_rest(ConditionalExamples, simulate_conditional, folder / "shards", c)
    network = train_conditional(others, c)
    quantiles = held_out.outputs(lambda part: network(part.views))
    network.stretch.copy_(ALLOWANCE * stretches(quantiles, held_out.information))
    entry = validate_conditional(network, held_out)
    log_errors(folder / LOG, entry)
    card = {"training": asdict(c), "held_out": entry}
    save_weights(network, folder / WEIGHTS, f"steps-{c.steps}", base=base_of(), **card)


def train_conditional(examples: ConditionalExamples, configuration: ConditionalTraining) -> ConditionalNetwork:
    """Train a network on examples, with the quantile loss weighted as for pairs."""
    c = configuration
    torch.manual_seed(c.seed)
    network = ConditionalNetwork(ConditionalShape(examples.features.shape[2], c.width, c.heads, c.blocks, c.expansion))
    some = examples[torch.randperm(len(examples))[:STANDARDISED]]
    standardise(network, [some.features[some.share > 0.0].float(), some.circumstances])
    weights = importance(examples.samples)

    def loss_of(chosen: Tensor) -> Tensor:
        batch = examples[chosen]
        return (weights[chosen] * pinball_loss(network(batch.views), batch.information)).mean()

    return descend(network, loss_of, len(examples), c)


def validate_conditional(network: ConditionalNetwork, examples: ConditionalExamples) -> dict[str, float]:
    """Measure errors in nats: over all and by kind, where nothing is shared, and the coverage of the interval.

    The result is that of `errors` by kind, and ``nothing``, the mean median if the truth is 0.
    """
    quantiles, truth = examples.outputs(lambda part: network(part.views)), examples.information
    found = errors(quantiles, truth, importance(examples.samples), examples.kind, KINDS, TOLERANCE)
    return found | {"nothing": quantiles[truth < 1e-4, 1].mean().item()}
