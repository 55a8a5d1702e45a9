"""Makes pen strokes of a letter's outline: thin it, clean the graph, join the edges that run
straight on through a junction, and smooth. Strokes carry nothing of the print's contrast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from graph import Graph, Points, build, clean, length
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter1d
from skimage.morphology import skeletonize

STRAIGHT_ON_DEGREES = 50.0
STEP = 0.012
FILLED_RADII = 2.6


@dataclass(frozen=True)
class Stroke:
    """A pen path [n, 2] as (x, y), y down; the letter's longer side is 1, its centre the origin."""

    points: Points
    closed: bool


@dataclass(frozen=True)
class Skeleton:
    """A letter's strokes, and its longer side in em: the script's own large and small letters."""

    strokes: tuple[Stroke, ...]
    size: float


def _towards(points: Points, distance: float) -> Points:
    """Returns the unit direction in which a path leaves its first point."""
    reach = np.hypot(*(points - points[0]).T)
    far = int(np.argmax(reach >= distance)) if reach.max() >= distance else len(points) - 1
    step = points[far] - points[0]
    return step / max(float(np.hypot(*step)), 1e-9)


def _straighten(points: Points, start: float, end: float) -> Points:
    """Drops the points near both junctions: thinning bends lines there."""
    first, last = points[0], points[-1]
    keep = (np.hypot(*(points - first).T) >= start) & (np.hypot(*(points - last).T) >= end)
    inner = points[keep]
    return np.vstack([first, inner, last]) if len(inner) >= 2 else points


def _chains(graph: Graph) -> list[tuple[Points, bool]]:
    """Joins edges into strokes by pairing, at each junction, the ends that run straight on."""
    ends: dict[tuple[int, int], tuple[int, Points]] = {}
    degrees = graph.degrees()
    for index, edge in enumerate(graph.edges):
        trim = [
            0.9 * graph.radii[node] if degrees[node] >= 3 else 0.0
            for node in (edge.start, edge.end)
        ]
        if edge.start != edge.end and length(edge.points) > 1.5 * sum(trim):
            edge.points = _straighten(edge.points, trim[0], trim[1])
        reach = 2.2 * max(graph.radii[edge.start], graph.radii[edge.end])
        ends[index, 0] = (edge.start, _towards(edge.points, reach))
        ends[index, 1] = (edge.end, _towards(edge.points[::-1], reach))
    options = []
    for one, (node, direction) in ends.items():
        for two, (other, opposite) in ends.items():
            if one < two and node == other and (one[0] != two[0] or degrees[node] == 2):
                bend = np.degrees(np.arccos(np.clip(-direction @ opposite, -1, 1)))
                if bend <= STRAIGHT_ON_DEGREES or degrees[node] == 2:
                    options.append((round(float(bend), 6), one, two))
    partner: dict[tuple[int, int], tuple[int, int]] = {}
    for _, one, two in sorted(options):
        if one not in partner and two not in partner:
            partner[one], partner[two] = two, one
    used: set[int] = set()
    chains = []
    starts = [end for end in ends if end not in partner] + list(ends)
    for start in starts:
        if start[0] in used:
            continue
        pieces, end = [], start
        closed = False
        while True:
            used.add(end[0])
            points = graph.edges[end[0]].points
            pieces.append(points if end[1] == 0 else points[::-1])
            following = partner.get((end[0], 1 - end[1]))
            if following is None or following[0] in used:
                closed = following == start
                break
            end = following
        path = np.vstack([pieces[0], *(piece[1:] for piece in pieces[1:])])
        chains.append((path, closed))
    return chains


def resample(points: Points, step: float) -> Points:
    """Spaces a path's points evenly, about `step` apart, both ends kept."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    places = np.linspace(0.0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], axis=1)


def smooth(points: Points, closed: bool, sigma: float) -> Points:
    """Smooths a path by a Gaussian of `sigma` points; open ends stay where they are."""
    if len(points) < 4 or sigma <= 0:
        return points
    if closed:
        inner = gaussian_filter1d(points[:-1], sigma, axis=0, mode="wrap")
        return np.vstack([inner, inner[:1]])
    # Reflecting through the end points keeps the ends in place and their direction free.
    pad = min(len(points) - 1, int(np.ceil(3 * sigma)))
    before = 2 * points[0] - points[pad:0:-1]
    after = 2 * points[-1] - points[-2 : -pad - 2 : -1]
    whole = gaussian_filter1d(np.vstack([before, points, after]), sigma, axis=0, mode="nearest")
    return np.asarray(whole[pad : pad + len(points)])


def skeleton(ink: NDArray[np.bool_], em: int) -> Skeleton | None:
    """Finds a letter's strokes.

    Args:
        ink: Outline [height, width] with a paper margin.
        em: Pixels in an em.

    Returns:
        The strokes; None where the letter has filled areas that no single pen path describes.
    """
    radius = np.asarray(distance_transform_edt(ink), dtype=np.float64)
    thin = skeletonize(ink)
    median = float(np.median(radius[thin]))
    if float(radius[thin].max()) > FILLED_RADII * median:
        return None
    graph = build(thin, radius)
    clean(graph)
    degrees = graph.degrees()
    paths = _chains(graph)
    lone = [place for node, place in sorted(graph.places.items()) if degrees[node] == 0]
    # Nodes that merging emptied have no edges either: only those still on lone ink are dots.
    covered = np.vstack([path for path, _ in paths]) if paths else np.zeros((0, 2))
    for place in lone:
        gap = np.hypot(*(covered - place).T).min() if len(covered) else np.inf
        if gap > 3 * median:
            paths.append((np.vstack([place, place + median * np.array([0.5, 0.3])]), False))
    if not paths:
        return None
    everything = np.vstack([path for path, _ in paths])
    low, high = everything.min(axis=0), everything.max(axis=0)
    longer = float((high - low).max())
    if longer < 6 * median / 2:
        return None
    strokes = []
    for path, closed in paths:
        placed = resample((path - (low + high) / 2) / longer, STEP)
        placed = smooth(placed, closed, 0.55 * median / longer / STEP)
        strokes.append(Stroke(placed, closed))
    return Skeleton(tuple(strokes), longer / em)
