"""The estimator as its users see it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from infonet_ros.errors import InputError
from infonet_ros.estimator.blocks import Copulas, PairBlock, thinned
from infonet_ros.estimator.counts import GRID
from infonet_ros.estimator.differentiable import differentiable_information
from infonet_ros.estimator.discriminant import read_table
from infonet_ros.estimator.lagged import estimate_lagged
from infonet_ros.estimator.meetings import MIN_SAMPLES
from infonet_ros.estimator.network import Network
from infonet_ros.estimator.observation import TRAINED_SAMPLES
from infonet_ros.estimator.pairwise import Request, constant_channels, estimate_windows
from infonet_ros.estimator.ranks import Ordering, normalised
from infonet_ros.estimator.results import Estimate, LaggedEstimate, PairwiseEstimate, SlicedEstimate
from infonet_ros.estimator.runner import Runner
from infonet_ros.estimator.sliced import Slicing, estimate_pairwise_sliced, estimate_sliced
from infonet_ros.estimator.validation import as_count, as_groups, as_lags, as_matrix, as_pair, as_vectors, check_lags
from infonet_ros.estimator.weights import SHIPPED, load_weights


class InfoNet:
    """Mutual information (MI) by a network trained once, in one forward pass (Hu et al., ICML 2024).

    All MI is in nats. Samples that are NaN or infinite are left out pair by pair, and the number used is reported;
    fewer than 64 good samples give NaN. A constant channel has MI 0 with every other and is marked. More than
    8192 samples are dealt out in turn to as few parts as keep below that, and what the parts say is averaged: the
    interval is then wider than it need be.

    Ranks are taken first, so units and increasing transforms make no difference. Equal values are ranked in a random
    order that depends on ``seed``, on the channel's content, and on how many channels of the same content come before
    it. The same input and seed give the same bits.

    The interval allows for streams that remember their past: the network is told the effective number of samples.
    """

    NAME = "infonet"
    MIN_SAMPLES = MIN_SAMPLES

    def __init__(self, network: Network, version: str, device: str = "auto") -> None:
        self.version = version
        self._runner = Runner(network, device)

    @classmethod
    def from_pretrained(cls, device: str = "auto", weights: Path | str = SHIPPED) -> "InfoNet":
        """Load trained weights, the shipped ones by default.

        Parameters
        ----------
        device : str
            "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:<index>".
        weights : path
            A safetensors file with its JSON card beside it.

        Raises
        ------
        WeightsError
            Weights that are missing or damaged.
        InputError
            A device that this machine does not have.
        """
        network, version = load_weights(Path(weights))
        return cls(network, version, device)

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return self._runner.device

    def estimate(self, x: ArrayLike, y: ArrayLike, *, surrogates: int = 0, seed: int = 0) -> Estimate:
        """Estimate the MI of two streams.

        Parameters
        ----------
        x, y : (T,) real
        surrogates : int
            Number of circularly shifted copies for the p-value; 0 for none.
        seed : int
            Of ties and surrogates.

        Raises
        ------
        InputError
            Shapes that differ or are not (T,), empty arrays, complex numbers or objects.
        """
        channels = as_pair(x, y)
        (pairs,) = estimate_windows(self._runner, [channels], _request(np.zeros(1, dtype=int), surrogates, seed))
        return Estimate(
            mi=float(pairs.mi[0, 1]),
            lower=float(pairs.lower[0, 1]),
            upper=float(pairs.upper[0, 1]),
            p_value=None if pairs.p_value is None else float(pairs.p_value[0, 1]),
            samples=int(pairs.samples[0, 1]),
            constant=bool(constant_channels(channels[:, np.isfinite(channels).all(axis=0)]).any()),
            drifting=bool(pairs.drifting.all()),
        )

    def pairwise(
        self, samples: ArrayLike, *, lags: Sequence[int] = (0,), surrogates: int = 0, seed: int = 0
    ) -> PairwiseEstimate:
        """Estimate the MI of all pairs of channels.

        Parameters
        ----------
        samples : (T, N) real
            T samples of N channels; NaN where unknown.
        lags : sequence of int
            Delays in samples, 0 or more, each tried in both directions; the largest MI is reported with its lag. It
            is the largest of many, and so a little too large where nothing is there: ask for surrogates too.
        surrogates : int
            Number of circularly shifted copies for the p-value, scanned over the same lags; 0 for none.
        seed : int
            Of ties and surrogates.

        Raises
        ------
        InputError
            Samples that are not (T, N) real numbers, or lags that the window cannot hold.
        """
        (estimate,) = self.pairwise_windows([samples], lags=lags, surrogates=surrogates, seed=seed)
        return estimate

    def pairwise_windows(
        self, windows: Iterable[ArrayLike], *, lags: Sequence[int] = (0,), surrogates: int = 0, seed: int = 0
    ) -> Iterator[PairwiseEstimate]:
        """Estimate the MI of all pairs of channels of many windows.

        Windows are taken as they are needed and estimates come in their order, a little later: the pairs of several
        windows share the network's passes, which a GPU needs to be kept busy.

        Parameters
        ----------
        windows : iterable of (T, N) real
        lags, surrogates, seed
            As in `pairwise`.

        Raises
        ------
        InputError
            As in `pairwise`: for the lags at once, for a window when it is taken.
        """
        request = _request(as_lags(lags, signed=False), surrogates, seed)

        def channels() -> Iterator[np.ndarray]:
            for samples in windows:
                taken = as_matrix("samples", samples)
                check_lags(request.lags, taken.shape[1])
                yield taken

        return estimate_windows(self._runner, channels(), request)

    def lagged(self, x: ArrayLike, y: ArrayLike, lags: Sequence[int], *, seed: int = 0) -> LaggedEstimate:
        """Estimate the MI of ``x[t]`` with ``y[t + lag]`` at each lag.

        Parameters
        ----------
        x, y : (T,) real
        lags : sequence of int
            In samples; positive where y follows x.

        Raises
        ------
        InputError
            As in `estimate`, or lags that the window cannot hold.
        """
        channels = as_pair(x, y)
        steps = as_lags(lags, signed=True)
        check_lags(steps, channels.shape[1])
        return estimate_lagged(self._runner, channels, steps, as_count("seed", seed, least=0))

    def sliced(
        self, x: ArrayLike, y: ArrayLike, *, projections: int = 128, surrogates: int = 0, seed: int = 0
    ) -> SlicedEstimate:
        """Estimate the sliced MI of two vector streams, and test their independence.

        Each dimension is standardised, so that none counts for more because of its unit.

        Parameters
        ----------
        x : (T, dx) real
        y : (T, dy) real
        projections : int
            Random pairs of projections; one is enough, and used, when dx = dy = 1.
        surrogates : int
            Number of circularly shifted copies for the p-value; 0 for none.
        seed : int
            Of projections, ties and surrogates.

        Raises
        ------
        InputError
            Numbers of rows that differ, empty arrays, complex numbers or objects.
        """
        left, right = as_vectors(x, y)
        return estimate_sliced(self._runner, left, right, self._slicing(projections, surrogates, seed))

    def pairwise_sliced(
        self,
        samples: ArrayLike,
        *,
        groups: Sequence[Sequence[int]],
        projections: int = 64,
        surrogates: int = 0,
        seed: int = 0,
    ) -> PairwiseEstimate:
        """Estimate the sliced MI of all pairs of groups of channels.

        Parameters
        ----------
        samples : (T, N) real
        groups : sequence of sequences of int
            Columns of each of the M groups; the result is (M, M).
        projections, surrogates, seed
            As in `sliced`.

        Raises
        ------
        InputError
            Samples that are not (T, N) real numbers, or groups that are empty or name columns that are not there.
        """
        *_, whole = self.pairwise_sliced_in_steps(
            samples, groups=groups, projections=projections, surrogates=surrogates, seed=seed
        )
        return whole

    def pairwise_sliced_in_steps(
        self,
        samples: ArrayLike,
        *,
        groups: Sequence[Sequence[int]],
        projections: int = 64,
        surrogates: int = 0,
        seed: int = 0,
    ) -> Iterator[PairwiseEstimate]:
        """Estimate what `pairwise_sliced` does pair by pair, so that more urgent work can go between.

        Takes and raises the same.

        Yields
        ------
        PairwiseEstimate
            After each pair the same estimate, in which the pairs to come are still NaN.
        """
        channels = as_matrix("samples", samples)
        slicing = self._slicing(projections, surrogates, seed)
        return estimate_pairwise_sliced(self._runner, channels, as_groups(groups, len(channels)), slicing)

    def discriminant(self, x: ArrayLike, y: ArrayLike, *, seed: int = 0) -> np.ndarray:
        """Return the optimal discriminant of the Donsker-Varadhan bound as a table over the unit square of ranks.

        It estimates the log density of the copula: positive where a pair of ranks is more frequent than chance.

        Returns
        -------
        (G, G) float32
            First axis x, second axis y, at the centres of G x G cells; ``mean(exp(table))`` is 1. NaN with fewer than
            64 good samples, 0 for a constant stream.
        """
        return self._table(as_pair(x, y), seed)[0]

    def pointwise(self, x: ArrayLike, y: ArrayLike, *, seed: int = 0) -> np.ndarray:
        """Return ``log p(x, y) / (p(x) p(y))`` at each sample, (T,) float32 nats; NaN where a sample is not good."""
        channels = as_pair(x, y)
        table, ranks, rows = self._table(channels, seed)
        values = np.full(channels.shape[1], np.nan, dtype=np.float32)
        u, v = torch.from_numpy(normalised(ranks))
        values[rows] = read_table(torch.from_numpy(table), u, v).numpy()
        return values

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Estimate the MI of B pairs, differentiably in x and y.

        The value is that of `estimate`; the gradient is that of the bound, and flows through a soft rank.

        Parameters
        ----------
        x, y : (B, T) floating
            Finite, T from 64 to 8192.

        Returns
        -------
        (B,) float32
            Nats.

        Raises
        ------
        InputError
            What are not tensors of real numbers, shapes that differ or are not (B, T), T outside that range, or samples
            that are not finite.
        """
        for name, values in (("x", x), ("y", y)):
            if not isinstance(values, Tensor) or not values.is_floating_point():
                kind = values.dtype if isinstance(values, Tensor) else type(values).__name__
                raise InputError(
                    f"{name} is of type {kind}: expected a floating torch tensor; `estimate` takes arrays."
                )
        if x.ndim != 2 or len(x) == 0 or x.shape != y.shape or not MIN_SAMPLES <= x.shape[1] <= TRAINED_SAMPLES[1]:
            raise InputError(
                f"x has shape {tuple(x.shape)} and y has shape {tuple(y.shape)}: expected (B, T) for both, B > 0, "
                f"T from {MIN_SAMPLES} to {TRAINED_SAMPLES[1]}."
            )
        if not (torch.isfinite(x).all() and torch.isfinite(y).all()):
            raise InputError("x or y holds NaN or infinity: expected finite samples; leave the others out first.")
        return differentiable_information(self._runner, x, y)

    def _slicing(self, projections: int, surrogates: int, seed: int) -> Slicing:
        return Slicing(
            as_count("projections", projections, 1), as_count("surrogates", surrogates, 0), as_count("seed", seed, 0)
        )

    def _table(self, channels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the table (G, G), the ranks (2, R) of the good samples, and which they are (R,)."""
        rows = np.flatnonzero(np.isfinite(channels).all(axis=0))
        ordering = Ordering.from_channels(channels, as_count("seed", seed, least=0))
        ranks = ordering.ranks(rows)
        if len(rows) < MIN_SAMPLES:
            return np.full((GRID, GRID), np.nan, dtype=np.float32), ranks, rows
        if constant_channels(channels[:, rows]).any():
            return np.zeros((GRID, GRID), dtype=np.float32), ranks, rows
        parts = (Copulas.from_ranks(ordering.ranks(part), self.device) for part in thinned(rows))
        tables = torch.cat([self._runner.estimate(PairBlock.pairs(copulas))[1] for copulas in parts])
        return (torch.logsumexp(tables, dim=0) - np.log(len(tables))).numpy(), ranks, rows


def _request(lags: np.ndarray, surrogates: int, seed: int) -> Request:
    """Say what is asked of each window, at lags (L,)."""
    return Request(lags, as_count("surrogates", surrogates, least=0), as_count("seed", seed, least=0))
