"""A twin as one file for other programs: ONNX or TorchScript, checked before it is kept.

The file takes float32 [n, c, s, s], images in [0, 1] in the model's form, normalised as its note
says, and gives the embeddings [n, e]. The note (JSON, under the name "oneshot") says the form of
images, the distance and the calibration; `onnx:PATH` and `torchscript:PATH` follow it.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from benchmark import __version__
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.evaluation.contamination import learned
from benchmark.evaluation.embeddings import normalised
from benchmark.models import distances
from benchmark.models.model import resolved
from benchmark.protocols import Seen, TrackInfo
from benchmark.records.store import slug
from benchmark.registry import resolve
from benchmark.tasks.own import looking_in
from benchmark.twin.twin import Twin

Format = Literal["onnx", "torchscript"]
ENDINGS = {"onnx": ".onnx", "torchscript": ".pt"}
TOLERANCE = 1e-4  # largest difference of any output, as a part of the largest output
CHECKED = (1, 7)  # images at once, neither as many as the file was made with
MADE_WITH = 2
INSTALL = "Type: pip install 'oneshot-benchmark[onnx]'"


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes:
        path: where.
        difference: the largest of any of its outputs from the model's, as a part of the largest
            output; at most `TOLERANCE`.
    """

    path: Path
    difference: float


def export(twin: Twin, format: str, out: str | Path | None = None) -> Exported:
    """Writes the twin's network as a file, if the file answers like the twin.

    Args:
        twin: the model.
        format: "onnx" or "torchscript".
        out: the file; None for KEY--RECIPE8 with the format's ending, here.

    Raises:
        UnknownName: for another format.
        Refused: the model has no network that gives embeddings, or one that the format cannot hold.
        DataMissing: the track's data set is not there.
        OneshotError: a package is missing, the outputs differ, or the file cannot be written.
    """
    if format not in get_args(Format):
        raise UnknownName("format", format, list(get_args(Format)), "Take onnx or torchscript.")
    _refuse(twin, format)
    path = Path(out or f"{slug(twin.key)}--{twin.recipe8}{ENDINGS[format]}").expanduser()
    note = json.dumps(note_of(twin), ensure_ascii=True)
    network = _Network(twin.found.model).eval()
    make = _onnx if format == "onnx" else _torchscript
    example = _images(twin, MADE_WITH)
    with torch.no_grad(), _quiet():
        try:
            data = make(network, example, note, twin.way == "compare")
        except (ImportError, OneshotError):
            raise
        except Exception as error:
            text = str(error).strip().splitlines()
            raise Refused(
                f"{twin.key} cannot be written as {format}: "
                f"{text[0][:160] if text else type(error).__name__}.",
                "Run it again with --debug to see where, or try the other format.",
            ) from error
        return _keep(twin, format, path, data)


def note_of(twin: Twin) -> dict[str, Any]:
    """What the file says of itself."""
    calibration = twin.calibration
    normalise = resolved(twin.found.model).normalise
    form, example = twin.form, _images(twin, 1)
    return {
        "format": 1,
        "suite": __version__,
        "model": twin.key,
        "recipe": twin.recipe8,
        "seed": twin.found.job.seed,
        "form": asdict(form) | {"scale": None if form.scale is None else form.scale.as_json()},
        "input_size": example.shape[2],
        "channels": example.shape[1],
        "normalise": None if normalise is None else [list(map(float, part)) for part in normalise],
        "distance": twin.distance if twin.way == "embed" else None,
        "views": twin.views,
        "calibration": asdict(calibration),
        "threshold": calibration.threshold,
        "tolerance": TOLERANCE,
        "seen": _seen(twin),
    }


def _seen(twin: Twin) -> list[dict[str, Any] | str]:
    """The classes that the weights have seen, so that no test of them is asked of the file."""
    model, track = twin.found.model, twin.found.job.track
    seen = list(resolved(model).seen or ())
    if resolved(model).trainable is not None:
        with looking_in(twin.context.data):
            whole = twin.context.data_set(track.data)
        seen += learned(track, whole, ("train", "validation"))
    return [asdict(each) if isinstance(each, Seen) else str(each) for each in seen]


def _refuse(twin: Twin, format: str) -> None:
    if twin.way == "similarity":
        raise Refused(f"{twin.key} compares images without embedding them: there is no network.")
    if twin.found.job.spec.key.startswith("onnx:"):
        raise Refused(f"{twin.key} is an ONNX file already.")
    if twin.way == "embed" and twin.distance not in distances.names():
        raise Refused(
            f"{twin.key} compares embeddings by '{twin.distance}', a distance that is not the "
            "suite's: a file of one network does not hold it.",
            "Copy the weights and the file of the distance instead.",
        )
    if twin.way == "compare" and format == "onnx":
        raise Refused(
            f"{twin.key} compares embeddings by a similarity of its own, which an ONNX file of one "
            "network does not hold.",
            "Take --format torchscript, which holds both.",
        )


class _Network(nn.Module):
    """A model of whatever kind as a module: images -> embeddings, and `compare` where it has it."""

    def __init__(self, model: object) -> None:
        super().__init__()
        held = [] if isinstance(model, nn.Module) else vars(model).values()
        self.parts = nn.ModuleList(part for part in held if isinstance(part, nn.Module))
        self.model: Any = model  # itself: it is traced

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e]."""
        rows: Tensor = self.model.embed(images)
        return rows

    def compare(self, a: Tensor, b: Tensor) -> Tensor:
        """Embeddings [p, e] and [p, e] -> [p]."""
        found: Tensor = self.model.compare(a, b)
        return found


def _images(twin: Twin, count: int) -> Tensor:
    """float32 [count, c, s, s]: drawn images in the model's form, normalised as it declares."""
    model = twin.found.model
    side = resolved(model).input_size or twin.form.side
    channels = resolved(model).channels or twin.form.channels
    draw = torch.Generator().manual_seed(count)
    images = torch.rand(count, channels, side, side, generator=draw).to(twin.context.device)
    return normalised(images, model)


def _onnx(network: nn.Module, example: Tensor, note: str, compares: bool) -> bytes:
    for package in ("onnxruntime", "onnxscript"):
        try:
            import_module(package)
        except ImportError:
            raise OneshotError(f"An export to ONNX needs {package}.", INSTALL) from None
    program = torch.onnx.export(
        network, (example,), None, input_names=["images"], output_names=["embeddings"],
        dynamo=True, dynamic_shapes=({0: torch.export.Dim("n")},), external_data=False,
        verbose=False,
    )  # fmt: skip
    assert program is not None
    proto = program.model_proto
    entry = proto.metadata_props.add()
    entry.key, entry.value = "oneshot", note
    data: bytes = proto.SerializeToString()
    return data


def _torchscript(network: nn.Module, example: Tensor, note: str, compares: bool) -> bytes:
    inputs: dict[str, Any] = {"forward": (example,)}
    if compares:
        rows = network(example)
        inputs["compare"] = (rows, rows.flip(0))
    traced = torch.jit.trace_module(network, inputs, check_trace=False)  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    torch.jit.save(traced, buffer, _extra_files={"oneshot": note})
    return buffer.getvalue()


def _keep(twin: Twin, format: str, path: Path, data: bytes) -> Exported:
    """Moves the bytes to `path` once their answers have been held against the model's."""
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(".part", ".writing-", path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        difference = _difference(twin, f"{format}:{temporary}")
        if not difference <= TOLERANCE:
            raise OneshotError(
                f"The {format} file answers otherwise than {twin.key}: outputs differ by "
                f"{difference:.1e} of the largest, {TOLERANCE:.0e} is allowed. It was not kept.",
                "Try the other format.",
            )
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise OneshotError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return Exported(path, difference)


def _difference(twin: Twin, name: str) -> float:
    """How far the file's outputs are from the model's, read back as a model of the suite.

    Other images and other numbers of them than the file was made with: what was traced as fixed
    shows itself.
    """
    track = TrackInfo(twin.form.track, twin.form.family, twin.form.channels, twin.form.side)
    own_model = resolved(twin.found.model)
    held = resolved(resolve(name).build(0, track, "quick"))
    held.ready(twin.context.device)
    worst = 0.0
    for count in CHECKED:
        images = _images(twin, count)
        own, other = own_model.embed(images), held.embed(images)
        worst = max(worst, _apart(own, other))
        if twin.way == "compare":
            pairs = [(rows, rows.flip(0)) for rows in (own, other)]
            worst = max(
                worst,
                _apart(own_model.compare(*pairs[0]), held.compare(*pairs[1])),
            )
    return worst


def _apart(own: Tensor, other: Tensor) -> float:
    if own.shape != other.shape:
        return float("inf")
    largest = float(own.abs().max())
    return float((own - other).abs().max()) / max(largest, 1e-12)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' advice to who writes exporters."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "torch.export")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
