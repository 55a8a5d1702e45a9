"""The leaderboard for a terminal of 80 to 120 columns."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from benchmark.protocols.catalogue import BY_NAME
from benchmark.report import cells
from benchmark.report.aggregate import Result
from benchmark.report.cells import RANK_NOTE
from benchmark.report.escape import printable
from benchmark.report.leaderboard import Leaderboard, Ranking

MOST = 10  # commands shown
MODEL_WIDTH, RANK_AND_MEAN, VERIFIED, GAP = 38, 15, 10, 2
VERIFIED_NOTE = (
    "verified: yes (recomputed), partly, weights (committed), no (self-reported); details in "
    "leaderboard.md."
)
NOTE = (
    "± is half of the 95 % interval for these images, training seeds included. Bold: best. "
    + RANK_NOTE
)


def render(leaderboard: Leaderboard, width: int = 100) -> Group:
    """Tables and notes, as something that rich prints.

    A table with more tasks than fit into `width` characters goes on below itself.
    """
    parts: list[RenderableType] = []
    used: list[Result] = []
    for section in leaderboard.sections:
        parts.append(Text(printable(section.title), style="bold underline"))
        note = BY_NAME[section.protocol].short_note
        if note:
            parts.append(Text(note, style="dim"))
        for ranking in section.rankings:
            parts += _tables(ranking, width)
            used += [result for row in ranking.rows for result in row.results]
            parts += [Text("failed: " + printable(f), "red") for f in cells.failures(ranking)]
            parts.append(Text())
    parts += [Text(line, style="dim") for line in (NOTE, VERIFIED_NOTE, *cells.notes(used))]
    return Group(*parts)


def fill(holes: tuple[str, ...], also: str = "") -> list[str]:
    """The lines that tell how to fill the holes; to be printed unwrapped, ready for copying.

    `also` goes behind each command, such as the results folder if it is not the usual one.
    """
    if not holes:
        return []
    lines = ["To fill the holes, type:", *(f"  {printable(hole + also)}" for hole in holes[:MOST])]
    if len(holes) > MOST:
        lines.append(f"and {len(holes) - MOST} more, listed in leaderboard.md")
    return lines


def _tables(ranking: Ranking, width: int) -> list[Table]:
    """The ranking cut into as many tables as its columns need."""
    labels = [len(printable(row.label)) for row in ranking.rows]
    name_width = min(max([5, *labels]), MODEL_WIDTH, width // 2)
    pieces: list[list[int]] = [[]]
    room = free = width - name_width - RANK_AND_MEAN - VERIFIED
    for position in range(len(ranking.columns)):
        needed = GAP + max(
            len(_title(ranking, position)),
            *(len(_cell(row.results[position], False)) for row in ranking.rows),
        )
        if pieces[-1] and needed > free:
            pieces.append([])
            free = room
        pieces[-1].append(position)
        free -= needed
    return [_table(ranking, piece, name_width) for piece in pieces]


def _title(ranking: Ranking, position: int) -> str:
    column = ranking.columns[position]
    return printable(column.task.short) + ("" if column.version == 1 else f" v{column.version}")


def _table(ranking: Ranking, piece: list[int], name_width: int) -> Table:
    several, last = len(ranking.columns) > 1, piece[-1] == len(ranking.columns) - 1
    ranked = any(row.rank is not None for row in ranking.rows)
    title = printable(ranking.title) + (" (continued)" if piece[0] else "")
    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    if ranked:
        table.add_column("", justify="right", style="dim")
    # Folded, not cut: two models must not look the same.
    table.add_column("model", min_width=name_width, max_width=name_width, overflow="fold")
    for position in piece:
        table.add_column(Text(_title(ranking, position)), justify="right")
    if ranked and several and last:
        table.add_column("mean", justify="right")
    if last:
        table.add_column("verified")
    best = {position: ranking.best(position) for position in piece}
    for number, row in enumerate(ranking.rows):
        line = [Text(cells.rank(row))] if ranked else []
        line.append(Text(printable(row.label)))
        line += [_cell(row.results[p], number in best[p]) for p in piece]
        if ranked and several and last:
            line.append(Text(cells.percent(row.mean)))
        if last:
            line.append(Text(row.verified.short, style="dim"))
        table.add_row(*line)
    return table


def _cell(result: Result, best: bool) -> Text:
    """Marks stand in a fixed space behind the number, so that the numbers stay in line."""
    style = "bold" if best else ""
    if result.accuracy is None:
        style = "red" if result.failures else "dim"
    return Text(cells.cell(result), style=style) + Text(cells.marks(result).ljust(1), style="dim")
