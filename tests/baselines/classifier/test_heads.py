"""What every head promises: no favoured class, no memory, and no peeking unless it says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.errors import OneshotError
from tests.baselines.conftest import HEADS

INDUCTIVE = [key for key, method in HEADS.items() if method.family == "classifier"]
Make = Callable[..., Any]


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("key", HEADS)
@pytest.mark.parametrize("n_shot", [1, 4])
def test_easy_episodes_are_answered(key: str, n_shot: int, head: Make, episodes: Make) -> None:
    support, labels, queries = episodes(n_shot=n_shot)
    scores = head(key).classify(support, labels, queries)
    assert scores.shape == (12, 15, 5) and torch.isfinite(scores).all()
    right = scores.argmax(dim=2) == torch.arange(5).repeat_interleave(3)
    assert right.float().mean() > 0.5


@pytest.mark.parametrize("key", HEADS)
def test_names_of_classes_do_not_matter(key: str, head: Make, episodes: Make) -> None:
    support, labels, queries = episodes(n_shot=2)
    renamed = torch.tensor([3, 0, 4, 1, 2])
    model = head(key)
    scores = model.classify(support, labels, queries)
    close(model.classify(support, renamed[labels], queries)[:, :, renamed], scores)


@pytest.mark.parametrize("key", HEADS)
def test_order_of_items_does_not_matter(key: str, head: Make, episodes: Make) -> None:
    support, labels, queries = episodes(n_shot=2)
    draw = torch.Generator().manual_seed(0)
    items, asked = torch.randperm(10, generator=draw), torch.randperm(15, generator=draw)
    model = head(key)
    scores = model.classify(support, labels, queries)
    close(model.classify(support[:, items], labels[:, items], queries[:, asked]), scores[:, asked])


@pytest.mark.parametrize("key", HEADS)
def test_nothing_is_remembered(key: str, head: Make, episodes: Make) -> None:
    model, asked = head(key), episodes()
    first = model.classify(*asked)
    model.classify(*episodes(n_way=3, n_shot=2))
    assert torch.equal(model.classify(*asked), first)
    for e in range(3):  # an episode alone is answered as among others
        close(model.classify(*(part[e : e + 1] for part in asked)), first[e : e + 1])


@pytest.mark.parametrize("key", HEADS)
def test_only_transductive_heads_see_other_queries(key: str, head: Make, episodes: Make) -> None:
    support, labels, queries = episodes()
    model = head(key)
    together = model.classify(support, labels, queries)[:, :1]
    alone = model.classify(support, labels, queries[:, :1])
    if key in INDUCTIVE:
        close(alone, together)
    else:
        assert model.transductive and not torch.allclose(alone, together, atol=1e-3)


@pytest.mark.parametrize("key", HEADS)
def test_heads_answer_in_inference_mode(key: str, head: Make, episodes: Make) -> None:
    asked = episodes()
    with torch.inference_mode():
        head(key).classify(*(part.clone() for part in asked))


@pytest.mark.parametrize(
    ("key", "setting"),
    [
        ("ridge", {"penalty": 0}),
        ("baseline", {"head_steps": 0}),
        ("laplacian-shot", {"laplacian": -0.1}),
        ("nearest-centroid", {"label_smoothing": 1}),
        ("nearest-centroid", {"logit_scale": 0}),
    ],
)
def test_settings_that_make_no_head_are_refused(
    key: str, setting: dict[str, Any], head: Make
) -> None:
    with pytest.raises(OneshotError, match=next(iter(setting))):
        head(key, **setting)
    head("laplacian-shot", laplacian=0)
