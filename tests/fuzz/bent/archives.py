"""Bent zips and tars: hostile names and kinds of members, then bytes, checksums mended or not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import warnings
import zipfile
from pathlib import Path
from random import Random

from benchmark.datasets.archives import Limits, read_members
from bent.mutate import TEXTS, flipped

LIMITS = Limits(members=50, member_bytes=1 << 20, total_bytes=8 << 20, free_bytes=2 << 20)
NAMES = ("a", "a/b.png", "a//b.png", "./a", "..", "../x", "a/../../x", "/x", "C:/x", "\\\\h\\x",
         "a\\..\\..\\x", "con", "a" * 300, "ä/日本", *TEXTS[1:6])  # fmt: skip
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
TYPES = (b"0", b"\0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"S", b"x", b"g", b"L", b"K", b"V")


def _content(random: Random) -> bytes:
    kind = random.randrange(12)
    if kind == 0:
        return bytes(random.choice((0, 1, 1 << 20, (1 << 20) + 1, 3 << 20)))
    return random.randbytes(random.randrange(600))


def _name(random: Random) -> str:
    name = random.choice(NAMES) if random.random() < 0.4 else f"c{random.randrange(9)}/x.png"
    return name.encode("utf-8", "replace").decode()


def bend_zip(random: Random) -> bytes:
    """A zip of a few members, often bent in its bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of duplicates
        for _ in range(random.randint(0, 5)):
            member = zipfile.ZipInfo(_name(random))
            member.compress_type = random.choice(METHODS) if random.random() < 0.3 else 8
            if random.random() < 0.2:
                member.create_system = 3
                member.external_attr = random.choice((0o120777, 0o020666, 0o100644, 0o10644)) << 16
            archive.writestr(member, _content(random))
        if random.random() < 0.1:
            archive.comment = random.randbytes(random.randrange(200))
    content = file.getvalue()
    if random.random() < 0.15:
        return content
    start = content.find(b"PK\1\2")
    if start >= 0 and random.random() < 0.7:  # the list of members alone, which readers believe
        return content[:start] + flipped(random, content[start:])
    return flipped(random, content)


def bend_tar(random: Random) -> bytes:
    """A tar, plain or packed; most bent headers get a sum that fits."""
    file = io.BytesIO()
    form = random.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT))
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for _ in range(random.randint(0, 4)):
            member, content = tarfile.TarInfo(_name(random)), _content(random)
            if random.random() < 0.25:
                member.type, member.linkname = random.choice(TYPES), _name(random)
            if random.random() < 0.1 and form == tarfile.PAX_FORMAT:
                keys = ("GNU.sparse.map", "GNU.sparse.size", "size", "path", "mtime", "uid")
                member.pax_headers = {random.choice(keys): random.choice(("0,1", "9" * 30, "-1"))}
            member.size = len(content)
            try:
                archive.addfile(member, io.BytesIO(content))
            except (ValueError, UnicodeError):  # a name that this form cannot hold
                continue
    bent = bytearray(file.getvalue())
    for _ in range(random.randint(0, 3)):
        start = 512 * random.randrange(max(1, len(bent) // 512))
        header = bytearray(flipped(random, bytes(bent[start : start + 512]), 3)[:512].ljust(512))
        if random.random() < 0.8:
            header[148:156] = b" " * 8
            header[148:156] = b"%06o\0 " % sum(header)
        bent[start : start + 512] = header
    packed = bytes(bent)
    pack = random.choice((None, None, None, gzip.compress, bz2.compress, lzma.compress))
    if pack is not None:
        packed = pack(packed)
        packed = flipped(random, packed) if random.random() < 0.5 else packed
    return packed if random.random() < 0.8 else flipped(random, packed)


def read(path: Path) -> int:
    """Bytes in all members, which are held to their limits."""
    total = sum(len(content) for _, content in read_members(path, limits=LIMITS))
    assert total <= LIMITS.total_bytes
    return total
