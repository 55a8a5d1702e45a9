"""The progress of trainings for TensorBoard, for those who have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.errors import OneshotError
from benchmark.protocols import Progress


class Board:
    """Writes loss, validation accuracy and speed over the items seen, one run for each training.

    Args:
        folder: what `tensorboard --logdir` is given.

    Raises:
        OneshotError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise OneshotError(
                "TensorBoard is not installed.",
                "Type: pip install 'oneshot-benchmark[tensorboard]'",
            ) from None
        self._make = SummaryWriter
        self._folder = folder
        self._writer: Any = None

    def start(self, name: str) -> None:
        """The next training begins; `name` becomes its folder."""
        self.close()
        self._writer = self._make(str(self._folder / name))

    def training(self, progress: Progress) -> None:
        """One report of the training."""
        self._writer.add_scalar("loss", progress.loss, progress.items)
        self._writer.add_scalar("items a second", progress.items_per_second, progress.items)
        if progress.validation is not None:
            self._writer.add_scalar("validation accuracy", progress.validation, progress.items)

    def close(self) -> None:
        """Writes what is still held back."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
