"""`leaderboard.csv` and its siblings: one row per model and task, for those who compute further.

Each protocol has its own numbers, so it has a file of its own; few-shot tasks have the first.
"""

from __future__ import annotations

import csv
import io

from benchmark.protocols.catalogue import BY_NAME, PROTOCOLS
from benchmark.report.columns import entries
from benchmark.report.escape import cell
from benchmark.report.leaderboard import Leaderboard


def render(leaderboard: Leaderboard, protocol: str = "episodes") -> str:
    """The whole file as text with line feeds; rates in [0, 1] with six digits."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    columns = BY_NAME[protocol].sheet()
    writer.writerow([column.title for column in columns])
    for entry in entries(leaderboard):
        if entry.section.protocol == protocol:
            writer.writerow([cell(column.value(entry)) for column in columns])
    return file.getvalue()


def protocols(leaderboard: Leaderboard) -> list[str]:
    """The protocols beside episodes that have results, each with a sheet of its own."""
    there = {section.protocol for section in leaderboard.sections}
    return [each.name for each in PROTOCOLS[1:] if each.name in there]
