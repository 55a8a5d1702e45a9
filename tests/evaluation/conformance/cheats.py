"""Sound models of a few lines, and the same with one known mistake each."""

from typing import ClassVar

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


class CountsPositions(Embeds):
    """The position in the stream is the embedding."""

    position = 0

    def embed(self, items):
        start, self.position = self.position, self.position + len(items)
        return torch.cat([torch.arange(start, self.position).float()[:, None], flat(items)], dim=1)


class CountsAfterLargeBatch(CountsPositions):
    """The same, from the first large batch on."""

    large = False

    def embed(self, items):
        self.large = self.large or len(items) >= 60
        return super().embed(items) if self.large else torch.nn.functional.pad(flat(items), (1, 0))


class RemembersPositions(CountsPositions):
    """The same, but an item that is shown again keeps its first position."""

    def __init__(self):
        self.known = {}

    def embed(self, items):
        keys = [item.numpy().tobytes() for item in items]
        rows = [self.known.setdefault(key, float(len(self.known))) for key in keys]
        return torch.cat([torch.tensor(rows)[:, None], flat(items)], dim=1)


class AveragesNeighbours(Embeds):
    least = 64

    def embed(self, items):
        rows = flat(items)
        if len(rows) < self.least:
            return rows
        return rows + 0.5 * rows.roll(1, 0) + 0.5 * rows.roll(-1, 0)


class AveragesManyNeighbours(AveragesNeighbours):
    least = 300


class WhitensLargeBatches(Embeds):
    def embed(self, items):
        rows = flat(items)
        if len(rows) < 60:
            return rows
        rows = rows - rows.mean(dim=0)
        left, sizes, right = torch.linalg.svd(rows, full_matrices=False)
        return left @ (sizes / (sizes + 1)).diag() @ right


class HidesPositionInSmallPart(CountsPositions):
    """A position too small to be seen beside large values, which the head reads alone."""

    def embed(self, items):
        start, self.position = self.position, self.position + len(items)
        place = torch.arange(start, self.position).float()[:, None]
        return torch.cat([place, 1e5 * flat(items)], dim=1)

    def compare(self, a, b):
        return -(a[:, 0] - b[:, 0]).abs()


class WhitensManyQueries(Classifies):
    def classify(self, support, labels, queries):
        if queries.shape[1] >= 60:
            centre = torch.cat([support, queries], dim=1).mean(dim=1, keepdim=True)
            support, queries = support - centre, queries - centre
            support = torch.nn.functional.normalize(support, dim=2)
            queries = torch.nn.functional.normalize(queries, dim=2)
        return super().classify(support, labels, queries)


class BalancesQueries(Classifies):
    """Sinkhorn: every class is given as many queries."""

    def classify(self, support, labels, queries):
        scores = super().classify(support, labels, queries)
        if queries.shape[1] < 60:
            return scores
        plan = (scores - scores.amax(dim=(1, 2), keepdim=True)).exp() + 1e-6
        for _ in range(20):
            plan = plan / plan.sum(dim=1, keepdim=True)
            plan = plan / plan.sum(dim=2, keepdim=True)
        return plan.log()


class AssignsOneToOne(Answers):
    """Each class to one query, where there are as many: the shape of Lake's runs."""

    def classify_episode(self, support, labels, queries, generator):
        from scipy.optimize import linear_sum_assignment

        scores = super().classify_episode(support, labels, queries, generator)
        if not len(queries) == scores.shape[1] >= 10:
            return scores
        rows, columns = linear_sum_assignment(-scores.numpy())
        chosen = torch.zeros_like(scores)
        chosen[torch.from_numpy(rows), torch.from_numpy(columns)] = 1000.0
        return scores + chosen


class ReadsOneSide(Compares):
    def compare(self, a, b):
        return super().compare(a, b) + 5 * b.mean(dim=1)


class LikensOneSide(Likens):
    def similarity(self, support, queries):
        return super().similarity(support, queries) + 5 * flat(queries).mean(dim=1, keepdim=True)


class CollectsFeatures(Embeds):
    """A bank of all test features, whose mean is subtracted."""

    def __init__(self):
        self.sum, self.count = torch.zeros(1), 0

    def embed(self, items):
        rows = flat(items)
        self.sum, self.count = self.sum + rows.sum(dim=0), self.count + len(rows)
        return rows - self.sum / self.count


class RemembersEpisodes(Classifies):
    """Prototypes drift towards those of all episodes before, from the tenth on."""

    def __init__(self):
        self.before, self.calls = None, 0

    def classify(self, support, labels, queries):
        self.calls += len(support)
        centre = queries.flatten(0, 1).mean(dim=0)
        if self.before is not None and self.calls > 10:
            support = support - self.before
        self.before = centre if self.before is None else 0.5 * (self.before + centre)
        return super().classify(support, labels, queries)


class DrawsGlobally(Embeds):
    """Seems repeatable, for it consumes nothing, but reads the global generator."""

    def embed(self, items):
        draw = torch.Generator().manual_seed(torch.initial_seed() % 1000)
        return flat(items) * torch.rand(flat(items).shape[1], generator=draw)


class DrawsFromNumpy(Embeds):
    def embed(self, items):
        import numpy

        return flat(items) * float(1 + numpy.random.random())


class DrawsFromPython(Answers):
    def classify_episode(self, support, labels, queries, generator):
        import random

        scores = super().classify_episode(support, labels, queries, generator)
        return scores + 5 * torch.eye(scores.shape[1])[random.randrange(scores.shape[1])]


class CentresManyPairs(Compares):
    def compare(self, a, b):
        scores = super().compare(a, b)
        return scores - scores.mean() if len(a) >= 60 else scores


class MixesManyEpisodes(Classifies):
    def classify(self, support, labels, queries):
        if len(support) >= 30:
            queries = queries - queries.mean(dim=0, keepdim=True)
        return super().classify(support, labels, queries)


SEEN_BEFORE = {}  # a memory that copies of a model share


class RemembersInModule(Embeds):
    """The position in the stream, kept by content where no copy of the model begins anew."""

    def key(self, item):
        return item.numpy().tobytes()

    def embed(self, items):
        rows = [SEEN_BEFORE.setdefault(self.key(item), float(len(SEEN_BEFORE))) for item in items]
        return torch.cat([torch.tensor(rows)[:, None], flat(items)], dim=1)


class RemembersRounded(RemembersInModule):
    """The same, recognising items by 128 levels of grey."""

    def key(self, item):
        return (item * 127).round().to(torch.uint8).numpy().tobytes()


class RemembersAverages(Embeds):
    """The mean with the neighbours in the first batch, kept by content on the class."""

    kept: ClassVar = {}

    def embed(self, items):
        rows = flat(items)
        mixed = (rows + rows.roll(1, 0) + rows.roll(-1, 0)) / 3
        known = type(self).kept
        return torch.stack([
            known.setdefault(item.numpy().tobytes(), row)
            for item, row in zip(items, mixed, strict=True)
        ])  # fmt: skip


class AveragesAlike(Embeds):
    """Averages with the next larger item of a large batch, whatever its order."""

    def embed(self, items):
        rows = flat(items)
        if len(rows) < 16:
            return rows
        order = rows.sum(dim=1).argsort()
        return rows.index_copy(0, order, (rows[order] + rows[order].roll(1, 0)) / 2)


class ReadsGeneratorSeed(Answers):
    """The seed of the episode's generator says which episode it is, and a table the answers."""

    def classify_episode(self, support, labels, queries, generator):
        scores = super().classify_episode(support, labels, queries, generator)
        n_way = scores.shape[1]
        table = (torch.arange(len(scores)) + generator.initial_seed() % n_way) % n_way
        return scores + 1000 * nn.functional.one_hot(table, n_way)


class CountsCalls(Classifies):
    """Favours another class in each call."""

    def __init__(self):
        self.calls = 0

    def classify(self, support, labels, queries):
        self.calls += 1
        scores = super().classify(support, labels, queries)
        return scores + 50.0 * (torch.arange(scores.shape[2]) == self.calls % scores.shape[2])


class TrainsOnQueries(Classifies):
    """Prototypes move to the queries that are nearest, where there are many."""

    def classify(self, support, labels, queries):
        scores = super().classify(support, labels, queries)
        if queries.shape[1] < 20:
            return scores
        weights = scores.softmax(dim=2)
        means = weights.mT @ queries / (weights.sum(dim=1).unsqueeze(-1) + 1e-6)
        return -torch.cdist(queries, 0.5 * prototypes(support, labels) + 0.5 * means)


class RanksPairs(Compares):
    """Similarities become ranks among the pairs of a call."""

    def compare(self, a, b):
        return super().compare(a, b).argsort().argsort().float()


class ReadsClock(Embeds):
    """Adds the time to the first number."""

    def embed(self, items):
        import time

        rows = flat(items).clone()
        rows[:, 0] += time.perf_counter_ns() % 1_000_003
        return rows
