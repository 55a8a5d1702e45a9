"""The Siamese grid and its main effects: holes are holes, variants stay out, numbers as by hand."""

from __future__ import annotations

import csv
import itertools
from dataclasses import replace
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.anova import anova_lm
from synthetic_records import TRAINED, record, save
from update_findings import updated

from benchmark.errors import OneshotError
from benchmark.report import cells, effects_text
from benchmark.report.analysis import analyse
from benchmark.report.compare_text import p_text
from benchmark.report.figures import effects, grid
from benchmark.report.grid_effects import p_values_of
from benchmark.report.leaderboard import build
from benchmark.statistics.holm import holm

TASK = "glyphs-20w1s"
DISTANCES, LOSSES = ("cosine", "dot-product", "euclidean"), ("contrastive", "nt-xent", "triplet")
REFUSED = ("dot-product", "contrastive")  # a distance that can fall below zero
HOLE = ("euclidean", "nt-xent")


def groups_of(task, episodes):
    return np.arange(episodes) % 5


def cell(backbone, distance, loss, seed=0, skill=0.6, settings=(), **recipe):
    parts = {"backbone": backbone, "distance": distance, "loss": loss}
    key = f"siamese-{backbone}-{distance}-{loss}"
    return record(key, TASK, seed, skill=skill, recipe=TRAINED | parts | recipe, settings=settings)


def crossed(backbones=("conv4",), seeds=(0, 1)):
    """Every cell but the refused one and a hole."""
    return [
        cell(b, d, loss, seed, 0.5 + 0.1 * DISTANCES.index(d) + 0.03 * LOSSES.index(loss))
        for b in backbones
        for d, loss in itertools.product(DISTANCES, LOSSES)
        for seed in seeds
        if (d, loss) not in (REFUSED, HOLE)
    ]


def analysed(made):
    board = build(made, groups_of)
    return board.sections[0], analyse(board, made, groups_of)


def test_findings_show_the_effects_of_one_budget(tmp_path):
    other = [cell("conv4", d, loss, skill=0.9, budget="full")
             for d in DISTANCES for loss in LOSSES[1:]]  # fmt: skip
    save(tmp_path, [*crossed(), *other])
    head = f"before\n<!-- effects\n{TASK}: quick\n-->\n"
    page = updated(f"{head}old\n<!-- end -->\nafter\n", tmp_path, groups_of)
    assert page.startswith(head) and page.endswith("<!-- end -->\nafter\n") and "old" not in page
    _, analysis = analysed(crossed())
    (expected,) = analysis.effects
    family = holm(np.array(p_values_of(expected))).adjusted
    assert "\n".join(effects_text.effects_table(expected, family)) in page
    assert f"(Holm {p_text(family[0])})" in page
    assert "the crossed block (conv4): 4 of 7 measured cells" in page and "loss: F(1, 1)" in page
    assert updated(page, tmp_path, groups_of) == page
    for line, said in ((TASK, "cannot be read"), (f"{TASK}: standard", "fewer than two parts")):
        with pytest.raises(OneshotError, match=said):
            updated(f"<!-- effects\n{line}\n-->\n<!-- end -->\n", tmp_path)


@pytest.mark.parametrize("last_bits", [0.0, 1e-16, -1e-16, 3e-13])
def test_identical_losses_are_ordered_by_name_whatever_the_linear_algebra_rounds(last_bits):
    (found,) = analysed(crossed())[1].effects
    assert found.over_cells is not None
    pair = [effect for effect in found.over_cells.effects if effect.factor == "loss"][:2]
    (first, second) = (replace(each, effect=0.1) for each in pair)
    second = replace(second, effect=0.1 + last_bits)
    for order in ((first, second), (second, first)):
        told = replace(found, over_cells=replace(found.over_cells, effects=order), over_groups=None)
        assert [cell.level for cell, _ in told.effects] == sorted((first.level, second.level))


def rows(picture):
    return list(csv.DictReader(StringIO(picture.files[f"{picture.stem}.csv"].decode())))


def accuracy(made, key):
    found = [r for r in made if r.model.key == key]
    return np.mean([np.array(r.outcome.correct) / r.outcome.of for r in found], axis=0)


def test_the_heat_map_shows_numbers_holes_and_what_cannot_be():
    made = crossed()
    (picture,) = grid.draw(analysed(made)[0])
    assert picture.stem == "grid-glyphs-conv4"
    found = {(row["distance"], row["loss"]): row for row in rows(picture)}
    assert len(found) == 9
    for (distance, loss), row in found.items():
        if (distance, loss) == REFUSED:
            assert (row["state"], row["accuracy"]) == ("impossible", "")
        elif (distance, loss) == HOLE:
            assert (row["state"], row["accuracy"]) == ("not run", "")
        else:
            expected = accuracy(made, f"siamese-conv4-{distance}-{loss}").mean()
            assert row["state"] == "measured"
            assert float(row["accuracy"]) == pytest.approx(expected, abs=1e-6)


def test_what_is_said_of_every_cell_is_said_once():
    few = crossed(seeds=(0,))
    section = analysed(few)[0]
    results = [row.results[0] for row in section.rankings[0].rows]
    both = cells.ONE_SEED + cells.PREFIX
    assert {cells.marks(result) for result in results} == {both} == {cells.shared_marks(results)}
    (once,) = grid.draw(section)
    again = cell("conv4", "cosine", "triplet", seed=1)
    mixed = analysed([*few, again])[0]
    told = [row.results[0] for row in mixed.rankings[0].rows]
    assert cells.shared_marks(told) == cells.PREFIX and cells.ONE_SEED in cells.marks(told[-1])
    (each,) = grid.draw(mixed)
    assert once.files[f"{once.stem}.svg"] != each.files[f"{each.stem}.svg"]
    assert cells.shared_marks(results[:1]) == ""  # one cell is no pattern


def test_a_failed_cell_is_told_apart_from_a_hole():
    parts = {"backbone": "conv4", "distance": HOLE[0], "loss": HOLE[1]}
    key = f"siamese-conv4-{HOLE[0]}-{HOLE[1]}"
    made = [*crossed(), record(key, TASK, recipe=TRAINED | parts, failed="loss is not finite")]
    (picture,) = grid.draw(analysed(made)[0])
    assert next(r["state"] for r in rows(picture) if (r["distance"], r["loss"]) == HOLE) == "failed"


def test_each_backbone_has_a_map_and_a_strip_has_none():
    strip = [cell("mlp", distance, "triplet") for distance in DISTANCES]
    pictures = grid.draw(analysed([*crossed(), *strip])[0])
    assert [picture.stem for picture in pictures] == ["grid-glyphs-conv4"]
    both = grid.draw(analysed(crossed(("conv4", "mlp")))[0])
    assert [picture.stem for picture in both] == ["grid-glyphs-conv4", "grid-glyphs-mlp"]


def test_variants_stay_out_and_of_searched_recipes_validation_decides():
    made = crossed(seeds=(0,))
    others = [
        cell("conv4", "cosine", "triplet", skill=0.1, settings=("margin=0.3",), margin=0.3),
        cell(
            "conv4", "cosine", "triplet", skill=0.99, settings=("batches=pairs",), batches="pairs"
        ),
    ]
    (picture,) = grid.draw(analysed([*made, *others])[0])
    row = next(r for r in rows(picture) if (r["distance"], r["loss"]) == ("cosine", "triplet"))
    plain = next(r for r in made if r.model.key == "siamese-conv4-cosine-triplet")
    assert row["recipe8"] == plain.model.recipe8  # better on validation than the margin of 0.3


def full(backbones=("conv4",), seeds=(0, 1, 2), losses=LOSSES):
    """Every combination, with an interaction of the last distance and the last loss."""
    return [
        cell(b, d, loss, seed, 0.5 + 0.1 * DISTANCES.index(d) + 0.03 * losses.index(loss)
             - 0.2 * (d == DISTANCES[-1] and loss == losses[-1]))
        for b in backbones for d in DISTANCES for loss in losses for seed in seeds
    ]  # fmt: skip


def test_effects_are_those_of_a_linear_model_over_cells_and_over_groups():
    made = full(("conv4", "mlp"))
    section, analysis = analysed(made)
    picture = effects.draw(section, analysis.effects)
    assert picture is not None and picture.stem == "effects-glyphs"
    keys = list(dict.fromkeys(r.model.key for r in made))
    frame = pd.DataFrame(
        [dict(zip(("backbone", "distance", "loss"), _parts(key), strict=True)) for key in keys]
    )
    frame["y"] = [accuracy(made, key).mean() for key in keys]
    formula = "y ~ C(backbone, Sum) + C(distance, Sum) + C(loss, Sum)"
    fit = smf.ols(formula, frame).fit()
    found = {(row["factor"], row["level"]): row for row in rows(picture)}
    assert len(found) == 2 + 3 + 3
    for factor in ("backbone", "distance", "loss"):
        for number, level in enumerate(sorted(set(frame[factor]))[:-1]):
            name = f"C({factor}, Sum)[S.{level}]"
            row = found[factor, level]
            assert float(row["effect"]) == pytest.approx(fit.params[name], abs=1e-6), number
            ends = float(row["cells_low"]), float(row["cells_high"])
            assert ends == pytest.approx(tuple(fit.conf_int().loc[name]), abs=1e-6)
    by_group = []
    for group in range(5):
        frame["y"] = [accuracy(made, key)[np.arange(400) % 5 == group].mean() for key in keys]
        by_group.append(smf.ols(formula, frame).fit().params["C(backbone, Sum)[S.conv4]"])
    expected = stats.t.interval(0.95, 4, loc=np.mean(by_group), scale=stats.sem(by_group))
    row = found["backbone", "conv4"]
    ends = float(row["groups_low"]), float(row["groups_high"])
    assert ends == pytest.approx(expected, abs=1e-6)
    assert "the crossed block: 18 of 18 measured cells" in "\n".join(effects_text.render(analysis))


def test_cells_outside_the_crossed_block_change_no_effect():
    """A backbone, a distance and a loss that were run in one cell only are not shown as means."""
    made = full()
    outside = [cell("mlp", "cosine", "triplet", skill=0.05),
               cell("conv4", "manhattan", "triplet", skill=0.05),
               cell("conv4", "cosine", "circle", skill=0.05)]  # fmt: skip
    (alone,), (beside,) = (analysed(m)[1].effects for m in (made, [*made, *outside]))
    assert beside.over_cells == alone.over_cells and beside.over_groups == alone.over_groups
    assert (alone.measured, beside.measured, beside.cells) == (9, 12, 9)
    assert beside.constant == ("conv4",) and beside.factors == ("distance", "loss")


def test_interactions_are_tested_against_training_seeds():
    made = full()
    (found,) = analysed(made)[1].effects
    frame = pd.DataFrame([
        {"y": (np.array(r.outcome.correct) / r.outcome.of).mean(),
         "distance": r.model.recipe["distance"], "loss": r.model.recipe["loss"]}
        for r in made
    ])  # fmt: skip
    table = anova_lm(smf.ols("y ~ C(distance) * C(loss)", frame).fit())
    row = table.loc["C(distance):C(loss)"]
    told = found.over_cells.interactions
    assert (told.f, told.p) == pytest.approx((row["F"], row["PR(>F)"]))
    assert (told.between, told.within) == (row["df"], 18) and told.p < 0.01
    shares = [test.share for test in found.over_cells.tests]
    assert sum(shares) + told.share + told.seeds == pytest.approx(1)
    (single,) = analysed([r for r in made if r.seed == 0])[1].effects
    assert single.over_cells.interactions is None, "one seed a cell: nothing to test against"


def test_levels_that_answer_alike_are_one_level():
    twin = [
        r.model_copy(update={"model": r.model.model_copy(update={
            "key": r.model.key.replace("nt-xent", "n-pairs"),
            "recipe": r.model.recipe | {"loss": "n-pairs"},
        })})
        for r in full() if r.model.recipe["loss"] == "nt-xent"
    ]  # fmt: skip
    (alone,), (merged,) = (analysed(m)[1].effects for m in (full(), [*full(), *twin]))
    assert merged.cells == 9 and merged.measured == 12
    assert set(merged.over_cells.of("loss")) == {"contrastive", "n-pairs = nt-xent", "triplet"}
    assert [e.effect for e in merged.over_cells.effects] == pytest.approx(
        [e.effect for e in alone.over_cells.effects]
    )
    unlike = [r for r in twin if r.model.recipe["distance"] != "cosine"]
    unlike += [cell("conv4", "cosine", "n-pairs", seed, 0.1) for seed in (0, 1, 2)]
    (apart,) = analysed([*full(), *unlike])[1].effects
    assert len(apart.over_cells.of("loss")) == 4


def test_what_one_level_carries_is_shown_by_leaving_it_out():
    made = [cell("conv4", d, loss, seed, 0.7 - 0.6 * (d == "dot-product"))
            for d in DISTANCES for loss in LOSSES for seed in (0, 1)]  # fmt: skip
    (found,) = analysed(made)[1].effects
    assert found.left_out == "dot-product"
    assert found.over_cells.tests[0].share > 0.9 > found.without.tests[0].share
    assert "Without dot-product: distance" in effects_text.effects_table(found)[0]


def _parts(key):
    _, backbone, rest = key.split("-", 2)
    loss = next(loss for loss in LOSSES if rest.endswith(loss))
    return backbone, rest.removesuffix(f"-{loss}"), loss


def test_cells_that_tell_nothing_apart_give_no_figure_but_the_reason():
    made = [cell("conv4", "cosine", "triplet"), cell("conv4", "euclidean", "contrastive")]
    section, analysis = analysed(made)
    assert effects.draw(section, analysis.effects) is None
    assert "no two factors were crossed" in "\n".join(effects_text.render(analysis))
    one_factor = [cell("conv4", "cosine", loss) for loss in LOSSES]
    assert analysed(one_factor)[1].effects == ()
