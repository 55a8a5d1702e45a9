"""Comparing two models on verification and retrieval: what pairs, what is shown or refused."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console
from synthetic_pairs import pair_record
from synthetic_records import TRAINED, record, save
from update_findings import updated

from benchmark.errors import OneshotError, Refused
from benchmark.report.compare import compare
from benchmark.report.compare_text import as_data, render
from benchmark.report.figures.differences import draw
from benchmark.report.write import write_leaderboard
from benchmark.statistics.holm import holm
from benchmark.statistics.verification import measure

A, B = "siamese-conv4-cosine-triplet", "prototypical-conv4"
SIGNATURES, FACES = "nfi-signatures-verification", "orl-faces-verification"
RETRIEVAL = "mini-imagenet-retrieval"


def models(task, a=1.4, b=1.1, seeds=1, folds=(None,), **settings):
    return [
        pair_record(key, task, skill, seed, TRAINED | settings, fold)
        for key, skill in ((A, a), (B, b))
        for seed in range(seeds)
        for fold in folds
    ]


def text_of(rows):
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(render(rows))
    return console.file.getvalue()


def shortened(made, count):
    """The record with the first trials of each of its three kinds."""
    content = made.model_dump(by_alias=True, exclude={"id"})
    odds = np.array(content["outcome"]["thousandths"]).reshape(3, -1)
    content["outcome"]["thousandths"] = odds[:, : count // 3].ravel().tolist()
    content["task"]["episodes"] = count
    content["task"]["episode_digest"] = "f" * 64
    return type(made).model_validate(content)


def test_a_verification_has_all_its_rates_and_the_eer_is_of_the_family(tmp_path):
    from benchmark.report.outcomes import network

    made = [
        *models(SIGNATURES, seeds=2),
        *(record(k, seed=n, recipe=TRAINED, skill=s) for k, s in ((A, 0.8), (B, 0.7))
          for n in (0, 1)),
    ]  # fmt: skip
    rows = compare(save(tmp_path, made), A, B, groups_of=lambda _, n: np.arange(n) % 8)
    by_measure = {row.measure: row for row in rows}
    assert set(by_measure) == {"accuracy", "EER"}
    row = by_measure["EER"]
    assert [each.measure for each in row.also] == [
        "EER random", "EER skilled", "ROC-AUC", "TAR at FAR 0.1",
    ]  # fmt: skip
    each = [measure(network(SIGNATURES, r.outcome)).eer for r in made[:4]]
    eers = [np.mean([e for e, r in zip(each, made, strict=False) if r.model.key == k])
            for k in (A, B)]  # fmt: skip
    assert row.difference == pytest.approx(eers[0] - eers[1]) and row.difference < 0
    assert (row.a.accuracy.mean, row.b.accuracy.mean) == pytest.approx(eers)
    assert row.these_images is None and row.new_classes.units == 30 and row.episodes == 3000
    assert row.p == row.decisive.p
    shown = [(r.p, r.p_holm) for r in rows] + [(e.decisive.p, e.p_holm) for e in row.also]
    expected = holm(np.array([p for p, _ in shown])).adjusted
    assert [p for _, p in shown] == pytest.approx(expected), "all tests shown are one family"
    assert row.p_holm > row.p
    assert 0 < row.detectable < 0.2 and row.sign == -1


def test_folds_are_compared_fold_by_fold(tmp_path):
    folds = range(5)
    (row,) = compare(save(tmp_path, models(FACES, folds=folds)), A, B)
    assert row.decisive.units == 40 and row.decisive.degrees_of_freedom == 35
    assert row.folds == (5, 5) and row.episodes == 5 * 4000
    assert "‡" not in text_of([row])


def test_a_seed_without_all_folds_is_left_out_and_told(tmp_path):
    made = models(FACES, seeds=2, folds=range(5))
    made = [r for r in made if not (r.model.key == A and r.seed == 1 and r.fold == 3)]
    (row,) = compare(save(tmp_path / "one", made), A, B)
    assert row.a.seeds == (0,) and row.a.failed == (1,) and row.b.seeds == (0, 1)
    assert "§" in text_of([row])
    few = [r for r in made if r.fold != 4 or r.model.key == A]
    few = [r for r in few if r.fold != 0 or r.model.key == B]
    (row,) = compare(save(tmp_path / "few", few), A, B)
    assert row.folds == (2, 5) and row.decisive.units == 16, "3 lacks one seed, 0 and 4 a side"
    assert "‡" in text_of([row])
    none = [r for r in made if (r.fold == 0) == (r.model.key == A)]
    with pytest.raises(OneshotError, match="no fold that both have"):
        compare(save(tmp_path / "none", none), A, B)


def test_the_common_prefix_is_that_of_each_kind(tmp_path):
    whole, other = models(SIGNATURES)
    (row,) = compare(save(tmp_path, [whole, shortened(other, 1500)]), A, B)
    assert (row.episodes, row.longest) == (1500, 3000) and "‡" in text_of([row])
    (both,) = compare(
        save(tmp_path / "both", [shortened(whole, 1500), shortened(other, 1500)]), A, B
    )
    assert both.decisive == row.decisive


def test_a_retrieval_is_compared_by_query_and_by_class(tmp_path):
    (row,) = compare(save(tmp_path, models(RETRIEVAL, seeds=3)), A, B)
    assert (row.measure, row.episodes) == ("mAP@R", 12_000)
    assert (row.these_images.unit, row.new_classes.unit) == ("query", "class")
    assert row.new_classes.units == 20 and row.decisive.covers_training
    (recall,) = row.also
    assert recall.measure == "Recall@1" and recall.these_images.units == 12_000
    assert row.difference > 0 and recall.a > recall.b


def test_the_text_fits_into_100_columns_and_says_which_way_is_better(tmp_path):
    tasks = (SIGNATURES, "omniglot-verification", RETRIEVAL, "omniglot-retrieval")
    made = [r for task in tasks for r in models(task)]
    text = text_of(compare(save(tmp_path, made), A, B))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 100
    assert "…" not in text and "mini-imagenet, retrieval" in text
    for words in ("less is better", "over subjects", "over queries", "TAR at FAR 0.01", "Recall@1"):
        assert words in text
    assert text.count("†") == len(tasks) + 1
    (line,) = [each for each in text.splitlines() if each.startswith("nfi-signatures")]
    assert line.split()[1] == "EER"


def test_data_tell_everything_without_nan(tmp_path):
    made = [*models(SIGNATURES), *models(RETRIEVAL)]
    rows = compare(save(tmp_path, made), A, B)
    told = json.loads(json.dumps(as_data(rows), allow_nan=False))
    eer, search = sorted(told, key=lambda each: each["measure"])
    assert eer["measure"] == "EER" and "accuracy" not in eer["a"] and 0 < eer["a"]["value"] < 0.5
    assert eer["these_images"] is None and eer["new_classes"]["unit"] == "subject"
    assert eer["new_classes"]["wins"] is None and eer["folds"] == [1, 1]
    assert [each["measure"] for each in search["also"]] == ["Recall@1"]
    assert search["also"][0]["these_images"]["unit"] == "query"


def test_the_figure_turns_the_eer_so_that_a_is_right_where_it_is_better(tmp_path):
    rows = compare(save(tmp_path, [*models(SIGNATURES), *models(RETRIEVAL)]), A, B)
    (eer,) = [row for row in rows if row.measure == "EER"]
    assert eer.difference < 0  # A has fewer errors
    (ax,) = draw(rows).axes
    shown = {text.get_text() for text in ax.texts}
    assert f"{100 * eer.difference:+.1f}" in shown
    (dots,) = [each for each in ax.collections if len(each.get_offsets()) == len(rows)]
    assert dots.get_offsets()[rows.index(eer)][0] == pytest.approx(-100 * eer.difference)


def test_refusals_stay_what_they_were(tmp_path):
    one, two = models(SIGNATURES)
    other = two.model_copy(
        update={"task": two.task.model_copy(update={"episode_digest": "e" * 64})}
    )
    other = type(two).model_validate(other.model_dump(by_alias=True, exclude={"id"}))
    with pytest.raises(OneshotError, match="different episodes"):
        compare(save(tmp_path / "trials", [one, other]), A, B)
    with pytest.raises(OneshotError, match="no task in common"):
        compare(save(tmp_path / "tasks", [one, models(RETRIEVAL)[1]]), A, B)
    budget = pair_record(B, SIGNATURES, 1.0, 0, TRAINED | {"budget": "standard"})
    save(tmp_path / "budgets", [one, budget])
    with pytest.raises(Refused, match="--across budgets"):
        compare(tmp_path / "budgets", A, B)
    assert len(compare(tmp_path / "budgets", A, B, across=["budgets"])) == 1


def test_trials_that_nothing_labels_are_told(tmp_path):
    made = []
    for each in models(SIGNATURES):
        task = each.task.model_copy(update={"version": 7})  # whose pins nobody has
        content = each.model_copy(update={"task": task}).model_dump(by_alias=True, exclude={"id"})
        made.append(type(each).model_validate(content))
    with pytest.raises(OneshotError, match="nothing tells which trials"):
        compare(save(tmp_path, made), A, B)


def test_heads_on_the_same_networks_pair_seed_for_seed_and_fold_for_fold(tmp_path):
    def trained(made, shared):
        name = "shared" if shared else made.model.key
        weights = f"{name}-{made.seed}-{made.fold}".ljust(64, "0")
        told = made.provenance.model_copy(update={"weights": weights})
        return made.model_copy(update={"provenance": told})

    for shared in (True, False):
        made = [trained(r, shared) for r in models(FACES, seeds=2, folds=range(5))]
        (row,) = compare(save(tmp_path / str(shared), made), A, B)
        assert row.decisive.same_networks is shared
        assert ("‖" in text_of([row])) is shared


def test_findings_take_a_verification_and_a_retrieval(tmp_path):
    save(tmp_path, [*models(SIGNATURES), *models(RETRIEVAL)])
    made = updated(
        f"<!-- compare\n{SIGNATURES}: {A} - {B}\n{RETRIEVAL}: {A} - {B}\n-->\n<!-- end -->\n",
        tmp_path,
    )
    eer, search = ([cell.strip() for cell in line.strip("|").split("|")]
                   for line in made.splitlines() if "1 seed" in line)  # fmt: skip
    assert eer[0] == f"{SIGNATURES}, EER" and eer[6] == "" and float(eer[7]) > 0
    assert float(eer[5]) == pytest.approx(float(eer[3]) - float(eer[4]), abs=0.11)
    assert search[0] == f"{RETRIEVAL}, mAP@R" and 0 < float(search[6]) < float(search[7]) + 1


def test_records_of_other_queries_are_refused_by_name(tmp_path):
    *others, last = models(RETRIEVAL, seeds=2)
    content = last.model_dump(by_alias=True, exclude={"id"})
    content["outcome"]["matches"] = [18] + [19] * (last.task.episodes - 1)
    save(tmp_path, [*others, type(last).model_validate(content)])
    with pytest.raises(OneshotError, match=f"{RETRIEVAL} cannot be compared: .* different queries"):
        compare(tmp_path, A, B)
    write_leaderboard(tmp_path, figures=False)
