"""What holds for every method that trains a head on episodes of embeddings.

Those that adapt the network itself (MAML, ANIL, Reptile) answer images: ../test_adaptation.py.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import Tensor

from baselines.episodic._episodes import split
from benchmark.errors import OneshotError
from benchmark.evaluation.scorers import compare_pairs
from benchmark.models import distances
from tests.baselines.conftest import EPISODIC

SHAPES = [(2, 1), (5, 1), (4, 3), (20, 5)]  # (n_way, n_shot): 20 x 5 supports exceed 16 numbers


def classify(model: Any, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
    """Scores [b, q, n_way] in the way in which the harness asks the model."""
    with torch.inference_mode():
        if hasattr(model, "classify"):
            return model.classify(support, labels, queries)
        n_way = int(labels.max()) + 1
        order = labels.argsort(dim=1, stable=True)
        ordered = support.gather(1, order[:, :, None].expand_as(support))
        classes = ordered.reshape(len(support), n_way, -1, support.shape[2])
        if hasattr(model, "compare"):
            return compare_pairs(model, classes, queries, "prototype")
        return distances.declared(model, queries.shape[-1]).similarity(queries, classes.mean(dim=2))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("key", EPISODIC)
def test_any_ways_and_shots(key: str, shape: tuple[int, int], model_of, drawn_episodes) -> None:
    n_way, n_shot = shape
    episodes = drawn_episodes(b=2, n_way=n_way, n_shot=n_shot)
    scores = classify(model_of(key), *episodes)
    assert scores.shape == (2, 7, n_way) and bool(scores.isfinite().all())


@pytest.mark.parametrize("key", EPISODIC)
def test_names_of_classes_do_not_matter(key: str, model_of, drawn_episodes) -> None:
    support, labels, queries = drawn_episodes()
    renamed = torch.tensor([2, 0, 3, 1])
    model = model_of(key)
    before = classify(model, support, labels, queries)
    after = classify(model, support, renamed[labels], queries)
    assert torch.allclose(after[:, :, renamed], before, atol=1e-4)
    assert not torch.allclose(after, before, atol=1e-2)


@pytest.mark.parametrize("key", EPISODIC)
def test_queries_are_answered_one_by_one(key: str, model_of, drawn_episodes) -> None:
    support, labels, queries = drawn_episodes()
    model = model_of(key)
    together = classify(model, support, labels, queries)
    turned = classify(model, support, labels, queries.flip(1))
    assert torch.allclose(turned.flip(1), together, atol=1e-4)
    alone = classify(model, support, labels, queries[:, 3:4])
    assert torch.allclose(alone, together[:, 3:4], atol=1e-4)


@pytest.mark.parametrize("key", EPISODIC)
def test_episodes_do_not_see_each_other(key: str, model_of, drawn_episodes) -> None:
    episodes = drawn_episodes()
    model = model_of(key)
    together = classify(model, *episodes)
    alone = classify(model, *(tensor[1:2] for tensor in episodes))
    assert torch.allclose(alone, together[1:2], atol=1e-4)


@pytest.mark.parametrize("key", EPISODIC)
def test_order_of_supports(key: str, model_of, drawn_episodes) -> None:
    support, labels, queries = drawn_episodes()
    order = torch.randperm(labels.shape[1], generator=torch.Generator().manual_seed(1))
    model = model_of(key)
    before = classify(model, support, labels, queries)
    after = classify(model, support[:, order], labels[:, order], queries)
    same = torch.allclose(after, before, atol=1e-4)
    assert same != getattr(model, "ordered_support", False)  # one that says so, and no other


@pytest.mark.parametrize("key", EPISODIC)
def test_nothing_is_kept_between_calls(key: str, model_of, drawn_episodes) -> None:
    episodes, others = drawn_episodes(), drawn_episodes(n_way=6, seed=1)
    model = model_of(key)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    first = classify(model, *episodes)
    classify(model, *others)
    assert torch.equal(classify(model, *episodes), first)
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("shots", [1, 2])
@pytest.mark.parametrize("key", EPISODIC)
def test_gradients_reach_every_parameter(key: str, shots: int, model_of) -> None:
    model = model_of(key, per_class=4, support=shots).train()
    draw = torch.Generator().manual_seed(0)
    images = torch.rand(5 * 4, 1, 16, 16, generator=draw)
    model.episode_loss(split(model(images), 4, shots)).backward()
    without = [
        name
        for name, weights in model.named_parameters()
        if weights.grad is None or not bool(weights.grad.abs().sum() > 0)
    ]
    assert not without


@pytest.mark.parametrize("key", EPISODIC)
def test_the_seed_draws_every_weight(key: str, model_of) -> None:
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    one, same, other = (model_of(key, seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[name], same[name]) for name in one)
    drawn = [n for n in one if one[n].is_floating_point() and one[n].ndim > 1]
    assert drawn and all(not torch.equal(one[name], other[name]) for name in drawn)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("key", EPISODIC)
def test_a_training_fits(key: str, model_of, training, running, quick: dict[str, Any]) -> None:
    model = model_of(key, **quick)
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    result = model.fit(training(), running())
    assert result.items == 96 and result.best_items and not model.training
    assert any(not torch.equal(before[n], w) for n, w in model.named_parameters())


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("matching", {"temperature": 0}),
        ("matching-fce", {"steps": 0}),
        ("relation", {"filters": 0}),
        ("r2d2", {"penalty": 0}),
        ("metaoptnet-ridge", {"smoothing": 1}),
        ("feat", {"head_drop": 1}),
        *((key, {"support": 2, "per_class": 2}) for key in EPISODIC),
    ],
)
def test_settings_that_make_no_sense(
    key: str, settings: dict[str, Any], model_of: Callable[..., Any]
) -> None:
    with pytest.raises(OneshotError):
        model_of(key, **settings)


@pytest.mark.parametrize("key", EPISODIC)
def test_what_is_searched_is_in_the_recipe(key: str, model_of) -> None:
    model = model_of(key)
    assert len(model.searches) == 8 and model.refits
    for factors in model.searches:
        assert all(getattr(model.recipe, name) > 0 for name in factors)


@pytest.mark.parametrize("key", EPISODIC)
def test_a_method_opens_with_its_paper(key: str) -> None:
    method = EPISODIC[key]
    text = import_module(method.target.partition(":")[0]).__doc__
    assert method.paper[-4:] in text and "Differences:" in text
    assert method.bibtex.startswith(method.paper.split()[0].lower() + method.paper[-4:])
