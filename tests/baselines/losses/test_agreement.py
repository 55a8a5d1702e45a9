"""Losses against those of pytorch-metric-learning."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from baselines.siamese.losses._loss import COSINE_RADIUS
from baselines.siamese.traits import distance_traits

from .helpers import LABELS, make_loss, metric, proxied, value_of


def test_triplet_agrees_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pml = pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses

    theirs = losses.TripletMarginLoss(
        margin=0.3, distance=distances.LpDistance(normalize_embeddings=False)
    )
    ours = make_loss("triplet", "euclidean", margin=0.3)
    value = float(ours(metric("euclidean"), embeddings, LABELS, None))
    assert value == pytest.approx(float(theirs(embeddings, LABELS)), abs=1e-5), pml.__version__


def test_triplet_batch_hard_agrees_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses, miners, reducers

    distance = distances.LpDistance(normalize_embeddings=False)
    theirs = losses.TripletMarginLoss(0.5, distance=distance, reducer=reducers.MeanReducer())
    hardest = miners.BatchHardMiner(distance=distance)(embeddings, LABELS)
    value = value_of("triplet-batch-hard", "euclidean", embeddings, margin=0.5)
    assert value == pytest.approx(float(theirs(embeddings, LABELS, hardest)), abs=1e-5)


def test_losses_agree_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses, miners, reducers

    mean = reducers.MeanReducer()
    cosine = distances.CosineSimilarity()
    theirs = {
        "nt-xent": losses.NTXentLoss(temperature=0.1),
        "supervised-contrastive": losses.SupConLoss(temperature=0.1, reducer=mean),
        "circle": losses.CircleLoss(m=0.4, gamma=80, reducer=mean),
        "nca": losses.NCALoss(softmax_scale=10, distance=cosine),
        "multi-similarity": losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5),
    }
    mined = {"multi-similarity": miners.MultiSimilarityMiner(epsilon=0.1)(embeddings, LABELS)}
    for name, loss in theirs.items():
        expected = float(loss(embeddings, LABELS, mined.get(name)))
        assert value_of(name, "cosine", embeddings) == pytest.approx(expected, rel=1e-4), name


def test_n_pairs_agrees_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses

    theirs = losses.NPairsLoss(distance=distances.CosineSimilarity())
    # One pair of each class, since otherwise it draws them; the negatives are not read.
    chosen = tuple(torch.tensor(index) for index in ([0, 3, 5], [1, 4, 6], [0, 3], [3, 5]))
    ours = make_loss("n-pairs", "cosine", temperature=1.0)
    value = float(ours(metric("cosine"), embeddings, LABELS, None))
    assert value == pytest.approx(float(theirs(embeddings, LABELS, chosen)), rel=1e-4)


def test_geometric_losses_agree_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses

    lifted = losses.LiftedStructureLoss(
        neg_margin=1.0, distance=distances.LpDistance(normalize_embeddings=False)
    )
    traits = replace(distance_traits("euclidean"), radius=COSINE_RADIUS)
    ours = make_loss("lifted-structure", traits, margin=1.0, temperature=1.0)
    value = float(ours(metric("euclidean"), embeddings, LABELS, None))
    assert value == pytest.approx(float(lifted(embeddings, LABELS)), rel=1e-4)

    ours = make_loss("angular", "cosine")
    ours.alpha = 30.0  # where the terms that the paper drops are zero
    value = float(ours(metric("cosine"), embeddings, LABELS, None))
    unit = torch.nn.functional.normalize(embeddings)  # theirs does so for all but negatives
    expected = float(losses.AngularLoss(alpha=30)(unit, LABELS))
    assert value == pytest.approx(expected, rel=1e-4)


def test_proxy_losses_agree_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses

    theirs = {
        "proxy-nca": losses.ProxyNCALoss(
            5, 3, softmax_scale=9, distance=distances.CosineSimilarity()
        ),
        "proxy-anchor": losses.ProxyAnchorLoss(5, 3, margin=0.1, alpha=32),
    }
    for name, other in theirs.items():
        loss, _ = proxied(name, "cosine")
        other.proxies.data.copy_(loss.proxies.data)
        value = float(loss(metric("cosine"), embeddings, LABELS, None).detach())
        expected = float(other(embeddings, LABELS).detach())
        assert value == pytest.approx(expected, rel=1e-4), name
