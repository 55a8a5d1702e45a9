"""The scripts measure what they say: the same questions, the same answers, a page that is whole."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmark.datasets.data_set import whole  # noqa: E402
from benchmark.evaluation.episodes import answer  # noqa: E402
from performance import page, peers  # noqa: E402
from performance.files import Files  # noqa: E402
from performance.material import asked  # noqa: E402
from performance.measure import Aim, Findings, Side, Table, alternate  # noqa: E402

N_WAY, N_SHOT = 5, 2


class Linear(nn.Module):
    """A small embedding, with the name that peers look for."""

    distance = "squared-euclidean"

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(48, 8))

    def embed(self, images):
        return self.backbone(images)


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(8), 25)
    centres = random.integers(0, 256, (8, 3, 4, 4))
    images = 0.4 * centres[labels] + 0.6 * random.integers(0, 256, (200, 3, 4, 4))
    names = [str(number) for number in range(8)]
    return whole("noise", "photograph", images.astype(np.uint8), labels, names)


@pytest.mark.parametrize("peer", ["easyfsl", "learn2learn"])
def test_peers_answer_the_same_episodes_alike(peer, data):
    pytest.importorskip(peer)
    model, loaded = Linear().eval(), asked(data, N_WAY, N_SHOT, 12)
    items = peers.Items(torch.from_numpy(data.stored), data.labels)
    if peer == "easyfsl":
        loader = peers.easyfsl_loader(items, loaded.episodes)
        theirs = peers.easyfsl_answers(model.backbone, loader, "cpu")
    else:
        tasks = peers.learn2learn_tasks(items, N_WAY, N_SHOT + 15, loaded.episodes)
        theirs = peers.learn2learn_answers(model.backbone, tasks, 12, N_WAY, N_SHOT, "cpu")
    ours = answer(model, loaded).correct
    assert theirs == ours.tolist()
    assert 0.3 < ours.mean() / 75 < 0.98  # neither guessed nor too easy to differ


@pytest.mark.parametrize(("channels", "most"), [(1, 1e-6), (3, 0.35)])
def test_files_hold_the_same_images(channels, most, tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (6, channels, 28, 28)).astype(np.uint8)
    images = images if channels == 1 else np.sort(images, axis=2)  # JPEG keeps smooth ones best
    labels = np.arange(6)
    read, held = Files(images, labels, 28, tmp_path), peers.Items(torch.from_numpy(images), labels)
    for number in range(6):
        assert read[number][1] == held[number][1] == number
        assert (read[number][0] - held[number][0]).abs().max() < most
    smaller = Files(images[:1], labels[:1], 14, tmp_path)[0][0]
    assert tuple(smaller.shape) == ((1, 14, 14) if channels == 1 else (3, 28, 28))


def test_episodes_hold_what_they_should(data):
    episodes = asked(data, N_WAY, N_SHOT, 50).episodes
    for e in range(50):
        support, queries = episodes.support[e], episodes.queries[e]
        assert len({*support.ravel().tolist(), *queries.tolist()}) == N_WAY * (N_SHOT + 15)
        classes = data.labels[support]
        assert (classes == classes[:, :1]).all() and len(set(classes[:, 0])) == N_WAY
        assert (data.labels[queries] == classes[episodes.labels[e], 0]).all()


def test_sides_take_turns_and_the_median_counts():
    order, own = [], iter([9.0, 1.0, 5.0, 2.0])

    def timed():
        order.append("timed")
        return 10, next(own)

    sides = [Side("timed", timed), Side("clocked", lambda: order.append("clocked") or 1)]
    speed = alternate(sides, 3, "cpu")
    assert order == ["timed", "clocked"] * 4
    assert speed["timed"] == 5.0  # of 10, 2 and 5; the first turn warms up
    assert speed["clocked"] > 0


def test_the_page_holds_every_number(tmp_path):
    found = Findings(
        [Table("Speed", "Said above.", ("Side", "Rate"), [("ours", "1,234"), ("theirs", "12")])],
        [Aim("ratio", 102.8, least=100), Aim("memory", 2000.0, most=1500)],
        [("Scoring: theirs", 102.8)],
        {"episodes": [(1e4, 20.0), (1e5, 25.0)]},
    )
    written = page.write([found], "a machine", tmp_path, ["scoring"])
    text = written[0].read_text("utf-8")
    assert (
        "| ours | 1,234 |" in text
        and "| :-- | --: |" in text
        and "a machine. This time only: scoring." in text
    )
    assert "| ratio | 103 | at least 100 | reached |" in text
    assert "| memory | 2,000 | at most 1,500 | not reached |" in text
    assert written[1].read_bytes().startswith(b"\x89PNG")


def test_a_point_of_the_memory_curve(tmp_path):
    words = ["--memory", "--episodes", "200", "--images", "3000", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "performance"), *words],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f'"embeddings": {3000 * 16 * 4}' in done.stdout
