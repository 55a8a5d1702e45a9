"""MAML, ANIL and Reptile: the library's own steps, nothing kept, and who sees whom."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from baselines.episodic.anil import Anil
from baselines.episodic.maml import Maml
from baselines.episodic.reptile import Reptile
from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.job import chooser_of
from benchmark.protocols import TrackInfo, TrainingData, TrainingRun
from benchmark.tasks import track as find_track

learn2learn = pytest.importorskip("learn2learn.algorithms")
KINDS = {"maml": Maml, "anil": Anil, "reptile": Reptile}
SMALL: dict[str, Any] = {"width": 0.125, "input_size": 16, "threads": 1, "augmentation": "none"}


def make(kind: str, track: TrackInfo, **settings: Any) -> Any:
    return KINDS[kind](0, track, **SMALL, **settings).eval()


@pytest.fixture
def episode() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(1)
    support = torch.rand(5, 1, 16, 16, generator=draw)
    return support, torch.arange(5), torch.rand(7, 1, 16, 16, generator=draw)


def asked(model: Any, episode: Any) -> torch.Tensor:
    scores: torch.Tensor = model.classify_episode(*episode, torch.Generator())
    return scores


@pytest.mark.parametrize("kind", ["maml", "anil"])
def test_adapts_as_learn2learn_does(kind: str, track: TrackInfo, episode: Any) -> None:
    model = make(kind, track, statistics="queries", test_steps=2)
    support, labels, queries = episode
    part = model if kind == "maml" else model.head

    def see(images: torch.Tensor) -> torch.Tensor:
        return images if kind == "maml" else model.backbone(images)

    learner = learn2learn.MAML(part, lr=model.recipe.inner_rate).clone()
    for _ in range(2):
        learner.adapt(cross_entropy(learner(see(support)), labels))
    assert torch.allclose(asked(model, episode), learner(see(queries)), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_between_episodes(kind: str, track: TrackInfo, episode: Any) -> None:
    model = make(kind, track)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = asked(model, episode)
    with torch.no_grad():  # as validation during a training asks
        assert torch.equal(asked(model, episode), first)
    after = model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert all(weight.grad is None for weight in model.parameters())
    assert not first.requires_grad and first.shape == (7, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_transductive_form_lets_queries_see_each_other(
    kind: str, track: TrackInfo, episode: Any
) -> None:
    support, labels, queries = episode
    for statistics, alone in (("support", True), ("queries", False)):
        model = make(kind, track, statistics=statistics)
        whole = asked(model, episode)
        parts = [asked(model, (support, labels, queries[:3])),
                 asked(model, (support, labels, queries[3:]))]  # fmt: skip
        assert torch.allclose(torch.cat(parts), whole, atol=1e-4) == alone
        assert model.transductive is not alone


def test_the_first_order_leaves_derivatives_out(track: TrackInfo, episode: Any) -> None:
    support, labels, queries = episode

    def slopes(first_order: bool) -> tuple[torch.Tensor, torch.Tensor]:
        model = make("maml", track, first_order=first_order)
        loss = model.episode_loss(support, labels, queries[:5], labels)
        loss.backward()
        return loss.detach(), model.backbone.layers[0].weight.grad

    (loss, exact), (same, rough) = slopes(False), slopes(True)
    assert torch.allclose(loss, same) and not torch.allclose(exact, rough, rtol=1e-2)


def test_anil_adapts_the_head_alone(track: TrackInfo, episode: Any) -> None:
    model = make("anil", track, statistics="queries", test_steps=5)
    seen: list[torch.Tensor] = []
    model.backbone.register_forward_hook(lambda *args: seen.append(args[2].detach()))
    scores = asked(model, episode)
    with torch.no_grad():
        assert torch.equal(seen[1], model.backbone(episode[2]))  # of the unchanged backbone
        assert not torch.allclose(scores, model(episode[2]))
    assert len(seen) == 4  # support and queries once each, then twice here


def test_the_gradient_of_reptile_is_the_way_back(track: TrackInfo, episode: Any) -> None:
    model = make("reptile", track, inner_steps=2)
    support, labels, queries = episode
    model.episode_loss(support, labels, queries[:5], labels).backward()
    adapted, _ = model.adapted([support, queries[:5]], labels)
    for name, weight in model.named_parameters():
        assert torch.allclose(weight.grad, weight.detach() - adapted[name], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_trains_on_episodes_of_its_shape(
    kind: str,
    track: TrackInfo,
    training: Callable[..., TrainingData],
    running: Callable[..., TrainingRun],
) -> None:
    model = make(kind, track, ways=4, support=2, queries=1, episodes=2, items=48)
    assert model.trained_for == (4, 2)
    before = model.head.weight.detach().clone()
    assert model.fit(training(), running()).items == 48
    assert not torch.equal(model.head.weight, before)
    with pytest.raises(OneshotError, match="20-way"):
        make(kind, track, ways=20, queries=1).fit(training(), running())


def test_a_fixed_head_is_chosen_by_its_own_shape(track: TrackInfo, episode: Any) -> None:
    model = make("reptile", track)
    assert chooser_of(model, find_track("glyphs")) == "glyphs-5w1s@validation"
    assert chooser_of(object(), find_track("glyphs")) == "glyphs-20w1s@validation"
    with pytest.raises(OneshotError, match="trained for 3 ways"):
        asked(make("reptile", track, ways=3), episode)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"ways": 1}, "ways"), ({"inner_rate": 0}, "inner_rate"), ({"classes": 5}, "no setting")],
)
def test_refuses_what_makes_no_episode(
    track: TrackInfo, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(OneshotError, match=message):
        make("reptile", track, **settings)


def test_says_how_to_get_learn2learn(track: TrackInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(Refused, match="make learn2learn"):
        Maml(0, track)
