"""When garbage is collected: not during imports, and not what start-up made.

And when what is free goes back to the system, which glibc keeps for itself otherwise.
"""

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

LARGE_BYTES = 2**20
"""Pieces of memory from this size on go back to the system at once when they are freed."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Numbers of options in glibc's malloc.h."""
_KEPT_BYTES = 4 * LARGE_BYTES
"""So much may be free at the end of the heap before it shrinks."""


@contextmanager
def paused() -> Iterator[None]:
    """Collect no garbage during imports, which leave none: it takes a tenth of their time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def return_large_pieces() -> None:
    """Let this process, and what it forks, return large pieces of memory when they are freed.

    glibc does so only until the first is freed, and then keeps those of its size in the heap, where
    what is still in use between them pins them. Arrow has an allocator of its own, which keeps what
    the largest table took; it is told to use glibc's, if it has not been imported yet.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(_M_MMAP_THRESHOLD, LARGE_BYTES)
        option(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def settle_memory() -> None:
    """Freeze the garbage collector: later collections skip all objects that exist now.

    What loading them left behind goes back to the system.
    """
    gc.collect()
    gc.freeze()
    return_free_memory()


def return_free_memory() -> None:
    """Return free memory to the system, where the C library can; some milliseconds."""
    found = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if found is not None:
        found(0)
