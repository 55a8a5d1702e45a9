"""Puts the table of docs/statistics.md anew, from the committed records.

python tools/update_statistics.py
"""

from pathlib import Path

from benchmark.report.precision import updated

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "statistics.md"

if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8"), ROOT / "results"), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
