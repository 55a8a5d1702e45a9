"""A comparison for a terminal of 100 columns, and as data for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from benchmark.report.compare import Comparison, Side
from benchmark.report.escape import printable
from benchmark.statistics.paired import Paired

JACKKNIFE, NO_CLASSES, LUCK, PREFIX, FAILED, SAME = "*", "°", "†", "‡", "§", "‖"
NOTES = {
    JACKKNIFE: "Episodes share classes: the unit is the class, by the delete-one-class jackknife.",
    NO_CLASSES: "No groups of classes: p and detectable are for these images.",
    LUCK: "A trained model with one seed: ± and p are for these trained networks, without "
    "training luck.",
    PREFIX: "The common prefix of the episodes: not all that the longer record has.",
    SAME: "Both answered with the same trained networks, so that seeds pair too.",
    FAILED: "Some seeds failed; the numbers are those of the others.",
}
KEY = (
    "Percent and percentage points; ± is half of a 95 % interval of A - B, in pairs: images, over "
    "episodes and training seeds; classes, over groups of classes (alphabets) and seeds. p: of no "
    "difference on new classes; Holm: adjusted for all tasks shown. W/T/L: A wins, ties, loses. "
    "Detects: the true difference found 4 times in 5."
)


def render(rows: Sequence[Comparison]) -> Group:
    """Tables by track, and what their marks mean."""
    parts: list[RenderableType] = [_models(rows)]
    for track in dict.fromkeys(row.task.track for row in rows):
        parts += [Text(), _table(track, [row for row in rows if row.task.track == track])]
    used = "".join(_marks(row) for row in rows)
    notes = [f"{mark} {text}" for mark, text in NOTES.items() if mark in used]
    return Group(*parts, Text(), *(Text(line, style="dim") for line in (KEY, *notes)))


def as_data(rows: Sequence[Comparison]) -> list[dict[str, Any]]:
    """The comparison as JSON takes it; accuracies in [0, 1], NaN as null."""
    return [
        {
            "task": row.task.name,
            "version": row.version,
            "a": _side_data(row.a),
            "b": _side_data(row.b),
            "episodes": row.episodes,
            "these_images": _paired_data(row.these_images),
            "new_classes": None if row.new_classes is None else _paired_data(row.new_classes),
            "sign_flip": None if row.sign_flip is None else {
                "p": row.sign_flip.p, "patterns": row.sign_flip.patterns,
                "exact": row.sign_flip.exact,
            },
            "p": _number(row.p),
            "p_holm": _number(row.p_holm),
            "smallest_detectable": _number(row.detectable),
        }
        for row in rows
    ]  # fmt: skip


def _models(rows: Sequence[Comparison]) -> Text:
    lines = []
    for letter, sides in (("A", [row.a for row in rows]), ("B", [row.b for row in rows])):
        hashes = ", ".join(dict.fromkeys(side.recipe8 for side in sides))
        counts = sorted({len(side.seeds) for side in sides})
        seeds = f"{'-'.join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))} seed"
        plural = "" if counts == [1] else "s"
        lines.append(f"{letter}  {printable(sides[0].key)} ({hashes}), {seeds}{plural}")
    return Text("\n".join(lines))


def _table(track: str, rows: Sequence[Comparison]) -> Table:
    title = Text(printable(track), style="bold")
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("task", overflow="fold", max_width=24)
    heads = ("A", "B", "A - B", "images", "classes", "p", "Holm", "episodes", "groups", "detects")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        new = row.new_classes
        name = row.task.short + ("" if row.version == 1 else f" v{row.version}")
        table.add_row(
            Text(printable(name) + _marks(row)),
            percent(row.a.accuracy.mean), percent(row.b.accuracy.mean),
            Text(f"{100 * row.these_images.difference:+.1f}", style="bold"),
            _half(row.these_images), "" if new is None else _half(new),
            p_text(row.p), Text(p_text(row.p_holm), style="bold" if row.p_holm <= 0.05 else ""),
            _record(row.these_images), "" if new is None else _record(new),
            percent(row.detectable),
        )  # fmt: skip
    return table


def percent(value: float) -> str:
    """Percent or points with one digit, two where one would hide all of it."""
    if math.isnan(value):
        return "-"
    digits = 2 if 0 < abs(value) < 0.0005 else 1
    return f"{100 * value:.{digits}f}"


def p_text(p: float) -> str:
    """A p value with three digits after the point."""
    if math.isnan(p):
        return "-"
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0") if p < 0.9995 else "1"


def _half(found: Paired) -> str:
    return "-" if math.isnan(found.half_width) else f"±{percent(found.half_width)}"


def _record(found: Paired) -> str:
    """Wins, ties and losses; of many units in percent, so that the table stays narrow."""
    counts = (found.wins, found.ties, found.losses)
    if found.units > 999:
        shares = [100 * count / found.units for count in counts]
        return "/".join(f"{share:.0f}" for share in shares) + "%"
    return "/".join(str(count) for count in counts)


def _marks(row: Comparison) -> str:
    carried = {
        JACKKNIFE: row.new_classes is not None and row.new_classes.unit == "class",
        NO_CLASSES: row.new_classes is None,
        LUCK: not row.these_images.covers_training,
        PREFIX: row.episodes < row.longest,
        SAME: row.these_images.same_networks,
        FAILED: bool(row.a.failed or row.b.failed),
    }
    return "".join(mark for mark in NOTES if carried[mark])


def _side_data(side: Side) -> dict[str, Any]:
    interval = side.accuracy
    return {
        "model": side.key,
        "recipe8": side.recipe8,
        "seeds": list(side.seeds),
        "failed": list(side.failed),
        "accuracy": interval.mean,
        "low": _number(interval.low),
        "high": _number(interval.high),
        "seed_accuracy": list(side.seed_accuracy),
    }


def _paired_data(found: Paired) -> dict[str, Any]:
    return {
        "difference": found.difference,
        "low": _number(found.low),
        "high": _number(found.high),
        "p": _number(found.p),
        "degrees_of_freedom": _number(found.degrees_of_freedom),
        "unit": found.unit,
        "units": found.units,
        "wins": found.wins,
        "ties": found.ties,
        "losses": found.losses,
        "covers_training": found.covers_training,
        "same_networks": found.same_networks,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
