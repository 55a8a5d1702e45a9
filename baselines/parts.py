"""The parts that models are put together from, found by their file names without importing them.

`backbones/conv4.py` is the backbone "conv4" and holds the class `Conv4`;
`siamese/distances/weighted_l1.py` is the distance "weighted-l1" and holds `WeightedL1`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from typing import Any, Literal

from benchmark.errors import UnknownName

Kind = Literal["backbones", "distances", "losses"]
PACKAGES: dict[str, str] = {
    "backbones": "baselines.backbones",
    "distances": "baselines.siamese.distances",
    "losses": "baselines.siamese.losses",
}
SINGULAR = {"backbones": "backbone", "distances": "distance", "losses": "loss"}


def part_names(kind: Kind) -> tuple[str, ...]:
    """Names of the parts of one kind in alphabetical order, such as ("cosine", "euclidean")."""
    names = (entry.name for entry in files(PACKAGES[kind]).iterdir())
    stems = (name[:-3] for name in names if name.endswith(".py") and not name.startswith("_"))
    return tuple(sorted(stem.replace("_", "-") for stem in stems))


def source_of(kind: Kind, name: str) -> str:
    """Source text of a part.

    Raises:
        UnknownName: there is no such part.
    """
    return (files(PACKAGES[kind]) / f"{_stem(kind, name)}.py").read_text(encoding="utf-8")


def class_of(kind: Kind, name: str) -> Any:
    """The class of a part, imported now.

    Raises:
        UnknownName: there is no such part.
    """
    stem = _stem(kind, name)
    module = import_module(f"{PACKAGES[kind]}.{stem}")
    return getattr(module, "".join(word.capitalize() for word in stem.split("_")))


def _stem(kind: Kind, name: str) -> str:
    known = part_names(kind)
    if name not in known:
        raise UnknownName(SINGULAR[kind], name, list(known), f"Known: {', '.join(known)}.")
    return name.replace("-", "_")
