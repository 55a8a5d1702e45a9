"""docs/performance.md and its figure, from what was found."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from benchmark.report.figures.theme import COLOURS, INK, MUTED, canvas, image, theme
from performance.measure import Aim, Findings, Table

FIGURE = "performance.png"
HEAD = """# How fast it is

Written by `make performance` on {when}.
Machine: {machine}.{told}

The sides take turns in one run, and the median of several turns counts. Absolute times belong to
this machine, and a busy one measures more noise than speed; ratios are what matters. Peers get the
same images, already decoded and in memory, and where it says so from files, as most of their own
data sets read them.

Why it is fast, in five sentences. Each image goes through the network once, however many episodes
ask about it; episodes are then index arithmetic on the embeddings. A network that only embeds has
its batch norms folded into its convolutions and sees batches that fit into the caches. Batches of a
training are indices into one array, and views are made by one warp of the whole batch. Memory that
a training frees is kept for its next step instead of being asked from the system anew. A thread
that waits for the next small piece of work spins for some microseconds before it sleeps, for all
sides here alike (`GOMP_SPINCOUNT=1000`): for ever would be a few percent quicker on a machine of
one's own, and many times slower on a shared one.

Evaluation in float32 is what is published, and its embeddings do not depend on the batch;
`--set dtype=bfloat16` or `float16` stands in the record's recipe. The first is quicker on many
machines and changes a few decisions in a thousand; the second changes hardly any, and is slow on a
processor that has to imitate it, as below.
`oneshot run --profile` shows where the time of a training goes.

![How many times as fast as its peers, and memory]({figure})
"""


def write(
    findings: list[Findings], machine: str, folder: Path, only: Sequence[str] = ()
) -> list[Path]:
    """Writes the page and the figure into `folder`; `only` names the scripts if not all ran."""
    together = Findings()
    for each in findings:
        together.tables += each.tables
        together.aims += each.aims
        together.ratios += each.ratios
        together.curves |= each.curves
    page, figure = folder / "performance.md", folder / FIGURE
    when = datetime.datetime.now(datetime.UTC).date().isoformat()
    told = f" This time only: {', '.join(only)}." if only else ""
    parts = [HEAD.format(when=when, machine=machine, figure=FIGURE, told=told)]
    parts += [_section(table) for table in together.tables]
    parts.append(_aims(together.aims))
    figure.write_bytes(_draw(together))
    page.write_text("\n".join(parts), "utf-8")
    return [page, figure]


def _section(table: Table) -> str:
    numeric = [all(_is_number(row[c]) for row in table.rows) for c in range(len(table.header))]
    lines = [
        "| " + " | ".join(table.header) + " |",
        "| " + " | ".join("--:" if right else ":--" for right in numeric) + " |",
        *("| " + " | ".join(row) + " |" for row in table.rows),
    ]
    return f"## {table.title}\n\n{table.text}\n\n" + "\n".join(lines) + "\n"


def _is_number(cell: str) -> bool:
    return not cell or cell.lstrip("x -").replace(",", "").replace(".", "").isdigit()


def _aims(aims: list[Aim]) -> str:
    lines = ["| What | Measured | Aim |  |", "| :-- | --: | --: | :-- |"]
    for aim in aims:
        if aim.least is None and aim.most is None:
            limit, told = "", ""
        else:
            limit = (
                f"at least {aim.least:,g}" if aim.least is not None else f"at most {aim.most:,g}"
            )
            told = "reached" if aim.reached else "not reached"
        lines.append(f"| {aim.what} | {_value(aim.value)} | {limit} | {told} |")
    head = (
        "## What was aimed at\n\nNone of this is a test: another machine, or a busy one, differs.\n"
    )
    return f"{head}\n" + "\n".join(lines) + "\n"


def _value(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _draw(found: Findings) -> bytes:
    """Ratios as bars on a logarithmic axis; memory beside the embeddings as curves below."""
    count = max(1, len(found.ratios))
    with theme():
        figure = canvas(6.4, 1.0 + 0.21 * count + (2.2 if found.curves else 0))
        heights = [0.5 + 0.21 * count, 2.0][: 2 if found.curves else 1]
        grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
        ax = figure.add_subplot(grid[0])
        labels = [label for label, _ in found.ratios]
        values = [value for _, value in found.ratios]
        places = list(range(len(values)))[::-1]
        beyond = [value - 1 for value in values]  # bars begin where both are as fast
        ax.barh(places, beyond, left=1, color=COLOURS[0], height=0.62)
        for place, value in zip(places, values, strict=True):
            ax.annotate(
                f"{value:,.0f}" if value >= 10 else f"{value:.1f}",
                (max(value, 1), place), (4, 0), textcoords="offset points", va="center", color=INK,
            )  # fmt: skip
        ax.set_yticks(places, labels)
        ax.tick_params(axis="y", length=0)
        ax.set_xscale("log")
        ax.set_xlim(0.8 * min([1.0, *values]), 2.5 * max([1.0, *values]))
        ax.axvline(1, color=MUTED, linewidth=0.8)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        ax.set_xlabel("times as fast as the peer (logarithmic)")
        ax.set_title("Against the peers")
        ax.grid(axis="x")
        if found.curves:
            _memory(figure.add_subplot(grid[1]), found.curves)
        return image(figure, "png")


def _memory(ax, curves) -> None:  # type: ignore[no-untyped-def]
    for number, (axis, points) in enumerate(curves.items()):
        x, y = zip(*points, strict=True)
        style = "os"[number]
        ax.plot(x, y, marker=style, color=COLOURS[number], linestyle=("-", "--")[number])
        ax.annotate(
            axis, (x[-1], y[-1]), (6, 0), textcoords="offset points", va="center",
            color=COLOURS[number],
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_ylim(0, 1.25 * max(value for points in curves.values() for _, value in points))
    ax.set_xlim(7_000, 4_000_000)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_xlabel("episodes, or images (logarithmic)")
    ax.set_ylabel("MiB beside embeddings")
    ax.set_title("Memory of an evaluation")
    ax.grid(axis="y")
