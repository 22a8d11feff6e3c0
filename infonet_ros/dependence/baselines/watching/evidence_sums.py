"""The evidence of all views of a baseline, added up together: there are many, each with few new samples."""

import numpy as np

from infonet_ros.dependence.baselines.baseline import Baseline, log_ratios
from infonet_ros.dependence.baselines.forms import Form
from infonet_ros.dependence.baselines.page_rule import PageSums, log_e_values


class EvidenceSums:
    """Page's sums of the V views of a baseline, as shares of their thresholds (V,), nats.

    A sum is held below twice its threshold, so that it recovers.
    """

    def __init__(self, baseline: Baseline, thresholds: np.ndarray) -> None:
        views, pairs = baseline.views, baseline.pairs
        self._thresholds = thresholds
        self._tables = baseline.tables
        self._forms = np.array([view.form.ranked for view in views])
        self._expectations = {
            number: baseline.expectations[view.pair] for number, view in enumerate(views) if view.form is Form.RESIDUALS
        }
        self._columns = np.array([baseline.columns(view.pair) for view in views]).T
        lags = np.array([pairs[view.pair].lag for view in views])
        self._delays = np.stack([np.maximum(lags, 0), np.maximum(-lags, 0)])  # by how many rows each side is earlier
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        self._sums = PageSums(2.0 * self._thresholds)

    @property
    def levels(self) -> np.ndarray:
        """Evidence (V,) now."""
        return self._sums.values / self._thresholds

    def add(
        self, samples: np.ndarray, ranks: np.ndarray, stamps: np.ndarray, fresh: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Add the last ``fresh`` of some samples; return the highest evidence (V,) among them, and since when it grew.

        ``samples`` (T, N) are those of all channels, ``ranks`` (T, F, M) those of the pairs' channels in each form,
        ``stamps`` (T,) int64 nanoseconds.
        """
        ratios = self._log_ratios(samples, ranks, fresh)
        peaks, since = self._sums.add(log_e_values(ratios), stamps[len(stamps) - fresh :])
        return peaks / self._thresholds, since

    def _log_ratios(self, samples: np.ndarray, ranks: np.ndarray, fresh: int) -> np.ndarray:
        """Return the log ratios (V, fresh) of the last samples."""
        count = len(ranks)
        rows = np.arange(count - fresh, count) - self._delays[:, :, None]  # (2, V, fresh)
        there = (rows >= 0).all(axis=0)
        rows = np.maximum(rows, 0)
        both = ranks[rows, self._forms[:, None], self._columns[:, :, None]]
        ratios = log_ratios(self._tables, *np.where(there, both, np.nan))
        for number, expectation in self._expectations.items():
            pair = samples[rows[:, number], self._columns[:, number, None]]
            ratios[number] = np.where(there[number], expectation.log_ratios(pair), np.nan)
        return ratios
