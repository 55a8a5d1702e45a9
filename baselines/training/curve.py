"""The learning curve as a CSV file in the training's folder, for whoever wants to watch it grow."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

NAME = "curve.csv"


def write(folder: Path, curve: Sequence[tuple[int, int, int]]) -> None:
    """Writes the curve so far: items seen, mean loss since the last row, validation accuracy.

    Args:
        folder: of the training.
        curve: per validation (items, loss in millionths, correct per 10,000).
    """
    rows = [f"{items},{loss / 1e6:.6f},{correct / 1e4:.4f}" for items, loss, correct in curve]
    text = "\n".join(["items,loss,validation_accuracy", *rows, ""])
    # A copy of what the checkpoint and the record hold: losing it must not stop a training.
    part = folder / f"{NAME}.{os.getpid()}.part"
    with contextlib.suppress(OSError):
        try:
            part.unlink(missing_ok=True)
            with part.open("x", encoding="utf-8") as file:
                file.write(text)
            part.replace(folder / NAME)
        finally:
            part.unlink(missing_ok=True)
