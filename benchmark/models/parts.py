"""Parts of models by name: files of a package, entry points of other packages, users' classes.

A part is named by one of
    nt-xent                    a file of the suite, `nt_xent.py` with the class `NtXent`
    my-part                    an entry point of the group `GROUPS[kind]`
    path/to/my_file.py:Name    a class in a file
    package.module:Name        a class that can be imported
Nothing here imports torch; a part is imported when it is asked for.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from benchmark.errors import ModelBroken, OneshotError, UnknownName
from benchmark.files import SOURCE_BYTES, digest_of
from benchmark.user_code import load_file

Kind = Literal["model", "backbone", "distance", "loss", "data set"]
GROUPS: dict[Kind, str] = {
    "model": "oneshot_benchmark.models",
    "backbone": "oneshot_benchmark.backbones",
    "distance": "oneshot_benchmark.distances",
    "loss": "oneshot_benchmark.losses",
    "data set": "oneshot_benchmark.datasets",
}
HINTS: dict[Kind, str] = {
    "backbone": (
        "A backbone is 'my_net.py:Net' with `class Net(nn.Module)`, images [n, c, h, w] -> [n, e]."
    ),
    "distance": "A distance is 'my_distance.py:Mine' with `TRAITS = Traits(...)` and "
    '`class Mine(Distance)`; see README.md, "Extend it".',
    "data set": (
        "A reader is a function (path, options, scratch, progress) -> Added; "
        "see docs/run-your-model.md."
    ),
    "loss": "A loss is 'my_loss.py:Mine' with `class Mine(nn.Module)`, "
    '(embeddings [n, e], labels [n]) -> a scalar; see README.md, "Extend it".',
}


@dataclass(frozen=True)
class UserPart:
    """A part that is not the suite's, before it is built.

    Attributes:
        name: as it stands in the recipe, without any folder.
        code: first 16 hex digits of the SHA-256 of the file that defines it.
        make: the class, or a function that returns an object.
        module: the module that defines it.
    """

    name: str
    code: str
    make: Callable[..., Any]
    module: ModuleType

    def constant(self, name: str) -> Any:
        """A declaration of the part: the class's attribute in lower case, else the module's."""
        return getattr(self.make, name.lower(), None) or getattr(self.module, name, None)


def parameters(make: Callable[..., Any]) -> set[str]:
    """Names of what a class or function can be given; nothing for one without a signature."""
    try:
        return set(inspect.signature(make).parameters)
    except (TypeError, ValueError):
        return set()


def plugins(kind: Kind) -> dict[str, EntryPoint]:
    """The entry points of one kind that installed packages offer, by name."""
    return {point.name: point for point in entry_points(group=GROUPS[kind])}


def is_outside(kind: Kind, name: str, known: tuple[str, ...]) -> bool:
    """Whether a name means a part that is not among those of the suite (`known`)."""
    return ":" in name or (name not in known and name in plugins(kind))


def load(kind: Kind, reference: str) -> UserPart:
    """Finds a user's part: a class of a file, of a module or of an entry point.

    Raises:
        OneshotError: there is no such file, module or class, or its file fails when it is loaded.
    """
    hint = HINTS[kind]
    point = None if ":" in reference else plugins(kind).get(reference)
    place, _, attribute = (point.value if point else reference).rpartition(":")
    name = reference
    if place.endswith(".py"):
        path = Path(place).expanduser()
        if not path.is_file():
            raise OneshotError(f"There is no file '{place}' for the {kind}.", hint)
        module, name = load_file(path)[0], f"{path.name}:{attribute}"
    else:
        try:
            module = importlib.import_module(place)
        except ImportError as error:
            raise OneshotError(f"The {kind}'s module cannot be imported: {error}.", hint) from None
        except (Exception, SystemExit) as error:
            raise ModelBroken(
                f"The {kind}'s module '{place}' fails when it is imported: "
                f"{type(error).__name__}: {error}.",
                "Run it again with --debug to see where.",
            ) from error
        path = Path(str(module.__file__))
    if not callable(getattr(module, attribute, None)):
        raise OneshotError(f"'{place}' has no '{attribute}' to use as a {kind}.", hint)
    code = digest_of(path, SOURCE_BYTES)[:16]
    return UserPart(name, code, getattr(module, attribute), module)


@cache
def names_in(package: str) -> tuple[str, ...]:
    """Names of the parts that are files of a package, in alphabetical order."""
    names = (entry.name for entry in files(package).iterdir())
    stems = (name[:-3] for name in names if name.endswith(".py") and not name.startswith("_"))
    return tuple(sorted(stem.replace("_", "-") for stem in stems))


def stem_of(package: str, kind: Kind, name: str) -> str:
    """Base name of the file of a part of the suite.

    Raises:
        UnknownName: there is no such part.
    """
    known = names_in(package)
    if name not in known:
        everything = [*known, *plugins(kind)]
        hint = f"Known: {', '.join(everything)}; your own as '{_example(kind)}'."
        raise UnknownName(kind, name, everything, hint)
    return name.replace("-", "_")


def class_in(package: str, kind: Kind, name: str) -> Any:
    """The class of a part of the suite, imported now.

    Raises:
        UnknownName: there is no such part.
    """
    stem = stem_of(package, kind, name)
    module = importlib.import_module(f"{package}.{stem}")
    return getattr(module, "".join(word.capitalize() for word in stem.split("_")))


def _example(kind: Kind) -> str:
    return {"backbone": "my_net.py:Net"}.get(kind, f"my_{kind}.py:Mine")
