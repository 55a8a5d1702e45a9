"""Modified Hausdorff distance between the inked pixels of two images.

Dubuisson, Jain: A Modified Hausdorff Distance for Object Matching. ICPR 1994 (their d6 with f2), as
the one-shot demonstration of Lake et al. computes it (github.com/brendenlake/omniglot).

Idea: two drawings are as unlike as the mean way from an inked pixel of one to the nearest inked
pixel of the other, the longer of both directions. A classic of shape matching, and Lake's own
baseline.

Differences: none; 38.75 % error on the 20 official runs, where the demonstration states 38.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from baselines.settings import with_settings
from benchmark.errors import Refused
from benchmark.protocols import TrackInfo

BLOCK = 1 << 18  # distances held at once: 2 MiB in double precision, so that they stay in cache
FAR = 1e6  # where padding points lie, further than any image is wide


@dataclass(frozen=True)
class HausdorffRecipe:
    """Where ink begins."""

    ink: float = 0.5  # grey level above which a pixel is ink, in (0, 1)


class ModifiedHausdorff:
    """Minus the modified Hausdorff distance of two characters, in pixels; needs no seed.

    Raises:
        Refused: the track holds no characters.
    """

    def __init__(
        self, seed: int = 0, track: TrackInfo | None = None, budget: str = "quick", **settings: Any
    ) -> None:
        if track is not None and track.family != "character":
            raise Refused(
                "The modified Hausdorff distance compares the ink of characters; "
                f"the track '{track.name}' holds {track.family} data."
            )
        self.recipe = with_settings(HausdorffRecipe(), settings)

    def similarity(self, support: Tensor, queries: Tensor) -> Tensor:
        """[s, c, h, w] and [q, c, h, w] -> float64 [q, s], at most 0; higher is more alike."""
        s_points, s_counts = self.points(support)
        q_points, q_counts = self.points(queries)
        return -modified_hausdorff(q_points, q_counts, s_points, s_counts)

    def points(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """[n, c, h, w] -> float64 [n, most, 2] ink coordinates around their mean, int64 [n] counts.

        Rows beyond an image's count are padding, far away. An image without ink gets one point at
        its centre, so that its distances are finite.
        """
        ink = images.mean(dim=1) > self.recipe.ink
        counts = ink.sum(dim=(1, 2))
        most = max(1, int(counts.max()))
        points = torch.full((len(images), most, 2), FAR, dtype=torch.float64, device=images.device)
        image, row, column = ink.nonzero(as_tuple=True)  # sorted by image
        place = torch.arange(len(image), device=images.device) - (counts.cumsum(0) - counts)[image]
        where = torch.stack([row, column], dim=1).double()
        sums = torch.zeros(len(images), 2, dtype=torch.float64, device=images.device)
        sums.index_add_(0, image, where)  # sums of whole numbers: exact in any order
        mean = sums / counts.clamp(min=1)[:, None]
        points[image, place] = where - mean[image]
        points[counts == 0, 0] = 0.0
        return points, counts.clamp(min=1)


def modified_hausdorff(a: Tensor, a_counts: Tensor, b: Tensor, b_counts: Tensor) -> Tensor:
    """Distances [n, m] between padded sets of points [n, p, 2] and [m, r, 2], in their unit.

    The greater of the two mean distances from each point of one set to the nearest of the other.
    """
    # |x - y|^2 = |x|^2 + |y|^2 - 2xy, as one product of rows and columns.
    rows = torch.cat([a, torch.ones_like(a[..., :1]), _norms(a)], dim=2)  # [n, p, 4]
    columns = torch.cat([-2 * b, _norms(b), torch.ones_like(b[..., :1])], dim=2)  # [m, r, 4]
    pairs = [
        _pair(row[:p], column[:r].T)
        for row, p in zip(rows, a_counts.tolist(), strict=True)
        for column, r in zip(columns, b_counts.tolist(), strict=True)
    ]
    return torch.stack(pairs).reshape(len(a), len(b))


def _pair(rows: Tensor, columns: Tensor) -> Tensor:
    """Rows [p, 4] and columns [4, r] of two sets -> their distance, a scalar.

    Characters have hundreds of inked pixels: one pair fills the cache, so pairs come one by one
    without padding, and a large pair in blocks of rows.
    """
    there, back = [], []
    for block in torch.split(rows, max(1, BLOCK // columns.shape[1])):
        squares = block @ columns
        there.append(squares.amin(dim=1))
        back.append(squares.amin(dim=0))
    nearest = torch.stack(back).amin(dim=0)
    return torch.maximum(_mean_root(torch.cat(there)), _mean_root(nearest))


def _mean_root(squares: Tensor) -> Tensor:
    return squares.clamp(min=0).sqrt().mean()  # rounding can leave a square a hair below zero


def _norms(points: Tensor) -> Tensor:
    """[..., p, 2] -> [..., p, 1]: squared lengths."""
    return points.square().sum(dim=-1, keepdim=True)
