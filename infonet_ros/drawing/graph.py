"""The geometry of the graph of modalities: places, widths and colours. No ROS."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from infonet_ros.drawing import palette
from infonet_ros.drawing.labels import fitted_names

if TYPE_CHECKING:
    from infonet_ros.dependence.matrix import DependenceMatrix

Point = tuple[float, float, float]
Colour = tuple[float, float, float, float]

# Shares of the radius of the circle.
_SPHERE = 0.12
_LETTERS = 0.12
_THINNEST, _WIDEST = 0.01, 0.09
_TOO_CLOSE = 0.15

_NUMBER = 0.42  # of an edge: in their middle all diameters of the circle meet
_LONGEST_NAME = 24  # characters: a longer one would reach over the names of others

_KNOWN: Colour = (0.93, 0.94, 0.95, 1.0)
_DEAD: Colour = (0.45, 0.47, 0.50, 0.6)
_FAINT = 0.25


@dataclass(frozen=True)
class Vertex:
    """A modality: a sphere of ``diameter`` metres at ``position``, its name above it in letters of ``letters`` m."""

    name: str
    position: Point
    label: Point
    diameter: float
    letters: float
    colour: Colour


@dataclass(frozen=True)
class Edge:
    """MI of two modalities, ``row`` < ``column``: a line ``width`` metres wide, and the number beside it."""

    row: int
    column: int
    ends: tuple[Point, Point]
    label: Point
    text: str
    width: float
    letters: float
    colour: Colour


@dataclass(frozen=True)
class Graph:
    """All modalities, and the pairs whose MI is known."""

    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]


def dependence_graph(
    matrix: "DependenceMatrix",
    sensors: Mapping[str, Point],
    *,
    radius: float,
    end: float,
) -> Graph:
    """Lay out the N modalities of a matrix; edges with a p-value above 0.05 are faint.

    Modalities are at their ``sensors`` where these are known, else on a circle of this radius, all in metres;
    everything is drawn in proportion to it. ``end`` is the MI of the widest edges, nats.
    """
    places, labels = positions(matrix.names, sensors, radius), fitted_names(matrix.names, _LONGEST_NAME)
    vertices = tuple(
        Vertex(
            name=labels[name],
            position=place,
            label=_above(place, 1.2 * _LETTERS * radius),
            diameter=_SPHERE * radius,
            letters=_LETTERS * radius,
            colour=_KNOWN if alive else _DEAD,
        )
        for name, place, alive in zip(matrix.names, places, matrix.valid, strict=True)
    )
    pairs = zip(*np.triu_indices(len(matrix.names), k=1), strict=True)
    edges = tuple(
        _edge(matrix, int(row), int(column), places, radius, end) for row, column in pairs if matrix.known[row, column]
    )
    return Graph(vertices, edges)


def positions(names: tuple[str, ...], sensors: Mapping[str, Point], radius: float) -> list[Point]:
    """Place each modality at its sensor; those without one, or in the same place as another, on the circle."""
    placed: dict[str, Point] = {}
    for name in names:
        place = sensors.get(name)
        if place is not None and all(math.dist(place, other) > _TOO_CLOSE * radius for other in placed.values()):
            placed[name] = place
    on_circle = [name for name in names if name not in placed]
    for index, name in enumerate(on_circle):
        angle = 2 * math.pi * index / len(on_circle)
        placed[name] = (radius * math.cos(angle), radius * math.sin(angle), 0.0)
    return [placed[name] for name in names]


def _edge(
    matrix: "DependenceMatrix",
    row: int,
    column: int,
    places: list[Point],
    radius: float,
    end: float,
) -> Edge:
    mi = float(matrix.mi[row, column])
    red, green, blue = (palette.colours(np.array(mi), end) / 255.0).tolist()
    tested = np.isfinite(matrix.p_value[row, column])
    opacity = _FAINT if tested and not matrix.significant()[row, column] else 1.0
    start, stop = places[row], places[column]
    x, y, z = ((1.0 - _NUMBER) * one + _NUMBER * other for one, other in zip(start, stop, strict=True))
    return Edge(
        row=row,
        column=column,
        ends=(start, stop),
        label=_above((x, y, z), 0.8 * _LETTERS * radius),
        text=f"{mi:.2f} nats",
        width=radius * (_THINNEST + (_WIDEST - _THINNEST) * min(mi / end, 1.0)),
        letters=0.7 * _LETTERS * radius,
        colour=(red, green, blue, opacity),
    )


def _above(point: Point, height: float) -> Point:
    return (point[0], point[1], point[2] + height)
