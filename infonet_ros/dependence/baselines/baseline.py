"""Baselines: the pairs that depend on each other in good recordings, with tables of log likelihood ratios.

The network's table is the log density of the copula of a pair. At a pair of ranks it is the log likelihood ratio of
"dependent as before" against "independent". So every sample can be judged by it: see `dependence.evidence`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import map_coordinates

from infonet_ros.dependence.baselines.channel_baseline import ChannelBaseline, field_of, modality_of
from infonet_ros.dependence.baselines.coverage import Coverage
from infonet_ros.dependence.baselines.expectation import KNOTS, Expectation
from infonet_ros.dependence.baselines.forms import QUANTILES, RANKED, Form, in_form, ranks_among
from infonet_ros.dependence.baselines.page_rule import Rises
from infonet_ros.errors import RecordingError
from infonet_ros.files import check_file
from infonet_ros.text import counted, in_seconds

FORMAT = 14
"""Version of the file."""

DECOUPLED = "decoupled"
"""Name of the loss of a dependence, see `View.growth`."""

SINGLE_SHARE = 0.2
"""Of the false alarms, those for faults of single channels; the views of pairs have the others."""


@dataclass(frozen=True)
class PairBaseline:
    """Two dependent channels.

    Attributes
    ----------
    a, b : str
        Names of the channels.
    lag : int
        Samples by which ``b`` follows ``a``.
    mi : float
        What they share, nats.
    """

    a: str
    b: str
    lag: int
    mi: float


@dataclass(frozen=True)
class View:
    """One way to judge a pair.

    Attributes
    ----------
    pair : int
        Number of the pair.
    form : Form
        What is judged of the samples.
    rises : Rises
        How high its evidence rises without faults.
    growth : dict of str to float
        Growth of the evidence, nats per second, after each of some faults, such as `DECOUPLED`: the threshold for an
        alarm in the usual interval, over the mean time to it; 0 if there is no alarm.
    """

    pair: int
    form: Form
    rises: Rises
    growth: dict[str, float]

    def detection_time(self, interval: float, fault: str) -> float:
        """Return the expected seconds from a fault to the alarm; inf if there is none."""
        growth = self.growth[fault]
        return self.rises.threshold(interval) / growth if growth else math.inf


@dataclass(frozen=True, eq=False)
class Baseline:
    """Pairs of channels as they are in good recordings.

    Attributes
    ----------
    channels : tuple of ChannelBaseline
        N, first the M of the pairs, then those that are in none.
    pairs : tuple of PairBaseline
        P, the pairs that depend on each other.
    views : tuple of View
        V, one to three of each pair.
    quantiles : (3, M, Q) float64
        Of each form in `RANKED` of each channel of the pairs, at evenly spaced probabilities from the least to the
        largest.
    tables : (V, G, G) float32
        Log density of the copula of each view; for residuals of the values.
    expectations : tuple of Expectation
        P, the expected values of each pair.
    rate : float
        Hz, of the clock on which the channels are compared.
    parameters : str
        The parameter file under which it was learnt.
    recordings : tuple of str
        Names of the good recordings.
    seconds : float
        Length of all of them.
    coverage : Coverage
        The false-alarm interval that they support, and what they lack.
    """

    channels: tuple[ChannelBaseline, ...]
    pairs: tuple[PairBaseline, ...]
    views: tuple[View, ...]
    quantiles: np.ndarray
    tables: np.ndarray
    expectations: tuple[Expectation, ...]
    rate: float
    parameters: str
    recordings: tuple[str, ...]
    seconds: float
    coverage: Coverage

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the N channels."""
        return tuple(channel.name for channel in self.channels)

    def columns(self, pair: int) -> tuple[int, int]:
        """Return the places of a pair's channels."""
        return self.names.index(self.pairs[pair].a), self.names.index(self.pairs[pair].b)

    def views_of(self, pair: int) -> list[int]:
        """Return the numbers of a pair's views."""
        return [number for number, view in enumerate(self.views) if view.pair == pair]

    def sources(self, *names: str) -> set[str]:
        """Return the fields of some channels, and their topics; a table of all channels is no topic."""
        topics = {modality_of(name) for name in names} if len({*map(modality_of, self.names)}) > 1 else set()
        return {field_of(name) for name in names} | topics

    @property
    def subjects(self) -> list[tuple[str, str]]:
        """What is watched: the names of each pair, then of each channel that is in none, with an empty second one."""
        return [*((pair.a, pair.b) for pair in self.pairs), *((self.names[column], "") for column in self.alone)]

    @property
    def periods(self) -> dict[str, float]:
        """Usual seconds between two messages of each channel, where they were counted."""
        return {channel.name: channel.period for channel in self.channels if channel.period}

    @property
    def size(self) -> str:
        """How many pairs and single channels are watched, in words."""
        alone = f" and {counted(len(self.alone), 'single channel')}" if self.alone else ""
        return f"{counted(len(self.pairs), 'pair')}{alone}"

    @property
    def alone(self) -> tuple[int, ...]:
        """The places of the channels that are in no pair."""
        return tuple(range(self.paired, len(self.channels)))

    @property
    def paired(self) -> int:
        """The number M of channels that are in pairs."""
        return self.quantiles.shape[1]

    @property
    def memory(self) -> np.ndarray:
        """Share (M,) of a sample of each channel of the pairs that the next one keeps."""
        return np.array([channel.memory for channel in self.channels[: self.paired]])

    @property
    def middle(self) -> np.ndarray:
        """Median (M,) of the values of each channel of the pairs."""
        return self.quantiles[Form.VALUES, :, QUANTILES // 2]

    def ranks(self, samples: np.ndarray, form: Form, before: np.ndarray | None = None) -> np.ndarray:
        """Return where samples (T, M) of the pairs' channels stand among the good ones, in a form; see `ranks_among`.

        ``before`` are some samples that came before them, RECENT + 1 or all.
        """
        skipped = 0 if before is None else len(before)
        every = samples if before is None else np.concatenate([before, samples])
        return ranks_among(self.quantiles[form], in_form(every, form, self.memory, self.middle)[skipped:])

    def thresholds(self, interval: float) -> np.ndarray:
        """Return the evidence (V,), nats, that makes an alarm: one false alarm in ``interval`` seconds, or fewer."""
        return np.array([view.rises.threshold(self._of_a_view(interval)) for view in self.views])

    def detection_times(self, interval: float, fault: str = DECOUPLED) -> np.ndarray:
        """Return the expected seconds (P,) from a fault of each pair to its alarm; inf if there is none."""
        times = np.full(len(self.pairs), np.inf)
        for view in self.views:
            time = view.detection_time(self._of_a_view(interval), fault)
            times[view.pair] = min(times[view.pair], time)
        return times

    def _of_a_view(self, interval: float) -> float:
        """Return the seconds between false alarms of one view, if those of all are ``interval`` apart."""
        return interval * len(self.views) / (1.0 - SINGLE_SHARE)

    def beyond(self, interval: float) -> str | None:
        """Return a warning if a false-alarm interval, seconds, is longer than good recordings support; else None."""
        if interval <= self.coverage.supported:
            return None
        return (
            f"one false alarm in {in_seconds(interval)} is an extrapolation: {self.seconds:.0f} s of good recordings "
            f"support one in {self.coverage.supported:.0f} s. It holds only while the robot does nothing that these "
            f"recordings do not show; {in_seconds(3.0 * interval)} of good recordings would support it."
        )

    def slower_than(self, seconds: float, interval: float) -> str | None:
        """Return a warning if some pairs would need more than so many seconds to an alarm; else None."""
        times = self.detection_times(interval)
        slowest, count = self.pairs[int(times.argmax())], int(np.count_nonzero(times > seconds))
        if not count:
            return None
        return (
            f"the recording lasts {seconds:.1f} s, but an alarm of {count} of {counted(len(times), 'pair')} takes "
            f"longer, of {slowest.a} and {slowest.b} {times.max():.1f} s: check a longer one, "
            "or choose a shorter --interval."
        )

    def save(self, path: Path) -> None:
        """Write the file: safetensors, its words as JSON in the header."""
        from safetensors.numpy import save

        words = {
            "format": FORMAT,
            "channels": [asdict(channel) for channel in self.channels],
            "pairs": [asdict(pair) for pair in self.pairs],
            "views": [asdict(view) | {"form": view.form.name.lower()} for view in self.views],
            "rate": self.rate,
            "parameters": self.parameters,
            "recordings": list(self.recordings),
            "seconds": self.seconds,
            "coverage": asdict(self.coverage),
        }
        arrays = {
            "quantiles": self.quantiles,
            "tables": self.tables,
            "curves": np.stack([one.curves for one in self.expectations]),
            "residuals": np.stack([one.residuals for one in self.expectations]),
        }
        path.write_bytes(save(arrays, {"infonet_baseline": json.dumps(words)}))

    @classmethod
    def load(cls, path: Path) -> "Baseline":
        """Read the file. Raises RecordingError if the file is missing, or is not a baseline of this version."""
        from safetensors import SafetensorError, safe_open

        check_file(path, "a file that `infonet learn` wrote", RecordingError)
        try:
            with safe_open(path, framework="numpy") as file:
                words = json.loads((file.metadata() or {})["infonet_baseline"])
                if words["format"] != FORMAT:
                    raise RecordingError(
                        f"{path} is a baseline of format {words['format']}, expected {FORMAT}: learn it again with "
                        "`infonet learn`."
                    )
                return _from_words(words, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
        except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, RecordingError):
                raise
            reason = str(error) if isinstance(error, OSError) else "it is damaged, or of another kind"
            raise RecordingError(
                f"{path} is not a baseline ({reason}): expected a file that `infonet learn` wrote."
            ) from error


def _from_words(words: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Baseline:
    channels = tuple(map(ChannelBaseline.from_words, words["channels"]))
    pairs = tuple(PairBaseline(**pair) for pair in words["pairs"])
    views = tuple(
        View(**view | {"form": Form[view["form"].upper()], "rises": Rises(**view["rises"])}) for view in words["views"]
    )
    names = [channel.name for channel in channels if not channel.alone]
    if (
        arrays["quantiles"].shape != (len(RANKED), len(names), QUANTILES)
        or any(channel.alone for channel in channels[: len(names)])
        or len(arrays["tables"]) != len(views)
        or arrays["tables"].ndim != 3
        or arrays["curves"].shape != (len(pairs), 2, 3, KNOTS)
        or arrays["residuals"].shape != (len(pairs), 2, QUANTILES)
        or not all({pair.a, pair.b} <= {*names} for pair in pairs)
        or {view.pair for view in views} != set(range(len(pairs)))
        or not 0.0 < float(words["rate"]) < math.inf
    ):
        raise ValueError("words and arrays do not fit")
    return Baseline(
        channels=channels,
        pairs=pairs,
        views=views,
        quantiles=arrays["quantiles"],
        tables=arrays["tables"],
        expectations=tuple(map(Expectation, arrays["curves"], arrays["residuals"])),
        rate=float(words["rate"]),
        parameters=str(words["parameters"]),
        recordings=tuple(words["recordings"]),
        seconds=float(words["seconds"]),
        coverage=Coverage.from_words(words["coverage"]),
    )


def log_ratios(tables: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Read a table at ranks, or each of several tables at its own, bilinearly between the centres of its cells.

    Parameters
    ----------
    tables : (..., G, G) float
    u, v : (..., T) float64
        From 0 to 1; NaN where unknown.

    Returns
    -------
    (..., T) float64
        NaN where one of the two ranks is not known.
    """
    known = np.isfinite(u) & np.isfinite(v)
    *table, _ = np.nonzero(known)
    places = np.stack([u[known], v[known]]) * tables.shape[-1] - 0.5
    ratios = np.full(known.shape, np.nan)
    ratios[known] = map_coordinates(tables, [*table, *places], np.float64, order=1, mode="nearest")
    return ratios
