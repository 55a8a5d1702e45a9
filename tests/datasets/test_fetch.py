"""What is fetched is what the catalogue knows, and nothing else in the suite touches a network."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
from pathlib import Path

import pytest

from benchmark.datasets import catalogue, fetch
from benchmark.datasets.download import Download
from benchmark.errors import OneshotError, Refused, UnknownName

ROOT = Path(__file__).parents[2]


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
    assert users == {
        "benchmark/datasets/download.py",
        "benchmark/sweep/cluster.py",  # looks whether a Ray cluster is at an address
        "benchmark/evaluation/isolation/client.py",  # a pair of sockets without addresses
    }
