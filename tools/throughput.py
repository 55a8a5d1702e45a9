"""How many small jobs a minute one machine does, with one worker and with two, and what is lost.

    python tools/throughput.py [JOBS] [ITEMS] [WORKERS,WORKERS]

Each job is a small training on the shipped glyphs (a quarter of a second or so for 4,000 items) and
its answers to 2,000 validation episodes, so what is measured is mostly the suite itself. "Beside
the work" is the time of all workers that is not in the records' own cost, for each job: starting,
reading data, drawing episodes, locking, writing. Processor seconds are told too: unlike the others
they hardly depend on what else the machine does.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from benchmark.records import store  # noqa: E402

TASK = "glyphs-5w1s@validation"


def run(folder: Path, jobs: int, items: int, workers: int) -> float:
    """Seconds that the command takes, from typing to the prompt."""
    words = [
        "run", "prototypical-conv4", "--task", TASK, "--seeds", f"0-{jobs - 1}",
        "--set", f"items={items}", "--set", "width=0.125", "--set", "input_size=16",
        "--set", "validations=2", "--set", "threads=1", "--device", "cpu",
        "--results", folder / "results", "--work", folder / "work", "--workers", workers,
    ]  # fmt: skip
    began = time.monotonic()
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmark", *map(str, words)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - began


def processor() -> float:
    """Processor seconds of all that was started and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def worked(folder: Path) -> float:
    """Seconds of training, embedding and scoring that the records tell of."""
    costs = [record.cost for record in store.load(folder / "results")]
    return sum(
        cost.training_milliseconds + cost.embedding_milliseconds + cost.scoring_milliseconds
        for cost in costs
        if cost is not None
    ) / 1000  # fmt: skip


def main() -> None:
    """Prints a line for each number of workers."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    items = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    load = f", load before {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{jobs} jobs of {items:,} items, {os.cpu_count()} cores{load}")
    numbers = sys.argv[3] if len(sys.argv) > 3 else "1,2"
    for workers in map(int, numbers.split(",")):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            before = processor()
            seconds = run(folder, jobs, items, workers)
            used = processor() - before
            again = run(folder, jobs, items, workers)
            beside = (seconds * workers - worked(folder)) / jobs
        print(
            f"{workers} worker{'s' if workers > 1 else ' '}: {60 * jobs / seconds:6.1f} jobs a "
            f"minute, {seconds:.1f} s in all, {again:.1f} s when nothing is missing, "
            f"{beside:.2f} s a job beside the work, {used / jobs:.2f} processor seconds a job"
        )


if __name__ == "__main__":
    main()
