"""A folder is embedded once and ranked; what cannot be read is named."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.errors import OneshotError, UnknownName
from benchmark.twin import search
from benchmark.twin.hits import draw
from benchmark.twin.search import Hit, gallery
from benchmark.twin.twin import Twin, load_twin
from benchmark.twin.wording import likely


def test_hits_are_ranked_as_pairs_are(twin: Twin, folder: Path) -> None:
    told: list[tuple[str, int, int]] = []
    images = gallery(twin, folder, report=lambda *each: told.append(each))
    assert told == [("embedding the images", 60, 60)] and len(images.names) == 60
    query = folder / "3" / "0.png"
    hits = images.search(query)
    assert len(hits) == 59 and "3/0.png" not in [hit.name for hit in hits]  # no hit is the query
    pairs = twin.similarity(query, [folder / hit.name for hit in hits])
    assert np.allclose([hit.similarity for hit in hits], pairs, atol=1e-5)
    assert [hit.rank for hit in hits] == list(range(1, 60))
    assert (np.diff([hit.similarity for hit in hits]) <= 0).all()
    assert [hit.same for hit in hits] == [hit.probability > 0.5 for hit in hits]
    assert {hit.same for hit in hits} == {True, False}
    top = images.search(Image.open(query), top=3)  # the same picture, but not that file
    assert [hit.name for hit in top] == ["3/0.png", *(hit.name for hit in hits[:2])]


def test_blocks_do_not_change_the_ranking(
    twin: Twin, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gallery(twin, folder).search(folder / "3" / "0.png", 5)
    monkeypatch.setattr(search, "BLOCK", 7)
    parts = gallery(twin, folder).search(folder / "3" / "0.png", 5)
    assert [hit.name for hit in parts] == [hit.name for hit in whole]


def test_a_model_that_sees_both_images_searches_too(folder: Path, tmp_path: Path) -> None:
    twin = load_twin("modified-hausdorff", track="glyphs", work=tmp_path / "work", device="cpu")
    hits = gallery(twin, folder).search(folder / "3" / "0.png", 5)
    pairs = twin.similarity(folder / "3" / "0.png", [folder / hit.name for hit in hits])
    assert [hit.similarity for hit in hits] == pairs.tolist() == sorted(pairs, reverse=True)


def test_bad_files_are_named_and_left_out_or_end_the_work(twin: Twin, folder: Path) -> None:
    (folder / "3" / "broken.png").write_bytes(b"nothing")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("no image, and none is meant")
    images = gallery(twin, folder)
    assert len(images.names) == 60
    assert images.notes == (
        "left out 3/broken.png: is no image that can be read",
        "left out empty.jpg: is empty",
    )
    with pytest.raises(OneshotError, match="2 bad items: 3/broken.png.*--on-bad skip"):
        gallery(twin, folder, on_bad="fail")
    with pytest.raises(UnknownName, match="on-bad"):
        gallery(twin, folder, on_bad="ignore")  # type: ignore[arg-type]


def test_what_is_said_of_folders_without_images(twin: Twin, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OneshotError, match="There is no folder"):
        gallery(twin, tmp_path / "none")
    (tmp_path / "bare").mkdir()
    with pytest.raises(OneshotError, match="There is no image under"):
        gallery(twin, tmp_path / "bare")
    (tmp_path / "bare" / "a.png").write_bytes(b"nothing")
    with pytest.raises(OneshotError, match="None of the 1 images"):
        gallery(twin, tmp_path / "bare")
    (tmp_path / "bare" / "b.png").write_bytes((folder / "0" / "0.png").read_bytes())
    with pytest.raises(OneshotError, match="no image but the query"):
        gallery(twin, tmp_path / "bare").search(tmp_path / "bare" / "b.png")


def test_without_the_data_to_calibrate_on_the_ranking_stays(folder: Path, tmp_path: Path) -> None:
    twin = load_twin("pixels-cosine", track="orl-faces", work=tmp_path, device="cpu")
    (hit,) = gallery(twin, folder).search(folder / "3" / "0.png", 1)
    assert (hit.probability, hit.same) == (None, None)


def test_the_drawing_shows_every_hit_and_its_decision(folder: Path) -> None:
    names = ["3/1.png", "3/2.png", "4/0.png", "5/0.png", "6/0.png", "7/0.png"]
    hits = [Hit(n + 1, name, 1 - n / 9, 0.9, True) for n, name in enumerate(names)]
    pictures = [
        Image.open(io.BytesIO(draw(folder / "3" / "0.png", folder, some)))
        for some in (hits[:5], hits, [Hit(**hit.__dict__ | {"same": False}) for hit in hits])
    ]
    one, two, other = (np.asarray(picture.convert("RGB")).astype(int) for picture in pictures)
    assert one.shape[1] == two.shape[1] and two.shape[0] > 1.7 * one.shape[0]  # a second row
    blue = [((image[..., 2] - image[..., 0]) > 120).sum() for image in (one, two, other)]
    assert blue[1] > 1.15 * blue[0] > 0 and blue[2] == 0  # frames of those taken for the same
    assert (one < 60).all(axis=2).sum() > 3_000  # ink
    again = draw(folder / "3" / "0.png", folder, hits[:5])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(again)).convert("RGB")), one)


def test_nobody_is_quite_sure() -> None:
    told = [likely(p) for p in (0.0, 0.004, 0.5, 0.983, 0.995, 1.0)]
    assert told == ["< 0.1 %", "0.4 %", "50 %", "98 %", "99.5 %", "> 99.9 %"]


def test_a_drawing_shows_wide_images_whole(folder: Path) -> None:
    wide = Image.new("RGB", (200, 50), (200, 0, 0))
    wide.paste((0, 0, 200), (100, 0, 200, 50))
    drawn = Image.open(io.BytesIO(draw(wide, folder, [Hit(1, "3/1.png", 0.5, None, None)])))
    pixels = np.asarray(drawn.convert("RGB")).astype(int)
    red, blue = ((pixels[..., c] > 150) & (pixels[..., 1] < 60) for c in (0, 2))
    assert red.sum() == pytest.approx(blue.sum(), rel=0.15)  # both halves, one beside the other
    assert np.ptp(np.flatnonzero(red.any(axis=0))) / np.ptp(np.flatnonzero(red.any(axis=1))) > 1.5
    with pytest.raises(OneshotError, match="can no longer be read"):
        draw(wide, folder, [Hit(1, "3/none.png", 0.5, None, None)])
