"""What people already have, as models: "PREFIX:REST" on the command line.

    easyfsl:PrototypicalNetworks    a method of easyfsl, on a backbone of the suite
    torchscript:PATH                a module saved by torch.jit.save
    onnx:PATH                       an ONNX file, run by onnxruntime
    checkpoint:PATH                 a state dict (.pt, .pth, .safetensors) with --set backbone=NAME

A file's SHA-256 stands in the recipe and its base name in the model's key; its path nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from pathlib import PurePath
from typing import Any

from benchmark.errors import OneshotError

PREFIXES = {
    "easyfsl": ("baselines.adapters.easyfsl", "EasyFsl", "NameOfTheMethod"),
    "torchscript": ("baselines.adapters.torchscript", "torchscript", "PATH"),
    "onnx": ("baselines.adapters.onnx", "onnx", "PATH"),
    "checkpoint": ("baselines.adapters.checkpoint", "Checkpoint", "PATH"),
}


def find(name: str) -> tuple[str, Callable[..., Any]] | None:
    """(key in records, factory) of "PREFIX:REST"; None where no adapter has this prefix.

    Raises:
        OneshotError: nothing follows the prefix.
    """
    prefix, colon, rest = name.partition(":")
    if not colon or prefix not in PREFIXES:
        return None
    module, adapter, wanted = PREFIXES[prefix]
    if not rest:
        raise OneshotError(f"{name} does not say which.", f"Type: {prefix}:{wanted}")
    base = PurePath(rest.replace("\\", "/")).name if wanted == "PATH" else rest
    return f"{prefix}:{base}", partial(getattr(import_module(module), adapter), rest)


def guess(name: str) -> str:
    """A hint for a name whose prefix is nearly one of these, else an empty text."""
    prefix, _, rest = name.partition(":")
    near = get_close_matches(prefix, PREFIXES, n=1, cutoff=0.6)
    return f"Did you mean {near[0]}:{rest}?" if near else ""
