"""The installation for readers of tables: what reads records works where PyTorch is not there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.cli.app import HEAVY

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
READING = [
    ["leaderboard"],
    ["compare", "feat-conv4", "matching-conv4"],
    ["verify"],
    ["cite"],
    ["about", "feat-conv4"],
    ["about", "omniglot-lake-20w1s"],
    ["list", "models"],
    ["list", "tasks", "--json"],
]
AWAY = f"""
import sys
class Away:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Away())
from benchmark.cli.app import main
main()
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of Lake's runs alone: drawing all figures takes long."""
    folder = tmp_path_factory.mktemp("results")
    task = "omniglot-lake-20w1s.v1"
    shutil.copytree(RESULTS / "records" / task, folder / "records" / task)
    return folder


def without_torch(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", AWAY, *words], capture_output=True, text=True, cwd=ROOT
    )


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_reading_records_needs_no_torch(words: list[str], results: Path) -> None:
    place = [] if words[0] == "list" else ["--results", str(results)]
    done = without_torch([*words, *place])
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("words", [["run", "chance", "--task", "glyphs-5w1s"], ["check", "chance"]])
def test_what_needs_torch_says_so(words: list[str]) -> None:
    done = without_torch(words)
    assert done.returncode == 2
    assert "needs torch, which is not installed here" in done.stderr
    assert "Traceback" not in done.stderr
