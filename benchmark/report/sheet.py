"""`leaderboard.csv`: one row per model and task, six digits, for those who compute further."""

from __future__ import annotations

import csv
import io

from benchmark.report.columns import SHEET, entries
from benchmark.report.leaderboard import Leaderboard


def render(leaderboard: Leaderboard) -> str:
    """The whole file as text with line feeds; accuracies in [0, 1]."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column.title for column in SHEET])
    for entry in entries(leaderboard):
        writer.writerow([column.value(entry) for column in SHEET])
    return file.getvalue()
