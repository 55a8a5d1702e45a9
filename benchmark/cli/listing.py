"""`oneshot list`: what there is to run, on what, from which parts; torch only where it counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from benchmark.tasks.spec import Track

KINDS = (
    "models", "tasks", "tracks", "suites", "datasets", "backbones", "distances", "losses",
)  # fmt: skip
ONLY_JSON = ("protocols", "family", "cite")  # for programs; too wide for a terminal


def list_names(
    kind: Annotated[str, typer.Argument(help=" | ".join(KINDS))],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Lists models, tasks, tracks, suites, datasets, backbones, distances or losses."""
    from benchmark.errors import UnknownName

    if kind not in KINDS:
        raise UnknownName("list", kind, list(KINDS), f"There are: {', '.join(KINDS)}.")
    rows = {
        "models": _models,
        "tasks": _tasks,
        "tracks": _tracks,
        "suites": _suites,
        "datasets": _datasets,
    }.get(kind, lambda: _parts(kind))()
    if kind == "models" and not as_json:
        rows = _shortened(rows)
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    columns = [column for column in rows[0] if column not in ONLY_JSON]
    widths = [max(len(c), *(len(str(row[c])) for row in rows)) for c in columns]
    for row in [{c: c for c in columns}, *rows]:
        cells = (f"{row[c]!s:{w}}" for c, w in zip(columns, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _shortened(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each method on all backbones and one for the grid, else many screens."""
    from importlib import import_module

    catalogue = import_module("baselines.catalogue")
    by_key = {row["key"]: row for row in rows}
    grid = {entry.key for entry in catalogue.entries() if entry.grid}
    hidden = set(grid)
    methods = []
    for method in catalogue.METHODS:
        keys = [method.on(name).key for name in catalogue.part_names("backbones")]
        hidden |= set(keys)
        methods.append(by_key[keys[0]] | {"key": f"{method.key}-BACKBONE", "title": method.title})
    pattern = "siamese-BACKBONE-DISTANCE-LOSS"
    title = f"{len(grid)} Siamese networks: see list backbones, distances, losses"
    short = [row for row in rows if row["key"] not in hidden]
    return [*short, *methods, dict.fromkeys(rows[0], "") | {"key": pattern, "title": title}]


def _models() -> list[dict[str, Any]]:
    from importlib import import_module

    catalogue = import_module("baselines.catalogue")
    return [
        {
            "key": entry.key,
            "pool": entry.pool,
            "offers": entry.offers,
            "protocols": list(entry.protocols),
            "trained_for": "any"
            if entry.trained_for is None
            else f"{entry.trained_for[0]}-way {entry.trained_for[1]}-shot",
            "family": entry.family,
            "title": entry.title,
            "paper": entry.paper,
            "cite": entry.bibtex,
        }
        for entry in catalogue.entries()
    ]


def _tasks() -> list[dict[str, Any]]:
    from benchmark.protocols.catalogue import BY_NAME, PROTOCOLS
    from benchmark.tasks.catalogue import RANKED, task

    rows = []
    for found in (*map(task, RANKED), *(task(track.chooses) for track in _own_tracks())):
        rows.append(
            {
                "name": found.name,
                "track": found.track,
                "shape": f"{found.n_way}-way {found.n_shot}-shot"
                if BY_NAME[found.protocol] is PROTOCOLS[0]
                else found.protocol,
                "episodes": found.episodes,
                "queries": found.queries,
                "version": found.version,
            }
        )
    return rows


def _tracks() -> list[dict[str, Any]]:
    from benchmark.tasks.tracks import TRACKS

    return [
        {
            "name": track.name,
            "learns from": track.data,
            "tested on": track.test_data or track.data,
            "chosen by": f"{track.chooses}@validation",
        }
        for track in (*TRACKS, *_own_tracks())
    ]


def _own_tracks() -> list[Track]:
    """Tracks of the user's own data sets; one that is damaged or too small is no reason to fail."""
    from benchmark.errors import OneshotError
    from benchmark.tasks import own

    found = []
    for name in own.names():
        try:
            found.append(own.track(name))
        except OneshotError:
            continue
    return [track for track in found if track is not None]


def _suites() -> list[dict[str, Any]]:
    from benchmark.sweep.suite import load, shipped

    suites = {name: load(name) for name in shipped()}
    return [
        {
            "name": name,
            "models": len({grid.model for grid in suite.grids}),
            "tasks": len({task for grid in suite.grids for task in grid.tasks}),
            "title": suite.title,
        }
        for name, suite in suites.items()
    ]


def _datasets() -> list[dict[str, Any]]:
    from benchmark.datasets.catalogue import DATA_SETS, KNOWN
    from benchmark.datasets.store import data_directory, present

    here = set(present(data_directory()))
    own = [
        {"name": name, "items": "", "classes": "", "state": "here", "title": "your own"}
        for name in sorted(here - set(KNOWN))
    ]
    known_ones = [
        {
            "name": known.name,
            "items": known.items,
            "classes": known.classes,
            "state": "embedded" if known.name == "glyphs"
            else "here" if known.name in here
            else "absent",
            "title": known.title,
        }
        for known in DATA_SETS
    ]  # fmt: skip
    return [*known_ones, *own]


def _parts(kind: str) -> list[dict[str, Any]]:
    from importlib import import_module

    if kind == "backbones":  # counted, not written down: this one needs torch
        rows: list[dict[str, Any]] = import_module("baselines.backbones.describe").rows()
        return rows
    found: list[dict[str, Any]] = import_module("baselines.catalogue").parts(kind)
    return found
