"""A TorchScript module: "torchscript:PATH".

It brings its own code, which runs in TorchScript's interpreter and not as Python.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from baselines.adapters._file import NOTE, note_of, on_cpu, read, refuse
from baselines.adapters._network import DTYPES, Network, NetworkModel, Port, model_of
from benchmark.errors import OneshotError
from benchmark.graphs import training_operators
from benchmark.protocols import TrackInfo

NAMES = {dtype: name for name, dtype in DTYPES.items()}


def torchscript(
    path: str, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any
) -> NetworkModel:
    """A module that torch.jit.save wrote, as a model; needs no seed.

    Raises:
        OneshotError: the file is not there or not TorchScript, its inputs or outputs are not those
            of a model, or a setting makes no sense.
    """
    return model_of(TorchScript(path), track, settings)


class TorchScript(Network):
    """A TorchScript module; outputs in a tuple, a list or a dictionary are told apart."""

    def __init__(self, path: str) -> None:
        self.path = path
        data, self.sha256 = read(path)
        extra: dict[str, Any] = {NOTE: ""}
        try:
            with warnings.catch_warnings():  # torch recommends other formats to those who export
                warnings.simplefilter("ignore", FutureWarning)
                self.module: Any = on_cpu(data, torch.jit.load, _extra_files=extra)  # noqa: TID251
        except Exception as error:
            hint = "Weights alone are checkpoint:PATH with --set backbone=NAME."
            raise refuse(path, "TorchScript", error, hint) from error
        self.module.eval()
        text = extra[NOTE]
        self.note = note_of(path, text.decode() if isinstance(text, bytes) else text)
        if not hasattr(self.module, "forward"):
            raise OneshotError(f"{path} has no method forward to embed with.")
        schema = self.module.forward.schema
        floats = (p.dtype for p in self.module.parameters() if p.dtype.is_floating_point)
        weights = NAMES.get(next(floats, torch.float32), "")
        self.inputs = [
            Port(each.name, weights if str(each.type) == "Tensor" else str(each.type))
            for each in schema.arguments[1:]
            if not each.has_default_value()
        ]
        if [str(each.type) for each in schema.returns] == ["Tensor"]:
            self.outputs = [Port("output")]
        self.training_mode = training_operators(self.module)

    def run(self, inputs: Sequence[Tensor], output: str) -> Any:
        """The output of this name; "output" is the only one of a module that returns a tensor."""
        return _outputs(self.module(*inputs)).get(output)

    def probe(self, inputs: Sequence[Tensor]) -> list[Port]:
        """The outputs, found by running the network."""
        with torch.inference_mode():
            found = _outputs(self.module(*inputs))
        return [Port(k, NAMES.get(v.dtype, ""), (None, *v.shape[1:])) for k, v in found.items()]


def _outputs(value: Any, name: str = "") -> dict[str, Tensor]:
    """Every tensor in nested tuples, lists and dictionaries, by names such as "1" or "a.0"."""
    if isinstance(value, Tensor):
        return {name or "output": value}
    if isinstance(value, Mapping):
        inside = [(str(key), each) for key, each in value.items()]
    elif hasattr(value, "_fields"):  # a named tuple
        inside = list(zip(value._fields, value, strict=True))
    elif isinstance(value, tuple | list):
        inside = [(str(number), each) for number, each in enumerate(value)]
    else:
        return {}
    prefix = f"{name}." if name else ""
    return {k: v for key, each in inside for k, v in _outputs(each, prefix + key).items()}
