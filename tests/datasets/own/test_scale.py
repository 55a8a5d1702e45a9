"""One scale of values for a whole data set: floats, 10 to 16 bits, and what cannot be decided."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from benchmark.datasets import catalogue, prepare
from benchmark.datasets.own.decode import Picture, Trouble, pixels
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError

tifffile = pytest.importorskip("tifffile")
SIDE = 8


def patterns() -> np.ndarray:
    """Float [24, 8, 8] in [0, 1]: three images of eight classes, black and white in the first."""
    random = np.random.Generator(np.random.Philox(4))
    values = random.random((24, SIDE, SIDE)).round(3)
    values[0, 0, :2] = 0, 1
    return values


def folder(root, values, ending="tif", **save):
    """A class-per-folder tree of the images [24, 8, 8]."""
    for n, image in enumerate(values):
        path = root / f"c{n // 3}" / f"{n:02d}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if ending == "tif":
            tifffile.imwrite(path, image, **save)
        else:
            Image.fromarray(image).save(path, **save)
    return root


def bring(root, directory, kind="folder", **options):
    options = Options(**{"side": SIDE, "fit": "stretch"} | options)
    brought = prepare.bring("mine", root, directory, kind, options=options)
    return catalogue.load("mine", directory).stored[:, 0], brought.reading


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_floats_in_the_unit_interval_become_all_grey_values(tmp_path, dtype):
    values = patterns().astype(dtype)
    stored, reading = bring(folder(tmp_path / "x", values), tmp_path / "data")
    expected = np.rint(values.astype(np.float32) * 255)
    assert np.array_equal(stored, expected)
    assert "hold 0 to 1: taken as [0, 1], times 255" in reading.understood["values"]
    alone = pixels(Picture(tmp_path / "x/c0/00.tif", "0"), 1, Options(side=SIDE, fit="stretch"))
    assert np.array_equal(alone[0], expected[0])


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
@pytest.mark.parametrize("form", ["tif", "tif big-endian", "tif int32", "tif packed", "png"])
def test_whole_numbers_use_the_bits_of_the_data_set_as_a_whole(tmp_path, bits, form):
    values = (patterns() * ((1 << bits) - 1)).astype(np.int32 if "int32" in form else np.uint16)
    save = (
        {"byteorder": ">"} if "big" in form else {"compression": "zlib"} if "packed" in form else {}
    )
    stored, reading = bring(folder(tmp_path / "x", values, form[:3], **save), tmp_path / "data")
    assert np.array_equal(stored, values >> (bits - 8))
    assert f"read as {bits} bits, 0 to {(1 << bits) - 1:,}" in reading.understood["values"]


def test_dark_images_of_few_bits_keep_their_order(tmp_path):
    values = (1350 + 80 * patterns()).astype(np.uint16)  # a twelfth of what 12 bits could hold
    stored, reading = bring(folder(tmp_path / "x", values), tmp_path / "data")
    assert len(np.unique(stored)) >= 8 and "read as 11 bits" in reading.understood["values"]
    stored, reading = bring(tmp_path / "x", tmp_path / "data", value_range=(1350, 1430))
    assert len(np.unique(stored)) > 60 and "by --range" in reading.understood["values"]


def test_values_of_eight_bits_stay_in_any_type(tmp_path):
    grey = (patterns() * 255).astype(np.uint8)
    for dtype in (np.uint8, np.uint16, np.int32, np.float32, np.float64):
        root = folder(tmp_path / np.dtype(dtype).name, grey.astype(dtype))
        assert np.array_equal(bring(root, tmp_path / "data")[0], grey), dtype


def test_a_format_that_declares_its_depth_is_believed(tmp_path):
    values = (patterns() * 1000).astype(np.uint16)  # of 4,095 that the header declares
    for n, image in enumerate(values):
        path = tmp_path / "x" / f"c{n // 3}" / f"{n:02d}.pgm"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"P5 8 8 4095\n" + image.astype(">u2").tobytes())
    stored, _ = bring(tmp_path / "x", tmp_path / "data")
    assert abs(stored.astype(int) - (values >> 4)).max() <= 1


MIXED = {
    "negative floats": (lambda v: v.astype(np.float32) - 0.5, "hold -0.5 to 0.5, negative values"),
    "negative numbers": (lambda v: (v * 300).astype(np.int16) - 100, "hold -100 to 200, negative"),
    "floats beyond one": (
        lambda v: (v * 1.7).astype(np.float32),
        r"hold 0 to 1.7, which is neither",
    ),
    "large floats": (lambda v: (v * 4095).astype(np.float32), "hold 0 to 4095, which is neither"),
}


@pytest.mark.parametrize(("change", "says"), MIXED.values(), ids=MIXED)
def test_what_cannot_be_decided_is_refused_with_the_values_seen(tmp_path, change, says):
    values = change(patterns())
    folder(tmp_path / "x", values)
    with pytest.raises(OneshotError, match=rf"{says}.*--range LOW,HIGH") as error:
        bring(tmp_path / "x", tmp_path / "data")
    assert len(str(error.value)) < 400
    low, high = float(values.min()), float(values.max())
    stored, _ = bring(tmp_path / "x", tmp_path / "data", value_range=(low, high))
    assert stored.min() == 0 and stored.max() == 255


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        (np.float32(1), np.float32(255)), (np.float32(1), np.uint8(255)),
        (np.float32(1), np.uint16(4095)), (np.uint16(4095), np.uint8(255)),
    ],
)  # fmt: skip
def test_mixed_scales_are_refused(tmp_path, first, rest):
    values = patterns()
    folder(
        tmp_path / "x",
        values.astype(rest.dtype) if rest == 1 else (values * rest).astype(rest.dtype),
    )
    tifffile.imwrite(tmp_path / "x/c1/03.tif", (values[3] * first).astype(first.dtype))
    with pytest.raises(OneshotError, match="scales are mixed"):
        bring(tmp_path / "x", tmp_path / "data")


def test_full_depth_beside_eight_bits_is_no_mixture(tmp_path):
    values = patterns()
    folder(tmp_path / "x", (values * 255).astype(np.uint8))
    tifffile.imwrite(tmp_path / "x/c1/03.tif", (values[3] * 65535).astype(np.uint16))
    stored, reading = bring(tmp_path / "x", tmp_path / "data")
    assert np.array_equal(stored[3], (values[3] * 65535).astype(np.uint16) >> 8)
    assert "23 others hold 8 bits and stay as they are" in reading.understood["values"]


def test_missing_values_make_a_bad_image(tmp_path):
    values = patterns().astype(np.float32)
    values[4, 2, 2] = np.nan
    folder(tmp_path / "x", values)
    with pytest.raises(
        OneshotError, match="^1 bad item: c1/04.tif: is damaged .*missing or infinite"
    ):
        bring(tmp_path / "x", tmp_path / "data")


def test_colour_of_few_bits_is_refused(tmp_path):
    values = np.repeat((patterns() * 4095).astype(np.uint16)[..., None], 3, axis=3)
    folder(tmp_path / "x", values, photometric="rgb")
    with pytest.raises(OneshotError, match="24 images of 16-bit colour stay below 4,096 of 65,536"):
        bring(tmp_path / "x", tmp_path / "data")
    folder(tmp_path / "x", values * 16, photometric="rgb")
    assert bring(tmp_path / "x", tmp_path / "data")[0].max() == 255


def test_a_range_without_effect_is_refused(tmp_path):
    folder(tmp_path / "x", (patterns() * 255).astype(np.uint8), "png")
    with pytest.raises(OneshotError, match="--range is about images of floats"):
        bring(tmp_path / "x", tmp_path / "data", value_range=(0, 1))
    with pytest.raises(OneshotError, match="--range 2,1 must be two numbers"):
        bring(tmp_path / "x", tmp_path / "data", value_range=(2, 1))


def test_what_is_nearly_black_deserves_a_look(tmp_path):
    values = (patterns() * 4000).astype(np.uint16)
    values[7] //= 16
    _, reading = bring(folder(tmp_path / "x", values), tmp_path / "data")
    assert (
        "1 of 24 images stay in the lowest quarter of the scale, first c2/07.tif"
        in reading.remarks[0]
    )
    _, reading = bring(
        folder(tmp_path / "y", (patterns() > 0.5).astype(np.uint8)), tmp_path / "data"
    )
    assert reading.remarks == [
        "the brightest value of all images is 1 of 255: they are nearly black"
    ]


def test_images_of_pairs_share_a_scale_too(tmp_path):
    random = np.random.Generator(np.random.Philox(4))
    rows = ["input1,input2,label"]
    for n in range(160):
        values = (1000 + 400 * random.random((SIDE, SIDE))).astype(np.uint16)
        tifffile.imwrite(tmp_path / f"{n}.tif", values)
    rows += [f"{2 * n}.tif,{2 * n + 1}.tif,1" for n in range(80)]
    rows += [f"{2 * n}.tif,{2 * (n ^ 1)}.tif,0" for n in range(0, 80, 2)]
    (tmp_path / "p.csv").write_text("\n".join(rows))
    stored, reading = bring(tmp_path / "p.csv", tmp_path / "data", "pairs")
    assert "read as 11 bits" in reading.understood["values"] and len(np.unique(stored)) > 30


def test_a_web_page_in_place_of_an_image_is_named(tmp_path):
    for name, content, says in (
        ("page.jpg", b"<!DOCTYPE html><html></html>", r"is a web page \(HTML\)"),
        ("pointer.png", b"version https://git-lfs.github.com/spec/v1\noid", "is a git-lfs pointer"),
    ):
        (tmp_path / name).write_bytes(content)
        found = pixels(Picture(tmp_path / name, name), 3, Options())
        assert isinstance(found, Trouble) and says.replace("\\", "") in found.reason


@pytest.mark.parametrize("form", ["WEBP", "ICO"])
def test_sizes_are_read_before_formats_that_decode_on_opening(tmp_path, monkeypatch, form):
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, form)
    path = tmp_path / "x.png"
    path.write_bytes(file.getvalue())
    assert not isinstance(pixels(Picture(path, "x"), 3, Options()), Trouble)
    content = bytearray(file.getvalue())
    if form == "WEBP":
        at = content.index(b"VP8 ") + 14
        content[at : at + 4] = (0x3FFF).to_bytes(2, "little") * 2
    else:
        at = content.index(b"IHDR") + 4
        content[at : at + 8] = (30_000).to_bytes(4) * 2
    path.write_bytes(content)
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    found = pixels(Picture(path, "x"), 3, Options())
    assert isinstance(found, Trouble) and "pixels; not decoded" in found.reason
