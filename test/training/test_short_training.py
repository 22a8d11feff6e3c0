import json

import pytest
import torch

from infonet_ros.estimator.network.short_network import ShortNetwork
from infonet_ros.estimator.network.weights import load_short
from infonet_ros.training.shards import shard_path
from infonet_ros.training.short_training import (
    LOG,
    WEIGHTS,
    ShortTraining,
    simulate_short,
    train_short,
    validate_short,
)

SMALL = ShortTraining(width=32, shards=2, shard_examples=200, steps=100, batch=64, warm_up=5, workers=1)


@pytest.fixture(scope="module")
def examples():
    return [simulate_short(200, seed) for seed in (4, 5)]


def test_examples_repeat(examples):
    again = simulate_short(200, seed=4)
    assert torch.equal(examples[0].features, again.features) and torch.equal(examples[0].counts, again.counts)
    assert torch.equal(again.counts.flatten(1).sum(dim=1).float(), again.samples)


def test_training_learns_to_imitate(examples):
    network = train_short(examples[0], SMALL)
    begin = ShortNetwork(network.shape).eval()
    begin.centre.copy_(network.centre)
    begin.scale.copy_(network.scale)
    errors = [validate_short(one, examples[0])["error"] for one in (begin, network)]
    assert errors[1] < 0.6 * errors[0]


def test_the_command_leaves_weights_that_load(examples, train_in, tmp_path):
    (tmp_path / "short_shards").mkdir()
    for number, part in enumerate(examples):
        part.save(shard_path(tmp_path / "short_shards", number))
    train_in(SMALL, tmp_path, short=True)
    network = load_short(path=tmp_path / WEIGHTS)
    assert network is not None and network.shape.width == 32
    assert json.loads((tmp_path / LOG).read_text(encoding="utf-8"))["error"] >= 0.0
