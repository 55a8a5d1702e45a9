"""Bent records, read alone and shown in every table and page."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from benchmark.errors import OneshotError
from benchmark.records import store
from benchmark.report import latex, leaderboard_csv, markdown, text
from benchmark.report.analysis import analyse
from benchmark.report.leaderboard import build
from benchmark.report.missing_runs import commands
from benchmark.report.page import render as page
from bent.mutate import flipped, replaced

PROVENANCE = {"suite": "0.1.0", "python": "3.11", "torch": "2", "device": "cpu", "platform": "x"}
HOSTILE = (
    "<script>",
    "\\input{/etc/passwd}",
    "=cmd|' /C calc'!A0",
    "a|b\nc",
    "$(reboot)",
    "\u202e",
)


@cache
def sound() -> tuple[dict[str, Any], ...]:
    """Records of each kind of outcome, as plain data without their ids."""
    outcomes: tuple[dict[str, Any], ...] = (
        {"kind": "counts", "of": 75, "correct": [60, 71, 75, 3]},
        {"kind": "log-odds", "thousandths": "<i2:DABw/gcAAAA=", "calibrated": True},
        {"kind": "ranks", "first": [1, 2, 1, 9], "hits": [2, 1, 3, 0],
         "precision": [10**6, 5 * 10**5, 7, 0], "matches": [3, 3, 3, 3]},
    )  # fmt: skip
    names = ("glyphs-5w1s", "glyphs-verification", "glyphs-retrieval")
    found = []
    for name, outcome in zip(names, outcomes, strict=True):
        for seed in (0, 1):
            found.append(
                {
                    "schema": 1,
                    "task": {"name": name, "version": 1, "data_digest": "a" * 64,
                             "episode_digest": "b" * 64, "episodes": 4},
                    "model": {"key": "siamese-conv4-cosine-triplet", "pool": "inductive",
                              "recipe": {"backbone": "conv4", "distance": "cosine", "views": 1,
                                         "loss": "triplet", "budget": "quick", "items": 3},
                              "seen": ["glyphs/train"]},
                    "seed": seed,
                    "status": "ok",
                    "validation": {"task": f"{name}@validation", "episode_digest": "c" * 64,
                                   "outcome": outcome},
                    "outcome": outcome,
                    "calibration": {"temperature_millionths": 10**6, "answers": [3, 4],
                                    "correct": [1, 4], "confidence_millionths": [10**6, 3]},
                    "curve": [{"items": 10, "loss_millionths": 5, "correct_per_10000": 900}],
                    "cost": {"training_items": 10, "parameters": 7},
                    "provenance": {**PROVENANCE, "settings": ["margin=0.5"]},
                }
            )  # fmt: skip
    return tuple(found)


def bend(random: Random) -> bytes:
    """One record."""
    bent = replaced(random, random.choice(sound()))
    content = json.dumps(bent).encode("utf-8", "surrogatepass")
    return flipped(random, content, 3) if random.random() < 0.2 else content


def read(path: Path) -> object:
    """As any record is read; what was read is written the same."""
    record = store.read(path)
    store.record_path(path.parent, record)
    store.encode(record)
    return record


def bend_several(random: Random) -> bytes:
    """A few records whose texts and numbers are hostile, and yet are valid."""
    several = []
    for each in sound():
        bent = json.loads(json.dumps(each))
        for _ in range(random.randint(0, 3)):
            text = random.choice(HOSTILE) * random.choice((1, 1, 40))
            kind = random.randrange(8)
            if kind == 0:
                bent["model"]["key"] = text
            elif kind == 1:
                bent["model"]["recipe"] = replaced(random, bent["model"]["recipe"])
            elif kind == 2:
                bent["provenance"]["settings"] = [text]
            elif kind == 3:
                bent["model"]["seen"] = [text]
            elif kind == 4:
                bent |= {"status": "failed", "reason": text, "outcome": None}
            elif kind == 5:
                bent["task"]["name"] = random.choice(
                    (text, f"{text}-5w1s", "x-99w1s", "glyphs-2w9s")
                )
            elif kind == 6:
                bent["cost"] = replaced(random, bent["cost"])
            else:
                bent = replaced(random, bent, 1)
                break  # it may be no record any more
        several.append(bent)
    return json.dumps(several).encode("utf-8", "surrogatepass")


def report(path: Path) -> object:
    """Every text of the report, from those of the records that are valid."""
    records, places = [], Counter[Path]()
    for value in json.loads(path.read_bytes()):
        single = path.with_name("one.json")
        single.write_bytes(json.dumps(value).encode("utf-8", "surrogatepass"))
        try:
            record = store.read(single)
        except OneshotError:
            continue
        place = store.record_path(path.parent, record)
        places[place] += 1
        if places[place] == 1:
            records.append(record)
    board = build(records)
    holes = commands(board)
    analysis = analyse(board, records, None)
    shown = [
        markdown.render(board, "0", holes, None, [], analysis),
        leaderboard_csv.render(board),
        *latex.render_all(board, "0").values(),
        page.render(board, records, "0", holes, [], path.parent),
    ]
    text.render(board)
    assert shown[-1].count("<script") == 2  # the page's data, and its own script
    outside = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", shown[0])  # what stands in fences is no markup
    assert "<script" not in outside
    assert not any("\u202e" in each for each in (shown[0], *shown[2:]))  # the sheet is data
    assert all("\\input{" not in each for each in shown[2:-1])
    return shown
