"""The faster form of a network gives the same embeddings, and is given up where it does not."""

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.datasets.data_set import whole
from benchmark.evaluation import embeddings
from benchmark.evaluation.embeddings import embed, pixels_for, scaled
from benchmark.evaluation.episodes import answer
from benchmark.evaluation.folding import folded, folds
from benchmark.protocols import TrackInfo
from benchmark.registry import resolve
from benchmark.tasks.loading import load_task

pytestmark = pytest.mark.training

GLYPHS = TrackInfo("glyphs", "character", 1, 105)


@pytest.fixture(scope="module")
def task():
    return load_task("glyphs-5w1s@validation")


def network(key, **settings):
    """A model whose batch norms have seen something, in evaluation mode."""
    torch.manual_seed(0)
    model = resolve(key, settings).build(0, GLYPHS, "quick").train()
    with torch.no_grad():
        for _ in range(3):
            model.embed(torch.rand(16, 1, model.input_size, model.input_size))
    return model.eval()


def in_its_own_form(model, data):
    """Embeddings in one batch, by the network as it is."""
    with torch.inference_mode():
        return model.embed(scaled(pixels_for(model, data), "cpu"))


@pytest.mark.parametrize(
    ("key", "settings"),
    [("prototypical-conv4", {}), ("siamese-resnet10-euclidean-contrastive", {"width": "0.125"})],
)
def test_embeddings_and_decisions_are_those_of_the_network_itself(key, settings, task):
    model = network(key, **settings)
    episodes = 30
    items = task.episodes.first(episodes).items()
    plain = in_its_own_form(model, task.data.take(items))
    quick = embed(model, task.data.take(items))
    with folded(model) as norms:
        assert norms >= 4
    assert (quick - plain).abs().max() <= 1e-5 * plain.abs().max()
    row = {int(item): at for at, item in enumerate(items)}
    correct = answer(model, task, episodes=episodes).correct
    for e in range(episodes):
        support = plain[[row[int(i)] for i in task.episodes.support[e, :, 0]]]
        queries = plain[[row[int(i)] for i in task.episodes.queries[e]]]
        nearest = torch.cdist(queries.double(), support.double()).argmin(dim=1).numpy()
        assert correct[e] == (nearest == task.episodes.labels[e]).sum()


def test_the_network_gets_its_layers_back(task):
    model = network("prototypical-conv4")
    layers = list(model.backbone.layers)
    with pytest.raises(RuntimeError, match="stop"), folded(model):
        assert isinstance(model.backbone.layers[1], nn.Identity)
        raise RuntimeError("stop")
    assert all(a is b for a, b in zip(layers, model.backbone.layers, strict=True))


def test_an_embedding_does_not_depend_on_the_batch(task, monkeypatch):
    model = network("prototypical-conv4")
    data = task.data.take(np.arange(150))
    whole_batch = embed(model, data)
    monkeypatch.setattr(embeddings, "BATCH_PIXELS", 7 * 28 * 28)
    monkeypatch.setattr(embeddings, "READ_VALUES", 40 * 105 * 105)
    assert torch.equal(embed(model, data), whole_batch)


class Net(nn.Module):
    """A small network; `forward` is what the tests change."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
        self.layers[1].running_mean.uniform_(-1, 1)
        self.asked = []

    def embed(self, images):
        rows = self.rows(images)
        self.asked.append(images.is_contiguous(memory_format=torch.channels_last))
        return rows

    def rows(self, images):
        return self.layers(images).flatten(1)


class ByView(Net):
    def rows(self, images):
        return self.layers(images).view(len(images), -1)


class NormAlone(Net):
    def rows(self, images):  # the norm's own output matters, the convolution is called twice
        maps = self.layers[0](images)
        return (self.layers[1](maps) + self.layers[0](images)).flatten(1)


def with_hook():
    net = Net()
    net.layers[0].register_forward_hook(lambda module, inputs, output: output + 1)
    return net.eval()


@pytest.mark.parametrize(
    ("make", "fits"),
    [
        (lambda: Net().eval(), True),
        (lambda: ByView().eval(), False),
        (lambda: NormAlone().eval(), False),
        (with_hook, False),
        (lambda: Net().train(), False),
    ],
)
def test_a_form_that_would_answer_otherwise_is_not_taken(make, fits):
    net = make()
    images = torch.rand(12, 3, 9, 9)
    with torch.inference_mode():
        assert folds(net, images) is fits
    data = whole(
        "x", "photograph", (255 * images).byte().numpy(), np.arange(12) % 3, ("a", "b", "c")
    )
    if not net.training:  # as every model is when it answers
        plain = in_its_own_form(net, data)
        assert torch.allclose(embed(net, data), plain, atol=1e-5 * float(plain.abs().max()))
        assert net.asked[-1] is fits  # channels last only where it does no harm
