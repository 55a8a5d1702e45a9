"""Puts the demo's table and figure into README.md, so that nothing there is typed by hand.

    make demo && python tools/update_readme.py [--check]

With --check nothing is written; the exit status is 1 if README.md is not of the demo's results.
"""

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo" / "results"
BEGIN, END = "<!-- demo:begin -->\n", "<!-- demo:end -->\n"


def table(page: str) -> str:
    """The rankings of the glyph tasks, without figures and details."""
    section = page.split("\n## glyphs\n")[1].split("\n## ", maxsplit=1)[0]
    lines = [line for line in section.splitlines() if not line.startswith("![")]
    text = "\n".join(lines).strip().replace("### ", "**").replace(" view\n", " view**\n")
    return f"{text}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    readme = ROOT / "README.md"
    old = readme.read_text("utf-8")
    head, rest = old.split(BEGIN)
    new = head + BEGIN + "\n" + table((DEMO / "leaderboard.md").read_text("utf-8"))
    new += "\n" + END + rest.split(END)[1]
    if check:
        sys.exit("README.md does not show the demo's results." if new != old else 0)
    readme.write_text(new, "utf-8")
    shutil.copyfile(DEMO / "figures" / "accuracy-glyphs.png", ROOT / "docs" / "demo-accuracy.png")


if __name__ == "__main__":
    main()
