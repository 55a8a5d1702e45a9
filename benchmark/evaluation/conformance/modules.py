"""The torch modules inside a model, and those that a forgotten `eval()` makes misbehave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from benchmark.graphs import training_operators
from benchmark.models.model import resolved

DROPPING = ("Dropout", "DropBlock", "DropPath", "StochasticDepth")
DEEP = 3  # attributes of attributes are followed so far


def unsettled(model: object) -> list[str]:
    """Names of the modules whose output depends on chance or on the rest of the batch.

    These are dropout in training mode, batch norm in training mode, and batch norm that keeps no
    running statistics. Names say where the module is, what it is and what is wrong, such as
    "net.layer1.bn (BatchNorm2d in training mode)". In saved graphs these are constants that no
    module shows: the graphs are read, see `graph_findings`.
    """
    found = graph_findings(model)
    for path, module in modules_of(model):
        kind = str(getattr(module, "original_name", type(module).__name__))  # TorchScript's
        normalises = "BatchNorm" in kind
        drops = any(name in kind for name in DROPPING) and _rate(module) > 0
        if (normalises or drops) and module.training:
            found.append(f"{path} ({kind} in training mode)")
        elif normalises and getattr(module, "running_mean", 0) is None:
            found.append(f"{path} ({kind} without running statistics)")
    return found


def graph_findings(model: object) -> list[str]:
    """What TorchScript modules inside the model, and files that it reads, do as in training.

    A model that reads a file declares it as `training_mode`.
    """
    declared = resolved(model).training_mode
    if declared is not None:
        return [f"the graph of the file ({each})" for each in declared]
    found: list[str] = []
    covered: set[int] = set()
    for path, module in modules_of(model):
        if isinstance(module, torch.jit.ScriptModule) and id(module) not in covered:
            covered |= {id(part) for part in module.modules()}
            found += [f"{path} (its graph: {each})" for each in training_operators(module)]
    return found


def modules_of(model: object) -> Iterator[tuple[str, nn.Module]]:
    """(path, module) of every torch module in the model, each once."""
    seen: set[int] = set()
    for path, root in _roots(model, "", DEEP):
        for name, module in root.named_modules():
            if id(module) not in seen:
                seen.add(id(module))
                yield ".".join(filter(None, (path, name))) or "the model", module


def _roots(value: Any, path: str, deep: int) -> Iterator[tuple[str, nn.Module]]:
    """Modules that no other module holds; plain classes keep them in attributes and lists."""
    if isinstance(value, nn.Module):
        yield path, value
        return
    if deep == 0:
        return
    if isinstance(value, dict):
        inside = [(str(key), each) for key, each in value.items()]
    elif isinstance(value, list | tuple):
        inside = [(str(number), each) for number, each in enumerate(value)]
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        inside = list(vars(value).items())
    else:
        return
    for name, each in inside:
        yield from _roots(each, ".".join(filter(None, (path, name))), deep - 1)


def _rate(module: nn.Module) -> float:
    """The part that is dropped, as far as the module says."""
    for name in ("p", "drop_prob", "rate", "drop"):
        value = getattr(module, name, None)
        if isinstance(value, int | float):
            return float(value)
    return 1.0


def cause(model: object, most: int = 4) -> str:
    """A sentence that names the unsettled modules, or an empty text where there are none."""
    names = unsettled(model)
    if not names:
        return ""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f" The cause is likely {', '.join(names[:most])}{rest}."
