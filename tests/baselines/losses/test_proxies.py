"""Losses with proxies: formulas, drawing, training and loading."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.siamese.network import Siamese
from benchmark.protocols import TrackInfo, TrainingData, TrainingRun

from .helpers import LABELS, make_loss, metric, proxied


def test_proxy_nca(embeddings: Tensor) -> None:
    loss, proxies = proxied("proxy-nca", "squared-euclidean")
    value = float(loss(metric("squared-euclidean"), embeddings, LABELS, None).detach())
    t = 256 / 0.6 / 9
    nats = []
    for x, label in zip(embeddings.double().numpy(), LABELS, strict=True):
        weights = [math.exp(-((x - p) ** 2).sum() / t) for p in proxies]
        nats.append(-math.log(weights[int(label)] / sum(weights)))
    assert value == pytest.approx(np.mean(nats), rel=1e-5)


def test_proxy_anchor(embeddings: Tensor) -> None:
    loss, proxies = proxied("proxy-anchor", "cosine")
    value = float(loss(metric("cosine"), embeddings, LABELS, None).detach())
    e = embeddings.double().numpy()
    pulls, pushes = [], []
    for c, proxy in enumerate(proxies):
        s = e @ proxy / np.linalg.norm(e, axis=1) / np.linalg.norm(proxy)
        own = [math.exp(-32 * (s[i] - 0.1)) for i in range(7) if int(LABELS[i]) == c]
        others = [math.exp(32 * (s[i] + 0.1)) for i in range(7) if int(LABELS[i]) != c]
        if own:
            pulls.append(math.log(1 + sum(own)))
        pushes.append(math.log(1 + sum(others)))
    assert value == pytest.approx(np.mean(pulls) + np.mean(pushes), rel=1e-5)


def test_proxies_follow_the_seed_and_load_into_a_fresh_loss() -> None:
    loss, proxies = proxied("proxy-nca", "cosine")
    again, same = proxied("proxy-nca", "cosine")
    assert np.array_equal(proxies, same)
    again.prepare(5, 3, seed=8)
    assert not np.array_equal(proxies, again.proxies.detach().numpy())
    fresh = make_loss("proxy-nca", "cosine")
    assert fresh.proxies.numel() == 0
    fresh.load_state_dict(loss.state_dict())
    assert torch.equal(fresh.proxies, loss.proxies)


def test_proxies_are_trained_with_the_network_and_load_into_another(
    track: TrackInfo,
    training: Callable[..., TrainingData],
    running: Callable[..., TrainingRun],
    quick: dict[str, Any],
) -> None:
    model = Siamese(0, track, loss="proxy-anchor", **quick)
    model.fit(training(), running())
    start = make_loss("proxy-anchor", "euclidean")
    start.prepare(12, model.recipe.embedding, seed=0)
    trained = model.state_dict()["loss.proxies"]
    assert trained.shape == start.proxies.shape
    assert not torch.equal(trained, start.proxies)
    Siamese(0, track, loss="proxy-anchor", **quick).load_state_dict(model.state_dict())
