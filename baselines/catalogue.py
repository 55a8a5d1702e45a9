"""Every model of the suite: fixed ones as literals, those that train by their method and parts.

Reading the catalogue imports no torch; a model's module is imported when the model is built.
"""

from __future__ import annotations

from itertools import product
from typing import Any, Literal

from baselines.entry import Method, ModelEntry, backbone_title
from baselines.methods import METHODS
from baselines.named import FIXED, NAMED
from baselines.parts import constant, part_names
from baselines.siamese.traits import distance_traits, refusal

__all__ = ["METHODS", "Method", "ModelEntry", "entries", "find", "part_names", "parts"]

# A Siamese network is cited for its loss, or for the idea where the loss has no paper.
SIAMESE = ("Bromley et al. 1993", "bromley1993signature")


def entries() -> tuple[ModelEntry, ...]:
    """Every model: those with a name of their own, then each method with all fitting parts."""
    methods = (method.on(name) for method in METHODS for name in part_names("backbones"))
    parts = product(part_names("backbones"), part_names("distances"), part_names("losses"))
    siamese = (_siamese(*names) for names in parts if refusal(*names[1:]) is None)
    return (*FIXED, *NAMED, *methods, *siamese)


def find(key: str) -> ModelEntry | None:
    """The entry of a key, or None.

    A Siamese key of known parts is found even where the parts do not fit together: building it
    says why.
    """
    for entry in (*FIXED, *NAMED):
        if entry.key == key:
            return entry
    for method in METHODS:
        backbone = key.removeprefix(f"{method.key}-")
        if backbone != key and backbone in part_names("backbones"):
            return method.on(backbone)
    names = _names(key)
    return None if names is None else _siamese(*names)


def parts(kind: Literal["distances", "losses"]) -> list[dict[str, Any]]:
    """One row for each distance or loss: its name, its title in tables, and its paper."""
    return [
        {
            "name": name,
            "title": constant(kind, name, "TITLE", name),
            "paper": constant(kind, name, "PAPER", ("", ""))[0],
        }
        for name in part_names(kind)
    ]


def _names(key: str) -> tuple[str, str, str] | None:
    """Backbone, distance and loss of a Siamese key; their own names have hyphens too."""
    for backbone in part_names("backbones"):
        for distance in part_names("distances"):
            before = f"siamese-{backbone}-{distance}-"
            if key.startswith(before) and key.removeprefix(before) in part_names("losses"):
                return backbone, distance, key.removeprefix(before)
    return None


def _siamese(backbone: str, distance: str, loss: str) -> ModelEntry:
    paper, bibtex = constant("losses", loss, "PAPER", SIAMESE)
    titles = (
        backbone_title(backbone),
        constant("distances", distance, "TITLE", distance),
        constant("losses", loss, "TITLE", loss),
    )
    return ModelEntry(
        key=f"siamese-{backbone}-{distance}-{loss}",
        target="baselines.siamese.network:Siamese",
        recipe="SiameseRecipe",
        title=f"Siamese {', '.join(titles)}",
        family="siamese",
        offers="Embedder" if distance_traits(distance).prototypes else "PairHead",
        paper=paper,
        bibtex=bibtex,
        settings={"backbone": backbone, "distance": distance, "loss": loss},
        also=SIAMESE[1:],
        grid=True,
    )
