"""The shipped weights: tensors in safetensors, everything else in a JSON card beside them. No pickles."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from infonet_ros.errors import WeightsError
from infonet_ros.estimator.network.conditional_network import ConditionalNetwork, ConditionalShape
from infonet_ros.estimator.network.pair_network import Network, NetworkShape
from infonet_ros.estimator.network.readout import Readout, ReadoutShape
from infonet_ros.estimator.network.short_network import ShortNetwork, ShortShape
from infonet_ros.files import check_file
from infonet_ros.text import counted

SHIPPED = Path(__file__).parents[2] / "models" / "infonet.safetensors"
CONDITIONAL = SHIPPED.with_name("conditional.safetensors")
READOUT = "readout.safetensors"  # beside the weights of pairs
SHORT = SHIPPED.with_name("short.safetensors")
REMEDY = "install the package again, or name other weights"

Kind = TypeVar("Kind", Network, ConditionalNetwork, Readout, ShortNetwork)


def save_weights(network: Kind, path: Path, version: str, **card: Any) -> None:
    """Write the network's tensors to ``path`` and its card to ``path`` with the suffix ``.json``.

    The card holds the version, the shape of the network, the checksum of the tensors, and the given entries. All but
    the network of pairs need the entry ``base``: see `base_of`.
    """
    partial = path.with_suffix(".partial")
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, partial)
    contents = {"version": version, "shape": asdict(network.shape), "sha256": _checksum(partial), **card}
    partial.replace(path)
    path.with_suffix(".json").write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")


def base_of(path: Path = SHIPPED) -> str:
    """Return the checksum of the weights of pairs; the cards of the networks that use these weights contain it."""
    return _checksum(path)


def load_weights(path: Path = SHIPPED) -> tuple[Network, str]:
    """Read a network and its version.

    Raises WeightsError if a file is missing, is not what its card says, or does not fit this version of the package; or
    its numbers are not finite float32.
    """
    network, card = _load(path, Network, NetworkShape)
    return network, str(card["version"])


def load_conditional(base: Path = SHIPPED, path: Path = CONDITIONAL) -> ConditionalNetwork:
    """Read the network of conditional MI for a network of pairs.

    Raises WeightsError as `load_weights` does, and if it was trained on another network of pairs than that at ``base``.
    """
    network, card = _load(path, ConditionalNetwork, ConditionalShape)
    if card.get("base") != base_of(base):
        raise WeightsError(
            f"the weights {path} of conditional MI were trained beside other weights of pairs than {base}: train them "
            "again with `infonet train FOLDER --conditional`, or use the shipped ones."
        )
    return network.eval().requires_grad_(False)


def load_short(base: Path = SHIPPED, path: Path = SHORT) -> ShortNetwork | None:
    """Read the network of short views that imitates a network of pairs; None for another network of pairs.

    Raises WeightsError as `load_weights` does.
    """
    network, card = _load(path, ShortNetwork, ShortShape)
    return network if card.get("base") == base_of(base) else None


def load_readout(base: Path = SHIPPED) -> tuple[Readout, str] | None:
    """Read the readout beside a network of pairs, and its version; None where there is none.

    Raises WeightsError as `load_weights` does, and if it was trained on another network of pairs than that at ``base``.
    """
    path = base.with_name(READOUT)
    if not path.exists():
        return None
    readout, card = _load(path, Readout, ReadoutShape)
    if card.get("base") != base_of(base):
        raise WeightsError(
            f"the readout {path} was trained beside other weights of pairs than {base}: train it again with "
            f"`infonet train {path.parent} --readout`, or remove it."
        )
    return readout, str(card["version"])


def _load(path: Path, kind: type[Kind], shape_kind: type[Any]) -> tuple[Kind, dict[str, Any]]:
    """Read a network and its card."""
    check_file(path, "weights, a .safetensors file", WeightsError)
    card_path = path.with_suffix(".json")
    check_file(card_path, "the card of the weights beside them", WeightsError)
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
        expected, shape, _ = str(card["sha256"]), _shape(card, shape_kind), str(card["version"])
        received = _checksum(path)
    except OSError as error:
        raise WeightsError(f"the weights {path} cannot be read ({error.strerror}): {REMEDY}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{card_path} is not the card of InfoNet weights ({error!r}): {REMEDY}.") from error
    if received != expected:
        raise WeightsError(
            f"the weights {path} are damaged: their SHA-256 is {received[:12]}..., expected {expected[:12]}...; "
            f"{REMEDY}."
        )
    try:
        _check_fit(path, kind, shape)
        network = kind(shape)
        tensors = load_file(path)
        finite = {name for name, tensor in tensors.items() if tensor.dtype == torch.float32 and tensor.isfinite().all()}
        if unfit := sorted(tensors.keys() - finite):
            raise WeightsError(
                f"the weights {path} hold numbers that are not finite or not of 32 bits in "
                f"{counted(len(unfit), 'tensor')}, such as {unfit[0]!r}, expected finite float32: {REMEDY}."
            )
        network.load_state_dict(tensors)
    except (SafetensorError, RuntimeError) as error:
        raise WeightsError(
            f"the weights {path} do not fit this version of the network ({type(error).__name__}): {REMEDY}."
        ) from error
    return network, card


def _shape(card: Any, kind: type[Any]) -> Any:
    """Return the shape on a card; ValueError or TypeError if no network can have it."""
    shape = kind(**card["shape"])
    if any(type(size) is not int or size < 1 for size in asdict(shape).values()):
        raise ValueError(f"no network has {shape}")
    if hasattr(shape, "heads") and shape.width % shape.heads:
        raise ValueError(f"no network has {shape}")
    return shape


def _check_fit(path: Path, kind: type[Kind], shape: Any) -> None:
    """Compare a shape with the file's table of contents, before memory is taken for it; RuntimeError if they differ."""
    with safe_open(path, framework="pt") as file:
        found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 (no mapping)
    if getattr(shape, "blocks", 0) <= len(found):
        with torch.device("meta"):  # sizes without storage
            wanted = {name: tuple(tensor.shape) for name, tensor in kind(shape).state_dict().items()}
        if wanted == found:
            return
    raise RuntimeError(f"{path} does not hold the tensors of {shape}")


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
