"""Writes everything that is a function of the records: page, sheet and figures."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import OneshotError
from benchmark.files import head_of, inside
from benchmark.records import claims, evidence, readings
from benchmark.records.store import RECORDS, load, write_bytes
from benchmark.records.swhid import swhid
from benchmark.report import latex, leaderboard_csv, manifest, markdown, model_pages, task_pages
from benchmark.report.aggregate import GroupsOf, default_groups
from benchmark.report.analysis import analyse
from benchmark.report.cite import references
from benchmark.report.columns import entries
from benchmark.report.leaderboard import Leaderboard, build
from benchmark.report.missing_runs import commands
from benchmark.report.page import render as page_file
from benchmark.report.play.questions import on_glyphs
from benchmark.report.suite import suite_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmark.report.figures.picture import Picture

FIGURES = "figures"


@dataclass(frozen=True)
class Written:
    """What was written and where.

    Attributes:
        leaderboard: the tables, for whoever shows them.
        page, sheet: the Markdown and the CSV file.
        pair_sheets: the CSV files of verification and retrieval, where there are such results.
        html: the page to sort, filter and compare in.
        figures: all files of all figures.
        models: the page of each model of the catalogue that has results.
        tasks: the page of each ranked task.
        files: page, sheet, HTML page, references and the tables for papers.
        commands: what to type to fill the holes.
    """

    leaderboard: Leaderboard
    page: Path
    sheet: Path
    html: Path
    figures: tuple[Path, ...]
    models: tuple[Path, ...]
    tasks: tuple[Path, ...]
    files: tuple[Path, ...]
    commands: tuple[str, ...]
    pair_sheets: tuple[Path, ...] = ()


def write_leaderboard(
    results: Path,
    out: Path | None = None,
    figures: bool = True,
    groups_of: GroupsOf | None = None,
) -> Written:
    """Regenerates `leaderboard.{md,csv,html}`, `references.bib`, models' pages and figures.

    Each file is written atomically.

    Equal records give equal bytes: nothing depends on the clock, the network or the folder's name.

    Args:
        results: the results folder, with the records in it.
        out: where to write; default the results folder itself.
        figures: whether to draw. Without, the page shows none, and those that lie there stay.
        groups_of: see `benchmark.report.leaderboard.build`.

    Raises:
        OneshotError: if there are no records, one is invalid, or some cannot share a table.
    """
    groups_of = groups_of or default_groups()
    with ThreadPoolExecutor(1) as beside:
        # Unpacks the drawings that the page asks about, which lets Python go on; over before any
        # process is copied.
        beside.submit(on_glyphs)
        records = load(results, strict=False)
        leaderboard = build(
            records,
            groups_of,
            readings.load(results),
            readings.incomplete(results),
            evidence.of_records(results, records),
        )
        if not leaderboard.sections:
            raise OneshotError(
                f"There are no results in {results / RECORDS} yet.",
                "Type: oneshot run pixels-euclidean --task glyphs-5w1s --seeds 0",
            )
        out = results if out is None else out
        holes = commands(leaderboard)
        analysis = analyse(leaderboard, records, groups_of)
        published = claims.load(results, strict=False)
    with contextlib.ExitStack() as stack:
        pictures = None
        if figures:
            from benchmark.report.figures.draw import drawing

            pictures = stack.enter_context(drawing(leaderboard, records, analysis, published))
        made_from = f"{suite_version()}, record set {swhid(results / RECORDS)}"
        shown_in = entries(leaderboard)
        cited = references(
            {entry.row.key for entry in shown_in},
            {entry.result.column.task.name for entry in shown_in},
            results,
        )
        page, table = out / "leaderboard.md", out / "leaderboard.csv"
        html = out / page_file.FILE
        contents = {table: leaderboard_csv.render(leaderboard), out / "references.bib": cited}
        contents[html] = page_file.render(
            leaderboard, records, made_from, holes, published, results, groups_of
        )
        for name, content in latex.render_all(leaderboard, made_from).items():
            contents[out / latex.FOLDER / f"{name}.tex"] = content
        of_models, of_tasks = (
            model_pages.render_all(leaderboard),
            task_pages.render_all(leaderboard),
        )
        drawn, paths = _write_figures(out, () if pictures is None else pictures())
    text = markdown.render(leaderboard, made_from, holes, drawn, published, analysis)
    contents = {page: text, **contents}
    for path, content in contents.items():
        _put(out, path, content)
    pair_sheets = _write_pair_sheets(out, leaderboard)
    models = _write_pages(out, model_pages.FOLDER, of_models, model_pages.MADE)
    tasks = _write_pages(out, task_pages.FOLDER, of_tasks, task_pages.MADE)
    _remove(out, latex.FOLDER, "*.tex", set(contents), latex.MADE)
    files = (*contents, *pair_sheets)
    _put_manifest(out, (*files, *paths, *models, *tasks), figures)
    return Written(leaderboard, page, table, html, paths, models, tasks, files, holes, pair_sheets)


def _write_figures(
    out: Path, pictures: Iterable[Picture]
) -> tuple[dict[str, tuple[tuple[str, str], ...]], tuple[Path, ...]]:
    """By section the (caption, relative address) of its figures, and the paths of all files."""
    shown: dict[str, tuple[tuple[str, str], ...]] = {}
    paths: list[Path] = []
    for picture in pictures:
        for name, data in picture.files.items():
            path = inside(out, out / FIGURES / name)
            write_bytes(path, data, durable=False)
            paths.append(path)
        said = (picture.caption, f"{FIGURES}/{picture.shown}")
        shown[picture.section] = (*shown.get(picture.section, ()), said)
    return shown, tuple(paths)


def _put_manifest(out: Path, written: tuple[Path, ...], figures: bool) -> None:
    """Deletes what the last run wrote and this one did not, and writes down what this one wrote.

    Without figures, those of the last run stay.
    """
    before = manifest.read(out)
    drawn = {
        name: digest
        for name, digest in (before or {}).items()
        if not figures and name.startswith(f"{FIGURES}/")
    }
    manifest.remove_outdated(out, before, (*written, *(out / name for name in drawn)))
    _put(out, out / manifest.FILE, manifest.render(out, written, drawn))


def _put(out: Path, path: Path, text: str) -> None:
    inside(out, path)
    # A lone surrogate in a name is valid JSON but no UTF-8.
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"), durable=False)


def _write_pair_sheets(out: Path, leaderboard: Leaderboard) -> tuple[Path, ...]:
    """Writes the sheets of verification and retrieval, where there are such results."""
    there = leaderboard_csv.protocols(leaderboard)
    paths = {name: out / f"leaderboard-{name}.csv" for name in there}
    for protocol, path in paths.items():
        _put(out, path, leaderboard_csv.render(leaderboard, protocol))
    return tuple(paths[protocol] for protocol in there)


def _write_pages(out: Path, folder: str, pages: dict[str, str], made: str) -> tuple[Path, ...]:
    """Writes pages by name, and removes those that were made before and are no more."""
    for name, content in pages.items():
        _put(out, out / folder / f"{name}.md", content)
    written = {out / folder / f"{name}.md" for name in pages}
    _remove(out, folder, "*.md", written, made)
    return tuple(sorted(written))


def _remove(out: Path, folder: str, pattern: str, kept: set[Path], made: str) -> None:
    """Removes files of ours, known by how they begin, that are made no more; others stay."""
    for path in sorted((out / folder).glob(pattern)):
        if path in kept or path.is_symlink() or not inside(out, path).is_file():
            continue
        if head_of(path, len(made.encode())) == made.encode():
            path.unlink()
