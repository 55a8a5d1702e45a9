"""One training serves all heads; it is chosen and centred without a look at any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from baselines.classifier._classifier import Centroids, PretrainedClassifier
from baselines.classifier.nearest_centroid import NearestCentroid
from baselines.classifier.simple_shot import SimpleShot
from benchmark.datasets.data_set import DataSet
from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.evaluation.run import run
from benchmark.protocols import TrackInfo
from benchmark.registry import resolve
from benchmark.tasks import loading
from benchmark.tasks import track as find_track
from benchmark.tasks.tracks import alphabets
from tests.baselines.conftest import HEADS

pytestmark = pytest.mark.training

Make = Callable[..., Any]


def test_one_training_serves_all_heads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loading, "pins", dict)
    fits = []
    fit = PretrainedClassifier.fit
    monkeypatch.setattr(
        PretrainedClassifier, "fit", lambda self, *a: fits.append(self.head) or fit(self, *a)
    )
    small = {"threads": 1, "validations": 1, "width": 0.1, "items": 128, "classifier": "cosine"}
    track = replace(find_track("glyphs"), validation=alphabets(("Osage",)))
    context = RunContext(work=tmp_path)
    records = []
    for key in HEADS:
        job = RunSpec(resolve(f"{key}-mlp", small), track, 0, "quick", ("glyphs-5w1s@validation",))
        records += run(job, context)
    assert fits == list(HEADS)[:1]
    assert len({record.provenance.weights for record in records}) == 1
    assert len({tuple(record.curve) for record in records}) == 1
    assert len({str(record.model.recipe) for record in records}) == len(HEADS)
    assert {r.model.pool for r in records} == {"inductive", "transductive"}


def test_the_mean_is_that_of_the_training_split(
    track: TrackInfo, quick: dict[str, Any], training: Make, running: Make, draw: Make
) -> None:
    data: DataSet = draw()
    other = replace(training(data), validation=draw(seed=1))
    model = SimpleShot(seed=0, track=track, **quick)
    assert not model.mean.any()
    model.fit(other, running())
    images = torch.from_numpy(data.images(model.input_size)).float() / 255
    with torch.no_grad():
        torch.testing.assert_close(model.mean, model(images).mean(dim=0), atol=1e-5, rtol=1e-5)
    again = SimpleShot(seed=0, track=track, **quick)
    again.fit(replace(other, validation=draw(seed=2)), running())
    assert torch.equal(model.mean, again.mean)


def test_validation_sees_no_head(
    track: TrackInfo, quick: dict[str, Any], training: Make, running: Make
) -> None:
    seen: list[Any] = []

    def validate(candidate: Any) -> float:
        seen.append(candidate)
        return 0.5

    NearestCentroid(seed=0, track=track, **quick).fit(training(validate=validate), running())
    assert seen and all(isinstance(each, Centroids) for each in seen)
    assert seen[0].distance == "cosine" and not hasattr(seen[0], "classify")


@pytest.mark.parametrize("classifier", ["linear", "cosine"])
@pytest.mark.parametrize("turns", [True, False])
def test_weights_survive_being_stored(
    classifier: str,
    turns: bool,
    track: TrackInfo,
    quick: dict[str, Any],
    training: Make,
    running: Make,
) -> None:
    settings = {**quick, "classifier": classifier, "turns": turns}
    model = SimpleShot(seed=0, track=track, **settings)
    model.fit(training(), running())
    assert model.classes.weight.shape == (48 if turns else 12, model.recipe.embedding)
    fresh = SimpleShot(seed=1, track=track, **settings)
    stored = save({k: v.contiguous() for k, v in model.state_dict().items()})
    fresh.load_state_dict(load(stored))
    assert all(torch.equal(v, model.state_dict()[k]) for k, v in fresh.state_dict().items())


def last_is_best() -> Callable[[Any], float]:
    """Keeps the last weights: Adam's first step knows the gradient's sign alone."""
    number = count()
    return lambda model: next(number) / 1000


@pytest.mark.parametrize("classifier", ["linear", "cosine"])
def test_label_smoothing_and_the_seed_change_the_training(
    classifier: str, track: TrackInfo, quick: dict[str, Any], training: Make, running: Make
) -> None:
    def weights(seed: int = 0, **settings: Any) -> torch.Tensor:
        chosen = {**quick, "classifier": classifier, **settings}
        model = NearestCentroid(seed=0, track=track, **chosen)
        model.fit(training(validate=last_is_best()), running(seed=seed))
        return model.classes.weight.detach()

    first = weights()
    assert torch.equal(first, weights())
    assert not torch.equal(first, weights(seed=1))
    assert not torch.equal(first, weights(label_smoothing=0.1))
