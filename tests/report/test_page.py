"""The page as a file: equal bytes, harmless names, one file that asks for nothing, small, quick."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t
from synthetic_records import TASKS, TRAINED, grid, record, save

from benchmark.records.schema import Calibration, Record
from benchmark.report.page.data import blocks
from benchmark.report.page.parts import embedded
from benchmark.report.write import write_leaderboard

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u2028{{ 7 * 7 }}"
GROUPS = {"groups_of": lambda task, episodes: np.arange(episodes) % 5}


def page(folder: Path, records: list[Record], **options) -> str:
    written = write_leaderboard(save(folder, records), figures=False, **(GROUPS | options))
    return written.html.read_text("utf-8")


def data(text: str) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


class Elements(HTMLParser):
    """Counts elements and keeps attributes by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.attributes += attrs


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> str:
    return page(tmp_path_factory.mktemp("results"), grid())


def test_equal_records_give_equal_bytes_wherever_they_lie(tmp_path: Path, whole: str) -> None:
    assert page(tmp_path / "elsewhere", grid()[::-1]) == whole
    assert str(tmp_path) not in whole


def test_foreign_names_are_text_and_nothing_else(tmp_path: Path, whole: str) -> None:
    recipe = TRAINED | {"distance": HOSTILE, "</dd><script>": "<!--"}
    text = page(tmp_path, [record(HOSTILE, recipe=recipe), record("b", recipe=TRAINED)])
    found = Elements(text)
    assert "img" not in found.names and found.names.count("script") == 2
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in text
    labels = [row["label"] for row in data(text)["rows"]]
    assert any(label.startswith("</script><img") for label in labels)
    assert re.fullmatch(r"[\x20-\x7e]*", re.search(r'id="data">(.*?)</', text, re.DOTALL)[1])


def test_embedded_json_ends_no_script() -> None:
    value = {"a": "</script><!--&\u2029\ud800"}
    text = embedded(value)
    assert not set("<>&\u2029") & set(text) and text.encode("ascii")
    assert json.loads(text) == value


def test_it_is_one_file_that_asks_for_nothing(whole: str) -> None:
    found = Elements(whole)
    assert not {"link", "img", "iframe", "object"} & set(found.names)
    assert not [value for name, value in found.attributes if name == "src"]
    addresses = {value for name, value in found.attributes if name == "href"}
    assert all(re.fullmatch(r"#[\w-]+|leaderboard\.(md|csv)|references\.bib", a) for a in addresses)
    style = re.search(r"<style>(.*?)</style>", whole, re.DOTALL)[1]
    assert "url(" not in style and "@import" not in style
    assert "default-src 'none'" in whole


def test_ids_are_unique_and_labels_lead_somewhere(whole: str) -> None:
    found = Elements(whole)
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    inside = {v for n, v in found.attributes if n == "aria-labelledby" and "-title" not in v}
    anchors = {v[1:] for n, v in found.attributes if n == "href" and v.startswith("#")}
    assert inside | anchors <= set(ids)
    assert found.names.count("table") == found.names.count("caption")


def test_holes_take_no_rank_and_marks_are_explained(tmp_path: Path) -> None:
    records = [record(m, t, recipe=TRAINED) for m in "ab" for t in list(TASKS)[:2]]
    text = page(
        tmp_path, [r for r in records if (r.model.key, r.task.name) != ("b", "glyphs-20w1s")]
    )
    rows = re.findall(r'<tr data-row="\d+".*?</tr>', text, re.DOTALL)
    assert len(rows) == 2 and 'class="hole">not run</td>' in rows[1]
    assert 'class="number rank">\N{EN DASH}</td>' in rows[1] and "no mean" in rows[1]
    assert "oneshot run b --task glyphs-20w1s --seeds 0 --budget quick" in text
    assert "One training seed only" in text


def test_sums_hold_every_count_once() -> None:
    correct = np.random.default_rng(0).integers(0, 9, 403).tolist()
    unit = blocks(403)
    assert len(unit.sizes) == 50 and sum(unit.sizes) == 403 and set(unit.sizes) == {8, 9}
    assert sum(unit.sums(correct)) == sum(correct)
    assert unit.sums(correct)[0] == sum(correct[: unit.sizes[0]])
    assert blocks(20).sums(correct) == correct[:20]


def test_rows_carry_the_sums_of_their_seeds_and_prefixes(tmp_path: Path) -> None:
    records = [record("a", seed=s, recipe=TRAINED) for s in range(2)]
    records.append(record("b", recipe=TRAINED, episodes=100, drawn="first"))
    told = data(page(tmp_path, records))
    task = told["tasks"]["glyphs-5w1s"]
    assert (task["of"], task["lengths"]) == (75, [100, 400])
    result = {row["key"]: row["results"][0] for row in told["rows"]}
    a, b = result["a"], result["b"]
    assert [len(a["blocks"]), len(b["blocks"])] == [2, 1]
    for seed in range(2):
        assert sum(a["blocks"][1][seed]) == sum(records[seed].outcome.correct)
        assert sum(a["groups"][0][seed]) == sum(records[seed].outcome.correct[:100])
    assert a["groups"][1][0][3] == sum(records[0].outcome.correct[3::5])
    assert result["a"]["networks"] is None, "records of no weights"


def test_quantiles_between_two_steps_are_as_good_as_exact(tmp_path: Path) -> None:
    told = data(page(tmp_path, [record("a", recipe=TRAINED)]))["quantiles"]
    for freedom in (1, 1.37, 2, 2.9, 5.21, 9, 49, 998, 10_000):
        place = (len(told) - 1) / freedom
        below = min(int(place), len(told) - 2)
        one, two = told[below], told[below + 1]
        assert one * (two / one) ** (place - below) == pytest.approx(
            t.isf(0.025, freedom), rel=1e-5
        )


def test_results_of_the_same_trained_networks_say_so(tmp_path: Path) -> None:
    def trained(key: str, weights: str) -> list[Record]:
        found = [record(key, seed=s, recipe=TRAINED) for s in (0, 1)]
        return [
            r.model_copy(update={"provenance": r.provenance.model_copy(update={
                "weights": f"{weights}-{r.seed}".ljust(64, "0")})})
            for r in found
        ]  # fmt: skip

    records = [r for key, w in (("a", "one"), ("b", "one"), ("c", "two")) for r in trained(key, w)]
    rows = data(page(tmp_path, records))["rows"]
    a, b, c = (row["results"][0]["networks"] for row in sorted(rows, key=lambda row: row["key"]))
    assert a == b != c and len(a) == 12


def test_calibration_is_summed_over_seeds(tmp_path: Path) -> None:
    bins = Calibration(
        temperature_millionths=10**6, answers=[10, 20], correct=[5, 18],
        confidence_millionths=[4 * 10**6, 17 * 10**6],
    )  # fmt: skip
    records = [
        Record.model_validate(record("a", seed=s).model_dump(by_alias=True, exclude={"id"})
                              | {"calibration": bins.model_dump()})
        for s in range(3)
    ]  # fmt: skip
    result = data(page(tmp_path, records))["rows"][0]["results"][0]
    assert result["calibration"] == [[30, 60], [15, 54], [12 * 10**6, 51 * 10**6]]


def test_variants_are_no_cells_of_the_grid(tmp_path: Path) -> None:
    key = "siamese-conv4-cosine-triplet"
    parts = TRAINED | {"distance": "cosine", "loss": "triplet"}
    records = [
        record(key, recipe=parts),
        record(key, recipe=parts | {"margin": 0.3}, settings=("margin=0.3",)),
        record(key, recipe=parts | {"batches": "pairs"}, settings=("batches=pairs",)),
    ]
    rows = data(page(tmp_path, records))["rows"]
    recipes = {r.model.recipe8: r.model.recipe for r in records}
    assert {row["recipe8"]: row["grid"] for row in rows} == {
        recipe8: "batches" not in recipe for recipe8, recipe in recipes.items()
    }


def test_the_page_of_a_thousand_records_stays_small(tmp_path: Path) -> None:
    records = [
        record(f"model-{m}", task, seed, skill=0.5 + m / 200, recipe=TRAINED | {"rate": m})
        for m in range(67)
        for task in TASKS
        for seed in range(3)
    ]
    assert len(records) >= 1000
    results = save(tmp_path, records)
    written = write_leaderboard(results, figures=False, **GROUPS)
    assert written.html.stat().st_size < 3_000_000
