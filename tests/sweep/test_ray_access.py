"""Who may reach a Ray cluster: what listens where, and how a cluster with a token is reached."""

import importlib.metadata
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmark.errors import OneshotError
from benchmark.sweep import cluster

pytest.importorskip("ray")

pytestmark = pytest.mark.ray
LISTENERS = """
from pathlib import Path
from benchmark.sweep.cluster import Cluster
from benchmark.sweep.ray import RayExecutor

with RayExecutor(Cluster(), Path("results"), None):
    import ray, psutil
    own = psutil.Process()
    members = [own, *own.children(recursive=True)]
    for member in members:
        for connection in member.net_connections("inet"):
            if connection.status == "LISTEN":
                print("listens", connection.laddr.ip)
    from ray._private.authentication.authentication_utils import is_token_auth_enabled
    print("token", is_token_auth_enabled())
"""
CONNECTS = """
import sys
from pathlib import Path
from benchmark.errors import OneshotError
from benchmark.sweep.cluster import Cluster
from benchmark.sweep.ray import RayExecutor

try:
    with RayExecutor(Cluster(sys.argv[1]), Path("results"), None) as crew:
        print("capacity", crew.capacity())
except OneshotError as error:
    print("refused", error, error.hint)
"""


def python(code, home, *words, **variables):
    """Runs code as a user with this home; what it printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment = clean | {"HOME": str(home), "RAY_USAGE_STATS_ENABLED": "0"} | variables
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env=environment, cwd=home, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def started(home, **variables):
    """The address of a cluster of one node that a user with this home starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ray = Path(sys.executable).with_name("ray")
    start = [str(ray), "start", "--head", f"--port={port}", "--num-cpus=1", "--block",
             "--include-dashboard=false", "--disable-usage-stats",
             f"--object-store-memory={128 << 20}"]  # fmt: skip
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment = clean | {"HOME": str(home)} | variables
    head = subprocess.Popen(start, env=environment, cwd=home, stdout=subprocess.PIPE, text=True)
    try:
        for line in head.stdout:  # type: ignore[union-attr]
            if "Ray runtime started" in line:
                break
        yield f"127.0.0.1:{port}"
    finally:
        head.terminate()
        head.wait(60)


@pytest.fixture
def without_ray(monkeypatch, tmp_path):
    """The environment of somebody who has not configured Ray, before it is imported."""
    for name in [*os.environ]:
        if name.startswith("RAY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(cluster, "import_module", lambda name: name)
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    yield tmp_path
    for name in (cluster.MODE, cluster.LOOPBACK):
        os.environ.pop(name, None)


def test_a_cluster_on_this_machine_listens_on_the_loopback_interface_and_asks_for_a_token(tmp_path):
    lines = python(LISTENERS, tmp_path).splitlines()
    addresses = {line.split()[1] for line in lines if line.startswith("listens")}
    assert addresses and addresses <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    assert "token True" in lines
    assert (tmp_path / ".ray" / "auth_token").is_file()


def test_a_cluster_with_a_token_is_reached_with_it_and_named_without(tmp_path):
    owner, stranger = tmp_path / "owner", tmp_path / "stranger"
    stranger.mkdir()
    (owner / ".ray").mkdir(parents=True)
    (owner / ".ray" / "auth_token").write_text("7" * 64)
    with started(owner) as address:
        assert "capacity 1" in python(CONNECTS, owner, address)
        told = python(CONNECTS, stranger, address)
        assert "did not let this command in" in told and "RAY_AUTH_MODE=token" in told
        assert "no Ray cluster" not in told
        none = python(CONNECTS, stranger, address, RAY_AUTH_MODE="token")
        assert "no authentication token was found" in none


def test_a_cluster_without_a_token_that_is_offered_one_is_named(tmp_path):
    (tmp_path / ".ray").mkdir()
    with started(tmp_path, RAY_AUTH_MODE="disabled") as address:
        (tmp_path / ".ray" / "auth_token").write_text("7" * 64)
        printed = python(CONNECTS, tmp_path, address)
        assert "did not let this command in" in printed and "RAY_AUTH_MODE=disabled" in printed
        assert "capacity 1" in python(CONNECTS, tmp_path, address, RAY_AUTH_MODE="disabled")


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("192.0.2.77", False),
     ("no such host", False), ("", False)],
)  # fmt: skip
def test_whether_an_address_is_this_machine(host, here):
    if host == "[::1]" and not Path("/proc/net/if_inet6").exists():
        pytest.skip("no IPv6 here")
    assert cluster._is_here(f"{host}:6379") is here


def test_a_token_is_offered_to_this_machine_alone(without_ray):
    (without_ray / ".ray").mkdir()
    cluster.load_ray("127.0.0.1:6379")
    assert cluster.MODE not in os.environ, "there is no token"
    (without_ray / ".ray" / "auth_token").write_text("7" * 64)
    cluster.load_ray("198.51.100.7:6379")
    assert cluster.MODE not in os.environ, "connections are not encrypted"
    assert cluster.LOOPBACK not in os.environ, "nodes elsewhere must be reachable"
    cluster.load_ray("127.0.0.1:6379")
    assert os.environ[cluster.MODE] == "token"


def test_a_choice_of_the_user_stays(without_ray, monkeypatch):
    (without_ray / ".ray").mkdir()
    (without_ray / ".ray" / "auth_token").write_text("7" * 64)
    monkeypatch.setenv(cluster.MODE, "disabled")
    monkeypatch.setenv(cluster.LOOPBACK, "1")
    cluster.load_ray("127.0.0.1:6379")
    cluster.load_ray()
    assert (os.environ[cluster.MODE], os.environ[cluster.LOOPBACK]) == ("disabled", "1")


@pytest.mark.parametrize(
    ("mode", "advice"), [("token", "equal on all nodes"), ("", "type RAY_AUTH_MODE=token")]
)
def test_a_refusal_says_what_a_token_takes(monkeypatch, mode, advice):
    monkeypatch.setenv(cluster.MODE, mode)
    error = cluster.refused("192.0.2.77:6379", "Failed to connect")
    assert "did not let this command in: Failed to connect" in error.message
    assert advice in (error.hint or "")


@pytest.mark.parametrize("installed", ["2.40.0", "2.59.0", "1.13.0rc1"])
def test_a_version_that_lets_everybody_in_is_refused(without_ray, monkeypatch, installed):
    monkeypatch.setattr(cluster, "version", lambda name: installed)
    with pytest.raises(OneshotError, match="lets in whoever"):
        cluster.load_ray()


def test_ray_that_is_not_installed_is_named(without_ray, monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(cluster, "version", missing)
    with pytest.raises(OneshotError, match=r"oneshot-benchmark\[ray\]|not installed"):
        cluster.load_ray()
