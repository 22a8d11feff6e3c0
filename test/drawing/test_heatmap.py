from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from infonet_ros.drawing import palette
from infonet_ros.drawing.heatmap import HeatMap, HeatMapLayout
from infonet_ros.drawing.pixels import PAGE
from infonet_ros.errors import OutputError

NAMES = ["imu.angular_velocity.y", "odom.twist.twist.angular.z", "fix.latitude"]
NAN = float("nan")


def cell(picture, names, row, column):
    return picture[HeatMapLayout.of(names).box(row, column)]


def corner(picture, names, row, column):
    """A pixel of the cell without text or dot."""
    return tuple(cell(picture, names, row, column)[-2, 1])


def background(mi, end):
    return tuple(palette.colours(np.array(mi), end))


def test_the_cells_have_the_colours_of_the_matrix(make_matrix):
    names = [f"joint{i}.velocity" for i in range(32)]
    generator = np.random.default_rng(1)
    pairs = {(a, b): (generator.uniform(0, 1.9), 0.0, 1.0) for i, a in enumerate(names) for b in names[i + 1 :]}
    matrix = make_matrix(names, pairs)
    picture = HeatMap().render(matrix)
    assert picture.dtype == np.uint8
    for row in range(32):
        for column in range(32):
            if row != column:
                assert corner(picture, names, row, column) == background(matrix.mi[row, column], 2.0)


def test_the_value_is_written_in_the_cell(make_matrix):
    one = HeatMap(maximum=1.0).render(make_matrix(NAMES, {(NAMES[0], NAMES[1]): (0.5001, 0.0, 1.0)}))
    same = HeatMap(maximum=1.0).render(make_matrix(NAMES, {(NAMES[0], NAMES[1]): (0.5002, 0.0, 1.0)}))
    other = HeatMap(maximum=1.0).render(make_matrix(NAMES, {(NAMES[0], NAMES[1]): (0.4901, 0.0, 1.0)}))
    ink = [(cell(picture, NAMES, 0, 1) == 0).all(axis=2) for picture in (one, same, other)]
    assert ink[0].any()
    assert (ink[0] == ink[1]).all()
    assert (ink[0] != ink[2]).any()


def test_the_lag_is_written_with_its_sign(make_matrix):
    picture = HeatMap(maximum=1.0).render(make_matrix(NAMES, {(NAMES[0], NAMES[1]): (0.6, 0.4, 0.05)}))
    without = HeatMap(maximum=1.0).render(make_matrix(NAMES, {(NAMES[0], NAMES[1]): (0.6, 0.0, 0.05)}))
    ahead, behind = cell(picture, NAMES, 0, 1), cell(picture, NAMES, 1, 0)
    assert (ahead != behind).any()
    assert (ahead != cell(without, NAMES, 0, 1)).any()


@pytest.mark.parametrize("numbers", [(0.6, 0.4, 0.06), (0.06, 0.4, 0.05)])  # by chance, or next to nothing
def test_a_delay_that_is_not_clear_is_not_written(make_matrix, numbers):
    pair, mi, p_value = (NAMES[0], NAMES[1]), numbers[0], numbers[2]
    sure = {(NAMES[0], NAMES[2]): (0.6, 0.2, 0.05)}  # the legend is the same
    doubted = HeatMap(maximum=1.0).render(make_matrix(NAMES, {pair: numbers, **sure}))
    other = HeatMap(maximum=1.0).render(make_matrix(NAMES, {pair: (mi, -0.9, p_value), **sure}))
    assert (doubted == other).all()


def test_unknown_pairs_and_invalid_rows_are_hatched(make_matrix):
    matrix = make_matrix([*NAMES, "dead"], {(NAMES[0], NAMES[1]): (NAN, 0.0, NAN)}, invalid=["dead"])
    picture = HeatMap().render(matrix)
    hatched = cell(picture, matrix.names, 0, 1)
    assert len(np.unique(hatched.reshape(-1, 3), axis=0)) == 2
    for row, column in [(1, 0), (3, 0), (0, 3), (1, 3), (2, 3)]:
        assert (cell(picture, matrix.names, row, column) == hatched).all()
    assert corner(picture, matrix.names, 0, 2) == background(0.0, 1.0)


def test_what_is_given_is_in_the_title(make_matrix):
    matrix = make_matrix(["a", "b"], {("a", "b"): (0.5, 0.0, NAN)})
    plain, beside = (HeatMap().render(one) for one in (matrix, replace(matrix, method="conditional", given=("time",))))
    top = HeatMapLayout.of(("a", "b")).top
    changed = np.flatnonzero((plain != beside).any(axis=(1, 2)))
    assert 0 < changed.min() < 30 < changed.max() < top


def test_the_diagonal_is_empty(make_matrix):
    picture = HeatMap().render(make_matrix(NAMES, {}))
    for index in range(3):
        assert len(np.unique(cell(picture, NAMES, index, index).reshape(-1, 3), axis=0)) == 1


@pytest.mark.parametrize("count", [3, 32, 70])
def test_significant_pairs_have_a_dot_and_no_others(make_matrix, count):
    names = [f"joint{i}.effort" for i in range(count)]
    marked = {(names[0], names[1]): (0.2, 0.0, 0.05), (names[1], names[2]): (0.2, 0.0, 0.06)}
    unmarked = dict.fromkeys(marked, (0.2, 0.0, 1.0))
    picture = HeatMap().render(make_matrix(names, marked))
    plain = HeatMap().render(make_matrix(names, unmarked))
    differs = (cell(picture, names, 0, 1) != cell(plain, names, 0, 1)).any(axis=2)
    assert 1 <= differs.sum() < differs.size / 4
    assert (cell(picture, names, 1, 2) == cell(plain, names, 1, 2)).all()


def test_dots_may_be_corrected_for_the_number_of_pairs(make_matrix):
    one_of_three = make_matrix(NAMES, {(NAMES[0], NAMES[1]): (0.2, 0.0, 0.04)})
    none = make_matrix(NAMES, {(NAMES[0], NAMES[1]): (0.2, 0.0, 1.0)})
    cells = [cell(HeatMap(adjusted=True).render(m), NAMES, 0, 1) for m in (one_of_three, none)]
    assert (cells[0] == cells[1]).all()


@pytest.mark.parametrize(
    "names",
    [
        ["a", "b"],
        ["only"],
        ["imu", "odom", "fix"],
        [f"arm.joint_trajectory_controller.actual.velocities[{i}].with_a_long_name" for i in range(12)],
        [f"tof.ranges[{i}]" for i in range(100)],
        ["größe.жук", "imu.$x_1$", "camera.mean"],
    ],
)
def test_names_and_colour_bar_fit_into_the_picture(make_matrix, names):
    picture = HeatMap().render(make_matrix(names, {}, method="sliced"))
    assert picture.shape[0] >= 480
    assert picture.shape[1] >= 480
    for edge in (picture[:3], picture[-3:], picture[:, :3], picture[:, -3:]):
        assert (edge == PAGE).all()


def test_the_scale_grows_at_once_and_shrinks_after_ten_matrices(make_matrix):
    def seen(mi):
        return corner(heat_map.render(make_matrix(NAMES, {(NAMES[0], NAMES[1]): (mi, 0.0, 1.0)})), NAMES, 0, 1)

    heat_map = HeatMap()
    assert seen(0.8) == background(0.8, 1.0)
    assert seen(2.8) == background(2.8, 3.0)
    for _ in range(9):
        assert seen(0.8) == background(0.8, 3.0)
    assert seen(0.8) == background(0.8, 1.0)


def test_a_matrix_in_which_nothing_is_known_can_be_drawn(make_matrix):
    everything = {(a, b): (NAN, 0.0, NAN) for a in NAMES for b in NAMES if a != b}
    HeatMap().render(make_matrix(NAMES, everything, invalid=NAMES))


def test_the_png_holds_the_rendered_pixels(make_matrix, tmp_path):
    matrix = make_matrix(NAMES, {(NAMES[0], NAMES[1]): (0.7, 0.4, 0.01)})
    HeatMap().save(matrix, tmp_path / "matrix.png")
    assert (np.asarray(Image.open(tmp_path / "matrix.png")) == HeatMap().render(matrix)).all()


def test_a_png_that_cannot_be_written_is_one_sentence(make_matrix, tmp_path):
    with pytest.raises(OutputError, match=r"cannot write the picture .*No such file"):
        HeatMap().save(make_matrix(NAMES, {}), tmp_path / "missing" / "matrix.png")
