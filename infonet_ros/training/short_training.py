"""Training of the network of short views: it learns to imitate the network of pairs on simulated pairs of few samples.

No true value is needed, so a simulation takes seconds.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from infonet_ros.estimator.network.blocks import PairBlock, observe_together, sketch_together
from infonet_ros.estimator.network.pair_network import Network
from infonet_ros.estimator.network.quantiles import QUANTILES
from infonet_ros.estimator.network.ranked_channels import RankedChannels
from infonet_ros.estimator.network.short_network import LEAST_SHORT, MOST_SHORT, ShortNetwork, ShortShape, Sketch
from infonet_ros.estimator.network.weights import SHORT, base_of, load_conditional, load_weights, save_weights
from infonet_ros.estimator.samples.ranks import Ordering
from infonet_ros.training.columns import Columns
from infonet_ros.training.configuration import RunConfiguration
from infonet_ros.training.descent import descend, standardise
from infonet_ros.training.examples import BATCH, OBSERVATIONS, draw_family, draw_streams
from infonet_ros.training.shards import held_out_and_rest
from infonet_ros.training.validation import log_errors

WEIGHTS = SHORT.name
CONFIGURATION = "short.yaml"
LOG = "short.jsonl"
LENGTHS = (48, MOST_SHORT + 1)  # samples of a pair, the last not included
OF_LOGARITHMS = 4.0  # how much the logarithms of the quantiles count


@dataclass(frozen=True)
class ShortTraining(RunConfiguration):
    """Settings of a run; the defaults are near those of the shipped weights, see their model card."""

    width: int = 256
    shards: int = 10
    seed: int = 8
    steps: int = 9000
    batch: int = 512
    learning_rate: float = 2e-3
    warm_up: int = 450


@dataclass
class ShortExamples(Columns):
    """Sketches of M pairs, the parts of `Sketch`, and their ``features`` (M, F) by the network of pairs."""

    counts: Tensor
    samples: Tensor
    effective: Tensor
    correlation: Tensor
    features: Tensor

    @property
    def sketch(self) -> Sketch:
        """Return the network's input."""
        return Sketch(self.counts, self.samples, self.effective, self.correlation)


def simulate_short(count: int, seed: int) -> ShortExamples:
    """Simulate ``count`` examples, as the shipped network of pairs describes them; equal seeds give equal examples."""
    rng, network = np.random.default_rng(seed), load_weights()[0].eval()
    parts: list[ShortExamples] = []
    while sum(map(len, parts)) < count:
        draw, _ = draw_family(rng)
        dependence = draw(rng, BATCH)
        for _ in range(OBSERVATIONS):
            parts.append(_seen(network, *draw_streams(rng, dependence, LENGTHS)))
    examples = ShortExamples.join(parts)
    return examples[torch.from_numpy(rng.permutation(len(examples))[:count])]


@torch.inference_mode()
def _seen(network: Network, x: Tensor, y: Tensor) -> ShortExamples:
    """Return examples of pairs (B, T)."""
    streams = torch.stack([x, y], dim=1).flatten(0, 1).numpy()
    block = PairBlock.pairs(RankedChannels.from_ranks(Ordering.from_channels(streams, seed=0).ranks()))
    sketch, features = sketch_together([block]), network.features(observe_together([block], ladder=False))
    return ShortExamples(sketch.counts, sketch.samples, sketch.effective, sketch.correlation, features.half())


def run_short(configuration: ShortTraining, folder: Path) -> None:
    """Simulate the missing shards in a folder, train, and write the weights there."""
    c = configuration
    c.keep(folder / CONFIGURATION)
    held_out, others = held_out_and_rest(ShortExamples, simulate_short, folder / "short_shards", c)
    network = train_short(others, c)
    entry = validate_short(network, held_out)
    log_errors(folder / LOG, entry)
    save_weights(network, folder / WEIGHTS, f"steps-{c.steps}", base=base_of(), training=asdict(c), held_out=entry)


def train_short(examples: ShortExamples, configuration: ShortTraining) -> ShortNetwork:
    """Train a network on what the network of conditional MI reads of the features: tokens and quantiles."""
    c = configuration
    torch.manual_seed(c.seed)
    network = ShortNetwork(ShortShape(examples.features.shape[1], c.width))
    inputs = examples.outputs(lambda part: network.inputs(part.sketch))
    standardise(network, [inputs], least=1e-3)
    reader = load_conditional()
    reading = (reader.features_in.weight[:, : network.shape.features] / reader.scale[: network.shape.features]).T
    wanted = examples.features.float() @ reading
    spread = wanted.std(dim=0).mean()

    def loss_of(chosen: Tensor) -> Tensor:
        found, features = network.described(inputs[chosen]), examples.features[chosen].float()
        tokens = functional.smooth_l1_loss(found @ reading / spread, wanted[chosen] / spread)
        logs = OF_LOGARITHMS * (_logarithms(found) - _logarithms(features))
        return tokens + functional.smooth_l1_loss(logs, torch.zeros_like(logs))

    return descend(network, loss_of, len(examples), c)


def validate_short(network: ShortNetwork, examples: ShortExamples) -> dict[str, float]:
    """Measure the mean distance of the medians, nats, and the share of the variance of the features that is missed."""
    found = examples.outputs(lambda part: network(part.sketch))
    wanted = examples.features.float()
    missed = (found - wanted).square().sum() / (wanted - wanted.mean(dim=0)).square().sum()
    return {"error": (found - wanted)[:, 1].abs().mean().item(), "missed": missed.item()}


def _logarithms(features: Tensor) -> Tensor:
    return torch.log(features[:, : len(QUANTILES)] + LEAST_SHORT)
