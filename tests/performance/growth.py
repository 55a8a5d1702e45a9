"""Time and memory of the commands that read every record, as the number of records grows."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmark.records import store
from benchmark.records.canonical import recipe_hash
from benchmark.records.schema import Counts, Record
from performance.measure import Aim, Findings, Table

ROOT = Path(__file__).parents[2]
SIZES = (1_000, 5_000, 20_000)
SEEDS = 3
EPISODES = 10_000
COMMANDS = {  # the words, mebibytes, seconds
    "leaderboard": (["leaderboard", "--results"], 2_048, 180.0),
    "verify": (["verify", "--results"], 500, None),
    "cite": (["cite", "--results"], 300, 5.0),
}


def measure(device: str, rounds: int) -> Findings:
    """Each command over made-up records of 10,000 episodes; what the largest needs is an aim."""
    del device, rounds
    found, rows = Findings(), []
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder)
        for size in SIZES:
            make(results, size)
            for command, (words, _, _) in COMMANDS.items():
                seconds, processor, mebibytes = run([*words, str(results)])
                found.curves.setdefault(command, []).append((float(size), mebibytes))
                rows.append((command, f"{size:,}", f"{seconds:,.1f}", f"{processor:,.1f}",
                             f"{mebibytes:,.0f}"))  # fmt: skip
                if size == SIZES[-1]:
                    _, most, limit = COMMANDS[command]
                    name = f"`oneshot {command}` of {size:,} records"
                    found.aims.append(Aim(f"{name}, MiB", mebibytes, most=most))
                    found.aims.append(Aim(f"{name}, seconds", seconds, most=limit))
    found.tables.append(
        Table(
            "Many records",
            f"Made-up records of {EPISODES:,} episodes each, {SEEDS} seeds a recipe: seconds of "
            "the whole command on the clock and of processors, and the largest memory of all its "
            "processes together, in MiB.",
            ("Command", "Records", "Seconds", "Processor seconds", "MiB"),
            rows,
        )
    )
    return found


def make(results: Path, count: int) -> None:
    """Fills a results folder up to `count` records, variations of the committed ones."""
    patterns = [
        record
        for path in sorted((ROOT / "results" / "records").glob("*/*/seed-0.json"))
        if isinstance((record := store.read(path)).outcome, Counts)
        and record.task.episodes == EPISODES
    ]
    first: dict[tuple[str, str], Record] = {}
    for record in patterns:
        first.setdefault((record.task.name, record.model.key), record)
    there = sum(1 for _ in store.paths(results)) if results.is_dir() else 0
    random, number = np.random.default_rng(there), 0
    for variant in range(count):
        for record in first.values():
            for seed in range(SEEDS):
                number += 1
                if number > count:
                    return
                if number > there:
                    store.write_bytes(
                        *varied(results, record, variant, seed, random), durable=False
                    )


def varied(
    results: Path, record: Record, variant: int, seed: int, random: np.random.Generator
) -> tuple[Path, bytes]:
    """The record of another learning rate and seed, with counts of its own."""
    data = json.loads(store.encode(record))
    data["model"]["recipe"] = {**data["model"]["recipe"], "variant": variant}
    assert isinstance(record.outcome, Counts)
    rate = float(np.mean(record.outcome.correct)) / record.outcome.of
    counts = random.binomial(record.outcome.of, rate, EPISODES)
    data["outcome"]["correct"] = counts.tolist()
    data |= {"seed": seed, "id": "", "calibration": None}
    if data["provenance"].get("weights"):  # no two seeds share a training
        name = f"{record.model.key} {record.task.name} {variant} {seed}"
        data["provenance"]["weights"] = hashlib.sha256(name.encode()).hexdigest()
    made = Record.model_validate(data)
    assert recipe_hash(data["model"]["recipe"]) == made.model.recipe8
    return store.record_path(results, made), store.encode(made)


def run(words: list[str]) -> tuple[float, float, float]:
    """Seconds of the command, of processors, and the most mebibytes that its processes held."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(
        [sys.executable, "-m", "benchmark", *words], cwd=ROOT, stdout=subprocess.DEVNULL
    ) as process:
        most = 0
        while process.poll() is None:
            most = max(most, sum(map(private, family(process.pid))))
            time.sleep(0.05)
        if process.returncode:
            raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, processor, most / 2**20


def family(pid: int) -> list[int]:
    """A process and those that it started, and those that they started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return [pid]
    return [pid, *(each for child in children for each in family(int(child)))]


def private(pid: int) -> int:
    """Bytes of a process, its share of what it has in common with others counted once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return 1024 * next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
