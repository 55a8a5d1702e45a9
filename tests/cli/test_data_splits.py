"""Splits, copies, imitations and marks on the command line, from the data to the record."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.datasets import catalogue
from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.api import evaluate
from benchmark.tasks import load_task, task
from benchmark.tasks.own import looking_in
from tests.datasets.own.conftest import picture

pytestmark = pytest.mark.training


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def goods(tmp_path, monkeypatch):
    """Twenty classes of eight images, five of them alone in another folder."""
    monkeypatch.setenv("ONESHOT_DATA", str(tmp_path / "data"))
    for c in range(20):
        for i in range(8):
            picture(tmp_path / f"goods/k{c:02d}/{i}.png", 100 * c + i, size=(10, 10))
            if c < 5:
                picture(tmp_path / f"five/k{c:02d}/{i}.png", 100 * c + i, size=(10, 10))
    return tmp_path


def add(name, path, *words, kind="folder"):
    return run("data", "add", name, path, "--kind", kind, "--side", 8, *words)


@pytest.mark.parametrize("words", [["--test-only"], ["--fractions", "0,0,1"]])
def test_all_classes_are_tested_and_nothing_is_trained(goods, words):
    added = add("all", goods / "goods", *words)
    assert "all-5w1s and all-20w1s" in added.stdout
    assert "all-verification (560 genuine, 10,000 different)" in added.stdout
    assert "oneshot run pixels-cosine --task all-5w1s" in added.stdout
    results = ["--results", goods / "results"]
    tasks = [f"--task=all-{ending}" for ending in ("20w1s", "verification", "retrieval")]
    assert "3 new records" in run("run", "pixels-cosine", *tasks, *results).stdout
    with pytest.raises(Refused, match=r"no training and no validation classes.*pixels-cosine"):
        evaluate("siamese-conv4-cosine-nt-xent", "all-5w1s")
    for name in ("all-5w1s@validation", "all-verification@validation", "all-retrieval@validation"):
        with pytest.raises(Refused, match="no validation split"):
            task(name)


def test_few_classes_say_what_to_type(goods):
    assert "Add --test-only" in add("five", goods / "five").stdout
    with pytest.raises(Refused, match="data add five PATH --kind KIND --test-only"):
        task("five-5w1s")
    added = add("goods", goods / "goods")
    assert "goods-4w1s" in added.stdout and "4 of 20 classes are tested; --test-only" in " ".join(
        added.stdout.split()
    )
    with pytest.raises(OneshotError, match="goods-4w1s, or add the data again with --test-only"):
        task("goods-5w1s")


def test_more_trials_are_another_version(goods):
    versions = []
    for words in ([], [], ["--trials", 100], ["--trials", 30000]):
        add("all", goods / "goods", "--test-only", *words)
        found = task("all-verification")
        versions.append((found.version, *(kind.trials for kind in found.kinds)))
    assert versions == [(1, 560, 10_000), (1, 560, 10_000), (2, 100, 100), (3, 560, 12_160)]


def test_one_copy_leaves_all_tasks_drawable(goods):
    add("goods", goods / "goods")
    with looking_in(None):
        tested = load_task("goods-4w1s").classes
    for name in (tested[0], tested[1]):
        image = (goods / "goods" / name / "0.png").read_bytes()
        (goods / "goods" / name / "1.png").write_bytes(image)
    added = add("goods", goods / "goods")
    assert "2 items are copies of another" in added.stdout
    assert f"{tested[0]}/1.png" in added.stdout and f"{tested[0]}/0.png" in added.stdout
    loaded = load_task("goods-4w1s")
    assert loaded.episodes.queries.shape[1] == 4 * 6, "seven of eight items differ"
    stored = loaded.data.stored[loaded.data.rows]
    for support, queries in zip(
        loaded.episodes.support[:200], loaded.episodes.queries, strict=False
    ):
        shown = [stored[item].tobytes() for item in (*support.ravel(), *queries)]
        assert len(set(shown)) == len(shown)
    assert task("goods-retrieval").episodes == len(load_task("goods-retrieval").episodes) == 30


def test_data_of_earlier_versions_name_the_class_of_copies(goods):
    from benchmark.datasets import store

    add("goods", goods / "goods", "--test-only")
    data = catalogue.load("goods", goods / "data")
    stored = np.array(data.stored)
    stored[1:8] = stored[0]
    from benchmark.datasets.data_set import whole

    old = whole("old", data.family, stored, data.labels, data.class_names, data.groups)
    store.save(old, goods / "data", own={"tasks": {}, "version": 1})
    with pytest.raises(OneshotError, match=r"class 'k00' has 1 of 8 items .*--on-bad skip"):
        load_task("old-5w1s")


@pytest.mark.parametrize("marks", ["folders", "both columns", "one column"])
def test_marked_queries_look_for_marked_gallery_items(goods, marks):
    rows = ["path,label,is_query,is_gallery"]
    for c in range(8):
        for i in range(5):
            role = "query" if i < 2 else "gallery"
            if marks == "folders":
                picture(goods / f"shop/{role}/p{c}/{i}.png", 100 * c + i)
            else:
                picture(goods / f"shop/{c}-{i}.png", 100 * c + i)
            rows.append(f"{c}-{i}.png,p{c},{i < 2},{i >= 2}")
    if marks == "one column":
        rows = [row.rpartition(",")[0] for row in rows]
    if marks != "folders":
        (goods / "shop/t.csv").write_text("\n".join(rows))
    source = goods / "shop" if marks == "folders" else goods / "shop/t.csv"
    added = add("shop", source, "--test-only", kind="folder" if marks == "folders" else "csv")
    assert "16 items query 24 of the gallery" in added.stdout
    loaded = load_task("shop-retrieval")
    assert len(loaded.episodes) == 16 and loaded.episodes.found.sum() == 24
    outcome = evaluate("pixels-cosine", "shop-retrieval").outcome
    assert outcome.matches == 3 and len(outcome.first) == 16
    # By hand: similarity of each query to the gallery alone.
    data = loaded.data
    flat = data.stored[data.rows].reshape(len(data), -1).astype(np.float64) / 255
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    asked = loaded.episodes
    gallery = asked.gallery[asked.found]
    for query, first, hits in zip(
        asked.gallery[asked.queries], outcome.first, outcome.hits, strict=True
    ):
        order = gallery[np.argsort(-(flat[gallery] @ flat[query]), kind="stable")]
        right = data.labels[order] == data.labels[query]
        assert first == 1 + int(np.argmax(right)) and hits == int(right[:3].sum())


@pytest.mark.parametrize("kind", ["vectors", "text"])
def test_a_column_keeps_its_rows_in_one_split(goods, kind):
    rows = ["a,label,shop" if kind == "vectors" else "text,label,shop"]
    for n in range(48):
        item = f"{(n * 37) % 101}.5" if kind == "vectors" else f"word {n}"
        rows.append(f"{item},c{n // 3:02d},s{n // 6}")
    (goods / "t.csv").write_text("\n".join(rows))
    added = add("t", goods / "t.csv", "--split-by", "shop", kind=kind)
    assert "none of its 8 values is in two splits" in added.stdout
    told = json.loads(run("data", "describe", "t", "--json").stdout)
    split = {name: part for name, part, _ in told["classes"]}
    assert all(split[f"c{n:02d}"] == split[f"c{n + 1:02d}"] for n in range(0, 16, 2))
    with pytest.raises(OneshotError, match="has no column 'mall'"):
        add("t", goods / "t.csv", "--split-by", "mall", kind=kind)


def test_the_split_of_every_class_is_shown(goods):
    add("goods", goods / "goods")
    told = json.loads(run("data", "describe", "goods", "--json").stdout)
    assert len(told["classes"]) == 20 and {items for _, _, items in told["classes"]} == {8}
    shown = run("data", "describe", "goods", "--classes").stdout
    for name, split, _ in told["classes"]:
        line = next(line for line in shown.splitlines() if line.startswith(f"{split}: "))
        assert name in line
    short = run("data", "describe", "goods").stdout
    assert "train: 12 classes, 96 items: " in short and " and 2 more" in short


def test_random_and_skilled_forgeries_are_shown_apart(goods):
    for w in range(12):
        for i in range(7):
            folder = f"w{w:03d}" + "_forged" * (i > 3)
            picture(goods / "sig" / folder / f"{i}.png", 100 * w + i)
    added = add("sig", goods / "sig", "--imitations", "_forged", "--test-only")
    assert "36 imitations of 12 classes" in added.stdout
    assert "sig-verification (72 genuine, 1,056 different, 144 skilled forgeries)" in added.stdout
    results = ["--results", goods / "results"]
    tasks = ["--task=sig-verification", "--task=sig-5w1s", "--task=sig-retrieval"]
    shown = run("run", "pixels-cosine", *tasks, *results).stdout
    assert "random" in shown and "skilled" in shown
    run("leaderboard", *results)
    table = (goods / "results/tables/sig-verification.tex").read_text("utf-8")
    assert "EER random & EER skilled" in table
    assert (goods / "results/tables/sig.tex").exists()
    forged = set(np.flatnonzero(catalogue.load("sig", goods / "data").groups["kind"].codes == 0))
    for name in ("sig-5w1s", "sig-retrieval"):
        assert not forged & set(load_task(name).episodes.items().tolist())
    page = run("about", "sig-verification", *results, "--markdown").stdout
    assert "144 skilled (an imitation of the class's own items)" in page
    assert "EER skilled" in page and "nothing: there is no validation split" in page


@pytest.mark.parametrize("name", ["goods-4w1s", "goods-2w3s-dirichlet", "goods-retrieval"])
def test_own_tasks_have_a_page(goods, name):
    add("goods", goods / "goods")
    page = run("about", name, "--results", goods / "results", "--markdown").stdout
    assert f"# {name}" in page and "oneshot run MODEL --task" in page


def test_a_folder_of_parts_never_doubles_its_classes(goods, capsys):
    for part, first in (("Train", 0), ("TEST", 4)):
        for c in range(12):
            for i in range(first, first + 4):
                picture(goods / f"shop/{part}/kind{c:02d}/{i}.png", 100 * c + i)
    with pytest.raises(OneshotError, match="'kind00' is in train and in test.*--merge-parts"):
        add("shop", goods / "shop")
    merged = add("shop", goods / "shop", "--merge-parts")
    assert "shop: 96 items in 12 classes" in merged.stdout
    assert "12 of 12 classes were in several" in merged.stdout


def test_a_refused_model_does_not_stop_the_others_that_were_typed(goods):
    add("all", goods / "five", "--test-only")
    words = ("--task", "all-2w1s", "--results", goods / "results", "--episodes", 20)
    models = ["siamese-conv4-cosine-nt-xent", "pixels-cosine"]
    planned = run("plan", *models, *words)
    assert planned.exit_code == 2 and planned.stdout.startswith("pixels-cosine")
    done = run("run", *models, *words)
    assert done.exit_code == 2
    assert "1 new record" in done.stdout
    assert f"refused  {models[0]} on all: {models[0]} is trained" in done.stdout
    again = run("run", *reversed(models), *words, "--dry-run")
    assert again.exit_code == 2 and "0 of 1 records are missing" in again.stdout
    assert run("run", "pixels-cosine", *words).exit_code == 0
