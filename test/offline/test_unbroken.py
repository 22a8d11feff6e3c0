"""A recording is read as one stretch of samples."""

import numpy as np

from infonet_ros.intake.proposing.proposal import propose
from infonet_ros.intake.recording import chosen_span
from infonet_ros.intake.tables.tables import Tables
from infonet_ros.offline.baselines.unbroken import read_unbroken
from infonet_ros.settings import Settings


def test_a_table_with_a_row_a_day_is_not_read_second_by_second(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(2, 700))
    days = np.datetime64("2024-01-01") + np.arange(700)
    lines = [f"{day},{a:.5f},{b:.5f}" for day, a, b in zip(days, x, y, strict=True)]
    (tmp_path / "daily.csv").write_text("\n".join(["date,x,y", *lines]))

    with Tables([tmp_path / "daily.csv"]) as table:
        span = chosen_span(table, 0.0, None)
        samples = read_unbroken(table, propose(table, Settings(), span).settings, span).overview.window.samples

    assert len(samples) <= 705
    assert np.isfinite(samples).all(axis=1).sum() >= 695


def test_a_recording_whose_half_is_too_short_for_a_window_is_read_whole(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(2, 100))
    lines = [f"{row / 10.0:.1f},{a:.5f},{b:.5f}" for row, (a, b) in enumerate(zip(x, y, strict=True))]
    (tmp_path / "short.csv").write_text("\n".join(["t,x,y", *lines]))

    with Tables([tmp_path / "short.csv"]) as table:
        span = chosen_span(table, 0.0, None)
        settings = propose(table, Settings(), span).settings.with_values(window=20.0)
        samples = read_unbroken(table, settings, span).overview.window.samples

    assert 90 <= np.isfinite(samples).all(axis=1).sum() <= 100  # a second may be lost at the end
