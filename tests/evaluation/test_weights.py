"""Trained weights are rounded before they answer, so that kept ones give the same answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmark.evaluation import weights
from benchmark.evaluation.job import RunContext, RunSpec, build
from benchmark.evaluation.recompute import recompute
from benchmark.evaluation.run import run
from benchmark.registry import resolve
from benchmark.tasks import track

pytestmark = pytest.mark.process

SMALL = {"items": 640, "validations": 1, "width": 0.25, "threads": 1}


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(3, 2)
        self.norm = torch.nn.BatchNorm1d(2)
        self.norm.running_var.fill_(1e-12)  # zero in float16


def test_matrices_are_rounded_and_vectors_are_not() -> None:
    net = Net()
    matrix, bias = net.layer.weight.detach().clone(), net.layer.bias.detach().clone()
    weights.round_to_half(net)
    assert net.layer.weight.dtype == torch.float32
    assert torch.equal(net.layer.weight, matrix.half().float())
    assert not torch.equal(net.layer.weight, matrix)
    assert torch.equal(net.layer.bias, bias)
    assert net.norm.running_var.tolist() == [pytest.approx(1e-12)] * 2


def test_what_float16_cannot_hold_stays_as_it_is() -> None:
    net = Net()
    with torch.no_grad():
        net.layer.weight[0, 0] = 1e6
    before = net.layer.weight.detach().clone()
    weights.round_to_half(net)
    assert torch.equal(net.layer.weight, before)


def test_bytes_bring_back_the_same_weights_in_half_the_space() -> None:
    net, other = Net(), Net()
    with torch.no_grad():
        net.layer.weight.normal_()
    weights.round_to_half(net)
    data = weights.to_bytes(net, "seen")
    weights.put(other, data)
    assert torch.equal(other.layer.weight, net.layer.weight)
    assert other.layer.weight.dtype == torch.float32
    assert weights.to_bytes(other, "seen") == data
    large = torch.nn.Linear(500, 500)
    assert len(weights.to_bytes(large, "")) < 0.51 * 4 * 500 * 501


def test_other_bytes_in_the_place_of_committed_ones_are_not_used(tmp_path: Path) -> None:
    data = weights.to_bytes(Net(), "seen")
    name = weights.digest(data)
    assert weights.committed(tmp_path, name) is None
    assert weights.committed(tmp_path, None) is None
    path = weights.commit(tmp_path, data)
    assert weights.committed(tmp_path, name) == data
    path.write_bytes(data[:-1] + b"x")
    assert weights.committed(tmp_path, name) is None


def test_the_weights_of_a_record_are_committed_beside_it(tmp_path: Path) -> None:
    results = tmp_path / "results"
    context = RunContext(results=results, work=tmp_path / "work", commit_weights=True)
    job = RunSpec(
        resolve("siamese-conv4-cosine-nt-xent", SMALL), track("glyphs"), 0, "quick",
        ("glyphs-5w1s",), tuple(f"{name}={value}" for name, value in SMALL.items()),
    )  # fmt: skip
    (record,) = run(job, context)
    data = weights.committed(results, record.provenance.weights)
    assert data is not None
    model = build(job)[0]
    weights.put(model, data)
    assert all(torch.equal(w, weights.half(w).float()) for w in model.state_dict().values())
    told = json.loads(next((tmp_path / "work").rglob("training.json")).read_text())
    assert told["weights"] == record.provenance.weights


def test_committed_weights_are_measured_again_without_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results"
    context = RunContext(results=results, work=tmp_path / "work", commit_weights=True)
    settings = {**SMALL, "final_fit": True}
    job = RunSpec(
        resolve("prototypical-conv4", settings), track("glyphs"), 0, "quick",
        ("glyphs-5w1s", "glyphs-retrieval"), tuple(f"{k}={v}" for k, v in settings.items()),
    )  # fmt: skip
    records = list(run(job, context))
    elsewhere = RunContext(work=tmp_path / "other")
    # Nothing may train from here on.
    monkeypatch.setattr(type(build(job)[0]), "fit", lambda *_: pytest.fail("it was trained"))
    for record in records:
        found = recompute(record, elsewhere, results=results)
        assert (found.verdict, found.differing) == ("identical", 0)
        assert found.of > 1000
    assert not (tmp_path / "other").exists()
