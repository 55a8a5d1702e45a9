"""A page of each model in the results: paper, idea, differences, recipe with sources, results."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from benchmark.protocols.base import EvaluationProtocol
from benchmark.protocols.catalogue import PROTOCOLS
from benchmark.registry import about, page_of
from benchmark.report import cells, recipes
from benchmark.report.columns import Entry, entries
from benchmark.report.escape import fenced
from benchmark.report.escape import markdown as safe
from benchmark.report.leaderboard import Leaderboard, Row
from benchmark.report.missing_runs import command

FOLDER = "models"
MADE = "<!-- Made by `oneshot leaderboard` from the sources and the records. -->"
PART_TITLES = {"backbone": "Backbone", "distance": "Distance", "loss": "Loss"}
POOLS = {
    "inductive": "inductive: answers each query by itself",
    "transductive": "transductive: sees all queries of an episode at once",
    "pretrained": "pretrained: has seen more than the track",
}
ALSO = ("Validation", "Seeds", "Training items")  # columns of every protocol
UNTOLD = ("backbone_code", "dtype", "resampler")  # the same for all, or told elsewhere
MOST_RUNS = 4  # recipes side by side; more are told apart by the leaderboard


def render_all(leaderboard: Leaderboard) -> dict[str, str]:
    """The pages by name, "prototypical" for example, of all models that have results."""
    by_page: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries(leaderboard):
        page = page_of(entry.row.key)
        if page is not None:
            by_page[page].append(entry)
    return {page: render(found[0].row.key, found) for page, found in sorted(by_page.items())}


def entries_of(key: str, leaderboard: Leaderboard) -> list[Entry]:
    """The rows of the model's own recipes on their tasks."""
    return [entry for entry in entries(leaderboard) if entry.row.key == key]


def render(key: str, results: list[Entry] | None = None) -> str:
    """The page that a model stands on, as Markdown.

    Args:
        key: of the catalogue.
        results: its rows on their tasks, and those of the others on its page.

    Raises:
        UnknownName: there is no such model.
    """
    found = about(key)
    entry, text, results = found.entry, found.text, results or []
    whole = found.page == entry.key  # else a page that several keys share
    lines = [MADE, f"# {safe(entry.title if whole else text.title)}", ""]
    lines += [f"{_sentence(text.title)}", ""] if whole else []
    lines += [f"{_sentence(text.idea)}", ""] if text.idea else []
    lines += ["| | |", "| :-- | :-- |", *_facts(found, whole), ""]
    lines += _paper(found) + _differences(text)
    for kind, name, part in _parts(found, results):
        lines += [f"## {PART_TITLES[kind]} {safe(name)}", "", _sentence(part.title), ""]
        lines += _prose(part.paper)
        lines += _prose(f"Differences from the paper: {part.differences}" * bool(part.differences))
    lines += _recipe(found, results)
    lines += _results(results)
    return "\n".join(lines).rstrip("\n") + "\n"


def _facts(found: Any, whole: bool) -> list[str]:
    entry = found.entry
    key = entry.key if whole else _pattern(found)
    shape = entry.trained_for
    rows = [
        ("Key", f"`{key}`"),
        ("Kind", entry.family),
        ("Pool", POOLS[entry.pool]),
        ("Offers", ", ".join(entry.protocols)),
        (
            "Answers",
            f"{shape[0]}-way {shape[1]}-shot tasks, or what it is trained for" if shape
            else "tasks of any ways and shots",
        ),
    ]  # fmt: skip
    if entry.bibtex:
        rows.append(("Cite", f"{safe(entry.paper)} (`{entry.bibtex}`)"))
    return [f"| {name} | {value} |" for name, value in rows]


def _pattern(found: Any) -> str:
    if found.entry.grid:
        return "siamese-BACKBONE-DISTANCE-LOSS"
    return f"{found.page}-BACKBONE"


def _paper(found: Any) -> list[str]:
    return ["## Paper", "", *_prose(found.text.paper)] if found.text.paper else []


def _differences(text: Any) -> list[str]:
    if not text.differences:
        return []
    return ["## Differences from the paper", "", _sentence(text.differences), ""]


def _parts(found: Any, results: list[Entry]) -> list[tuple[str, str, Any]]:
    """The parts of the models on the page, each once."""
    keys = dict.fromkeys([found.entry.key, *(entry.row.key for entry in results)])
    parts = [part for key in keys for part in about(key).parts]
    unique = {(kind, name): text for kind, name, text in parts}
    order = sorted(unique, key=lambda mark: (tuple(PART_TITLES).index(mark[0]), mark[1]))
    return [(kind, name, unique[kind, name]) for kind, name in order]


def _recipe(found: Any, results: list[Entry]) -> list[str]:
    """Every setting with its default, what the runs had instead, and where the number is from."""
    if not found.settings:
        return []
    runs = _runs(results)
    lines = [
        "## Recipe", "",
        "What `--set NAME=VALUE` can change, with the default of a quick training on characters. "
        "*Follows*: from the track, the backbone or other settings.", "",
    ]  # fmt: skip
    heads = ["Setting", "Default", *(f"`{run.recipe8}`" for run in runs), "Where it comes from"]
    lines += [_line(heads), _line([":--"] * len(heads))]
    part = ""
    for setting in found.settings:
        if setting.name in UNTOLD:
            continue
        if setting.part != part:
            part = setting.part
            lines.append(_line([f"**{part or 'The method'}**", *[""] * (len(heads) - 1)]))
        default = _plain(setting.default) if setting.settable else "*follows*"
        as_run = [_as_run(run, setting.name, default) for run in runs]
        source = "set in the catalogue" if setting.source == "catalogue" else setting.source
        lines.append(_line([f"`{setting.name}`", default, *as_run, _marked(source)]))
    return [*lines, ""]


def _runs(results: list[Entry]) -> list[Row]:
    """The recipes on the page, the first few; none where there are too many to show beside."""
    rows = list({entry.row.recipe8: entry.row for entry in results}.values())
    return rows if len(rows) <= MOST_RUNS else []


def _as_run(run: Row, name: str, default: str) -> str:
    """The value that a run had where it is not the default."""
    value = safe(recipes.as_text(run.recipe.get(name)))
    return "" if _same(value, default) else value


def _same(value: str, default: str) -> bool:
    try:
        return float(value) == float(default)
    except ValueError:
        return value.lower() == default.lower()


def _plain(default: str) -> str:
    """A default as a person would write it: 60000 for 60_000, words without quotes."""
    return safe(default.strip("'\"")) if default not in ("''", '""') else "none"


def _results(results: list[Entry]) -> list[str]:
    if not results:
        return ["## Results", "", "None are in this folder yet.", ""]
    shown = [entry for entry in results if entry.result.accuracy is not None]
    lines = ["## Results", ""]
    for protocol in PROTOCOLS:
        lines += _table(protocol, [e for e in shown if e.section.protocol == protocol.name])
    for note in cells.notes(entry.result for entry in shown):
        lines += [note, ""]
    return [*lines, "To measure them again:", "", *fenced(_again(shown), "sh")]


def _table(protocol: EvaluationProtocol[Any], shown: list[Entry]) -> list[str]:
    """The results on tasks of one protocol; columns of pairs that say nothing are left out."""
    if not shown:
        return []
    shown_titles = (*protocol.page_titles, *ALSO)
    columns = [column for column in protocol.columns() if column.title in shown_titles]
    if protocol.note:
        columns = [c for c in columns if any(c.value(entry) for entry in shown)]
    heads = ["Model", "Task", "Budget", *(column.title for column in columns)]
    note = safe(protocol.note) if protocol.note else cells.INTERVAL_NOTE
    lines = [note, "", _line(heads)]
    lines.append(_line([":--", ":--", ":--", *["--:"] * len(columns)]))
    for entry in shown:
        label = f"`{entry.row.key}` `{entry.row.recipe8}`"
        budget = entry.ranking.budget or "none"
        views = "" if entry.ranking.views == 1 else f", {entry.ranking.views} views"
        cellsof = [safe(column.value(entry)) for column in columns]
        lines.append(_line([label, safe(entry.result.column.name), safe(budget + views), *cellsof]))
    return [*lines, ""]


def _again(shown: list[Entry]) -> list[str]:
    """The commands that make the records anew, one for the tasks that a recipe shares."""
    tasks: dict[tuple[str, tuple[int, ...]], list[Entry]] = defaultdict(list)
    for entry in shown:
        if entry.result.column.current:
            tasks[entry.row.recipe8, entry.result.seeds].append(entry)
    return [
        command(found[0].row, [e.result.column.task.name for e in found], seeds)
        for (_, seeds), found in tasks.items()
    ]  # fmt: skip


def _sentence(text: str) -> str:
    """Text with a capital and a full stop."""
    text = text[:1].upper() + text[1:]
    return _marked(text if text.endswith((".", "?", "!")) else text + ".")


def _prose(text: str) -> list[str]:
    """Paragraphs of a source's text, each with an empty line after it."""
    return [line for paragraph in text.split("\n\n") if text for line in (_marked(paragraph), "")]


def _marked(text: str) -> str:
    """Text of our own sources: names in backticks stay so, everything else is made harmless."""
    parts = text.split("`")
    return "`".join(part if n % 2 else safe(part) for n, part in enumerate(parts))


def _line(parts: list[str]) -> str:
    return "| " + " | ".join(parts) + " |"
