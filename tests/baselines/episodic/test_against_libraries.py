"""The heads decide like easyfsl's, and the ridge regressions are scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import Tensor, nn

from baselines.ridge import ridge
from benchmark.evaluation.scorers import compare_pairs
from benchmark.models import distances


@pytest.fixture
def easyfsl():
    return pytest.importorskip("easyfsl.methods")


def theirs(model: nn.Module, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
    """Scores [b, q, n_way] of a model of easyfsl, episode by episode."""
    scores = []
    with torch.inference_mode():
        for one, names, asked in zip(support, labels, queries, strict=True):
            model.process_support_set(one, names)
            scores.append(model(asked))
    return torch.stack(scores)


class NoContext(nn.Module):
    """Stands in for both LSTMs of easyfsl's matching networks and adds nothing."""

    def forward(self, features: Tensor, state: tuple[Tensor, Tensor] | None = None):
        if state is None:
            return torch.zeros(*features.shape[:2], 2 * features.shape[2]), None
        return torch.zeros_like(state[0]), state[1]


@pytest.mark.parametrize("n_shot", [1, 3])
def test_prototypical(n_shot: int, easyfsl, model_of, drawn_episodes) -> None:
    support, labels, queries = drawn_episodes(n_shot=n_shot, n_query=40)
    prototypes = support.view(3, 4, n_shot, 16).mean(dim=2)
    scores = distances.declared(model_of("prototypical"), queries.shape[-1]).similarity(
        queries, prototypes
    )
    others = theirs(easyfsl.PrototypicalNetworks(), support, labels, queries)
    assert torch.equal(scores.argmax(dim=2), others.argmax(dim=2))


@pytest.mark.parametrize("n_shot", [1, 3])
def test_matching(n_shot: int, easyfsl, model_of, drawn_episodes) -> None:
    support, labels, queries = drawn_episodes(n_shot=n_shot, n_query=40)
    model = model_of("matching", temperature=0.1)
    other = easyfsl.MatchingNetworks(
        feature_dimension=16, support_encoder=NoContext(), query_encoder=NoContext()
    )
    # Theirs does not bring queries to length one: the length is what divides by a temperature.
    long = nn.functional.normalize(queries, dim=2) / 0.1
    scores, others = model.classify(support, labels, queries), theirs(other, support, labels, long)
    assert torch.equal(scores.argmax(dim=2), others.argmax(dim=2))
    assert torch.allclose(scores.exp(), others.exp(), atol=2e-5)


@pytest.mark.parametrize("n_shot", [1, 3])
def test_matching_in_full_context(n_shot: int, easyfsl, model_of, drawn_episodes) -> None:
    support, labels, queries = drawn_episodes(n_shot=n_shot, n_query=40)
    model = model_of("matching-fce", steps=4 * n_shot, temperature=0.2)  # theirs: one per support
    other = easyfsl.MatchingNetworks(
        feature_dimension=16, support_encoder=model.read_support, query_encoder=model.read_query
    )
    with torch.inference_mode():
        ours, asked = model.in_context(support, queries)
        for one, names, own, query, read in zip(support, labels, ours, queries, asked, strict=True):
            other.process_support_set(one, names)
            assert torch.allclose(other.contextualized_support_features, own, atol=1e-5)
            assert torch.allclose(other.encode_query_features(query), read, atol=1e-5)
        scores = model.classify(support, labels, queries)
    if n_shot == 1:  # then the length of the query, which theirs leaves, changes no decision
        others = theirs(other, support, labels, queries)
        assert torch.equal(scores.argmax(dim=2), others.argmax(dim=2))


@pytest.mark.parametrize("n_shot", [1, 3])
def test_relation(n_shot: int, easyfsl, model_of, drawn_episodes) -> None:
    model = model_of("relation", input_size=64)
    maps, height, width = model.map
    assert (maps, height, width) == (16, 4, 4)
    support, labels, queries = drawn_episodes(n_shot=n_shot, n_query=40, e=256)
    other = easyfsl.RelationNetworks(
        feature_dimension=maps, relation_module=nn.Sequential(model.relation, nn.Sigmoid())
    ).eval()
    with torch.inference_mode():
        scores = compare_pairs(model, support.view(3, 4, n_shot, 256), queries, "prototype")
    others = theirs(other, support.view(3, -1, *model.map), labels, queries.view(3, -1, *model.map))
    assert torch.equal(scores.argmax(dim=2), others.argmax(dim=2))
    assert torch.allclose(scores.sigmoid(), others, atol=1e-5)


@pytest.mark.parametrize("n_shot", [1, 3])
def test_feat(n_shot: int, easyfsl, model_of, drawn_episodes) -> None:
    from easyfsl.modules.attention_modules import MultiHeadAttention

    support, labels, queries = drawn_episodes(n_shot=n_shot, n_query=40)
    model = model_of("feat")
    layer = MultiHeadAttention(1, 16, 16, 16)
    names = {"w_qs": "query", "w_ks": "key", "w_vs": "value", "fc": "out", "layer_norm": "norm"}
    for name, own in names.items():
        getattr(layer, name).load_state_dict(getattr(model.adapt, own).state_dict())
    other = easyfsl.FEAT(attention_module=layer).eval()
    scores, others = (
        model.classify(support, labels, queries),
        theirs(other, support, labels, queries),
    )
    assert torch.equal(scores.argmax(dim=2), others.argmax(dim=2))
    assert torch.allclose((-scores * 16 * model.recipe.temperature).sqrt(), -others, atol=1e-4)


@pytest.mark.parametrize("n_shot", [1, 8])  # fewer supports than numbers, and more
def test_ridge(n_shot: int, drawn_episodes) -> None:
    support, labels, _ = drawn_episodes(n_shot=n_shot)
    targets = nn.functional.one_hot(labels).float()
    weights = ridge(support, targets, 2.5)
    for x, y, w in zip(support, targets, weights, strict=True):
        fitted = Ridge(alpha=2.5, fit_intercept=False).fit(x.double().numpy(), y.double().numpy())
        assert np.allclose(w.T.numpy(), fitted.coef_, atol=1e-5)


@pytest.mark.parametrize("n_shot", [1, 8])
@pytest.mark.parametrize("key", ["r2d2", "metaoptnet-ridge"])
def test_scores_of_ridge_heads(key: str, n_shot: int, model_of, drawn_episodes) -> None:
    support, labels, queries = drawn_episodes(n_shot=n_shot)
    model = model_of(key, penalty=0.5, logit_scale=3.0)
    with torch.inference_mode():
        scores = model.classify(support, labels, queries)
    if key == "r2d2":  # a column of ones is its bias
        support, queries = (nn.functional.pad(t, (0, 1), value=1.0) for t in (support, queries))
    targets = nn.functional.one_hot(labels).double()
    for x, y, asked, ours in zip(support, targets, queries, scores, strict=True):
        fitted = Ridge(alpha=0.5 * 16, fit_intercept=False).fit(x.double().numpy(), y.numpy())
        assert np.allclose(ours.numpy(), 3 * fitted.predict(asked.double().numpy()), atol=1e-4)
