"""BibTeX for what was used: the suite with its record set, the models, the data sets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path

from benchmark.errors import OneshotError
from benchmark.records.store import RECORDS
from benchmark.records.swhid import swhid
from benchmark.registry import bibtex_of
from benchmark.report.suite import RELEASED, suite_version
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.tracks import track as find_track

SUITE = "oneshotbenchmark"
DATA = {
    "glyphs": (SUITE,),  # drawn by the suite
    "omniglot": ("lake2015human",),
    "mini-imagenet": ("vinyals2016matching", "ravi2017optimization"),
    "orl-faces": ("samaria1994parameterisation",),
    "lfw": ("huang2007labeled",),
    "nfi-signatures": ("blankers2009icdar",),
    "cedar": ("kalera2004offline",),
    "bhsig260-bengali": ("pal2016performance",),
    "bhsig260-hindi": ("pal2016performance",),
    "languages": ("consortium2025common",),
    "digits": ("alpaydin1998digits",),
    "mini-imagenet-pickles": ("vinyals2016matching", "ravi2017optimization"),
}
TRACKS = {"omniglot-vinyals": ("vinyals2016matching", "snell2017prototypical")}  # whose split it is
DIRICHLET = "veilleux2021realistic"


def references(models: Iterable[str], tasks: Iterable[str], results: Path) -> str:
    """BibTeX entries sorted by key, each once.

    Args:
        models: keys of models; those outside the catalogue bring no reference.
        tasks: names of tasks; those outside the suite bring none either.
        results: the folder whose records are cited with the suite, where it has any.
    """
    entries = {key: entry(key) for key in keys(models, tasks) - {SUITE}}
    entries[SUITE] = suite(results)
    return "\n".join(entries[key] for key in sorted(entries)) + "\n"


def keys(models: Iterable[str], tasks: Iterable[str]) -> set[str]:
    """Keys of the references of models and tasks, without the suite's own unless a task has it."""
    found = {key for model in models for key in bibtex_of(model)}
    return found | {key for task in tasks for key in _of_task(task)}


def entry(key: str) -> str:
    """One entry of the bibliography.

    Raises:
        OneshotError: there is none of this key.
    """
    try:
        return bibliography()[key]
    except KeyError:
        raise OneshotError(
            f"The bibliography has no '{key}'.", "Add it to benchmark/report/bibliography.bib."
        ) from None


@cache
def bibliography() -> dict[str, str]:
    """Every entry by its key."""
    text = resources.files("benchmark.report").joinpath("bibliography.bib").read_text("utf-8")
    found = re.findall(r"^@\w+\{([^,]+),\n.*?^\}$", text, re.MULTILINE | re.DOTALL)
    bodies = re.findall(r"^@.*?^\}$", text, re.MULTILINE | re.DOTALL)
    return dict(zip(found, bodies, strict=True))


def suite(results: Path) -> str:
    """The suite's own entry: its version, and the record set where there is one."""
    version = suite_version()
    records = results / RECORDS
    lines = [
        f"@software{{{SUITE},",
        "  author = {{The oneshot-benchmark authors}},",
        "  title = {oneshot-benchmark: an open benchmark suite for one-shot learning},",
        f"  version = {{{version}}},",
        f"  year = {{{RELEASED[:4]}}},",
    ]
    if records.is_dir():
        count = sum(1 for _ in records.glob("*/*/seed-*.json"))
        lines.append(f"  note = {{{count} records}},")
        lines.append(f"  swhid = {{{swhid(records)}}},")
    return "\n".join([*lines, "}"])


def _of_task(name: str) -> tuple[str, ...]:
    try:
        task = find_task(name)
    except OneshotError:  # a task of one's own
        return ()
    track = find_track(task.track)
    used = {track.data, track.test_data or track.data}
    found = [key for data in sorted(used) for key in DATA.get(data, ())]
    found += TRACKS.get(track.name, ())
    return (*found, *([DIRICHLET] if task.dirichlet is not None else []))
