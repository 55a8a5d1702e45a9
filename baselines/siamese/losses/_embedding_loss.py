"""Losses in PyTorch's usual form, (embeddings, labels) -> scalar, which bring their own distance.

A module may also take `indices_tuple`, the pairs or triplets of a miner, as in pytorch-metric-
learning; and its constructor `num_classes` and `embedding_size`, as losses with proxies do.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from baselines.randomness import keyed
from baselines.siamese.losses._loss import Loss, LossSettings
from baselines.siamese.traits import Traits
from benchmark.errors import ModelBroken, OneshotError
from benchmark.models.distances._distance import Distance

HINT = "A loss takes float32 embeddings [n, e] and int64 labels [n], and gives a scalar."


class EmbeddingLoss(Loss):
    """A module on embeddings and labels; it is built before training, when the sizes are known.

    Args:
        name: for messages.
        build: called with `num_classes` and `embedding_size`.
        traits: of the distance that judges.
        settings: of the recipe.
    """

    def __init__(
        self, name: str, build: Callable[..., nn.Module], traits: Traits, settings: LossSettings
    ) -> None:
        super().__init__(traits, settings)
        self.name, self.build = name, build
        self.module: nn.Module | None = None
        self.mined: Any = None  # what a miner found in the batch

    def prepare(self, classes: int, embedding: int, seed: int) -> None:
        """Builds the module, its weights drawn by the seed; see `Loss.prepare`."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(keyed(seed, 0, "loss"))
            try:
                self.module = self.build(num_classes=classes, embedding_size=embedding)
            except OneshotError:
                raise
            except Exception as error:
                raise ModelBroken(
                    f"The loss {self.name} cannot be built: {type(error).__name__}: {error}.", HINT
                ) from error
        self.takes_tuples = "indices_tuple" in inspect.signature(self.module.forward).parameters

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """The loss of one batch; see `Loss.forward`. `chosen` is not used."""
        assert self.module is not None  # `prepare` has built it
        tuples = {"indices_tuple": self.mined} if self.takes_tuples else {}
        try:
            loss: Tensor = self.module(embeddings, labels, **tuples)
            wrong = f"it gave a {type(loss).__name__}"
            if isinstance(loss, Tensor):
                wrong = f"it gave shape {list(loss.shape)}" if loss.ndim else ""
        except (OneshotError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:
            raise ModelBroken(
                f"The loss {self.name} failed on {len(embeddings)} embeddings: "
                f"{type(error).__name__}: {error}.",
                HINT,
            ) from error
        if wrong:
            raise ModelBroken(f"The loss {self.name} is not a scalar: {wrong}.", HINT)
        # Where nothing is left to learn from, some modules give a constant without a gradient.
        return loss if loss.requires_grad else loss + 0 * embeddings.sum()

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        """Keeps the weights of a module that is not built, so that they are saved again."""
        if self.module is not None:
            return super()._load_from_state_dict(state_dict, prefix, *args)
        start = f"{prefix}module."
        kept = {k.removeprefix(start): v for k, v in state_dict.items() if k.startswith(start)}
        if kept:
            self.module = _holder(kept)
        super()._load_from_state_dict(state_dict, prefix, *args)
        return None


def _holder(weights: dict[str, Tensor]) -> nn.Module:
    """A module that holds weights under their dotted names and computes nothing."""
    top = nn.Module()
    for name, value in weights.items():
        *path, last = name.split(".")
        place = top
        for part in path:
            if part not in dict(place.named_children()):
                place.add_module(part, nn.Module())
            place = place.get_submodule(part)
        place.register_buffer(last, torch.empty_like(value))
    return top
