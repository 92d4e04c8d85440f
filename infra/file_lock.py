"""Locks files between processes; a lock lasts until every process that inherited it has ended."""

import fcntl
import os
from pathlib import Path

from infra.atomic_file import FILE_MODE


def lock(path: Path) -> int | None:
    """Lock a file; return its descriptor, or None when somebody else has the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_free(path: Path) -> bool:
    """Tell whether nobody has the lock."""
    descriptor = lock(path)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None
