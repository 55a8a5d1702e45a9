"""Images and NPZ files that declare more than they hold, and formats that start programs."""

from __future__ import annotations

import io
import re
import threading
import tracemalloc
import zipfile

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmark.cli.app import app
from benchmark.datasets.own import decode, npz
from benchmark.datasets.own.decode import Picture, Trouble, has_colour, pixels
from benchmark.datasets.own.options import Options
from benchmark.datasets.resample import resample
from benchmark.datasets.square import fitted, pad
from benchmark.errors import OneshotError

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run showpage\n"


def test_postscript_is_no_image(tmp_path, monkeypatch):
    path = tmp_path / "x.png"  # whatever it is called
    path.write_bytes(POSTSCRIPT)
    assert Image.open(path).format == "EPS"  # so Pillow would have taken it
    monkeypatch.setattr("subprocess.check_call", lambda *_, **__: pytest.fail("it was run"))
    for found in (has_colour(Picture(path, "x")), pixels(Picture(path, "x"), 3, Options())):
        assert isinstance(found, Trouble) and "no image" in found.reason


@pytest.mark.parametrize("size", [(40_000, 3), (3, 40_000)])
@pytest.mark.parametrize("ending", ["png", "gif", "tiff"])
def test_long_and_narrow_images_take_no_more_than_they_hold(tmp_path, size, ending):
    path = tmp_path / f"x.{ending}"
    Image.new("L", size, 200).save(path)
    tracemalloc.start()
    found = pixels(Picture(path, "x"), 3, Options(side=32))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not isinstance(found, Trouble) and (found == 200).all()
    assert most < 128 << 20  # a square of 40,000 pixels a side would take 1.6 GB for each channel


@pytest.mark.parametrize("channels", [1, 3])
def test_padding_without_the_square_is_padding(channels):
    random = np.random.Generator(np.random.Philox(3))
    for _ in range(60):
        height, width = random.integers(1, 90, 2)
        image = random.integers(0, 256, (channels, height, width), dtype=np.uint8)
        for side in (8, 21, int(max(height, width))):
            assert np.array_equal(fitted(image, side, "pad"), resample(pad(image)[None], side)[0])


def test_images_beyond_every_camera_are_not_decoded(tmp_path):
    path = tmp_path / "x.png"
    Image.new("1", (70_000, 1)).save(path)
    for found in (has_colour(Picture(path, "x")), pixels(Picture(path, "x"), 1, Options())):
        assert isinstance(found, Trouble) and "declares 70000x1 pixels" in found.reason


def test_large_images_are_decoded_one_at_a_time(tmp_path, monkeypatch):
    at_once, most, lock = 0, 0, threading.Lock()
    monkeypatch.setattr(decode, "MEMORY", decode.Budget(1_000))  # bytes

    def counted(image, channels, scale):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        threading.Event().wait(0.02)
        with lock:
            at_once -= 1
        return np.zeros((channels, *image.size[::-1]), np.uint8)

    monkeypatch.setattr(decode, "planes", counted)
    pictures = []
    for number in range(6):
        path = tmp_path / f"{number}.png"
        Image.new("L", (20, 20)).save(path)
        pictures.append(Picture(path, path.name))
    _, troubles = decode.decode(pictures, 1, Options(side=8, workers=4), tmp_path, None)
    assert not troubles and most == 1


def archive(path, arrays=(), method=zipfile.ZIP_DEFLATED, **raw):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, array in dict(arrays).items():
            plain = io.BytesIO()
            np.save(plain, array, allow_pickle=True)
            file.writestr(f"{name}.npy", plain.getvalue())
        for name, content in raw.items():
            file.writestr(f"{name}.npy", content)
    return path


def header(shape: str, dtype: str = "<f8") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def test_arrays_come_back_as_numpy_reads_them(tmp_path):
    arrays = {
        "x": np.asfortranarray(np.arange(12.0).reshape(4, 3)), "y": np.array(["a", "ä", "b", "b"]),
        "z": np.zeros((0, 3), np.int8), "s": np.array(7, ">i4"),
    }  # fmt: skip
    found = npz.read(archive(tmp_path / "x.npz", arrays), lambda names: names)
    for name, array in arrays.items():
        assert np.array_equal(found[name], array) and found[name].dtype == array.dtype


@pytest.mark.parametrize(
    "content",
    [
        header("(1000000000000,)"), header("(10, 10)") + bytes(8), header("(-1, 8)") + bytes(8),
        header("(1,)", "|O") + bytes(8), header("(1,)", "<c16") + bytes(16), header("(1,)")[:40],
        header("(1,)").replace(b"\x01\x00", b"\x09\x00", 1) + bytes(8), b"", b"no array",
        header("(" * 60), header("(1,)", "V8") + bytes(8), header("(1,)") + bytes(16),
    ],
)  # fmt: skip
def test_headers_that_lie_are_one_clear_line(tmp_path, content):
    with pytest.raises(OneshotError, match="no NPZ file of plain arrays"):
        npz.read(archive(tmp_path / "x.npz", x=content), lambda names: names)


def test_objects_are_never_unpickled(tmp_path):
    path = archive(tmp_path / "x.npz", {"x": np.array([{}, 1], dtype=object)})
    with pytest.raises(OneshotError, match="not numbers or texts"):
        npz.read(path, lambda names: names)


def test_bombs_are_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "FREE_BYTES", 1 << 20)
    path = archive(tmp_path / "x.npz", {"x": np.zeros(1 << 20)})
    with pytest.raises(OneshotError, match="unpacks to more than"):
        npz.read(path, lambda names: names)
    path = archive(tmp_path / "y.npz", {"x": np.zeros(9)}, zipfile.ZIP_LZMA)
    with pytest.raises(OneshotError, match="another method"):
        npz.read(path, lambda names: names)


BROKEN_NPZ = {
    "truncated": "no NPZ file of plain arrays",
    "wrong sum": "no NPZ file of plain arrays",
    "huge shape": "no NPZ file of plain arrays",
    "negative shape": "no NPZ file of plain arrays",
    "objects": "not numbers or texts",
    "no archive": "x.npz",
    "member missing": "x.npz",
    "empty": "x.npz",
}


def broken(path, kind):
    """An NPZ file of vectors and labels that is damaged in one way."""
    sound = {"x": np.arange(24.0).reshape(12, 2), "label": np.repeat(list("abcdef"), 2)}
    if kind == "objects":
        return archive(path, sound | {"x": np.array([{}] * 12, dtype=object)})
    if kind == "member missing":
        return archive(path, {"label": sound["label"]})
    if kind in ("huge shape", "negative shape"):
        shape = "(1000000000000, 2)" if kind == "huge shape" else "(-12, 2)"
        labels = {"label": sound["label"]}
        return archive(path, labels, x=header(shape) + sound["x"].tobytes())
    archive(path, sound, zipfile.ZIP_STORED)
    content = path.read_bytes()
    if kind == "truncated":
        content = content[: len(content) // 2]
    elif kind == "wrong sum":
        at = content.index(sound["x"].tobytes())
        content = content[: at + 9] + bytes([content[at + 9] ^ 1]) + content[at + 10 :]
    else:
        content = b"PK, but no archive" if kind == "no archive" else b""
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", BROKEN_NPZ)
@pytest.mark.parametrize("read", ["vectors", "items of pairs"])
def test_damaged_npz_files_end_in_one_line(tmp_path, kind, read):
    path = broken(tmp_path / "x.npz", kind)
    words = ["data", "add", "mine", str(path), "--kind", "vectors"]
    if read == "items of pairs":
        rows = "".join(f"{2 * n},{2 * n + 1},1\n{2 * n},{(2 * n + 3) % 12},0\n" for n in range(6))
        (tmp_path / "pairs.csv").write_text("left,right,same\n" + rows)
        words[3:] = [str(tmp_path / "pairs.csv"), "--kind", "pairs", "--items", str(path)]
    says = one_line(words, tmp_path)
    assert re.search(BROKEN_NPZ[kind], says), says


def one_line(words, folder):
    """What `oneshot` says of an input that it refuses."""
    done = CliRunner().invoke(app, [*words, "--data", str(folder / "data")])
    assert isinstance(done.exception, OneshotError), done.exception
    assert done.exception.code == 2
    return str(done.exception)


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("csv", "path,label\na\0.png,c\n"), ("csv", "path\0,label\na.png,c\n"),
        ("pairs", "left,right,same\na\0.png,b.png,1\n"), ("text", "text,label\n\0,c\n"),
        ("vectors", "label,x\nc,\0\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_nul_in_a_table_ends_in_one_line(tmp_path, kind, table, encoding):
    path = tmp_path / "x.csv"
    path.write_bytes(table.encode(encoding))
    assert "U+0000" in one_line(["data", "add", "mine", str(path), "--kind", kind], tmp_path)


@pytest.mark.parametrize("damage", ["length", "footer", "cut", "bits"])
def test_parquet_whose_metadata_lie_ends_in_one_line(tmp_path, damage):
    pytest.importorskip("pyarrow")
    import pandas

    path = tmp_path / "x.parquet"
    pandas.DataFrame({"label": list("aabbcc"), "x": range(6), "y": range(6)}).to_parquet(path)
    content = bytearray(path.read_bytes())
    if damage == "length":
        content[-8:-4] = (2**31 - 1).to_bytes(4, "little")
    elif damage == "footer":
        content[-60:-20] = b"\xff" * 40
    elif damage == "cut":
        del content[10:60]
    else:
        size = int.from_bytes(content[-8:-4], "little")
        for at in range(len(content) - 8 - size, len(content) - 8, 3):
            content[at] ^= 0x80
    path.write_bytes(content)
    says = one_line(["data", "add", "mine", str(path), "--kind", "vectors"], tmp_path)
    assert "x.parquet" in says
