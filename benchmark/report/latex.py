r"""Tables for papers, one file a track: \input them; booktabs and natbib are all they need."""

from __future__ import annotations

import re

from benchmark.records.store import slug
from benchmark.registry import bibtex_of, title_of
from benchmark.report import cells
from benchmark.report.escape import printable
from benchmark.report.leaderboard import Leaderboard, Ranking, Row, Section
from benchmark.report.pair_columns import NOTES
from benchmark.report.results import Result, TaskColumn

FOLDER = "tables"
COMMAND = "oneshot leaderboard"
MADE = f"% Made by `{COMMAND}` from "
ESCAPED = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
}  # fmt: skip
KINDS = {
    "episodes": "One-shot learning", "verification": "Verification", "retrieval": "Retrieval",
}  # fmt: skip
MARKS = {
    cells.ONE_SEED: r"\dag", cells.PREFIX: r"\ddag", cells.PARTIAL: r"\S", cells.SEEN: r"\P",
    cells.UNDECLARED: "?",
}  # fmt: skip


def render_all(leaderboard: Leaderboard, made_from: str) -> dict[str, str]:
    """The tables by name, such as "omniglot-background", of all ranked sections.

    Args:
        leaderboard: what to show.
        made_from: suite version and record set, as they are told in the caption.
    """
    return {
        name(section): render(section, leaderboard.records, made_from)
        for section in leaderboard.sections
        if section.kind == "ranked"
    }


def name(section: Section) -> str:
    """The file's name, and the end of the table's label."""
    kind = "" if section.protocol == "episodes" else f"-{section.protocol}"
    return slug(section.track) + kind


def render(section: Section, records: int, made_from: str) -> str:
    """One table: columns tasks, rows models, a group of rows for each ranking."""
    columns = list(dict.fromkeys(c for ranking in section.rankings for c in ranking.columns))
    width = 1 + len(columns) + (len(columns) > 1)
    heads = ["Model", *(_safe(column.task.short) for column in columns)]
    heads += ["Mean"] if len(columns) > 1 else []
    lines = [
        f"{MADE}{records} records, oneshot-benchmark {made_from}.",
        "% Needs \\usepackage{booktabs} and natbib; entries stand in references.bib.",
        r"\begin{table}[t]",
        r"\centering",
        rf"\caption{{{_caption(section, records, made_from)}}}\medskip",  # a rule follows at once
        rf"\label{{tab:oneshot-{name(section)}}}",
        r"\small",
        rf"\begin{{tabular}}{{l{'r' * (width - 1)}}}",
        r"\toprule",
        " & ".join(heads) + r" \\",
    ]
    for ranking in section.rankings:
        title = rf"\emph{{{_safe(ranking.title)}}}"
        lines += [r"\midrule", rf"\multicolumn{{{width}}}{{l}}{{{title}}} \\"]
        lines += [_row(ranking, number, columns) for number in range(len(ranking.rows))]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]) + "\n"


def _row(ranking: Ranking, number: int, columns: list[TaskColumn]) -> str:
    row = ranking.rows[number]
    found = dict(zip(ranking.columns, row.results, strict=True))
    parts = [_name(row)]
    for column in columns:
        if column not in found:
            parts.append("")
            continue
        best = number in ranking.best(ranking.columns.index(column))
        parts.append(_cell(found[column], best))
    if len(columns) > 1:  # a mean over fewer tasks than the table shows would mislead
        parts.append(cells.percent(row.mean) if len(found) == len(columns) else "")
    return " & ".join(parts) + r" \\"


def _name(row: Row) -> str:
    """Title and citation; the key where the model is none of the catalogue's."""
    title = title_of(row.key)
    label = _safe(title) if title else rf"\texttt{{{_safe(row.key)}}}"
    if row.label != row.key:
        label += rf" \texttt{{{row.recipe8}}}"
    cited = bibtex_of(row.key)
    return label + (rf" \citep{{{cited[0]}}}" if cited else "")


def _cell(result: Result, best: bool) -> str:
    if result.accuracy is None:
        return cells.cell(result)
    text = cells.cell(result).replace(" ± ", r" $\pm$ ")
    text = rf"\textbf{{{text}}}" if best else text
    marks = "".join(MARKS[mark] for mark in cells.marks(result))
    return text + (rf"\textsuperscript{{{marks}}}" if marks else "")


def _caption(section: Section, records: int, made_from: str) -> str:
    rows = [row for ranking in section.rankings for row in ranking.rows]
    shown = [result for row in rows for result in row.results]
    notes = [
        rf"\textsuperscript{{{MARKS[note[0]]}}}{_safe(note[1:])}" for note in cells.notes(shown)
    ]
    told = _safe(made_from)
    told = re.sub(r"(swh:1:dir:)([0-9a-f]+)", r"\\texttt{\1\\allowbreak \2}", told)
    note = NOTES.get(section.protocol, cells.INTERVAL_NOTE)
    words = [
        rf"{KINDS[section.protocol]} on \texttt{{{_safe(section.track)}}}.",
        _safe(note).replace("±", r"$\pm$"),
        "Bold: the best mean of a group.",
        *notes,
        f"From {records} records, oneshot-benchmark {told}.",
    ]
    return " ".join(words)


def _safe(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(ESCAPED.get(character, character) for character in printable(text))
