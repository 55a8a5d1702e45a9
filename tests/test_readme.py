"""What the README shows is true: the part that it adds is found, fits and learns."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]
TRY = """
import torch
from baselines.catalogue import find
from baselines.parts import class_of
from baselines.siamese.traits import refusal
from benchmark.evaluation.api import evaluate

d = class_of("distances", "chebyshev")(3)
assert d.pairs(torch.tensor([[0.0, 1, 5]]), torch.tensor([[1.0, 1, 2]])).item() == 3
assert refusal("chebyshev", "triplet") is None and "largest value" in refusal("chebyshev", "circle")
assert find("siamese-mlp-chebyshev-triplet").title == "Siamese MLP, chebyshev, triplet"
small = {"items": 640, "width": 0.1, "threads": 1, "validations": 1}
record = evaluate("siamese-mlp-chebyshev-triplet", "glyphs-20w1s@validation", settings=small)
path = {"distance": "my_distance.py:Chebyshev"}
task = "glyphs-20w1s@validation"
by_path = evaluate("siamese-mlp-euclidean-triplet", task, settings=small | path)
assert by_path.outcome == record.outcome and by_path.model.recipe["distance_code"]
accuracy = sum(record.outcome.correct) / (record.outcome.of * len(record.outcome.correct))
assert accuracy > 0.1, accuracy
"""


def block(name):
    text = (ROOT / "README.md").read_text("utf-8")
    inside = text.split(f"<!-- {name}:begin -->")[1].split(f"<!-- {name}:end -->")[0]
    return inside.split("```python\n")[1].split("```")[0]


def test_the_part_of_the_readme_is_short_and_works(tmp_path):
    source = block("extend")
    assert len(source.splitlines()) <= 25
    for package in ("benchmark", "baselines"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    (tmp_path / "benchmark/models/distances/chebyshev.py").write_text(source, "utf-8")
    (tmp_path / "my_distance.py").write_text(source, "utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", TRY], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_results_of_the_readme_are_the_committed_ones():
    command = [sys.executable, "tools/update_readme.py", "--check", "results"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
