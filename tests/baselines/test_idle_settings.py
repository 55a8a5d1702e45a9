"""A setting changes what a model learns or answers, or it is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.parts import part_names
from baselines.settings import settable
from baselines.siamese.traits import loss_needs, refusal
from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import TrackInfo, TrainingData, TrainingRun
from benchmark.registry import resolve

GREY = TrackInfo("small", "character", channels=1, side=32)
COLOUR = TrackInfo("small", "photograph", channels=3, side=32)
PAIRS = [
    (distance, loss)
    for distance in part_names("distances")
    for loss in part_names("losses")
    if refusal(distance, loss) is None
]
LABELS = torch.arange(4).repeat_interleave(3)
OTHERS = {"margin": 0.37, "temperature": 0.37, "learn_temperature": True, "hardest": 0.5}


def tuples_of(kind: str) -> torch.Tensor | None:
    """Positions in a batch of 12 items, three of each class, for losses on pairs or triplets."""
    items = range(12)
    if kind == "pairs":
        return torch.tensor([(a, b) for a in items for b in items if a < b])
    if kind == "triplets":
        same = [(a, b) for a in items for b in items if a != b and LABELS[a] == LABELS[b]]
        return torch.tensor([(*p, n) for p in same for n in items if LABELS[n] != LABELS[p[0]]])
    return None


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("loss", part_names("losses"))
def test_a_setting_of_a_loss_changes_it_or_is_refused(name: str, loss: str) -> None:
    for distance in (d for d, own in PAIRS if own == loss):

        def value(settings: dict[str, Any], distance: str = distance) -> list[float]:
            small = {"backbone": "mlp", "width": 0.0625, "input_size": 8}
            settings = {**small, "distance": distance, "loss": loss, **settings}
            model = resolve("siamese-conv4-euclidean-contrastive", settings).build(0, GREY, "quick")
            model.loss.prepare(4, model.recipe.embedding, 0)
            found = [float(sum(1 for _ in model.loss.parameters()))]
            for seed in range(4):
                draw = torch.Generator().manual_seed(seed)
                rows = torch.randn(12, model.recipe.embedding, generator=draw) * (0.05 + seed)
                chosen = tuples_of(model.recipe.batches)
                found.append(float(model.loss(model.metric, rows, LABELS, chosen)))
            return found

        try:
            changed = value({name: OTHERS[name]})
        except Refused:
            continue
        assert changed != value({}), f"{name} has no effect with {distance} and {loss}"


@pytest.mark.parametrize("loss", part_names("losses"))
def test_a_margin_is_refused_where_the_loss_has_none(loss: str) -> None:
    distance = next(d for d, own in PAIRS if own == loss)
    settings = {"distance": distance, "loss": loss, "margin": 0.37}
    spec = resolve("siamese-conv4-euclidean-contrastive", settings)
    if loss_needs(loss).margin:
        assert spec.build(0, GREY, "quick").recipe.margin == 0.37
        return
    with pytest.raises(Refused, match=rf"margin=0.37 has no effect: the loss '{loss}' has no"):
        spec.build(0, GREY, "quick")
    same = resolve("siamese-conv4-euclidean-contrastive", {**settings, "margin": 0})
    assert same.build(0, GREY, "quick").recipe.margin == 0  # what it is without the setting


# Another value for every setting of every model below.
VALUES: dict[str, Any] = {
    "width": 0.25, "input_size": 20, "classes": 5, "per_class": 3, "classes_from": "any",
    "turns": True, "augmentation": "none", "rotation": 50.0, "scale": 0.7, "shear": 0.7,
    "shift": 0.3, "elastic": 0.3, "smallest_crop": 0.1, "flip": False, "brightness": 0.9,
    "contrast": 0.9, "saturation": 0.9, "optimiser": "sgd", "learning_rate": 0.05,
    "momentum": 0.3, "weight_decay": 0.5, "schedule": "constant", "warm_up": 0.6,
    "largest_gradient": 0.01, "items": 900, "sizes": "16:0.5", "support": 2,
    "temperature": 0.01, "classifier": "cosine", "logit_scale": 3.0, "label_smoothing": 0.3,
    "head_steps": 3, "head_rate": 0.3, "head_decay": 0.5, "transform": "un", "penalty": 50.0,
    "inverse_penalty": 0.001, "smoothing": 0.5, "head_drop": 0.1, "filters": 8, "units": 3,
    "ways": 4, "queries": 2, "episodes": 2, "inner_steps": 2, "inner_rate": 0.5,
    "test_steps": 7, "first_order": False, "statistics": "queries", "neighbours": 1,
    "laplacian": 3.0, "bound_updates": 1, "rectify_sharpness": 0.1, "answer_shifted": False,
    "tuning_steps": 3, "tuning_rate": 0.5, "tuning_scale": 1.0, "steps": 1, "margin": 0.37,
    "hardest": 0.5, "batches": "pairs",
}  # fmt: skip
AGAIN = {  # where the above is the default
    "classes_from": "one-group", "augmentation": "character", "classifier": "linear",
    "per_class": 5,
}  # fmt: skip
# Not tried: names of parts, downloads, how often it is validated, and the arithmetic.
LEFT = {
    "backbone", "pretrained", "drop", "validations", "precision", "threads", "distance", "loss",
    "learn_temperature",
}  # fmt: skip
MODELS = [
    "siamese-conv4-euclidean-contrastive", "prototypical-conv4", "metaoptnet-ridge-conv4",
    "baseline-conv4", "baseline-plus-plus-conv4", "simple-shot-cl2n-conv4", "ridge-conv4",
    "laplacian-shot-conv4", "relation-conv4", "reptile-conv4",
]  # fmt: skip


def answers(
    key: str, track: TrackInfo, settings: dict[str, Any], data: DataSet, run: TrainingRun
) -> torch.Tensor:
    """Scores of one episode after a training of a few steps."""
    small = {"width": 0.125, "input_size": 24, "threads": 1}
    batch = {"items": 480} if "reptile" in key else {"items": 96, "classes": 4, "per_class": 4}
    small |= batch
    model = resolve(key, {**small, **settings}).build(0, track, "quick")
    spare = data.take(torch.arange(24).numpy())
    better = (number / 100 for number in range(100))  # the last weights are kept
    model.fit(TrainingData(train=data, validation=spare, validate=lambda model: next(better)), run)
    model.eval()
    draw = torch.Generator().manual_seed(1)
    side = model.input_size
    items = torch.rand(15, track.channels, side, side, generator=draw)
    labels = torch.arange(5 if "ways" not in settings else 4)
    support, queries = items[: len(labels)], items[5:]
    if hasattr(model, "classify_episode"):
        found: torch.Tensor = model.classify_episode(support, labels, queries, draw)
        return found
    with torch.no_grad():
        rows = model.embed(support), model.embed(queries)
        if hasattr(model, "classify"):
            return torch.cat([model.classify(rows[0][None], labels[None], rows[1][None]).flatten()])
        return torch.cat([rows[0].flatten(), rows[1].flatten()])


@pytest.mark.slow
@pytest.mark.parametrize("key", MODELS)
@pytest.mark.parametrize("track", [GREY, COLOUR], ids=["grey", "colour"])
def test_every_setting_has_an_effect_or_is_refused(
    key: str,
    track: TrackInfo,
    draw: Callable[..., DataSet],
    running: Callable[..., TrainingRun],
    tmp_path: Path,
) -> None:
    data = draw(channels=track.channels)
    plain = answers(key, track, {}, data, running())
    default = resolve(key, {"width": 0.125}).build(0, track, "quick").recipe
    names = [name for name in settable(type(default)) if name not in LEFT]
    assert {*names} <= {*VALUES}, "give the new setting another value here"
    for name in names:
        value = VALUES[name] if VALUES[name] != getattr(default, name) else AGAIN[name]
        try:
            found = answers(key, track, {name: value}, data, running())
        except OneshotError:
            continue
        same = found.shape == plain.shape and torch.equal(found, plain)
        assert not same, f"{name}={value} has no effect on {key}"


@pytest.mark.parametrize(
    ("key", "settings", "reason"),
    [
        ("prototypical-conv4", {"momentum": 0.5}, "optimiser is 'adam'"),
        ("prototypical-conv4", {"flip": False}, "augmentation is 'character'"),
        ("prototypical-conv4", {"augmentation": "none", "rotation": 9}, "augmentation is 'none'"),
        ("siamese-conv4-cosine-nt-xent", {"margin": 0.5}, "'nt-xent' has no margin"),
        ("baseline-conv4", {"logit_scale": 3}, "classifier is 'linear'"),
        ("baseline-conv4", {"classes_from": "any"}, "all classes at once"),
        ("laplacian-shot-conv4", {"laplacian": 0, "neighbours": 9}, "laplacian is 0"),
        ("reptile-conv4", {"first_order": False}, "no second derivatives"),
    ],
)
def test_the_reason_is_said_when_a_model_is_built(
    key: str, settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused, match=f"has no effect: .*{reason}"):
        resolve(key, settings).build(0, GREY, "quick")
