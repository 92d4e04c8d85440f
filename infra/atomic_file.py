"""Replace files atomically: a crash leaves the old contents or the new, never a part.

A file is written under a temporary name in the same folder, synced, and renamed; then the folder
is synced, so that the rename is durable. Files are created with mode 0600 and folders with 0700,
whatever the umask. Only one writer per name at a time, unless each passes its own temporary name
as *beside*.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TextIO

FILE_MODE = 0o600
FOLDER_MODE = 0o700
NEW = ".new"
"""Suffix of the temporary name."""

# From file systems that cannot sync a folder; the file itself is on the disk.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP})
_OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


@contextmanager
def replacing(path: Path, *, beside: Path | None = None) -> Iterator[IO[bytes]]:
    """Open a file that replaces *path* when the block ends without an exception.

    *beside* is its temporary name, in the same folder.
    """
    new = beside or path.with_name(path.name + NEW)
    try:
        with create(new) as file:
            yield file
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def replacing_text(
    path: Path, *, beside: Path | None = None, encoding: str = "utf-8"
) -> Iterator[TextIO]:
    """Like `replacing`, for text; line ends are not translated."""
    with replacing(path, beside=beside) as file, _text(file, encoding) as lines:
        yield lines


def write(path: Path, content: bytes | str, *, beside: Path | None = None) -> None:
    """Replace *path* by *content*; text is written as UTF-8."""
    with replacing(path, beside=beside) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def create(path: Path, *, fresh: bool = True) -> Iterator[IO[bytes]]:
    """Open a private file to write under its final name; sync it at the end.

    A file of this name is deleted before, or without *fresh* raises FileExistsError.
    """
    if fresh:
        path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags, FILE_MODE), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # A write to a full disk names no file.
        if error.filename is None and error.errno in _OF_THE_DISK:
            error.filename = str(path)
        raise


@contextmanager
def create_text(path: Path) -> Iterator[TextIO]:
    """Like `create`, for UTF-8 text; line ends are not translated."""
    with create(path) as file, _text(file, "utf-8") as lines:
        yield lines


def make_folder(path: Path) -> None:
    """Create a private folder and its missing parents; leave an existing one as it is."""
    if path.is_dir():
        return
    missing = [path, *path.parents]
    for folder in reversed([one for one in missing if not one.exists()]):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(FOLDER_MODE)
    path.mkdir(FOLDER_MODE, exist_ok=True)  # raises where a file has that name


def sync_folder(folder: Path) -> None:
    """Sync a folder: make creations and renames in it durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _text(file: IO[bytes], encoding: str) -> Iterator[TextIO]:
    lines = TextIOWrapper(file, encoding, newline="")
    try:
        yield lines
        lines.flush()
    finally:
        lines.detach()
