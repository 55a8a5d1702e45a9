"""The transductive heads against easyfsl and torch's own gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from baselines.transductive._rectify import rectified, shifted
from baselines.transductive.fine_tuning import entropy_gradient
from baselines.transductive.laplacian_shot import nearest_others, sum_of_rows

Make = Callable[..., Any]
THEIRS = {"rectify_sharpness": 1.0, "answer_shifted": False}  # where easyfsl leaves the papers


@pytest.mark.parametrize("n_shot", [1, 5])
def test_bd_cspn_is_easyfsls(n_shot: int, head: Make, episodes: Make) -> None:
    methods = pytest.importorskip("easyfsl.methods")
    support, labels, queries = episodes(n_shot=n_shot)
    scores = head("bd-cspn", **THEIRS).classify(support, labels, queries)
    theirs = methods.BDCSPN(nn.Identity(), feature_normalization=2)
    for e in range(len(support)):
        theirs.process_support_set(support[e], labels[e])
        expected = theirs(queries[e])  # once: asked again, it rectifies what it rectified before
        torch.testing.assert_close(scores[e], expected, atol=1e-5, rtol=1e-5)
        assert torch.equal(scores[e].argmax(dim=1), expected.argmax(dim=1))
        own, asked = (normalize(part[e : e + 1], dim=2) for part in (support, queries))
        prototypes = rectified(own, labels[:1], shifted(own, asked), 1.0)[0]
        torch.testing.assert_close(prototypes, theirs.prototypes, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("n_shot", [1, 5])
def test_laplacian_shot_is_easyfsls(n_shot: int, head: Make, episodes: Make) -> None:
    methods = pytest.importorskip("easyfsl.methods")
    support, labels, queries = episodes(n_shot=n_shot)
    model = head("laplacian-shot", **THEIRS)
    scores = model.classify(support, labels, queries)
    theirs = methods.LaplacianShot(
        nn.Identity(), feature_centering=model.mean, feature_normalization=2
    )
    for e in range(len(support)):
        theirs.process_support_set(support[e], labels[e])
        torch.testing.assert_close(scores[e].exp(), theirs(queries[e]), atol=1e-3, rtol=0)


def test_neighbours_are_the_nearest_others() -> None:
    line = torch.tensor([[[0.0], [1.0], [1.5], [4.0]]])
    assert nearest_others(line, 1).tolist() == [[[1], [2], [1], [2]]]
    assert (
        nearest_others(line, 9).shape == (1, 4, 3) and nearest_others(line[:, :1], 2).numel() == 0
    )
    rows = torch.tensor([[[1, 2], [0, 0], [1, 1], [2, 3]]])
    assert sum_of_rows(line, rows).flatten().tolist() == [2.5, 0.0, 2.0, 5.5]


def test_fine_tuning_is_torchs_own_adam(head: Make, episodes: Make) -> None:
    support, labels, queries = episodes(n_shot=2, count=2)
    model = head("transductive-fine-tuning")
    scores = model.classify(support, labels, queries)
    scale, rate = model.recipe.tuning_scale, model.recipe.tuning_rate
    for e in range(2):
        x, asked = normalize(support[e], dim=1), normalize(queries[e], dim=1)
        weights = normalize(x.view(5, 2, 32).mean(dim=1), dim=1).requires_grad_()
        bias = torch.zeros(5, requires_grad=True)
        adam = torch.optim.Adam([weights, bias], rate)
        for _ in range(model.recipe.tuning_steps):
            adam.zero_grad()
            log_p = (scale * (asked @ weights.T + bias)).log_softmax(dim=1)
            entropy = -(log_p.exp() * log_p).sum(dim=1).mean()
            (cross_entropy(scale * (x @ weights.T + bias), labels[e]) + entropy).backward()
            adam.step()
        theirs = scale * (asked @ weights.T + bias)
        torch.testing.assert_close(scores[e], theirs.detach(), atol=1e-3, rtol=1e-3)


def test_the_gradient_of_the_entropy() -> None:
    logits = torch.randn(4, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    log_p = logits.log_softmax(dim=1)
    (-(log_p.exp() * log_p).sum()).backward()
    torch.testing.assert_close(entropy_gradient(logits.detach()), logits.grad)
