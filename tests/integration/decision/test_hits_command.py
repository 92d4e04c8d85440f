"""HitService and `fanzha hits tail`, on a real store: roles, masks, records, hostile input."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from typer.testing import CliRunner

from fanzha.decisions import Reason
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from fanzha.v1 import hit_pb2 as pb
from fanzha.v1.hit_pb2_grpc import HitServiceStub
from infra.redis.client import connect
from services.audit.events import AuditKind
from services.auth.identity import Role
from services.cli import hits
from services.decision.campaigns.store import CampaignStore
from services.decision.related.store import GraphStore
from services.decision.sinks.hit_records import Hit
from services.decision.sinks.hit_store import CONFIRMED, HitStore
from services.feedback.hit_reader import HitReader
from services.feedback.relation_reader import RelationReader
from services.rpc.hits.handler import HitServicer
from tests.support.builders import as_written
from tests.support.change_desk import MemoryAudit
from tests.support.identities import Issuer
from tests.support.rpc_server import in_a_thread, rpc_server
from tests.support.secured_server import secured_server

NOW_MS = 1_767_603_600_000
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


@asynccontextmanager
async def hit_service(url: str, audit: MemoryAudit) -> AsyncIterator[HitServicer]:
    client = connect(url)
    yield HitServicer(
        HitReader(HitStore(client), audit=audit),
        CampaignStore(client),
        RelationReader(GraphStore(client, now_ms=lambda: NOW_MS), home=HomePlan(), audit=audit),
        lambda: NOW_MS,
    )
    await client.aclose()


@pytest.fixture
def target(redis_url: str) -> Iterator[str]:
    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        async with (
            hit_service(redis_url, MemoryAudit()) as servicer,
            rpc_server({"hits": servicer}) as target,
        ):
            yield target

    with in_a_thread(serving) as target:
        yield target


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json")


def tail(target: str, *options: str) -> str:
    found = CliRunner().invoke(hits.app, ["tail", "--target", target, *options])
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.fixture
def two_hits(redis_url: str, target: str) -> str:
    write(redis_url, a_hit(1, Reason.BLOCKLISTED), a_hit(2, Reason.SCORED))
    return target


def pending(target: str, *options: str) -> str:
    found = CliRunner().invoke(hits.app, ["pending", "--target", target, *options])
    assert found.exit_code == 0, found.output
    return found.stdout


def test_hits_without_a_verdict_wait_newest_first_until_they_are_judged(
    redis_url: str, target: str
) -> None:
    write(redis_url, *(a_hit(one, Reason.REVIEW) for one in (11, 12, 13)), a_hit(14, Reason.SCORED))

    before = json.loads(pending(target, "--reason", "review", "--json"))
    judge(redis_url, 12)
    after = json.loads(pending(target, "--reason", "review", "--json"))

    assert [hit["decision_id"] for hit in before["hits"]] == ["13", "12", "11"]
    assert [hit["decision_id"] for hit in after["hits"]] == ["13", "11"]
    assert CALLER not in str(before)


def judge(url: str, decision_id: int) -> None:
    async def record() -> None:
        client = connect(url)
        await HitStore(client).add_to_record(decision_id, {"verdict": "dismissed"})
        await client.aclose()

    asyncio.run(record())


def test_pending_hits_come_in_pages(redis_url: str, target: str) -> None:
    write(redis_url, *(a_hit(one, Reason.REVIEW) for one in (21, 22, 23)))

    first = json.loads(pending(target, "--limit", "2", "--json"))
    second = json.loads(pending(target, "--before", first["next_before"], "--json"))

    assert [hit["decision_id"] for hit in first["hits"]] == ["23", "22"]
    assert [hit["decision_id"] for hit in second["hits"]] == ["21"]
    assert second["next_before"] == ""


def test_pending_hits_are_shown_as_a_table_of_one_channel(redis_url: str, target: str) -> None:
    write(redis_url, a_hit(31, Reason.REVIEW))

    calls, texts = pending(target, "--channel", "call"), pending(target, "--channel", "sms")

    assert "review" in calls
    assert " 31" in calls
    assert texts == "nothing waits for a verdict\n"


@pytest.mark.parametrize(
    ("options", "named"),
    [(["--reason", "dislike"], "--reason"), (["--before", "yesterday"], "before")],
)
def test_an_unknown_reason_or_place_of_pending_hits_is_named(
    target: str, options: list[str], named: str
) -> None:
    found = CliRunner().invoke(hits.app, ["pending", "--target", target, *options])

    assert found.exit_code == 2
    assert named in found.stderr


def test_all_streams_are_followed_from_their_beginning(two_hits: str) -> None:
    shown = tail(two_hits, "--since", "beginning", "--count", "2")

    _, *lines = shown.splitlines()
    assert ["confirmed" in line for line in lines] == [True, False]
    assert "2026-01-05 17:00:00+08:00" in lines[0]


def test_hits_are_followed_from_a_time_on(two_hits: str) -> None:
    since_an_hour = tail(two_hits, "--since", "1h", "--count", "2", "--json")
    since_a_day = tail(two_hits, "--since", "2026-01-01", "--count", "2", "--json")

    assert since_an_hour == since_a_day
    assert len(since_an_hour.splitlines()) == 2


def test_a_person_is_told_that_the_command_waits(two_hits: str) -> None:
    line = ["tail", "--target", two_hits, "--since", "beginning", "--count", "1"]
    shown, as_json = (CliRunner().invoke(hits.app, [*line, *more]) for more in ([], ["--json"]))

    assert shown.stderr == "waiting for more; Ctrl-C ends\n"
    assert as_json.stderr == ""


def test_numbers_are_masked_by_default(two_hits: str) -> None:
    masked = tail(two_hits, "--since", "beginning", "--count", "2")
    full = tail(two_hits, "--since", "beginning", "--count", "2", "--full")

    assert CALLER not in masked
    assert "**********0100" in masked
    assert CALLER in full
    assert VICTIM in full


def test_one_stream_is_printed_as_json_from_a_position(two_hits: str) -> None:
    [first] = tail(
        two_hits, "--stream", "suspected", "--since", "0-0", "--count", "1", "--json"
    ).splitlines()

    hit = json.loads(first)
    assert (hit["stream"], hit["decision_id"]) == ("suspected", "2")


def test_a_name_cannot_inject_terminal_escapes(redis_url: str, target: str) -> None:
    write(redis_url, a_hit(1, Reason.SCORED, caller="Bank\x9b31m\u202e"))

    shown = tail(target, "--since", "beginning", "--count", "1", "--full")

    assert "Bank?31m?" in shown


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["tail", "--since", "yesterday"], "--since"),
        (["confirm", "7", "--by", "li", "--fraud-type", "theft"], "fake_loan"),
    ],
)
def test_a_wrong_option_is_reported_in_one_sentence(options: list[str], named: str) -> None:
    found = CliRunner().invoke(hits.app, options)

    assert found.exit_code == 2
    assert named in found.stderr


def test_an_unreachable_server_is_reported_in_one_sentence() -> None:
    found = CliRunner().invoke(hits.app, ["tail", "--target", "127.0.0.1:1"])

    assert found.exit_code == 3
    assert "no answer from 127.0.0.1:1" in " ".join(found.stderr.split())


ALL_KEPT = pb.TailHitsRequest(after="0", end_at_newest=True)


async def test_each_role_follows_its_permitted_streams(redis_url: str, issuer: Issuer) -> None:
    audit = MemoryAudit()
    whole = pb.TailHitsRequest(after="0", end_at_newest=True, unmasked=True)
    async with (
        hit_service(redis_url, audit) as servicer,
        secured_server({"hits": servicer}, HitServiceStub, issuer) as server,
    ):
        may_follow = await server.who_may("TailHits", ALL_KEPT, streams=True)
        nothing = list(audit.records)
        may_unmask = await server.who_may("TailHits", whole, streams=True)
        may_judge = await server.who_may("ListPendingHits", pb.ListPendingHitsRequest())
        may_list = await server.who_may("ListCampaigns", pb.ListCampaignsRequest())

    assert may_follow == {Role.APPROVER, Role.AUDITOR, Role.APPEALS_OFFICER, Role.OPERATOR}
    assert may_unmask == {Role.AUDITOR, Role.APPEALS_OFFICER}
    assert may_judge == may_follow
    assert may_list == set(Role) - {Role.CARRIER, Role.SOURCE, Role.DISPATCHER, Role.PARTNER}
    assert nothing == []
    assert audit.kinds == [AuditKind.HITS_READ] * 2


async def test_unmasking_notes_and_numbers_is_audited(redis_url: str, issuer: Issuer) -> None:
    audit = MemoryAudit()
    async with (
        hit_service(redis_url, audit) as servicer,
        secured_server({"hits": servicer}, HitServiceStub, issuer) as server,
    ):
        client = connect(redis_url)
        fields = a_hit(7, Reason.BLOCKLISTED).fields() | {"note": "called Mr Zhang"}
        await HitStore(client).append_once(CONFIRMED, 7, fields, {"verdict": "confirmed"})
        await client.aclose()
        (masked,) = await server.stream("TailHits", ALL_KEPT, "operator")
        request = pb.TailHitsRequest(after="0", end_at_newest=True, unmasked=True)
        (whole,) = await server.stream("TailHits", request, "auditor", name="zhao")
        audit.full = True
        code, _ = await server.refused("TailHits", request, "auditor", streams=True)

    assert CALLER not in str(masked)
    assert "note" not in masked.fields
    assert (whole.fields["from_party"], whole.fields["note"]) == (CALLER, "called Mr Zhang")
    assert len(audit.records) == 1
    assert code is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    "request_",
    [
        pb.TailHitsRequest(after="$"),
        pb.TailHitsRequest(after="9" * 30),
        pb.TailHitsRequest(after="1-2-3"),
        pb.TailHitsRequest(streams=[77]),  # type: ignore[list-item]
    ],
)
async def test_an_unknown_stream_or_position_is_refused(
    redis_url: str, issuer: Issuer, request_: pb.TailHitsRequest
) -> None:
    async with (
        hit_service(redis_url, MemoryAudit()) as servicer,
        secured_server({"hits": servicer}, HitServiceStub, issuer) as server,
    ):
        code, _ = await server.refused("TailHits", request_, "operator", streams=True)
        huge = await server.refused(
            "ListCampaigns", pb.ListCampaignsRequest(limit=1001), "operator"
        )

    assert code is huge[0] is grpc.StatusCode.INVALID_ARGUMENT
