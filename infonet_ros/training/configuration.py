"""Settings of a training run: read from a YAML file, and stored with the run."""

import math
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from infonet_ros.errors import ConfigurationError
from infonet_ros.files import check_file
from infonet_ros.text import shorten

NAMES = {int: "a whole number", float: "a number"}


Kind = TypeVar("Kind", bound="Configuration")


@dataclass(frozen=True)
class Configuration:
    """Numeric settings, each checked: none is negative, and few whole numbers may be 0."""

    workers: int = 2  # processor cores, for the training too

    def __post_init__(self) -> None:
        for field in fields(self):
            kind: Any = type(field.default)
            least = 0 if kind is float or field.name in ("seed", "warm_up") else 1
            value = _as_number(getattr(self, field.name), kind)
            if value is None or not least <= value < math.inf:
                raise ConfigurationError(
                    f"{field.name} is {getattr(self, field.name)!r}: expected {NAMES[kind]} of at least {least}."
                )
            object.__setattr__(self, field.name, value)

    def save(self, path: Path) -> None:
        """Write as YAML."""
        path.write_text(yaml.safe_dump(asdict(self), sort_keys=False), encoding="utf-8")

    def keep(self, path: Path) -> None:
        """Write as YAML into the folder of a run, or compare with the file there; only the workers may differ.

        Raises ConfigurationError if the run there has another configuration.
        """
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.save(path)
        elif replace(self.load(path), workers=self.workers) != self:
            raise ConfigurationError(
                f"{path.parent} holds a run with another configuration: choose another folder, or resume with {path}."
            )

    @classmethod
    def load(cls: type[Kind], path: Path) -> Kind:
        """Read a YAML file.

        Raises ConfigurationError if the file cannot be read, or has a key that is unknown or a value that is refused.
        """
        check_file(path, "a YAML file of settings", ConfigurationError)
        try:
            values: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigurationError(f"{path} is not a readable YAML file ({' '.join(str(error).split())}).") from error
        known = [field.name for field in fields(cls)]
        unknown = [key for key in values if key not in known] if isinstance(values, dict) else [values]
        if unknown:
            key = shorten(str(unknown[0]), 60)
            raise ConfigurationError(f"{path} has the unknown key {key!r}: expected any of {', '.join(known)}.")
        return cls(**values)


@dataclass(frozen=True)
class RunConfiguration(Configuration):
    """Settings of a training run of any network; each network has some other defaults."""

    width: int = 128
    # Data: shards of simulated examples, of which the first is held out for validation
    shards: int = 96
    shard_examples: int = 16384
    seed: int = 0
    # Optimisation, with a linear warm-up and a cosine decay to nothing
    steps: int = 12000
    batch: int = 256
    learning_rate: float = 3e-3
    warm_up: int = 500
    weight_decay: float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shards < 2 or self.steps <= self.warm_up:
            raise ConfigurationError(
                f"shards is {self.shards} and steps is {self.steps}: expected at least 2 shards, one of them held "
                f"out, and more steps than the {self.warm_up} of the warm-up."
            )


@dataclass(frozen=True)
class AttentionConfiguration(RunConfiguration):
    """Settings of a training run of a network with attention."""

    heads: int = 2
    blocks: int = 3
    expansion: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            raise ConfigurationError(f"width is {self.width} and heads is {self.heads}: expected a multiple of heads.")


@dataclass(frozen=True)
class TrainingConfiguration(AttentionConfiguration):
    """Settings for the network of pairs; the defaults train a network of the shipped shape from a random start."""

    steps: int = 48000
    averaging: float = 0.999  # of the exponential moving average of the weights, which is kept
    quantile_weight: float = 3.0  # of the quantile loss, relative to the Donsker-Varadhan bound
    validate_every: int = 2000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.averaging >= 1.0:
            raise ConfigurationError(f"averaging is {self.averaging}: expected less than 1, such as 0.999.")
        if self.batch > self.shard_examples:
            raise ConfigurationError(
                f"batch is {self.batch}: expected at most the {self.shard_examples} examples of a shard."
            )


def _as_number(value: Any, kind: type) -> Any:
    """Return a number of that type, or None; YAML reads 1e-3 as a text, and 3 as an integer."""
    if kind is float and isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            return None
    return value if type(value) is kind else None
