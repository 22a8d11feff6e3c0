import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from infonet_ros.errors import ConfigurationError, WeightsError
from infonet_ros.estimator.network.conditional_network import ConditionalNetwork
from infonet_ros.estimator.network.weights import base_of, load_conditional, save_weights
from infonet_ros.training.conditional_training import (
    CONFIGURATION,
    LOG,
    WEIGHTS,
    ConditionalExamples,
    ConditionalTraining,
    run_conditional,
    simulate_conditional,
    train_conditional,
)
from infonet_ros.training.losses import pinball_loss
from infonet_ros.training.shards import shard_path

SMALL = ConditionalTraining(width=16, heads=2, blocks=1, shards=2, shard_examples=24, steps=60, batch=16, warm_up=5)


@pytest.fixture(scope="module")
def examples():
    return [simulate_conditional(24, seed) for seed in (5000, 5001)]


@pytest.fixture
def folder(tmp_path, examples):
    (tmp_path / "shards").mkdir()
    for number, part in enumerate(examples):
        part.save(shard_path(tmp_path / "shards", number))
    return tmp_path


def test_examples_repeat_and_are_whole(examples):
    first = examples[0]
    assert torch.equal(first.features, simulate_conditional(24, 5000).features)
    assert torch.isfinite(first.features).all() and torch.isfinite(first.circumstances).all()
    assert (first.share[:, :3] == 1.0).all()
    assert np.allclose(first.share[:, 3:].sum(axis=1), 1.0, atol=0.25)  # slices hold all but rare modes


def test_training_learns(examples):
    network = train_conditional(examples[0], SMALL)
    begin = ConditionalNetwork(network.shape).eval()
    begin.centre.copy_(network.centre)
    begin.scale.copy_(network.scale)
    losses = [pinball_loss(one(examples[0].views), examples[0].information).mean() for one in (begin, network)]
    assert losses[1] < 0.8 * losses[0]


def test_a_run_leaves_weights_that_load(folder):
    run_conditional(SMALL, folder)
    network = load_conditional(path=folder / WEIGHTS)
    assert network.shape.width == 16 and not network.training
    entry = json.loads((folder / LOG).read_text(encoding="utf-8"))
    assert entry["error"] >= 0.0 and 0.0 <= entry["coverage"] <= 1.0
    assert ConditionalTraining.load(folder / CONFIGURATION) == SMALL


def test_another_run_in_the_same_folder_is_refused(folder):
    SMALL.save(folder / CONFIGURATION)
    with pytest.raises(ConfigurationError, match="another configuration"):
        run_conditional(replace(SMALL, steps=50), folder)


@pytest.mark.parametrize("values", [{"shards": 1}, {"heads": 3}, {"steps": 5}, {"batch": 0}])
def test_settings_that_cannot_be_are_refused(values):
    with pytest.raises(ConfigurationError, match=next(iter(values))):
        replace(SMALL, **values)


def test_weights_of_other_pairs_are_refused(folder, examples):
    network = train_conditional(examples[0], replace(SMALL, steps=6))
    save_weights(network, folder / WEIGHTS, "test", base="0" * 64)
    with pytest.raises(WeightsError, match="trained beside other weights of pairs"):
        load_conditional(path=folder / WEIGHTS)
    save_weights(network, folder / WEIGHTS, "test", base=base_of())
    assert isinstance(load_conditional(path=folder / WEIGHTS), ConditionalNetwork)


def test_examples_of_several_shards_are_joined(examples):
    joined = ConditionalExamples.join(examples)
    assert len(joined) == 48 and torch.equal(joined[24:].information, examples[1].information)
