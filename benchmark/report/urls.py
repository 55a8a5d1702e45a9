"""Names in `leaderboard.md` that lead to their pages."""

from __future__ import annotations

from benchmark.registry import page_of
from benchmark.report.aggregate import TaskColumn
from benchmark.report.escape import markdown as safe
from benchmark.report.task_pages import FOLDER as TASKS
from benchmark.tasks.catalogue import RANKED


def to_task(column: TaskColumn) -> str:
    """The column's name, leading to the task's page where it has one."""
    name = column.task.name
    paged = column.current and name in RANKED
    return f"[{safe(column.name)}]({TASKS}/{name}.md)" if paged else safe(column.name)


def to_model(key: str, label: str) -> str:
    """A model's label, leading to its page where it has one."""
    page = page_of(key)
    return safe(label) if page is None else f"[{safe(label)}](models/{page}.md)"
