import pytest
import torch

from infonet_ros.errors import ConfigurationError
from infonet_ros.training.examples import Examples, simulate
from infonet_ros.training.shards import Shards, shard_path

EXAMPLES = 64


def test_missing_shards_are_simulated_each_of_its_seed(tmp_path):
    with Shards(Examples, simulate, tmp_path, count=2, examples=EXAMPLES, seed=7, workers=1) as made:
        last, first = made[1], made[0]
        assert made.there(0) and made.there(1)
        assert made[1] is last
    assert torch.equal(first.seen, simulate(EXAMPLES, seed=7).seen)
    assert torch.equal(last.seen, simulate(EXAMPLES, seed=8).seen)
    assert torch.equal(last.seen, Examples.load(shard_path(tmp_path, 1)).seen)


def test_shards_that_are_there_are_not_simulated(tmp_path):
    simulate(EXAMPLES, seed=1).save(shard_path(tmp_path, 0))
    with Shards(Examples, None, tmp_path, count=1, examples=EXAMPLES, seed=0, workers=1) as made:
        assert made.there(0)
        assert torch.equal(made[0].seen, simulate(EXAMPLES, seed=1).seen)


def test_shards_are_no_longer_simulated_when_they_are_not_needed(tmp_path):
    with Shards(Examples, simulate, tmp_path, count=500, examples=EXAMPLES, seed=0, workers=1) as made:
        made[0]
        assert not made.there(499)
    assert len(list(tmp_path.glob("*.safetensors"))) < 100
    assert not list(tmp_path.glob("*.partial"))


def test_a_damaged_shard_is_named(tmp_path):
    path = shard_path(tmp_path, 0)
    path.write_bytes(b"damaged")
    with (
        Shards(Examples, simulate, tmp_path, count=1, examples=EXAMPLES, seed=0, workers=1) as made,
        pytest.raises(ConfigurationError, match=f"{path.name} is damaged"),
    ):
        made[0]
