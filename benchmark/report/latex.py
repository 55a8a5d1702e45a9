r"""Tables for papers, one file a track: \input them; booktabs and natbib are all they need."""

from __future__ import annotations

import re

from benchmark.protocols.catalogue import BY_NAME
from benchmark.protocols.verification.columns import IMPOSTORS
from benchmark.records.store import slug
from benchmark.registry import bibtex_of, title_of
from benchmark.report import cells
from benchmark.report.aggregate import Result, TaskColumn
from benchmark.report.escape import printable
from benchmark.report.leaderboard import Leaderboard, Ranking, Row, Section
from benchmark.statistics.verification import Verification
from benchmark.tasks.tracks import TRACKS

FOLDER = "tables"
COMMAND = "oneshot leaderboard"
MADE = f"% Made by `{COMMAND}` from "
ESCAPED = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
}  # fmt: skip
MARKS = {
    cells.ONE_SEED: r"\dag", cells.PREFIX: r"\ddag", cells.PARTIAL: r"\S", cells.SEEN: r"\P",
    cells.UNDECLARED: "?", cells.SAW_VALIDATION: r"$\diamond$", cells.UNORDERED: r"$\emptyset$",
}  # fmt: skip


def render_all(leaderboard: Leaderboard, made_from: str) -> dict[str, str]:
    """The tables by name, such as "omniglot-background": ranked sections and a user's own data.

    Args:
        leaderboard: what to show.
        made_from: suite version and record set, as they are told in the caption.
    """
    return {
        name(section): render(section, leaderboard.records, made_from)
        for section in leaderboard.sections
        if section.kind == "ranked" or _is_own(section)
    }


def _is_own(section: Section) -> bool:
    """Whether the section shows the present tasks of a user's own data, none of which is ranked."""
    return section.kind == "unranked" and section.track not in {track.name for track in TRACKS}


def _impostors(section: Section) -> list[str]:
    """Kinds of impostors with a column each, where skilled ones would be pooled with the others."""
    found = [r.summary for rank in section.rankings for row in rank.rows for r in row.results]
    kinds = [
        kind
        for kind in IMPOSTORS
        if any(kind in each.eer for each in found if isinstance(each, Verification))
    ]
    return kinds if "skilled" in kinds else []


def name(section: Section) -> str:
    """The file's name, and the end of the table's label."""
    kind = "" if section.protocol == "episodes" else f"-{section.protocol}"
    return slug(section.track) + kind


def render(section: Section, records: int, made_from: str) -> str:
    """One table: columns tasks, rows models, a group of rows for each ranking."""
    columns = list(dict.fromkeys(c for ranking in section.rankings for c in ranking.columns))
    kinds = _impostors(section)
    heads = ["Model"]
    for column in columns:
        heads += [_safe(column.task.short), *(f"EER {kind}" for kind in kinds)]
    heads += ["Mean"] if len(columns) > 1 else []
    width = len(heads)
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
        lines += [_row(ranking, number, columns, kinds) for number in range(len(ranking.rows))]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]) + "\n"


def _row(ranking: Ranking, number: int, columns: list[TaskColumn], kinds: list[str]) -> str:
    row = ranking.rows[number]
    found = dict(zip(ranking.columns, row.results, strict=True))
    parts = [_name(row)]
    for column in columns:
        if column not in found:
            parts += [""] * (1 + len(kinds))
            continue
        best = number in ranking.best(ranking.columns.index(column))
        parts.append(_cell(found[column], best))
        measured = found[column].summary
        for kind in kinds:
            text = (
                cells.with_interval(measured.eer.get(kind))
                if isinstance(measured, Verification)
                else ""
            )
            parts.append(text.replace(" ± ", r" $\pm$ "))
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
    marks = "".join(_mark(mark) for mark in cells.marks(result))
    return text + (rf"\textsuperscript{{{marks}}}" if marks else "")


def _caption(section: Section, records: int, made_from: str) -> str:
    rows = [row for ranking in section.rankings for row in ranking.rows]
    shown = [result for row in rows for result in row.results]
    notes = [
        rf"\textsuperscript{{{_mark(note[0])}}}{_safe(note[1:])}" for note in cells.notes(shown)
    ]
    told, protocol = _safe(made_from), BY_NAME[section.protocol]
    told = re.sub(r"(swh:1:dir:)([0-9a-f]+)", r"\\texttt{\1\\allowbreak \2}", told)
    note = protocol.details_note or cells.INTERVAL_NOTE
    words = [
        rf"{protocol.title} on \texttt{{{_safe(section.track)}}}.",
        _safe(note).replace("±", r"$\pm$"),
        "Bold: the best mean of a group.",
        *notes,
        f"From {records} records, oneshot-benchmark {told}.",
    ]
    return " ".join(words)


def _mark(mark: str) -> str:
    return MARKS.get(mark, ESCAPED.get(mark, mark))


def _safe(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(ESCAPED.get(character, character) for character in printable(text))
