"""The parts that models are put together from, found by their file names without importing them.

`backbones/conv4.py` is the backbone "conv4" and holds the class `Conv4`;
`benchmark/models/distances/weighted_l1.py` is the distance "weighted-l1" and holds `WeightedL1`.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

from benchmark.errors import OneshotError
from benchmark.models import parts

T = TypeVar("T", str, tuple[str, ...])
Kind = Literal["backbones", "distances", "losses"]
PACKAGES: dict[str, str] = {
    "backbones": "baselines.backbones",
    "distances": "benchmark.models.distances",
    "losses": "baselines.siamese.losses",
}
SINGULAR: dict[str, parts.Kind] = {
    "backbones": "backbone",
    "distances": "distance",
    "losses": "loss",
}


def part_names(kind: Kind) -> tuple[str, ...]:
    """Names of the parts of one kind in alphabetical order, such as ("cosine", "euclidean")."""
    return parts.names_in(PACKAGES[kind])


def source_of(kind: Kind, name: str) -> str:
    """Source text of a part.

    Raises:
        UnknownName: there is no such part.
    """
    return (files(PACKAGES[kind]) / f"{_stem(kind, name)}.py").read_text(encoding="utf-8")


def constant(kind: Kind, name: str, constant: str, default: T) -> T:
    """A constant of a part, such as TITLE, read from its source; `default` where it states none.

    Raises:
        UnknownName: there is no such part.
        OneshotError: the constant is no literal of the default's type and length.
    """
    assigned = _assigned(kind, name).get(constant)
    if assigned is None:
        return default
    try:
        value = ast.literal_eval(assigned)
    except (ValueError, TypeError):
        value = None
    if not _is_like(value, default):
        raise malformed(kind, name, f"{constant} must be a literal such as {default!r}")
    return value  # type: ignore[no-any-return]


def declaration(kind: Kind, name: str, constant: str) -> dict[str, Any]:
    """The arguments of a part's NEEDS = Needs(...) or TRAITS = Traits(...), read from its source.

    A number may be written as a division, such as 1 / 9.

    Raises:
        UnknownName: there is no such part.
        OneshotError: there is no such constant, or it is not made of literals by name.
    """
    call = _assigned(kind, name).get(constant)
    try:
        if not isinstance(call, ast.Call) or call.args:
            raise ValueError
        return {keyword.arg or "**": _value(keyword.value) for keyword in call.keywords}
    except (ValueError, TypeError, ZeroDivisionError):
        expected = f"{constant} = {constant.capitalize()}(name=literal, ...)"
        raise malformed(kind, name, f"it must state {expected}") from None


def malformed(kind: Kind, name: str, expected: str) -> OneshotError:
    """The error for a part whose file is not as it must be."""
    path = files(PACKAGES[kind]) / f"{_stem(kind, name)}.py"
    return OneshotError(f"The {SINGULAR[kind]} '{name}' ({path}) cannot be read: {expected}.")


def class_of(kind: Kind, name: str) -> Any:
    """The class of a part of the suite, imported now.

    Raises:
        UnknownName: there is no such part.
    """
    return parts.class_in(PACKAGES[kind], SINGULAR[kind], name)


def _stem(kind: Kind, name: str) -> str:
    return parts.stem_of(PACKAGES[kind], SINGULAR[kind], name)


@cache
def _assigned(kind: Kind, name: str) -> dict[str, ast.expr]:
    """What a part's source assigns at its top level, by name."""
    try:
        body = ast.parse(source_of(kind, name)).body
    except SyntaxError as error:
        expected = f"line {error.lineno} is no Python ({error.msg})"
        raise malformed(kind, name, expected) from error
    pairs = [
        (target, node.value)
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
    ]
    pairs += [
        (node.target, node.value)
        for node in body
        if isinstance(node, ast.AnnAssign) and node.value is not None
    ]
    return {target.id: value for target, value in pairs if isinstance(target, ast.Name)}


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _value(node.left) / _value(node.right)
    return ast.literal_eval(node)


def _is_like(value: object, default: object) -> bool:
    if isinstance(value, tuple) and isinstance(default, tuple):
        return [type(item) for item in value] == [type(item) for item in default]
    return type(value) is type(default)
