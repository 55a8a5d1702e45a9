"""Which files of a folder count as images; whatever is left out is counted by ending and folder."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, features

from benchmark.datasets import prepare
from benchmark.datasets.own import folders
from benchmark.datasets.own.bad import Bad
from benchmark.datasets.own.folders import walk
from benchmark.datasets.own.options import Options
from benchmark.datasets.own.reading import Reading
from benchmark.errors import OneshotError
from tests.datasets.own.conftest import picture

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80)


def looked(root):
    bad, reading = Bad(), Reading()
    found = sorted(walk(root, bad, reading))
    left = {(each.name, each.reason, each.count, each.hint) for each in reading.left_out}
    return found, left, reading, bad.items


@pytest.mark.parametrize(
    "form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "QOI", "ICO", "JPEG2000"]
)
@pytest.mark.parametrize("name", ["photo", "photo.HEIC", "photo.txt", "IMG.2024"])
def test_images_count_by_their_first_bytes(tree, form, name):
    file = io.BytesIO()
    try:
        Image.open(tree / "b/e/cam0_4.png").save(file, form)
    except (OSError, KeyError):
        pytest.skip(f"Pillow writes no {form}")
    (tree / "b/e" / name).write_bytes(file.getvalue())
    found, left, reading, bad = looked(tree)
    assert f"b/e/{name}" in found and len(found) == 25 and not left and not bad
    assert list(reading.understood.values()) == ["1 image by the first bytes"]
    assert prepare.bring("x", tree, tree.parent / "d", "folder", options=Options(side=8)).verified


def test_what_is_left_out_is_counted_by_ending(tree):
    for n, folder in enumerate(sorted(tree.glob("*/*"))):
        (folder / f"{n}.mov").write_bytes(b"\0\0\0\x14ftypqt  ")
        (folder / "notes").write_text("no image")
        (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
        (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
        (folder / "._cam0_4.png").write_bytes(b"\0\5\x16\7")
        (folder / "draft.psd").write_bytes(b"8BPS")
    (tree / "b/e/page").write_bytes(b"<html><body>Sign in</body></html>")
    found, left, _, bad = looked(tree)
    assert len(found) == 24 and not bad
    system = "kept by the system beside files"
    assert {each[:3] for each in left} == {
        (".mov", "not an image", 8), ("without an ending", "not an image", 8),
        ("Thumbs.db", system, 8), (".DS_Store", system, 8), ("._*", system, 8),
        (".psd", "not an image", 8),
        ("without an ending", "is a web page (HTML), saved in place of the download", 1),
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "@eaDir",
        ".thumbnails",
        "__pycache__",
        "__MACOSX",
        ".ipynb_checkpoints",
        "#recycle",
        "_thumbs",
        "Thumbnails_",
    ],
)
def test_folders_that_programs_keep_are_skipped_and_counted(tree, name):
    for folder in ("a/b", "a/c", "."):
        picture(tree / folder / name / "IMG_1.png" / "THUMB_S.png", 3)
    found, left, _, bad = looked(tree)
    assert len(found) == 24 and not bad
    assert left == {(f"in folders '{name}'", "skipped", 3, "")}


def test_heic_is_counted_with_what_to_install(tree, monkeypatch):
    monkeypatch.setattr(folders, "_readable", lambda package: False)
    for folder in sorted(tree.glob("*/*"))[:3]:
        (folder / "IMG_0001.HEIC").write_bytes(HEIC)
        (folder / "IMG_0002").write_bytes(HEIC.replace(b"heic", b"avif"))
    found, left, _, _ = looked(tree)
    assert len(found) == 24
    assert {(name, count, hint) for name, _, count, hint in left} == {
        (".heic", 3, "type: pip install pillow-heif"),
        ("without an ending", 3, 'type: pip install "pillow>=11.3"'),
    }
    (tree / "only").mkdir()
    (tree / "only/IMG_1.heic").write_bytes(HEIC)
    (tree / "a/b/IMG_9.jpg").write_bytes(HEIC)  # as some phones name them
    with pytest.raises(OneshotError) as error:
        prepare.bring("x", tree, tree.parent / "d", "folder", options=Options(side=8))
    for says in ("folder 'only': holds no image that can be read", "pip install pillow-heif",
                 "a/b/IMG_9.jpg: is HEIC"):  # fmt: skip
        assert says in str(error.value)


def test_heic_and_avif_are_read_where_they_can_be(tree):
    values = np.full((24, 24, 3), 90, np.uint8)
    count = 24
    if features.check("avif"):
        Image.fromarray(values).save(tree / "b/e/x", "AVIF")
        count += 1
    try:
        import pillow_heif
    except ImportError:
        pass
    else:
        pillow_heif.register_heif_opener()
        Image.fromarray(values).save(tree / "b/e/y.HEIC", "HEIF")
        count += 1
    assert len(looked(tree)[0]) == count
    brought = prepare.bring("x", tree, tree.parent / "d", "folder", options=Options(side=8))
    assert brought.verified.items == count


def test_documents_are_no_images(tree):
    for name in ("x.pdf", "x.eps", "x.h5", "x.mpg"):
        (tree / "a/b" / name).write_bytes(b"%PDF-1.7")
    found, left, _, bad = looked(tree)
    assert len(found) == 24 and not bad and len(left) == 4
