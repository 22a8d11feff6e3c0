"""The evidence of all views of a baseline, added up together: there are many, each with few new samples."""

import numpy as np

from infonet_ros.dependence.baselines.baseline import Baseline, log_ratios
from infonet_ros.dependence.baselines.forms import RANKED, RECENT, Form
from infonet_ros.dependence.baselines.page_rule import PageSums, log_e_values


class EvidenceSums:
    """Page's sums of the V views of a baseline, as shares of their thresholds (V,), nats.

    A sum is held below twice its threshold, so that it recovers.
    """

    def __init__(self, baseline: Baseline, thresholds: np.ndarray) -> None:
        views = baseline.views
        self._baseline = baseline
        self._thresholds = thresholds
        self._forms = np.array([view.form.ranked for view in views])
        self._expectations = {
            number: baseline.expectations[view.pair] for number, view in enumerate(views) if view.form is Form.RESIDUALS
        }
        self._columns = np.array([baseline.columns(view.pair) for view in views]).T
        lags = np.array([baseline.pairs[view.pair].lag for view in views])
        self._delays = np.stack([np.maximum(lags, 0), np.maximum(-lags, 0)])  # by how many rows each side is earlier
        self._kept = max(int(self._delays.max()), RECENT + 1)
        self.reset()

    def reset(self) -> None:
        """Forget all samples."""
        paired = self._baseline.paired
        self._sums = PageSums(2.0 * self._thresholds)
        self._samples = np.full((self._kept, paired), np.nan)
        self._ranks = np.full((self._kept, len(RANKED), paired), np.nan)

    @property
    def levels(self) -> np.ndarray:
        """Evidence (V,) now."""
        return self._sums.values / self._thresholds

    def add(self, stamps: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add the next samples (T, M) of the pairs' channels; return the highest evidence (V,), and since when it grew.

        Their stamps are (T,) int64 nanoseconds.
        """
        new = np.full((len(samples), *self._ranks.shape[1:]), np.nan)
        for form in map(Form, set(self._forms)):
            new[:, form] = self._baseline.ranks(samples, form, self._samples)
        self._samples = np.concatenate([self._samples, samples])
        self._ranks = np.concatenate([self._ranks, new])
        peaks, since = self._sums.add(log_e_values(self._log_ratios(len(samples))), stamps)
        self._samples, self._ranks = self._samples[-self._kept :], self._ranks[-self._kept :]
        return peaks / self._thresholds, since

    def _log_ratios(self, fresh: int) -> np.ndarray:
        """Return the log ratios (V, fresh) of the last samples."""
        rows = self._kept + np.arange(fresh) - self._delays[:, :, None]  # (2, V, fresh)
        both = self._ranks[rows, self._forms[:, None], self._columns[:, :, None]]
        ratios = log_ratios(self._baseline.tables, *both)
        for number, expectation in self._expectations.items():
            ratios[number] = expectation.log_ratios(self._samples[rows[:, number], self._columns[:, number, None]])
        return ratios
