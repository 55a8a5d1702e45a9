"""The grid of Siamese networks: backbone x distance x loss, of one ranking and one task.

A cell is the model of that name as it comes or with a searched learning rate, margin or
temperature. Other batches, hard mining and the like are variants of their own: a grid that mixed
them would compare samplers with losses. Of several recipes of a cell the best on validation counts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from benchmark.registry import refusal
from benchmark.report import recipes
from benchmark.report.aggregate import Result
from benchmark.report.leaderboard import Ranking, Row

FACTORS = ("backbone", "distance", "loss")
# Settings that a cell may have: what `oneshot tune` searches, and what the ranking's title tells.
SEARCHED = ("learning_rate", "margin", "temperature", "items", "budget", "views")
Parts = tuple[str, str, str]  # backbone, distance, loss


@dataclass(frozen=True)
class Cell:
    """A combination with its model's row and result."""

    parts: Parts
    row: Row
    result: Result


def parts_of(row: Row) -> Parts | None:
    """The cell that a row belongs to; None for a row of no cell."""
    backbone, distance, loss = (recipes.part(row.recipe, name) for name in FACTORS)
    if not (backbone and distance and loss) or row.key != f"siamese-{backbone}-{distance}-{loss}":
        return None
    varied = {setting.partition("=")[0] for setting in row.settings}
    return (backbone, distance, loss) if varied <= {*SEARCHED, *FACTORS} else None


def cells(ranking: Ranking, position: int) -> dict[Parts, Cell]:
    """The cells that have rows in a ranking, in its order, with their results in a column."""
    found: dict[Parts, list[Cell]] = defaultdict(list)
    for row in ranking.rows:
        parts = parts_of(row)
        if parts is not None:
            found[parts].append(Cell(parts, row, row.results[position]))
    return {parts: max(several, key=_preference) for parts, several in found.items()}


def measured(found: dict[Parts, Cell]) -> dict[Parts, Cell]:
    """Those with a number."""
    return {parts: cell for parts, cell in found.items() if cell.result.accuracy is not None}


def impossible(distance: str, loss: str) -> bool:
    """Whether the suite refuses the combination."""
    return refusal(distance, loss) is not None


def _preference(cell: Cell) -> tuple[bool, float]:
    validation = cell.result.validation
    return cell.result.accuracy is not None, -1.0 if validation is None else validation
