"""`oneshot run` as a person meets it: jobs, refusals, interruptions, one clear line for each."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.errors import OneshotError, UnknownName
from benchmark.records import store
from benchmark.settings import parse
from benchmark.sweep.suite import seeds_of, tasks_of
from tests.cli.in_process import Finished

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
MINE = """
class Mine:
    distance = "cosine"

    def embed(self, images):
        return images.flatten(1)[:, ::97]
"""
NET = """
import torch


class Net(torch.nn.Sequential):
    def __init__(self):
        super().__init__(
            torch.nn.Conv2d(1, 4, 3, stride=4), torch.nn.ReLU(), torch.nn.Flatten()
        )
"""


def oneshot(*words, cwd):
    """The command in a process of its own."""
    command = [sys.executable, "-m", "benchmark", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ONESHOT_WORK": str(cwd / "work")}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Runs the command in `tmp_path`, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONESHOT_WORK", str(tmp_path / "work"))
    return Finished


@pytest.mark.parametrize(
    ("text", "seeds"), [("0", [0]), ("0-2", [0, 1, 2]), ("0,3,5-6", [0, 3, 5, 6]), ("1,1", [1])]
)
def test_seeds(text, seeds):
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "2-1", "0-99999"])
def test_wrong_seeds(text):
    with pytest.raises(OneshotError, match="seeds"):
        seeds_of(text)


def test_settings():
    assert parse(["margin=0.5", "learning-rate=1"]) == {"margin": "0.5", "learning_rate": "1"}
    with pytest.raises(OneshotError, match="KEY=VALUE"):
        parse(["margin"])


def test_patterns_mean_ranked_tasks_and_names_any_shape():
    assert tasks_of(["glyphs-5w*s"]) == ["glyphs-5w1s", "glyphs-5w5s"]
    assert tasks_of(["glyphs-7w2s"]) == ["glyphs-7w2s"]
    with pytest.raises(UnknownName, match="oneshot list tasks"):
        tasks_of(["nothing-*"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "pixles-cosine", "-t", "glyphs-5w1s"], "Did you mean pixels-cosine"),
        (["run", "chance", "-t", "glyfs-5w1s"], "Did you mean glyphs-5w1s"),
        (["run", "chance", "-t", "omniglot-lake-20w1s"], "oneshot data add omniglot PATH"),
        (["run", "chance", "-t", "glyphs-5w1s", "--budget", "huge"], "quick, standard, full"),
        (["run", "chance", "-t", "glyphs-5w1s", "--device", "cuda:7"], "--device cpu"),
        (["run", "chance", "-t", "glyphs-5w1s", "--set", "x"], "KEY=VALUE"),
        (["leaderboard", "--results", "nowhere"], "oneshot run"),
        (["list", "modles"], "Did you mean models"),
    ],
)
def test_mistakes_get_one_line_and_exit_code_2(words, says, here):
    done = here(*words)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_debug_shows_where(tmp_path):
    done = oneshot("run", "pixles-cosine", "-t", "glyphs-5w1s", "--debug", cwd=tmp_path)
    assert done.returncode != 0
    assert "Traceback" in done.stderr


def test_a_results_folder_that_is_a_file(tmp_path):
    (tmp_path / "results").write_text("not a folder")
    done = oneshot("run", "chance", "-t", "glyphs-5w1s", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("oneshot: ") and "--results DIR" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_user_s_file_runs_is_skipped_redone_and_refused(here, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    words = ["run", "mine.py:Mine", "-t", "glyphs-5w1s"]
    first = here(*words)
    assert first.returncode == 0, first.stderr
    [record] = store.load(tmp_path / "results")
    assert record.model.key == "mine.py:Mine"
    assert record.model.seen is None, "undeclared, and said so"
    assert sum(record.outcome.correct) / (75 * 10_000) > 0.25
    assert "1 new record" in first.stdout
    assert "0 new records" in here(*words).stdout
    again = here(*words, "--existing", "redo")
    assert "1 new record" in again.stdout
    assert store.load(tmp_path / "results")[0].id == record.id
    refused = here(*words, "--existing", "fail")
    assert refused.returncode == 2 and "already there" in refused.stderr
    dry = here(*words, "-t", "glyphs-20w1s", "--dry-run").stdout
    assert "present" in dry and "1 of 2 records are missing" in dry
    assert str(tmp_path) not in json.dumps(record.model_dump(mode="json"))


def train(tmp_path, *more):
    return [
        "run", "siamese-conv4-euclidean-contrastive", "-t", "glyphs-5w1s", "--set", "width=0.125",
        "--set", "items=4000", "--set", "validations=2", "--set", "input_size=16",
        "--results", tmp_path / "results", *more,
    ]  # fmt: skip


def test_a_killed_training_resumes_to_the_same_record(tmp_path):
    """SIGKILL in the middle, start again: the id is that of an uninterrupted run."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    done = oneshot(*train(whole), cwd=whole)
    assert done.returncode == 0, done.stderr
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmark", *map(str, train(killed))],
        cwd=killed,
        env=os.environ | {"PYTHONPATH": str(ROOT), "ONESHOT_WORK": str(killed / "work")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 600
    while not list(killed.glob("work/**/checkpoint*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None, "it was killed in the middle, not after its end"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list(killed.glob("results/**/seed-*.json"))
    assert list(killed.glob("work/**/checkpoint*"))
    resumed = oneshot(*train(killed), cwd=killed)
    assert resumed.returncode == 0, resumed.stderr
    [a], [b] = store.load(whole / "results"), store.load(killed / "results")
    assert a.id == b.id
    assert a.provenance.weights == b.provenance.weights
    assert not list(killed.glob("work/**/checkpoint*")), (
        "a finished training keeps its weights only"
    )


def test_redo_trains_again_to_the_same_id(here, tmp_path):
    assert here(*train(tmp_path)).returncode == 0
    [before] = store.load(tmp_path / "results")
    weights = next(tmp_path.glob("work/**/weights.safetensors"))
    stamp = weights.stat().st_mtime_ns
    assert here(*train(tmp_path, "--existing", "redo")).returncode == 0
    [after] = store.load(tmp_path / "results")
    assert after.id == before.id
    assert weights.stat().st_mtime_ns > stamp, "it did train again"


def test_a_user_s_backbone_trains_in_the_siamese_recipe(here, tmp_path):
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "my_net.py").write_text(NET)
    words = [
        "run", "siamese-conv4-euclidean-contrastive", "-t", "glyphs-5w1s", "--set", "items=2000",
        "--set", "input_size=16", "--set", "backbone=nets/my_net.py:Net",
    ]  # fmt: skip
    done = here(*words)
    assert done.returncode == 0, done.stderr
    [record] = store.load(tmp_path / "results")
    assert record.model.recipe["backbone"] == "my_net.py:Net"
    assert record.provenance.settings[-1] == "backbone=my_net.py:Net"
    assert record.curve, "it was trained"


def test_python_is_the_same_as_the_command_line(tmp_path):
    import benchmark

    class Mine:
        distance = "cosine"

        def embed(self, images):
            return images.flatten(1)[:, ::97]

    record = benchmark.evaluate(Mine, "glyphs-5w1s", results=tmp_path, device="cpu")
    assert store.load(tmp_path) == [record]
    frame = benchmark.load_records(tmp_path)
    assert len(frame) == 1
    assert frame["accuracy"][0] == pytest.approx(sum(record.outcome.correct) / 750_000)
    assert benchmark.load_task("glyphs-5w1s").episodes.digest() == record.task.episode_digest
