"""Training of the network of conditional mutual information, on features of simulated triples.

The simulation takes most of the time, and an interrupted one is resumed. The training takes minutes and is not resumed.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from infonet_ros.estimator.network.conditional_network import ConditionalNetwork, ConditionalShape
from infonet_ros.estimator.network.weights import CONDITIONAL, base_of, save_weights
from infonet_ros.training.calibration import ALLOWANCE, stretches
from infonet_ros.training.conditional_examples import ConditionalExamples, simulate_conditional
from infonet_ros.training.configuration import AttentionConfiguration
from infonet_ros.training.descent import descend, standardise
from infonet_ros.training.losses import importance, pinball_loss
from infonet_ros.training.shards import held_out_and_rest
from infonet_ros.training.triples import KINDS
from infonet_ros.training.validation import errors, log_errors

WEIGHTS = CONDITIONAL.name
CONFIGURATION = "configuration.yaml"
LOG = "log.jsonl"
STANDARDISED = 4096  # examples from which the scales of the inputs are computed
TOLERANCE = 1e-3  # nats of the lower end above the truth, which is often exactly 0


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

    Returns
    -------
    dict
        The result of `errors` by kind, and ``nothing``, the mean median if the truth is 0.
    """
    quantiles, truth = examples.outputs(lambda part: network(part.views)), examples.information
    found = errors(quantiles, truth, importance(examples.samples), examples.kind, KINDS, TOLERANCE)
    return found | {"nothing": quantiles[truth < 1e-4, 1].mean().item()}
