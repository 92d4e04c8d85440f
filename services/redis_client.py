"""Connects to Redis or Valkey, alone or as a cluster, with bounds on every wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from fanzha.errors import Unavailable

Client: TypeAlias = "Redis | RedisCluster"

CONNECT_SECONDS = 1.0
SOCKET_SECONDS = 5.0
"""More than any command of ours waits, `WAITAOF` included."""
_CLUSTER = "+cluster://"


def connect(url: str) -> Client:
    """Return a client for ``redis://``, ``rediss://``, ``unix://`` or ``redis+cluster://``.

    Nothing is sent yet. A command that meets a dead connection is sent once more, on a new one.
    """
    retry = Retry(NoBackoff(), 1)
    if _CLUSTER in url:
        cluster: RedisCluster = RedisCluster.from_url(
            url.replace(_CLUSTER, "://"),
            decode_responses=True,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=retry,
        )
        return cluster
    client: Redis = Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=retry,
    )
    return client


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Turn whatever the store does wrong, or takes longer for than *seconds*, into Unavailable."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:  # of redis-py's or ours
        raise Unavailable(f"the store did not answer within {seconds:g} s") from error
    except (RedisError, OSError) as error:
        raise Unavailable(f"the store cannot be used: {error}") from error
