"""Files of others: what is saved in place of a file is recognised, and only files are opened."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmark.datasets import prepare, unpickle
from benchmark.datasets.archives import read_members
from benchmark.datasets.own import npz
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError
from benchmark.files import named_substitute, open_regular, refuse_substitute

PAGES = [
    b"<!DOCTYPE html><html><head><title>Virus scan warning</title></head></html>",
    b"\xef\xbb\xbf\r\n  <!doctype HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>\n<html>",
    b"<html lang='en'><body>Sign in</body></html>",
    b"<!-- saved from url=(0014)about:internet -->\n<HTML>",
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC "x"><html>',
    "<!DOCTYPE html><html>".encode("utf-16"),
]
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4cac1962\nsize 84977953\n"
OLD_LFS = b"version https://hawser.github.com/spec/v1\noid sha256:4cac1962\nsize 849\n"
ANNEX = b"/annex/objects/SHA256E-s1024--4cac.pt\n"
S3 = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("page.html", PAGES[0])
    return out.getvalue()


def saved(save: object, *arguments: object) -> bytes:
    out = io.BytesIO()
    save(*(out if each is ... else each for each in arguments))  # type: ignore[operator]
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "command"),
    [
        *((page, "web page (HTML)", "download") for page in PAGES),
        (S3, "server's error message", "download"),
        (LFS, "git-lfs pointer", "git lfs pull"),
        (OLD_LFS, "git-lfs pointer", "git lfs pull"),
        (ANNEX, "git-annex pointer", "git annex get"),
    ],
)
def test_a_substitute_is_named_with_its_remedy(
    content: bytes, name: str, command: str, tmp_path: Path
) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    found = named_substitute(path)
    assert found is not None and found == named_substitute(content)
    assert name in found[0] and command in found[1]
    for head in (None, content):
        with pytest.raises(OneshotError) as raised:
            refuse_substitute(path, head)
        assert str(raised.value) == f"{path} {found[0]} {found[1]}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b,label\n1,2,<html>\n",
        b"text\n<!DOCTYPE html>\n",
        b"<annotation><object/></annotation>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<htmlish,label\n",
        b"version,date\n1,2\n",
        gzip.compress(PAGES[0]),
        zipped(),
        pickle.dumps({"html": "<html>"}),
        saved(torch.save, {"w": torch.ones(2)}, ...),
        saved(np.save, ..., np.ones(2)),
        saved(Image.new("L", (4, 4)).save, ..., "PNG"),
    ],
    ids=[f"content{number}" for number in range(13)],
)
def test_other_files_are_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert named_substitute(path) is None and named_substitute(content) is None
    refuse_substitute(path)
    assert named_substitute(tmp_path / "missing") is None and named_substitute(tmp_path) is None


@pytest.fixture(params=["pipe", "device", "link to a device", "folder", "socket"])
def special(request, tmp_path):
    """Something in a file's place that must not be read."""
    path = tmp_path / "x"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "folder":
        path.mkdir()
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    elif request.param == "device":
        path = Path("/dev/zero")
    else:
        path.symlink_to("/dev/zero")
    return path


def test_only_regular_files_are_opened(special):
    with pytest.raises(OneshotError, match="is a folder|is not a regular file"):
        open_regular(special, 1 << 20)


def test_size_is_limited_before_reading(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OneshotError, match="sparse takes 1 TiB .*at most 4 GiB are read"):
        open_regular(path, 4 << 30)
    with pytest.raises(OneshotError, match="There is no file"):
        open_regular(tmp_path / "absent", 1)
    with pytest.raises(OneshotError, match="Cannot read"):
        open_regular(tmp_path / "a\0b", 1)
    path.write_bytes(b"content")
    with open_regular(path, 7) as file:
        assert file.read() == b"content"


READERS = {
    "vectors.csv": "vectors", "vectors.parquet": "vectors", "vectors.npz": "vectors",
    "texts.csv": "text", "paths.csv": "csv", "pairs.csv": "pairs", "omniglot.zip": "archive",
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("what", ["page", "pointer", "pipe"])
def test_every_reader_of_data_names_what_is_no_data(tmp_path, name, what):
    path = tmp_path / name
    if what == "pipe":
        os.mkfifo(path)
        says = "not a regular file"
    elif what == "page":
        path.write_bytes(PAGES[0])
        says = "is a web page"
    else:
        path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:4c\n")
        says = "is a git-lfs pointer"
    with pytest.raises(OneshotError, match=says):
        if READERS[name] == "archive":
            list(read_members(path))
        else:
            prepare.bring("mine", path, tmp_path / "data", READERS[name], options=Options())


def test_pickles_and_members_of_archives_are_looked_at_too(tmp_path):
    page = b"<html><body>Not found</body></html>"
    (tmp_path / "x.pkl").write_bytes(page)
    with pytest.raises(OneshotError, match="x.pkl is a web page"):
        unpickle.load(tmp_path / "x.pkl", 1 << 20)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/1.png", page)
    with pytest.raises(OneshotError, match="'a/1.png' in .*x.zip is a web page"):
        list(read_members(tmp_path / "x.zip"))


def test_a_list_of_members_is_read_within_its_ration(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        for n in range(5_000):
            archive.writestr(f"{n:0500d}.npy", b"")
    with pytest.raises(OneshotError, match="more than it may"):
        npz.read(tmp_path / "x.npz", lambda names: names)
