"""Running out of memory: told from other errors, and answered by one smaller batch."""

from __future__ import annotations

import gc

SMALLER = 8  # the second try takes batches of this part of the first
SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")


def ran_out(error: BaseException) -> bool:
    """Whether the error says that memory ran out, of the processor or of an accelerator.

    torch has one class for accelerators (a RuntimeError) and plain RuntimeErrors for the rest.
    """
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in SIGNS)


def free() -> None:
    """Gives back what torch keeps for later."""
    import torch

    gc.collect()
    torch.cuda.empty_cache()  # does nothing where there is none
