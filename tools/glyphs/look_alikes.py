"""Decides which letters look alike: chamfer distances between plain drawings at several small
alignments, in whole numbers so that the outcome does not depend on the order of a sum."""

from __future__ import annotations

import numpy as np
from graph import Points
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skeletons import Skeleton, resample

GRID = 40
LONGER = 28
# Letters nearer than these fractions of the longer side look alike. The second is larger because
# one shape differs a little from font to font.
WITHIN_SCRIPT = 0.025
ACROSS_SCRIPTS = 0.031
STRETCHES = ((1.0, 1.0), (0.82, 1.0), (1.0, 0.82), (1.22, 1.0), (1.0, 1.22))


def _square(points: Points) -> Points:
    """Stretches a shape to a square box, unless one side is less than half of the other."""
    sides = np.ptp(points, axis=0)
    return points / sides if sides.min() >= sides.max() / 2 else points


def _grid(points: Points, by_mass: bool) -> NDArray[np.bool_]:
    """Marks a letter's path on a grid [40, 40], longer side 28, centred by its box or its mass."""
    low, high = points.min(axis=0), points.max(axis=0)
    centre = points.mean(axis=0) if by_mass else (low + high) / 2
    cells = (points - centre) / (high - low).max() * LONGER + GRID / 2
    cells = np.clip(np.floor(np.round(cells, 6)).astype(np.int64), 0, GRID - 1)
    image = np.zeros((GRID, GRID), dtype=np.bool_)
    image[cells[:, 1], cells[:, 0]] = True
    return image


# Ink [n, 1600], sixteenths of cells to the nearest ink [n, 1600], and counts of ink [n].
View = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


class Shapes:
    """A letter's plain shape at every alignment, and distances to all of the upright shapes."""

    def __init__(self, skeletons: list[Skeleton]) -> None:
        paths = [
            np.vstack([resample(stroke.points, 0.02) for stroke in skeleton.strokes])
            for skeleton in skeletons
        ]
        self._views: list[View] = []
        for by_mass in (False, True):
            for stretch in STRETCHES:
                self._add([_grid(path * np.array(stretch), by_mass) for path in paths])
        self._add([_grid(_square(path), False) for path in paths])

    def _add(self, images: list[NDArray[np.bool_]]) -> None:
        ink = np.stack(images)
        far = np.stack([np.rint(16 * distance_transform_edt(~image)) for image in ink])
        flat = ink.reshape(len(ink), -1).astype(np.float32)
        self._views.append((flat, far.reshape(len(far), -1).astype(np.float32), flat.sum(axis=1)))

    def distances(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Returns the distances of some letters to others, as fractions of a letter.

        The larger of the two directed mean distances, the least over the alignments of either
        letter against the other's unstretched shape, and of both stretched to a square. Products
        are sums of whole numbers below 2**24: exact.

        Returns:
            Distances [len(rows), len(columns)].
        """
        best = np.full((len(rows), len(columns)), np.inf)
        half = len(STRETCHES)
        for index, view in enumerate(self._views):
            upright = self._views[0 if index < half else half if index < 2 * half else index]
            for first, second in ((view, upright), (upright, view)):
                ink_1, far_1, count_1 = (values[rows] for values in first)
                ink_2, far_2, count_2 = (values[columns] for values in second)
                there = (ink_1 @ far_2.T).astype(np.float64) / count_1[:, None]
                back = (far_1 @ ink_2.T).astype(np.float64) / count_2[None, :]
                best = np.minimum(best, np.maximum(there, back))
        return best / (16 * LONGER)
