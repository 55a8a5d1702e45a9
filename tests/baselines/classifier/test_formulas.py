"""The heads against scikit-learn, torch's own optimiser, and easyfsl."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

Make = Callable[..., Any]


@pytest.mark.parametrize(("n_way", "n_shot"), [(5, 1), (5, 5), (20, 1)])
def test_ridge_is_scikit_learns(n_way: int, n_shot: int, head: Make, episodes: Make) -> None:
    from sklearn.linear_model import Ridge

    support, labels, queries = episodes(n_way, n_shot, count=3)
    scores = head("ridge", penalty=0.3).classify(support, labels, queries)
    for e in range(3):
        x, x_asked = (normalize(part[e], dim=1).double().numpy() for part in (support, queries))
        model = Ridge(alpha=0.3).fit(x, np.eye(n_way)[labels[e]])
        np.testing.assert_allclose(scores[e], model.predict(x_asked), atol=1e-5)


@pytest.mark.parametrize(("n_way", "n_shot"), [(5, 1), (5, 5), (20, 1)])
@pytest.mark.parametrize("inverse", [0.5, 1.0, 10.0])
def test_logistic_regression_is_scikit_learns(
    n_way: int, n_shot: int, inverse: float, head: Make, episodes: Make
) -> None:
    from sklearn.linear_model import LogisticRegression

    support, labels, queries = episodes(n_way, n_shot, count=3)
    model = head("logistic-regression", inverse_penalty=inverse)
    scores = model.classify(support, labels, queries).softmax(dim=2)
    for e in range(3):
        x, x_asked = (normalize(part[e], dim=1).double().numpy() for part in (support, queries))
        theirs = LogisticRegression(C=inverse, max_iter=5_000, tol=1e-9).fit(x, labels[e])
        np.testing.assert_allclose(scores[e], theirs.predict_proba(x_asked), atol=1e-4)


def test_baseline_is_torchs_own_descent(head: Make, episodes: Make) -> None:
    support, labels, queries = episodes(n_shot=3, count=2)
    scores = head("baseline").classify(support, labels, queries)
    for e in range(2):
        layer = nn.Linear(32, 5)
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
        sgd = torch.optim.SGD(
            layer.parameters(), 0.01, momentum=0.9, dampening=0.9, weight_decay=0.001
        )
        for _ in range(100):
            sgd.zero_grad()
            cross_entropy(layer(support[e]), labels[e]).backward()
            sgd.step()
        torch.testing.assert_close(scores[e], layer(queries[e]).detach(), atol=1e-4, rtol=1e-4)


def test_baseline_plus_plus_is_torchs_own_descent(head: Make, episodes: Make) -> None:
    support, labels, queries = episodes(n_shot=3, count=2)
    scores = head("baseline-plus-plus").classify(support, labels, queries)
    for e in range(2):
        x = normalize(support[e], dim=1)
        weights = normalize(x.view(5, 3, 32).mean(dim=1), dim=1).requires_grad_()
        sgd = torch.optim.SGD([weights], 0.01, momentum=0.9, dampening=0.9, weight_decay=0.001)
        for _ in range(100):
            sgd.zero_grad()
            cross_entropy(10 * x @ normalize(weights, dim=1).T, labels[e]).backward()
            sgd.step()
        theirs = normalize(queries[e], dim=1) @ normalize(weights, dim=1).T
        torch.testing.assert_close(scores[e], theirs.detach(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("transform", ["un", "l2n", "cl2n"])
@pytest.mark.parametrize("n_shot", [1, 5])
def test_simple_shot_decides_as_easyfsl(
    transform: str, n_shot: int, head: Make, episodes: Make
) -> None:
    methods = pytest.importorskip("easyfsl.methods")
    support, labels, queries = episodes(n_shot=n_shot)
    model = head(f"simple-shot-{transform}")
    scores = model.classify(support, labels, queries)
    chosen = {
        "feature_centering": model.mean if transform == "cl2n" else None,
        "feature_normalization": None if transform == "un" else 2,
    }
    # Their SimpleShot compares by the cosine where the paper has the Euclidean distance, the same
    # decisions for single supports of length one; their prototypical networks do what the paper
    # says, on embeddings transformed alike.
    single = n_shot == 1 and transform != "un"
    for kind in ["PrototypicalNetworks", *(["SimpleShot"] if single else [])]:
        theirs = getattr(methods, kind)(nn.Identity(), **chosen)
        for e in range(len(support)):
            theirs.process_support_set(support[e], labels[e])
            assert torch.equal(theirs(queries[e]).argmax(dim=1), scores[e].argmax(dim=1))
