"""The public estimator: `InfoNet`."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from infonet_ros.caching import cached_property
from infonet_ros.errors import InputError, WeightsError
from infonet_ros.estimator.dataframes import Names, column_names
from infonet_ros.estimator.measures.conditional import conditional_ranks_of, lagged_given, pairwise_given
from infonet_ros.estimator.measures.differentiable import differentiable_given, differentiable_information
from infonet_ros.estimator.measures.explanations import explanations
from infonet_ros.estimator.measures.pairwise import PairwiseOptions, estimate_lagged, estimate_windows
from infonet_ros.estimator.measures.pointwise import discriminants, pointwise, pointwise_given
from infonet_ros.estimator.measures.selection import select
from infonet_ros.estimator.measures.sliced import SlicedOptions, estimate_pairwise_sliced, estimate_sliced
from infonet_ros.estimator.measures.transfer import TransferOptions, transfer_entropy
from infonet_ros.estimator.network.conditional_runner import ConditionalRunner
from infonet_ros.estimator.network.observation import TRAINED_SAMPLES
from infonet_ros.estimator.network.pair_network import Network
from infonet_ros.estimator.network.readout import Readout
from infonet_ros.estimator.network.runner import Runner
from infonet_ros.estimator.network.short_network import ShortNetwork
from infonet_ros.estimator.network.weights import SHIPPED, load_conditional, load_readout, load_short, load_weights
from infonet_ros.estimator.results import (
    Estimate,
    Explanations,
    LaggedEstimate,
    PairwiseEstimate,
    Selection,
    SlicedEstimate,
    TransferEstimate,
)
from infonet_ros.estimator.samples.channels import MIN_SAMPLES, constant_channels
from infonet_ros.estimator.validation import (
    as_column,
    as_count,
    as_given,
    as_groups,
    as_lags,
    as_matrix,
    as_pair,
    as_pairs,
    as_vectors,
    check_lags,
    check_tensors,
)
from infonet_ros.files import as_path
from infonet_ros.limits import MOST_GIVEN
from infonet_ros.text import counted


class InfoNet:
    """Mutual information (MI) by a network trained once, in one forward pass (Hu et al., ICML 2024).

    All MI is in nats. Samples that are NaN or infinite are left out pair by pair, and results contain the number of
    used samples. Fewer than 64 good samples give NaN. A constant channel has MI 0 with every other and is marked. More
    than 8192 samples are distributed in turn to as few parts as possible, and the results of the parts are averaged.
    The interval is then wider than necessary.

    Samples are replaced by their ranks, so units and increasing transforms do not matter. Equal values are ranked in
    random order. It depends on ``seed``, on the channel's content, and on the number of channels of the same content
    before it. The same input and seed give identical results.

    The interval takes autocorrelation into account: the effective number of samples is an input of the network.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> gyro = rng.standard_normal(1000)
    >>> odom = gyro**2 + 0.5 * rng.standard_normal(1000)
    >>> net = InfoNet.from_pretrained()
    >>> net.estimate(gyro, odom).mi > 0.5
    True
    """

    NAME = "infonet"
    MIN_SAMPLES = MIN_SAMPLES

    def __init__(
        self,
        network: Network | None = None,
        version: str = "",
        device: str = "auto",
        weights: Path = SHIPPED,
        readout: Readout | None = None,
        short: ShortNetwork | None = None,
    ) -> None:
        if network is None:
            raise InputError("InfoNet has no network: `InfoNet.from_pretrained()` loads the one of this package.")
        self.version = version
        self._runner = Runner(network, device, readout, short)
        self._weights = weights

    @classmethod
    def from_pretrained(cls, device: str = "auto", weights: Path | str = SHIPPED) -> "InfoNet":
        """Load trained weights, the shipped ones by default.

        Parameters
        ----------
        device : str
            "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:<index>".
        weights : path
            A safetensors file with its JSON card beside it, and the readout that was trained on it, where there is one;
            empty for the shipped weights.

        Raises
        ------
        WeightsError
            Weights that are missing or damaged.
        InputError
            A device that this machine does not have.

        Examples
        --------
        >>> InfoNet.from_pretrained(device="cpu").device
        device(type='cpu')
        """
        path = as_path("weights", weights or SHIPPED, WeightsError)
        network, version = load_weights(path)
        readout, version = load_readout(path) or (None, version)
        return cls(network, version, device, path, readout, load_short(path))

    def __repr__(self) -> str:
        return f"InfoNet, weights {self.version}, on {self.device}"

    @property
    def device(self) -> torch.device:
        """The device that the network runs on."""
        return self._runner.device

    def estimate(
        self, x: ArrayLike, y: ArrayLike, *, given: ArrayLike | None = None, surrogates: int = 0, seed: int = 0
    ) -> Estimate:
        """Estimate the MI of two streams, or the conditional MI given others.

        Parameters
        ----------
        x, y : (T,) real
        given : (T,) or (T, D) real, optional
            Up to 8 given streams: continuous, or modes of up to 16 values. For the p-value, the conditional ranks of
            one stream are shifted.
        surrogates : int
            Number of circularly shifted copies for the p-value; 0 for none.
        seed : int
            Seed of ties and surrogates.

        Raises
        ------
        InputError
            Shapes that differ or are not (T,), empty arrays, complex numbers or objects.

        Examples
        --------
        Two sensors with one common driver are independent given the driver:

        >>> rng = np.random.default_rng(0)
        >>> driver = rng.standard_normal(1000)
        >>> x, y = driver + 0.5 * rng.standard_normal((2, 1000))
        >>> net = InfoNet.from_pretrained()
        >>> [round(one.mi, 1) for one in (net.estimate(x, y), net.estimate(x, y, given=driver))]
        [0.5, 0.0]
        >>> net.estimate(x, y, surrogates=19).p_value
        0.05
        """
        channels = as_pair(x, y)
        pairs = self._pairwise(channels, given, _pairwise_options(np.zeros(1, dtype=int), surrogates, seed))
        return Estimate(
            mi=float(pairs.mi[0, 1]),
            lower=float(pairs.lower[0, 1]),
            upper=float(pairs.upper[0, 1]),
            p_value=None if pairs.p_value is None else float(pairs.p_value[0, 1]),
            samples=int(pairs.samples[0, 1]),
            constant=bool(constant_channels(channels[:, np.isfinite(channels).all(axis=0)]).any()),
            drifting=bool(pairs.drifting.all()),
            untested=str(pairs.untested[0, 1]),
        )

    def pairwise(
        self,
        samples: ArrayLike,
        *,
        lags: Sequence[int] = (0,),
        given: ArrayLike | None = None,
        surrogates: int = 0,
        seed: int = 0,
    ) -> PairwiseEstimate:
        """Estimate the MI of all pairs of channels, or their conditional MI given other streams.

        At lag d it compares ``samples[t, row]`` with ``samples[t + d, column]``: positive if the column follows the
        row.

        Parameters
        ----------
        samples : (T, N) real
            T samples of N channels; NaN where unknown. The names of a DataFrame's columns are kept.
        lags : sequence of int
            Delays in samples, 0 or more, each searched in both directions; the largest MI is reported with its lag.
            The maximum of many is a little too large for independent streams: use surrogates, too. Of more than 64,
            without surrogates and given streams, those at the peaks of a cheap measure are tried.
        given : (T,) or (T, D) real, optional
            As in `estimate`; at a lag, the given streams are taken at the time of the earlier of the two.
        surrogates : int
            Number of circularly shifted copies for the p-value, searched over the same lags; 0 for none.
        seed : int
            Seed of ties and surrogates.

        Raises
        ------
        InputError
            Samples that are not (T, N) real numbers, or lags that the window cannot hold.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> gyro = rng.standard_normal(1000)
        >>> odom = np.roll(gyro, 3) + 0.1 * rng.standard_normal(1000)  # 3 samples late
        >>> pairs = InfoNet.from_pretrained().pairwise(np.stack([gyro, odom], axis=1), lags=range(6))
        >>> int(pairs.lag[0, 1]), int(pairs.lag[1, 0])
        (3, -3)
        """
        channels = as_matrix("samples", samples)
        steps = as_lags(lags, signed=False)
        check_lags(steps, channels.shape[1])
        found = self._pairwise(channels, given, _pairwise_options(steps, surrogates, seed))
        return replace(found, names=column_names(samples))

    def pairwise_windows(
        self, windows: Iterable[ArrayLike], *, lags: Sequence[int] = (0,), surrogates: int = 0, seed: int = 0
    ) -> Iterator[PairwiseEstimate]:
        """Estimate the MI of all pairs of channels of many windows.

        Windows are taken when they are needed, and estimates follow in the same order, a little later. The pairs of
        several windows share the network's passes, which uses a GPU better.

        Parameters
        ----------
        windows : iterable of (T, N) real
        lags, surrogates, seed
            As in `pairwise`.

        Raises
        ------
        InputError
            As in `pairwise`: for the lags at once, for a window when it is taken.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> windows = (rng.standard_normal((500, 4)) for _ in range(3))
        >>> [pairs.mi.shape for pairs in InfoNet.from_pretrained().pairwise_windows(windows)]
        [(4, 4), (4, 4), (4, 4)]
        """
        options = _pairwise_options(as_lags(lags, signed=False), surrogates, seed)
        names: deque[Names] = deque()  # of the windows whose estimates are to come

        def channels() -> Iterator[np.ndarray]:
            for samples in windows:
                taken = as_matrix("samples", samples)
                check_lags(options.lags, taken.shape[1])
                names.append(column_names(samples))
                yield taken

        estimates = estimate_windows(self._runner, channels(), options)
        return (replace(found, names=names.popleft()) for found in estimates)

    def lagged(
        self, x: ArrayLike, y: ArrayLike, lags: Sequence[int], *, given: ArrayLike | None = None, seed: int = 0
    ) -> LaggedEstimate:
        """Estimate the MI of ``x[t]`` with ``y[t + lag]`` at each lag.

        Parameters
        ----------
        x, y : (T,) real
        lags : sequence of int
            In samples; positive if y follows x.
        given : (T,) or (T, D) real, optional
            As in `estimate`, at the time of the earlier of the two: ``I(x[t]; y[t + lag] | given[t + min(0, lag)])``.
        seed : int
            Seed of ties.

        Raises
        ------
        InputError
            As in `estimate`, or lags that the window cannot hold.

        Examples
        --------
        >>> x = np.random.default_rng(0).standard_normal(1000)
        >>> InfoNet.from_pretrained().lagged(x, np.roll(x, 4), range(-10, 11)).best_lag
        4
        """
        channels = as_pair(x, y)
        steps = as_lags(lags, signed=True)
        check_lags(steps, channels.shape[1])
        seed = as_count("seed", seed, least=0)
        if given is None:
            return estimate_lagged(self._runner, channels, steps, seed)
        return lagged_given(self._conditional, channels, as_given(given, channels.shape[1]), steps, seed)

    def transfer(
        self,
        samples: ArrayLike,
        *,
        lags: Sequence[int] = (1,),
        past: int = 1,
        conditions: int = 0,
        surrogates: int = 0,
        seed: int = 0,
    ) -> TransferEstimate:
        """Estimate the transfer entropy between all ordered pairs of channels, a measure of directed influence.

        From x to y it is ``I(x[t - lag]; y[t] | y[t - 1], ..., y[t - past])``: the information of x about y given y's
        own past (Schreiber, Phys. Rev. Lett. 2000).

        Parameters
        ----------
        samples : (T, N) real
        lags : sequence of int
            Samples by which the column follows the row, 1 or more; the best of them is reported.
        past : int
            Samples of the target's own past that are given, 1 to 8.
        conditions : int
            Number of other sources of the same target that are given too, the strongest ones (conditional transfer
            entropy). An indirect path through one of those then does not count. With ``past`` at most 8.
        surrogates : int
            Number of shifted copies for the p-value, searched over the same lags; 0 for none.
        seed : int
            Seed of ties and surrogates.

        Raises
        ------
        InputError
            As in `pairwise`, or lags below 1, or a past beyond 1 to 8.

        Examples
        --------
        >>> x, y = np.random.default_rng(0).standard_normal((2, 1000))
        >>> y[1:] += x[:-1]  # x drives y
        >>> transfer = InfoNet.from_pretrained().transfer(np.stack([x, y], axis=1))
        >>> [round(float(value), 1) for value in (transfer.value[0, 1], transfer.value[1, 0])]
        [0.3, 0.0]
        """
        *_, whole = self.transfer_in_steps(
            samples, lags=lags, past=past, conditions=conditions, surrogates=surrogates, seed=seed
        )
        return whole

    def transfer_in_steps(
        self,
        samples: ArrayLike,
        *,
        lags: Sequence[int] = (1,),
        past: int = 1,
        conditions: int = 0,
        surrogates: int = 0,
        seed: int = 0,
    ) -> Iterator[TransferEstimate]:
        """Estimate as `transfer`, target by target, so that more urgent work can run in between.

        Parameters and errors are the same.

        Yields
        ------
        TransferEstimate
            The same estimate after each target; values of later targets are still NaN.

        Examples
        --------
        >>> samples = np.random.default_rng(0).standard_normal((300, 3))
        >>> [int(np.isfinite(one.value).sum()) for one in InfoNet.from_pretrained().transfer_in_steps(samples)]
        [2, 4, 6]
        """
        channels = as_matrix("samples", samples)
        steps, past = np.unique(as_lags(lags, signed=False)), as_count("past", past, least=1)
        if steps.min() < 1:
            raise InputError("lags holds 0: expected 1 or more, since a driver comes before its target.")
        conditions = as_count("conditions", conditions, least=0)
        if past + conditions > MOST_GIVEN:
            raise InputError(f"past is {past} and conditions is {conditions}: expected at most {MOST_GIVEN} together.")
        check_lags(np.append(steps, past), channels.shape[1])
        surrogates, seed = as_count("surrogates", surrogates, least=0), as_count("seed", seed, least=0)
        options = TransferOptions(steps, past, conditions, surrogates, seed)
        names = column_names(samples)
        return (replace(found, names=names) for found in transfer_entropy(self._conditional, channels, options))

    def conditional_ranks(self, samples: ArrayLike, given: ArrayLike, *, seed: int = 0) -> np.ndarray:
        """Rank each channel among the samples with similar values of the given streams.

        The MI of two conditional ranks is the MI of the partial copula. It equals the conditional MI, except that it
        does not see a coupling that changes its sign with the given streams.

        Parameters
        ----------
        samples : (T, N) real
        given : (T,) or (T, D) real
        seed : int
            Seed of ties.

        Returns
        -------
        (T, N) float64
            Between 0 and 1; NaN where a sample or a given stream is not known, constant for channels that are functions
            of the given streams.

        Raises
        ------
        InputError
            Samples that are not (T, N) real numbers, or given streams that do not fit them.

        Examples
        --------
        >>> given, noise = np.random.default_rng(0).standard_normal((2, 1000))
        >>> ranks = InfoNet.from_pretrained().conditional_ranks((given**2 + 0.5 * noise)[:, None], given)
        >>> bool(np.corrcoef(ranks[:, 0], noise)[0, 1] > 0.9)  # the ranks of the noise
        True
        """
        channels = as_matrix("samples", samples)
        known = as_given(given, channels.shape[1])
        return conditional_ranks_of(channels, known, as_count("seed", seed, least=0)).T

    def explanations(
        self,
        samples: ArrayLike,
        *,
        lags: Sequence[int] = (0,),
        pairs: PairwiseEstimate | None = None,
        most_samples: int = TRAINED_SAMPLES[1],
        seed: int = 0,
    ) -> Explanations:
        """Find for each pair of channels the third channel with the smallest conditional MI.

        Parameters
        ----------
        samples : (T, N) real
        lags : sequence of int
            As in `pairwise`: each pair is taken at its best lag, and the third channel at its delays to both.
        pairs : PairwiseEstimate, optional
            The result of `pairwise`, if it is known; pairs that are NaN there are neither explained nor explain others.
        most_samples : int
            With more samples, every second, third, ... is used, which is faster.
        seed : int
            Seed of ties.

        Raises
        ------
        InputError
            As in `pairwise`.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> command = rng.standard_normal(1000)
        >>> left, right = command + 0.3 * rng.standard_normal((2, 1000))
        >>> found = InfoNet.from_pretrained().explanations(np.stack([command, left, right], axis=1))
        >>> int(found.by[1, 2])  # the command explains the two wheels
        0
        """
        channels, most = as_matrix("samples", samples), as_count("most_samples", most_samples, least=MIN_SAMPLES)
        pairs = pairs or self.pairwise(samples, lags=lags, seed=seed)
        return explanations(self._conditional, channels, pairs, min(most, TRAINED_SAMPLES[1]), seed)

    def select(
        self,
        samples: ArrayLike,
        target: int | str,
        count: int = 5,
        *,
        given: ArrayLike | None = None,
        seed: int = 0,
    ) -> Selection:
        """Choose the channels with most information about a target, each with what it adds to those before.

        A channel that adds nothing is redundant. The search is greedy: it can miss two channels that have information
        only together.

        Parameters
        ----------
        samples : (T, N) real
        target : int or str
            Column: its number, or its name in a DataFrame.
        count : int
            Maximum number of channels, 1 to 9; fewer if no other channel adds information.
        given : (T,) or (T, D) real, optional
            Streams that are known before the first channel; D and ``count`` are at most 9 together.
        seed : int
            Seed of ties.

        Raises
        ------
        InputError
            Samples that are not (T, N) real numbers, a target that is not one of them, or given streams that do not
            fit them.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> speed, load, noise = rng.standard_normal((3, 1000))
        >>> current = speed + 0.5 * load + 0.1 * noise
        >>> encoder = speed + 0.5 * rng.standard_normal(1000)
        >>> samples = np.stack([current, speed, load, encoder], axis=1)
        >>> InfoNet.from_pretrained().select(samples, target=0).channels.tolist()  # the encoder adds nothing
        [1, 2]
        """
        channels = as_matrix("samples", samples)
        names = column_names(samples)
        column = as_column("target", target, names)
        most, seed = as_count("count", count, least=1), as_count("seed", seed, least=0)
        known = np.empty((0, channels.shape[1])) if given is None else as_given(given, channels.shape[1])
        if most > MOST_GIVEN + 1 - len(known):
            beside = f" beside {counted(len(known), 'given stream')}" if len(known) else ""
            raise InputError(f"count is {most}: expected at most {MOST_GIVEN + 1 - len(known)} channels{beside}.")
        found = select(self._conditional, channels, column, most, seed, known)
        return replace(found, names=tuple(names[k] for k in found.channels))

    def sliced(
        self, x: ArrayLike, y: ArrayLike, *, projections: int = 128, surrogates: int = 0, seed: int = 0
    ) -> SlicedEstimate:
        """Estimate the sliced MI of two vector streams, and test their independence.

        Each dimension is standardised, so units do not matter.

        Parameters
        ----------
        x : (T, dx) real
        y : (T, dy) real
        projections : int
            Random pairs of projections; one is enough, and used, when dx = dy = 1.
        surrogates : int
            Number of circularly shifted copies for the p-value; 0 for none.
        seed : int
            Seed of projections, ties and surrogates.

        Raises
        ------
        InputError
            Numbers of rows that differ, empty arrays, complex numbers or objects.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> x = rng.standard_normal((300, 3))
        >>> y = x @ rng.standard_normal((3, 2)) + rng.standard_normal((300, 2))
        >>> InfoNet.from_pretrained().sliced(x, y, surrogates=19).p_value
        0.05
        """
        left, right = as_vectors(x, y)
        return estimate_sliced(self._runner, left, right, _sliced_options(projections, surrogates, seed))

    def pairwise_sliced(
        self,
        samples: ArrayLike,
        *,
        groups: Mapping[str, Sequence[int | str]] | Sequence[Sequence[int | str]],
        projections: int = 64,
        surrogates: int = 0,
        seed: int = 0,
    ) -> PairwiseEstimate:
        """Estimate the sliced MI of all pairs of groups of channels.

        Parameters
        ----------
        samples : (T, N) real
        groups : sequence of sequences of int or str, or mapping
            Columns of each of the M groups, by number, or by name in a DataFrame; a mapping names the groups. The
            result is (M, M).
        projections, surrogates, seed
            As in `sliced`.

        Raises
        ------
        InputError
            Samples that are not (T, N) real numbers, or groups that are empty or name columns that do not exist.

        Examples
        --------
        >>> samples = np.random.default_rng(0).standard_normal((300, 5))
        >>> pairs = InfoNet.from_pretrained().pairwise_sliced(samples, groups={"imu": [0, 1, 2], "wheels": [3, 4]})
        >>> pairs.names, pairs.mi.shape
        (('imu', 'wheels'), (2, 2))
        """
        *_, whole = self.pairwise_sliced_in_steps(
            samples, groups=groups, projections=projections, surrogates=surrogates, seed=seed
        )
        return whole

    def pairwise_sliced_in_steps(
        self,
        samples: ArrayLike,
        *,
        groups: Mapping[str, Sequence[int | str]] | Sequence[Sequence[int | str]],
        projections: int = 64,
        surrogates: int = 0,
        seed: int = 0,
    ) -> Iterator[PairwiseEstimate]:
        """Estimate as `pairwise_sliced`, pair by pair, so that more urgent work can run in between.

        Parameters and errors are the same.

        Yields
        ------
        PairwiseEstimate
            The same estimate after each pair; later pairs are still NaN.

        Examples
        --------
        >>> samples = np.random.default_rng(0).standard_normal((300, 6))
        >>> steps = InfoNet.from_pretrained().pairwise_sliced_in_steps(samples, groups=[[0, 1], [2, 3], [4, 5]])
        >>> sum(1 for _ in steps)
        3
        """
        channels = as_matrix("samples", samples)
        options = _sliced_options(projections, surrogates, seed)
        listed = list(groups.values()) if isinstance(groups, Mapping) else groups
        vectors = as_groups("groups", listed, column_names(samples))
        names = tuple(groups) if isinstance(groups, Mapping) else tuple(range(len(vectors)))
        steps = estimate_pairwise_sliced(self._runner, channels, vectors, options)
        return (replace(found, names=names) for found in steps)

    def discriminant(self, x: ArrayLike, y: ArrayLike, *, seed: int = 0) -> np.ndarray:
        """Return the optimal discriminant of the Donsker-Varadhan bound as a table over the unit square of ranks.

        It estimates the log density of the copula: positive where a pair of ranks is more frequent than if the streams
        were independent (Donsker and Varadhan 1983; Hu et al. 2024).

        Parameters
        ----------
        x, y : (T,) real
        seed : int
            Seed of ties.

        Returns
        -------
        (G, G) float32
            Nats. First axis x, second axis y, at the centres of G x G cells; ``mean(exp(table))`` is 1. NaN with fewer
            than 64 good samples, or 48 updates of two held streams; 0 for a constant stream.

        Raises
        ------
        InputError
            As in `estimate`.

        Examples
        --------
        >>> x, e = np.random.default_rng(0).standard_normal((2, 1000))
        >>> table = InfoNet.from_pretrained().discriminant(x, x + 0.5 * e)
        >>> table.shape, bool(table[0, 0] > 0.0 > table[0, -1])  # low with low, never low with high
        ((64, 64), True)
        """
        one = np.array([[0, 1]]), np.zeros(1, dtype=np.int64)
        return discriminants(self._runner, as_pair(x, y), *one, as_count("seed", seed, least=0))[0]

    def discriminants(
        self, samples: ArrayLike, pairs: Sequence[tuple[int | str, int | str]], lags: ArrayLike, *, seed: int = 0
    ) -> np.ndarray:
        """Return the `discriminant` of several pairs of channels, each at a lag; one by one takes five times as long.

        Parameters
        ----------
        samples : (T, N) real
            T samples of N channels.
        pairs : sequence of (a, b)
            K pairs of columns, one or more.
        lags : (K,) int
            Samples: ``a[t]`` is compared with ``b[t + lag]``.
        seed : int
            Seed of ties.

        Returns
        -------
        (K, G, G) float32
            First axis a, second axis b; all else as in `discriminant`.

        Raises
        ------
        InputError
            As in `pairwise`, pairs that are not two columns each, or another number of lags than of pairs.

        Examples
        --------
        >>> x = np.random.default_rng(0).standard_normal(1000)
        >>> samples = np.stack([x, np.roll(x, 3)], axis=1)
        >>> late, early = InfoNet.from_pretrained().discriminants(samples, [(0, 1), (0, 1)], [3, 0])
        >>> bool(late[0, 0] > 1.0 > early[0, 0])
        True
        """
        channels = as_matrix("samples", samples)
        columns = as_pairs(pairs, column_names(samples))
        late = as_lags(lags, signed=True)
        if len(late) != len(columns):
            raise InputError(f"lags holds {len(late)} lags for {len(columns)} pairs: expected one for each.")
        check_lags(late, channels.shape[1])
        return discriminants(self._runner, channels, columns, late, as_count("seed", seed, least=0))

    def pointwise(self, x: ArrayLike, y: ArrayLike, *, given: ArrayLike | None = None, seed: int = 0) -> np.ndarray:
        """Return the MI sample by sample: ``log p(x, y) / (p(x) p(y))``, whose mean is about the MI.

        Parameters
        ----------
        x, y : (T,) real
        given : (T,) or (T, D) real, optional
            As in `estimate`. All three densities are then conditional: each sample uses the table of its slice of the
            given streams.
        seed : int
            Seed of ties.

        Returns
        -------
        (T,) float32
            Nats; NaN where a sample is not good.

        Raises
        ------
        InputError
            As in `estimate`.

        Examples
        --------
        >>> x, e = np.random.default_rng(0).standard_normal((2, 1000))
        >>> values = InfoNet.from_pretrained().pointwise(x, x + 0.5 * e)
        >>> round(float(values.mean()), 1)  # the MI, nats
        0.8
        """
        channels, seed = as_pair(x, y), as_count("seed", seed, least=0)
        if given is None:
            return pointwise(self._runner, channels, seed)
        return pointwise_given(self._conditional, channels, as_given(given, channels.shape[1]), seed)

    def __call__(self, x: Tensor, y: Tensor, given: Tensor | None = None) -> Tensor:
        """Estimate the MI of B pairs, differentiably in x and y.

        The value is that of `estimate`; the gradient is that of the bound, through soft ranks.

        Parameters
        ----------
        x, y : (B, T) floating
            Finite, T from 64 to 8192.
        given : (B, T) or (B, T, D) floating, optional
            As in `estimate`, finite; no gradient flows to it.

        Returns
        -------
        (B,) float32
            Nats.

        Raises
        ------
        InputError
            Arguments that are not tensors of real numbers, shapes that differ or are not (B, T), T outside that range,
            or samples that are not finite.

        Examples
        --------
        >>> x = torch.randn(4, 500, generator=torch.Generator().manual_seed(0)).requires_grad_()
        >>> InfoNet.from_pretrained(device="cpu")(x, 0.5 * x.detach()).sum().backward()
        >>> x.grad.shape
        torch.Size([4, 500])
        """
        check_tensors(x, y, given)
        if given is None:
            return differentiable_information(self._runner, x, y)
        pairs = zip(x, y, given, strict=True)
        return torch.stack([differentiable_given(self._conditional, a, b, as_given(z, len(a))) for a, b, z in pairs])

    @cached_property
    def _conditional(self) -> ConditionalRunner:
        """The networks of conditional MI, loaded at the first use; WeightsError if these weights have none."""
        return ConditionalRunner(self._runner, load_conditional(self._weights))

    def _pairwise(self, channels: np.ndarray, given: ArrayLike | None, options: PairwiseOptions) -> PairwiseEstimate:
        if given is None:
            (estimate,) = estimate_windows(self._runner, [channels], options)
            return estimate
        return pairwise_given(self._conditional, channels, as_given(given, channels.shape[1]), options)


def _pairwise_options(lags: np.ndarray, surrogates: int, seed: int) -> PairwiseOptions:
    return PairwiseOptions(lags, as_count("surrogates", surrogates, least=0), as_count("seed", seed, least=0))


def _sliced_options(projections: int, surrogates: int, seed: int) -> SlicedOptions:
    return SlicedOptions(
        as_count("projections", projections, least=1),
        as_count("surrogates", surrogates, least=0),
        as_count("seed", seed, least=0),
    )
