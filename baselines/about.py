"""What a model's source says about it: paper, idea, differences, settings and their sources.

The files are read, not imported, so that pages of the models can be made without torch. A file
opens with a title, the paper, "Idea: ..." and "Differences: ..."; the fields of a recipe carry the
source of their number as a comment.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from baselines.catalogue import METHODS, entries
from baselines.entry import ModelEntry
from baselines.parts import Kind, part_names, source_of

IDEA, DIFFERENCES = "Idea: ", "Differences: "
PARTS: dict[str, Kind] = {"backbone": "backbones", "distance": "distances", "loss": "losses"}


@dataclass(frozen=True)
class Setting:
    """One field of a recipe.

    Attributes:
        name: as it is typed after --set.
        default: as it is written in the source, unless the catalogue sets another.
        source: where the number comes from, "" where the source says nothing.
        part: which part of the recipe it belongs to, "" where these are not told apart.
        settable: False for what follows from other fields.
    """

    name: str
    default: str
    source: str
    part: str
    settable: bool


@dataclass(frozen=True)
class Text:
    """The opening of a file: its title, the paper and formulas, the idea, the differences."""

    title: str
    paper: str
    idea: str
    differences: str


@dataclass(frozen=True)
class About:
    """A model as its page tells it.

    Attributes:
        entry: what the catalogue says.
        page: name of the page that it stands on: one for a method on all backbones, and one for
            the whole grid of Siamese networks.
        text: of the method's own file.
        parts: (kind, name, text) of the parts that the key names.
        settings: every field of its recipe.
    """

    entry: ModelEntry
    page: str
    text: Text
    parts: tuple[tuple[str, str, Text], ...]
    settings: tuple[Setting, ...]


def about(entry: ModelEntry) -> About:
    """What the sources say of a model of the catalogue."""
    module, _, _ = entry.target.partition(":")
    place, _, recipe = entry.recipe.rpartition(":")
    settings = tuple(
        replace(setting, default=repr(entry.settings[setting.name]), source="catalogue")
        if setting.name in entry.settings
        else setting
        for setting in fields(place or module, recipe)
    )
    page = _page(entry)
    parts = tuple(
        (kind, str(entry.settings[kind]), text(source_of(plural, str(entry.settings[kind]))))
        for kind, plural in PARTS.items()
        if entry.settings.get(kind) in part_names(plural)
    )
    return About(entry, page, text(_source(module)), parts, settings)


@cache
def pages() -> dict[str, str]:
    """Every key of the catalogue and the name of the page it stands on."""
    return {entry.key: _page(entry) for entry in entries()}


def text(source: str) -> Text:
    """The opening docstring of a file, taken apart."""
    paragraphs = (ast.get_docstring(_tree(source)) or "").split("\n\n")
    title, rest = paragraphs[0], paragraphs[1:]
    named = {
        mark: _joined(next((p for p in rest if p.startswith(mark)), "").removeprefix(mark))
        for mark in (IDEA, DIFFERENCES)
    }
    paper = "\n\n".join(_joined(p) for p in rest if not p.startswith((IDEA, DIFFERENCES)))
    return Text(_joined(title).rstrip("."), paper, named[IDEA], named[DIFFERENCES])


def fields(module: str, recipe: str) -> Iterator[Setting]:
    """The fields of a recipe, those of the classes it inherits from first; later ones win."""
    found: dict[str, Setting] = {}
    for where, name in _lineage(module, recipe):
        for setting in _own_fields(where, name):
            before = found.get(setting.name)
            part = setting.part or (before.part if before else "")
            found[setting.name] = replace(setting, part=part)
    yield from found.values()


def _own_fields(module: str, name: str) -> Iterator[Setting]:
    source = _source(module)
    lines = source.splitlines()
    node = _class(module, name)
    part = ""
    for field in node.body:
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        above, heading = _comments_above(lines, field.lineno - 1)
        part = heading or part
        value = "" if field.value is None else ast.unparse(field.value)
        yield Setting(
            name=field.target.id,
            default=re.sub(r"^(?:derived|optional)\((.*?)(?:, optional=True)?\)$", r"\1", value),
            source="; ".join(filter(None, (_comment(lines[(field.end_lineno or 1) - 1]), above))),
            part=part,
            settable="derived(" not in value,
        )  # fmt: skip


def _comments_above(lines: list[str], at: int) -> tuple[str, str]:
    """The comment on the field below line `at`, and the heading: a comment after an empty line."""
    first = at
    while lines[first - 1].strip().startswith("#"):
        first -= 1
    block = [line.strip().lstrip("# ") for line in lines[first:at]]
    if block and not lines[first - 1].strip():
        return " ".join(block[1:]).rstrip("."), block[0].rstrip(".")
    return " ".join(block).rstrip("."), ""


def _comment(line: str) -> str:
    """What stands after the hash on a line of code; no default here holds a hash."""
    comment = line.partition("  # ")[2].strip()
    return "" if comment.startswith(("fmt:", "type:", "noqa")) else comment


def _lineage(module: str, name: str) -> Iterator[tuple[str, str]]:
    """(module, class) of a dataclass's ancestors, eldest first, and then its own."""
    place, node = _place(module, name), _class(module, name)
    for base in node.bases:
        if isinstance(base, ast.Name):
            yield from _lineage(place, base.id)
    yield place, name


def _place(module: str, name: str) -> str:
    """The module in which a name of `module` is defined as a class."""
    for node in _tree(_source(module)).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return module
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return _place(str(node.module), name)
    raise LookupError(f"{module} defines no class {name}")


def _class(module: str, name: str) -> ast.ClassDef:
    tree = _tree(_source(_place(module, name)))
    return next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)


@cache
def _source(module: str) -> str:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise LookupError(f"there is no module {module}")
    return Path(spec.origin).read_text(encoding="utf-8")


@cache
def _tree(source: str) -> ast.Module:
    return ast.parse(source)


def _page(entry: ModelEntry) -> str:
    if entry.grid:
        return "siamese"
    backbone = entry.settings.get("backbone")
    return next((m.key for m in METHODS if f"{m.key}-{backbone}" == entry.key), entry.key)


def _joined(paragraph: str) -> str:
    return " ".join(paragraph.split())
