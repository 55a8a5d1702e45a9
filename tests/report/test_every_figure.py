"""All kinds of figures at once: equal bytes, links, what vanishes, and what a thousand cost."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from synthetic_records import FIXED, TASKS, TRAINED, record, save

from benchmark.records.schema import Calibration, Record
from benchmark.report.write import write_leaderboard

pytestmark = pytest.mark.results

HOSTILE = "<script>|`*_[x](http://y)\n\x1b[31m$a^b$"
OTHERS = ("mini-imagenet-5w1s", "orl-faces-5w1s", "languages-20w1s", "stamps-5w1s")
GRID = [("cosine", "contrastive"), ("cosine", "triplet"), ("euclidean", "contrastive"),
        ("euclidean", "triplet")]  # fmt: skip


def groups_of(task, episodes):
    return np.arange(episodes) % 5


def counted(made: Record) -> Record:
    bins = Calibration(
        temperature_millionths=10**6, answers=[5, 9], correct=[2, 8],
        confidence_millionths=[2 * 10**6, 8 * 10**6],
    )  # fmt: skip
    content = made.model_dump(by_alias=True, exclude={"id"}) | {"calibration": bins.model_dump()}
    return Record.model_validate(content)


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    parts = [{"backbone": "conv4", "distance": d, "loss": loss} for d, loss in GRID]
    records = [
        counted(record(f"siamese-conv4-{p['distance']}-{p['loss']}", task, seed,
                       skill=0.5 + n / 20, recipe=TRAINED | p))
        for n, p in enumerate(parts)
        for task in TASKS
        for seed in range(2)
    ]  # fmt: skip
    records += [
        record(key, task, skill=0.2 + n / 10, recipe=FIXED)
        for n, key in enumerate(("chance", "pixels-cosine", HOSTILE))
        for task in (*TASKS, *OTHERS)
    ]
    return save(tmp_path_factory.mktemp("results"), records)


@pytest.fixture(scope="module")
def written(results, tmp_path_factory):
    return write_leaderboard(results, tmp_path_factory.mktemp("one"), groups_of=groups_of)


def test_every_kind_is_drawn_twice_with_the_same_bytes(results, written, tmp_path):
    stems = {path.stem for path in written.figures}
    kinds = ("accuracy", "curves", "forest", "effects", "cost", "reliability", "shapes")
    assert {f"{kind}-glyphs" for kind in kinds} | {"ranks", "grid-glyphs-conv4"} <= stems
    again = write_leaderboard(results, tmp_path, groups_of=groups_of)
    assert [path.name for path in again.figures] == [path.name for path in written.figures]
    for one, two in zip(written.figures, again.figures, strict=True):
        assert one.read_bytes() == two.read_bytes(), one.name
    assert written.page.read_bytes() == again.page.read_bytes()


def test_each_figure_is_shown_once_and_lies_where_the_page_says(written):
    shown = re.findall(r"!\[.*?\]\((figures/.*?)\)", written.page.read_text("utf-8"))
    assert sorted(shown) == sorted({f"figures/{path.stem}.svg" for path in written.figures})
    assert all((written.page.parent / address).is_file() for address in shown)
    section = written.page.read_text("utf-8").partition("## Effects and ranks")[2]
    assert "&lt;script&gt;" in section and "<script" not in section and "\x1b" not in section


def test_figures_that_the_records_do_not_give_any_more_go(written, tmp_path):
    out = save(tmp_path, [record("a", recipe=FIXED)])
    (out / "figures").mkdir()
    made = ("ranks.svg", "grid-glyphs-conv4.csv", "shapes-x.png")
    for name in (*made, "ranks-of-mine.svg"):
        (out / "figures" / name).write_text("x")
    digest = hashlib.sha256(b"x").hexdigest()
    lines = [f"{digest}  figures/{name}\n" for name in made]
    (out / "generated.txt").write_text("".join(lines))
    write_leaderboard(out, groups_of=groups_of)
    left = {path.name for path in (out / "figures").iterdir()}
    assert left == {f"accuracy-glyphs{end}" for end in (".svg", ".csv")} | {"ranks-of-mine.svg"}
