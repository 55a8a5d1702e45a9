"""Measures the suite beside its peers and writes docs/performance.md.

python tests/performance                          # everything, in less than ten minutes
python tests/performance --device cuda --only evaluation training --out .
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from benchmark import waiting  # noqa: E402

os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
waiting.choose()  # as the command `oneshot` does

SCRIPTS = ("evaluation", "scoring", "training", "memory", "startup", "growth")


def main() -> None:
    """Runs the scripts one after the other."""
    if sys.argv[1:2] == ["--memory"]:
        from performance import memory

        memory.main(sys.argv[2:])
        return
    import importlib

    from performance import page
    from performance.measure import machine

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side that count")
    parser.add_argument("--only", nargs="+", choices=SCRIPTS, default=SCRIPTS)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    given = parser.parse_args()
    where, findings = machine(given.device), []
    for name in given.only:
        began = time.perf_counter()
        found = importlib.import_module(f"performance.{name}").measure(given.device, given.rounds)
        findings.append(found)
        print(f"{name}: {time.perf_counter() - began:.0f} s")
        for table in found.tables:
            print("  " + " | ".join(table.header))
            for row in table.rows:
                print("  " + " | ".join(row))
        for aim in found.aims:
            limited = aim.least is not None or aim.most is not None
            told = "reached" if aim.reached else "NOT REACHED"
            print(f"  {told if limited else 'no aim'}: {aim.what}: {aim.value:.4g}")
    only = given.only if set(given.only) != set(SCRIPTS) else ()
    for path in page.write(findings, where, given.out, only):
        print(path)


if __name__ == "__main__":
    main()
