"""`oneshot compare-images`, `search` and `export` as a person meets them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmark.cli.app import main

pytestmark = pytest.mark.training

PIXELS = ("--model", "pixels-cosine", "--device", "cpu")


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three rings and three crosses in a folder of the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        for name in ("ring", "cross"):
            image = Image.new("RGB", (200, 200), "white")
            pen, shift = ImageDraw.Draw(image), 2 * number
            if name == "ring":
                pen.ellipse((50 + shift, 50, 150 + shift, 150), outline="black", width=12)
            else:
                pen.line((50 + shift, 50, 150 + shift, 150), fill="black", width=12)
                pen.line((50 + shift, 150, 150 + shift, 50), fill="black", width=12)
            image.save(tmp_path / "pictures" / f"{name}{number}.png")
    return tmp_path


@pytest.fixture
def oneshot(monkeypatch, capsys):
    """Runs the command line: exit code, standard output, standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["oneshot", *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as leaving:
            code = leaving.code or 0
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_two_images_are_compared(oneshot, pictures):
    a, same, other = (f"pictures/{name}.png" for name in ("ring0", "ring1", "cross0"))
    code, out, _ = oneshot("compare-images", a, same, *PIXELS)
    assert code == 0
    for words in ("similarity   0.", "% that both are of one class", "decision     same",
                  "calibrated on 6,000 pairs of glyphs-verification@validation"):  # fmt: skip
        assert words in out
    near, far = (
        json.loads(oneshot("compare-images", a, b, *PIXELS, "--json")[1]) for b in (same, other)
    )
    assert near["similarity"] > far["similarity"] and near["probability"] > far["probability"]
    for told in (near, far):
        assert told["same"] == (told["similarity"] > told["threshold"])
        assert told["track"] == "glyphs"


def test_a_folder_is_searched_and_drawn(oneshot, pictures):
    (pictures / "pictures" / "broken.png").write_bytes(b"nothing")
    words = ("search", "pictures/ring0.png", "pictures", *PIXELS)
    code, out, err = oneshot(*words, "--top", "3", "--draw", "hits.png")
    assert code == 0 and "left out broken.png: is no image" in err and "wrote hits.png" in out
    rows = [line.split() for line in out.splitlines() if line.endswith(".png") and "%" in line]
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert [row[-1] for row in rows][:2] == ["ring1.png", "ring2.png"]
    assert np.asarray(Image.open("hits.png").convert("L")).min() < 60
    hits = json.loads(oneshot(*words, "--json")[1])
    assert [hit["name"] for hit in hits][:2] == ["ring1.png", "ring2.png"] and len(hits) == 5


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_an_exported_file_is_used_by_name(oneshot, pictures):
    code, out, _ = oneshot("export", *PIXELS[:2], "--format", "torchscript", "--out", "net.pt")
    assert code == 0 and "1e-04 is allowed" in out and "--model torchscript:net.pt" in out
    pair = ("compare-images", "pictures/ring0.png", "pictures/cross1.png", "--json")
    own = json.loads(oneshot(*pair, *PIXELS)[1])
    held = json.loads(oneshot(*pair, "--model", "torchscript:net.pt", "--device", "cpu")[1])
    assert held["same"] == own["same"]
    assert held["probability"] == pytest.approx(own["probability"], abs=1e-3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["compare-images", "A", "none.png", *PIXELS], "none.png is not there"),
        (["compare-images", "A", "pictures", *PIXELS], "pictures is a folder"),
        (["compare-images", "A", "A", "--model", "pixles-cosine"], "Did you mean pixels-cosine"),
        (["compare-images", "A", "A", "--model", "chance"], "no similarity of two items"),
        (["compare-images", "A", "A", *PIXELS, "--track", "mini-imagenet"], "oneshot data add"),
        (["compare-images", "A", "A", *PIXELS, "--fit", "bend"], "pad, crop, stretch"),
        (["compare-images", "A", "A", "--model", "prototypical-conv4"], "Train them: oneshot run"),
        (["compare-images", "A", "A", "--model", "onnx:"], "Type: onnx:PATH"),
        (["search", "A", "nowhere", *PIXELS], "There is no folder nowhere"),
        (["search", "none.png", "pictures", *PIXELS], "none.png is not there"),
        (["search", "A", "pictures", *PIXELS, "--draw", "hits.gif"], "Type: --draw hits.png"),
        (["search", "A", "pictures", *PIXELS, "--on-bad", "maybe"], "--on-bad"),
        (["export", *PIXELS, "--format", "onx"], "Did you mean onnx"),
        (["export", "--model", "chance", "--format", "onnx"], "no similarity"),
    ],
)
def test_one_clear_line_for_what_cannot_be_done(words, says, oneshot, pictures):
    code, out, err = oneshot(*("pictures/ring0.png" if word == "A" else word for word in words))
    assert code == 2 and not out
    (line,) = [line for line in err.splitlines() if line.startswith("oneshot:")]
    assert says in line
