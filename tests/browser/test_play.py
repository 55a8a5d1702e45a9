"""The test for people in a browser: by mouse, by finger, by keyboard, kept, and told honestly."""

from __future__ import annotations

import json

import numpy as np
import pytest
from contrast import CONTRAST
from scipy.stats import binomtest
from synthetic_records import MODELS, grid, record, save

from benchmark.datasets import glyphs
from benchmark.report.play.page import alone
from benchmark.report.play.questions import on_glyphs
from benchmark.report.write import write_leaderboard
from benchmark.tasks import load_task

pytestmark = pytest.mark.browser
LETTERS = "ABCDEFGHIJKLMNOPQRST"
RIGHT = [answer for _, _, answer in on_glyphs().trials]
CLAIM = (
    '[[claim]]\ntask = "glyphs-20w1s"\nmethod = "Human"\nerror = 4.5\n'
    'source = "A. Author 2020"\nreliability = "recalled"\nprotocol = "same"\n'
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    models = {key: MODELS[key] for key in ("chance", "prototypical-conv4")}
    folder = save(tmp_path_factory.mktemp("results"), grid(models))
    (folder / "claims").mkdir()
    (folder / "claims" / "glyphs.toml").write_text(CLAIM)
    return write_leaderboard(folder, figures=False).html


@pytest.fixture
def page(file, visit):
    page = visit(file, viewport={"width": 1280, "height": 900})
    page.get_by_role("tab", name="Beat the network").click()
    return page


def question(page) -> str:
    return page.locator("main:visible h2").inner_text()


def start(page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()
    assert question(page) == "Question 1 of 20"


def choice(page, position):
    return page.get_by_role("button", name=f"Choice {LETTERS[position]}", exact=True)


def test_the_drawings_are_those_of_the_episodes(page) -> None:
    start(page)
    shown = page.locator("canvas:visible").evaluate_all(
        "all => all.map((each) => [...each.getContext('2d').getImageData(0, 0, 105, 105).data]"
        ".filter((_, n) => n % 4 === 3))"
    )
    episodes = load_task("glyphs-20w1s").episodes
    items = [int(episodes.queries[0, 0]), *episodes.support[0, :, 0].tolist()]
    images = glyphs.load().take(np.array(items)).images()[:, 0]
    assert np.array_equal(np.array(shown).reshape(21, 105, 105), images)


def test_by_mouse_to_a_result_with_wilsons_interval(page) -> None:
    start(page)
    for number, right in enumerate(RIGHT):
        choice(page, right if number >= 3 else (right + 1) % 20).click()
    assert question(page) == "3 of 20 wrong"
    told = page.locator("#played").inner_text()
    low, high = binomtest(3, 20).proportion_ci(0.95, "wilson")
    assert "15.0\N{NO-BREAK SPACE}%" in told
    assert f"{100 * low:.1f} to {100 * high:.1f}\N{NO-BREAK SPACE}%" in told
    wrong = page.locator(".mistakes li")
    assert wrong.locator(".below").all_inner_texts() == [f"Question {n}" for n in (1, 2, 3)]
    assert f"right: {LETTERS[RIGHT[0]]}" in wrong.first.inner_text()


def test_models_and_published_numbers_stand_beside(page) -> None:
    start(page)
    for right in RIGHT:
        choice(page, right).click()
    rows = {row.split("\n")[0]: row for row in page.locator(".beside tbody tr").all_inner_texts()}
    assert [*rows] == ["You", "Human, published", "prototypical-conv4", "chance"]
    assert "0.0 to 16.1" in rows["You"].replace("\n", " ")
    assert "4.5 *" in rows["Human, published"] and "not told apart" in rows["Human, published"]
    assert "more errors" in rows["prototypical-conv4"] and "more errors" in rows["chance"]


def test_all_of_it_by_keyboard(file, visit) -> None:
    page = visit(file, viewport={"width": 1280, "height": 900})
    press = page.keyboard.press
    page.get_by_role("tab", name="Results").focus()
    press("ArrowRight")
    assert page.locator("#play").is_visible() and not page.locator("#tables").is_visible()
    press("Tab")
    press("Enter")  # Start
    press(LETTERS[RIGHT[0]].lower())
    assert question(page) == "Question 2 of 20"
    assert page.evaluate("document.activeElement.textContent") == "Question 2 of 20"
    press("ArrowDown")  # to the first choice, then as they lie: five in a row
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft"):
        press(key)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Choice B"
    assert page.locator(".choices [tabindex='0']").count() == 1
    press("Enter")
    assert question(page) == "Question 3 of 20"
    page.get_by_role("button", name="Back").focus()
    press("Space")
    assert question(page) == "Question 2 of 20"
    press(LETTERS[RIGHT[1]])
    page.get_by_role("button", name="Stop").focus()
    press("Enter")
    assert question(page) == "0 of 2 wrong"
    page.get_by_role("button", name="Go on").focus()
    press("Enter")
    assert question(page) == "Question 3 of 20"
    press("Control+a")
    assert question(page) == "Question 3 of 20"


def test_by_finger_on_a_phone(file, visit) -> None:
    page = visit(file, viewport={"width": 360, "height": 780}, has_touch=True, is_mobile=True)
    page.get_by_role("tab", name="Beat the network").tap()
    page.get_by_role("button", name="Start", exact=True).tap()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for right in RIGHT[:5]:
        assert page.evaluate(overflow) == 0
        box = choice(page, right).bounding_box()
        assert min(box["width"], box["height"]) >= 44  # pixels: what a finger can hit
        choice(page, right).tap()
    page.get_by_role("button", name="Stop").tap()
    assert question(page) == "0 of 5 wrong" and page.evaluate(overflow) == 0


def test_a_double_click_answers_one_question(page) -> None:
    start(page)
    choice(page, 6).dblclick()
    assert question(page) == "Question 2 of 20"


def test_answers_outlive_the_page_and_can_be_thrown_away(page) -> None:
    start(page)
    for right in RIGHT[:2]:
        choice(page, right).click()
    page.reload()
    page.get_by_role("tab", name="Beat the network").click()
    page.get_by_role("button", name="Go on with question 3").click()
    page.get_by_role("button", name="Stop").click()
    assert question(page) == "0 of 2 wrong"
    page.get_by_role("button", name="Start again").click()
    assert question(page) == "Question 1 of 20"
    page.reload()
    page.get_by_role("tab", name="Beat the network").click()
    assert page.get_by_role("button", name="Start", exact=True).is_visible()


def test_foreign_answers_in_the_store_are_none(page) -> None:
    key = f"oneshot-play-{on_glyphs().digest}"
    page.evaluate("key => localStorage.setItem(key, '[1, 77]')", key)
    page.reload()
    page.get_by_role("tab", name="Beat the network").click()
    assert page.get_by_role("button", name="Start", exact=True).is_visible()


def test_links_open_the_tab_that_they_lead_into(file, visit, page) -> None:
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.locator("#tables").is_visible() and not page.locator("#play").is_visible()
    page.evaluate("location.hash = '#play'")
    page.locator("#play").wait_for()
    assert page.get_by_role("tab", selected=True).inner_text() == "Beat the network"


def test_without_records_it_says_so(tmp_path, visit) -> None:
    results = save(tmp_path, [record("a", "glyphs-5w1s")])
    page = visit(write_leaderboard(results, figures=False).html)
    page.get_by_role("tab", name="Beat the network").click()
    start(page)
    page.keyboard.press("A")
    page.get_by_role("button", name="Stop").click()
    text = page.locator("#play").inner_text()
    assert "no record of glyphs-20w1s" in text and "oneshot run" in text
    assert page.locator(".beside").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_alone_has_the_contrast_of_level_aa(file, visit, tmp_path, scheme) -> None:
    written = tmp_path / "play.html"
    written.write_text(alone(on_glyphs(), file.parent).text, "utf-8")
    page = visit(written, viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    assert page.evaluate(CONTRAST) == []
    start(page)
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("A")
    page.get_by_role("button", name="Stop").click()
    assert page.evaluate(CONTRAST) == []
    assert len(json.loads(page.locator("#data").text_content())["play"]["models"]) == 2
