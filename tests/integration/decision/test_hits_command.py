"""`fanzha hits tail`, on a real store."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from fanzha.decisions import Reason
from fanzha.tables import Channel
from infra.redis.client import connect
from services.cli import hits
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import HitStore
from tests.support.builders import as_written

CALLER, VICTIM = "+8617000000100", "+8617000000200"


def write(url: str, *kept: Hit) -> None:
    async def write_all() -> None:
        client = connect(url)
        await HitStore(client).write(map(as_written, kept))
        await client.aclose()

    asyncio.run(write_all())


def a_hit(decision_id: int, reason: Reason, caller: str = CALLER) -> Hit:
    return Hit(
        decision_id=decision_id,
        channel=Channel.CALL,
        from_party=caller,
        to_party=VICTIM,
        reason=reason,
        pattern=CALLER if reason is Reason.BLOCKLISTED else "",
        occurred_at_ms=1_767_603_600_000,
    )


def tail(url: str, *options: str) -> str:
    found = CliRunner().invoke(hits.app, ["tail", *options], env={"FANZHA_REDIS_URL": url})
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.fixture
def two_hits(redis_url: str) -> str:
    write(redis_url, a_hit(1, Reason.BLOCKLISTED), a_hit(2, Reason.SCORED))
    return redis_url


def test_all_streams_are_followed_from_their_beginning(two_hits: str) -> None:
    shown = tail(two_hits, "--since", "beginning", "--count", "2")

    _, *lines = shown.splitlines()
    assert ["confirmed" in line for line in lines] == [True, False]
    assert "2026-01-05 09:00:00Z" in lines[0]


def test_numbers_are_masked_unless_asked_for(two_hits: str) -> None:
    masked = tail(two_hits, "--since", "beginning", "--count", "2")
    full = tail(two_hits, "--since", "beginning", "--count", "2", "--full")

    assert CALLER not in masked
    assert "**********0100" in masked
    assert CALLER in full
    assert VICTIM in full


def test_one_stream_from_a_place_as_json(two_hits: str) -> None:
    [first] = tail(
        two_hits, "--stream", "suspected", "--since", "0-0", "--count", "1", "--json"
    ).splitlines()

    hit = json.loads(first)
    assert (hit["stream"], hit["decision_id"]) == ("suspected", "2")


def test_a_name_cannot_steer_the_terminal(redis_url: str) -> None:
    write(redis_url, a_hit(1, Reason.SCORED, caller="Bank\x9b31m\u202e"))

    shown = tail(redis_url, "--since", "beginning", "--count", "1", "--full")

    assert "Bank?31m?" in shown


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["tail", "--since", "yesterday"], "--since"),
        (["tail", "--data-dir", "no-such-folder"], "no-such-folder"),
        (["confirm", "7", "--by", "li", "--fraud-type", "theft"], "fake_loan"),
    ],
)
def test_a_wrong_option_is_told_in_a_sentence(options: list[str], named: str) -> None:
    found = CliRunner().invoke(hits.app, options)

    assert found.exit_code == 2
    assert named in found.stderr


def test_a_store_that_is_away_is_told_in_a_sentence() -> None:
    found = CliRunner().invoke(hits.app, ["tail", "--redis-url", "redis://127.0.0.1:1"])

    assert found.exit_code == 1
    assert "the store cannot be used" in found.stderr
