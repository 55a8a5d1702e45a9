"""The training losses since the last validation, summed without making a device wait each step."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from benchmark.errors import ModelFailed

# Steps whose losses a device that works ahead may still owe: reading one makes the processor wait.
OWED = 25


class LossesSeen:
    """Sums losses and stops a training whose loss is no longer a finite number.

    Args:
        device: where the losses are computed. On the processor each is read at once, elsewhere
            `OWED` at a time, so that a training that fails there fails a few steps later.
        learning_rate: named in the error, with what to try instead.
        steps: of the whole training, named in the error.
    """

    def __init__(self, device: str, learning_rate: float, steps: int) -> None:
        self.most = 1 if torch.device(device).type == "cpu" else OWED
        self.learning_rate, self.steps = learning_rate, steps
        self._sum = 0.0
        self._owed: list[Tensor] = []
        self._step = 0  # of the first that is owed

    def add(self, loss: Tensor, step: int) -> None:
        """Takes the scalar loss of a step, counted from 0.

        Raises:
            ModelFailed: it, or one before it, is not finite.
        """
        if not self._owed:
            self._step = step
        self._owed.append(loss.detach())
        if len(self._owed) >= self.most:
            self._settle()

    def sum(self) -> float:
        """Of all losses since the last `restart`.

        Raises:
            ModelFailed: one of them is not finite.
        """
        self._settle()
        return self._sum

    def restart(self, at: float = 0.0) -> None:
        """Begins a new sum, or goes on from one that was kept."""
        self._sum = at
        self._owed.clear()

    def diverged(self, what: str, step: int) -> ModelFailed:
        """The error that stops the training: what happened at which step, and what to try."""
        return ModelFailed(
            f"{what} at step {step} of {self.steps}.",
            f"Try --set learning_rate={self.learning_rate / 10:g}.",
        )

    def _settle(self) -> None:
        if not self._owed:
            return
        values = torch.stack(self._owed).double().tolist()
        owed_from = self._step
        self._owed.clear()
        for behind, value in enumerate(values):
            if not math.isfinite(value):
                raise self.diverged(f"The training loss became {value}", owed_from + behind + 1)
            self._sum += value
