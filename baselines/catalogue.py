"""Every model of the suite: fixed ones as literals, those that train by their method and parts.

Reading the catalogue imports no torch; a model's module is imported when the model is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path, PurePath
from typing import Any, Literal

from baselines.entry import Method, ModelEntry, backbone_title
from baselines.methods import METHODS
from baselines.named import FIXED, NAMED
from baselines.parts import constant, part_names
from baselines.siamese.traits import distance_traits, refusal

__all__ = ["METHODS", "Method", "ModelEntry", "entries", "find", "part_names", "parts"]

# A Siamese network is cited for its loss, or for the idea where the loss has no paper.
SIAMESE = ("Bromley et al. 1993", "bromley1993signature")
SIAMESE_PARTS = ("backbone", "distance", "loss")
FOREIGN = re.compile(r"[^:]+:[^:].*")  # "torchvision:resnet18", "my_net.py:Net"


def entries() -> tuple[ModelEntry, ...]:
    """Every model: those with a name of their own, then each method with all fitting parts."""
    methods = (method.on(name) for method in METHODS for name in part_names("backbones"))
    parts = product(part_names("backbones"), part_names("distances"), part_names("losses"))
    siamese = (_siamese(*names) for names in parts if refusal(*names[1:]) is None)
    return (*FIXED, *NAMED, *methods, *siamese)


def find(key: str) -> ModelEntry | None:
    """The entry of a key, or None.

    A Siamese key of known parts is found even where the parts do not fit together: building it
    says why. A part of another library or of a user's file has a colon in its name, such as
    `siamese-torchvision:resnet18-cosine-nt-xent` or `prototypical-timm:resnet18`.
    """
    for entry in (*FIXED, *NAMED):
        if entry.key == key:
            return entry
    for entry in FIXED:
        usual = str(entry.settings.get("backbone", ""))
        backbone = key.removeprefix(entry.key.removesuffix(usual)) if usual else key
        if backbone != key and (backbone in part_names("backbones") or _is_foreign(backbone)):
            title = f"{entry.title} ({backbone_title(backbone)})"
            return replace(entry, key=key, title=title, settings={"backbone": backbone})
    for method in METHODS:
        backbone = key.removeprefix(f"{method.key}-")
        if backbone != key and (backbone in part_names("backbones") or _is_foreign(backbone)):
            return None if Path(key.rpartition(":")[0]).is_file() else method.on(backbone)
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


def key_of(entry: ModelEntry, settings: Mapping[str, Any]) -> str:
    """The key of an entry's model with these settings: its name says what it is made of.

    A Siamese network with another backbone, distance or loss has the name of these, and so has
    every other model that is named after a part. Files are named without their folders.
    """
    chosen = {
        kind: _base_name(str(settings[kind]))
        for kind in ("backbone", "distance", "loss")
        if kind in settings and kind in entry.settings
        if settings[kind] != entry.settings[kind]
    }
    if not chosen and not any(map(_is_foreign, map(str, entry.settings.values()))):
        return entry.key
    if entry.family == "siamese":
        named = {kind: _base_name(str(entry.settings[kind])) for kind in SIAMESE_PARTS} | chosen
        key = "-".join(("siamese", *(named[kind] for kind in SIAMESE_PARTS)))
        return key if _names(key) is not None else entry.key  # a part of an installed package
    key = entry.key
    for kind in entry.settings.keys() & {"backbone", "distance", "loss"}:
        before = str(entry.settings[kind])
        if key.endswith(f"-{before}"):
            key = key.removesuffix(before) + chosen.get(kind, _base_name(before))
    return key


def _is_foreign(part: str) -> bool:
    """Whether a part's name is one of another library, a module or a file."""
    return bool(FOREIGN.fullmatch(part))


def _base_name(part: str) -> str:
    """The name of a part in keys: a user's file without its folders."""
    place, colon, name = part.rpartition(":")
    return f"{PurePath(place).name}:{name}" if colon and place.endswith(".py") else part


def _names(key: str) -> tuple[str, str, str] | None:
    """Backbone, distance and loss of a Siamese key; their own names have hyphens too."""
    rest = key.removeprefix("siamese-")
    if rest == key:
        return None
    for before, loss in _endings(rest, part_names("losses")):
        for backbone, distance in _endings(before, part_names("distances")):
            if backbone in part_names("backbones") or _is_foreign(backbone):
                return backbone, distance, loss
    return None


def _endings(text: str, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(what stands before, part) for each part that may stand at the end of a key."""
    for part in known:
        if text.endswith(f"-{part}"):
            yield text.removesuffix(f"-{part}"), part
    own = re.fullmatch(r"(.+)-([\w.]+:[^:]+)", text)
    if own:
        yield own[1], own[2]


def _siamese(backbone: str, distance: str, loss: str) -> ModelEntry:
    of_suite = loss in part_names("losses"), distance in part_names("distances")
    paper, bibtex = constant("losses", loss, "PAPER", SIAMESE) if of_suite[0] else SIAMESE
    titles = (
        backbone_title(backbone),
        constant("distances", distance, "TITLE", distance) if of_suite[1] else distance,
        constant("losses", loss, "TITLE", loss) if of_suite[0] else loss,
    )
    return ModelEntry(
        key=f"siamese-{backbone}-{distance}-{loss}",
        target="baselines.siamese.network:Siamese",
        recipe="SiameseRecipe",
        title=f"Siamese {', '.join(titles)}",
        family="siamese",
        offers="Embedder" if of_suite[1] and distance_traits(distance).prototypes else "PairHead",
        paper=paper,
        bibtex=bibtex,
        settings={"backbone": backbone, "distance": distance, "loss": loss},
        also=SIAMESE[1:],
        grid=True,
    )
