"""Puts the tables of docs/findings.md anew, from the committed records.

python tools/update_findings.py
"""

from pathlib import Path

from benchmark.report.findings import updated

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "findings.md"

if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8"), ROOT / "results"), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
