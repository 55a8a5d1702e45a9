"""The exact commands that fill a leaderboard's holes: missing tasks, missing and failed seeds."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from benchmark.registry import in_command
from benchmark.report import recipes
from benchmark.report.leaderboard import Leaderboard, Row


def commands(leaderboard: Leaderboard) -> tuple[str, ...]:
    """One command per hole, in the order of the tables; none for versions that can't be run."""
    found: list[str] = []
    for section in leaderboard.sections:
        for ranking in section.rankings:
            for row in ranking.rows:
                for result in row.results:
                    if not result.column.current or result.refused:
                        continue
                    task = result.column.task.name
                    if result.missing:
                        found.append(command(row, (task,), result.missing))
                    if result.failures:
                        seeds = tuple(seed for seed, _ in result.failures)
                        # A failure is a result too: only told to, a run replaces it.
                        found.append(command(row, (task,), seeds) + " --existing redo")
    return tuple(dict.fromkeys(found))


def command(row: Row, tasks: Iterable[str], seeds: tuple[int, ...]) -> str:
    """What to type for these seeds of a row on tasks: the command that made its other records.

    Records come from strangers and commands are copied into shells: where the model would be code,
    its place in the command is left to the reader.
    """
    settings = dict(setting.partition("=")[::2] for setting in row.settings)
    model = in_command(row.key, settings)
    words = ["oneshot", "run", model, *_where(tasks, seeds)]
    if model != row.key:
        return shlex.join(words)
    budget = recipes.stated_budget(row.recipe)
    if budget in recipes.BUDGETS:
        words += ["--budget", budget]
    for setting in row.settings:
        words += ["--set", setting]
    return shlex.join(words)


def _where(tasks: Iterable[str], seeds: tuple[int, ...]) -> list[str]:
    words: list[str] = []
    for task in tasks:
        words += ["--task", task]
    return [*words, "--seeds", ",".join(str(seed) for seed in seeds)]
