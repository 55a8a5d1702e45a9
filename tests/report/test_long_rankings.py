"""A hundred and twenty models on one task: what figures show, what chooses it, and where all is."""

from __future__ import annotations

import csv
import io
import itertools
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from synthetic_records import FIXED, TRAINED, record, save

from benchmark.records.schema import Counts, Record
from benchmark.registry import refusal
from benchmark.report import row_selection
from benchmark.report.leaderboard import build
from benchmark.report.write import write_leaderboard

pytestmark = pytest.mark.results

TASKS = ("omniglot-lake-20w1s", "omniglot-within-20w1s")
DISTANCES = ("euclidean", "squared-euclidean", "cosine", "manhattan", "weighted-l1", "bilinear")
LOSSES = ("contrastive", "triplet", "triplet-semi-hard", "triplet-batch-hard", "bce", "n-pairs",
          "nt-xent", "supervised-contrastive", "multi-similarity", "circle", "lifted-structure",
          "angular", "proxy-nca", "proxy-anchor", "prototypical", "nca")  # fmt: skip
OTHERS = ("prototypical-conv4", "matching-conv4", "relation-conv4", "feat-conv4", "r2d2-conv4",
          "maml-conv4", "anil-conv4", "reptile-conv4", "baseline-conv4", "ridge-conv4")  # fmt: skip


def groups_of(task, episodes):
    return np.arange(episodes) % 10


def validated(made: Record, level: float) -> Record:
    """The record with another accuracy on validation."""
    outcome = Counts(of=75, correct=[round(75 * level)] * 100)
    content = made.model_dump(by_alias=True, exclude={"id"})
    content["validation"]["outcome"] = outcome.model_dump()
    return Record.model_validate(content)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    cells = [(d, n) for d, n in itertools.product(DISTANCES, LOSSES) if refusal(d, n) is None]
    made = []
    for number, (distance, loss) in enumerate(cells):
        recipe = TRAINED | {"distance": distance, "loss": loss}
        key = f"siamese-conv4-{distance}-{loss}"
        # The better on validation, the worse on the test.
        level, skill = (number + 20) / 150, 0.95 - number / 200
        made += [validated(record(key, task, skill=skill, recipe=recipe), level) for task in TASKS]
    made += [record(key, task, skill=0.8, recipe=TRAINED) for key in OTHERS for task in TASKS]
    made += [record("chance", task, skill=0, recipe=FIXED) for task in TASKS]
    assert len(made) > 2 * 75
    return made


@pytest.fixture(scope="module")
def written(records, tmp_path_factory):
    return write_leaderboard(save(tmp_path_factory.mktemp("long"), records), groups_of=groups_of)


def test_validation_chooses_and_the_test_does_not(records):
    section = build(records, groups_of).sections[0]
    ranking = section.rankings[0]
    shown = row_selection.chosen(section, ranking)
    siamese = [row for row in shown if row.key.startswith("siamese")]
    level = {row.key: row.results[0].validation for row in ranking.rows}
    best = sorted((key for key in level if key.startswith("siamese")), key=level.__getitem__)[-3:]
    assert {row.key for row in siamese} == set(best)
    assert {row.key for row in siamese}.isdisjoint(row.key for row in ranking.rows[:20])
    assert {row.key for row in shown} == {*best, *OTHERS}
    assert [row for row in ranking.rows if row in shown] == list(shown)
    (kept, other) = row_selection.reduced(section).rankings
    assert kept.left_out == len(ranking.rows) - len(shown) and other.left_out == 0


def test_what_was_not_validated_comes_by_name_and_ties_never_know_the_test():
    bare = [
        record(f"siamese-conv4-cosine-{loss}", TASKS[0], skill=n / 20, recipe=TRAINED)
        for n, loss in enumerate(sorted(LOSSES))
    ]
    more = [r.model_copy(update={"model": r.model.model_copy(
        update={"recipe": {**r.model.recipe, "margin": 1}})}) for r in bare]  # fmt: skip
    content = [r.model_dump(by_alias=True, exclude={"id"}) | {"validation": None}
               for r in (*bare, *more)]  # fmt: skip
    section = build([Record.model_validate(each) for each in content], groups_of).sections[0]
    shown = row_selection.chosen(section, section.rankings[0])
    everything = sorted((row.key, row.recipe8) for row in section.rankings[0].rows)
    assert len(everything) > row_selection.MOST
    assert sorted((row.key, row.recipe8) for row in shown) == everything[: row_selection.EACH]


def test_no_figure_is_endless_and_each_says_what_it_shows(written):
    page = written.page.read_text("utf-8")
    for kind in ("accuracy", "forest", "curves", "cost"):
        path = next(p for p in written.figures if p.name == f"{kind}-omniglot-background.svg")
        height = ElementTree.parse(path).getroot().get("height")
        assert float(height.removesuffix("pt")) < 720, kind
        models = {row["model"] for row in csv.DictReader(path.with_suffix(".csv").open())}
        assert len([key for key in models if key.startswith("siamese")]) <= row_selection.EACH, kind
        caption = page.partition(f"](figures/{kind}-omniglot-background.svg)")[0].rpartition("![")[
            2
        ]
        assert f"3 best on validation of each family; {count(written)} more" in caption, kind


def count(written) -> int:
    section = written.leaderboard.sections[0]
    return sum(ranking.left_out for ranking in row_selection.reduced(section).rankings)


def test_the_grid_and_its_effects_still_have_every_cell(written, records):
    path = next(p for p in written.figures if p.name == "grid-omniglot-background-conv4.csv")
    measured = [r for r in csv.DictReader(path.open()) if r["state"] == "measured"]
    assert len(measured) == len({r.model.key for r in records if r.model.key.startswith("siam")})


def test_the_page_folds_long_tables_and_keeps_all_rows(written, records):
    page = written.page.read_text("utf-8")
    top = page.partition("### inductive, budget quick")[2].partition("<details>")[0]
    assert len([line for line in top.splitlines() if line.startswith("| ")]) < 20
    assert "all 9" in top and "folded below" in top
    for key in {each.model.key for each in records}:
        assert page.count(f"{key}") >= 2, key
    assert page.count("<details>") == page.count("</details>") >= 3
    # Markdown sees a table in it only after an empty line.
    for part in page.split("</summary>")[1:]:
        assert part.startswith("\n\n|")


def test_short_rankings_are_shown_whole(tmp_path):
    some = [record(key, TASKS[0], skill=0.8, recipe=TRAINED) for key in OTHERS]
    written = write_leaderboard(save(tmp_path, some), groups_of=groups_of)
    page = written.page.read_text("utf-8")
    assert "<details>" not in page and row_selection.RULE not in page
    sheet = next(p for p in written.figures if p.name == "accuracy-omniglot-background.csv")
    assert {row["model"] for row in csv.DictReader(io.StringIO(sheet.read_text()))} == set(OTHERS)
