"""Downloads survive what networks do to them."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.error

import pytest
from faulty_server import CONTENT, MD5

from benchmark.datasets import download as downloads
from benchmark.datasets.download import Download, download
from benchmark.errors import OneshotError


def get(server, folder, md5=MD5, max_bytes=1 << 20, **options):
    item = Download(server.url(), "data.bin", max_bytes, md5)
    patience = 2.0 if "stall" in server.faults else 60.0  # a busy machine answers late
    options = {"timeout_seconds": patience, "pause_seconds": 0.001, **options}
    return download(item, folder, **options)


def left(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_a_file_arrives_with_progress(server, tmp_path):
    seen = []
    path = get(server, tmp_path, progress=lambda *step: seen.append(step))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == ("downloading data.bin", len(CONTENT), len(CONTENT)) and len(seen) > 1
    assert left(tmp_path) == ["data.bin"]
    get(server, tmp_path)
    assert len(server.requests) == 1  # what is there and sound is not fetched again


@pytest.mark.parametrize("fault", ["cut", "reset", "stall"])
def test_a_broken_transfer_resumes(server, tmp_path, fault):
    server.faults = [fault, fault]
    assert get(server, tmp_path).read_bytes() == CONTENT
    starts = [asked for _, asked in server.requests]
    assert starts[0] is None and len(starts) == 3
    assert all(asked and asked != "bytes=0-" for asked in starts[1:])


@pytest.mark.parametrize("fault", ["cut", "stall"])
def test_without_ranges_it_begins_anew(server, tmp_path, fault):
    server.ranges, server.faults = False, [fault]
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_without_a_validator_it_begins_anew(server, tmp_path):
    server.tag, server.faults = "", ["cut"]
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert [asked for _, asked in server.requests] == [None, None]


def test_another_version_is_not_stitched_on(server, tmp_path):
    server.faults = ["cut", "404"]
    with pytest.raises(OneshotError, match="404"):
        get(server, tmp_path)
    assert "data.bin.part" in left(tmp_path)
    server.files["/data.bin"], server.tag = CONTENT[::-1], '"two"'
    assert get(server, tmp_path, md5="").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("fault", ["elsewhere", "nowhere"])
def test_a_server_that_sends_another_part_is_asked_for_the_whole(server, tmp_path, fault):
    server.faults = ["cut", fault]
    assert get(server, tmp_path, md5="").read_bytes() == CONTENT
    assert server.requests[-1][1] is None


def test_a_later_call_goes_on_where_the_first_stopped(server, tmp_path):
    server.faults = ["cut", "404"]
    with pytest.raises(OneshotError):
        get(server, tmp_path)
    assert get(server, tmp_path).read_bytes() == CONTENT
    assert server.requests[-1][1] == f"bytes={len(CONTENT) // 2}-"


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(CONTENT + b"more")
    (tmp_path / "data.bin.part.mark").write_text(server.tag)
    assert get(server, tmp_path).read_bytes() == CONTENT


def test_a_server_that_says_no_length_is_believed_at_the_end(server, tmp_path):
    server.faults = ["no length"]
    assert get(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("status", ["500", "503", "429"])
def test_passing_troubles_are_waited_for(server, tmp_path, status):
    server.faults = [status, status]
    assert get(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("status", ["404", "403", "410"])
def test_lasting_troubles_end_at_once(server, tmp_path, status):
    server.faults = [status]
    with pytest.raises(OneshotError, match=f"answered {status} .*oneshot data add"):
        get(server, tmp_path)
    assert len(server.requests) == 1


def test_it_gives_up_after_fruitless_tries(server, tmp_path):
    server.faults = ["500"] * 50
    with pytest.raises(OneshotError, match="answered 500"):
        get(server, tmp_path)
    assert len(server.requests) == downloads.FRUITLESS_TRIES


def test_without_ranges_a_link_that_always_breaks_is_given_up(server, tmp_path):
    server.ranges, server.faults = False, ["cut"] * 50
    with pytest.raises(OneshotError, match="ended after"):
        get(server, tmp_path)
    assert len(server.requests) <= downloads.FRUITLESS_TRIES + 1


def test_a_wrong_digest_is_fetched_once_more_and_never_kept(server, tmp_path):
    server.faults = ["wrong"]
    assert get(server, tmp_path).read_bytes() == CONTENT
    with pytest.raises(OneshotError, match="MD5 is not the published one"):
        get(server, tmp_path / ".", md5="0" * 32)
    assert not (tmp_path / "data.bin.part").exists()


def test_a_damaged_file_from_before_is_fetched_anew(server, tmp_path):
    (tmp_path / "data.bin").write_bytes(b"damaged")
    assert get(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("fault", ["", "no length"])
def test_too_much_is_refused(server, tmp_path, fault):
    server.faults = [fault]
    with pytest.raises(OneshotError, match=r"500,000 (bytes|at most)|expected 500,000"):
        get(server, tmp_path, max_bytes=500_000)
    assert len(server.requests) == 1
    assert "data.bin" not in left(tmp_path)


def test_no_server_at_all_is_one_clear_line(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    item = Download(f"http://127.0.0.1:{port}/x", "x", 1000)
    with pytest.raises(OneshotError, match="refused") as caught:
        download(item, tmp_path, timeout_seconds=60, pause_seconds=0.001)
    assert "\n" not in str(caught.value)


def test_redirections_are_followed_but_never_out_of_https(server, tmp_path):
    server.faults = ["redirect"]
    assert get(server, tmp_path).read_bytes() == CONTENT
    from urllib.request import Request

    with pytest.raises(urllib.error.HTTPError, match="unsafe redirection"):
        downloads._StaySafe().redirect_request(
            Request("https://a/x"), None, 302, "Found", {}, "http://a/x"
        )


HELD = """
import sys
from pathlib import Path
from benchmark.datasets.download import Download, _alone
with _alone(Path(sys.argv[1]), Download("", "data.bin", 0)):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_two_downloads_of_one_file_do_not_mix(server, tmp_path):
    command = [sys.executable, "-c", HELD, str(tmp_path / "data.bin.lock")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline().strip() == "held"
        with pytest.raises(OneshotError, match="Another process is downloading"):
            get(server, tmp_path)
        other.kill()
    assert get(server, tmp_path).read_bytes() == CONTENT  # the lock falls with its process


@pytest.mark.parametrize("fault", ["drip", "slow headers"])
def test_a_byte_now_and_then_ends(server, tmp_path, fault, monkeypatch):
    monkeypatch.setattr(downloads, "GRACE_SECONDS", 0.5)
    server.faults = [fault]
    with pytest.raises(OneshotError, match="bytes a second at least"):
        get(server, tmp_path)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "place",
    [
        "http://[::1/", "http://[v1.x]/", "http://127.0.0.1:99999999/", "http://127.0.0.1:x/",
        f"http://{'a' * 70}.example/", "http://", "//[", "file:///etc/passwd", "http://\u2488.x/",
    ],
)  # fmt: skip
def test_a_malformed_redirection_is_one_clear_error(server, tmp_path, place):
    server.faults = [f"to {place}".encode("latin-1", "replace").decode("latin-1")] * 50
    with pytest.raises(OneshotError, match="could not be fetched"):
        get(server, tmp_path)
    assert len(server.requests) <= 2 * downloads.FRUITLESS_TRIES
