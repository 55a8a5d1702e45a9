"""Starting up, reading records, opening data: what a person waits for."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmark.datasets import catalogue
from benchmark.errors import DataMissing
from performance.measure import Aim, Findings, Table

ROOT = Path(__file__).parents[2]
RECORDS = 100


def measure(device: str, rounds: int) -> Findings:
    """Seconds from typing to the prompt."""
    del device
    found = Findings()
    rows: list[tuple[str, ...]] = []

    def add(what: str, seconds: float, most: float | None) -> None:
        rows.append((what, f"{seconds:.2f}"))
        if most is not None:
            found.aims.append(Aim(f"{what}, seconds", seconds, most=most))

    bare = _median(rounds, ["-c", "pass"])
    add("Python itself", bare, None)
    add("`oneshot --help`", _median(rounds, ["-m", "benchmark", "--help"]), 0.3)
    add("`oneshot list models`", _median(rounds, ["-m", "benchmark", "list", "models"]), 0.3)
    with tempfile.TemporaryDirectory() as folder:
        count, pair, task = _copy(Path(folder))
        board = ["-m", "benchmark", "leaderboard", "--results", folder]
        add(f"`oneshot leaderboard` of {count} records", _median(1, board), 2.0)
        if pair:
            compare = ["-m", "benchmark", "compare", *pair, "--task", task, "--results", folder]
            compare += ["--across", "pools,budgets,views"]  # whichever two they are
            add(f"`oneshot compare` among {count} records", _median(1, compare), 2.0)
    try:
        began = time.perf_counter()
        catalogue.load("mini-imagenet")
        add("opening miniImageNet", time.perf_counter() - began, 0.2)
    except DataMissing:
        rows.append(("opening miniImageNet", "not there"))
    found.tables.append(
        Table(
            "What a person waits for",
            "Wall clock of whole commands, the start of Python included.",
            ("What", "Seconds"),
            rows,
        )
    )
    return found


def _median(rounds: int, words: list[str]) -> float:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
        taken.append(time.perf_counter() - began)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return statistics.median(taken)


def _copy(folder: Path) -> tuple[int, list[str], str]:
    """The first committed records in a folder of their own; two models and a task they share."""
    records = sorted((ROOT / "results" / "records").rglob("seed-*.json"))[:RECORDS]
    models: dict[str, list[str]] = {}
    for record in records:
        place = record.relative_to(ROOT / "results")
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(record, folder / place)
        task, model = place.parts[1].rpartition(".v")[0], place.parts[2].rpartition("--")[0]
        if model not in models.setdefault(task, []):
            models[task].append(model)
    for task, names in models.items():
        if len(names) > 1:
            return len(records), names[:2], task
    return len(records), [], ""
