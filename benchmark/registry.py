"""From what a person types to a model: a catalogue key, a module, a file or an entry point.

    siamese-conv4-cosine-triplet      a key of the catalogue
    package.module:Name               a class that can be imported
    path/to/my_model.py:Name          a class in a file; its code runs here, like any program's
    torchscript:PATH, onnx:PATH, checkpoint:PATH, easyfsl:Method     see `baselines.adapters`
    an entry point of the group "oneshot_benchmark.models"

The only door from `benchmark` to `baselines`.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any, Literal

from benchmark import sources
from benchmark.datasets.resample import NAME as RESAMPLER
from benchmark.errors import ModelBroken, OneshotError, UnknownName
from benchmark.evaluation.inference_config import NAMES, InferenceConfig, recorded, split
from benchmark.files import SOURCE_BYTES, digest_of
from benchmark.models import distances, parts
from benchmark.models.model import INTERFACES, resolved
from benchmark.models.recipe import as_dict
from benchmark.protocols import TrackInfo
from benchmark.settings import literal
from benchmark.user_code import load_file, make_current, same_folder

Pool = Literal["inductive", "transductive", "pretrained"]
ENTRY_POINTS = parts.GROUPS["model"]
PARTS = {"backbone": "backbones", "distance": "distances", "loss": "losses"}
# A word without dots, slashes and colons, or numbers such as the sizes "48:0.4,64:0.7": neither can
# name a file, a module, a hub or a package.
HARMLESS = re.compile(r"[A-Za-z0-9_-]{0,64}|[0-9.,:]{1,200}")
ISOLATE = "ONESHOT_ISOLATE"  # environment variable, "0" for --no-isolate


@dataclass(frozen=True)
class ModelSpec:
    """A model that can be built, before it is built.

    Attributes:
        key: the name in records; for a file its base name, never its path.
        factory: the class.
        settings: keyword settings of the catalogue, overridden by the user's.
        pool: "inductive", "transductive" or "pretrained"; None: as the model declares.
        code: first 16 hex digits of the SHA-256 of the user's file, or None.
        home: the file that defines the class, for a model that is not the suite's, or None.
        isolated: the name by which a process of its own builds the model, or None to build it here.
    """

    key: str
    factory: Callable[..., Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    pool: Pool | None = None
    code: str | None = None
    home: Path | None = None
    isolated: str | None = None

    @property
    def homes(self) -> dict[str, Path]:
        """The files of users' classes that the model is made of: its own ("") and by setting."""
        found = {} if self.home is None else {"": self.home}
        for name, value in self.settings.items():
            place = _file_named(value) or _plugin_file(name, value)
            if place is not None:
                found[name] = place
        return found

    @property
    def typed(self) -> str:
        """The model as a command names it: with the folders of its file."""
        if self.code is not None and self.home is not None:
            here = Path.cwd()
            place = self.home.relative_to(here) if self.home.is_relative_to(here) else self.home
            return f"{place}:{self.key.rpartition(':')[2]}"
        prefix, colon, _ = self.key.partition(":")
        path = getattr(self.factory, "args", ("",))[:1]  # of an adapter: see `baselines.adapters`
        return f"{prefix}:{path[0]}" if colon and path and path[0] else self.key

    @property
    def foreign(self) -> bool:
        """Whether code or files that are not the suite's run: they may end the whole process."""
        return ":" in self.key or bool(self.homes)

    @property
    def files(self) -> dict[str, str]:
        """Digests of what decides the answers outside the suite; see `sources.own_files`."""
        values = (value for value in self.settings.values() if isinstance(value, str))
        texts = [value for value in values if "." in value or "/" in value or os.sep in value]
        return sources.own_files(self.homes, texts)

    @property
    def inference(self) -> InferenceConfig:
        """The harness's own settings among `settings`.

        Raises:
            OneshotError: a value that makes no sense.
        """
        return split(self.settings)[0]

    def build(self, seed: int, track: TrackInfo, budget: str) -> Any:
        """A fresh model; passes those of `seed`, `track`, `budget` that its constructor takes.

        Raises:
            OneshotError: for a setting that the model does not take, or if its constructor fails.
        """
        if self.isolated is not None:
            from benchmark.evaluation.isolation import client
            from benchmark.records.canonical import digest

            process = client.start(self.isolated, digest(self.files))
            return client.build(process, self.settings, seed, track, budget)
        _, own = split(self.settings)
        arguments = accepted(self.factory, self.key, own)
        offered = {"seed": seed, "track": track, "budget": budget}
        names = _parameters(self.factory)
        arguments |= {k: v for k, v in offered.items() if k in names and k not in arguments}
        if self.home is not None:
            make_current(self.home)
        try:
            with sources.watching(self.homes), same_folder():
                model = self.factory(**arguments)
        except OneshotError:
            raise
        except (Exception, SystemExit) as error:
            raise ModelBroken(
                f"{self.key} cannot be built: {type(error).__name__}: {error}.",
                "Run it again with --debug to see where.",
            ) from error
        if resolved(model).interface is None:
            raise ModelBroken(
                f"{self.key} is not a model: it has none of the methods {', '.join(INTERFACES)}.",
                "The shortest model is a class with a method embed(images) -> vectors.",
            )
        return model


def isolates() -> bool:
    """Whether runs put users' models into processes of their own, as --no-isolate decides."""
    return os.environ.get(ISOLATE, "1") != "0" and os.name == "posix"


def resolve(
    name: str, settings: Mapping[str, Any] | None = None, isolate: bool = False
) -> ModelSpec:
    """The model that `name` means, with the user's settings laid over the catalogue's.

    Args:
        name: see the module's docstring.
        settings: of the user.
        isolate: whether a class of a user's file or module is built in a process of its own
            (`benchmark.evaluation.isolation`); it is not even imported here.

    Raises:
        UnknownName: if nothing has that name.
        OneshotError: if the module or file cannot be loaded.
    """
    chosen = dict(settings or {})
    catalogue = importlib.import_module("baselines.catalogue")
    entry = catalogue.find(name)
    if entry is not None:
        factory = _attribute(importlib.import_module(entry.target.split(":")[0]), entry.target)
        key = catalogue.key_of(entry, chosen)
        return ModelSpec(key, factory, {**entry.settings, **chosen}, entry.pool)
    adapters = importlib.import_module("baselines.adapters")
    adapted = adapters.find(name)
    if adapted is not None:
        key, factory = adapted
        return ModelSpec(key, factory, chosen)
    found = _isolated(name, chosen) if isolate else None
    if found is None:
        found = _imported(name, chosen, adapters.guess(name))
    if found is None:
        known = [entry.key for entry in catalogue.entries()]
        raise UnknownName("model", name, known, "Type: oneshot list models")
    return found


def _isolated(name: str, settings: dict[str, Any]) -> ModelSpec | None:
    """A class of a user's file or module that a process of its own will load; None for others."""
    place, colon, attribute = name.rpartition(":")
    if place.endswith(".py"):
        path = Path(place)
        if not path.is_file() or not os.access(path, os.R_OK):
            return None
        code = digest_of(path, SOURCE_BYTES)[:16]
        key = f"{path.name}:{attribute}"
        return ModelSpec(key, elsewhere, settings, None, code, path.resolve(), name)
    module = place if colon else _entry_module(name)
    home = None if module is None else _outside(module)
    return None if home is None else ModelSpec(name, elsewhere, settings, home=home, isolated=name)


def _entry_module(name: str) -> str | None:
    """The module of the entry point of this name."""
    from importlib.metadata import entry_points

    found = [point.module for point in entry_points(group=ENTRY_POINTS) if point.name == name]
    return found[0] if found else None


def _imported(name: str, chosen: dict[str, Any], hint: str | None) -> ModelSpec | None:
    """A class of a file, a module or an entry point that is loaded here; None for other names.

    `hint` is what to type where a module cannot be imported.
    """
    if ":" in name and ".py:" in name:
        path, _, attribute = name.rpartition(":")
        module, code = load_file(Path(path))
        factory = _attribute(module, name)
        key = f"{Path(path).name}:{attribute}"
        return ModelSpec(key, factory, chosen, None, code, Path(path).resolve())
    if name.endswith(".py"):
        raise OneshotError(f"{name} does not say which class.", f"Type: {name}:NameOfTheClass")
    if ":" in name:
        module_name = name.split(":", maxsplit=1)[0]
        if not _is_module(module_name):
            raise OneshotError(
                f"{name} cannot be imported: '{module_name}' is not the name of a module.",
                "Give the file: path/to/file.py:Name",
            )
        try:
            module = importlib.import_module(module_name)
        except ImportError as error:
            raise OneshotError(
                f"{name} cannot be imported: {error}.",
                hint or "Check the spelling, or give the file: path/to/file.py:Name",
            ) from error
        return ModelSpec(name, _attribute(module, name), chosen, home=foreign_source(module_name))
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS):
        if point.name == name:
            return ModelSpec(name, point.load(), chosen, home=foreign_source(point.module))
    return None


def outside(key: str, settings: Mapping[str, Any] | None = None) -> str | None:
    """What a model would load from outside the suite; None if it is of the catalogue alone.

    Records and results folders come from strangers: what they name may be looked up in the
    catalogue, with settings that are numbers, switches, plain words or parts of the suite. Anything
    else could name a file, a module, a package or a hub, all of which are code or load some.
    """
    if title_of(key) is None or ":" in key:
        return f"the model {key}"
    for name, value in (settings or {}).items():
        read = literal(value)
        if isinstance(read, bool | int | float) or read is None:
            continue
        word = isinstance(read, str) and HARMLESS.fullmatch(read)
        if not word or (name in PARTS and read not in part_names(PARTS[name])):
            return f"the setting {name}={value}"
    return None


def in_command(key: str, settings: Mapping[str, Any] | None = None) -> str:
    """A record's model as a command names it; a blank "<NAME>" where the command would load code.

    It runs nothing until the reader has put a model of their own into the blank. A name that could
    not load anything, such as "a" or "$(id)", stays as it is.
    """
    loads = ".py:" in key or (":" in key and _is_module(key.partition(":")[0]))
    if outside(key, settings) is None or (title_of(key) is None and not loads):
        return key
    words = re.sub(r"[^\w.-]+", " ", key).strip()
    return f"<{words}>"


def resolve_recorded(key: str, settings: Mapping[str, Any], trust_code: bool = False) -> ModelSpec:
    """The model that a record names; see `outside` for what a record may name.

    Args:
        key: of the record.
        settings: of its provenance.
        trust_code: also load what is not of the catalogue, as `resolve` does.

    Raises:
        OneshotError: the record names something outside the catalogue, or `resolve` fails.
    """
    foreign = None if trust_code else outside(key, settings)
    if foreign is not None:
        raise OneshotError(
            f"A record names {foreign}, which is not part of the suite's catalogue: building it "
            "could run code, so it was not built.",
            "If you trust it, add --trust-code, or name the model yourself: --model my_net.py:Net",
        )
    return resolve(key, settings)


def record_key(name: str) -> str:
    """The key in records of what a person types: without the folders of a file. Loads nothing."""
    prefix, colon, rest = name.partition(":")
    if colon and prefix in ("torchscript", "onnx", "checkpoint"):
        return f"{prefix}:{PurePath(rest.replace(chr(92), '/')).name}"
    place, _, attribute = name.rpartition(":")
    if place.endswith(".py"):
        return f"{PurePath(place.replace(chr(92), '/')).name}:{attribute}"
    return name


def catalogue_keys() -> list[str]:
    """Keys of all models of the catalogue."""
    return [entry.key for entry in importlib.import_module("baselines.catalogue").entries()]


@cache
def budget_items(budget: str, family: str | None) -> tuple[int, ...]:
    """Training items of a budget on data of a family; every such number where that is None."""
    budgets: dict[str, dict[str, int]] = importlib.import_module("baselines.recipe").BUDGETS
    families = [name for name in budgets if family in (None, name)]
    found = (budgets[name].get(budget) for name in families)
    return tuple(dict.fromkeys(items for items in found if items is not None))


def part_names(kind: str) -> tuple[str, ...]:
    """Names of the parts that models are put together from: "backbones", "distances", "losses"."""
    names: tuple[str, ...] = importlib.import_module("baselines.parts").part_names(kind)
    return names


def part_modules(recipe: Mapping[str, Any]) -> list[str]:
    """Modules of the backbone, distance and loss that a recipe names, of those that are ours."""
    parts = importlib.import_module("baselines.parts")
    return [
        f"{parts.PACKAGES[kind]}.{recipe[part].replace('-', '_')}"
        for kind, part in parts.SINGULAR.items()
        if recipe.get(part) in parts.part_names(kind)
    ]


def refusal(distance: str, loss: str) -> str | None:
    """Why a Siamese distance and loss cannot be combined; None where they can.

    None too for parts that are not the suite's, of which nothing is known.
    """
    known = part_names("distances"), part_names("losses")
    if distance not in known[0] or loss not in known[1]:
        return None
    reason: str | None = importlib.import_module("baselines.siamese.traits").refusal(distance, loss)
    return reason


def about(key: str) -> Any:
    """What the sources say of a model of the catalogue (`baselines.about.About`); no torch.

    Raises:
        UnknownName: there is no such key.
    """
    entry = importlib.import_module("baselines.catalogue").find(key)
    if entry is None:
        raise UnknownName("model", key, catalogue_keys(), "Type: oneshot list models")
    return importlib.import_module("baselines.about").about(entry)


def page_of(key: str) -> str | None:
    """Name of the page about a model of the catalogue; None for any other model."""
    page: str | None = importlib.import_module("baselines.about").pages().get(key)
    return page


@cache
def title_of(key: str) -> str | None:
    """A model of the catalogue as it stands in tables for readers; None for any other model."""
    entry = importlib.import_module("baselines.catalogue").find(key)
    return None if entry is None else str(entry.title)


@cache
def bibtex_of(key: str) -> tuple[str, ...]:
    """Keys of the references of a model of the catalogue; none for any other model."""
    entry = importlib.import_module("baselines.catalogue").find(key)
    return () if entry is None else entry.references


def foreign_source(module: str) -> Path | None:
    """The file of a module that is not the suite's own."""
    path = sources.file_of(sys.modules.get(module))
    own = path is None or any(path.is_relative_to(sources.SUITE / p) for p in sources.PACKAGES)
    return None if own else path


def _outside(module: str) -> Path | None:
    """The file of a module that is not the suite's own, found without importing it."""
    if module.split(".", maxsplit=1)[0] in sources.PACKAGES:
        return None
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None
    return Path(found.origin).resolve() if found and found.has_location and found.origin else None


def elsewhere(**arguments: Any) -> Any:
    """In place of a class that is only loaded in a process of its own."""
    raise RuntimeError("this class is built in another process")


def _file_named(value: Any) -> Path | None:
    """The source of a class that a setting names: "my_net.py:Net" or "package.module:Net"."""
    if not isinstance(value, str) or ":" not in value:
        return None
    place = value.rpartition(":")[0]
    if place.endswith(".py"):
        path = Path(place).expanduser()
        return path.resolve() if path.is_file() else None
    found = foreign_source(place)
    return None if found is None or sources.is_library(found) else found


def _plugin_file(setting: str, value: Any) -> Path | None:
    """The source of a part that a setting names by its entry point, unless it is a library's."""
    kinds: dict[str, parts.Kind] = {"backbone": "backbone", "distance": "distance", "loss": "loss"}
    if setting not in kinds or value in part_names(PARTS[setting]):
        return None
    point = parts.plugins(kinds[setting]).get(str(value))
    found = None if point is None else _outside(point.module)
    return None if found is None or sources.is_library(found) else found


def accepted(factory: Callable[..., Any], key: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as keyword arguments; text from the command line is read as JSON if it can be.

    Raises:
        UnknownName: for a setting that the constructor does not take.
    """
    parameters = inspect.signature(factory).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return dict(settings)  # a model with a recipe checks and converts the settings itself
    for name in settings:
        if name not in parameters:
            known = [*parameters, *NAMES]
            hint = f"Known: {', '.join(known)}."
            raise UnknownName(f"setting of {key}", name, known, hint, setting=name)
    return {name: literal(value) for name, value in settings.items()}


def recipe_of(model: object, spec: ModelSpec, budget: str) -> dict[str, Any]:
    """Everything that the model's answers depend on beside the seed, ready for JSON.

    A model's own `recipe` (a dataclass or mapping) comes first; models without one are described
    by their settings. Untrained models have the budget "none": they need none.
    """
    recipe = as_dict(getattr(model, "recipe", None))
    if recipe is None:
        recipe = {name: literal(value) for name, value in split(spec.settings)[1].items()}
    seen_as = resolved(model)
    if seen_as.trainable is not None:
        recipe.setdefault("budget", budget)  # a recipe with its own number of items says "custom"
    else:
        recipe["budget"] = "none"
    recipe |= recorded(spec.inference, model)
    recipe.setdefault("dtype", "float32")
    recipe.setdefault("resampler", RESAMPLER)
    if spec.code is not None:
        recipe["code"] = spec.code
    if seen_as.embedder is not None and seen_as.pair_head is None:
        name, code = distances.stated(model)
        recipe.setdefault("distance", name)
        if code:
            recipe["distance_code"] = code
    plain: dict[str, Any] = json.loads(json.dumps(recipe, default=str))
    return plain


def _is_module(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _parameters(factory: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(factory).parameters)


def _attribute(module: ModuleType, name: str) -> Callable[..., Any]:
    attribute = name.rpartition(":")[2]
    found = getattr(module, attribute, None)
    if not callable(found):
        classes = [k for k, v in vars(module).items() if isinstance(v, type)]
        raise UnknownName(f"class in {name.rpartition(':')[0]}", attribute, classes)
    return found  # type: ignore[no-any-return]
