import itertools
import math

import numpy as np
import pytest

from infonet_ros.drawing import palette
from infonet_ros.drawing.graph import dependence_graph, positions

NAMES = ("imu", "odom", "fix", "scan")
NAN = float("nan")


def graph_of(make_matrix, pairs, sensors=None, invalid=(), radius=2.0):
    matrix = make_matrix(list(NAMES), pairs, invalid=invalid, method="sliced")
    return dependence_graph(matrix, sensors or {}, radius=radius, end=1.0)


def test_without_known_places_the_modalities_stand_on_the_circle():
    places = positions(NAMES, {}, radius=2.0)
    for place in places:
        assert math.hypot(*place) == pytest.approx(2.0)
    distances = [math.dist(a, b) for a, b in itertools.pairwise([*places, places[0]])]
    assert distances == pytest.approx([2.0 * math.sqrt(2.0)] * 4)


def test_modalities_stand_at_their_sensors():
    places = positions(NAMES, {"imu": (0.1, 0.2, 0.3), "scan": (1.0, 0.0, 0.5)}, radius=1.0)
    assert places[0] == (0.1, 0.2, 0.3)
    assert places[3] == (1.0, 0.0, 0.5)
    assert places[1] == pytest.approx((1.0, 0.0, 0.0))
    assert places[2] == pytest.approx((-1.0, 0.0, 0.0))


def test_two_modalities_of_one_sensor_do_not_cover_each_other():
    places = positions(("imu", "odom"), {"imu": (0.0, 0.0, 0.0), "odom": (0.0, 0.0, 0.01)}, radius=1.0)
    assert places[0] == (0.0, 0.0, 0.0)
    assert math.dist(*places) == pytest.approx(1.0)


def test_edges_grow_and_brighten_with_the_information(make_matrix):
    graph = graph_of(make_matrix, {("imu", "odom"): (0.9, 0.0, NAN), ("imu", "fix"): (0.2, 0.0, NAN)})
    edges = {(edge.row, edge.column): edge for edge in graph.edges}
    assert sorted(edges) == list(itertools.combinations(range(4), 2))
    assert edges[0, 1].width > edges[0, 2].width > edges[1, 2].width > 0
    assert edges[0, 1].text == "0.90 nats"
    assert edges[0, 1].colour[:3] == pytest.approx(tuple(palette.colours(np.array(0.9), 1.0) / 255), abs=0.01)
    places = [vertex.position for vertex in graph.vertices]
    assert edges[0, 2].ends == (places[0], places[2])


def test_insignificant_edges_are_faint(make_matrix):
    graph = graph_of(make_matrix, {("imu", "odom"): (0.9, 0.0, 0.01), ("imu", "fix"): (0.9, 0.0, 0.2)})
    opacity = {(edge.row, edge.column): edge.colour[3] for edge in graph.edges}
    assert opacity[0, 1] == 1.0
    assert opacity[0, 2] < 0.5


def test_what_is_not_known_has_no_edge(make_matrix):
    graph = graph_of(make_matrix, {("imu", "odom"): (NAN, 0.0, NAN)}, invalid=["scan"])
    assert [(edge.row, edge.column) for edge in graph.edges] == [(0, 2), (1, 2)]
    assert [vertex.name for vertex in graph.vertices] == list(NAMES)
    assert graph.vertices[3].colour != graph.vertices[0].colour


def test_everything_scales_with_the_radius(make_matrix):
    pairs = {("imu", "odom"): (0.5, 0.0, NAN)}
    small, large = (graph_of(make_matrix, pairs, radius=radius) for radius in (0.1, 10.0))
    assert large.edges[0].width == pytest.approx(100 * small.edges[0].width)
    assert large.vertices[0].diameter == pytest.approx(100 * small.vertices[0].diameter)
    assert large.vertices[0].letters == pytest.approx(100 * small.vertices[0].letters)


def test_no_two_numbers_share_a_place_and_long_names_are_cut(make_matrix):
    names = [f"sensor_of_the_{side}_suspension_wheel_{k}" for side in ("front", "rear") for k in range(3)]
    graph = dependence_graph(make_matrix(names, {}, method="sliced"), {}, radius=1.0, end=1.0)
    apart = [math.dist(one.label, other.label) for one, other in itertools.combinations(graph.edges, 2)]
    assert min(apart) > 0.1
    assert max(len(vertex.name) for vertex in graph.vertices) <= 24
