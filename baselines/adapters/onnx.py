"""An ONNX file, run by onnxruntime on the processor: "onnx:PATH"."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines.adapters._file import MOST_BYTES, NOTE, note_of, read, refuse
from baselines.adapters._network import Network, NetworkModel, Port, model_of
from benchmark.errors import OneshotError
from benchmark.files import digest_of
from benchmark.graphs import MOST_ONNX_BYTES, onnx_external, onnx_training_operators
from benchmark.protocols import TrackInfo

TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}


def onnx(
    path: str, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any
) -> NetworkModel:
    """An ONNX file as a model; needs no seed.

    Raises:
        OneshotError: onnxruntime is missing, the file is not there or not ONNX, its inputs or
            outputs are not those of a model, or a setting makes no sense.
    """
    return model_of(Onnx(path), track, settings)


class Onnx(Network):
    """An ONNX model in an onnxruntime session."""

    def __init__(self, path: str) -> None:
        self.path = path
        home = Path(path).expanduser()
        data, self.sha256 = read(path, MOST_ONNX_BYTES)
        external = onnx_external(home, data)
        for each in external:  # weights that are too large for one file
            name = each.relative_to(home.parent).as_posix()
            self.sha256 = hashlib.sha256(
                f"{self.sha256} {name} {digest_of(each, MOST_BYTES)}".encode()
            ).hexdigest()
        runtime = _onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self.session = runtime.InferenceSession(
                # By its path, which is where the other files are looked for.
                str(home) if external else data,
                options,
                providers=["CPUExecutionProvider"],
            )
            self.training_mode = onnx_training_operators(data) or ()
        except Exception as error:
            raise refuse(path, "ONNX", error) from error
        self.note = note_of(path, self.session.get_modelmeta().custom_metadata_map.get(NOTE, ""))
        self.inputs = [_port(each) for each in self.session.get_inputs()]
        self.outputs = [_port(each) for each in self.session.get_outputs()]

    def run(self, inputs: Sequence[Tensor], output: str) -> Any:
        """The output of this name."""
        arrays = [np.ascontiguousarray(each.cpu().numpy()) for each in inputs]
        named = dict(zip((port.name for port in self.inputs), arrays, strict=True))
        (found,) = self.session.run([output], named)
        if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiub":
            return found
        return torch.from_numpy(found).to(inputs[0].device)


def _port(argument: Any) -> Port:
    shape = [n if isinstance(n, int) and n > 0 else None for n in argument.shape or ()]
    return Port(argument.name, TYPES.get(argument.type, argument.type), tuple(shape))


def _onnxruntime() -> Any:
    try:
        return import_module("onnxruntime")
    except ImportError:
        install = "Type: pip install 'oneshot-benchmark[onnx]'"
        raise OneshotError("ONNX files need onnxruntime.", install) from None
