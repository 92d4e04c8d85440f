"""Connects to Redis or Valkey, alone, as a cluster or by Sentinel, with bounds on every wait."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError, ResponseError

from fanzha.errors import InvalidInput, Unavailable
from infra.redis import addresses
from infra.redis.addresses import ReplicaWait, StoreAddress, StoreKind
from infra.redis.cluster_client import ClusterClient, SlotPipeline

Client: TypeAlias = "Redis | RedisCluster"

CONNECT_SECONDS = 1.0
SOCKET_SECONDS = 20.0
"""More than any read of a stream blocks. `within` bounds every command, and ends it sooner."""
_CLUSTER_CONNECTIONS = 256
"""Commands of a client that may wait for one node of a cluster."""
_POOL_SECONDS = 5.0
"""How long a command waits for a connection of its client."""
SYNC_MS = 2000
"""How long a write waits for the disk of the store."""
REPLICA_MS = 3000
"""How long it waits for replicas, which say once a second what is on their disks."""
MEMORY_MS = 1500
"""How long, after the disk of the primary, for their memory: within the time of a write."""
_MARK, _MARK_MS = "fanzha:wait", 10_000
"""A key that says nothing, and goes by itself: see `_marks`."""
_waits: "WeakKeyDictionary[Client, ReplicaWait]" = WeakKeyDictionary()
"""What writes of a client wait for; of those not named: the primary."""


def connect(url: str, *, decode_responses: bool = True, connections: int | None = None) -> Client:
    """Return a client for a URL as `infra.redis.addresses` describes it.

    Connects lazily. A command that fails on a dead connection is retried once on a new one.
    Answers are text, or bytes without *decode_responses*. With *connections*, commands beyond that
    number queue for a connection; without, those beyond a hundred fail. A cluster, and a primary
    that Sentinels name, have no such bound. Raises `InvalidInput` for any other URL.
    """
    try:
        address = addresses.read(url)
        client = _client(address, decode_responses=decode_responses, connections=connections)
    except ValueError as error:
        raise InvalidInput("the URL of the store {error}", error=error) from None
    _waits[client] = address.wait
    return client


def is_cluster(client: Client) -> bool:
    """Return whether keys of different slots may lie on different nodes."""
    return isinstance(client, RedisCluster)


def _client(address: StoreAddress, *, decode_responses: bool, connections: int | None) -> Client:
    retry, url = Retry(NoBackoff(), 1), address.url
    files: Any = dict(address.tls_files)
    if address.kind is StoreKind.SENTINEL:
        return _primary(address, decode_responses=decode_responses)
    if address.kind is StoreKind.CLUSTER:
        cluster: RedisCluster = ClusterClient.from_url(
            url,
            decode_responses=decode_responses,
            max_connections=max(connections or 0, _CLUSTER_CONNECTIONS),
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=retry,
            **files,
        )
        return cluster
    if connections is not None:
        pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=_POOL_SECONDS,
            decode_responses=decode_responses,
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=retry,
            **files,
        )
        pooled: Redis = Redis.from_pool(pool)
        return pooled
    client: Redis = Redis.from_url(
        url,
        decode_responses=decode_responses,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        retry=retry,
        **files,
    )
    return client


class _SentinelClient(Redis):
    """A client of a primary that also closes its connections to the Sentinels."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close all connections."""
        await super().aclose(close_connection_pool)
        pool: Any = self.connection_pool
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


def _primary(address: StoreAddress, *, decode_responses: bool) -> "Redis":
    """Return a client of whatever the Sentinels call the primary, when it connects."""
    times = {"socket_timeout": SOCKET_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
    tls = {"ssl": True, **dict(address.tls_files)} if address.tls else {}
    login = {"username": address.username, "password": address.password}
    make: Any = Sentinel  # its constructor has no types
    sentinel = make(
        address.sentinels,
        sentinel_kwargs={
            "socket_timeout": CONNECT_SECONDS,
            **tls,
            **(login if address.sentinel_login else {}),
        },
        **tls,
        **times,
    )
    primary: Redis = sentinel.master_for(
        address.primary,
        redis_class=_SentinelClient,
        db=address.database,
        username=address.username,
        password=address.password,
        decode_responses=decode_responses,
        retry=Retry(NoBackoff(), 1),
    )
    return primary


async def execute_synced(
    client: Client, pipeline: Any, *, or_raise: bool = False
) -> tuple[list[Any], bool]:
    """Execute *pipeline*, then wait for the disk of each node it wrote to, on the same connection.

    Return the answers, and whether the append-only file holds them, and as many replicas as the URL
    of the store wants; False when a file is off, or after the times above. This also holds for what
    a script found done already and did not write again.
    With *or_raise*, too few replicas raise `Unavailable` instead: it is written, and will be lost
    if the primary is lost now, so nobody may be told that it is done.
    """
    wait = _waits.get(client, ReplicaWait())
    marks = _marks(pipeline) if wait.replicas else []
    for mark in marks:
        pipeline.execute_command("SET", mark, "1", "PX", _MARK_MS)
    answers, waited = await _execute_then(pipeline, _commands(wait))
    if marks:
        answers, marked = answers[: -len(marks)], answers[-len(marks) :]
        waited = [*waited, *(one for one in marked if isinstance(one, Exception))]
    # An error of the server as the answer to a wait means that the append-only file is off.
    failures = [answer for answer in waited if not isinstance(answer, ResponseError)]
    for answer in (*answers, *failures):
        if isinstance(answer, Exception):
            raise answer
    synced = all(_is_held(answer, wait) for answer in waited)
    if or_raise and wait.replicas and not synced:
        raise Unavailable(
            "the store has written it, and {replicas} replicas have not confirmed that: look "
            "whether it is done before you repeat it",
            replicas=wait.replicas,
        )
    return answers, synced


async def execute_durable(client: Client, pipeline: Any) -> list[Any]:
    """Execute *pipeline* as `execute_synced` does; `Unavailable` if too few replicas hold it."""
    answers, _ = await execute_synced(client, pipeline, or_raise=True)
    return answers


async def hand_over(client: Client, pipeline: Any) -> list[Any]:
    """Execute what must be kept once its cause is acknowledged, in a stream of another slot.

    One server, and the replica that follows it, lose writes from the end: the acknowledgement
    before what was handed over. Nodes of a cluster fail one by one, so there this waits as
    `execute_durable` does.
    """
    if is_cluster(client):
        return await execute_durable(client, pipeline)
    answers: list[Any] = await pipeline.execute()
    return answers


def _marks(pipeline: Any) -> list[str]:
    """Return keys to write before a wait, one for each slot of the commands of a pipeline.

    A wait is for what its own connection has written last: on one that has written nothing, it ends
    at once. A script that is repeated after a lost answer writes nothing; with a write of ours
    after it, the wait is for all that the node had before.
    """
    if isinstance(pipeline, SlotPipeline):
        return [f"{_MARK}:{{{tag}}}" for tag in pipeline.hash_tags()]
    return [_MARK]


def _commands(wait: ReplicaWait) -> list[tuple[Any, ...]]:
    """Return the commands that wait for what a connection has written."""
    if not wait.replicas:
        return [("WAITAOF", 1, 0, SYNC_MS)]
    if not wait.memory:
        return [("WAITAOF", 1, wait.replicas, REPLICA_MS)]
    return [("WAITAOF", 1, 0, SYNC_MS), ("WAIT", wait.replicas, MEMORY_MS)]


def _is_held(answer: Any, wait: ReplicaWait) -> bool:
    if isinstance(answer, int):
        return answer >= wait.replicas
    disks = 0 if wait.memory else wait.replicas
    return isinstance(answer, list) and answer[0] >= 1 and answer[1] >= disks


async def _execute_then(
    pipeline: Any, then: Sequence[tuple[Any, ...]]
) -> tuple[list[Any], list[Any]]:
    """Return the answers of a pipeline, and those to commands after it on its connections."""
    if isinstance(pipeline, SlotPipeline):
        return await pipeline.execute_then(then)
    for command in then:
        pipeline.execute_command(*command)
    found = await pipeline.execute(raise_on_error=False)
    return found[: -len(then)], found[-len(then) :]


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Raise `Unavailable` for any error of the store, and after *seconds* without an answer."""
    task = asyncio.current_task()
    cancelled_before = task.cancelling() if task else 0
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:  # a timeout of redis-py or of this function
        raise Unavailable(
            "the store did not answer within {seconds:g} s", seconds=seconds
        ) from error
    except (RedisError, RedisClusterException, OSError) as error:
        # A cluster of which no node answers is no RedisError to redis-py.
        raise Unavailable("the store cannot be used: {error}", error=error) from error
    except UnicodeDecodeError as error:
        # Clients that decode answers read texts only; the error quotes what it could not read.
        raise Unavailable(
            "the store holds bytes that are not UTF-8 where text is expected"
        ) from error
    finally:
        # redis-py sends within `asyncio.wait_for`, which up to Python 3.11 loses a cancellation
        # was cancelled when the sending was done just then; a loop would continue.
        if task and task.cancelling() > cancelled_before:
            raise asyncio.CancelledError
