"""A model's recipe as records hold it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

OPTIONAL = "optional"  # in the metadata of a field: left out of records while it has its default


def as_dict(recipe: object) -> dict[str, Any] | None:
    """The fields of a recipe, a dataclass or a mapping; None for anything else.

    Fields that are `OPTIONAL` and have their default are left out, so that a new setting leaves the
    recipes of earlier records as they are.
    """
    if isinstance(recipe, Mapping):
        return dict(recipe)
    if not dataclasses.is_dataclass(recipe) or isinstance(recipe, type):
        return None
    unset = {
        field.name
        for field in dataclasses.fields(recipe)
        if field.metadata.get(OPTIONAL) and getattr(recipe, field.name) == field.default
    }
    return {k: v for k, v in dataclasses.asdict(recipe).items() if k not in unset}
