"""Settings by name, such as `--set margin=0.5`, put into the fields of a frozen recipe."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal, TypeVar

from benchmark.errors import OneshotError
from benchmark.models.recipe import OPTIONAL

R = TypeVar("R")
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def settable(recipe_type: type) -> list[str]:
    """Names of the fields that may be set; the others follow from them."""
    return [f.name for f in dataclasses.fields(recipe_type) if f.metadata.get("settable", True)]


def derived(default: Any, optional: bool = False) -> Any:
    """A recipe's field that follows from others and cannot be set; see `optional`."""
    return dataclasses.field(default=default, metadata={"settable": False, OPTIONAL: optional})


def optional(default: Any) -> Any:
    """A recipe's field that is left out of records while it has its default."""
    return dataclasses.field(default=default, metadata={OPTIONAL: True})


def convert(recipe_type: type, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with each value in the type of its field; strings are read as that type.

    Raises:
        OneshotError: a name that is no field, or a value that is not of its type.
    """
    known = settable(recipe_type)
    types = typing.get_type_hints(recipe_type)
    for name in settings:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.4)
            guess = f" Did you mean '{near[0]}'?" if near else ""
            hint = f"Known: {', '.join(known)}."
            raise OneshotError(f"This model has no setting '{name}'.{guess}", hint, name)
    return {name: _value(name, value, types[name]) for name, value in settings.items()}


def with_settings(recipe: R, settings: Mapping[str, Any]) -> R:
    """The recipe with some of its fields set; see `convert` for the errors."""
    return dataclasses.replace(recipe, **convert(type(recipe), settings))  # type: ignore[type-var]


def _value(name: str, value: Any, wanted: Any) -> Any:
    if typing.get_origin(wanted) is Literal:
        choices = [str(choice) for choice in typing.get_args(wanted)]
        if str(value) not in choices:
            expected = " or ".join(
                [", ".join(choices[:-1]), choices[-1]] if choices[1:] else choices
            )
            raise OneshotError(f"The setting {name}={value} is not one of {expected}.")
        return str(value)
    try:
        if wanted is bool:
            return _truth(value)
        if wanted is int:
            if isinstance(value, float) and not value.is_integer():
                raise ValueError
            return int(value.replace("_", "")) if isinstance(value, str) else int(value)
        return wanted(value)
    except (TypeError, ValueError):
        kind = {int: "a whole number", float: "a number", bool: "true or false"}.get(wanted, "text")
        raise OneshotError(f"The setting {name}={value} is not {kind}.") from None


def _truth(value: Any) -> bool:
    text = str(value).lower()
    if text not in YES + NO:
        raise ValueError
    return text in YES
