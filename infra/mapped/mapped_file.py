"""Maps files of a fixed size, which processes of one host share."""

import mmap
import os
from pathlib import Path

from infra.atomic_file import FILE_MODE


def map_file(path: Path, size: int, *, fresh: bool = False) -> mmap.mmap:
    """Map *path*, of *size* bytes, created where it is missing or of another size.

    Its bytes are allocated, so that a full disk is an `OSError` here, which leaves no file of
    another size, and not a fault later. A *fresh* one is zero.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        if fresh:
            os.ftruncate(file, 0)
        if os.fstat(file).st_size != size:
            os.ftruncate(file, size)
        os.posix_fallocate(file, 0, size)
        return mmap.mmap(file, size)
    except OSError as error:
        path.unlink(missing_ok=True)
        error.filename = error.filename or str(path)
        raise
    finally:
        os.close(file)
