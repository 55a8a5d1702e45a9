"""An exported file answers as the model does, says how to ask it, and is kept only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import benchmark
from baselines.adapters._file import note_of
from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.twin import export as exporting
from benchmark.twin.export import TOLERANCE, export
from benchmark.twin.twin import Twin, load_twin
from tests.twin.conftest import KEY, Training


def pairs(letters: DataSet, png: Callable[..., Path]) -> tuple[list[Path], list[Path]]:
    """Sixty pairs, half of them of one letter."""
    a = [png(letters, 20 * n) for n in range(60)]
    b = [png(letters, 20 * n + (9 if n % 2 else 27)) for n in range(60)]
    return a, b


@pytest.mark.parametrize("kind", ["onnx", "torchscript"])
@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_the_file_decides_as_the_twin_does(
    kind: str, twin: Twin, letters: DataSet, png: Callable[..., Path], tmp_path: Path
) -> None:
    if kind == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    written = export(twin, kind, tmp_path / "net")
    assert written.difference <= TOLERANCE and list(tmp_path.iterdir()) == [written.path]
    a, b = pairs(letters, png)
    # Neither data nor trained weights are needed, nor is any setting: the file says it all.
    held = load_twin(f"{kind}:{written.path}", work=tmp_path, data=tmp_path, device="cpu")
    assert held.form == twin.form and held.calibration == twin.calibration
    assert np.allclose(held.similarity(a, b), twin.similarity(a, b), atol=1e-5)
    assert np.array_equal(held.same(a, b), twin.same(a, b)) and 0 < held.same(a, b).sum() < 60
    assert (held.found.model.input_size, held.found.model.distance) == (28, "cosine")
    assert [each.name for each in held.found.model.seen] == ["glyphs/train", "glyphs/validation"]
    assert not hasattr(held.found.model, "pool")
    # Asked by another distance it is another model, with a calibration of its own.
    other = load_twin(
        f"{kind}:{written.path}", settings={"distance": "manhattan"}, work=tmp_path, device="cpu"
    )
    assert other.similarity(a[0], a[1]) < 0 and other.calibration != twin.calibration


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_file_that_answers_otherwise_is_not_kept(
    twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(b"an older one")
    make = exporting._torchscript

    def wrong(network: torch.nn.Module, *rest: object) -> bytes:
        first = next(network.parameters())
        kept = first.clone()
        first.mul_(1.01)
        try:
            return make(network, *rest)  # type: ignore[arg-type]
        finally:
            first.copy_(kept)

    monkeypatch.setattr(exporting, "_torchscript", wrong)
    with pytest.raises(OneshotError, match="1e-04 is allowed. It was not kept"):
        export(twin, "torchscript", path)
    assert path.read_bytes() == b"an older one" and list(tmp_path.iterdir()) == [path]


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_learned_similarity_goes_with_its_network(
    letters: DataSet, png: Callable[..., Path], tmp_path: Path
) -> None:
    key, small = "siamese-conv4-weighted-l1-bce", {"width": 0.125, "items": 256, "input_size": 28}
    work = tmp_path / "work"
    benchmark.evaluate(key, "glyphs-5w1s@validation", settings=small, work=work, device="cpu")
    twin = load_twin(key, settings=small, work=work, device="cpu")
    assert twin.way == "compare" and twin.distance == "weighted-l1, learned"
    written = export(twin, "torchscript", tmp_path / "pair.pt")
    held = load_twin(f"torchscript:{written.path}", work=work, device="cpu")
    a, b = pairs(letters, png)
    assert held.way == "compare" and held.found.recipe["distance"] == "compare"
    assert np.allclose(held.similarity(a, b), twin.similarity(a, b), atol=1e-5)
    assert np.allclose(held.probability(a, b), twin.probability(a, b), atol=1e-3)
    with pytest.raises(Refused, match="--format torchscript"):
        export(twin, "onnx", tmp_path / "pair.onnx")


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_views_go_into_the_note(training: Training, tmp_path: Path) -> None:
    settings = {"width": 0.125, "items": 1280, "input_size": 28, "views": 3}
    twin = training.load(settings=settings)
    written = export(twin, "torchscript", tmp_path / "net.pt")
    held = load_twin(f"torchscript:{written.path}", work=tmp_path, device="cpu")
    assert held.views == twin.views == 3 and held.calibration == twin.calibration
    assert held.calibration != training.load().calibration


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_fixed_models_are_exported_and_others_refused(twin: Twin, tmp_path: Path) -> None:
    work = {"work": tmp_path, "track": "glyphs", "device": "cpu"}
    pixels = load_twin("pixels-cosine", **work)
    held = load_twin(f"torchscript:{export(pixels, 'torchscript', tmp_path / 'a.pt').path}", **work)
    assert np.array_equal(
        held.embed(np.eye(9, dtype=np.uint8)), pixels.embed(np.eye(9, dtype=np.uint8))
    )
    with pytest.raises(Refused, match="there is no network"):
        export(load_twin("modified-hausdorff", **work), "torchscript")
    with pytest.raises(UnknownName, match="Take onnx or torchscript"):
        export(twin, "tensorrt")
    (tmp_path / "file").write_text("")
    with pytest.raises(OneshotError, match="Cannot write"):
        export(twin, "torchscript", tmp_path / "file" / "net.pt")


def test_onnx_without_its_packages_says_what_to_type(
    twin: Twin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(OneshotError, match=r"pip install 'oneshot-benchmark\[onnx\]'"):
        export(twin, "onnx", tmp_path / "net.onnx")


def test_a_damaged_note_is_told() -> None:
    assert note_of("net.pt", "") is None
    for text in ("{", "[]", '{"other": 1}'):
        with pytest.raises(OneshotError, match="note 'oneshot' inside net.pt is damaged"):
            note_of("net.pt", text)
    with pytest.raises(OneshotError, match="another version"):
        note_of("net.pt", '{"format": 99}')


def test_the_name_says_model_and_recipe(
    training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    twin = replace(training.load())
    assert export(twin, "torchscript").path.name == f"{KEY}--{training.record.model.recipe8}.pt"


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_what_the_page_shows_runs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Path(__file__).parents[2] / "docs" / "use-a-twin.md"
    blocks = [block.split("```")[0] for block in page.read_text("utf-8").split("```python\n")[1:]]
    assert len(blocks) == 2 and all(KEY in block for block in blocks[:1])
    folder.rename(tmp_path / "folder")
    for name in ("a", "b", "c", "query"):
        (tmp_path / f"{name}.png").write_bytes((tmp_path / "folder" / "1" / "2.png").read_bytes())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:
        exec(block.replace(KEY, "pixels-cosine"), names)
    assert names["hit"].rank == 5 and (tmp_path / "twin.pt").is_file()  # type: ignore[attr-defined]
