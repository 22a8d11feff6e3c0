"""What belongs together in good recordings: a table of log likelihood ratios for each pair, in one file.

The network's table is the log density of the copula of a pair: how much likelier a pair of ranks is if the two belong
together than if each goes by itself. So it judges every sample: see `dependence.evidence`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import map_coordinates

from infonet_ros.errors import RecordingError

FORMAT = 1
"""Version of the file."""

_STRETCH = 2.0  # seconds

QUANTILES = 1025
"""Values that stand for the distribution of a channel."""


@dataclass(frozen=True)
class ChannelBaseline:
    """What a channel is like without faults.

    ``gap`` and ``rest`` are the longest times, seconds, in which it gave nothing and the same value; ``roughness`` is
    that of its roughest stretch.
    """

    name: str
    gap: float
    rest: float
    roughness: float


@dataclass(frozen=True)
class PairBaseline:
    """What a pair is like without faults.

    Attributes
    ----------
    a, b : str
    lag : int
        Samples by which ``b`` follows ``a``.
    mi : float
        Nats.
    block : int
        Samples over which the log ratio is averaged before it counts, so that it does not count its memory as news.
    excursion : float
        Seconds between two rises of the evidence from nothing, without faults.
    parting : float
        Nats a second by which evidence grows once the two no longer belong together.
    """

    a: str
    b: str
    lag: int
    mi: float
    block: int
    excursion: float
    parting: float

    def threshold(self, interval: float, pairs: int) -> float:
        """Return the evidence, nats, beyond which ``pairs`` such pairs give one false alarm in ``interval`` seconds.

        Without faults an excursion reaches evidence h at most once in exp(h) times (Ville's inequality).
        """
        return max(1.0, float(np.log(interval * pairs / self.excursion)))

    def detection_time(self, interval: float, pairs: int, rate: float) -> float:
        """Return the seconds from the parting to the alarm that are to be expected."""
        return self.threshold(interval, pairs) / self.parting + self.block / rate


@dataclass(frozen=True, eq=False)
class Baseline:
    """Pairs of channels as they are in good recordings.

    Attributes
    ----------
    channels : tuple of ChannelBaseline
        N, those of the pairs.
    pairs : tuple of PairBaseline
        P.
    quantiles : (N, Q) float64
        Of each channel at evenly spaced probabilities, from the least to the largest value.
    tables : (P, G, G) float32
        Log density of the copula of each pair.
    rate : float
        Hz, of the clock on which the channels are compared.
    parameters : str
        The params file under which it was learnt.
    recordings : tuple of str
    seconds : float
        Length of all of them.
    """

    channels: tuple[ChannelBaseline, ...]
    pairs: tuple[PairBaseline, ...]
    quantiles: np.ndarray
    tables: np.ndarray
    rate: float
    parameters: str
    recordings: tuple[str, ...]
    seconds: float

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the N channels."""
        return tuple(channel.name for channel in self.channels)

    def thresholds(self, interval: float) -> np.ndarray:
        """Return the evidence (P,), nats, that makes an alarm: one false alarm in ``interval`` seconds, or fewer."""
        return np.array([pair.threshold(interval, len(self.pairs)) for pair in self.pairs])

    def detection_times(self, interval: float) -> np.ndarray:
        """Return the seconds (P,) from the parting of each pair to its alarm that are to be expected."""
        return np.array([pair.detection_time(interval, len(self.pairs), self.rate) for pair in self.pairs])

    def save(self, path: Path) -> None:
        """Write the file: safetensors, its words as JSON in the header."""
        from safetensors.numpy import save_file

        words = {
            "format": FORMAT,
            "channels": [asdict(channel) for channel in self.channels],
            "pairs": [asdict(pair) for pair in self.pairs],
            "rate": self.rate,
            "parameters": self.parameters,
            "recordings": list(self.recordings),
            "seconds": self.seconds,
        }
        save_file({"quantiles": self.quantiles, "tables": self.tables}, path, {"infonet_baseline": json.dumps(words)})

    @classmethod
    def load(cls, path: Path) -> "Baseline":
        """Read the file.

        Raises
        ------
        RecordingError
            It is not there, or no baseline of this version.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                words = json.loads((file.metadata() or {})["infonet_baseline"])
                if words["format"] != FORMAT:
                    raise RecordingError(
                        f"{path} is a baseline of format {words['format']}, expected {FORMAT}: learn it again with "
                        "`infonet learn`."
                    )
                return _from_words(words, file.get_tensor("quantiles"), file.get_tensor("tables"))
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, RecordingError):
                raise
            reason = str(error) if isinstance(error, OSError) else "it is damaged, or of another kind"
            raise RecordingError(
                f"{path} is no baseline ({reason}): expected a file that `infonet learn` wrote."
            ) from error


def _from_words(words: Mapping[str, Any], quantiles: np.ndarray, tables: np.ndarray) -> Baseline:
    channels = tuple(ChannelBaseline(**channel) for channel in words["channels"])
    pairs = tuple(PairBaseline(**pair) for pair in words["pairs"])
    names = {channel.name for channel in channels}
    if (
        quantiles.shape != (len(channels), QUANTILES)
        or len(tables) != len(pairs)
        or tables.ndim != 3
        or not all({pair.a, pair.b} <= names for pair in pairs)
    ):
        raise ValueError("words and arrays do not fit")
    return Baseline(
        channels=channels,
        pairs=pairs,
        quantiles=quantiles,
        tables=tables,
        rate=float(words["rate"]),
        parameters=str(words["parameters"]),
        recordings=tuple(words["recordings"]),
        seconds=float(words["seconds"]),
    )


def channel_quantiles(samples: np.ndarray) -> np.ndarray:
    """Return the quantiles (N, QUANTILES) of channels (T, N), of which each has known samples; NaN is left out."""
    probabilities = np.linspace(0.0, 1.0, QUANTILES)
    return np.stack([np.quantile(channel[np.isfinite(channel)], probabilities) for channel in samples.T])


def ranks_among(quantiles: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return where samples (T, N) stand among the quantiles (N, Q), 0 to 1; NaN where they are not known.

    A value that occurs often takes many quantiles, and stands in their middle.
    """
    places = np.linspace(0.0, 1.0, quantiles.shape[1])
    ranks = np.full(samples.shape, np.nan)
    for column, (known, values) in enumerate(zip(np.isfinite(samples).T, samples.T, strict=True)):
        own, last = quantiles[column], quantiles.shape[1] - 1
        found = np.interp(values[known], own, places)
        left, right = np.searchsorted(own, values[known]), np.searchsorted(own, values[known], side="right")
        tied = right > left + 1
        found[tied] = (left + right - 1)[tied] / (2 * last)
        ranks[known, column] = found
    return ranks


def log_ratios(table: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Read a table (G, G) at ranks (T,), bilinearly between the centres of its cells; NaN where one is not known."""
    known = np.isfinite(u) & np.isfinite(v)
    values = np.full(len(u), np.nan)
    nodes = len(table)
    places = np.stack([u[known], v[known]]) * nodes - 0.5
    values[known] = map_coordinates(table.astype(np.float64), places, order=1, mode="nearest")
    return values


def longest_run(flags: np.ndarray) -> int:
    """Return how many flags (T,) are set at most in a row."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False].astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def roughness(values: np.ndarray) -> float:
    """Return the median size of second differences of samples (T,): noise makes it large, smooth motion does not."""
    bends = np.abs(np.diff(values, n=2))
    known = bends[np.isfinite(bends)]
    return float(np.median(known)) if len(known) else 0.0


def channel_baselines(names: Sequence[str], pieces: Sequence[np.ndarray], rate: float) -> tuple[ChannelBaseline, ...]:
    """Describe channels by good samples (T, N), of one or several recordings."""
    channels = []
    for column, name in enumerate(names):
        own = [piece[:, column] for piece in pieces]
        length = max(10, round(_STRETCH * rate))
        stretches = [values[k : k + length] for values in own for k in range(0, len(values), length)]
        channels.append(
            ChannelBaseline(
                name=name,
                gap=max(longest_run(np.isnan(values)) for values in own) / rate,
                rest=max(longest_run(np.diff(values) == 0.0) for values in own) / rate,
                roughness=max(map(roughness, stretches)),
            )
        )
    return tuple(channels)
