"""`oneshot plan`: lines that do exactly the missing jobs, in a shell, through xargs, in shards."""

import shlex
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.errors import OneshotError
from benchmark.records import store

pytestmark = pytest.mark.process

STUB = """#!{python}
import json, os, sys
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def lines(*words):
    told = invoke("plan", *words)
    assert told.exit_code == 0, told.output
    return [line for line in told.stdout.splitlines() if line.startswith("oneshot ")]


def test_every_line_does_one_missing_job_and_then_none_is_left(tmp_path):
    (tmp_path / "my models").mkdir()
    (tmp_path / "my models" / "m.py").write_text(
        "class Mine:\n    def __init__(self, step: int = 1, note: str = ''):\n"
        "        self.step = step\n        self.distance = 'cosine'\n"
        "    def embed(self, images):\n        return images.flatten(1)[:, ::977]\n"
    )
    words = [
        f"{tmp_path}/my models/m.py:Mine", "chance", "-t", "glyphs-5w1s@validation", "-t",
        "glyphs-20w1s@validation", "--seeds", "0-1", "--results", tmp_path / "re sults",
    ]  # fmt: skip
    first = lines(*words, "--shell")
    assert len(first) == 4
    for line in first:
        typed = shlex.split(line)
        assert typed[:2] == ["oneshot", "run"]
        done = invoke(*typed[1:])
        assert done.exit_code == 0, done.output
        assert "2 new records" in done.stdout
    assert len(store.load(tmp_path / "re sults")) == 8
    assert lines(*words, "--shell") == []
    gone = next((tmp_path / "re sults").rglob("glyphs-5w1s@validation.v1/chance--*/seed-1.json"))
    gone.write_text(gone.read_text()[:99])  # a file alone is no record
    (line,) = lines(*words, "--shell")
    assert "chance --task glyphs-5w1s@validation --seeds 1" in line and "glyphs-20w1s" not in line


def test_settings_of_every_kind_are_quoted(tmp_path):
    path = tmp_path / "m.py"
    path.write_text("class Mine:\n    def __init__(self, a='', b=''):\n        pass\n"
                    "    def embed(self, images):\n        return images.flatten(1)\n")  # fmt: skip
    values = ['a=it\'s "here" $HOME `x` *', "b=[1, 2]"]
    (line,) = lines(f"{path}:Mine", "-t", "glyphs-5w1s", "--shell", "--set", values[0],
                    "--set", values[1], "--results", tmp_path)  # fmt: skip
    typed = shlex.split(line)
    assert [word for word in typed if word in values] == values
    told = invoke("plan", f"{path}:Mine", "-t", "glyphs-5w1s", "--shell", "--set", "a=x\ny")
    assert isinstance(told.exception, OneshotError) and "line break" in str(told.exception)


@pytest.mark.skipif(sys.platform == "win32", reason="xargs")
@pytest.mark.parametrize(
    ("through", "settings"),
    [
        ("xargs -P 2 -I{} sh -c '{}'", []),  # as the docs have it
        ("tr '\\n' '\\0' | xargs -0 -P 2 -I{} sh -c '{}'", ["--set", "classes_from= any"]),
        ("sh", ["--set", "classes_from= any"]),
    ],
)
def test_lines_go_through_a_shell_and_xargs(tmp_path, through, settings):
    stub = tmp_path / "bin" / "oneshot"
    stub.parent.mkdir()
    stub.write_text(STUB.format(python=sys.executable))
    stub.chmod(0o755)
    text = invoke("plan", "prototypical-conv4", "chance", "-t", "glyphs-5*", "--seeds", "0-2",
                  "--shell", "--results", tmp_path / "r")  # fmt: skip
    jobs = [line + "".join(f" {shlex.quote(word)}" for word in settings)
            for line in text.stdout.splitlines()]  # fmt: skip
    calls = tmp_path / "calls"
    done = subprocess.run(
        ["sh", "-c", through], input="\n".join(jobs) + "\n", text=True, capture_output=True,
        env={"PATH": f"{stub.parent}:/usr/bin:/bin", "CALLS": str(calls)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    import json

    seen = sorted(json.loads(line) for line in calls.read_text().splitlines())
    assert seen == sorted(shlex.split(line)[1:] for line in jobs) and len(seen) == 6


def test_the_shipped_suites_need_no_quotes(tmp_path):
    """So that their lines go through any xargs."""
    for suite in ("quick", "omniglot"):
        for line in lines("--suite", suite, "--shell", "--results", tmp_path):
            assert line.split() == shlex.split(line)


def test_shards_of_a_suite_are_disjoint_and_complete(tmp_path):
    words = ("--suite", "quick", "--shell", "--results", tmp_path)
    parts = [lines(*words, "--shard", f"{number}/3") for number in (1, 2, 3)]
    together = [line for part in parts for line in part]
    assert sorted(together) == sorted(lines(*words)) and len(set(together)) == len(together)
    assert all(parts)


def test_a_shard_runs_its_part_alone(tmp_path):
    words = ("chance", "-t", "glyphs-5w1s@validation", "--seeds", "0-2")
    seen = []
    for number in (1, 2):
        done = invoke("run", *words, "--shard", f"{number}/2", "--results", tmp_path)
        assert done.exit_code == 0, done.output
        seen.append(len(store.load(tmp_path)))
    assert 0 < seen[0] < seen[1] == 3


def test_jobs_that_wait_for_a_search_are_told_not_guessed(learner, tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(
        f'title = "S"\n[[block]]\nmodels = ["{learner}"]\ntasks = ["glyphs-5w1s"]\n'
        f'tune = "{learner}"\n'
    )
    words = ("--suite", path, "--results", tmp_path / "r", "--shell")
    told = invoke("plan", *words)
    (search,) = told.stdout.splitlines()
    assert search.startswith("oneshot tune ") and "1 more jobs follow" in told.stderr
    typed = shlex.split(search)
    assert invoke(*typed[1:], "--work", tmp_path / "w").exit_code == 0
    (job,) = lines(*words)
    assert "--set sharpness=1.0" in job


def test_a_fold_is_a_job_of_its_own(tmp_path):
    words = ("pixels-cosine", "-t", "orl-faces-5w1s", "-t", "orl-faces-verification", "--shell")
    found = lines(*words, "--results", tmp_path)
    folds = [shlex.split(line)[shlex.split(line).index("--folds") + 1] for line in found]
    assert sorted(folds) == ["0", "1", "2", "3", "4"]
    one = next(line for line in found if "--folds 3" in line)
    assert shlex.split(one)[2:] and lines(*shlex.split(one)[2:], "--shell") == [one]
    told = invoke("plan", *words, "--folds", "5")
    assert isinstance(told.exception, OneshotError) and "no fold 5" in str(told.exception)
    told = invoke("plan", *words, "--folds", "x")
    assert isinstance(told.exception, OneshotError) and "list of folds" in str(told.exception)
