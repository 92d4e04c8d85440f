"""Feeds by HTTPS: what is fetched, what is held, and servers that break off, lie or dawdle."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.sources.model import (
    AccessSecrets,
    EntryTerms,
    PullLimits,
    PullOutcome,
    PullRequest,
)
from tests.support.source_servers import HttpsFeed, certificates, https_feed, secret
from tests.support.sources import HOUR_MS, NAME, PullingHost, https_source

DAY_MS = 24 * HOUR_MS


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[HttpsFeed]:
    with https_feed(tmp_path) as serving:
        serving.body = b"one two three four"
        yield serving


@pytest.fixture
async def host(redis_url: str, tmp_path: Path, feed: HttpsFeed) -> AsyncIterator[PullingHost]:
    one = PullingHost(redis_url, tmp_path / "work", https_source(feed))
    yield one
    await one.client.aclose()


async def failing(redis_url: str, tmp_path: Path, feed: HttpsFeed, **changed: object) -> str:
    """Pull by a changed definition, which must fail; return why it did."""
    host = PullingHost(redis_url, tmp_path / "work", https_source(feed, **changed))
    state = await host.pull()
    await host.client.aclose()
    assert host.delivery.taken == []
    assert state.last is not None
    assert state.last.outcome is PullOutcome.FAILED
    assert state.good_ms == 0
    return state.last.why


async def test_a_file_is_delivered_once_and_asked_for_conditionally(
    host: PullingHost, feed: HttpsFeed
) -> None:
    feed.etag = '"v1"'

    first = await host.pull()
    second = await host.pull()

    assert host.delivery.taken == [["one", "two", "three", "four"]]
    assert feed.asked[0].get("if-none-match") is None
    assert feed.asked[1]["if-none-match"] == '"v1"'
    assert first.good_sha256 == hashlib.sha256(feed.body).hexdigest()
    assert second.good_ms == first.good_ms + 3_600_000
    assert second.changed_ms == first.changed_ms
    assert await host.outcomes() == ["delivered"]
    assert [one[2]["sha256"] for one in host.audit.records] == [first.good_sha256]
    assert host.sample("fanzha_source_pulls_total", outcome="unchanged") == 1


async def test_a_server_without_etags_sends_the_same_file_again_and_it_is_not_delivered(
    host: PullingHost,
) -> None:
    await host.pull()
    state = await host.pull()

    assert len(host.delivery.taken) == 1
    assert state.last is not None
    assert state.last.outcome is PullOutcome.UNCHANGED


async def test_a_sudden_shrink_is_held_until_somebody_accepts_it(
    host: PullingHost, feed: HttpsFeed
) -> None:
    good = await host.pull()
    feed.body = b"one"

    held = await host.pull()
    again = await host.pull()
    accepted = await host.accept(held.held[0])

    assert held.last is not None
    assert held.last.outcome is PullOutcome.HELD
    assert "more than 50 % fewer" in held.last.why
    assert held.good_ms == again.good_ms == good.good_ms, "a held file is no good pull"
    assert await host.outcomes() == ["delivered", "held", "delivered"]
    assert host.delivery.taken[1:] == [["one"]]
    assert accepted.held == ()
    assert host.audit.records[-1][2]["accepted_because"] == "seen"
    assert host.audit.records[-1][3] == "wang"


async def test_the_next_good_file_replaces_one_that_is_held(
    host: PullingHost, feed: HttpsFeed
) -> None:
    await host.pull()
    feed.body = b"one bad bad bad"
    held = await host.pull()
    feed.body = b"one two three four five"

    state = await host.pull()

    assert len(held.held) == 1
    assert state.held == ()
    assert len(host.delivery.taken) == 2


async def test_nonsense_is_refused_and_not_fetched_for_ever(
    host: PullingHost, feed: HttpsFeed
) -> None:
    feed.body, feed.etag = b"<html> nonsense", '"html"'

    await host.pull()
    state = await host.pull()

    assert await host.outcomes() == ["refused"]
    assert feed.asked[1]["if-none-match"] == '"html"'
    assert state.good_ms == 0
    assert host.delivery.taken == []


async def test_what_was_refused_is_tried_again_when_somebody_asks(
    host: PullingHost, feed: HttpsFeed
) -> None:
    feed.body, feed.etag = b"nonsense", '"v1"'
    await host.pull()
    await host.store.ask(NAME, PullRequest(by="wang", at_ms=host.now_ms))

    await host.pull()

    assert await host.outcomes() == ["refused", "refused"]
    assert "if-none-match" not in feed.asked[-1]


async def test_what_somebody_asked_for_is_over_when_it_is_no_longer_asked_for(
    host: PullingHost, feed: HttpsFeed
) -> None:
    await host.pull()
    feed.body += b" five"
    await host.store.ask(NAME, PullRequest(by="wang", at_ms=host.now_ms))

    pulling = asyncio.create_task(host.pull(later_ms=0))
    async with asyncio.timeout(60):
        while await host.store.requests([NAME]):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
    outcomes = await host.outcomes()
    await pulling

    assert outcomes == ["delivered", "delivered"]


async def test_entries_of_a_feed_that_never_changes_are_renewed(
    redis_url: str, tmp_path: Path, feed: HttpsFeed
) -> None:
    feed.etag = '"v1"'
    source = https_source(feed, entries=EntryTerms(expires_days=10))
    host = PullingHost(redis_url, tmp_path / "work", source)

    await host.pull()
    await host.pull(later_ms=4 * DAY_MS)
    before = len(host.delivery.taken)
    state = await host.pull(later_ms=1 * DAY_MS)
    await host.client.aclose()

    assert (before, len(host.delivery.taken)) == (1, 2)
    assert state.changed_ms == host.now_ms - 5 * DAY_MS, "its contents are as old as they were"


@pytest.mark.parametrize(("word", "outcome"), [("foreign", "held"), ("locked", "failed")])
async def test_what_the_lists_refuse_waits_for_a_person_or_is_tried_again(
    host: PullingHost, feed: HttpsFeed, word: str, outcome: str
) -> None:
    feed.body += word.encode().center(20)

    await host.pull()

    assert await host.outcomes() == [outcome]


async def test_a_source_is_not_pulled_while_a_change_of_it_waits_for_a_person(
    host: PullingHost, feed: HttpsFeed
) -> None:
    host.delivery.change_id, host.open_changes = 7, {7}
    first = await host.pull()
    feed.body = b"one two three four five"

    await host.pull()
    waiting = await host.pull()
    host.open_changes.clear()
    after = await host.pull()

    assert waiting.good_ms == first.good_ms, "it grows late, and somebody is told"
    assert await host.outcomes() == ["delivered", "waiting", "delivered"]
    assert after.change_id == 7


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status": 302, "headers": {"location": "https://elsewhere.example/"}}, "redirects"),
        ({"status": 500}, "answered 500"),
        ({"length": 1000}, "no whole answer"),
        ({"length": -1}, "has no length"),
        ({"headers": {"content-encoding": "gzip"}}, "packs its answer"),
    ],
    ids=["redirect", "error", "truncated", "endless", "packed"],
)
async def test_an_answer_that_is_not_the_whole_file_fails(
    redis_url: str, tmp_path: Path, feed: HttpsFeed, answer: dict[str, object], why: str
) -> None:
    for name, value in answer.items():
        setattr(feed, name, value)

    assert why in await failing(redis_url, tmp_path, feed)
    assert not list((tmp_path / "work").iterdir()), "nothing is left of what was fetched"


async def test_a_server_that_dawdles_is_given_up_and_others_do_not_wait_for_it(
    redis_url: str, tmp_path: Path, feed: HttpsFeed
) -> None:
    feed.drips, feed.body = threading.Event(), b"x" * 60

    with https_feed(_made(tmp_path / "other")) as other:
        other.body = b"one"
        slow = https_source(feed, limits=PullLimits(seconds=2))
        quick = replace(https_source(other), name="quick")
        host = PullingHost(redis_url, tmp_path / "work", slow, quick)
        state = await host.pull()
        done = await host.outcomes("quick")
    feed.drips.set()
    await host.client.aclose()

    assert state.last is not None
    assert "not done within 2 s" in state.last.why
    assert done == ["delivered"]


async def test_a_file_beyond_its_size_is_refused_while_it_arrives(
    redis_url: str, tmp_path: Path, feed: HttpsFeed
) -> None:
    feed.body = b"x" * 10_001
    source = https_source(feed, limits=PullLimits(most_bytes=10_000))
    host = PullingHost(redis_url, tmp_path / "work", source)

    state = await host.pull()
    await host.client.aclose()

    assert state.last is not None
    assert (state.last.outcome, host.delivery.taken) == (PullOutcome.REFUSED, [])


async def test_a_private_address_is_refused_unless_it_is_listed(
    redis_url: str, tmp_path: Path, feed: HttpsFeed
) -> None:
    why = await failing(redis_url, tmp_path, feed, networks=())

    assert "private address 127.0.0.1" in why
    assert feed.asked == []


async def test_a_server_of_another_authority_gets_no_token(
    redis_url: str, tmp_path: Path, feed: HttpsFeed
) -> None:
    other, _, _ = certificates(_made(tmp_path / "other"))
    token = secret(tmp_path / "token", b"a-token")

    why = await failing(
        redis_url, tmp_path, feed, secrets=AccessSecrets(ca_file=other, token_file=token)
    )

    assert "certificate verify failed" in why.lower()
    assert feed.asked == []


async def test_credentials_are_sent_and_a_secret_that_others_may_read_is_not(
    redis_url: str, tmp_path: Path, feed: HttpsFeed
) -> None:
    token = secret(tmp_path / "token", b"a-token\n")
    secrets = AccessSecrets(ca_file=feed.ca_file, token_file=token)
    token.chmod(0o644)
    why = await failing(redis_url, tmp_path, feed, secrets=secrets)
    asked_before = len(feed.asked)
    token.chmod(0o600)
    host = PullingHost(redis_url, tmp_path / "work", https_source(feed, secrets=secrets))

    await host.pull(later_ms=2 * HOUR_MS)
    await host.client.aclose()

    assert "chmod 600" in why
    assert asked_before == 0
    assert feed.asked[0]["authorization"] == "Bearer a-token"


async def test_a_client_certificate_is_shown(redis_url: str, tmp_path: Path) -> None:
    clients = _made(tmp_path / "clients")
    client_ca, certificate, key = certificates(clients)
    with https_feed(_made(tmp_path / "server"), client_ca=client_ca) as feed:
        feed.body = b"one"
        why = await failing(redis_url, tmp_path, feed)
        secrets = AccessSecrets(ca_file=feed.ca_file, certificate_file=certificate, key_file=key)
        host = PullingHost(redis_url, tmp_path / "work", https_source(feed, secrets=secrets))
        await host.pull(later_ms=2 * HOUR_MS)
        await host.client.aclose()

    assert why
    assert host.delivery.taken == [["one"]]


async def test_failures_are_tried_again_sooner_than_the_schedule_and_then_seldomer(
    host: PullingHost, feed: HttpsFeed
) -> None:
    feed.status = 503
    first = await host.pull()
    second = await host.pull(later_ms=first.due_ms - host.now_ms)
    feed.status = 200

    good = await host.pull(later_ms=second.due_ms - host.now_ms)

    waits = [one.due_ms - one.tried_ms for one in (first, second, good)]
    assert waits == [30_000, 60_000, 3_600_000]
    assert good.failures == 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
