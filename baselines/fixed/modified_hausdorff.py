"""Modified Hausdorff distance between the inked pixels of two images.

Dubuisson, Jain: A Modified Hausdorff Distance for Object Matching. ICPR 1994 (their d6 with f2), as
the one-shot demonstration of Lake et al. computes it (github.com/brendenlake/omniglot).

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
    out = torch.empty(len(a), len(b), dtype=a.dtype, device=a.device)
    sizes = [int(count) for count in a_counts]
    columns = torch.cat([-2 * b, _norms(b), torch.ones_like(b[..., :1])], dim=2)  # [m, r, 4]
    for i, size in enumerate(sizes):
        points = a[i, :size]
        rows = torch.cat([points, torch.ones_like(points[:, :1]), _norms(points)], dim=1)  # [p, 4]
        many = max(1, BLOCK // (size * b.shape[1]))
        for j in range(0, len(b), many):
            # |x - y|^2 = |x|^2 + |y|^2 - 2xy, as one product of rows and columns.
            squares = rows @ columns[j : j + many].transpose(1, 2)  # [many, p, r]
            counts = b_counts[j : j + many]
            there = squares.amin(dim=2).clamp_(min=0).sqrt_().mean(dim=1)
            nearest = squares.amin(dim=1).clamp_(min=0).sqrt_()  # [many, r]
            real = torch.arange(nearest.shape[1], device=a.device) < counts[:, None]
            back = (nearest * real).sum(dim=1) / counts
            out[i, j : j + many] = torch.maximum(there, back)
    return out


def _norms(points: Tensor) -> Tensor:
    """[..., p, 2] -> [..., p, 1]: squared lengths."""
    return points.square().sum(dim=-1, keepdim=True)
