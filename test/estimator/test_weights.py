import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from infonet_ros.errors import WeightsError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.network.pair_network import Network, NetworkShape
from infonet_ros.estimator.network.weights import SHIPPED, load_weights, save_weights

TINY = NetworkShape(width=8, heads=2, blocks=1)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "tiny.safetensors"
    network = Network(TINY)
    save_weights(network, path, version="test", steps=3)
    return path, network


def test_saved_weights_come_back(saved):
    path, network = saved
    loaded, version = load_weights(path)
    assert version == "test" and loaded.shape == TINY
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), loaded.parameters(), strict=True))
    assert json.loads(path.with_suffix(".json").read_text())["steps"] == 3


def test_shipped_weights_are_small_and_whole():
    assert SHIPPED.stat().st_size < 8_000_000
    load_weights()


def test_an_empty_name_stands_for_the_shipped_weights():
    assert InfoNet.from_pretrained("cpu", "").version == InfoNet.from_pretrained("cpu").version


def test_damaged_weights_are_refused(saved):
    path, _ = saved
    contents = bytearray(path.read_bytes())
    contents[-1] ^= 1
    path.write_bytes(contents)
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(path)


@pytest.mark.parametrize(("name", "words"), [("models", "is a folder"), ("", "is the present folder")])
def test_a_folder_holds_no_weights(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    with pytest.raises(WeightsError, match=f"{words}.*: expected weights"):
        load_weights(Path(name))


@pytest.mark.parametrize(
    "spoil", [torch.Tensor.half, torch.Tensor.double, lambda tensor: tensor * torch.nan], ids=["half", "double", "nan"]
)
def test_weights_of_other_numbers_are_refused(tmp_path, spoil):
    path, network = tmp_path / "odd.safetensors", Network(TINY)
    tensors = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    tensors[min(tensors)] = spoil(tensors[min(tensors)])
    network.state_dict = lambda: tensors
    save_weights(network, path, version="test")
    with pytest.raises(WeightsError, match=r"not of 32 bits in .* expected finite float32"):
        load_weights(path)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere\.safetensors is not there: expected weights"):
        load_weights(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("card", ["", "[]", "{}", '{"sha256": "", "shape": {"size": 1}, "version": "1"}'])
def test_a_foreign_card_is_refused(saved, card):
    path, _ = saved
    path.with_suffix(".json").write_text(card)
    with pytest.raises(WeightsError, match="not the card"):
        load_weights(path)


def change_shape(path, **sizes):
    card = json.loads(path.with_suffix(".json").read_text())
    card["shape"] |= sizes
    path.with_suffix(".json").write_text(json.dumps(card))


@pytest.mark.parametrize("sizes", [{"width": 16}, {"width": 10**6}, {"width": 10**18}, {"blocks": 10**9}])
def test_weights_of_another_shape_are_refused_before_memory_is_taken(saved, sizes):
    path, _ = saved
    change_shape(path, **sizes)
    with pytest.raises(WeightsError, match="do not fit"):
        load_weights(path)


@pytest.mark.parametrize(
    "sizes", [{"heads": 3}, {"heads": 0}, {"width": -8}, {"width": 8.0}, {"blocks": True}, {"expansion": "2"}]
)
def test_a_shape_that_no_network_has_is_refused(saved, sizes):
    path, _ = saved
    change_shape(path, **sizes)
    with pytest.raises(WeightsError, match="not the card"):
        load_weights(path)


def test_loading_weights_does_not_load_the_compiler_of_torch():
    """torch._dynamo takes seconds to import; some operations on tensors without storage would import it."""
    program = (
        "import sys, torch; before = set(sys.modules); from infonet_ros import InfoNet; "
        "InfoNet.from_pretrained('cpu').estimate(range(100), range(100)); "
        "print('torch._dynamo' in set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "False\n"
