"""`make fuzz`: bent inputs of every kind, each kind in a process of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Runs the kinds one after the other; exit code 1 if there is any fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="of each kind [10000]")
    parser.add_argument("--first", type=int, default=0, help="number of the first case [0]")
    parser.add_argument("--kind", action="append", help="one of the kinds; all without it")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.here:
        return _here(chosen.kind[0], chosen.cases, chosen.first)
    from bent.kinds import kinds

    failed = []
    for name in chosen.kind or kinds():
        command = [sys.executable, "-m", "bent", "--here", "--kind", name]
        command += ["--cases", str(chosen.cases), "--first", str(chosen.first)]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    print("Faults in: " + ", ".join(failed) if failed else "No faults.")
    return int(bool(failed))


def _here(name: str, cases: int, first: int) -> int:
    """One kind in this process; prints its line and the first case of each fault."""
    from bent.kinds import kinds
    from bent.run import fuzz

    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer).resolve() / "box" / "inside"
        folder.mkdir(parents=True)
        os.environ["ONESHOT_DATA"] = str(folder / "no-data")
        kind = kinds()[name]
        found = fuzz(kind, max(1, round(cases * kind.share)), folder, first)
    print(found.line(), flush=True)
    for key, (number, fault) in found.faults.items():
        print(f"\ncase {number} ({found.counts[key]} times):\n{fault}\n", flush=True)
    return int(bool(found.faults))


if __name__ == "__main__":
    sys.exit(main())
