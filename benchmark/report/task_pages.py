"""A page of each ranked task: what is asked, of whom, how it is pinned, and the results."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from benchmark.protocols.catalogue import BY_NAME
from benchmark.registry import page_of
from benchmark.report import cells
from benchmark.report.columns import Entry, entries
from benchmark.report.escape import fenced
from benchmark.report.escape import markdown as safe
from benchmark.report.leaderboard import Leaderboard, Ranking
from benchmark.tasks.catalogue import RANKED
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import pins
from benchmark.tasks.spec import VALIDATION, Selection, Task, Track
from benchmark.tasks.tracks import track as find_track

FOLDER = "tasks"
MADE = "<!-- Made by `oneshot leaderboard` from the catalogue and the records. -->"


def render_all(leaderboard: Leaderboard) -> dict[str, str]:
    """The pages by the task's name, of every ranked task, measured yet or not."""
    by_task = _by_task(leaderboard)
    return {name: render(name, by_task[name]) for name in RANKED}


def page(name: str, leaderboard: Leaderboard) -> str:
    """The page of one task with its results; see `render` for what it raises."""
    return render(name, _by_task(leaderboard)[name])


def _by_task(leaderboard: Leaderboard) -> dict[str, list[Entry]]:
    """The rows of the present version of each task, holes included."""
    by_task: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries(leaderboard):
        if entry.result.column.current:
            by_task[entry.result.column.task.name].append(entry)
    return by_task


def render(name: str, results: list[Entry]) -> str:
    """The page of a task, of the suite or of a user's own data, as Markdown.

    Args:
        name: of the task.
        results: its rows in the tables, holes included.

    Raises:
        UnknownName: there is no such task.
    """
    task = find_task(name)
    track = find_track(task.track)
    lines = [
        MADE,
        f"# {safe(name)}",
        "",
        BY_NAME[task.protocol].describe(task),
        "",
        "| | |",
        "| :-- | :-- |",
    ]
    lines += [f"| {title} | {text} |" for title, text in _facts(task, track) if text]
    lines += ["", "## Run a model on it", "", *fenced([f"oneshot run MODEL --task {name}"], "sh")]
    lines += [
        "", "In Python, `benchmark.load_task" + f'("{name}")` gives the same questions.', "",
        *_results(task, results),
    ]  # fmt: skip
    return "\n".join(lines).rstrip("\n") + "\n"


def _facts(task: Task, track: Track) -> list[tuple[str, str]]:
    pin, protocol = _pin(task), BY_NAME[task.protocol]
    validated = bool(track.validation.names or track.validation.classes)
    twin = _pin(find_task(task.name + VALIDATION)) if validated else None
    several = task.folds > 1
    data = track.data if track.test_data is None else f"{track.data}, tested on {track.test_data}"
    chosen = f"`{track.chooses}{VALIDATION}`"
    return [
        ("Track", f"`{track.name}`"),
        ("Data", safe(data)),
        ("May learn from", _selected(track.train)),
        (
            "Chosen by",
            f"{chosen}, on {_selected(track.validation)}" if validated else "nothing: there is no "
            "validation split, so that nothing is trained or calibrated",
        ),
        ("Tested on", _selected(track.test)),
        ("Turns", "each class counts once for every quarter turn" if track.turns else ""),
        ("Inside one", safe(task.within or "")),
        ("Never shared by support and query", safe(task.apart or "")),
        *protocol.facts(task),
        ("Questions", f"{pin['episodes'] if pin else task.episodes:,}"),
        ("Same questions as", f"`{task.draws}`" if task.draws else ""),
        ("Chance", protocol.chance(task)),
        ("Folds", f"{task.folds}: a training for each, tested on other classes" * several),
        ("Version", str(task.version)),
        ("SHA-256 of the data", f"`{pin['data_digest']}`" if pin else ""),
        (
            "SHA-256 of the questions" + ", fold 0" * several,
            f"`{pin['episode_digest']}`" if pin else "",
        ),
        ("The same, validation", f"`{twin['episode_digest']}`" if twin else ""),
    ]  # fmt: skip


def _pin(task: Task) -> dict[str, Any] | None:
    """Digests of the task, or of its first fold."""
    return pins().get((task if task.folds == 1 else replace(task, fold=0)).pin)


def _selected(part: Selection) -> str:
    """The classes of a split: names while they are few, else how many."""
    if not part.names and not part.classes:
        return "nothing"
    if part.group == "split":
        return f"the data set's own {safe(part.names[0])} classes"
    few = len(part.names) <= 5
    named = ", ".join(safe(name) for name in part.names) if few else str(len(part.names))
    plural = "" if len(part.names) == 1 else "s"
    text = f"{safe(part.group)}{plural} {named}" if few else f"{named} {safe(part.group)}s"
    if part.classes:
        text += f", and {len(part.classes)} further classes"
    if part.without:
        text += f", without {len(part.without)} classes"
    return text


def _results(task: Task, results: list[Entry]) -> list[str]:
    measured = [entry for entry in results if entry.result.accuracy is not None]
    if not measured:
        return ["## Results", "", "None are in this folder yet.", ""]
    lines = ["## Results", "", BY_NAME[task.protocol].note or cells.INTERVAL_NOTE, ""]
    rankings: dict[tuple[str, str | None, int], list[Entry]] = defaultdict(list)
    for entry in measured:
        where = entry.ranking
        rankings[where.pool, where.budget, where.views].append(entry)
    for found in rankings.values():
        lines += [f"### {_ranking(found[0].ranking)}", "", *_table(task, found), ""]
    for note in cells.notes(entry.result for entry in measured):
        lines += [note, ""]
    return [*lines, "All of it, sorted and compared: [the leaderboard](../leaderboard.md).", ""]


def _ranking(ranking: Ranking) -> str:
    views = "" if ranking.views == 1 else f", {ranking.views} views"
    return safe(f"Pool {ranking.pool}, budget {ranking.budget or 'none'}{views}")


def _table(task: Task, found: list[Entry]) -> list[str]:
    protocol = BY_NAME[task.protocol]
    columns = [c for c in protocol.columns() if c.title in protocol.page_titles]
    columns = [c for c in columns if any(c.value(entry) for entry in found)]
    lines = [_line(["Model", *(c.title for c in columns)])]
    lines.append(_line([":--", *["--:"] * len(columns)]))
    sign = 1 if protocol.lower_is_better else -1  # an error, or a share of successes
    for entry in sorted(found, key=lambda e: (sign * _headline(e), e.row.label)):
        page, label = page_of(entry.row.key), safe(entry.row.label)
        name = f"[{label}](../models/{page}.md)" if page else label
        lines.append(_line([name, *(safe(c.value(entry)) for c in columns)]))
    return lines


def _headline(entry: Entry) -> float:
    """The number by which the task ranks, in [0, 1]."""
    return entry.result.accuracy.mean if entry.result.accuracy else 0.0


def _line(parts: list[str]) -> str:
    return "| " + " | ".join(parts) + " |"
