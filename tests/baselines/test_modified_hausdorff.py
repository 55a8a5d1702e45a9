"""The modified Hausdorff distance against the demonstration's few lines."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from baselines.fixed import modified_hausdorff
from baselines.fixed.modified_hausdorff import ModifiedHausdorff
from benchmark.errors import Refused
from benchmark.protocols import TrackInfo


def drawings(count: int, seed: int) -> torch.Tensor:
    ink = np.random.default_rng(seed).random((count, 1, 30, 30))
    return torch.from_numpy((ink < np.linspace(0.02, 0.3, count)[:, None, None, None]) * 1.0)


def naive(a: torch.Tensor, b: torch.Tensor) -> float:
    """Distance of two drawings, as in one-shot-classification/demo.py of brendenlake/omniglot."""
    x, y = (np.array(image[0].numpy().nonzero()).T.astype(float) for image in (a, b))
    d = cdist(x - x.mean(axis=0), y - y.mean(axis=0))
    return float(max(d.min(axis=1).mean(), d.min(axis=0).mean()))


@pytest.mark.parametrize("block", [1, 1 << 12, 1 << 20])
def test_it_is_the_demonstrations(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(modified_hausdorff, "BLOCK", block)
    support, queries = drawings(5, 0), drawings(7, 1)
    expected = [[-naive(q, s) for s in support] for q in queries]
    result = ModifiedHausdorff().similarity(support, queries)
    assert result.shape == (7, 5)
    assert np.allclose(result, expected, atol=1e-6)


def test_it_does_not_depend_on_place_or_company() -> None:
    image = torch.zeros(2, 1, 20, 20)
    image[0, 0, 3:9, 4:6] = 1
    image[1, 0, 11:17, 13:15] = 1
    model = ModifiedHausdorff()
    assert float(model.similarity(image[:1], image[1:])) == pytest.approx(0, abs=1e-6)
    together = model.similarity(drawings(5, 0), drawings(4, 1))
    alone = model.similarity(drawings(5, 0)[2:3], drawings(4, 1))
    assert torch.allclose(together[:, 2:3], alone)


def test_blank_images_are_finite() -> None:
    blank = torch.zeros(1, 1, 20, 20)
    scores = ModifiedHausdorff().similarity(torch.cat([blank, torch.ones(1, 1, 20, 20)]), blank)
    assert torch.isfinite(scores).all() and float(scores[0, 0]) == 0


def test_photographs_are_refused(photographs: TrackInfo) -> None:
    with pytest.raises(Refused, match="ink of characters"):
        ModifiedHausdorff(track=photographs)
