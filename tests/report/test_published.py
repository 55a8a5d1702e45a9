"""Claims: complete or refused, beside what was measured, and compared only where that is fair."""

from pathlib import Path

import pytest
from synthetic_records import record, save

from benchmark.errors import OneshotError
from benchmark.records.claims import load
from benchmark.registry import catalogue_keys
from benchmark.report.leaderboard import build
from benchmark.report.published import beside, render
from benchmark.report.write import write_leaderboard
from benchmark.tasks import RANKED

RESULTS = Path(__file__).parents[2] / "results"
CLAIM = """
[[claim]]
task = "glyphs-5w1s"
method = "Relation Network"
model = "relation-conv4"
error = 12.5
half_width = 0.4
source = "Somebody 2020, table 2"
reliability = "seen"
protocol = "same"
"""


def claims(tmp_path, text):
    folder = tmp_path / "claims"
    folder.mkdir(exist_ok=True)
    (folder / "some.toml").write_text(text)
    return load(tmp_path)


@pytest.fixture
def section():
    quick = {"budget": "quick", "backbone": "conv4"}
    records = [record("relation-conv4", recipe=quick), record("chance")]
    return build(records).sections[0]


def test_the_committed_claims_name_tasks_and_models_that_exist():
    found = load(RESULTS)
    assert len(found) == 87
    known = {*RANKED, "omniglot-verification"}
    assert {claim.task for claim in found} <= known
    assert {claim.model for claim in found if claim.model} <= set(catalogue_keys())
    assert not load(RESULTS / "nowhere")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('source = "Somebody 2020, table 2"\n', "", "source: Field required"),
        ('"Somebody 2020, table 2"', '""', "source"),
        ("error = 12.5", "error = 12.5\naccuracy = 87.5", "either error or accuracy"),
        ("error = 12.5\n", "", "either error or accuracy"),
        ("error = 12.5", "error = 125", "error"),
        ('"seen"', '"heard"', "reliability"),
        ('"same"', '"alike"', "protocol"),
        ("[[claim]]", "[[claim", "not valid TOML"),
    ],
)
def test_what_is_no_claim_is_refused(old, new, says, tmp_path):
    with pytest.raises(OneshotError, match=says):
        claims(tmp_path, CLAIM.replace(old, new))


def test_a_difference_is_told_for_the_same_protocol_only(tmp_path, section):
    ours = section.rankings[0].rows[0].results[0].accuracy.mean
    (fair,) = beside(section, claims(tmp_path, CLAIM))
    assert fair.difference == pytest.approx(100 * ours - 87.5)
    for protocol in ("near", "different"):
        (other,) = beside(section, claims(tmp_path, CLAIM.replace('"same"', f'"{protocol}"')))
        assert other.ours is not None and other.difference is None
    (foreign,) = beside(section, claims(tmp_path, CLAIM.replace("relation-conv4", "feat-conv4")))
    assert foreign.ours is None and foreign.difference is None


def test_the_longest_training_is_ours(tmp_path):
    def trained(budget, seed):
        recipe = {"budget": budget, "backbone": "conv4"}
        made = record("relation-conv4", recipe=recipe, seed=seed)
        items = {"quick": 60_000, "standard": 400_000}[budget]
        return made.model_copy(
            update={"cost": made.cost.model_copy(update={"training_items": items})}
        )

    section = build([trained("quick", 0), trained("standard", 0)]).sections[0]
    (found,) = beside(section, claims(tmp_path, CLAIM))
    assert found.ours.ranking.budget == "standard"


def test_what_was_not_checked_is_marked(tmp_path, section):
    sure = render(section, claims(tmp_path, CLAIM))
    assert any("| 87.5 ± 0.4 |" in line for line in sure)
    unsure = render(section, claims(tmp_path, CLAIM.replace('"seen"', '"recalled"')))
    assert any(r"87.5 ± 0.4\* |" in line for line in unsure) and r"\* Not checked" in unsure[-2]
    assert render(section, []) == []


def test_the_page_shows_claims_below_the_rankings(tmp_path):
    save(tmp_path, [record("chance")])
    claims(tmp_path, CLAIM)
    page = write_leaderboard(tmp_path, figures=False).page.read_text()
    assert page.index("### inductive") < page.index("### Published numbers") < page.index("Details")
    assert "Somebody 2020" in page
