import matplotlib
import numpy as np
import pytest

from infonet_ros.drawing import palette


def test_the_table_is_viridis():
    viridis = matplotlib.colormaps["viridis"](np.arange(256))[:, :3] * 255
    assert np.abs(palette.TABLE - viridis).max() < 6


def test_more_information_is_lighter_also_in_grey():
    grey = palette.TABLE @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(grey) >= -0.5).all()
    assert grey[-1] - grey[0] > 180


def test_colours_go_from_zero_to_the_end_of_the_scale():
    colours = palette.colours(np.array([0.0, 1.0, 2.0, 5.0, np.nan]), end=2.0)
    first, last = palette.TABLE[0], palette.TABLE[-1]
    assert (colours == [first, palette.TABLE[128], last, last, first]).all()


@pytest.mark.parametrize(
    ("largest", "end"),
    [(0.0, 0.1), (0.12, 0.2), (0.5, 0.5), (0.97, 1.0), (1.01, 1.5), (40.0, 8.0)],
)
def test_the_scale_ends_at_a_round_value(largest, end):
    assert palette.scale_end(largest) == end
