"""A web page, a server's error or a pointer saved in place of a file is recognised."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmark.errors import OneshotError
from benchmark.files import named_substitute, refuse_substitute

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
)
def test_other_files_are_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert named_substitute(path) is None and named_substitute(content) is None
    refuse_substitute(path)
    assert named_substitute(tmp_path / "missing") is None and named_substitute(tmp_path) is None
