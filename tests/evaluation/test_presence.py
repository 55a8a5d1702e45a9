"""A record is there only for the recipe, the data and the code that it was measured with."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.datasets import prepare
from benchmark.datasets.own.options import Options
from benchmark.evaluation.api import spec_of
from benchmark.evaluation.job import RunContext, RunSpec, build
from benchmark.evaluation.presence import on_disk, presence, summary
from benchmark.evaluation.run import run
from benchmark.records import store
from benchmark.tasks import track as find_track
from benchmark.tasks.own import looking_in

TASK = "pts-few-2w1s"
MODEL = """
{imports}


class Net:
    distance = "euclidean"

    def __init__(self):
        {first}

    def embed(self, images):
        {then}
        return images.flatten(1)
"""


def model(folder: Path, imports: str = "", first: str = "pass", then: str = "pass") -> str:
    folder.mkdir(exist_ok=True)
    (folder / "net.py").write_text(MODEL.format(imports=imports, first=first, then=then))
    return f"{folder / 'net.py'}:Net"


def job_of(name: str, **settings: object) -> RunSpec:
    return RunSpec(spec_of(name, settings), find_track("pts"), 0, "quick", (TASK,), episodes=20)


def look(job: RunSpec, results: Path, data: Path | None = None):
    built, recipe = build(job)
    return presence(job, built, job.tasks[0], recipe, results, data, job.spec.files)


SHARED = RunContext()  # its tasks are drawn once


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    data = tmp_path_factory.mktemp("points")
    add_points(data)
    return data


@pytest.fixture(autouse=True)
def _points_at_hand(points, monkeypatch):
    monkeypatch.setenv("ONESHOT_DATA", str(points))


def measure(job: RunSpec, results: Path, data: Path | None = None):
    context = RunContext(data, results) if data else replace(SHARED, results=results)
    return list(run(job, context))


def add_points(
    data: Path,
    spread: float = 0.1,
    word: str = "c",
    queries: int = 3,
    fractions: tuple[float, float, float] = (0.6, 0.2, 0.2),
) -> None:
    """The data set "pts": 18 classes of 8 vectors around a centre each."""
    random = np.random.Generator(np.random.Philox(3))
    labels = np.repeat(np.arange(18), 8)
    values = random.normal(size=(18, 6))[labels] + spread * random.normal(size=(144, 6))
    frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(6)])
    frame["label"] = [f"{word}{label:02d}" for label in labels]
    data.mkdir(parents=True, exist_ok=True)
    frame.to_csv(data / "points.csv", index=False)
    config = data / "config.toml"
    config.write_text(f"[tasks.few]\nepisodes = 50\nqueries = {queries}\n")
    options = Options(config=config, fractions=fractions)
    prepare.bring("pts", data / "points.csv", data, "vectors", options=options)


# How the model uses a file: what is written, and the file that is then changed.
USES = {
    "helper": {"imports": "from . import helper"},
    "helper in a function": {"then": "from . import helper"},
    "weights": {"imports": "from pathlib import Path\nimport json",
                "first": "json.loads((Path(__file__).parent / 'w.json').read_text())"},
    "weights by a computed name": {
        "imports": "from pathlib import Path",
        "then": "[p.read_bytes() for p in Path(__file__).parent.glob('*.js' + 'on')]",
    },
}  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_code_and_files_of_a_model_outdate_its_record(tmp_path, use):
    name = model(tmp_path / "mine", **USES[use])
    changing = tmp_path / "mine" / ("helper.py" if "helper" in use else "w.json")
    changing.write_text("1")
    assert look(job_of(name), tmp_path).state == "missing"
    (record,) = measure(job_of(name), tmp_path)
    assert record.provenance.files and str(tmp_path) not in str(record.provenance.files)
    assert look(job_of(name), tmp_path).present
    assert measure(job_of(name), tmp_path) == []
    changing.write_text("2")
    found = look(job_of(name), tmp_path)
    assert (found.state, found.reason) == ("outdated", f"{changing.name} has changed")
    assert len(measure(job_of(name), tmp_path)) == 1
    assert look(job_of(name), tmp_path).present, "though the answers, and so the id, are the same"


def test_a_file_that_a_setting_names_outdates_the_record(tmp_path):
    text = MODEL.format(imports="", first="pass", then="pass")
    (tmp_path / "net.py").write_text(text.replace("__init__(self)", "__init__(self, file)"))
    (tmp_path / "w.bin").write_text("1")
    job = job_of(f"{tmp_path / 'net.py'}:Net", file=str(tmp_path / "w.bin"))
    measure(job, tmp_path)
    assert look(job, tmp_path).present
    (tmp_path / "w.bin").write_text("2")
    assert look(job, tmp_path).reason == "w.bin has changed"


def test_two_models_with_helpers_of_one_name_do_not_share_them(tmp_path):
    imports = "import sys; sys.path.insert(0, {folder!r})\nimport helper_of_mine"
    shares = []
    for name, step in (("a", 1), ("b", 50)):
        folder = tmp_path / name
        first = "self.s = helper_of_mine.S"
        path = model(folder, imports.format(folder=str(folder)), first)
        (folder / "helper_of_mine.py").write_text(f"S = {step}")
        job = job_of(path)
        shares.append(job.spec.build(0, None, "quick").s)
    (tmp_path / "b" / "helper_of_mine.py").write_text("S = 7")
    shares.append(job_of(path).spec.build(0, None, "quick").s)
    assert shares == [1, 50, 7]


def test_a_record_from_before_files_were_kept_counts_for_a_model_of_one_file(tmp_path):
    for use, state in (({}, "present"), ({"imports": "from . import helper"}, "outdated")):
        name = model(tmp_path / state, **use)
        (tmp_path / state / "helper.py").write_text("")
        (record,) = measure(job_of(name), tmp_path)
        bare = record.provenance.model_copy(update={"files": {}})
        path = store.record_path(tmp_path, record)
        path.write_bytes(store.encode(record.model_copy(update={"provenance": bare})))
        assert b"files" not in path.read_bytes(), "as it was written then"
        assert look(job_of(name), tmp_path).state == state


CHANGES = {
    "other values": {"spread": 3.0},
    "renamed classes": {"word": "k"},
    "another split": {"fractions": (0.4, 0.2, 0.4)},
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("where", ["elsewhere", "in a new folder"])
def test_data_of_the_same_name_outdate_the_record(tmp_path, change, where):
    one = tmp_path / "one"
    two = tmp_path / "two" if where == "elsewhere" else one
    add_points(one)
    with looking_in(one):
        (before,) = measure(job_of("pixels-cosine"), tmp_path, one)
        assert look(job_of("pixels-cosine"), tmp_path, one).present
    shutil.rmtree(two, ignore_errors=True)
    add_points(two, **CHANGES[change])
    with looking_in(two):
        found = look(job_of("pixels-cosine"), tmp_path, two)
        assert (found.state, found.reason) == ("outdated", "the data 'pts' have changed")
        (now,) = measure(job_of("pixels-cosine"), tmp_path, two)
        assert measure(job_of("pixels-cosine"), tmp_path, two) == []
    assert before.task.data_digest != now.task.data_digest
    (aside,) = tmp_path.rglob("*.outdated")
    kept = aside.with_name("seed-1.json")
    aside.rename(kept)
    assert store.read(kept).id == before.id, "the old record is kept beside the new one"


def test_other_rules_for_the_tasks_of_the_same_data_outdate_the_record(tmp_path):
    digests = []
    for queries in (3, 5):
        add_points(tmp_path / "data", queries=queries)
        with looking_in(tmp_path / "data"):
            job = job_of("pixels-cosine")
            found = look(job, tmp_path, tmp_path / "data")
            (record,) = measure(job, tmp_path, tmp_path / "data")
            digests.append(record.task.data_digest)
        shutil.rmtree(tmp_path / "data")
    assert digests[0] == digests[1], "the data are the same"
    assert found.reason == "the settings of the data 'pts' have changed"


def test_a_short_record_is_replaced_and_a_longer_one_counts(tmp_path):
    short = job_of("pixels-cosine")
    measure(short, tmp_path)
    found = look(replace(short, episodes=40), tmp_path)
    assert (found.state, found.reason) == ("short", "it answers the first 20 episodes alone")
    assert look(replace(short, episodes=10), tmp_path).present
    measure(replace(short, episodes=40), tmp_path)
    assert not list(tmp_path.rglob("*.outdated"))


def test_the_records_that_are_there_are_counted_with_their_age(tmp_path):
    job = job_of("pixels-cosine")
    measure(job, tmp_path)
    there = look(job, tmp_path)
    assert summary([]) == []
    (line,) = summary([there])
    assert line == (
        f"1 record was there already, of {there.measured:%Y-%m-%d %H:%M}; "
        "--existing redo measures again."
    )
    failed = there.__class__(there.path, "present", failed=True, measured=there.measured)
    assert summary([there, failed])[1] == (
        "1 failed record was there already; --existing redo tries again."
    )


def test_only_records_on_disk_count_at_the_end(tmp_path):
    job = job_of("pixels-cosine")
    missing = look(job, tmp_path)
    assert not on_disk(missing), "the job was given up"
    measure(job, tmp_path)
    assert on_disk(missing), "measured by this run or by another"
    longer = replace(job, episodes=40)
    short = look(longer, tmp_path)
    assert short.state == "short" and not on_disk(short), "the old record does not count"
    measure(longer, tmp_path)
    assert on_disk(short)
    there = look(longer, tmp_path)
    assert there.present and on_disk(there)
    there.path.write_text("{}")
    damaged = look(longer, tmp_path)
    assert damaged.state == "damaged" and not on_disk(damaged)
    measure(longer, tmp_path)
    assert on_disk(damaged)
    there.path.unlink()
    assert not on_disk(there), "deleted during the run"
