"""Advisory locks between processes; one lasts until all processes that inherited it have ended."""

import fcntl
import os
from pathlib import Path

from infra.atomic_file import FILE_MODE


def lock(path: Path) -> int | None:
    """Acquire the lock; return its descriptor, or None where another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_free(path: Path) -> bool:
    """Return whether no process holds the lock."""
    descriptor = lock(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None
