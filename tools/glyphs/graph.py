"""Turns a skeleton image into a graph of nodes (ends, junctions) and edges (pixel paths), then
prunes spurs and merges the twin junctions that thinning makes of one crossing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Pixel = tuple[int, int]
Points = NDArray[np.float64]

SPUR_RADII = 1.5
TWIN_RADII = 1.6


def length(points: Points) -> float:
    """Returns the arc length of a path [n, 2]."""
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


@dataclass
class Edge:
    """A path from node `start` to node `end`; points [n, 2] as (x, y), both nodes included."""

    start: int
    end: int
    points: Points


@dataclass
class Graph:
    """Nodes by number with position and local stroke radius, and the edges between them."""

    places: dict[int, Points] = field(default_factory=dict)
    radii: dict[int, float] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)

    def degrees(self) -> dict[int, int]:
        """Counts edge ends at each node (a loop counts twice)."""
        count: dict[int, int] = defaultdict(int)
        for edge in self.edges:
            count[edge.start] += 1
            count[edge.end] += 1
        return count


def _neighbours(pixel: Pixel, pixels: set[Pixel]) -> list[Pixel]:
    y, x = pixel
    around = [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    return [other for other in around if other in pixels]


def _clusters(nodes: set[Pixel]) -> dict[Pixel, int]:
    numbers: dict[Pixel, int] = {}
    for seed in sorted(nodes):
        if seed in numbers:
            continue
        number = len(set(numbers.values()))
        stack = [seed]
        while stack:
            pixel = stack.pop()
            if pixel not in numbers:
                numbers[pixel] = number
                stack.extend(_neighbours(pixel, nodes))
    return numbers


def build(skeleton: NDArray[np.bool_], radius: NDArray[np.float64]) -> Graph:
    """Traces a skeleton.

    Args:
        skeleton: One-pixel-wide lines [height, width].
        radius: Distance of each ink pixel to paper [height, width].
    """
    pixels: set[Pixel] = {(int(y), int(x)) for y, x in np.argwhere(skeleton)}
    around = {pixel: _neighbours(pixel, pixels) for pixel in sorted(pixels)}
    # A loop without any junction needs one node to start from.
    numbers = _clusters({pixel for pixel, others in around.items() if len(others) != 2})
    graph = Graph()
    seen: set[Pixel] = set(numbers)

    def add_node(number: int, members: list[Pixel]) -> None:
        place = np.array(members, dtype=np.float64).mean(axis=0)
        graph.places[number] = place[::-1].copy()
        graph.radii[number] = max(float(radius[member]) for member in members)

    members: dict[int, list[Pixel]] = defaultdict(list)
    for pixel, number in numbers.items():
        members[number].append(pixel)
    for number, group in members.items():
        add_node(number, group)

    def walk(number: int, first: Pixel, origin: Pixel) -> None:
        path, previous, pixel = [origin], origin, first
        while pixel not in numbers:
            seen.add(pixel)
            path.append(pixel)
            onward = [other for other in around[pixel] if other != previous]
            previous, pixel = pixel, onward[0]
        inner = np.array(path[1:], dtype=np.float64).reshape(-1, 2)[:, ::-1]
        end = numbers[pixel]
        points = np.vstack([graph.places[number], inner, graph.places[end]])
        graph.edges.append(Edge(number, end, points))

    for pixel in sorted(numbers):
        for other in around[pixel]:
            if other not in seen:
                walk(numbers[pixel], other, pixel)
    for pixel in sorted(pixels):
        if pixel not in seen:
            number = len(graph.places)
            numbers[pixel] = number
            seen.add(pixel)
            add_node(number, [pixel])
            walk(number, around[pixel][0], pixel)
    return graph


def _join_pairs(graph: Graph) -> None:
    """Removes nodes where just two edge ends meet, making one edge of the two."""
    for node in sorted(graph.places):
        touching = [edge for edge in graph.edges if node in (edge.start, edge.end)]
        if len(touching) != 2 or any(edge.start == edge.end for edge in touching):
            continue
        first, second = touching
        head = first.points if first.end == node else first.points[::-1]
        tail = second.points if second.start == node else second.points[::-1]
        start = first.start if first.end == node else first.end
        end = second.end if second.start == node else second.start
        graph.edges = [edge for edge in graph.edges if edge is not first and edge is not second]
        graph.edges.append(Edge(start, end, np.vstack([head, tail[1:]])))


def _spur(graph: Graph) -> Edge | None:
    """Finds the shortest dead end that does not reach clearly out of the stroke it hangs on."""
    degrees = graph.degrees()
    worst: tuple[float, Edge] | None = None
    for edge in graph.edges:
        for tip, root in ((edge.start, edge.end), (edge.end, edge.start)):
            if degrees[tip] == 1 and degrees[root] >= 3:
                ratio = length(edge.points) / (SPUR_RADII * graph.radii[root])
                if ratio < 1 and (worst is None or ratio < worst[0]):
                    worst = (ratio, edge)
    return worst[1] if worst else None


def _twin(graph: Graph) -> Edge | None:
    """Finds the shortest edge between two junctions that lie inside one blob of ink."""
    degrees = graph.degrees()
    worst: tuple[float, Edge] | None = None
    for edge in graph.edges:
        if edge.start != edge.end and degrees[edge.start] >= 3 and degrees[edge.end] >= 3:
            size = (graph.radii[edge.start] + graph.radii[edge.end]) / 2
            ratio = length(edge.points) / (TWIN_RADII * size)
            if ratio < 1 and (worst is None or ratio < worst[0]):
                worst = (ratio, edge)
    return worst[1] if worst else None


def clean(graph: Graph) -> None:
    """Prunes spurs, then merges twin junctions, until neither is left."""
    graph.edges = [
        edge
        for edge in graph.edges
        if edge.start != edge.end or length(edge.points) > SPUR_RADII * graph.radii[edge.start]
    ]
    _join_pairs(graph)
    while (spur := _spur(graph)) is not None:
        graph.edges = [edge for edge in graph.edges if edge is not spur]
        _join_pairs(graph)
    while (twin := _twin(graph)) is not None:
        kept, gone = twin.start, twin.end
        graph.places[kept] = (graph.places[kept] + graph.places[gone]) / 2
        graph.edges = [edge for edge in graph.edges if edge is not twin]
        for edge in graph.edges:
            edge.start = kept if edge.start == gone else edge.start
            edge.end = kept if edge.end == gone else edge.end
            if edge.start == kept:
                edge.points[0] = graph.places[kept]
            if edge.end == kept:
                edge.points[-1] = graph.places[kept]
        _join_pairs(graph)
