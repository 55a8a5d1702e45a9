"""What the documents show is true: the twin trains and learns, and every link leads somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


@pytest.mark.process
def test_the_twin_of_the_recipe_learns_what_the_page_says(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "run-your-model.md").read_text("utf-8")
    source = next(b for b in text.split("```python\n")[1:] if b.startswith("# my_twin.py"))
    (tmp_path / "my_twin.py").write_text(source.split("```")[0], "utf-8")
    words = ["run", "my_twin.py:Twin", "--task", "glyphs-5w1s", "--seeds", "0", "--work", "work"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmark", *words], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "results" / "records").rglob("seed-0.json")
    record = json.loads(path.read_text("utf-8"))
    assert record["curve"][-1]["correct_per_10000"] > 5_000 and "code" in record["model"]["recipe"]
    page = (ROOT / "docs" / "regenerate-the-tables.md").read_text("utf-8")
    told: dict[str, Any] = {"record": record}
    exec(page.split("```python\n")[1].split("```")[0], told)  # how to unpack the answers
    correct, of = told["correct"], record["outcome"]["of"]
    assert len(correct) == record["task"]["episodes"]
    assert 0.82 < correct.mean() / of < 0.88


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for file, heading in LINK.findall(page.read_text("utf-8")):
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{page.name}: {file}"
        if heading:
            titles = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.M)
            slugs = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
            assert heading in slugs, f"{page.name}: #{heading}"
