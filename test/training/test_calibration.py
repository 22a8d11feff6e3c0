import pytest
import torch

from infonet_ros.estimator.network.pair_network import Network, NetworkShape
from infonet_ros.training import validation
from infonet_ros.training.examples import FAMILIES, simulate
from infonet_ros.training.validation import calibrate

SLOW = ("product", "curve", "function")  # families whose examples take four times as long
QUICK = {name: family for name, family in FAMILIES.items() if name not in SLOW}


@pytest.fixture(scope="module")
def examples():
    return simulate(300, seed=1, families=QUICK)


def quantiles_of(network, examples):
    return examples.outputs(lambda part: network(part.observation, tables=False)[0]).unbind(dim=1)


def test_calibrated_intervals_cover_what_they_say(monkeypatch):
    monkeypatch.setattr(validation, "ALLOWANCE", 1.0)
    torch.manual_seed(0)
    network = Network(NetworkShape(width=8, heads=2, blocks=1))
    fitted, fresh = (simulate(1500, seed=seed, families=QUICK) for seed in (1, 2))
    calibrate(network, fitted)
    lower, _, upper = quantiles_of(network, fresh)
    # Examples come sixteen of a family: as few as a hundred independent draws, three standard errors of 0.02.
    assert (fresh.information > upper).float().mean() == pytest.approx(0.05, abs=0.06)
    assert (fresh.information < lower).float().mean() == pytest.approx(0.05, abs=0.06)
    uncalibrated = Network(network.shape)
    uncalibrated.load_state_dict(network.state_dict() | {"stretch": torch.ones(2)})
    lower, _, upper = quantiles_of(uncalibrated, fresh)
    assert ((lower <= fresh.information) & (fresh.information <= upper)).float().mean() < 0.8


def test_calibrating_twice_changes_nothing(examples):
    torch.manual_seed(0)
    network = Network(NetworkShape(width=8, heads=2, blocks=1))
    calibrate(network, examples)
    first = network.stretch.clone()
    calibrate(network, examples)
    assert torch.equal(network.stretch, first)


def test_what_training_does_not_know_is_allowed_for(monkeypatch, examples):
    torch.manual_seed(0)
    network = Network(NetworkShape(width=8, heads=2, blocks=1))
    calibrate(network, examples)
    wide = network.stretch.clone()
    monkeypatch.setattr(validation, "ALLOWANCE", 1.0)
    calibrate(network, examples)
    torch.testing.assert_close(wide, 1.1 * network.stretch)
