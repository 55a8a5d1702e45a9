"""Writes docs/checks.md from the list of checks.

python tools/update_checks.py
"""

from pathlib import Path

from benchmark.evaluation.conformance.page import markdown

PAGE = Path(__file__).parents[1] / "docs" / "checks.md"

if __name__ == "__main__":
    PAGE.write_text(markdown(), "utf-8")
    print(f"wrote {PAGE.relative_to(PAGE.parents[1])}")
