"""Reads credentials from files that only the user of this process may read."""

import os
import stat
from pathlib import Path

from fanzha.errors import InvalidConfiguration

_OTHERS = 0o077
_MOST_BYTES = 64 * 1024


def read(path: Path) -> bytes:
    """Return what is in *path*; raise `InvalidConfiguration` if others may read it."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidConfiguration("{path}: {error}", path=path, error=error) from error
    with os.fdopen(file, "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise InvalidConfiguration("{path}: is no file", path=path)
        if status.st_mode & _OTHERS:
            raise InvalidConfiguration(
                "{path}: a secret that other users may open: chmod 600 {path}", path=path
            )
        content = opened.read(_MOST_BYTES + 1)
    if not content.strip() or len(content) > _MOST_BYTES:
        raise InvalidConfiguration("{path}: empty, or no secret", path=path)
    return content


def read_line(path: Path) -> str:
    """Return a token or password: the one line of *path*."""
    try:
        text = read(path).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidConfiguration("{path}: is no text", path=path) from error
    if not text or not text.isprintable():
        raise InvalidConfiguration("{path}: must hold one line", path=path)
    return text
