"""Reads what tables need out of a recipe, whatever keys it has or lacks.

A recipe is the model's own; the report asks for a few usual names and takes no for an answer.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.records.schema import Record
from benchmark.registry import budget_items, title_of
from benchmark.report.task_info import describe

CUSTOM = "custom"
BUDGETS = ("full", "standard", "quick")
FINAL_FIT = " with final fit"
LABEL = re.compile(rf"({'|'.join((*BUDGETS, CUSTOM))})(?: ([0-9]{{1,18}}))?({FINAL_FIT})?")
ROUNDING = 0.01  # of the items: a training ends with a whole batch


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


def stated_budget(recipe: Mapping[str, Any]) -> str | None:
    """The name of the budget that the recipe states, None for a model without a training."""
    value = pick(recipe, "budget")
    return None if value in (None, "none") else as_text(value)


def budget_of(records: Sequence[Record]) -> str | None:
    """The training budget of one recipe's records on one track; None without a training.

    The label follows from the items that the trainings report, the most of any seed, whatever name
    the recipe states: "quick", "standard" and "full" where they are the items of that name on such
    data; the name and the items for a recipe of the suite whose budget has other items (Koch's
    network, small data sets); else "custom" and the items. A final fit, which trains on the
    validation classes too, is part of the label, and its items count: as many again as those of the
    first training at most.
    """
    recipe, key = records[0].model.recipe, records[0].model.key
    stated, fits = stated_budget(recipe), 2 if pick(recipe, "final_fit") is True else 1
    measured = [record.cost.training_items for record in records if record.outcome is not None]
    reported, promised = max(measured, default=None), pick(recipe, "items")
    if type(promised) is not int:
        promised = None
    if reported is None:  # nothing but failures
        reported = promised * fits if promised is not None else None
    if reported is None or (stated is None and not reported):
        return stated
    items = reported
    if promised is not None:
        least = promised if fits == 1 else (fits - 1) * promised
        if (1 - ROUNDING) * least <= reported <= (1 + ROUNDING) * fits * promised:
            items = fits * promised
    if fits > 1:
        return f"{CUSTOM} {items}{FINAL_FIT}"
    named = {
        of: name
        for name, counts in _items_of_budgets(describe(records[0].task.name).family).items()
        for of in counts
    }
    for of, name in named.items():
        if abs(items - of) <= ROUNDING * of:
            return name
    own = stated in BUDGETS and items == promised and title_of(key) is not None
    return f"{stated if own else CUSTOM} {items}"


def budgets_of(records: Iterable[Record]) -> dict[tuple[str, str, str], str | None]:
    """The budget of each (track, model, recipe8) among the records, see `budget_of`."""
    trained: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in records:
        trained[training_of(record)].append(record)
    return {key: budget_of(several) for key, several in trained.items()}


def training_of(record: Record) -> tuple[str, str, str]:
    """Which trainings a record is of: (track, model, recipe8)."""
    return describe(record.task.name).track, record.model.key, record.model.recipe8


def _items_of_budgets(family: str) -> dict[str, tuple[int, ...]]:
    """Training items of each named budget on such data; of any data where that is not known."""
    return {name: budget_items(name, family or None) for name in BUDGETS}


def longest_first(budget: str | None) -> tuple[int, int, str]:
    """Sorts budgets: those of the suite from the longest, then one's own likewise, then none."""
    if budget is None:
        return len(BUDGETS) + 2, 0, ""
    # Records may hold anything: neither "²" nor five thousand digits are a number of items.
    read = LABEL.fullmatch(budget)
    if read is None:
        return len(BUDGETS) + 1, 0, budget
    items = -int(read[2]) if read[2] else -(10**18)  # the name alone before the name with items
    return (*BUDGETS, CUSTOM).index(read[1]), items, budget


def views_of(recipe: Mapping[str, Any]) -> int:
    """Views of each test item whose embeddings are averaged; 1 where the recipe is silent."""
    value = pick(recipe, "views")
    return value if isinstance(value, int) and not isinstance(value, bool) else 1
