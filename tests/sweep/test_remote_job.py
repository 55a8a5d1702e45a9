"""A job that is done elsewhere leaves what a job done here leaves, and writes nothing there."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.datasets import store as data_store
from benchmark.errors import DataMissing, OneshotError
from benchmark.evaluation.job import RunContext, RunSpec
from benchmark.evaluation.locks import held
from benchmark.evaluation.run import run
from benchmark.records import readings, store
from benchmark.sweep import data_staging, remote_job
from benchmark.sweep.tuning import Search


def sent(order, tmp_path, **changes):
    made = remote_job.RemoteJob(
        order, ("glyphs",), RunContext(work=tmp_path / "its-work"), None, 1,
        files=remote_job.carried(order), beside=remote_job.beside(order),
    )  # fmt: skip
    return replace(made, **changes)


@pytest.fixture
def order(learner):
    settings = {"sharpness": "2.0"}
    return RunSpec.parse(learner, ("glyphs-5w1s",), 3, settings=settings).text()


def test_what_comes_back_is_what_a_job_here_writes(order, tmp_path, learner):
    told: list = []
    errands = sent(order, tmp_path)
    Path(learner.rpartition(":")[0]).unlink()  # the node never sees the user's file
    back = remote_job.do(errands, told.append)
    assert back.end == ("done",)
    assert told and {message[0] for message in told} <= {"training", "answering"}
    ((record, path),) = remote_job.keep(back, tmp_path / "results")
    assert path.is_file() and store.read(path) == record
    assert readings.load(tmp_path / "results") == {("glyphs", "learner.py:Learner"): 1}
    Path(learner.rpartition(":")[0]).write_bytes(next(iter(errands.files.values())))
    context = RunContext(None, tmp_path / "here", tmp_path / "work")
    (same,) = run(RunSpec.parse(**order), context)
    assert same.id == record.id
    assert same.provenance.settings == record.provenance.settings == ["sharpness=2.0"]


def test_a_search_comes_back_too(learner, tmp_path):
    back = remote_job.do(sent(Search(learner, "glyphs", "quick"), tmp_path), lambda message: None)
    assert back.end == ("done",) and not back.records
    assert not list(remote_job.keep(back, tmp_path))
    assert Search(learner, "glyphs", "quick").read(tmp_path) is not None


def test_what_a_job_can_be_blamed_for_comes_back_as_words(order, tmp_path):
    broken = {**order, "settings": {"no_such": "1"}}
    end = remote_job.do(sent(broken, tmp_path), lambda message: None).end
    assert end[0] == "failed" and "no_such" in end[1]
    gone = remote_job.do(sent(order, tmp_path, data_sets=("omniglot",)), lambda message: None).end
    assert gone[0] == "failed" and "--data-from" in gone[1]
    other = remote_job.do(sent(order, tmp_path, code="0" * 64), lambda message: None).end
    assert other == ("failed", "This node runs other sources of the suite; install the same ones "
                               "everywhere.")  # fmt: skip


def test_files_of_settings_and_adapters_travel(tmp_path):
    net, weights = tmp_path / "net.py", tmp_path / "w.pt"
    net.write_bytes(b"class Net: ...")
    weights.write_bytes(b"weights")
    order = {
        "model": f"checkpoint:{weights}", "tasks": ("glyphs-5w1s",),
        "settings": {"backbone": f"{net}:Net", "distance": "cosine"},
    }  # fmt: skip
    made = sent(order, tmp_path)
    assert made.files == {str(net): b"class Net: ...", str(weights): b"weights"}
    (tmp_path / "node").mkdir()
    here = remote_job._unpacked(made, tmp_path / "node")
    assert here["model"].startswith(f"checkpoint:{tmp_path / 'node'}") and here["model"].endswith(
        "/w.pt"
    )
    assert here["settings"]["backbone"].endswith("/net.py:Net")
    assert Path(here["settings"]["backbone"].rpartition(":")[0]).read_bytes() == b"class Net: ..."
    assert here["settings"]["distance"] == "cosine"
    of_catalogue = order | {"model": "siamese-conv4-cosine-bce"}
    assert not remote_job.carried(of_catalogue).keys() - {str(net)}


HELPED = """
import json
from pathlib import Path

{imports}


class Net:
    distance = "cosine"

    def __init__(self):
        self.scale = json.loads((Path(__file__).parent / "weights" / "w.json").read_text())

    def embed(self, images):
        return {use}(images) * self.scale
"""
LATE = "def late(x):\n    from .parts import helper\n    return helper.features(x)"
BESIDE = "import sys\nsys.path.insert(0, str(Path(__file__).parent))\nimport helper"
# How the model's file gets at its helper, and where the helper lies.
HELPERS = {
    "beside": ("helper.py", BESIDE, "helper.features"),
    "relative": ("helper.py", "from . import helper", "helper.features"),
    "in a package": ("parts/deep/helper.py", "from .parts.deep.helper import features", "features"),
    "in a function": ("parts/helper.py", LATE, "late"),
}


@pytest.mark.parametrize("way", HELPERS)
def test_helpers_and_data_files_of_a_model_travel_with_it(way, tmp_path):
    context, imports, use = HELPERS[way]
    mine = tmp_path / "my models"
    (mine / context).parent.mkdir(parents=True)
    (mine / context).write_text("def features(x):\n    return x.flatten(1)\n")
    for folder in (mine / context).parents[:2]:
        if folder != mine and folder.is_relative_to(mine):
            (folder / "__init__.py").touch()
    (mine / "weights").mkdir()
    (mine / "weights" / "w.json").write_text("2.0")
    (mine / "net.py").write_text(HELPED.format(imports=imports, use=use))
    spec = RunSpec.parse(f"{mine / 'net.py'}:Net", ("glyphs-5w1s",), episodes=20)
    order = spec.text()
    made = sent(order, tmp_path)
    files = spec.spec.files
    assert {context, "weights/w.json"} <= set(files)
    assert not remote_job.left_behind(order)
    here = next(run(RunSpec.parse(**order), RunContext())) if way == "relative" else None
    mine.rename(tmp_path / "gone")
    (tmp_path / "node").mkdir()
    there = RunSpec.parse(**remote_job._unpacked(made, tmp_path / "node")).spec
    assert there.key == "net.py:Net" and there.files == files
    if here is None:
        return
    back = remote_job.do(made, lambda message: None)
    assert back.end == ("done",)
    ((record, _),) = remote_job.keep(back, tmp_path / "results")
    assert record.id == here.id
    assert record.provenance.files == here.provenance.files


def test_what_a_model_reads_elsewhere_is_named(tmp_path):
    (tmp_path / "mine").mkdir()
    far = tmp_path / "far.json"
    far.write_text("1")
    (tmp_path / "mine" / "net.py").write_text(f"PLACE = {str(far)!r}\nclass Net: ...\n")
    model = f"{tmp_path / 'mine' / 'net.py'}:Net"
    order = RunSpec.parse(model, ("glyphs-5w1s",)).text()
    assert remote_job.left_behind(order) == [far]
    assert list(remote_job.beside(order)[f"{tmp_path / 'mine' / 'net.py'}"]) == ["net.py"]


def test_a_data_set_is_brought_as_it_is_stored(blobs, tmp_path):
    source, here = tmp_path / "source", tmp_path / "here"
    with pytest.raises(DataMissing, match="--data-from"):
        data_staging.bring("blobs", here, None)
    with pytest.raises(DataMissing, match="neither"):
        data_staging.bring("blobs", here, source)
    data_store.save(blobs, source, own={"tasks": {}, "version": 4})
    data_staging.bring("blobs", here, source)
    assert data_store.load("blobs", here).digest == blobs.digest
    for name in ("data_set.json", "items.npy"):
        there = source / "blobs" / name
        assert (here / "blobs" / name).read_bytes() == there.read_bytes()
        there.unlink()
    data_staging.bring("blobs", here, source)  # what is there is not asked for again
    assert sorted(path.name for path in here.iterdir()) == [".locks", "blobs"]


def test_a_data_set_that_was_changed_is_not_brought(blobs, tmp_path):
    data_store.save(blobs, tmp_path / "source")
    items = tmp_path / "source" / "blobs" / "items.npy"
    content = bytearray(items.read_bytes())
    content[-1] ^= 1
    items.write_bytes(content)
    with pytest.raises(OneshotError, match="has changed"):
        data_staging.bring("blobs", tmp_path / "here", tmp_path / "source")
    assert not (tmp_path / "here" / "blobs").exists()


def test_known_data_sets_are_read_as_they_are_brought_to_data_add(tmp_path):
    data_staging.bring("glyphs", tmp_path, None)  # ships with the package
    (tmp_path / "source" / "orl-faces").mkdir(parents=True)
    with pytest.raises(OneshotError, match="orl|faces|PGM|people"):
        data_staging.bring("orl-faces", tmp_path / "here", tmp_path / "source")


def test_what_killed_jobs_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, busy, young, foreign = (
        tmp_path / name for name in ("oneshot-job-a", "oneshot-job-b", "oneshot-job-c", "other")
    )
    for folder in (left, busy, young, foreign):
        (folder / "results").mkdir(parents=True)
        (folder / remote_job.LOCK).touch()
        if folder != young:
            os.utime(folder, (0, 0))
    (tmp_path / "oneshot-job-d").symlink_to(foreign)
    with held(busy / remote_job.LOCK, False, "x"):
        os.utime(busy, (0, 0))
        with remote_job._folder() as folder:
            assert Path(folder).is_dir()
            assert not left.exists()
            assert busy.exists() and young.exists() and (foreign / "results").exists()
        assert not Path(folder).exists()
