"""Is what lies in a results folder what its records give? Regenerates aside and compares."""

from __future__ import annotations

import filecmp
import tempfile
from pathlib import Path

from benchmark.report import manifest
from benchmark.report.write import FIGURES, Written, write_leaderboard

# Figures are compared by what they plot: their pixels depend on the version of the library.
PICTURES = (".svg", ".png")


def differing(results: Path) -> tuple[str, ...]:
    """Files that are missing, outdated, or were made from records that are no more, by name.

    Raises:
        OneshotError: see `write_leaderboard`.
    """
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder)
        written = write_leaderboard(results, aside)
        made = {path.relative_to(aside) for path in _all(written)}
        return tuple(
            sorted(
                path.as_posix()
                for path in made | _kept(results, made)
                if path not in made or not _same(results / path, aside / path)
            )
        )


def _same(kept: Path, made: Path) -> bool:
    if not kept.is_file():
        return False
    return made.suffix in PICTURES or filecmp.cmp(kept, made, shallow=False)


def _all(written: Written) -> tuple[Path, ...]:
    return (*written.files, *written.figures, *written.models, *written.tasks)


def _kept(results: Path, made: set[Path]) -> set[Path]:
    """Files of the folders that are ours alone; what else lies beside is nobody's business.

    Figures are known by the manifest of the last run, where there is one.
    """
    listed = manifest.read(results)
    folders = {path.parent for path in made if path.parent != Path()} | {Path(FIGURES)}
    return {
        path.relative_to(results)
        for folder in folders
        for path in (results / folder).glob("*")
        if path.is_file() and path.suffix in {made_one.suffix for made_one in made}
        if listed is None or folder != Path(FIGURES) or f"{FIGURES}/{path.name}" in listed
    }
