from dataclasses import replace

import pytest
import torch

from infonet_ros.errors import ConfigurationError
from infonet_ros.training.configuration import RunConfiguration
from infonet_ros.training.examples import Examples, simulate
from infonet_ros.training.shards import Shards, shard_path, shard_seed

EXAMPLES = 64
RUN = RunConfiguration(shards=2, shard_examples=EXAMPLES, seed=7, workers=1)


def test_missing_shards_are_simulated_each_of_its_seed(tmp_path):
    with Shards(Examples, simulate, tmp_path, RUN) as made:
        last, first = made[1], made[0]
        assert made.there(0) and made.there(1)
        assert made[1] is last
    assert torch.equal(first.seen, simulate(EXAMPLES, shard_seed(7, 0)).seen)
    assert torch.equal(last.seen, simulate(EXAMPLES, shard_seed(7, 1)).seen)
    assert torch.equal(last.seen, Examples.load(shard_path(tmp_path, 1)).seen)


def test_shards_that_are_there_are_not_simulated(tmp_path):
    for number in range(2):
        simulate(EXAMPLES, seed=1).save(shard_path(tmp_path, number))
    with Shards(Examples, None, tmp_path, RUN) as made:
        assert made.there(0)
        assert torch.equal(made[0].seen, simulate(EXAMPLES, seed=1).seen)


def test_shards_are_no_longer_simulated_when_they_are_not_needed(tmp_path):
    with Shards(Examples, simulate, tmp_path, replace(RUN, shards=500)) as made:
        made[0]
        assert not made.there(499)
    assert len(list(tmp_path.glob("*.safetensors"))) < 100
    assert not list(tmp_path.glob("*.partial"))


def test_a_damaged_shard_is_named(tmp_path):
    path = shard_path(tmp_path, 0)
    path.write_bytes(b"damaged")
    with (
        Shards(Examples, simulate, tmp_path, RUN) as made,
        pytest.raises(ConfigurationError, match=f"{path.name} is damaged"),
    ):
        made[0]
