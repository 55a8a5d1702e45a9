"""Reads what tables need out of a recipe, whatever keys it has or lacks.

A recipe is the model's own; the report asks for a few usual names and takes no for an answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

CUSTOM = "custom"
BUDGETS = ("full", "standard", "quick")


def pick(recipe: Mapping[str, Any], name: str) -> Any:
    """The recipe's value of this name, at the top or inside a nested mapping; None without one."""
    if recipe.get(name) is not None:
        return recipe[name]
    for key in sorted(recipe):
        if isinstance(recipe[key], Mapping):
            found = pick(recipe[key], name)
            if found is not None:
                return found
    return None


def as_text(value: Any) -> str:
    """A recipe's value as it is shown and typed: text as it is, everything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def part(recipe: Mapping[str, Any], name: str) -> str:
    """The text of a recipe's entry; a part with settings of its own (a mapping) by its name."""
    value = pick(recipe, name)
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("key") or value
    return as_text(value)


def budget_of(recipe: Mapping[str, Any]) -> str | None:
    """The training budget's name, None for a model that was not trained under one.

    A budget of one's own ("custom") is told by its items: two of them are two budgets.
    """
    value = pick(recipe, "budget")
    if value in (None, "none"):
        return None
    if value == CUSTOM:
        return f"{CUSTOM} {as_text(pick(recipe, 'items'))}".strip()
    return as_text(value)


def longest_first(budget: str | None) -> tuple[int, int, str]:
    """Sorts budgets: those of the suite from the longest, then one's own likewise, then none."""
    if budget is None:
        return len(BUDGETS) + 1, 0, ""
    if budget in BUDGETS:
        return BUDGETS.index(budget), 0, budget
    items = budget.removeprefix(CUSTOM).strip()
    # Records may hold anything: neither "²" nor five thousand digits are a number of items.
    counted = items.isascii() and items.isdigit() and len(items) <= 18
    return len(BUDGETS), -int(items) if counted else 0, budget


def views_of(recipe: Mapping[str, Any]) -> int:
    """Views of each test item whose embeddings are averaged; 1 where the recipe is silent."""
    value = pick(recipe, "views")
    return value if isinstance(value, int) and not isinstance(value, bool) else 1
