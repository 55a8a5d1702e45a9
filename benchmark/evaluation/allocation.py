"""Memory that a training frees is kept for its next step instead of going back to the system.

By default the GNU C library asks the system for each large block and returns it when it is freed,
so that every map of every layer is handed out anew, page by page and filled with zeros, at every
step: a third to a half of the time of a training of photographs. No number changes by this.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# From glibc's malloc.h: parameters of mallopt(3).
TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4
NEVER = 2**31 - 1  # bytes at the top of the heap before any go back
# What stands afterwards: glibc's own limit on a threshold that adapts itself, twice of it, and its
# number of blocks.
LARGEST_KEPT, LARGEST_TOP, BLOCKS = 32 << 20, 64 << 20, 65_536


@contextmanager
def kept_memory() -> Iterator[bool]:
    """Keeps freed memory for as long as the context lasts; False where the system has no such way.

    Memory in use never passes what was in use at once by more than gaps between blocks.
    """
    library = _glibc()
    if library is None:
        yield False
        return
    set_option: Callable[[int, int], int] = library.mallopt
    set_option(MMAP_MAX, 0)
    set_option(TRIM_THRESHOLD, NEVER)
    try:
        yield True
    finally:
        set_option(MMAP_MAX, BLOCKS)
        set_option(MMAP_THRESHOLD, LARGEST_KEPT)
        set_option(TRIM_THRESHOLD, LARGEST_TOP)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """The C library, where it is GNU's."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
