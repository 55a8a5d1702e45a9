"""An ONNX file, run by onnxruntime on the processor: "onnx:PATH"."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines.adapters._file import NOTE, FileEmbedder, FileRecipe, note_of, noted, read, refuse
from baselines.settings import convert
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo


class Onnx(FileEmbedder):
    """The first output, flattened, of a network with one input; needs no seed.

    Raises:
        OneshotError: onnxruntime is missing, the file is not there or no ONNX, or a setting makes
            no sense.
    """

    def __init__(
        self, path: str, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any
    ) -> None:
        data, sha256 = read(path)
        runtime = _onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self.session = runtime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise refuse(path, "ONNX", error) from error
        inputs = [each.name for each in self.session.get_inputs()]
        if len(inputs) != 1:
            raise OneshotError(
                f"{path} has {len(inputs)} inputs ({', '.join(inputs)}); expected one, images."
            )
        self.name = inputs[0]
        told = self.session.get_modelmeta().custom_metadata_map
        self.note = note_of(path, told.get(NOTE, ""))
        known, seen = noted(self.note)
        recipe = FileRecipe(**convert(FileRecipe, {**known, **settings}))
        self.declare(dataclasses.replace(recipe, sha256=sha256), track, seen)

    def rows(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> the first output [n, ...]."""
        images = np.ascontiguousarray(items.cpu().numpy())
        out = self.session.run(None, {self.name: images})[0]
        return torch.from_numpy(np.asarray(out)).to(items.device)


def _onnxruntime() -> Any:
    try:
        return import_module("onnxruntime")
    except ImportError:
        install = "Type: pip install 'oneshot-benchmark[onnx]'"
        raise OneshotError("ONNX files need onnxruntime.", install) from None
