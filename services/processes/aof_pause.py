"""Holds the append-only file of the embedded Valkey still, while it is copied.

While the server does not rewrite it, its files are only appended to: a copy of each up to the size
it had is the state of some moment, and a torn last command is dropped when it is loaded. Writes go
on meanwhile.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from fanzha.errors import Unavailable
from infra import file_lock

_REWRITE_AT = "auto-aof-rewrite-percentage"
_WAIT_SECONDS = 600.0
"""For a rewrite that has begun already, of a large file on a slow disk."""
_POLL_SECONDS = 0.1
_SOCKET_SECONDS = 20.0


@contextmanager
def paused(folder: Path) -> Iterator[bool]:
    """Let the server whose data is in *folder* begin no rewrite; yield whether one runs there.

    Raises `Unavailable` when it does not do as it is told.
    """
    if not folder.is_dir() or file_lock.is_free(folder / "server.lock"):
        yield False  # a server holds it as long as it lives, whatever a killed one has left
        return
    url = (folder / "url").read_text()
    with redis.Redis.from_url(url, socket_timeout=_SOCKET_SECONDS, decode_responses=True) as client:
        try:
            before = client.config_get(_REWRITE_AT)[_REWRITE_AT]
            client.config_set(_REWRITE_AT, 0)
            try:
                _wait_for_rewrite(client)
                yield True
            finally:
                client.config_set(_REWRITE_AT, before)
        except redis.RedisError as error:
            raise Unavailable("the store cannot be used: {error}", error=error) from error


def _wait_for_rewrite(client: "redis.Redis") -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        found = client.info("persistence")
        if not found["aof_rewrite_in_progress"] and not found["aof_rewrite_scheduled"]:
            return
        if time.monotonic() > deadline:
            raise Unavailable("the store goes on rewriting its file; try again later")
        time.sleep(_POLL_SECONDS)
