"""Bent results folders: records, readings, claims and searches together, read by every report."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from benchmark.errors import OneshotError
from benchmark.records import claims, readings, store, verify
from benchmark.records.schema import Record
from benchmark.report import cite
from benchmark.report.compare import compare
from benchmark.report.write import write_leaderboard
from benchmark.sweep.tuning import Search
from bent.mutate import flipped, replaced
from bent.records import HOSTILE, sound
from bent.tables import bend_claims, bend_readings
from bent.tree import cleared, packed, unpacked

OTHER = "pixels-cosine"
SEARCH = {"model": "siamese-conv4-cosine-triplet", "track": "glyphs", "budget": "quick",
          "task": "glyphs-20w1s@validation", "seed": 1000, "of": 75,
          "trials": [{"factors": {"margin": 0.5}, "settings": {}, "correct": 60}]}  # fmt: skip


@cache
def _genuine() -> tuple[dict[str, Any], ...]:
    """The records of two models."""
    others = json.loads(json.dumps(sound()))
    for each in others:
        each["model"] |= {"key": OTHER, "recipe": {"budget": "none", "distance": "cosine"}}
    return (*sound(), *others)


def _place(value: Any) -> tuple[str, bytes]:
    """Where a record belongs and what is written there; raises ValueError if it is none."""
    record = Record.model_validate_json(json.dumps(value))
    return str(store.record_path(Path(), record)), store.encode(record)


def _hostile(random: Random, record: dict[str, Any]) -> dict[str, Any]:
    """The record with one hostile value that is still valid, or with any parts replaced."""
    bent: dict[str, Any] = json.loads(json.dumps(record))
    text, kind = random.choice(HOSTILE), random.randrange(6)
    if kind == 0:
        bent["model"]["recipe"][random.choice(("loss", "budget", "distance", text))] = text
    elif kind == 1:
        bent["provenance"]["settings"] = [text, f"backbone=/x/{text}.py:Net"]
    elif kind == 2:
        bent |= {"status": "failed", "reason": text, "outcome": None}
    elif kind == 3:
        bent["task"]["name"] = random.choice((text, "glyphs-999999w999999s", "x-5w1s"))
    elif kind == 4:
        bent["task"][random.choice(("data_digest", "episode_digest"))] = "d" * 64
    else:
        found = replaced(random, bent, 2)
        return found if isinstance(found, dict) else bent
    return bent


def bend(random: Random) -> bytes:
    """A folder of which a few files are bent, lie elsewhere, or are no files of this kind."""
    files: dict[str, bytes] = {}
    for value in _genuine():
        place, content = _place(value)
        kind = random.randrange(10)
        if kind == 0:
            continue
        if kind <= 3:
            try:
                place, content = _place(_hostile(random, value))
            except (ValueError, TypeError, RecursionError, OneshotError):
                content = flipped(random, content, 3)
        elif kind == 4:
            content = flipped(random, content)
        elif kind == 5:
            parts = place.split("/")
            parts[random.randrange(1, len(parts))] = random.choice(("seed-7.json", "x", "é"))
            place = "/".join(parts)
        files.setdefault(place, content)
    folders = {str(folder) for place in files for folder in Path(place).parents}
    files = {place: content for place, content in files.items() if place not in folders}
    if random.random() < 0.5:
        files[f"{readings.FOLDER}/glyphs/x.csv"] = bend_readings(random)
    if random.random() < 0.5:
        files[f"{claims.FOLDER}/x.toml"] = bend_claims(random)
    if random.random() < 0.5:
        search = Search(SEARCH["model"], SEARCH["track"], SEARCH["budget"])  # type: ignore[arg-type]
        files[str(search.name)] = json.dumps(replaced(random, SEARCH, 1)).encode(
            "utf-8", "surrogatepass"
        )
    for _ in range(random.randrange(3)):  # what the reports write, written by somebody else
        name = random.choice(("generated.txt", "leaderboard.md", "tables/x.tex", "models/x.md"))
        files[name] = flipped(random, b"models/x.md\n../outside.md\ntables/x.tex\n", 2)
    return packed(files)


def read(path: Path) -> object:
    """As `leaderboard`, `verify`, `cite`, `compare` and `run` read it."""
    results = cleared(path.with_name("results"))
    unpacked(path, results)
    key = _genuine()[0]["model"]["key"]
    readers: tuple[Callable[[], object], ...] = (
        lambda: write_leaderboard(results, figures=False, groups_of=lambda *_: None),
        lambda: verify.verify(results),
        lambda: cite.references(*_measured(results), results),
        lambda: compare(results, key, OTHER, "*", ("budgets",), lambda *_: None, lambda *_: None),
        lambda: Search(key, "glyphs", "quick").read(results),
    )  # fmt: skip
    refused: list[OneshotError] = []
    for reader in readers:
        try:
            reader()
        except OneshotError as error:
            refused.append(error)
    if refused:
        raise refused[0]
    return results


def _measured(results: Path) -> tuple[list[str], list[str]]:
    pairs = list(store.measured(results, strict=False))
    return [key for key, _ in pairs], [task for _, task in pairs]
