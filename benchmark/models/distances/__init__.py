"""Distances between embeddings, one a file: the only list, for training and for judging.

A new file is a new distance. `my_distance.py` states `TRAITS = Traits(...)` in literals, may state
`TITLE = "..."`, and defines `class MyDistance(Distance)`; see `euclidean.py`. Files that start with
"_" are helpers. A user's distance is the same file anywhere, named "my_distance.py:MyDistance".
"""

from __future__ import annotations

import hashlib
import inspect
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelBroken, OneshotError, Refused
from benchmark.models import parts
from benchmark.models.distances._traits import Traits

if TYPE_CHECKING:
    from benchmark.models.distances._distance import Distance as Distance

__all__ = [
    "DEFAULT",
    "Distance",
    "Traits",
    "class_of",
    "declared",
    "identity",
    "names",
    "part",
    "stated",
]

DEFAULT = "euclidean"
HINT = parts.HINTS["distance"]


def __getattr__(name: str) -> Any:
    """`Distance`, which needs torch, when it is first used."""
    if name == "Distance":
        from benchmark.models.distances._distance import Distance

        return Distance
    raise AttributeError(name)


def names() -> tuple[str, ...]:
    """Names of the suite's distances in alphabetical order."""
    return parts.names_in(__name__)


def part(reference: str) -> parts.UserPart | None:
    """A distance that is not the suite's, its declarations checked; None for one of the suite.

    Raises:
        OneshotError: it cannot be found, is no distance or declares no traits.
    """
    if not parts.is_outside("distance", reference, names()):
        return None
    found = parts.load("distance", reference)
    from benchmark.models.distances._distance import Distance

    if not (isinstance(found.make, type) and issubclass(found.make, Distance)):
        raise OneshotError(f"The distance {found.name} is not a subclass of Distance.", HINT)
    if not isinstance(found.constant("TRAITS"), Traits):
        raise OneshotError(f"The distance {found.name} does not state TRAITS = Traits(...).", HINT)
    return found


def class_of(reference: str) -> type[Distance]:
    """The class of a distance.

    Raises:
        UnknownName: there is no such distance.
        OneshotError: a user's distance cannot be found or is none.
    """
    outside = part(reference)
    found: type[Distance]
    if outside is None:
        found = parts.class_in(__name__, "distance", reference)
        return found
    found = outside.make  # type: ignore[assignment]
    return found


def identity(reference: str) -> tuple[str, str]:
    """(name, hash of the code) of a distance as they stand in a recipe; see `class_of`.

    Only a distance that is not the suite's has a hash. One with weights of its own is refused: a
    model that only declares its distance does not train it.
    """
    outside = part(reference)
    if outside is None:
        learned = _is_learned(reference)
        name, code = reference, ""
    else:
        learned, name, code = outside.constant("TRAITS").learned, outside.name, outside.code
    if learned:
        raise Refused(
            f"The distance '{name}' has weights of its own, which nothing trains here.",
            "Train a Siamese network with it: oneshot list models",
        )
    return name, code


@cache
def _is_learned(name: str) -> bool:
    class_ = class_of(name)
    traits: Traits = inspect.getmodule(class_).TRAITS  # type: ignore[union-attr]
    return traits.learned


def declared(model: object, width: int, device: str = "cpu") -> Distance:
    """The distance that a model declares, for embeddings of `width` numbers; Euclidean by default.

    A model declares a name, a subclass of `Distance`, or a distance itself.

    Raises:
        OneshotError: it declares something else; see `identity` for the others.
        ModelBroken: a user's distance fails when it is built.
    """
    from benchmark.models.distances._distance import Distance

    stated = getattr(model, "distance", DEFAULT)
    if isinstance(stated, Distance):
        return stated
    if isinstance(stated, str):
        identity(stated)
        stated = class_of(stated)
    if not (isinstance(stated, type) and issubclass(stated, Distance)):
        raise OneshotError(f"The model's distance is {stated!r}; expected a name.", HINT)
    try:
        return stated(width).to(device).eval()
    except Exception as error:
        raise ModelBroken(
            f"The distance {stated.__name__} cannot be built: {type(error).__name__}: {error}.",
            HINT,
        ) from error


def stated(model: object) -> tuple[str, str]:
    """(name, hash of the code) of the distance that a model declares; see `identity`.

    Raises:
        UnknownName: there is no such distance.
        OneshotError: a user's distance cannot be found, or is none.
    """
    distance = getattr(model, "distance", DEFAULT)
    if isinstance(distance, str):
        return identity(distance)
    known = getattr(distance, "identity", None)  # of one that another process holds
    if known is not None:
        return known[0], known[1]
    class_ = distance if isinstance(distance, type) else type(distance)
    if class_.__module__.startswith(f"{__name__}."):
        return class_.__module__.rpartition(".")[2].replace("_", "-"), ""
    source = inspect.getsourcefile(class_)
    code = "" if source is None else hashlib.sha256(Path(source).read_bytes()).hexdigest()[:16]
    return class_.__name__, code


def geometry_of(model: object) -> str:
    """The arithmetic of the distance that a model declares; see `Distance.geometry`."""
    stated = getattr(model, "distance", DEFAULT)
    if isinstance(stated, str):
        stated = class_of(stated)
    return str(getattr(stated, "geometry", ""))
