"""`oneshot compare`: from the committed records, light, and clear when it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import OneshotError

pytestmark = pytest.mark.results

ROOT = Path(__file__).parents[2]
# With their recipes, so that records that come later do not make the keys ambiguous.
PAIR = ["prototypical-conv4--c44ac1bf", "siamese-conv4-euclidean-contrastive--4993652b"]
BEST = ["siamese-best--6584509b", "siamese-best-views--ca64281a"]
RESULTS = ["--results", str(ROOT / "results")]


def run(*words):
    return CliRunner().invoke(app, ["compare", *words, *RESULTS])


def test_prints_a_table_of_all_common_tasks_and_json_of_the_same():
    shown, told = run(*PAIR, "--task", "omniglot-*"), run(*PAIR, "--task", "omniglot-*", "--json")
    assert shown.exit_code == told.exit_code == 0
    rows = json.loads(told.stdout)
    assert len(rows) >= 8
    assert all(row["new_classes"]["unit"] in ("group", "class") for row in rows)
    assert max(len(line.rstrip()) for line in shown.stdout.splitlines()) <= 100
    assert "within-20w1s" in shown.stdout and "detects" in shown.stdout


def test_needs_no_torch_and_no_pandas():
    code = (
        "import sys; from benchmark.cli.app import app\n"
        f"try: app(args={['compare', *PAIR, *RESULTS]!r}, prog_name='oneshot')\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'scipy.stats', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr


def test_refusals_are_errors_with_what_to_type():
    views = run(*BEST)
    assert isinstance(views.exception, OneshotError) and "--across views" in str(views.exception)
    assert run(*BEST, "--across", "views,pools").exit_code == 0
    with pytest.raises(OneshotError, match="no task in common"):
        raise run(*PAIR, "--task", "nothing-*").exception


def test_a_refusal_exits_with_2():
    done = subprocess.run(
        [sys.executable, "-m", "benchmark", "compare", *BEST],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.startswith("oneshot: siamese-best and")


def test_draws_by_the_files_ending(tmp_path):
    for ending, first in (("svg", b"<?xml"), ("png", b"\x89PNG")):
        path = tmp_path / "new" / f"figure.{ending}"
        assert run(*PAIR, "--task", "*lake*", "--figure", str(path)).exit_code == 0
        assert path.read_bytes().startswith(first)
    other = run(*PAIR, "--figure", str(tmp_path / "figure.pdf"))
    assert isinstance(other.exception, OneshotError) and ".svg" in str(other.exception)
