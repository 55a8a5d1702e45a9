"""Embeddings are made once, and never answer for other weights or another model."""

import pytest
import torch
from torch import nn

from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.episodes import answer
from benchmark.tasks.loading import load_task


class Net(nn.Module):
    """A linear embedding that counts what it is asked."""

    input_size, channels = 8, 1

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.layer = nn.Linear(64, 4)
        self.norm = nn.BatchNorm1d(4)
        self.asked = 0

    def embed(self, images):
        self.asked += len(images)
        return self.norm(self.layer(images.flatten(1)))


@pytest.fixture(scope="module")
def task():
    return load_task("glyphs-5w1s@validation")


def test_no_item_is_embedded_twice(task):
    net = Net().eval()
    bank = EmbeddingStore(net, "cpu")
    first = answer(net, task, episodes=50, bank=bank)
    seen = net.asked
    again = answer(net, task, episodes=50, bank=bank)
    assert (first.correct == again.correct).all() and net.asked == seen > 0
    answer(net, task, episodes=60, bank=bank)
    assert seen < net.asked < 2 * seen


@pytest.mark.parametrize(
    "change",
    [
        lambda net: net.layer.weight.data.neg_(),
        lambda net: net.load_state_dict(Net(seed=1).state_dict()),
        lambda net: net.norm.running_mean.add_(1),
        lambda net: setattr(net, "layer", nn.Linear(64, 4)),
    ],
)
def test_what_other_weights_gave_is_forgotten(change, task):
    net = Net().eval()
    items = task.episodes.first(5).items()
    bank = EmbeddingStore(net, "cpu")
    with torch.no_grad():
        before = bank.vectors(task.data, "validation", items).clone()
        change(net)
        after = bank.vectors(task.data, "validation", items)
        fresh = EmbeddingStore(net, "cpu").vectors(task.data, "validation", items)
    assert torch.equal(after, fresh) and not torch.equal(after, before)


def test_a_bank_never_answers_for_another_model(task):
    net = Net().eval()
    with pytest.raises(ValueError, match="embeddings of another model"):
        answer(Net(seed=1).eval(), task, episodes=5, bank=EmbeddingStore(net, "cpu"))
