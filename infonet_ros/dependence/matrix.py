"""The matrix that everything ends in: live or offline, from one window to all pairs of its rows."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from infonet_ros.errors import MissingDependencyError
from infonet_ros.estimator.results import PairwiseEstimate, TransferEstimate
from infonet_ros.intake.window import Window
from infonet_ros.settings import TIME, Modality, Settings

if TYPE_CHECKING:  # torch takes seconds to import, and who only looks at matrices does not need it
    import pandas

    from infonet_ros.estimator.infonet import InfoNet

PAIRWISE = "pairwise"
SLICED = "sliced"
CONDITIONAL = "conditional"
TRANSFER = "transfer"
BOTH_DRIFT = "both drift: compare their rates of change"


@dataclass(frozen=True, eq=False)
class DependenceMatrix:
    """Mutual information of all pairs of N rows in one window: what the node publishes and the analysis writes.

    Attributes
    ----------
    names : tuple of str
        N channels, or modalities (``method`` "sliced").
    mi, lower, upper : (N, N) float32
        Nats, symmetric, NaN where not known and on the diagonal. Transfer entropy goes from the row to the column, and
        is not symmetric.
    p_value : (N, N) float64
        NaN where not known, not asked for, and on the diagonal.
    lag : (N, N) float32
        Seconds; positive where the column follows the row. Antisymmetric, but for transfer entropy.
    samples : (N, N) int32
        Good samples used by each pair.
    valid : (N,) bool
        False for a row that is constant, has too few good samples, or is given.
    start, end : int
        Stamps of the first and last sample, nanoseconds of sensor time.
    sample_count : int
        T, aligned samples in the window.
    sample_rate : float
        Hz; NaN when the samples are not regular.
    method : str
        "pairwise", "sliced", "conditional" or "transfer".
    estimator, version : str
        Name of the estimator and version of its weights.
    duration : float
        Computing time, seconds.
    drifting : (N,) bool or None
        Rows that trend, step or wander within the window. Two of them have no p-value. None where it is not known: in
        a message.
    given : tuple of str
        Channels, or ``time``, beside which all pairs are looked at (``method`` "conditional").
    """

    names: tuple[str, ...]
    mi: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    p_value: np.ndarray
    lag: np.ndarray
    samples: np.ndarray
    valid: np.ndarray
    start: int
    end: int
    sample_count: int
    sample_rate: float
    method: str
    estimator: str
    version: str
    duration: float
    drifting: np.ndarray | None = None
    given: tuple[str, ...] = ()

    @property
    def directed(self) -> bool:
        """Whether a pair and its mirror image differ."""
        return self.method == TRANSFER

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of all pairs, once each; of a directed matrix, of all ordered pairs."""
        everywhere = np.ones(self.mi.shape, dtype=bool)
        wanted = everywhere ^ np.eye(len(everywhere), dtype=bool) if self.directed else np.triu(everywhere, 1)
        row, column = np.nonzero(wanted)
        return row, column

    @property
    def known(self) -> np.ndarray:
        """(N, N) bool: pairs with an estimate, of rows that are valid."""
        return np.isfinite(self.mi) & self.valid[:, None] & self.valid[None, :]

    @property
    def both_drift(self) -> np.ndarray:
        """(N, N) bool: pairs of which both rows drift, and so without a p-value from one window. Say `BOTH_DRIFT`."""
        drifting = np.zeros(len(self.names), dtype=bool) if self.drifting is None else self.drifting
        return drifting[:, None] & drifting & ~np.eye(len(self.names), dtype=bool)

    @property
    def p_adjusted(self) -> np.ndarray:
        """(N, N) float64: p-values corrected for the number of pairs, NaN where there is none.

        Of the pairs with an adjusted p-value of at most 0.01, not more than 1 % are there by chance, on average
        (Benjamini and Hochberg, J. R. Stat. Soc. B 1995).
        """
        row, column = self.pairs
        tested = np.isfinite(self.p_value[row, column])
        row, column = row[tested], column[tested]
        # By hand, as to import `scipy.stats.false_discovery_control` takes half a second.
        falling = np.argsort(-self.p_value[row, column], kind="stable")
        row, column = row[falling], column[falling]
        larger = self.p_value[row, column] * len(row) / np.arange(len(row), 0, -1)
        adjusted = np.full(self.p_value.shape, np.nan)
        adjusted[row, column] = np.minimum(np.minimum.accumulate(larger), 1.0)
        if not self.directed:
            adjusted[column, row] = adjusted[row, column]
        return adjusted

    def to_dataframe(self) -> "pandas.DataFrame":
        """Return one row for each pair: the columns of `pair_columns`.

        Raises
        ------
        MissingDependencyError
            Without pandas.

        Examples
        --------
        >>> matrix.to_dataframe().sort_values("mi", ascending=False).head()  # doctest: +SKIP
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingDependencyError("A DataFrame of results", "pandas", "run `pip install pandas`") from error
        return pandas.DataFrame(pair_columns(self))

    def _repr_html_(self) -> str:
        """Show the MI as a table in a notebook, in nats."""
        from html import escape

        head = "".join(f"<th>{escape(name)}</th>" for name in self.names)
        rows = (
            f"<tr><th>{escape(name)}</th>{''.join(f'<td>{value:.2f}</td>' for value in values)}</tr>"
            for name, values in zip(self.names, self.mi, strict=True)
        )
        return f"<table><tr><th>MI, nats</th>{head}</tr>{''.join(rows)}</table>"

    def significant(self, level: float = 0.05, *, adjusted: bool = False) -> np.ndarray:
        """(N, N) bool: pairs whose p-value is at most ``level``, such as 1/20 by 19 surrogates for 0.05.

        Each pair for itself, or ``adjusted`` for the number of pairs.
        """
        p_value = self.p_adjusted if adjusted else self.p_value
        # Both in float32, as the p-values of a message are: rounding must not decide whether 1/20 is at most 0.05.
        return p_value.astype(np.float32) <= np.float32(level)


def channel_matrix(
    net: "InfoNet", window: Window, settings: Settings, lags: Sequence[int] | None = None
) -> DependenceMatrix:
    """Estimate the MI of all pairs of channels of a window, beside those that are ``given``.

    Uses ``surrogates`` and ``seed`` of the settings, and ``max_lag`` and ``lag_step`` where no ``lags`` are given, in
    samples, each tried in both directions.
    """
    (matrix,) = _matrices_at_lags(net, [window], lags or lags_in_samples(settings, window.rate), settings)
    return matrix


def channel_matrices(net: "InfoNet", windows: Iterable[Window], settings: Settings) -> Iterator[DependenceMatrix]:
    """Estimate what `channel_matrix` does of many windows, whose pairs share the network's passes.

    Windows are taken as they are needed, and matrices come in their order. The ``duration`` of each is the time since
    the one before.
    """
    for rate, alike in groupby(windows, key=lambda window: window.rate):
        yield from _matrices_at_lags(net, alike, lags_in_samples(settings, rate), settings)


def _matrices_at_lags(
    net: "InfoNet", windows: Iterable[Window], lags: Sequence[int], settings: Settings
) -> Iterator[DependenceMatrix]:
    if settings.given:
        yield from (conditional_matrix(net, window, settings, settings.given, lags) for window in windows)
        return
    began = time.perf_counter()
    taken: deque[Window] = deque()

    def samples() -> Iterator[np.ndarray]:
        for window in windows:
            taken.append(window)
            yield window.samples

    for estimate in net.pairwise_windows(samples(), lags=lags, surrogates=settings.surrogates, seed=settings.seed):
        window = taken.popleft()
        yield _matrix(net, window, window.names, PAIRWISE, estimate, time.perf_counter() - began)
        began = time.perf_counter()


def conditional_matrix(
    net: "InfoNet",
    window: Window,
    settings: Settings,
    given: Sequence[str],
    lags: Sequence[int],
    names: Sequence[str] | None = None,
) -> DependenceMatrix:
    """Estimate the MI of all pairs of channels of a window beside some of them, or ``time``; see `channel_matrix`.

    With ``names`` only pairs of those channels.
    """
    began = time.perf_counter()
    streams = given_streams(window, given)
    if names is not None:
        columns = [window.names.index(name) for name in names]
        window = replace(window, samples=window.samples[:, columns], names=tuple(names))
    estimate = net.pairwise(
        window.samples, lags=lags, given=streams, surrogates=settings.surrogates, seed=settings.seed
    )
    matrix = _matrix(net, window, window.names, CONDITIONAL, estimate, time.perf_counter() - began)
    matrix.valid[[name in given for name in window.names]] = False
    return replace(matrix, given=tuple(given))


def given_streams(window: Window, given: Sequence[str]) -> np.ndarray:
    """Return the samples (T, D) of channels of a window; ``time`` is the number of the sample."""
    times = np.arange(len(window.samples), dtype=np.float64)
    columns = [times if name == TIME else window.samples[:, window.names.index(name)] for name in given]
    return np.stack(columns, axis=1)


def watched_matrices(net: "InfoNet", window: Window, settings: Settings) -> Iterator[DependenceMatrix]:
    """Estimate watched pairs of channels beside what is given for each, where that is not so for all channels."""
    lags = lags_in_samples(settings, window.rate)
    for watch in settings.watches:
        given = settings.given_for(watch)
        if given not in ((), settings.given):
            yield conditional_matrix(net, window, settings, given, lags, watch.pair)


def transfer_matrix(net: "InfoNet", window: Window, settings: Settings) -> DependenceMatrix:
    """Estimate the transfer entropy of all ordered pairs of channels of a window, from the row to the column.

    Uses ``past``, ``surrogates``, ``seed``, ``max_lag`` and ``lag_step`` of the settings; without ``max_lag`` the
    column follows by one sample.
    """
    *_, matrix = transfer_matrix_in_steps(net, window, settings)
    assert matrix is not None
    return matrix


def transfer_matrix_in_steps(net: "InfoNet", window: Window, settings: Settings) -> Iterator[DependenceMatrix | None]:
    """Estimate what `transfer_matrix` does channel by channel; see `modality_matrix_in_steps`."""
    lags = [lag for lag in lags_in_samples(settings, window.rate) if lag] or [1]
    estimates = net.transfer_in_steps(
        window.samples, lags=lags, past=settings.past, surrogates=settings.surrogates, seed=settings.seed
    )
    yield from _in_steps(net, window, window.names, TRANSFER, estimates)


def modality_matrix(net: "InfoNet", window: Window, settings: Settings) -> DependenceMatrix:
    """Estimate the sliced MI of all pairs of modalities of a window.

    Uses ``modalities``, ``projections``, ``surrogates`` and ``seed`` of the settings.
    """
    *_, matrix = modality_matrix_in_steps(net, window, settings)
    assert matrix is not None
    return matrix


def modality_matrix_in_steps(net: "InfoNet", window: Window, settings: Settings) -> Iterator[DependenceMatrix | None]:
    """Estimate what `modality_matrix` does pair by pair, so that more urgent work can go between.

    Yields
    ------
    None after each pair, and the matrix after that. Its ``duration`` is that of the steps alone.
    """
    estimates = net.pairwise_sliced_in_steps(
        window.samples,
        groups=column_groups(window.names, settings.modalities),
        projections=settings.projections,
        surrogates=settings.surrogates,
        seed=settings.seed,
    )
    names = tuple(modality.name for modality in settings.modalities)
    yield from _in_steps(net, window, names, SLICED, estimates)


def _in_steps(
    net: "InfoNet",
    window: Window,
    names: tuple[str, ...],
    method: str,
    estimates: Iterator[PairwiseEstimate] | Iterator[TransferEstimate],
) -> Iterator[DependenceMatrix | None]:
    """Yield None after each estimate, and the matrix of the last; its duration is that of the steps alone."""
    began, spent = time.perf_counter(), 0.0
    for estimate in estimates:  # noqa: B007 - the last one is used below
        spent += time.perf_counter() - began
        yield None
        began = time.perf_counter()
    yield _matrix(net, window, names, method, estimate, spent)


def pair_columns(matrix: DependenceMatrix) -> dict[str, np.ndarray]:
    """Pairs of the upper triangle, row by row: (0, 1), (0, 2), ... (N-2, N-1); of transfer entropy, all ordered pairs.

    Returns
    -------
    dict of str to (P,) array
        ``a``, ``b`` (names, objects), ``mi``, ``lower``, ``upper``, ``p_value``, ``lag``, ``samples`` and ``valid``
        (both rows are).
    """
    row, column = matrix.pairs
    names = np.array(matrix.names, dtype=object)
    measures = ("mi", "lower", "upper", "p_value", "lag", "samples")
    return {
        "a": names[row],
        "b": names[column],
        **{name: getattr(matrix, name)[row, column] for name in measures},
        "valid": matrix.valid[row] & matrix.valid[column],
    }


def lags_in_samples(settings: Settings, rate: float) -> tuple[int, ...]:
    """Lags from 0 to ``max_lag`` in whole samples at ``rate`` Hz; ``(0,)`` when none are asked for.

    `InfoNet.pairwise` tries each in both directions.
    """
    if settings.max_lag == 0.0 or not np.isfinite(rate):
        return (0,)
    step = max(1, round(settings.lag_step * rate))
    count = int(settings.max_lag * rate + 1e-9) // step
    return tuple(step * k for k in range(count + 1))


def column_groups(names: Sequence[str], modalities: Sequence[Modality]) -> list[list[int]]:
    """Columns of each modality's channels among ``names``."""
    column = {name: index for index, name in enumerate(names)}
    return [[column[name] for name in modality.channel_names] for modality in modalities]


def _matrix(
    net: "InfoNet",
    window: Window,
    names: tuple[str, ...],
    method: str,
    estimate: PairwiseEstimate | TransferEstimate,
    duration: float,
) -> DependenceMatrix:
    values = estimate.value if isinstance(estimate, TransferEstimate) else estimate.mi
    no_p_value = np.full(values.shape, np.nan)
    seconds_per_sample = 1.0 / window.rate if np.isfinite(window.rate) else 0.0
    return DependenceMatrix(
        names=names,
        mi=values,
        lower=estimate.lower,
        upper=estimate.upper,
        p_value=no_p_value if estimate.p_value is None else estimate.p_value,
        lag=(estimate.lag * seconds_per_sample).astype(np.float32),
        samples=estimate.samples,
        valid=~estimate.constant & (np.diag(estimate.samples) >= net.MIN_SAMPLES),
        start=window.start,
        end=window.end,
        sample_count=len(window.samples),
        sample_rate=window.rate,
        method=method,
        estimator=net.NAME,
        version=net.version,
        duration=duration,
        drifting=estimate.drifting,
    )
