"""Models of every episodic method, and drawn episodes of embeddings for them to answer."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.protocols import TrackInfo
from tests.baselines.conftest import EPISODIC

Drawn = tuple[Tensor, Tensor, Tensor]


@pytest.fixture
def model_of(track: TrackInfo) -> Callable[..., Any]:
    """Makes the model of a method with embeddings of 16 numbers, in evaluation mode."""

    def make(key: str, seed: int = 0, **settings: Any) -> Any:
        module, _, name = EPISODIC[key].target.partition(":")
        settings = {"width": 0.25, "input_size": 16, "threads": 1} | settings
        return getattr(import_module(module), name)(seed, track, **settings).eval()

    return make


@pytest.fixture
def drawn_episodes() -> Callable[..., Drawn]:
    """Makes (support [b, s, e], labels [b, s], queries [b, q, e]) around class means."""

    def make(
        b: int = 3, n_way: int = 4, n_shot: int = 2, n_query: int = 7, e: int = 16, seed: int = 0
    ) -> Drawn:
        draw = torch.Generator().manual_seed(seed)
        means = torch.randn(b, n_way, e, generator=draw)
        labels = torch.arange(n_way).repeat_interleave(n_shot).expand(b, -1)
        noise = torch.randn(b, n_way * n_shot, e, generator=draw)
        support = means.repeat_interleave(n_shot, dim=1) + 0.8 * noise
        asked = torch.randint(n_way, (b, n_query), generator=draw)
        queries = means.gather(1, asked[:, :, None].expand(-1, -1, e))
        queries = queries + 0.8 * torch.randn(b, n_query, e, generator=draw)
        return support.relu(), labels, queries.relu()  # as the embeddings of Conv4

    return make
