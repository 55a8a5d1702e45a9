"""The loop: a killed and resumed training equals one that ran through, bit by bit."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from baselines.episodic.prototypical import Prototypical
from baselines.siamese.network import Siamese
from baselines.training import checkpoint, loop
from benchmark.errors import OneshotError
from benchmark.protocols import Progress, TrackInfo, TrainingData, TrainingRun

pytestmark = pytest.mark.training

Make = Callable[..., Any]
VARIANTS = {
    "dropout and adam": {"backbone": "mlp"},
    "batch norm and sgd": {"backbone": "conv4", "optimiser": "sgd", "loss": "bce"},
    "pairs": {"batches": "pairs", "distance": "weighted-l1", "loss": "bce"},
}


class KilledError(Exception):
    """What a test throws into a training."""


def weights(model: torch.nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def killed_at(call: int) -> Callable[[Any], float]:
    calls = 0

    def validate(model: Any) -> float:
        nonlocal calls
        calls += 1
        if calls == call:
            raise KilledError
        return calls / 100

    return validate


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("every_step", [True, False])
def test_a_resumed_training_is_bitwise_the_same(
    track: TrackInfo,
    training: Make,
    running: Make,
    quick: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variant: str,
    every_step: bool,
) -> None:
    settings = {**quick, "validations": 3, **VARIANTS[variant]}
    rising = lambda: iter(range(1, 9))  # noqa: E731

    def fit(folder: Path | None, validate: Callable[[Any], float]) -> tuple[Siamese, Any]:
        model = Siamese(0, track, **settings)
        return model, model.fit(training(validate=validate), running(folder))

    scores = rising()
    straight, result = fit(None, lambda model: next(scores) / 100)
    assert len(result.curve) == 3 and result.best_items == result.items == 96

    if every_step:  # killed between validations: the last step of all is done again
        monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    with pytest.raises(KilledError):
        fit(tmp_path, killed_at(3))
    scores = iter([0.03])
    resumed, again = fit(tmp_path, lambda model: next(scores))
    assert equal(weights(straight), weights(resumed))
    assert again.curve == result.curve


def test_killed_by_whoever_watches(
    track: TrackInfo,
    training: Make,
    quick: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)

    def report(progress: Progress) -> None:
        if progress.items == 64:
            raise KilledError

    def fit(folder: Path | None, report: Callable[[Progress], None]) -> Prototypical:
        model = Prototypical(0, track, **quick)
        model.fit(training(), TrainingRun(0, "cpu", folder, report, "key"))
        return model

    straight = fit(None, lambda progress: None)
    with pytest.raises(KilledError):
        fit(tmp_path, report)
    state = checkpoint.read(tmp_path / checkpoint.NAME)
    assert state["step"] == 3
    assert equal(weights(straight), weights(fit(tmp_path, lambda progress: None)))


def test_the_first_of_the_best_weights_are_kept(
    track: TrackInfo, training: Make, running: Make, quick: dict[str, Any]
) -> None:
    seen: list[dict[str, Tensor]] = []
    scores = [0.3, 0.7, 0.7, 0.5]

    def validate(model: Any) -> float:
        assert not model.training
        seen.append(weights(model))
        return scores[len(seen) - 1]

    model = Siamese(0, track, **quick, validations=4)
    result = model.fit(training(validate=validate), running())
    assert equal(weights(model), seen[1]) and not equal(seen[1], seen[2])
    assert [point[2] for point in result.curve] == [3000, 7000, 7000, 5000]
    assert result.best_items == result.curve[1][0]
    assert not model.training
    assert all(isinstance(number, int) for point in result.curve for number in point)


def test_training_depends_on_the_seed(
    track: TrackInfo, training: Make, running: Make, quick: dict[str, Any]
) -> None:
    def fit(seed: int) -> dict[str, Tensor]:
        model = Siamese(seed, track, **quick)
        model.fit(training(), running(seed=seed))
        return weights(model)

    assert equal(fit(1), fit(1))
    assert not equal(fit(1), fit(2))


def test_nothing_global_is_changed(
    track: TrackInfo, training: Make, running: Make, quick: dict[str, Any]
) -> None:
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    model = Siamese(0, track, **{**quick, "backbone": "mlp", "threads": 1 + threads % 2})
    model.fit(training(), running())
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    "damage", ["truncated", "foreign", "other key", "other network", "code", "one bit"]
)
def test_a_checkpoint_that_is_not_to_be_trusted_is_put_aside(
    track: TrackInfo,
    training: Make,
    running: Make,
    quick: dict[str, Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: str,
) -> None:
    def fit(folder: Path | None, key: str = "key", **more: Any) -> Siamese:
        model = Siamese(0, track, **{**quick, **more})
        model.fit(training(), running(folder, key=key))
        return model

    straight = weights(fit(None))
    path = tmp_path / checkpoint.NAME
    if damage == "other key":
        fit(tmp_path, key="another")
    elif damage == "other network":
        fit(tmp_path, width=0.25)
    else:
        fit(tmp_path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-1000])
    if damage == "one bit":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    if damage == "foreign":
        path.write_bytes(b"not a checkpoint")
    if damage == "code":
        code = io.BytesIO()
        torch.save({"key": "key", "hook": KilledError()}, code)  # reading it would run code
        digest = hashlib.sha256(code.getvalue()).hexdigest().encode()
        path.write_bytes(checkpoint.FORMAT + digest + b"\n" + code.getvalue())
    assert equal(straight, weights(fit(tmp_path)))
    assert (tmp_path / f"{checkpoint.NAME}.broken").exists()
    assert not list(tmp_path.glob("*.part"))
    assert str(path) in caplog.text and f"{checkpoint.NAME}.broken" in caplog.text, "it is named"


def test_a_loss_that_is_no_number_stops_the_training(
    track: TrackInfo,
    training: Make,
    running: Make,
    quick: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = Siamese(0, track, **quick)
    metric = model.metric.forward
    monkeypatch.setattr(model.metric, "forward", lambda a, b: metric(a, b) * float("nan"))
    with pytest.raises(OneshotError, match=r"became nan at step 1 of 6.*learning_rate=0\.000"):
        model.fit(training(), running(tmp_path))
    assert not (tmp_path / checkpoint.NAME).exists()


@pytest.mark.parametrize("loss", ["contrastive", "triplet", "bce"])
def test_networks_learn(
    track: TrackInfo, training: Make, running: Make, quick: dict[str, Any], loss: str
) -> None:
    data: TrainingData = training()
    images = torch.from_numpy(data.train.images(16)).float() / 255
    labels = torch.from_numpy(data.train.labels)

    def nearest_is_of_the_class(model: Siamese) -> float:
        with torch.no_grad():
            d = torch.cdist(model.embed(images), model.embed(images))
        d.fill_diagonal_(float("inf"))
        return float((labels[d.argmin(dim=1)] == labels).float().mean())

    settings = {**quick, "items": 3200, "augmentation": "none", "turns": False, "loss": loss}
    model = Siamese(0, track, **settings, learning_rate=0.005)
    before = nearest_is_of_the_class(model.eval())
    result = model.fit(training(validate=nearest_is_of_the_class), running())
    assert result.curve[-1][1] < result.curve[0][1]  # the loss falls
    assert nearest_is_of_the_class(model) > max(0.6, before)


def test_a_full_disk_is_named_and_the_checkpoint_before_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from baselines.training import checkpoint

    checkpoint.save(tmp_path, {"step": 1})
    before = (tmp_path / "checkpoint.pt").read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OneshotError, match=r"No space left on device.*--work DIR"):
        checkpoint.save(tmp_path, {"step": 2})
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
