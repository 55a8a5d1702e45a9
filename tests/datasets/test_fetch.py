"""Downloads survive what networks do to them, and nothing else in the suite touches one."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import http.server
import importlib.util
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
from pathlib import Path

import numpy as np
import pytest

from benchmark.datasets import catalogue, fetch
from benchmark.datasets import download as downloads
from benchmark.datasets.download import Download, download
from benchmark.errors import OneshotError, Refused, UnknownName

CONTENT = np.random.Generator(np.random.Philox(1)).bytes(600_000)
MD5 = hashlib.md5(CONTENT).hexdigest()
ROOT = Path(__file__).parents[2]


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; `faults` holds what goes wrong, a fault per request, then nothing."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/data.bin": CONTENT}
        self.faults: list[str] = []
        self.requests: list[tuple[str, str | None]] = []
        self.ranges = True
        self.tag = '"one"'

    def url(self, path="/data.bin"):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        fault = server.faults.pop(0) if server.faults else ""
        self.close_connection = True
        if fault.isdigit():
            return self.send_error(int(fault))
        if fault == "redirect":
            self.send_response(302)
            self.send_header("Location", server.url("/data.bin"))
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if self.path not in server.files:
            return self.send_error(404)
        content, start = server.files[self.path], 0
        asked = self.headers.get("Range")
        fresh = self.headers.get("If-Range") in (None, server.tag)
        if asked and server.ranges and fresh:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                return self.send_error(416)
            self.send_response(206)
            total = len(content)
            place = {"elsewhere": f"bytes 0-{total - 1}/{total}", "nowhere": "bytes */*"}
            place = place.get(fault, f"bytes {start}-{total - 1}/{total}")
            self.send_header("Content-Range", place)
        else:
            self.send_response(200)
        if server.tag:
            self.send_header("ETag", server.tag)
        rest = content[start:]
        if fault == "no length":
            self.end_headers()
            return self.wfile.write(rest)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if fault == "wrong":
            rest = bytes(len(rest))
        if fault in ("cut", "reset", "stall"):
            self.wfile.write(rest[: len(rest) // 2])
            self.wfile.flush()
        if fault == "reset":
            time.sleep(0.05)
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        elif fault == "stall":
            time.sleep(1.0)
        elif fault != "cut":
            self.wfile.write(rest)

    def finish(self):
        with contextlib.suppress(OSError, ValueError):  # the connection was reset on purpose
            super().finish()


@pytest.fixture
def server(monkeypatch):
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with Server() as server:
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def get(server, folder, md5=MD5, max_bytes=1 << 20, **options):
    item = Download(server.url(), "data.bin", max_bytes, md5)
    options = {"timeout_seconds": 0.3, "pause_seconds": 0.001, **options}
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
        download(item, tmp_path, timeout_seconds=0.3, pause_seconds=0.001)
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


def sources_of(server, files):
    items = []
    for name, content in files.items():
        server.files[f"/{name}"] = content
        digest = hashlib.md5(content).hexdigest()
        items.append(Download(server.url(f"/{name}"), name, 1 << 24, digest))
    return {"omniglot": tuple(items)}


def test_fetch_downloads_adds_and_verifies(server, tmp_path, fake_omniglot):
    files = {}
    for part in ("background", "evaluation"):
        path = fake_omniglot.to_zip(tmp_path / "made" / f"{part}.zip", f"images_{part}/")
        files[f"images_{part}.zip"] = path.read_bytes()
    sources = sources_of(server, files)
    data = tmp_path / "data"
    server.faults = ["cut"]
    verified = fetch.fetch("omniglot", data, sources=sources)
    assert verified.digest == catalogue.KNOWN["omniglot"].digest
    assert catalogue.load("omniglot", data).digest == verified.digest
    assert [path.name for path in data.iterdir()] == ["omniglot"]


def test_what_is_fetched_and_is_not_the_data_set_is_not_stored(server, tmp_path, fake_omniglot):
    sources = sources_of(server, {"images_background.zip": b"PK\x03\x04 no", "other.zip": b"x"})
    with pytest.raises(OneshotError, match=r"damaged.*remove it to fetch them anew"):
        fetch.fetch("omniglot", tmp_path, sources=sources)
    assert [path.name for path in tmp_path.iterdir()] == [".downloads-omniglot"]


def test_what_cannot_be_fetched_says_what_to_do(tmp_path):
    with pytest.raises(Refused, match="comes with the package"):
        fetch.fetch("glyphs", tmp_path)
    with pytest.raises(Refused, match="oneshot data add mini-imagenet PATH, where PATH is a tar"):
        fetch.fetch("mini-imagenet", tmp_path)
    with pytest.raises(UnknownName, match="omniglot"):
        fetch.fetch("omniglott", tmp_path)


def test_the_sources_are_public_https_and_agree_with_the_catalogue():
    fetchable = {known.name for known in catalogue.DATA_SETS if known.to_fetch}
    assert set(fetch.SOURCES) == fetchable
    for item in (item for items in fetch.SOURCES.values() for item in items):
        assert item.url.startswith("https://") and item.url.endswith(f"/{item.file}")


def test_omniglot_comes_from_where_torchvision_takes_it():
    # Read, not imported: that would take seconds.
    package = importlib.util.find_spec("torchvision").origin
    text = Path(package).with_name("datasets").joinpath("omniglot.py").read_text(encoding="utf-8")
    (prefix,) = re.findall(r'download_url_prefix = "(.+)"', text)
    sums = re.findall(r'"(images_\w+)": "([0-9a-f]{32})"', text)
    expected = {(f"{prefix}/{name}.zip", md5) for name, md5 in sums}
    assert {(item.url, item.md5) for item in fetch.SOURCES["omniglot"]} == expected


NETWORK = ("urllib.request", "http", "socket", "ssl", "requests", "httpx", "aiohttp", "ftplib")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_nothing_else_touches_the_network():
    users = set()
    for package in ("benchmark", "baselines"):
        for path in (ROOT / package).rglob("*.py"):
            names = imported(path)
            if any(n == known or n.startswith(f"{known}.") for n in names for known in NETWORK):
                users.add(path.relative_to(ROOT).as_posix())
    # The second only looks whether a Ray cluster is where somebody says.
    assert users == {"benchmark/datasets/download.py", "benchmark/sweep/cluster.py"}
