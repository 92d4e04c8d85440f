"""Sessions in a real Valkey: they end when idle, and at their end; what is stored tells nothing."""

from collections.abc import AsyncIterator

import pytest

from infra.redis.client import Client, connect
from services.console.session.model import ConsoleSession
from services.console.session.store import SessionStore

IDLE_SECONDS, MOST_SECONDS = 600, 7200


class SteppedClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    connected = connect(redis_url, decode_responses=False)
    yield connected
    await connected.aclose()


@pytest.fixture
def store(client: Client, clock: SteppedClock) -> SessionStore:
    return SessionStore(client, idle_seconds=IDLE_SECONDS, most_seconds=MOST_SECONDS, now_s=clock)


def a_session(
    store: SessionStore, *, name: str = "wang", token_ends_s: float = 0
) -> ConsoleSession:
    return ConsoleSession(
        name=name,
        token="header.secret-claims.signature",
        roles=("editor",),
        regions=(),
        methods=frozenset({"/fanzha.v1.ChangeService/GetChange"}),
        development=False,
        created_at_s=0,
        ends_at_s=store.until(token_ends_s),
        csrf="c",
    )


async def test_a_session_is_loaded_as_it_was(store: SessionStore) -> None:
    session = a_session(store)
    session_id = await store.create(session)

    assert await store.load(session_id) == session
    assert (await store.load(session_id) or session).may("ChangeService/GetChange")


async def test_a_session_ends_at_its_end_however_busy(
    store: SessionStore, clock: SteppedClock
) -> None:
    session_id = await store.create(a_session(store))
    clock.now += MOST_SECONDS - 1
    assert await store.load(session_id) is not None

    clock.now += 1

    assert await store.load(session_id) is None


async def test_a_session_ends_with_its_token(store: SessionStore, clock: SteppedClock) -> None:
    session_id = await store.create(a_session(store, token_ends_s=clock.now + 60))

    clock.now += 60

    assert await store.load(session_id) is None


async def test_redis_forgets_an_idle_session_and_use_puts_that_off(
    store: SessionStore, client: Client
) -> None:
    session_id = await store.create(a_session(store))
    (key,) = [one async for one in client.scan_iter(match="console:session:*")]
    assert 0 < await client.ttl(key) <= IDLE_SECONDS

    await client.expire(key, 60)
    await store.load(session_id)

    assert await client.ttl(key) > 60


async def test_a_session_that_was_ended_is_not_saved_again(store: SessionStore) -> None:
    session = a_session(store)
    session_id = await store.create(session)
    await store.delete(session_id)

    await store.save(session_id, session)

    assert await store.load(session_id) is None


async def test_who_reads_redis_learns_neither_ids_nor_tokens(
    store: SessionStore, client: Client
) -> None:
    # No word that is short enough to come up in hashes and sealed texts by chance.
    name = "wang-of-the-bureau"
    session_id = await store.create(a_session(store, name=name))

    written = b""
    async for key in client.scan_iter():
        kind = await client.type(key)
        value = (
            await client.get(key)
            if kind == b"string"
            else repr(await client.smembers(key)).encode()
        )
        written += key + (value or b"")

    assert session_id.encode() not in written
    assert b"secret-claims" not in written
    assert name.encode() not in written


async def test_a_session_under_another_id_cannot_be_read(
    store: SessionStore, client: Client
) -> None:
    first = await store.create(a_session(store, name="li"))
    second = await store.create(a_session(store, name="wang"))
    keys = [one async for one in client.scan_iter(match="console:session:*")]
    values = [await client.get(key) for key in keys]

    for key, value in zip(keys, reversed(values), strict=True):
        await client.set(key, value or b"")

    assert await store.load(first) is None
    assert await store.load(second) is None


async def test_all_sessions_of_a_person_end_at_once(store: SessionStore) -> None:
    ours = [await store.create(a_session(store)) for _ in range(3)]
    other = await store.create(a_session(store, name="li"))

    assert await store.delete_all("wang") == 3

    assert [await store.load(one) for one in ours] == [None] * 3
    assert await store.load(other) is not None
