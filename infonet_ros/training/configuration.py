"""What a training run is: read from a YAML file, kept with the run."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from infonet_ros.errors import ConfigurationError


@dataclass(frozen=True)
class TrainingConfiguration:
    """Settings of a training run; the defaults are those of the shipped weights."""

    # Network
    width: int = 128
    heads: int = 2
    blocks: int = 4
    expansion: int = 2
    # Data: shards of simulated examples, of which the first is held out for validation
    shards: int = 96
    shard_examples: int = 16384
    workers: int = 2
    seed: int = 0
    # Optimisation: Muon and AdamW with a linear warm-up and a cosine decay to nothing
    steps: int = 48000
    batch: int = 256
    learning_rate: float = 3e-3
    warm_up: int = 500
    weight_decay: float = 0.02
    averaging: float = 0.999  # of the exponential moving average of the weights, which is what is kept
    quantile_weight: float = 3.0  # of the quantile loss beside the Donsker-Varadhan bound
    validate_every: int = 2000

    def __post_init__(self) -> None:
        for field in fields(self):
            value: Any = getattr(self, field.name)
            kind: Any = type(field.default)
            if type(value) is not kind or not value >= 0:
                raise ConfigurationError(f"{field.name} is {value!r}: expected a {kind.__name__} of at least 0.")
        if self.shards < 2 or self.steps <= self.warm_up:
            raise ConfigurationError(
                f"shards is {self.shards} and steps is {self.steps}: expected at least 2 shards, one of them held out, "
                f"and more steps than the {self.warm_up} of the warm-up."
            )
        if self.width % self.heads:
            raise ConfigurationError(f"width is {self.width} and heads is {self.heads}: expected a multiple of heads.")

    def save(self, path: Path) -> None:
        """Write as YAML."""
        path.write_text(yaml.safe_dump(asdict(self), sort_keys=False), encoding="utf-8")


def load_configuration(path: Path) -> TrainingConfiguration:
    """Read a YAML file.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or has a key that is unknown or a value that is refused.
    """
    try:
        values: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} is not a readable YAML file ({' '.join(str(error).split())}).") from error
    known = [field.name for field in fields(TrainingConfiguration)]
    unknown = [key for key in values if key not in known] if isinstance(values, dict) else [values]
    if unknown:
        raise ConfigurationError(f"{path} has the unknown key {unknown[0]!r}: expected any of {', '.join(known)}.")
    return TrainingConfiguration(**values)
