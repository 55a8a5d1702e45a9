"""A TorchScript module: "torchscript:PATH".

It brings its own code, which runs in TorchScript's interpreter and not as Python.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import torch

from baselines.adapters._file import FileRecipe, NetworkFile, on_cpu, read, refuse
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
        recipe = FileRecipe(**convert(FileRecipe, settings))
        data, sha256 = read(path)
        self.declare(dataclasses.replace(recipe, sha256=sha256), track)
        try:
            with warnings.catch_warnings():  # torch recommends other formats to who writes files
                warnings.simplefilter("ignore", FutureWarning)
                self.network = on_cpu(data, torch.jit.load)
        except Exception as error:
            hint = "Weights alone are checkpoint:PATH with --set backbone=NAME."
            raise refuse(path, "TorchScript", error, hint) from error
        self.network.eval()
