"""`leaderboard.md`: compact tables per track, the commands that fill holes, details per task."""

from __future__ import annotations

from collections.abc import Mapping, Set

from benchmark.protocols.catalogue import BY_NAME, PROTOCOLS
from benchmark.records.claims import Claim
from benchmark.report import cells, effects_text, published, row_selection, summary_table, urls
from benchmark.report.analysis import Analysis
from benchmark.report.columns import Column, Entry
from benchmark.report.escape import fenced
from benchmark.report.escape import markdown as safe
from benchmark.report.leaderboard import Leaderboard, Ranking, Section

COMMAND = "oneshot leaderboard"


def render(
    leaderboard: Leaderboard,
    suite: str,
    holes: tuple[str, ...],
    figures: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
    claims: list[Claim] | None = None,
    analysis: Analysis | None = None,
) -> str:
    """The whole page.

    Args:
        leaderboard: what to show.
        suite: the suite's version.
        holes: the commands that fill the holes.
        figures: per section title the (caption, relative address) of its pictures.
        claims: published numbers.
        analysis: differences, effects and ranks.
    """
    count = leaderboard.records
    lines = [
        "# Leaderboard",
        "",
        f"One-shot learning, oneshot-benchmark {safe(suite)}, from {count} "
        f"record{'s' if count != 1 else ''}. Made by `{COMMAND}`; any change belongs into the "
        "records, not here.",
        "",
        f"{cells.INTERVAL_NOTE} {cells.RANK_NOTE} Bold: the highest mean of a column, which need "
        "not differ from the next one by more than chance. Pools, budgets and numbers of views are "
        "never ranked against each other; a model with missing or failed runs has neither mean nor "
        "rank.",
        "",
    ]
    head = summary_table.headline(leaderboard)
    if head is not None:
        (picture,) = (figures or {}).get(summary_table.TITLE, (None,))
        lines += summary_table.render(head, picture)
    for section in leaderboard.sections:
        lines += [f"## {safe(section.title)}", ""]
        note = BY_NAME[section.protocol].note
        if note:
            lines += [safe(note) + " Bold: the best mean.", ""]
        for caption, address in (figures or {}).get(section.title, ()):
            lines += [f"![{safe(caption)}]({address})", ""]
        for ranking in section.rankings:
            lines += _compact(section, ranking)
        lines += published.render(section, claims or [])
    if analysis is not None:
        lines += effects_text.render(analysis, (figures or {}).get(effects_text.TITLE, ()))
    lines += _holes(holes)
    lines += ["## Details", "", _DETAILS_NOTE, ""]
    there = {section.protocol for section in leaderboard.sections}
    for protocol in PROTOCOLS:
        if protocol.name in there and protocol.details_note:
            lines += [safe(protocol.details_note), ""]
    for section in leaderboard.sections:
        for ranking in section.rankings:
            lines += _details(section, ranking)
    return "\n".join(lines).rstrip("\n") + "\n"


_DETAILS_NOTE = (
    "These images: 95 % interval over episodes and training seeds. New classes: 95 % interval "
    "with the group of classes (such as the alphabet) as the unit, each weighing the same, number "
    "of groups in brackets; empty where episodes mix groups or there are fewer than three. "
    "Test readings: how often the model, in any recipe, was measured on the test of this track; "
    "≥ where some early readings were not noted and only those whose record is known are counted. "
    "Validation: the mean on the pinned validation episodes by which the weights were chosen. "
    "ECE: expected calibration error in percent, at a temperature fitted on validation. "
    "Verified: recomputed, where a second measurement confirmed the records (`oneshot verify "
    "--recompute`); weights committed, where anybody can measure them again without a training; "
    "self-reported, where neither holds or a record changed after `verified.csv` listed it. "
    "Times and items are means over seeds, on the machine named in each record."
)


def _compact(section: Section, ranking: Ranking) -> list[str]:
    """Rows models, columns tasks; of a long ranking a selection, with all rows folded below."""
    shown = {id(row) for row in row_selection.chosen(section, ranking)}
    lines = [f"### {safe(ranking.title)}", ""]
    if len(shown) < len(ranking.rows):
        lines += [
            f"{row_selection.RULE.capitalize()}; all {len(ranking.rows)} are folded below.",
            "",
        ]
        lines += _table(ranking, shown)
        lines += row_selection.folded(len(ranking.rows), _table(ranking))
    else:
        lines += _table(ranking)
    results = [result for row in ranking.rows for result in row.results]
    for note in cells.notes(results):
        lines += [note, ""]
    failed = cells.failures(ranking)
    if failed:
        lines += ["Failed:", "", *(f"- {safe(line)}" for line in failed), ""]
    return lines


def _table(ranking: Ranking, shown: Set[int] | None = None) -> list[str]:
    """The table of all rows, or of those whose `id` is among `shown`."""
    ranked = any(row.rank is not None for row in ranking.rows)
    several = len(ranking.columns) > 1
    best = [ranking.best(position) for position in range(len(ranking.columns))]
    titles = [urls.to_task(column) for column in ranking.columns]
    head = [*(["Rank"] if ranked else []), "Model", *titles]
    head += ["Mean"] if ranked and several else []
    head += ["Verified"]
    aligned = [":--" if title in ("Model", "Verified") else "--:" for title in head]
    lines = [_line(head, plain=True), _line(aligned, plain=True)]
    for number, row in enumerate(ranking.rows):
        if shown is not None and id(row) not in shown:
            continue
        line = [cells.rank(row)] if ranked else []
        line.append(urls.to_model(row.key, row.label))
        for position, result in enumerate(row.results):
            text = cells.cell(result)
            text = f"**{text}**" if number in best[position] else text
            line.append(f"{text} {cells.marks(result)}".strip())
        if ranked and several:
            line.append(cells.percent(row.mean))
        line.append(row.verified.text)
        lines.append(_line(line, plain=True))
    return [*lines, ""]


def _holes(holes: tuple[str, ...]) -> list[str]:
    if not holes:
        return []
    return ["## What is missing", "", "To fill the holes, type:", "", *fenced([*holes], "sh"), ""]


def _details(section: Section, ranking: Ranking) -> list[str]:
    """One table per task; columns that say nothing there are left out."""
    lines: list[str] = []
    for position, column in enumerate(ranking.columns):
        rows = [
            Entry(section, ranking, row, row.results[position])
            for row in ranking.rows
            if row.results[position].accuracy is not None
        ]
        if not rows:
            continue
        columns = BY_NAME[section.protocol].columns()
        table = [(shown, [shown.value(entry) for entry in rows]) for shown in columns]
        table = [(shown, values) for shown, values in table if any(values)]
        lines += [f"### {safe(column.name)}: {safe(ranking.title)}", ""]
        made = [_line([shown.title for shown, _ in table]), _line(_aligned(table), plain=True)]
        made += [_line([values[n] for _, values in table]) for n in range(len(rows))]
        made.append("")
        lines += row_selection.folded(len(rows), made)
        for reason in _reasons(rows):
            lines += [safe(reason) + ".", ""]
    return lines


def _reasons(rows: list[Entry]) -> list[str]:
    """Why numbers are missing from a verification, each reason once."""
    told = [entry.result.summary for entry in rows]
    return list(dict.fromkeys(reason for each in told for reason in getattr(each, "reasons", ())))


def _aligned(table: list[tuple[Column, list[str]]]) -> list[str]:
    return ["--:" if shown.number else ":--" for shown, _ in table]


def _line(parts: list[str], plain: bool = False) -> str:
    return "| " + " | ".join(part if plain else safe(part) for part in parts) + " |"
