"""`oneshot check`: what it prints, its exit codes, and its page in the docs."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from update_checks import markdown

from benchmark.cli.app import app
from benchmark.errors import OneshotError
from benchmark.evaluation.conformance.checks import CHECKS

ROOT = Path(__file__).parents[2]
MINE = """
class Mine:
    input_size = 28

    def __init__(self, centred: bool = False):
        self.centred = centred

    def embed(self, images):
        rows = images.flatten(1)
        return rows - rows.mean(dim=0) if self.centred else rows
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return f"{path}:Mine"


def oneshot(*words):
    return CliRunner().invoke(app, ["check", *words])


def test_a_sound_file_passes(mine):
    done = oneshot(mine)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert len(lines) == len(CHECKS) + 1  # one a check, and the summary
    assert [line.split("  ")[0].strip() for line in lines].count("passed") >= 8
    assert lines[-1].startswith("mine.py:Mine as it is built, on glyphs: ")
    assert "0 failed" in lines[-1]


def test_a_setting_reaches_the_model_and_a_failure_is_told(mine):
    done = oneshot(mine, "--set", "centred=true")
    assert done.exit_code == 1
    at = next(n for n, line in enumerate(done.output.splitlines()) if "failed" in line)
    told = done.output.splitlines()[at : at + 3]
    assert "embed-alone" in told[0] and "% of their spread" in told[0]
    assert told[1].startswith("    resembles: hidden transduction")
    assert told[2].startswith("    mend: take means")


def test_json(mine):
    done = oneshot(mine, "--set", "centred=true", "--json")
    report = json.loads(done.output)
    assert done.exit_code == 1 and report["passed"] is False and report["data"] == "glyphs"
    assert [each["name"] for each in report["checks"]] == [each.name for each in CHECKS]
    failed = [each for each in report["checks"] if each["state"] == "failed"]
    assert failed and all(each["mend"] and each["resembles"] for each in failed)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["pixels-cosin"], "Did you mean pixels-cosine"),
        (["pixels-cosine", "--set", "distance"], "not KEY=VALUE"),
        (["pixels-cosine", "--track", "glyph"], "Did you mean glyphs"),
        (["pixels-cosine", "--train"], "does not learn"),
    ],
)
def test_wrong_words_are_errors_of_use(words, says):
    done = oneshot(*words)  # main() turns these errors into exit code 2
    assert isinstance(done.exception, OneshotError) and says in str(done.exception)


def test_the_page_is_up_to_date():
    page = (ROOT / "docs" / "checks.md").read_text("utf-8")
    assert page == markdown(), "run: python tools/update_checks.py"
    assert all(f"| `{each.name}` |" in page for each in CHECKS)
