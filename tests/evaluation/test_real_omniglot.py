"""On the real Omniglot: published errors of models without training, and one that trains."""

import pytest

import benchmark


def error(record):
    correct = record.outcome.correct
    return 100 - 100 * sum(correct) / (record.outcome.of * len(correct))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("model", "percent"),
    [("modified-hausdorff", 38.75), ("pixels-euclidean", 81.0), ("pixels-cosine", 78.25)],
)
def test_lake_s_runs_give_the_known_errors(model, percent, real_store):
    """Upstream states 38.8 for the modified Hausdorff distance; 105x105 pixels, ink = 1."""
    record = benchmark.evaluate(model, "omniglot-lake-20w1s", data=real_store, device="cpu")
    assert error(record) == percent


@pytest.mark.realdata
@pytest.mark.slow
def test_a_quick_training_is_far_above_chance(real_store):
    record = benchmark.evaluate(
        "prototypical-conv4", "omniglot-within-20w1s", data=real_store, device="cpu"
    )
    assert error(record) < 40, "chance is 95"
