"""Embeddings kept on disk: found again by another process, and by nobody whom they do not fit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.fixed.untrained import Untrained
from benchmark.evaluation import embedding_cache
from benchmark.evaluation.embedding_cache import embedding_cache_of, weights_digest
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.protocols import TrackInfo
from benchmark.tasks.loading import load_task

ROOT = Path(__file__).parents[2]
KEY, RECIPE = "untrained-conv4", {"views": 1, "dtype": "float32", "shots": "prototype"}


def net(seed=0):
    return Untrained(seed, TrackInfo("glyphs", "character", 1, 56), width=0.25)


@pytest.fixture(scope="module")
def task():
    return load_task("glyphs-5w1s@validation")


class Asked:
    """A network of the suite that counts what it embeds."""

    def __init__(self, monkeypatch, seed=0):
        self.model = net(seed)
        self.count = 0
        embed = self.model.embed

        def counting(images):
            self.count += len(images)
            return embed(images)

        monkeypatch.setattr(self.model, "embed", counting)


@pytest.fixture
def asked(monkeypatch):
    return lambda seed=0: Asked(monkeypatch, seed)


def vectors(one, task, folder, items, recipe=RECIPE, **more):
    kept = embedding_cache_of(one.model, KEY, recipe, "cpu", folder)
    bank = EmbeddingStore(one.model, "cpu", recipe["views"], recipe["dtype"], kept, **more)
    return bank.vectors(task.data, "validation", items)


def files(folder):
    return sorted(folder.rglob("*.safetensors"))


def test_what_is_kept_is_not_embedded_again(asked, task, tmp_path):
    items = task.episodes.first(20).items()
    first, again, plain = asked(), asked(), asked()
    made = vectors(first, task, tmp_path, items)
    found = vectors(again, task, tmp_path, items[::-1].copy())
    assert first.count >= len(items) and again.count == 0
    assert torch.equal(found.flip(0), made)
    assert torch.equal(vectors(plain, task, None, items), made) and len(files(tmp_path)) == 1


def test_only_what_is_missing_is_embedded_and_added(asked, task, tmp_path):
    few, many = task.episodes.first(5).items(), task.episodes.first(20).items()
    one, two, three = asked(), asked(), asked()
    vectors(one, task, tmp_path, few)
    some = vectors(two, task, tmp_path, many)
    assert len(many) - len(few) <= two.count < len(many) + 20, "two small batches look for a form"
    assert len(files(tmp_path)) == 2
    assert torch.equal(vectors(three, task, tmp_path, many), some) and three.count == 0
    assert torch.equal(some, vectors(asked(), task, None, many))


def test_other_weights_recipes_and_data_are_another_thing(asked, task, tmp_path):
    items = task.episodes.first(5).items()
    vectors(asked(), task, tmp_path, items)
    changed = asked()
    with torch.no_grad():
        next(changed.model.parameters()).add_(1e-3)
    buffer = asked()
    next(buffer.model.buffers()).add_(1e-3)
    other = replace(task, data=replace(task.data, digest="0" * 64))
    for one, asks, recipe in (
        (asked(seed=1), task, RECIPE),
        (changed, task, RECIPE),
        (buffer, task, RECIPE),
        (asked(), other, RECIPE),
        (asked(), task, RECIPE | {"views": 2}),
        (asked(), task, RECIPE | {"dtype": "bfloat16"}),
    ):
        vectors(one, asks, tmp_path, items, recipe)
        assert one.count >= len(items)
    folders = {path.parent for path in files(tmp_path)}
    assert len(folders) == 7 == len(files(tmp_path))
    heads = asked()
    vectors(heads, task, tmp_path, items, RECIPE | {"shots": "nearest", "final_fit": True})
    assert heads.count == 0, "how several supports are compared leaves embeddings as they are"


@pytest.mark.parametrize("what", ["code_digest", "device_name", "torch"])
def test_another_suite_device_or_torch_is_another_thing(what, asked, task, tmp_path, monkeypatch):
    items = task.episodes.first(5).items()
    vectors(asked(), task, tmp_path, items)
    if what == "torch":
        monkeypatch.setattr(torch, "__version__", "0.0")
    else:
        monkeypatch.setattr(embedding_cache, what, lambda *_: "another")
    one = asked()
    vectors(one, task, tmp_path, items)
    assert one.count >= len(items) and len(files(tmp_path)) == 2


def test_turned_items_are_not_taken_for_upright_ones(asked, task, tmp_path):
    items = task.episodes.first(5).items()
    upright = vectors(asked(), task, tmp_path, items)
    turned = replace(
        task, data=replace(task.data, turns=np.ones(len(task.data), dtype=np.uint8))
    )  # fmt: skip
    one = asked()
    found = vectors(one, turned, tmp_path, items)
    assert one.count >= len(items) and not torch.equal(found, upright)
    assert torch.equal(vectors(asked(), turned, None, items), found)


@pytest.mark.parametrize("how", ["bent", "short", "empty", "foreign", "text"])
def test_a_file_that_cannot_be_trusted_is_set_aside(how, asked, task, tmp_path, caplog):
    items = task.episodes.first(5).items()
    made = vectors(asked(), task, tmp_path, items)
    (path,) = files(tmp_path)
    content = bytearray(path.read_bytes())
    if how == "bent":
        content[-3] ^= 1
    elif how == "short":
        content = content[:-100]
    elif how == "empty":
        content = bytearray()
    elif how == "text":
        content = bytearray(b"no tensors")
    else:  # whole, and of another model: moved here by somebody
        vectors(asked(seed=1), task, tmp_path, items)
        (other,) = [each for each in files(tmp_path) if each != path]
        path.unlink()
        path = other.rename(path.parent / other.name)
        content = bytearray(path.read_bytes())
    path.write_bytes(content)
    one = asked()
    assert torch.equal(vectors(one, task, tmp_path, items), made)
    assert one.count >= len(items) and "cannot be trusted" in caplog.text
    assert path.with_name(path.name + ".broken").is_file()
    two = asked()
    assert torch.equal(vectors(two, task, tmp_path, items), made) and two.count == 0


def test_a_folder_that_cannot_be_written_is_no_failure(asked, task, tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    items = task.episodes.first(5).items()
    found = vectors(asked(), task, blocked, items)
    assert torch.equal(found, vectors(asked(), task, None, items))
    assert caplog.text.count("Embeddings are not kept") == 1


def test_code_of_others_is_not_vouched_for(tmp_path):
    class Mine(torch.nn.Module):
        def embed(self, images):
            return images.flatten(1)

    class Inside(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.part = Mine()

    Inside.__module__ = "baselines.fixed.untrained"
    Inside.embed = Mine.embed
    for model in (Mine(), Inside()):
        assert embedding_cache_of(model, "mine", RECIPE, "cpu", tmp_path) is None
    assert embedding_cache_of(net(), KEY, RECIPE, "cpu", None) is None
    assert embedding_cache_of(object(), KEY, RECIPE, "cpu", tmp_path) is None


def test_the_digest_covers_every_tensor_and_its_name():
    one, two = net(), net()
    assert weights_digest(one) == weights_digest(two) != weights_digest(net(1))
    next(two.buffers()).add_(1)
    assert weights_digest(one) != weights_digest(two)


COUNT = """
import sys
from benchmark.evaluation import embedding_store
asked, embed = [], embedding_store.embed
def counting(model, data, *more):
    asked.append(len(data))
    return embed(model, data, *more)
embedding_store.embed = counting
from benchmark.cli.app import app
try: app(args=sys.argv[1:], prog_name='oneshot')
except SystemExit as end: assert not end.code, end.code
print('embedded', sum(asked))
"""


def embedded(*words, **environment):
    done = subprocess.run(
        [sys.executable, "-c", COUNT, *words],
        capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def outcome(results):
    (path,) = results.rglob("seed-0.json")
    told = json.loads(path.read_text())
    return told["id"], told["outcome"], told["validation"]


def test_another_process_embeds_nothing_and_writes_the_same_record(tmp_path):
    words = ["run", "pixels-euclidean", "--task", "glyphs-verification", "--seeds", "0"]
    plain, made, found = (tmp_path / name for name in ("plain", "made", "found"))
    keep = tmp_path / "keep"
    count = embedded(*words, "--results", str(plain))
    assert not keep.exists(), "nothing is kept unless it is asked for"
    assert embedded(*words, "--results", str(made), "--embeddings", str(keep)) == count > 0
    assert embedded(*words, "--results", str(found), ONESHOT_EMBEDDINGS=str(keep)) == 0
    assert outcome(plain) == outcome(made) == outcome(found)
