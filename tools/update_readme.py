"""Puts tables of results into README.md, so that nothing there is typed by hand.

    make demo && python tools/update_readme.py
    python tools/update_readme.py --check results

The block "demo" shows the demo's results, which are not committed; "results" the headline of the
committed ones. With --check nothing is written; the exit status is 1 if that block is out of date.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

from benchmark.report.summary_table import TITLE

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo" / "results"
BLOCKS = {"demo": (DEMO, "glyphs"), "results": (ROOT / "results", TITLE)}


def table(page: str, title: str, folder: str | None) -> str:
    """A section of the leaderboard: a track's rankings without details, or the headline.

    Addresses lead to `folder`; without one, as for results that are not committed, the names stay
    and the links and figures go.
    """
    section = page.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]
    section = section.split("\n### Published numbers\n")[0]
    lines = [line for line in section.splitlines() if folder or not line.startswith("![")]
    text = "\n".join(lines).strip()
    heads = [line for line in text.splitlines() if line.startswith("### ")]
    for head in heads:
        text = text.replace(head, f"**{head.removeprefix('### ')}**")
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    if folder is None:
        text = re.sub(r"\[([^]]*)\]\((?:models|tasks)/[^)]*\)", r"\1", text)
    return re.sub(r"\]\((models|tasks|figures)/", rf"]({folder}/\1/", f"{text}\n")


def updated(readme: str, block: str) -> str:
    """The README with one block made anew."""
    results, title = BLOCKS[block]
    begin, end = f"<!-- {block}:begin -->\n", f"<!-- {block}:end -->\n"
    head, rest = readme.split(begin)
    folder = None if block == "demo" else results.relative_to(ROOT).as_posix()
    made = table((results / "leaderboard.md").read_text("utf-8"), title, folder)
    return head + begin + "\n" + made + "\n" + end + rest.split(end)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", choices=BLOCKS)
    check = parser.parse_args().check
    path = ROOT / "README.md"
    readme = path.read_text("utf-8")
    if check:
        new = updated(readme, check)
        sys.exit(f"README.md does not show the {check}." if new != readme else 0)
    for block, (results, _) in BLOCKS.items():
        if (results / "leaderboard.md").is_file():
            readme = updated(readme, block)
    if DEMO.is_dir():
        figure = ROOT / "docs" / "demo-accuracy.svg"
        shutil.copyfile(DEMO / "figures" / "accuracy-glyphs.svg", figure)
        figure.with_suffix(".png").unlink(missing_ok=True)  # of versions that drew both
        readme = readme.replace("docs/demo-accuracy.png", "docs/demo-accuracy.svg")
    path.write_text(readme, "utf-8")


if __name__ == "__main__":
    main()
