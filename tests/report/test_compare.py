"""Comparing two models: what may be compared, on which episodes, and what is shown."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console
from synthetic_records import FIXED, TRAINED, record, save

from benchmark.errors import OneshotError, Refused
from benchmark.records import store
from benchmark.report.compare import compare
from benchmark.report.compare_text import as_data, p_text, percent, render
from benchmark.report.figures.differences import draw
from benchmark.report.figures.theme import image

A, B = "prototypical-conv4", "siamese-conv4-cosine-triplet"
TASKS = ("glyphs-5w1s", "omniglot-lake-20w1s")


def groups(task, episodes):
    return np.arange(episodes) % 8


def models(a=0.9, b=0.7, seeds=3, **settings):
    return [
        record(key, task, seed, skill=skill, recipe=TRAINED, **settings)
        for key, skill in ((A, a), (B, b))
        for task in TASKS
        for seed in range(seeds)
    ]


def text_of(rows):
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(render(rows))
    return console.file.getvalue()


def test_rows_hold_both_sides_intervals_and_the_family(tmp_path):
    rows = compare(save(tmp_path, models()), A, B, groups_of=groups)
    assert [row.task.name for row in rows] == list(TASKS)
    for row in rows:
        mean = row.a.accuracy.mean - row.b.accuracy.mean
        assert row.these_images.difference == pytest.approx(mean) and mean > 0.05
        assert row.new_classes.units == 8 and row.new_classes.covers_training
        assert row.p == row.new_classes.p <= row.p_holm
        assert row.sign_flip.exact and row.sign_flip.patterns == 256
        assert 0 < row.detectable < 0.3
    assert max(row.p_holm for row in rows) == pytest.approx(
        min(1, max(2 * min(r.p for r in rows), *(r.p for r in rows)))
    )
    assert len(compare(tmp_path, A, B, "omniglot-*", groups_of=groups)) == 1


def test_the_text_fits_into_100_columns_and_says_what_its_marks_mean(tmp_path):
    many = [*models(), *(r for s in (5, 10) for r in models(episodes=s, version=s))]
    text = text_of(compare(save(tmp_path, many), A, B, groups_of=groups))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100
    assert "5w1s v10" in text and "Holm" in text and "†" not in text
    save(tmp_path / "one", models(seeds=1))
    assert text_of(compare(tmp_path / "one", A, B, groups_of=groups)).count("†") == 3
    none = text_of(compare(tmp_path / "one", A, B, groups_of=lambda *_: None,
                           classes_of=lambda *_: None))  # fmt: skip
    assert "No groups of classes" in none


def test_uses_the_common_prefix_of_the_episodes(tmp_path):
    whole = record(A, seed=0, skill=0.9, recipe=TRAINED)
    short = record(B, seed=0, skill=0.7, recipe=TRAINED, episodes=100)
    (row,) = compare(save(tmp_path, [whole, short]), A, B, groups_of=groups)
    assert (row.episodes, row.longest) == (100, 400)
    assert row.a.accuracy.mean == pytest.approx(np.mean(whole.outcome.correct[:100]) / 75)
    assert "‡" in text_of([row])


def test_refuses_other_episodes_and_data(tmp_path):
    for number, other in enumerate(({"drawn": "other"}, {"data": "other"}, {"of": 50})):
        mixed = [record(A, recipe=TRAINED), record(B, recipe=TRAINED, **other)]
        with pytest.raises(OneshotError, match="different"):
            compare(save(tmp_path / str(number), mixed), A, B, across=("budgets", "pools", "views"))


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"recipe": TRAINED | {"budget": "standard"}}, "budgets"),
        ({"recipe": FIXED}, "budgets"),
        ({"recipe": TRAINED, "pool": "transductive"}, "pools"),
        ({"recipe": TRAINED | {"views": 10}}, "views"),
    ],
)
def test_refuses_other_budgets_pools_and_views_unless_told(tmp_path, other, what):
    save(tmp_path, [record(A, recipe=TRAINED), record(B, **other)])
    with pytest.raises(Refused, match=f"--across {what}"):
        compare(tmp_path, A, B, groups_of=groups)
    assert len(compare(tmp_path, A, B, across=[what], groups_of=groups)) == 1


def test_an_ambiguous_key_lists_its_recipes(tmp_path):
    two = [record(A, recipe=TRAINED), record(A, recipe=TRAINED | {"margin": 2}, settings=("m=2",))]
    save(tmp_path, [*two, record(B, recipe=TRAINED)])
    hashes = [r.model.recipe8 for r in two]
    with pytest.raises(OneshotError, match="2 recipes") as error:
        compare(tmp_path, A, B)
    assert all(h in str(error.value) for h in hashes) and "--set m=2" in str(error.value)
    (row,) = compare(tmp_path, f"{A}--{hashes[0]}", B, groups_of=groups)
    assert row.a.recipe8 == hashes[0]
    (row,) = compare(tmp_path, f"{A}--{hashes[0]}", f"{A}--{hashes[1]}", groups_of=groups)
    assert row.b.recipe8 == hashes[1]


def test_says_what_is_wrong_with_names(tmp_path):
    save(tmp_path, [record(A, recipe=TRAINED), record(B, "glyphs-5w5s", recipe=TRAINED)])
    with pytest.raises(OneshotError, match=f"Did you mean {A}"):
        compare(tmp_path, "prototypicl-conv4", B)
    with pytest.raises(OneshotError, match="no task in common"):
        compare(tmp_path, A, B)
    with pytest.raises(OneshotError, match="the same model"):
        compare(tmp_path, A, A)
    with pytest.raises(OneshotError, match="Did you mean budgets"):
        compare(tmp_path, A, B, across=("budget",))


def test_failed_seeds_are_told_and_validation_twins_left_out(tmp_path):
    twin = [record(key, "glyphs-5w1s@validation", recipe=TRAINED) for key in (A, B)]
    failed = record(B, seed=7, recipe=TRAINED, failed="NaN")
    save(tmp_path, [record(A, recipe=TRAINED), record(B, recipe=TRAINED), failed, *twin])
    (row,) = compare(tmp_path, A, B, groups_of=groups)
    assert row.b.failed == (7,) and row.b.seeds == (0,)
    assert "§" in text_of([row])
    only = [record(A, recipe=TRAINED), record(B, recipe=TRAINED, failed="NaN")]
    with pytest.raises(OneshotError, match="failures"):
        compare(save(tmp_path / "only", only), A, B)


def test_data_are_json_without_nan(tmp_path):
    few = [record(key, recipe=TRAINED, episodes=1) for key in (A, B)]
    rows = compare(save(tmp_path, few), A, B, groups_of=groups)
    (row,) = json.loads(json.dumps(as_data(rows), allow_nan=False))
    assert row["p"] is None and row["new_classes"] is None and row["a"]["model"] == A


def test_the_figure_has_equal_bytes_each_time(tmp_path):
    rows = compare(save(tmp_path, models()), A, B, groups_of=groups)
    for kind in ("svg", "png"):
        assert image(draw(rows), kind) == image(draw(rows), kind)


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0004, "<.001"), (0.0123, ".012"), (0.9999, "1"), (float("nan"), "-"), (0.5, ".500")],
)
def test_p_is_told_with_three_digits(p, text):
    assert p_text(p) == text
    assert percent(0.0004) == "0.04" and percent(0.0123) == "1.2" and percent(0.0) == "0.0"


def test_heads_on_the_same_trainings_pair_seed_for_seed(tmp_path):
    def trained(name):  # the weights' digest as a training leaves it in the record
        return [
            r.model_copy(update={"provenance": r.provenance.model_copy(update={
                "weights": f"{name if r.model.key == A else 'shared'}-{r.seed}".ljust(64, "0")
            })})
            for r in models(b=0.88)
        ]  # fmt: skip

    apart = compare(save(tmp_path / "apart", trained("own")), A, B, groups_of=groups)
    same = compare(save(tmp_path / "same", trained("shared")), A, B, groups_of=groups)
    assert not any(row.these_images.same_networks for row in apart)
    assert all(row.decisive.same_networks and row.these_images.same_networks for row in same)
    assert "same trained networks" in text_of(same) and "‖" not in text_of(apart)
    for one, two in zip(apart, same, strict=True):
        assert one.these_images.difference == two.these_images.difference
        assert (one.decisive.variance.seeds, two.decisive.variance.seeds) == ((3, 3), (3, 1))


def test_records_that_are_damaged_or_lie_elsewhere_do_not_stop_a_comparison(tmp_path, caplog):
    one, two = "pixels-cosine", "pixels-euclidean"
    save(tmp_path, [record(key, seed=seed) for key in (one, two) for seed in (0, 1)])
    whole = as_data(compare(tmp_path, one, two, groups_of=lambda *_: None))
    place = store.record_path(tmp_path, record(one, seed=0)).parent
    (place / "seed-2.json").write_bytes((place / "seed-1.json").read_bytes())
    assert as_data(compare(tmp_path, one, two, groups_of=lambda *_: None)) == whole
    assert "seed-2.json holds the record of pixels-cosine" in caplog.text
    save(tmp_path, [record(one, recipe={"distance": "cosine"})])
    (place / "seed-0.json").write_text("{}")
    with pytest.raises(OneshotError, match="pixels-cosine has 2 recipes on glyphs-5w1s"):
        compare(tmp_path, one, two)
