"""What models return: arrays and lists are taken as tensors, anything else is named."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import benchmark
from benchmark.errors import ModelFailed
from benchmark.evaluation.tensors import as_tensor

pytestmark = pytest.mark.training

ROWS = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


@pytest.mark.parametrize(
    "value",
    [
        ROWS,
        ROWS.double(),
        ROWS.half(),
        ROWS.int(),
        ROWS.clone().requires_grad_(),
        ROWS.numpy(),
        ROWS.numpy().astype(">f8"),
        ROWS.numpy()[::-1][::-1],
        ROWS.numpy().astype(np.uint8),
        ROWS.tolist(),
        list(ROWS),
        list(ROWS.numpy()),
    ],
)
def test_arrays_and_lists_are_taken(value: Any) -> None:
    found = as_tensor(value, "embed", [3, "width"])
    assert found.is_floating_point() and not found.requires_grad
    assert torch.equal(found.float(), ROWS)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (ROWS[0], r"embed gave shape \[2\]; expected \[3, width\]"),
        (ROWS[:2], r"shape \[2, 2\]"),
        (ROWS[None], r"shape \[1, 3, 2\]"),
        (ROWS.numpy()[:2], r"shape \[2, 2\]"),
        (np.array([["a"]] * 3), "NumPy array of <U1"),
        (ROWS.to(torch.complex64), "complex numbers"),
        (ROWS.to_sparse(), "sparse"),
        ([[1.0], [2.0, 3.0], [1.0]], "rows of one length"),
        ((ROWS, ROWS), r"gave tuple of 2 \(Tensor, Tensor\)"),
        ({"embedding": ROWS}, "gave dict"),
        (None, "gave NoneType"),
        (1.0, "gave float"),
    ],
)
def test_anything_else_is_named(value: Any, message: str) -> None:
    with pytest.raises(ModelFailed, match=message):
        as_tensor(value, "embed", [3, "width"])


class Plain:
    distance = "euclidean"
    input_size = 14

    def embed(self, images: Tensor) -> Any:
        return images.flatten(1)


class Numpy(Plain):
    def embed(self, images: Tensor) -> Any:
        return images.flatten(1).numpy()


class Listed(Plain):
    def embed(self, images: Tensor) -> Any:
        return images.flatten(1).tolist()


class Doubles(Plain):
    def embed(self, images: Tensor) -> Any:
        return images.flatten(1).double().numpy()


class Head(Plain):
    def compare(self, a: Tensor, b: Tensor) -> Any:
        return -(a - b).square().sum(dim=1)


class NumpyHead(Plain):
    def compare(self, a: Tensor, b: Tensor) -> Any:
        return -(a - b).square().sum(dim=1).numpy()


class Episode:
    input_size = 14

    def classify_episode(
        self, support: Tensor, labels: Tensor, queries: Tensor, generator: torch.Generator
    ) -> Any:
        distances = torch.cdist(queries.flatten(1), support.flatten(1))
        return -distances @ torch.nn.functional.one_hot(labels).float()


class NumpyEpisode(Episode):
    def classify_episode(self, *episode: Any) -> Any:
        return super().classify_episode(*episode).numpy()


class Pairs:
    input_size = 14

    def similarity(self, support: Tensor, queries: Tensor) -> Any:
        return -torch.cdist(queries.flatten(1), support.flatten(1))


class NumpyPairs(Pairs):
    def similarity(self, support: Tensor, queries: Tensor) -> Any:
        return super().similarity(support, queries).numpy()


@pytest.mark.parametrize(
    ("array", "tensor"),
    [
        (Numpy, Plain), (Listed, Plain), (Doubles, Plain), (NumpyHead, Head),
        (NumpyEpisode, Episode), (NumpyPairs, Pairs),
    ],
)  # fmt: skip
def test_a_model_that_returns_arrays_answers_as_one_that_returns_tensors(
    array: type, tensor: type
) -> None:
    found, expected = (benchmark.evaluate(m, "glyphs-5w1s", device="cpu") for m in (array, tensor))
    assert found.status == "ok" and found.outcome == expected.outcome


class Several(Plain):
    def embed(self, images: Tensor) -> Any:
        return images.flatten(1), images


class Flat(Plain):
    def embed(self, images: Tensor) -> Any:
        return images.flatten()


class Nan(Plain):
    def embed(self, images: Tensor) -> Any:
        return images.flatten(1).numpy() * np.nan


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Several, r"embed gave tuple of 2 \(Tensor, Tensor\)"),
        (Flat, r"embed gave shape \["),
        (Nan, "not finite"),
    ],
)
def test_a_model_that_returns_something_else_fails_with_the_reason(
    model: type, reason: str
) -> None:
    record = benchmark.evaluate(model, "glyphs-5w1s", device="cpu")
    assert record.status == "failed"
    assert record.reason is not None and re.search(reason, record.reason)
