"""Embedding in low precision: an option that the recipe names and that moves few decisions."""

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.embedding_store import embedding_store_of
from benchmark.evaluation.embeddings import embed, pixels_for, scaled
from benchmark.evaluation.episodes import answer
from benchmark.evaluation.inference_config import InferenceConfig, recorded, split
from benchmark.evaluation.training import training_key
from benchmark.protocols import TrackInfo
from benchmark.registry import recipe_of, resolve
from benchmark.tasks.loading import load_task
from benchmark.tasks.tracks import GLYPHS as TRACK

pytestmark = pytest.mark.training

GLYPHS = TrackInfo("glyphs", "character", 1, 105)
KEY = "untrained-conv4"


@pytest.fixture(scope="module")
def task():
    return load_task("glyphs-5w1s@validation")


def built(**settings):
    spec = resolve(KEY, settings)
    model = spec.build(0, GLYPHS, "quick").eval()
    return model, recipe_of(model, spec, "quick")


def test_the_recipe_names_it_and_the_model_never_sees_it():
    (_, usual), (_, low) = built(), built(dtype="bfloat16")
    assert usual["dtype"] == "float32"
    assert low == usual | {"dtype": "bfloat16"}


def test_one_training_serves_every_dtype():
    keys = {
        training_key(TRACK, "0" * 64, {"items": 1, "dtype": dtype}, 0, ("glyphs-5w1s", 4))
        for dtype in ("float32", "bfloat16")
    }
    assert len(keys) == 1


def test_few_decisions_change(task):
    model, recipe = built()
    _, low = built(dtype="bfloat16")
    episodes = 200
    items = task.episodes.first(episodes).items()
    counts, rows = [], []
    for each in (recipe, low):
        bank = embedding_store_of(model, each, "cpu")
        counts.append(answer(model, task, episodes=episodes, bank=bank).correct)
        rows.append(bank.vectors(task.data, "validation", items))
    assert all(each.dtype == torch.float32 for each in rows)
    error = (rows[0] - rows[1]).abs().max() / rows[0].abs().max()
    assert 1e-4 < error < 0.05  # eight bits of mantissa, through four layers
    assert np.abs(counts[0] - counts[1]).sum() <= 0.01 * episodes * task.task.queries


def test_embeddings_in_low_precision_are_the_autocast_network(task):
    model, _ = built()
    data = task.data.take(np.arange(40))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        plain = model.embed(scaled(pixels_for(model, data), "cpu"))
    low = embed(model, data, dtype="bfloat16", quick=False)
    assert torch.equal(low, plain) and not torch.equal(low, embed(model, data, quick=False))


def test_low_precision_is_folded_too(task, monkeypatch):
    model, _ = built()
    seen = []
    own = model.embed
    monkeypatch.setattr(
        model,
        "embed",
        lambda images: (
            seen.append((type(model.backbone.layers[1]), torch.is_autocast_enabled("cpu"))),
            own(images),
        )[1],
    )
    embed(model, task.data.take(np.arange(40)), dtype="bfloat16")
    assert seen[0] == (nn.BatchNorm2d, False)  # both forms are compared in float32
    assert seen[1] == (nn.Identity, False)
    assert seen[2] == (nn.Identity, True)


def test_a_dtype_that_makes_no_sense_is_refused():
    with pytest.raises(OneshotError, match="dtype=int8 is not one of float32, bfloat16, float16"):
        split({"dtype": "int8"})
    with pytest.raises(Refused, match="Only a model that embeds"):
        recorded(InferenceConfig(dtype="bfloat16"), object())
