"""Published numbers beside the measured ones; differences where the protocol is the same."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.records.claims import Claim
from benchmark.report import cells
from benchmark.report.columns import Entry, entries
from benchmark.report.escape import markdown as safe
from benchmark.report.leaderboard import Leaderboard, Section

UNVERIFIED = "*"
NOTE = (
    "Published: accuracy in percent as the source prints it (errors are turned round). Ours: the "
    "longest training of the same method and backbone here. A difference is told only where the "
    "protocol is the task's own."
)
UNVERIFIED_NOTE = f"{UNVERIFIED} Not checked in the source itself."


@dataclass(frozen=True)
class Beside:
    """A claim, and the row that measures the same, if there is one."""

    claim: Claim
    ours: Entry | None

    @property
    def difference(self) -> float | None:
        """Ours minus theirs in points, where the protocol is the same."""
        if self.ours is None or self.ours.result.accuracy is None or self.claim.protocol != "same":
            return None
        return 100 * self.ours.result.accuracy.mean - self.claim.percent


def beside(section: Section, claims: list[Claim]) -> list[Beside]:
    """The claims on the section's tasks, in the order of its columns and of the files."""
    if section.kind != "ranked":
        return []
    rows = entries(Leaderboard(0, (section,)))
    tasks = dict.fromkeys(entry.result.column.task.name for entry in rows)
    ordered = [claim for task in tasks for claim in claims if claim.task == task]
    return [Beside(claim, _ours(claim, rows)) for claim in ordered]


def render(section: Section, claims: list[Claim]) -> list[str]:
    """The table below a section's rankings, as Markdown; nothing without claims."""
    found = beside(section, claims)
    if not found:
        return []
    lines = [
        "### Published numbers", "", NOTE, "",
        "| Task | Method | Published | Protocol | Source | Ours | Difference |",
        "| :-- | :-- | --: | :-- | :-- | :-- | --: |",
    ]  # fmt: skip
    lines += [_line(each) for each in found]
    lines.append("")
    if any(each.claim.reliability != "seen" for each in found):
        lines += [safe(UNVERIFIED_NOTE), ""]
    return lines


def _ours(claim: Claim, rows: list[Entry]) -> Entry | None:
    """The same model on the claim's task: the one that trained longest, one view."""
    same = [
        row
        for row in rows
        if row.row.key == claim.model
        and row.result.column.task.name == claim.task
        and row.result.accuracy is not None
        and row.ranking.views == 1
    ]
    return max(same, key=lambda row: row.result.training_items or 0, default=None)


def _line(each: Beside) -> str:
    claim, ours = each.claim, each.ours
    method = f"{claim.method} ({claim.detail})" if claim.detail else claim.method
    printed = f"{claim.percent:.2f}".rstrip("0").rstrip(".")
    if claim.half_width is not None:
        printed += f" ± {claim.half_width:g}"
    mark = "" if claim.reliability == "seen" else UNVERIFIED
    told = ""
    if ours is not None:
        budget = f", {ours.ranking.budget}" if ours.ranking.budget else ""
        told = f"{cells.cell(ours.result)} ({ours.row.key}{budget})"
    gap = "" if each.difference is None else f"{each.difference:+.1f}"
    words = [claim.task, method, f"{printed}{mark}", claim.protocol, claim.source, told, gap]
    return "| " + " | ".join(map(safe, words)) + " |"
