"""Losses on distances, one a file; a new file is a new loss.

A file `my_loss.py` states `NEEDS = Needs(...)` in literals, may state `TITLE = "..."` and
`PAPER = ("Author et al. 2020", "key in the bibliography")`, and defines `class MyLoss`: a
`TableLoss` on all distances of a batch (see `nt_xent.py`), a `PairLoss` on single pairs
(`contrastive.py`), a `ProxyLoss` (`proxy_nca.py`) or any other `Loss` (`triplet.py`). Files that
start with "_" are helpers.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

BASES = {
    "Loss": "_loss", "LossSettings": "_loss", "PairLoss": "_loss", "ProxyLoss": "_proxies",
    "TableLoss": "_loss",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The base classes, which need torch, when they are first used."""
    if name in BASES:
        return getattr(import_module(f"{__name__}.{BASES[name]}"), name)
    raise AttributeError(name)
