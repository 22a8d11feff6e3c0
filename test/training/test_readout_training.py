import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from infonet_ros import InfoNet
from infonet_ros.errors import ConfigurationError
from infonet_ros.estimator.network.pair_network import Network, NetworkShape
from infonet_ros.estimator.network.weights import load_readout, save_weights
from infonet_ros.training.examples import simulate
from infonet_ros.training.loop import WEIGHTS
from infonet_ros.training.losses import pinball_loss
from infonet_ros.training.readout_training import (
    CONFIGURATION,
    LOG,
    ReadoutExamples,
    ReadoutTraining,
    train_readout,
)

SMALL = ReadoutTraining(width=32, shards=2, shard_examples=200, steps=150, batch=64, warm_up=5, workers=1)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network(NetworkShape(width=16, heads=2, blocks=1)).eval().requires_grad_(False)


def test_training_learns_what_an_untrained_network_does_not_know(network):
    seen = ReadoutExamples.seen_by(network, simulate(400, seed=3))
    readout = train_readout(seen, SMALL)
    first = torch.cat([network(part.observation, tables=False)[0] for part in [simulate(400, seed=3)]])
    trained = readout(seen.evidence)
    losses = [pinball_loss(quantiles, seen.information).mean() for quantiles in (first, trained)]
    assert losses[1] < 0.5 * losses[0]


def test_the_seed_of_the_settings_repeats_a_training_whatever_was_drawn_before(network):
    seen, short = ReadoutExamples.seen_by(network, simulate(64, seed=3)), replace(SMALL, steps=6)
    first = train_readout(seen, short).state_dict()
    torch.rand(1)
    again = train_readout(seen, short).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_the_command_reads_out_the_network_of_the_folder(network, train_in, tmp_path):
    save_weights(network, tmp_path / WEIGHTS, "own")
    train_in(SMALL, tmp_path, readout=True)
    loaded, version = load_readout(tmp_path / WEIGHTS)
    assert loaded.shape.width == 32 and version == "own, readout steps-150"
    entry = json.loads((tmp_path / LOG).read_text(encoding="utf-8"))
    assert entry["error"] >= 0.0 and 0.0 <= entry["coverage"] <= 1.0
    assert ReadoutTraining.load(tmp_path / CONFIGURATION) == SMALL
    estimate = InfoNet.from_pretrained("cpu", tmp_path / WEIGHTS).estimate(*np.random.default_rng(0).random((2, 200)))
    assert estimate.lower <= estimate.mi <= estimate.upper


@pytest.mark.parametrize("values", [{"shards": 1}, {"steps": 5}, {"batch": 0}])
def test_settings_that_cannot_be_are_refused(values):
    with pytest.raises(ConfigurationError, match=next(iter(values))):
        replace(SMALL, **values)
