"""What a twin says of two images is what the verification protocol says of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import benchmark
from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.evaluation.weights import commit
from benchmark.protocols.verification.task import validation_pairs
from benchmark.records import store
from benchmark.tasks.loading import load_task
from benchmark.tasks.tracks import track as find_track
from benchmark.twin.find import Asked, _recorded
from benchmark.twin.twin import Twin, load_twin
from tests.twin.conftest import KEY, SETTINGS, Training

Writer = Callable[..., Path]
PIXELS = {"track": "glyphs", "device": "cpu"}


def test_pictures_of_trials_get_the_log_odds_of_the_record(
    training: Training, twin: Twin, png: Writer
) -> None:
    task = load_task("glyphs-verification")
    trials = np.r_[0:40, 5_000:5_040, 10_000:10_040]  # of each kind
    a = [png(task.data, int(item)) for item in task.episodes.references[trials, 0]]
    b = [png(task.data, int(item)) for item in task.episodes.probes[trials]]
    told = np.asarray(training.record.outcome.thousandths)[trials]
    odds = twin.calibration.log_odds(twin.similarity(a, b))
    assert np.abs(1000 * odds - told).max() <= 1
    assert np.allclose(twin.probability(a, b), 1 / (1 + np.exp(-told / 1000)), atol=1e-3)
    clear = np.abs(told) > 1
    assert (twin.same(a, b) == (told > 0))[clear].all()
    assert 0 < twin.same(a, b).sum() < len(trials)
    threshold = twin.calibration.threshold
    assert ((twin.similarity(a, b) > threshold) == twin.same(a, b))[clear].all()


def test_one_is_compared_with_each_and_lists_pair_by_pair(
    twin: Twin, letters: DataSet, png: Writer
) -> None:
    some = [png(letters, item) for item in (0, 25, 50, 75)]
    one = twin.similarity(some[0], some)
    assert one.shape == (4,) and np.allclose(one[0], 1, atol=1e-6)
    assert np.allclose(one, twin.similarity([some[0]] * 4, some), atol=1e-6)
    assert np.allclose(one[1:], twin.similarity(some[1:], some[0]), atol=1e-6)
    rows = twin.embed(some)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert np.allclose(unit @ unit[0], one, atol=1e-5)
    assert np.allclose(twin.embed(letters.take(np.array([0, 25, 50, 75]))), rows, atol=1e-5)
    with pytest.raises(OneshotError, match="4 images cannot be compared with 3"):
        twin.similarity(some, some[:3])


def test_the_calibration_is_kept_beside_the_weights(training: Training, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(training.work, work)
    for old in work.rglob("calibration-*.json"):
        old.unlink()
    twin = training.load(work=work)
    made = twin.calibration
    (path,) = work.rglob("calibration-*.json")
    assert path.parent == twin.found.folder and (path.parent / "weights.safetensors").is_file()
    assert (made.task, made.trials) == ("glyphs-verification@validation", 6_000)
    told = json.loads(path.read_text())
    told["calibration"]["slope"] *= 2
    path.write_text(json.dumps(told))
    assert training.load(work=work).calibration.slope == 2 * made.slope  # it was read
    told["identity"] = "of other weights"
    path.write_text(json.dumps(told))
    assert training.load(work=work).calibration == made  # it was not believed
    path.write_text("{")
    assert training.load(work=work).calibration == made


def test_a_recipe_of_the_results_is_found_with_its_settings(training: Training) -> None:
    name = f"{KEY}--{training.record.model.recipe8}"
    twin = training.load(name, settings=None)
    assert twin.found.weights == training.record.provenance.weights and not twin.found.notes
    assert twin.calibration == training.load().calibration
    for words, message in (
        ({"seed": 1}, "--seed with one of 0"),
        ({"track": "omniglot-background"}, "on 'omniglot-background'"),
        ({"settings": {"width": 1}}, "takes no settings"),
    ):
        with pytest.raises(OneshotError, match=message):
            training.load(name, **({"settings": None} | words))
    with pytest.raises(OneshotError, match="no record of x--00000000"):
        training.load("x--00000000", settings=None)


def test_weights_beside_the_records_do_where_none_are_kept(
    training: Training, tmp_path: Path
) -> None:
    results, work = tmp_path / "results", tmp_path / "work"
    shutil.copytree(training.results, results)
    with pytest.raises(OneshotError, match="no trained weights"):
        training.load(results=results, work=work)
    commit(results, next(training.work.rglob("weights.safetensors")).read_bytes())
    for name, settings in ((KEY, SETTINGS), (f"{KEY}--{training.record.model.recipe8}", None)):
        twin = training.load(name, settings=settings, results=results, work=work)
        assert twin.found.weights == training.record.provenance.weights
        assert twin.found.folder is None and not twin.found.notes
        assert twin.calibration == training.load().calibration


def test_weights_of_another_training_are_told(training: Training, tmp_path: Path) -> None:
    record = training.record
    other = record.provenance.model_copy(update={"weights": "0" * 64})
    store.write(tmp_path, record.model_copy(update={"provenance": other}))
    twin = training.load(f"{KEY}--{record.model.recipe8}", settings=None, results=tmp_path)
    assert "another training of the recipe" in twin.found.notes[0]


def test_what_is_not_trained_is_told_how_to_train(training: Training) -> None:
    with pytest.raises(OneshotError) as caught:
        training.load(seed=3)
    assert "no trained weights" in caught.value.message and "1 training is" in caught.value.message
    command = f"oneshot run {KEY} --task glyphs-20w1s@validation --seeds 3 --set width=0.125"
    assert command in caught.value.hint
    with pytest.raises(OneshotError, match="--budget standard --set width"):
        training.load(settings={"width": 0.125}, budget="standard")
    with pytest.raises(OneshotError, match="Did you mean"):
        training.load("siamese-conv4-cosine-nt-xnet")


def test_two_trainings_that_fit_must_be_told_apart(training: Training, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(training.work, work)
    benchmark.evaluate(
        KEY, "glyphs-to-omniglot-within-20w1s@validation", settings=SETTINGS, work=work,
        device="cpu",
    )  # fmt: skip
    validated = validation_pairs(find_track("glyphs-to-omniglot"), find_track)[0]
    assert validated.name == "glyphs-verification@validation"  # the same validation split
    with pytest.raises(OneshotError, match="Say which: --track glyphs"):
        training.load(work=work)
    assert training.load(work=work, track="glyphs-to-omniglot").form.track == "glyphs-to-omniglot"


def test_a_final_fit_is_calibrated_by_what_validation_chose(tmp_path: Path) -> None:
    chosen = {"width": 0.125, "items": 256, "input_size": 28}
    final = chosen | {"final_fit": True}
    task = "glyphs-5w1s"
    benchmark.evaluate("prototypical-conv4", task, settings=final, work=tmp_path, device="cpu")
    first = load_twin("prototypical-conv4", settings=chosen, work=tmp_path, device="cpu")
    last = load_twin("prototypical-conv4", settings=final, work=tmp_path, device="cpu")
    assert last.found.weights != first.found.weights and last.found.chosen is not last.found.model
    assert (last.calibration.slope, last.calibration.offset) == (
        first.calibration.slope, first.calibration.offset,
    )  # fmt: skip


def test_fixed_models_and_files_of_ones_own_compare_too(
    letters: DataSet, png: Writer, tmp_path: Path
) -> None:
    a, b, c = (png(letters, item) for item in (0, 1, 150))
    (tmp_path / "mine.py").write_text(
        "class Mine:\n    distance = 'cosine'\n    embed = lambda self, x: x.flatten(1)\n"
    )
    fixed = load_twin("pixels-cosine", work=tmp_path, **PIXELS)
    mine = load_twin(f"{tmp_path}/mine.py:Mine", work=tmp_path, **PIXELS)
    assert np.allclose(mine.similarity(a, [b, c]), fixed.similarity(a, [b, c]), atol=1e-6)
    assert mine.probability(a, a) > 0.9
    hausdorff = load_twin("modified-hausdorff", work=tmp_path, **PIXELS)
    both = hausdorff.similarity([a, a, b], [b, c, c])
    assert both[0] > both[1] and both[0] == hausdorff.similarity(a, b)[0]
    with pytest.raises(Refused, match="without embedding"):
        hausdorff.embed(a)


@pytest.mark.parametrize(
    ("run", "words", "error", "message"),
    [
        ("chance", {}, Refused, "only classifies whole episodes"),
        ("pixels-cosine", {"track": "glifs"}, UnknownName, "Did you mean glyphs"),
        ("ngrams-cosine", {"track": "languages"}, Refused, "--track NAME"),
        ("pixels-cosine", {"fit": "sqeeze"}, UnknownName, "pad, crop, stretch"),
        ("pixels-cosine", {"track": "mini-imagenet", "ask": True}, OneshotError, "data add"),
        ("onnx:no/such.onnx", {}, OneshotError, "There is no file no/such.onnx"),
    ],
)
def test_what_is_said_of_wrong_wishes(
    run: str, words: dict, error: type[Exception], message: str, tmp_path: Path
) -> None:
    image = Image.new("L", (9, 9))
    with pytest.raises(error, match=message):
        ask = words.pop("ask", False)
        twin = load_twin(run, work=tmp_path, **words)
        if ask:  # similarities need no data, probabilities do
            assert twin.similarity(image, image) is not None
            twin.probability(image, image)


def test_records_of_folds_name_the_first() -> None:
    """A fixed model's records of faces, one a fold, beside those of other tracks."""
    results = Path(__file__).parents[2] / "results"
    jobs, weights = _recorded("pixels-cosine--d90bf567", Asked("orl-faces", results=results))
    assert [(job.track.name, job.track.fold, job.seed) for job in jobs] == [("orl-faces", 0, 0)]
    assert weights == {"orl-faces": None}
