"""A TorchScript module: "torchscript:PATH".

It brings its own code, which runs in TorchScript's interpreter and not as Python.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import torch
from torch import Tensor

from baselines.adapters._file import (
    NOTE,
    FileRecipe,
    NetworkFile,
    note_of,
    noted,
    on_cpu,
    read,
    refuse,
)
from baselines.settings import convert
from benchmark.protocols import TrackInfo


class TorchScript(NetworkFile):
    """Images [n, c, h, w] -> [n, e] by a module that torch.jit.save wrote; needs no seed.

    Raises:
        OneshotError: the file is not there or no TorchScript, or a setting makes no sense.
    """

    def __init__(
        self, path: str, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any
    ) -> None:
        data, sha256 = read(path)
        extra: dict[str, Any] = {NOTE: ""}
        try:
            with warnings.catch_warnings():  # torch recommends other formats to who writes files
                warnings.simplefilter("ignore", FutureWarning)
                self.network = on_cpu(data, torch.jit.load, _extra_files=extra)
        except Exception as error:
            hint = "Weights alone are checkpoint:PATH with --set backbone=NAME."
            raise refuse(path, "TorchScript", error, hint) from error
        self.network.eval()
        text = extra[NOTE]
        self.note = note_of(path, text.decode() if isinstance(text, bytes) else text)
        known, seen = noted(self.note)
        recipe = FileRecipe(**convert(FileRecipe, {**known, **settings}))
        self.declare(dataclasses.replace(recipe, sha256=sha256), track, seen)
        if self.note is not None and self.note["distance"] is None:
            self.compare = self._compare  # what has `compare` is a PairHead to the harness
            self.recipe = dataclasses.replace(self.recipe, distance="compare")

    def _compare(self, a: Tensor, b: Tensor) -> Tensor:
        """Embeddings [p, e] and [p, e] -> [p], by the similarity that was exported with them."""
        found: Tensor = self.network.compare(a, b)  # type: ignore[operator]
        return found
