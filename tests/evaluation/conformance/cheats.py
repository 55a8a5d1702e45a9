"""Sound models of a few lines, and the same with one known mistake each."""

import torch
from torch import nn


def flat(items):
    return items.flatten(1)[:, ::7]


def prototypes(support, labels):
    members = nn.functional.one_hot(labels).float()  # [..., s, n]
    return members.mT @ support / members.sum(dim=-2).unsqueeze(-1)


class Embeds:
    input_size = 28

    def embed(self, items):
        return flat(items)


class Classifies(Embeds):
    def classify(self, support, labels, queries):
        return -torch.cdist(queries, prototypes(support, labels))


class Compares(Embeds):
    def compare(self, a, b):
        return -(a - b).square().sum(dim=1)


class Likens:
    input_size = 28

    def similarity(self, support, queries):
        return -torch.cdist(flat(queries), flat(support))


class Answers:
    input_size = 28

    def classify_episode(self, support, labels, queries, generator):
        return -torch.cdist(flat(queries), prototypes(flat(support), labels))


class Constant(Answers):
    def classify_episode(self, support, labels, queries, generator):
        return torch.zeros(len(queries), int(labels.max()) + 1)


class TrueFirst(Answers):
    def classify_episode(self, support, labels, queries, generator):
        return torch.tensor([1.0, 0, 0, 0, 0]).expand(len(queries), 5)


class Network(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), *layers)

    def forward(self, items):
        return self.layers(items)


class BatchNormInTrainMode:
    input_size = 28

    def __init__(self):
        self.net = Network(nn.BatchNorm1d(32))  # no eval(): this is no torch module

    def embed(self, items):
        with torch.no_grad():
            return self.net(items)


class DropoutInTrainMode(BatchNormInTrainMode):
    def __init__(self):
        self.net = Network(nn.Dropout(0.3))


class TrainsWhileAnswering(nn.Module):
    input_size = 28

    def __init__(self):
        super().__init__()
        self.net = Network(nn.BatchNorm1d(32))

    def embed(self, items):
        self.train()
        return self.net(items)


class KeepsPrototypes(Answers):
    kept = None

    def classify_episode(self, support, labels, queries, generator):
        if self.kept is None:
            self.kept = prototypes(flat(support), labels)
        return -torch.cdist(flat(queries), self.kept)


class CentresByFirstBatch(Embeds):
    centre = None

    def embed(self, items):
        if self.centre is None:
            self.centre = flat(items).mean(dim=0)
        return flat(items) - self.centre


class AssumesSortedQueries(Answers):
    def classify_episode(self, support, labels, queries, generator):
        scores = super().classify_episode(support, labels, queries, generator)
        n_way = scores.shape[1]
        by_class = scores.view(n_way, -1, n_way).mean(dim=1)  # one answer a block of queries
        return by_class.repeat_interleave(len(queries) // n_way, dim=0) + 30 * torch.eye(n_way)


class AssumesSortedSupport(Classifies):
    def classify(self, support, labels, queries):
        n_way = int(labels.max()) + 1
        means = support.view(len(support), n_way, -1, support.shape[2]).mean(dim=2)
        return -torch.cdist(queries, means)


class StandardisesBatch(Embeds):
    def embed(self, items):
        rows = flat(items)
        return (rows - rows.mean(dim=0)) / (rows.std(dim=0, correction=0) + 0.1)


class StandardisesQueries(Classifies):
    def classify(self, support, labels, queries):
        centred = queries - queries.mean(dim=1, keepdim=True)
        return super().classify(support - support.mean(dim=1, keepdim=True), labels, centred)


class ReadsLabelOrder(Answers):
    def classify_episode(self, support, labels, queries, generator):
        scores = super().classify_episode(support, labels, queries, generator)
        return scores + 20.0 * (torch.arange(scores.shape[1]) == 0)


class Draws(Embeds):
    def embed(self, items):
        return flat(items) + torch.rand(len(items), 1)


class NotNumbers(Embeds):
    def embed(self, items):
        return (flat(items) - 2).log()


class DividesByLength(Embeds):
    def embed(self, items):
        return flat(items) / flat(items).norm(dim=1, keepdim=True)


class WrongShape(Embeds):
    def embed(self, items):
        return items


class WrongType(Embeds):
    def embed(self, items):
        return flat(items).half()


class WrongScores(Answers):
    def classify_episode(self, support, labels, queries, generator):
        return torch.zeros(len(queries), len(support))


class Collapsed(Embeds):
    def embed(self, items):
        return 1 + 1e-5 * flat(items)


class GivesDistances(Compares):
    def compare(self, a, b):
        return -super().compare(a, b)


class NormalisesPairs(Compares):
    def compare(self, a, b):
        scores = super().compare(a, b)
        return scores - scores.mean()


class MixesEpisodes(Classifies):
    def classify(self, support, labels, queries):
        means = prototypes(support, labels).mean(dim=0, keepdim=True)
        return -torch.cdist(queries, means.expand(len(queries), -1, -1))


class FixedHead(Answers):
    def classify_episode(self, support, labels, queries, generator):
        scores = super().classify_episode(support, labels, queries, generator)
        return scores + torch.zeros(5)


class Unseeded:
    input_size = 28

    def __init__(self):
        self.weights = torch.rand(784, 16)

    def embed(self, items):
        return items.flatten(1) @ self.weights
