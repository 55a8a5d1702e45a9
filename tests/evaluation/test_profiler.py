"""What `oneshot run --profile` shows adds up, and costs nothing where nobody looks."""

import re
import time

from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.evaluation.profiler import Profiler
from benchmark.protocols import PARTS

WORDS = ["run", "siamese-conv4-cosine-nt-xent", "--task", "glyphs-5w1s@validation",
         "--set", "items=1280", "--set", "width=0.125", "--set", "validations=2"]  # fmt: skip


def test_time_goes_to_the_mark_that_ends_it():
    profiler = Profiler()
    time.sleep(0.03)
    profiler.mark("forward")
    profiler.mark("backward")
    time.sleep(0.01)
    profiler.mark("forward")
    assert profiler.seconds["forward"] >= 0.04 and profiler.seconds["backward"] < 0.01
    assert profiler.counts["forward"] == 2
    assert profiler.lines()[-1] == "2 steps."
    profiler.start()
    assert "Nothing was trained" in profiler.lines()[0]


def test_the_command_shows_every_part_of_a_step(tmp_path):
    places = ["--results", str(tmp_path / "results"), "--work", str(tmp_path / "work")]
    done = CliRunner().invoke(app, [*WORDS, *places, "--profile"])
    assert done.exit_code == 0, done.output
    rows = dict(re.findall(r"^  (\w+) +([\d.]+) +[\d.]+ %", done.output, re.M))
    assert {*PARTS, "validation", "together"} <= set(rows)
    parts = sum(float(value) for name, value in rows.items() if name != "together")
    assert abs(parts - float(rows["together"])) <= 0.01 * len(rows)
    assert "20 steps." in done.output
    again = CliRunner().invoke(app, [*WORDS, *places, "--profile", "--set", "views=2"])
    assert "Nothing was trained" in again.output


def test_a_training_that_is_watched_ends_with_the_same_weights(tmp_path):
    ids = []
    for number, more in enumerate(([], ["--profile"])):
        results = tmp_path / f"results{number}"
        places = ["--results", str(results), "--work", str(tmp_path / f"work{number}")]
        assert CliRunner().invoke(app, [*WORDS, *places, *more]).exit_code == 0
        ids.append(re.search(r'"id": ?"(\w+)"', next(results.rglob("seed-0.json")).read_text())[1])
    assert ids[0] == ids[1]
