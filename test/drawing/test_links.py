import re

import pytest

from infonet_ros.drawing.links import WIDTH, Link, link_picture


def ends(arc):
    """Heights at which an arc begins and ends, read from its path."""
    numbers = [float(number) for number in re.findall(r"[\d.]+", arc.path)]
    return numbers[1], numbers[-1]


def test_only_channels_that_take_part_are_shown_and_groups_stay_together():
    picture = link_picture(groups=[(4, 1)], links=[Link(0, 2, 0.5)], order=[0, 1, 2, 3, 4])
    assert [row.channel for row in picture.rows] == [0, 4, 1, 2]
    (band,) = picture.bands
    middle = {row.channel: row.y for row in picture.rows}
    assert band.y < middle[4] < middle[1] < band.y + band.height
    assert not band.y < middle[2] < band.y + band.height


@pytest.mark.parametrize(("delay", "late"), [(0.3, 1), (-0.3, 0)])
def test_an_arc_ends_with_an_arrow_at_the_channel_that_follows(delay, late):
    picture = link_picture([], [Link(0, 1, 0.5, delay)], [0, 1])
    (arc,) = picture.arcs
    heights = {row.channel: row.y for row in picture.rows}
    assert ends(arc) == (heights[1 - late], heights[late])
    assert arc.arrow
    assert arc.text == "0.50, 0.30 s"


def test_no_arc_hides_the_arrow_of_another_and_none_cross_at_a_channel():
    up, down, far = link_picture([], [Link(2, 1, 2.0, 0.1), Link(2, 3, 2.0, -0.1), Link(2, 4, 1.0)], [1, 2, 3, 4]).arcs
    at_two = ends(up)[0], ends(far)[0], ends(down)[1]
    assert at_two[0] + 5 < at_two[1] < at_two[2] - 5
    assert at_two[0] > 22 and at_two[2] < 44  # within the row of channel 2


def test_strong_links_are_wide_and_links_without_a_delay_have_no_arrow():
    strong, weak = link_picture([], [Link(0, 1, 2.0), Link(1, 2, 0.1)], [0, 1, 2]).arcs
    assert strong.width > 2 * weak.width
    assert strong.strength > weak.strength
    assert strong.arrow == weak.arrow == ""


def test_no_text_covers_another_and_the_most_useful_keeps_its_own():
    links = [Link(a, b, 0.5 + 0.01 * a, 0.1) for a in range(12) for b in range(a + 1, 12)]
    arcs = link_picture([], links, list(range(12))).arcs
    shown = [arc for arc in arcs if arc.text]
    assert arcs[0].text
    assert 3 <= len(shown) < len(arcs)
    for arc in shown:
        assert arc.x + 5 * len(arc.text) < WIDTH
        near = [other for other in shown if abs(other.y - arc.y) < 10 and other is not arc]
        assert all(abs(other.x - arc.x) > 5 * len(arc.text) for other in near)


def test_nothing_to_show_is_no_row():
    assert link_picture([], [], [0, 1, 2]).rows == ()
