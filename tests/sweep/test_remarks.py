"""What is said of trainings before they begin: only of those whose recipes follow the data."""

from dataclasses import replace

import pytest

from benchmark.evaluation.job import RunSpec, build
from benchmark.protocols import SplitSize
from benchmark.registry import resolve
from benchmark.sweep.plan import make
from benchmark.sweep.remarks import defaults_of, training_line
from benchmark.sweep.suite import RunGrid
from benchmark.tasks import track

MINE = replace(track("glyphs"), name="mine", side=84, size=SplitSize(18, 90, 5))


def line(model, where=MINE, **settings):
    recipe = build(RunSpec(resolve(model, settings), where, 0, "quick", ()))[1]
    return training_line(model, where, recipe)


def test_size_batch_and_length_are_said():
    said = line("siamese-conv4-cosine-nt-xent")
    for part in ("90 items in 18 classes", "84 pixels (stored at 84)", "18 classes x 2 items",
                 "6,000 items", "learning rate 0.001"):  # fmt: skip
        assert part in said
    assert "crops" not in said  # characters are not cropped
    assert "40 pixels (stored at 84)" in line("siamese-conv4-cosine-nt-xent", input_size=40)


@pytest.mark.parametrize(
    ("family", "channels", "side", "model", "part"),
    [
        ("photograph", 3, 60, "siamese-conv4-cosine-nt-xent", "crops of 85 % or more"),
        ("text", 1, 433, "siamese-char-cnn-cosine-nt-xent", "96 letters of a text (the longest"),
        ("vector", 6, 1, "siamese-mlp-cosine-nt-xent", "to learn from): batches of 18 classes x 2"),
        ("photograph", 3, 60, "prototypical-conv4", "18 classes with 1 + 2 items (support=1)"),
    ],
)  # fmt: skip
def test_each_kind_of_data_is_described_in_its_own_terms(family, channels, side, model, part):
    where = replace(MINE, family=family, channels=channels, side=side)
    assert part in line(model, where)


def test_pinned_tracks_and_untrained_models_need_no_remark(tmp_path):
    assert line("siamese-conv4-cosine-nt-xent", track("glyphs")) is None
    assert line("pixels-cosine") is None
    plan = make([RunGrid("prototypical-mlp", ("glyphs-5w1s",), (0,), "quick")], tmp_path)
    assert defaults_of(plan.planned) == []
    (job,) = plan.planned
    said = defaults_of([replace(job, job=replace(job.job, track=MINE)) for _ in range(2)])
    assert len(said) == 1 and said[0].endswith("for glyphs-5w1s.")  # each recipe once
