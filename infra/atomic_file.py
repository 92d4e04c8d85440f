"""Writes files so that a crash leaves the old one or the new one, and nobody else can read either.

A file is written beside its final name, flushed to the disk and renamed into place; then the
folder is flushed, so that the name lasts as well. Files are 0600 and folders 0700 from the moment
they exist, whatever the umask is. One name has one writer at a time, unless each writer passes a
name of its own to write *beside*.
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
"""What a name is followed by while its file is being written."""

# What mounts answer that cannot flush a folder; the file itself is on the disk.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP})


@contextmanager
def replacing(path: Path, *, beside: Path | None = None) -> Iterator[IO[bytes]]:
    """Open a file to write that takes the place of *path* at the end, if nothing was raised.

    *beside* is its name until then, in the same folder.
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
    """Do as `replacing`, with text, whose line ends are left as they are."""
    with replacing(path, beside=beside) as file, _text(file, encoding) as lines:
        yield lines


def write(path: Path, content: bytes | str, *, beside: Path | None = None) -> None:
    """Write *content*, text as UTF-8, to *path*."""
    with replacing(path, beside=beside) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def create(path: Path, *, fresh: bool = True) -> Iterator[IO[bytes]]:
    """Open a private file to write under its final name; flush it to the disk at the end.

    What was there under this name goes away first, or with *fresh* unset raises FileExistsError.
    """
    if fresh:
        path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, FILE_MODE), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def create_text(path: Path) -> Iterator[TextIO]:
    """Do as `create`, with UTF-8 text, whose line ends are left as they are."""
    with create(path) as file, _text(file, "utf-8") as lines:
        yield lines


def make_folder(path: Path) -> None:
    """Make a private folder, and those above it that are missing; one that is there stays."""
    if path.is_dir():
        return
    missing = [path, *path.parents]
    for folder in reversed([one for one in missing if not one.exists()]):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(FOLDER_MODE)
    path.mkdir(FOLDER_MODE, exist_ok=True)  # raises where a file has that name


def sync_folder(folder: Path) -> None:
    """Put on the disk which files a folder has."""
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
