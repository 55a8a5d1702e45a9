"""A comparison for a terminal of 100 columns, and as data for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from benchmark.protocols.catalogue import BY_NAME, PROTOCOLS
from benchmark.report.comparison import Beside, Comparison, Side, detectable
from benchmark.report.escape import printable
from benchmark.statistics.paired import Paired

ONE_SEED = "1 seed"
JACKKNIFE, NO_CLASSES, LUCK, PREFIX, FAILED, SAME = "*", "°", "†", "‡", "§", "‖"
NOTES = {
    JACKKNIFE: "Episodes share classes: the unit is the class, by the delete-one-class jackknife.",
    NO_CLASSES: "No groups of classes: p and detectable are for these images.",
    LUCK: "A trained model with one seed: ± is for these trained networks. The variance between "
    "training seeds is unknown, so there is no p.",
    PREFIX: "The common prefix of the questions, or the common folds: not all that the longer "
    "record has.",
    SAME: "Both answered with the same trained networks, so that seeds pair too.",
    FAILED: "Some seeds failed or lack folds; the numbers are those of the others.",
}


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


def p_of(found: Paired | None, p: float | None = None) -> str:
    """The p value of a difference, or `p` in its place (as adjusted); "1 seed" without a test.

    One seed says nothing about the variance between trainings, and a test that left it out would
    reject far too often.
    """
    if found is None:
        return ""
    if not found.covers_training:
        return ONE_SEED
    return p_text(found.p if p is None else p)


def half(found: Paired | None) -> str:
    """Half of the interval; nothing where there is no analysis."""
    if found is None:
        return ""
    return "-" if math.isnan(found.half_width) else f"±{percent(found.half_width)}"


def record(found: Paired | None) -> str:
    """Wins, ties and losses; of many units in percent, so that the table stays narrow."""
    if found is None or found.wins is None or found.ties is None or found.losses is None:
        return ""
    counts = (found.wins, found.ties, found.losses)
    if found.units > 999:
        shares = [100 * count / found.units for count in counts]
        return "/".join(f"{share:.0f}" for share in shares) + "%"
    return "/".join(str(count) for count in counts)


def marks(row: Comparison) -> str:
    """The marks of `NOTES` that the row carries."""
    unit = None if row.new_classes is None else row.new_classes.unit
    carried = {
        JACKKNIFE: unit == "class" and row.measure == "accuracy",
        NO_CLASSES: row.new_classes is None,
        LUCK: not row.decisive.covers_training,
        PREFIX: row.episodes < row.longest or row.folds[0] < row.folds[1],
        SAME: row.decisive.same_networks,
        FAILED: bool(row.a.failed or row.b.failed),
    }
    return "".join(mark for mark in NOTES if carried[mark])


__all__ = ["as_data", "p_text", "percent", "render"]


def render(rows: Sequence[Comparison]) -> Group:
    """Tables by track and protocol, and what their marks mean."""
    parts: list[RenderableType] = [_models(rows)]
    for track, protocol in dict.fromkeys((row.task.track, _protocol(row)) for row in rows):
        mine = [r for r in rows if (r.task.track, _protocol(r)) == (track, protocol)]
        parts += [Text(), _table(track, protocol, mine)]
    used = "".join(marks(row) for row in rows)
    notes = [f"{mark} {text}" for mark, text in NOTES.items() if mark in used]
    shown = {_protocol(row) for row in rows}
    keys = [p.compare_key for p in PROTOCOLS if p is PROTOCOLS[0] or p.name in shown]
    return Group(*parts, Text(), *(Text(line, style="dim") for line in (*keys, *notes)))


def as_data(rows: Sequence[Comparison]) -> list[dict[str, Any]]:
    """The comparison as JSON takes it; accuracies in [0, 1], NaN as null."""
    return [
        {
            "task": row.task.name,
            "version": row.version,
            "measure": row.measure,
            "a": _side_data(row.a, row.measure),
            "b": _side_data(row.b, row.measure),
            "episodes": row.episodes,
            "these_images": _paired_data(row.these_images),
            "new_classes": _paired_data(row.new_classes),
            "sign_flip": None if row.sign_flip is None else {
                "p": row.sign_flip.p, "patterns": row.sign_flip.patterns,
                "exact": row.sign_flip.exact,
            },
            "p": _number(row.p),
            "p_holm": _number(row.p_holm),
            "smallest_detectable": _number(row.detectable),
            **({} if row.measure == "accuracy" else {
                "folds": list(row.folds), "also": [_beside_data(each) for each in row.also],
            }),
        }
        for row in rows
    ]  # fmt: skip


def _protocol(row: Comparison) -> str:
    """By what was measured: a name alone may say nothing of it."""
    return next((p.name for p in PROTOCOLS if p.measure == row.measure), PROTOCOLS[0].name)


def _models(rows: Sequence[Comparison]) -> Text:
    lines = []
    for letter, sides in (("A", [row.a for row in rows]), ("B", [row.b for row in rows])):
        hashes = ", ".join(dict.fromkeys(side.recipe8 for side in sides))
        counts = sorted({len(side.seeds) for side in sides})
        seeds = f"{'-'.join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))} seed"
        plural = "" if counts == [1] else "s"
        lines.append(f"{letter}  {printable(sides[0].key)} ({hashes}), {seeds}{plural}")
    return Text("\n".join(lines))


def _table(track: str, protocol: str, rows: Sequence[Comparison]) -> Table:
    episodes, heads = protocol == PROTOCOLS[0].name, BY_NAME[protocol].compare_heads.split("|")
    title = Text(printable(track if episodes else f"{track}, {protocol}"), style="bold")
    padding = (0, 1 if len(heads) > 9 and not episodes else 2, 0, 0)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=padding)
    table.add_column("task", overflow="fold", max_width=24)
    if not episodes:
        table.add_column("measure", no_wrap=True)
    for heading in heads:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        name = row.task.short.removesuffix(f"-{protocol}")
        name += "" if row.version == 1 else f" v{row.version}"
        head = Beside(
            row.measure, row.a.accuracy.mean, row.b.accuracy.mean, row.these_images,
            row.new_classes, row.p_holm,
        )  # fmt: skip
        for each in (head, *row.also):
            first = each is head
            cells: list[Text | str] = [Text(printable(name) + marks(row)) if first else ""]
            cells += [] if episodes else [each.measure]
            table.add_row(*cells, *_cells(row, each, protocol, first))
    return table


def _cells(row: Comparison, each: Beside, protocol: str, first: bool) -> list[Text | str]:
    images, new = each.these_images, each.new_classes
    difference = (images or each.decisive).difference
    ends: list[Text | str] = [record(images), record(new)]
    with_images = "|images|" in BY_NAME[protocol].compare_heads
    if not with_images:
        ends = [f"{row.episodes:,}", str(each.decisive.units)] if first else ["", ""]
    holm = Text(p_of(each.decisive, each.p_holm), style="bold" if each.p_holm <= 0.05 else "")
    return [
        percent(each.a), percent(each.b), Text(f"{100 * difference:+.1f}", style="bold"),
        *([half(images)] if with_images else []), half(new),
        p_of(each.decisive), holm, *ends, percent(detectable(each.decisive)),
    ]  # fmt: skip


def _side_data(side: Side, measure: str) -> dict[str, Any]:
    interval = side.accuracy
    name = "accuracy" if measure == "accuracy" else "value"
    return {
        "model": side.key,
        "recipe8": side.recipe8,
        "seeds": list(side.seeds),
        "failed": list(side.failed),
        name: interval.mean,
        "low": _number(interval.low),
        "high": _number(interval.high),
        f"seed_{name}": list(side.seed_accuracy),
    }


def _beside_data(each: Beside) -> dict[str, Any]:
    return {
        "measure": each.measure,
        "a": each.a,
        "b": each.b,
        "these_images": _paired_data(each.these_images),
        "new_classes": _paired_data(each.new_classes),
        "p": _number(each.decisive.p),
        "p_holm": _number(each.p_holm),
        "smallest_detectable": _number(detectable(each.decisive)),
    }


def _paired_data(found: Paired | None) -> dict[str, Any] | None:
    if found is None:
        return None
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
