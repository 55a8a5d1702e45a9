"""`leaderboard.csv` and its siblings: one row per model and task, for those who compute further.

Verification and retrieval have other numbers, so they have sheets of their own.
"""

from __future__ import annotations

import csv
import io

from benchmark.report.columns import SHEET, entries
from benchmark.report.escape import cell
from benchmark.report.leaderboard import Leaderboard
from benchmark.report.pair_columns import SHEETS


def render(leaderboard: Leaderboard, protocol: str = "episodes") -> str:
    """The whole file as text with line feeds; rates in [0, 1] with six digits."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    columns = SHEETS.get(protocol, SHEET)
    writer.writerow([column.title for column in columns])
    for entry in entries(leaderboard):
        if entry.section.protocol == protocol:
            writer.writerow([cell(column.value(entry)) for column in columns])
    return file.getvalue()


def protocols(leaderboard: Leaderboard) -> list[str]:
    """The protocols beside episodes that have results, each with a sheet of its own."""
    there = {section.protocol for section in leaderboard.sections}
    return [protocol for protocol in SHEETS if protocol in there]
