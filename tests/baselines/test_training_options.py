"""What a training can be told: sizes that grow, texts, final fits, settings that make no sense."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.episodic.prototypical import Prototypical
from baselines.recipe import TrainingRecipe
from baselines.siamese.network import Siamese
from baselines.training.sizes import Sizes, stages
from benchmark.datasets.data_set import DataSet, whole
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import TrackInfo, TrainingData

pytestmark = pytest.mark.training

Make = Callable[..., Any]


def test_sizes_follow_the_step() -> None:
    sizes = Sizes(TrainingRecipe(sizes="48:0.4,64:0.7", input_size=84), steps=10)
    assert [sizes.at(step) for step in range(10)] == [48] * 4 + [64] * 3 + [84] * 3
    assert Sizes(TrainingRecipe(), steps=3).at(0) == 28


@pytest.mark.parametrize("text", ["48", "a:0.5", "48:0", "48:0.7,64:0.4", "48:2", "0:0.5"])
def test_sizes_that_make_no_sense_are_named(text: str) -> None:
    with pytest.raises(OneshotError, match=f"sizes={text}"):
        stages(text)


def test_a_training_grows_its_images(
    track: TrackInfo, training: Make, running: Make, quick: dict[str, Any]
) -> None:
    model = Siamese(0, track, **{**quick, "input_size": 24, "sizes": "16:0.5"})
    seen: list[int] = []
    forward = model.backbone.forward

    def watched(images: torch.Tensor) -> torch.Tensor:
        seen.append(images.shape[-1])
        out: torch.Tensor = forward(images)
        return out

    model.backbone.forward = watched  # type: ignore[method-assign]
    model.fit(training(), running())
    assert seen == [16, 16, 16, 24, 24, 24]


def test_weights_behind_the_backbone_need_one_width(track: TrackInfo) -> None:
    sizes = {"input_size": 32, "sizes": "16:0.5"}
    Siamese(0, track, **sizes, distance="euclidean")
    for parts in ({"distance": "mahalanobis"}, {"distance": "cosine", "loss": "proxy-nca"}):
        with pytest.raises(Refused, match="one width"):
            Siamese(0, track, **sizes, **parts)
    Siamese(0, track, **sizes, distance="mahalanobis", backbone="resnet10", width=0.125)
    with pytest.raises(Refused, match="does not take 16"):
        Siamese(0, track, **sizes, backbone="vit-tiny", width=0.1)


def test_a_final_fit_stops_where_it_is_told_and_keeps_the_last_weights(
    track: TrackInfo, data_set: DataSet, running: Make, quick: dict[str, Any]
) -> None:
    def fit(items: int | None) -> tuple[Siamese, Any]:
        model = Siamese(0, track, **quick)
        validate = None if items else (lambda candidate: 0.5)
        data = TrainingData(data_set, None if items else data_set, validate, items)
        return model, model.fit(data, running())

    half, result = fit(48)
    assert (result.items, result.best_items, result.curve) == (48, 48, [])
    through, _ = fit(96)
    chosen, _ = fit(None)  # the first of equal validations: after one step of eight
    assert not torch.equal(weight(half), weight(through))
    assert not torch.equal(weight(chosen), weight(through))


def weight(model: Siamese) -> torch.Tensor:
    return next(model.parameters()).detach()


def test_the_curve_is_written_as_it_grows(
    track: TrackInfo, training: Make, running: Make, quick: dict[str, Any], tmp_path: Path
) -> None:
    lines: list[int] = []

    def validate(model: Any) -> float:
        path = tmp_path / "curve.csv"
        lines.append(len(path.read_text().splitlines()) if path.exists() else 0)
        return 0.25

    model = Siamese(0, track, **quick, validations=3)
    result = model.fit(training(validate=validate), running(tmp_path))
    assert lines == [0, 2, 3]
    rows = list(csv.DictReader((tmp_path / "curve.csv").open()))
    assert [int(row["items"]) for row in rows] == [point[0] for point in result.curve]
    assert {row["validation_accuracy"] for row in rows} == {"0.2500"}


@pytest.fixture
def words() -> DataSet:
    """Eight made-up languages of 12 words, each from five letters of its own."""
    draw = np.random.default_rng(0)
    letters = [chr(0x430 + 5 * c + i) for c in range(8) for i in range(5)]
    texts = [
        "".join(draw.choice(letters[5 * c : 5 * c + 5], draw.integers(3, 9)))
        for c in range(8)
        for _ in range(12)
    ]
    labels = np.repeat(np.arange(8), 12)
    stored = np.array(texts, dtype=object)
    return whole("words", "text", stored, labels, [f"language {c}" for c in range(8)])


@pytest.mark.parametrize("kind", [Siamese, Prototypical])
def test_texts_are_learned_from(words: DataSet, running: Make, kind: Any) -> None:
    track = TrackInfo("words", "text", channels=1, side=32)
    model = kind(
        0, track, backbone="char-cnn", width=0.25, threads=1, items=1_600, classes=8, per_class=2
    )
    codes = torch.from_numpy(words.inputs(model.input_size))
    labels = torch.from_numpy(words.labels)

    def nearest_is_of_the_class(candidate: Any) -> float:
        candidate.eval()
        with torch.no_grad():
            d = torch.cdist(candidate.embed(codes), candidate.embed(codes))
        d.fill_diagonal_(float("inf"))
        return float((labels[d.argmin(dim=1)] == labels).float().mean())

    before = nearest_is_of_the_class(model)
    model.fit(TrainingData(words, words, nearest_is_of_the_class), running())
    assert nearest_is_of_the_class(model) > max(before, 0.9)


def test_images_and_texts_are_not_mistaken_for_each_other(track: TrackInfo) -> None:
    with pytest.raises(Refused, match="takes texts; the track 'small' holds character data"):
        Siamese(0, track, backbone="char-cnn")
    with pytest.raises(Refused, match="backbone=char-cnn"):
        Siamese(0, TrackInfo("words", "text", 1, 32), backbone="conv4")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"loss": "nt-xent", "temperature": 0}, "needs a temperature above 0"),
        ({"loss": "nt-xent", "temperature": -1}, "needs a temperature above 0"),
        ({"loss": "triplet", "temperature": 0.1}, "has no temperature to set"),
        ({"loss": "triplet", "learn_temperature": True}, "no temperature to learn"),
        (
            {"loss": "nt-xent", "temperature": 0.001, "learn_temperature": True},
            "cannot start at 0.001",
        ),
        ({"loss": "triplet", "hardest": 0}, "hardest=0 must lie"),
        ({"loss": "nt-xent", "hardest": 0.5}, "does its own mining"),
        ({"drop": 0.1}, "drop"),
        ({"pretrained": True}, "weights"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    track: TrackInfo, settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(OneshotError, match=says):
        Siamese(0, track, **settings)


def test_published_weights_are_another_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    from baselines.backbones import _build
    from benchmark.evaluation.job import RunContext, RunSpec
    from benchmark.evaluation.run import run
    from benchmark.registry import resolve
    from benchmark.tasks import track as find_track

    asked: list[bool] = []
    build = _build.build

    def watched(name: str, *arguments: Any) -> torch.nn.Module:
        asked.append(arguments[-1])
        return build("mlp", *arguments[:-2], 0.0, False)

    monkeypatch.setattr(_build, "build", watched)
    few = {"items": 64, "width": 0.1, "threads": 1, "validations": 1, "pretrained": True}
    spec = resolve("siamese-mlp-euclidean-triplet", few)
    job = RunSpec(spec, find_track("glyphs"), 0, "quick", ("glyphs-5w1s",))
    (record,) = run(job, RunContext())
    assert set(asked) == {True}
    assert record.model.pool == "pretrained"
    assert record.model.seen == ["published weights of mlp", "glyphs/train"]


def test_a_learned_temperature_is_trained_and_kept(
    track: TrackInfo, training: Make, running: Make, quick: dict[str, Any]
) -> None:
    model = Siamese(0, track, **quick, loss="nt-xent", distance="cosine", learn_temperature=True)
    before = float(model.loss.log_scale.detach())
    scores = iter([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    model.fit(training(validate=lambda candidate: next(scores)), running())
    assert float(model.loss.log_scale.detach()) != before
    assert "loss.log_scale" in model.state_dict()
