"""The distance that a model without training declares, from its recipe."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from benchmark.models import distances

R = TypeVar("R")


def with_distance(model: Any, recipe: R) -> R:
    """Declares the recipe's distance for the harness; the recipe with its name and code.

    Raises:
        UnknownName: there is no such distance.
        Refused: it has weights that would have to be trained.
        OneshotError: a user's distance cannot be found, or is none.
    """
    reference = str(recipe.distance)  # type: ignore[attr-defined]
    name, code = distances.identity(reference)
    model.distance = distances.class_of(reference) if code else name
    fields: dict[str, Any] = {"distance": name, "distance_code": code}
    return dataclasses.replace(recipe, **fields)  # type: ignore[type-var]
