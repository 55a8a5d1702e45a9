"""The reader of archives gives the same from every form, and refuses what could do harm."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import warnings
import zipfile
import zlib

import pytest

from benchmark.datasets.archives import Limits, is_archive, open_image, read_members
from benchmark.errors import OneshotError

CONTENT = {"a/one.txt": b"1", "a/two.txt": b"22", "three.bin": b""}
SMALL = Limits(members=10, member_bytes=1000, total_bytes=5000)


def write_zip(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of duplicates
        for name, content in members:
            archive.writestr(name, content)
    return path


def write_tar(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write(path, kind, members):
    if kind == "zip":
        return write_zip(path / "x.zip", members)
    return write_tar(path / f"x.{kind}", members, "w" if kind == "tar" else f"w:{kind[4:]}")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_every_kind_of_archive_reads_alike(tmp_path, kind):
    path = write(tmp_path, kind, CONTENT.items())
    assert is_archive(path)
    assert dict(read_members(path)) == CONTENT
    assert dict(read_members(path, lambda name: name.startswith("a/"))) == {
        "a/one.txt": b"1",
        "a/two.txt": b"22",
    }


def test_a_folder_reads_like_an_archive(tmp_path):
    for name, content in CONTENT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert dict(read_members(tmp_path)) == CONTENT


def test_a_tar_that_ends_in_a_zip_is_read_as_a_tar(tmp_path):
    inner = write_zip(tmp_path / "inner.zip", [("x", b"y")]).read_bytes()
    path = write_tar(tmp_path / "outer.tar", [("inner.zip", inner)])
    assert dict(read_members(path)) == {"inner.zip": inner}


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize(
    "name", ["/etc/x", "../x", "a/../../x", "C:/x", "C:x", "..\\x", "\\\\host\\x"]
)
def test_members_outside_of_the_archive_are_refused(tmp_path, kind, name):
    path = write(tmp_path, kind, [(name, b"x")])
    with pytest.raises(OneshotError, match="outside of itself"):
        list(read_members(path))


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("second", ["a/x", "./a//x", "a\\x"])
def test_duplicate_members_are_refused(tmp_path, kind, second):
    path = write(tmp_path, kind, [("a/x", b"1"), (second, b"2")])
    with pytest.raises(OneshotError, match="'a/x' twice"):
        list(read_members(path))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    member = tarfile.TarInfo("link")
    member.type, member.linkname = kind, "/etc/passwd"
    path = write_tar(tmp_path / "x.tar", [(member, b"")])
    with pytest.raises(OneshotError, match="link or no plain file"):
        list(read_members(path))


def test_sparse_members_are_refused(tmp_path):
    member = tarfile.TarInfo("holes")
    member.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 20)}
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(member)
    with pytest.raises(OneshotError, match="no plain file"):
        list(read_members(tmp_path / "x.tar"))


def test_links_in_a_zip_are_refused(tmp_path):
    member = zipfile.ZipInfo("link")
    member.create_system, member.external_attr = 3, 0o120777 << 16
    with pytest.raises(OneshotError, match="holds a link"):
        list(read_members(write_zip(tmp_path / "x.zip", [(member, b"/etc/passwd")])))


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_in_a_folder_are_refused_and_never_followed(tmp_path):
    (tmp_path / "secret").write_bytes(b"s")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "secret")
    (folder / "around").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(OneshotError, match="is a link"):
        list(read_members(folder))
    assert list(read_members(folder, lambda name: name.endswith(".jpg"))) == []


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_too_much_is_refused(tmp_path, kind):
    for members in (
        [("big", b"x" * 1001)],
        [(str(n), b"") for n in range(11)],
        [(str(n), b"x" * 1000) for n in range(6)],
    ):
        path = write(tmp_path, kind, members)
        with pytest.raises(OneshotError, match="more than it may"):
            list(read_members(path, limits=SMALL))


def test_a_folder_with_too_much_is_refused(tmp_path):
    (tmp_path / "big").write_bytes(b"x" * 1001)
    with pytest.raises(OneshotError, match="more than it may"):
        list(read_members(tmp_path, limits=SMALL))


def test_a_bomb_is_not_unpacked(tmp_path):
    bomb = write_zip(
        tmp_path / "x.zip", [("zeros", bytes(30_000_000))], compression=zipfile.ZIP_DEFLATED
    )
    assert bomb.stat().st_size < 100_000
    # A lying header: the size it declares is small, what follows is not.
    content = bomb.read_bytes().replace(struct.pack("<I", 30_000_000), struct.pack("<I", 10))
    bomb.write_bytes(content)
    with pytest.raises(OneshotError):
        list(read_members(bomb, limits=SMALL))


def test_a_bomb_in_the_headers_of_a_tar_is_not_unpacked(tmp_path):
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    with gzip.open(tmp_path / "x.tar.gz", "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))
    with pytest.raises(OneshotError, match="more than it may"):
        list(read_members(tmp_path / "x.tar.gz", limits=SMALL))


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.xz", "tar.bz2"])
def test_too_much_from_too_little_is_refused(tmp_path, kind):
    zeros = [(str(n), bytes(1 << 20)) for n in range(4)]
    if kind == "zip":
        path = write_zip(tmp_path / "x.zip", zeros, compression=zipfile.ZIP_DEFLATED)
    else:
        path = write(tmp_path, kind, zeros)
    with pytest.raises(OneshotError, match="10 times what it takes packed"):
        list(read_members(path, limits=Limits(ratio=10, free_bytes=1 << 20)))
    assert len(list(read_members(path))) == 4  # little enough not to matter


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bound_are_refused(tmp_path, method):
    path = write_zip(tmp_path / "x.zip", [("a", b"x" * 1000)], compression=method)
    with pytest.raises(OneshotError, match="another method than deflate"):
        list(read_members(path))


@pytest.mark.parametrize("mode", [0o020666, 0o060666, 0o010666, 0o140666])
def test_devices_pipes_and_sockets_in_a_zip_are_refused(tmp_path, mode):
    member = zipfile.ZipInfo("x")
    member.create_system, member.external_attr = 3, mode << 16
    with pytest.raises(OneshotError, match="no plain file"):
        list(read_members(write_zip(tmp_path / "x.zip", [(member, b"")])))


def test_a_list_of_members_that_is_too_long_is_not_read(tmp_path):
    path = write_zip(tmp_path / "x.zip", [(f"{n:04d}" * 50, b"") for n in range(3000)])
    with pytest.raises(OneshotError, match="more than it may"):
        list(read_members(path, limits=SMALL))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_what_a_bent_archive_says_is_one_line(tmp_path, kind):
    path = write(tmp_path, kind, [("a", b"x" * 100)])
    content = bytearray(path.read_bytes())
    if kind == "zip":
        content[content.find(b"PK\1\2") + 6] = 255  # "zip file version 25.5"
    else:
        content[124:136] = b"-99999999999"
    path.write_bytes(content)
    with pytest.raises(OneshotError) as caught:
        list(read_members(path))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_cut_archives_are_refused(tmp_path, kind):
    path = write(tmp_path, kind, [("a", os.urandom(3000)), ("b", os.urandom(3000))])
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(OneshotError, match=r"damaged or cut short|cannot be read"):
        list(read_members(path))


def test_no_archive_at_all_is_refused(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"nothing of the kind" * 100)
    for path in (tmp_path / "x.zip", tmp_path / "absent.tar"):
        with pytest.raises(OneshotError):
            list(read_members(path))


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [106, 20_000, 400_000])
def test_images_that_declare_too_much_are_not_decoded(side):
    with pytest.raises(OneshotError, match="declares"):
        open_image("x.png", png(side, side), ("PNG",), 105)


def test_other_formats_are_not_opened():
    with pytest.raises(OneshotError, match="no JPEG image"):
        open_image("x.jpg", png(10, 10), ("JPEG",), 105)
