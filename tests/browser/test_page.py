"""The page in a browser: sort, filter, search, open, compare, by mouse and by keyboard."""

from __future__ import annotations

import re
import shlex

import numpy as np
import pytest
from contrast import CONTRAST
from synthetic_pairs import pair_record
from synthetic_records import MODELS, TRAINED, grid, record, save

from benchmark.records.schema import Calibration, Record
from benchmark.report.compare import compare
from benchmark.report.write import write_leaderboard
from benchmark.statistics.paired import compare_units

pytestmark = pytest.mark.browser
HOSTILE = "</script><img src=http://nowhere.example/x onerror=alert(1)>"
GRID = {f"siamese-conv4-{d}-{loss}": TRAINED | {"distance": d, "loss": loss}
        for d in ("cosine", "euclidean") for loss in ("contrastive", "triplet")}  # fmt: skip
FIRST, SECOND = "prototypical-conv4", "siamese-conv4-cosine-triplet"
TWINS = SECOND, "siamese-conv4-euclidean-triplet"  # heads of the same trainings
NO_RANK = "\N{EN DASH}"
CLAIM = (
    '[[claim]]\ntask = "glyphs-5w1s"\nmethod = "Paper"\naccuracy = 50.0\n'
    'source = "A. Author 2020"\nmodel = "chance"\nreliability = "recalled"\nprotocol = "same"\n'
)


def groups_of(task, episodes):
    return np.arange(episodes) % 5


def calibrated(made: Record) -> Record:
    bins = Calibration(
        temperature_millionths=10**6, answers=[10, 20, 0], correct=[5, 18, 0],
        confidence_millionths=[4 * 10**6, 17 * 10**6, 0],
    )  # fmt: skip
    content = made.model_dump(by_alias=True, exclude={"id"}) | {"calibration": bins.model_dump()}
    return Record.model_validate(content)


def of_shared_networks(made: Record) -> Record:
    weights = f"{made.seed}".ljust(64, "0")
    provenance = made.provenance.model_copy(update={"weights": weights})
    return made.model_copy(update={"provenance": provenance})


@pytest.fixture(scope="module")
def records():
    models = {key: MODELS[key] for key in ("chance", "pixels-cosine", FIRST)}
    made = grid(models | {key: (0.8, recipe) for key, recipe in GRID.items()})
    made = [calibrated(r) if r.model.key == FIRST else r for r in made]
    made = [of_shared_networks(r) if r.model.key in TWINS else r for r in made]
    return [*made, record(HOSTILE, skill=0.3, recipe=TRAINED)]


@pytest.fixture(scope="module")
def file(records, tmp_path_factory):
    folder = save(tmp_path_factory.mktemp("results"), records)
    (folder / "claims").mkdir()
    (folder / "claims" / "glyphs.toml").write_text(CLAIM)
    return write_leaderboard(folder, figures=False, groups_of=groups_of).html


@pytest.fixture
def page(file, visit):
    return visit(file, viewport={"width": 1280, "height": 900})


def labels(table) -> list[str]:
    return table.locator("tbody tr:visible th").all_inner_texts()


def test_sorting_by_mouse_and_by_keyboard_keeps_ranks_and_holes(page) -> None:
    table = page.locator("table", has_text=HOSTILE).first
    before = labels(table)
    assert before[-1] == HOSTILE  # a hole: no rank, last
    head = table.locator("thead th", has_text="5w1s")
    assert head.get_attribute("aria-sort") == "none"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    shown = [float(v) for v in table.locator("tbody td:nth-child(4)").evaluate_all(
        "cells => cells.map((cell) => cell.dataset.value)")]  # fmt: skip
    assert shown == sorted(shown, reverse=True) and shown[-1] < shown[0]
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending" and labels(table)[0] == HOSTILE
    model = table.get_by_role("button", name="Model")
    model.focus()
    page.keyboard.press("Space")
    assert labels(table) == sorted(before, key=str.lower)
    ranks = dict(zip(labels(table), table.locator("tbody td.rank").all_inner_texts(), strict=True))
    assert ranks[before[0]] == "1" and ranks[HOSTILE] == NO_RANK
    hole = table.locator("thead th", has_text="20w1s").get_by_role("button")
    for _ in range(2):  # whichever way, a hole is last
        hole.click()
        assert labels(table)[-1] == HOSTILE
    assert table.locator("[aria-sort=ascending], [aria-sort=descending]").count() == 1


def test_filters_and_search_hide_rows_tables_and_sections(page) -> None:
    status = page.locator("#shown")
    everything = status.inner_text()
    page.locator("select[name=loss]").select_option("triplet")
    page.locator("select[name=track]").select_option("glyphs")
    assert sorted(page.locator("tr[data-row]:visible th").all_inner_texts()) == sorted(
        key for key in GRID if key.endswith("triplet")
    )
    assert page.locator(".track:visible").count() == 1
    assert re.fullmatch(r"2 of \d+ rows", status.inner_text())
    page.get_by_role("button", name="Show all").click()
    page.get_by_text(everything, exact=True).wait_for()
    page.get_by_label("Search").fill("glyphs COSINE contrastive")
    assert page.locator("tr[data-row]:visible th").all_inner_texts() == [
        "siamese-conv4-cosine-contrastive"
    ]
    page.get_by_label("Search").fill("no such model")
    assert (
        page.locator("#nothing").is_visible() and page.locator("tr[data-row]:visible").count() == 0
    )


def test_details_open_tell_everything_and_give_the_focus_back(page) -> None:
    name = page.get_by_role("button", name=FIRST, exact=True).first
    name.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=FIRST)
    text = dialog.inner_text()
    for part in ("Results", "Recipe", "Learning curve", "Calibration", "Cost", "Cite"):
        assert dialog.get_by_role("heading", name=part).is_visible()
    command = re.search(r"oneshot run .*", text)[0].split()
    assert command[:3] == ["oneshot", "run", FIRST]
    assert command[-4:] == ["--seeds", "0,1,2", "--budget", "quick"]
    assert set(command[4:-4:2]) == {"glyphs-5w1s", "glyphs-20w1s", "glyphs-5w5s"}
    assert "@inproceedings{snell2017prototypical," in text and "@software{oneshotbenchmark," in text
    # |5 - 4| + |18 - 17| of 30 answers, by hand
    assert "expected calibration error 6.67 %" in text
    assert dialog.get_by_role("img", name="Learning curve").is_visible()
    assert dialog.get_by_role("link", name="page").get_attribute("href") == "models/prototypical.md"
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert page.evaluate("document.activeElement.textContent") == FIRST


def of_units(records, task, units, pair):
    """The analysis of `oneshot compare` on the same units."""

    def table(key):
        found = [r for r in records if (r.model.key, r.task.name) == (key, task)]
        found.sort(key=lambda r: r.seed)
        x = np.array([r.outcome.correct for r in found]) / found[0].outcome.of
        return np.stack([[row[units == u].mean() for u in np.unique(units)] for row in x])

    same = set(pair) == set(TWINS)
    return compare_units(*(table(key) for key in pair), "group", same_networks=same)


@pytest.mark.parametrize("pair", [(FIRST, SECOND), TWINS])
def test_the_comparison_is_what_the_records_give(page, records, pair) -> None:
    track = page.locator(".track").first
    for key in pair:
        track.get_by_role("checkbox", name=f"Compare {key}", exact=True).check()
    page.locator("#tray").get_by_role("button", name="Compare").click()
    dialog = page.get_by_role("dialog", name="Compare two rows")
    rows = dialog.locator("tbody tr")
    assert rows.count() == 3
    for number in range(3):
        row = rows.nth(number)
        task = row.locator("th").inner_text().split()[0]
        for kind, units in (("images", np.arange(400) // 8), ("classes", np.arange(400) % 5)):
            shown = row.locator(f"[data-kind={kind}]")
            found = of_units(records, task, units, pair)
            mean, half = found.difference, found.half_width
            assert float(shown.get_attribute("data-mean")) == pytest.approx(mean, abs=1e-12)
            assert float(shown.get_attribute("data-half")) == pytest.approx(half, rel=1e-4)
            assert f"{abs(100 * mean):.1f} ± {100 * half:.1f}" in shown.inner_text()
    if pair == TWINS:
        return
    dialog.locator("select").nth(1).select_option(label="chance")
    assert "Not of one ranking" in dialog.inner_text()
    assert "first higher" in dialog.inner_text()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear").click()
    assert page.locator("input:checked").count() == 0 and not page.locator("#tray").is_visible()


def test_trials_and_queries_are_left_to_the_command_line(tmp_path, visit) -> None:
    made = [pair_record(key, "glyphs-verification", skill) for key, skill in (("a", 1.3), ("b", 1))]
    page = visit(write_leaderboard(save(tmp_path, made), figures=False).html)
    track = page.locator(".track").first
    for key in ("a", "b"):
        track.get_by_role("checkbox", name=f"Compare {key}", exact=True).check()
    page.locator("#tray").get_by_role("button", name="Compare").click()
    dialog = page.get_by_role("dialog", name="Compare two rows")
    assert "compares episodes only" in dialog.inner_text()
    (command,) = dialog.locator("pre").all_inner_texts()
    words = shlex.split(command)
    assert words[:2] == ["oneshot", "compare"] and words[4:] == ["--task", "glyphs-verification"]
    rows = compare(tmp_path, words[2], words[3], words[5])
    assert [row.measure for row in rows] == ["EER"]


def test_a_third_choice_pushes_out_the_first(page) -> None:
    boxes = page.locator(".track").first.get_by_role("checkbox")
    for number in range(3):
        boxes.nth(number).check()
    assert [boxes.nth(number).is_checked() for number in range(3)] == [False, True, True]


def test_scatter_and_heat_map_lead_to_details(page) -> None:
    page.locator("#scatter").get_by_label("Cost").select_option("seconds")
    point = page.locator("#scatter").get_by_role("button", name=f"{FIRST}:")
    point.focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("dialog", name=FIRST).is_visible()
    page.keyboard.press("Escape")
    assert point.evaluate("element => element === document.activeElement")
    heat = page.locator("#heat")
    assert "empty cells have not been measured" in heat.inner_text()
    assert heat.locator("button.heat").count() == 4
    assert heat.locator("thead th").all_inner_texts() == ["Distance", "contrastive", "triplet"]
    heat.locator("button.heat").first.click()
    assert page.get_by_role("dialog", name="siamese-conv4-cosine-contrastive").is_visible()


def test_an_interval_ends_where_accuracies_end(visit, tmp_path) -> None:
    # Two seeds far apart: the interval is wider than all that accuracies can be.
    records = [record("a", seed=n, skill=s, recipe=TRAINED) for n, s in enumerate((0.2, 0.9))]
    page = visit(write_leaderboard(save(tmp_path, records), figures=False).html)
    line = page.locator("#scatter line.spread")
    ends = line.evaluate(
        "line => [line.y1.baseVal.value, line.y2.baseVal.value, line.ownerSVGElement.clientHeight]"
    )
    assert 0 <= ends[1] < ends[0] <= ends[2]


def test_published_numbers_stand_beside_measured_ones(page) -> None:
    page.get_by_text("Published numbers (1)").click()
    row = page.locator(".published tbody tr")
    assert "50 *" in row.inner_text() and "A. Author 2020" in row.inner_text()
    assert page.get_by_text("Not checked in the source itself").is_visible()


def test_dark_is_toggled_and_kept(page) -> None:
    def paper():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = paper()
    page.get_by_role("button", name="Dark").click()
    dark = paper()
    assert dark != light and sum(map(int, re.findall(r"\d+", dark)[:3])) < 150
    page.reload()
    assert paper() == dark
    page.get_by_role("button", name="Light").click()
    assert paper() == light


@pytest.mark.parametrize("width", [360, 768])
def test_narrow_screens_scroll_tables_not_the_page(file, visit, width) -> None:
    page = visit(file, viewport={"width": width, "height": 780}, color_scheme="dark")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
    page.get_by_text("Published numbers (1)").click()
    assert page.evaluate(overflow) == 0
    page.locator("button.name").first.click()
    assert page.evaluate(overflow) == 0
    box = page.get_by_role("dialog").evaluate("d => [d.scrollWidth, d.clientWidth]")
    assert box[0] == box[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_of_level_aa(file, visit, scheme) -> None:
    page = visit(file, viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page.locator("#tray").evaluate("tray => tray.hidden = false")
    assert page.evaluate(CONTRAST) == []
    page.get_by_role("button", name=FIRST, exact=True).first.click()
    assert page.evaluate(CONTRAST) == []
