"""What a hand does to a path: split it at corners, let it drift, run on or stop short, and bend
the plane it lies in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from graph import Points
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from skeletons import Stroke


def corners(stroke: Stroke) -> list[Stroke]:
    """Splits a stroke where it turns sharply: some hands lift or stop there."""
    points, window = stroke.points, 5
    if stroke.closed or len(points) < 4 * window:
        return [stroke]
    before = points[window:-window] - points[: -2 * window]
    after = points[2 * window :] - points[window:-window]
    turn = np.abs(
        np.arctan2(
            before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(axis=1)
        )
    )
    cuts = [0]
    while turn.size and turn.max() > 1.2:
        corner = int(turn.argmax())
        turn[max(0, corner - 2 * window) : corner + 2 * window] = 0.0
        if 2 * window < corner + window < len(points) - 2 * window:
            cuts.append(corner + window)
    cuts = [*sorted(cuts), len(points) - 1]
    return [Stroke(points[a : b + 1], False) for a, b in pairwise(cuts)]


def drift(rng: np.random.Generator, count: int, wave: float) -> NDArray[np.float64]:
    """Returns smooth unit-variance noise [count, 2] along a path."""
    noise = gaussian_filter1d(rng.normal(size=(count, 2)), wave, axis=0, mode="nearest")
    return np.asarray(noise * np.sqrt(2 * np.sqrt(np.pi) * wave))


def lengthen(points: Points, start: float, end: float) -> Points:
    """Runs a path's ends on (positive) or stops them short (negative), by a length."""
    step = np.hypot(*np.diff(points, axis=0).T).mean()
    for amount in (start, end):
        if amount >= 0:
            tail = points[-1] - points[-1 - min(6, len(points) - 1)]
            tail = tail / max(float(np.hypot(*tail)), 1e-9)
            points = np.vstack([points, points[-1] + amount * tail])
        else:
            drop = min(round(-amount / max(float(step), 1e-9)), len(points) // 4)
            points = points[: len(points) - drop]
        points = points[::-1]
    return points


def warp(points: Points, waves: NDArray[np.float64]) -> Points:
    """Adds low-frequency waves [n, 5] (frequency x, y, phase, amplitude x, y) to a plane."""
    moved = points.copy()
    for wave in waves:
        phase = np.sin(points @ wave[:2] + wave[2])
        moved += phase[:, None] * wave[3:]
    return moved
