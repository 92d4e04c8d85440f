"""`fanzha up` warns; `fanzha warnings` shows what became of it."""

import asyncio
import csv
import json
from pathlib import Path

import grpc

from fanzha.v1 import decision_pb2, warning_pb2_grpc
from fanzha.v1 import warning_pb2 as pb
from infra.clock import now_ms
from infra.redis.client import connect
from infra.redis.dead_letters import DeadLetters
from services.warning import keys
from services.warning.cases.events import CaseEvent, CaseOutcome, EventKind
from services.warning.cases.store import CaseStore
from services.warning.dispatch.outbox_relay import send_stream
from services.warning.messages.linter import faults
from services.warning.outcomes.applied_log import NOTED, AppliedLog
from tests.support.processes import NO_CASCADE, Running, eventually, fanzha_up

PATIENCE_SECONDS = 240.0


def a_request(reference: str, victim: str) -> pb.SubmitWarningsRequest:
    return pb.SubmitWarningsRequest(
        warning=pb.Warning(
            source=decision_pb2.SOURCE_CARRIER,
            source_name="carrier.example",
            reference=reference,
            victim=victim,
            means_kind=pb.MEANS_KIND_LINK,
            means="http://pay.example/now",
            occurred_at_ms=now_ms() - 1000,
        )
    )


def handed(up: Running) -> list[dict[str, str]]:
    async def read() -> list[dict[str, str]]:
        client = connect(up.redis_url)
        try:
            return [fields for _place, fields in await client.xrange(send_stream("sms"))]  # type: ignore[misc, union-attr]
        finally:
            await client.aclose()

    return asyncio.run(read())


def bury(up: Running) -> None:
    async def put() -> None:
        client = connect(up.redis_url)
        try:
            await DeadLetters(client, keys.DEAD_LETTERS).put(
                stream="fanzha:hits:confirmed",
                place="1-0",
                fields={"decision_id": "1", "to_party": "+8617000000001"},
                reason="hit: cannot be read",
                tries=5,
                at_ms=now_ms(),
            )
        finally:
            await client.aclose()

    asyncio.run(put())


async def lost_money(up: Running, case_id: str) -> list[str]:
    """Close a case, and return what list administration learnt from that."""
    client = connect(up.redis_url)
    learned = AppliedLog(client, retention_days=1)
    closed = CaseEvent(
        kind=EventKind.CLOSED, at_ms=now_ms(), by="wang", outcome=CaseOutcome.LOST_MONEY
    )
    try:
        await CaseStore(client).change(case_id, lambda _case: [closed])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while NOTED not in (done := await learned.of(case_id)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        await client.aclose()
    return [text for field, text in done.items() if field != NOTED]


def check_replay(up: Running) -> None:
    """Check that dead letters are put back only when asked for."""
    replay = ("warnings", "dead-letters", "replay", "all")

    asked, done = up.fanzha(*replay, check=False), up.fanzha(*replay, "--yes")

    assert asked.returncode == 2
    assert "Put one dead letter back" in asked.stderr
    assert "1 put back" in done.stdout


def test_a_sent_warning_is_shown_by_the_commands(tmp_path: Path) -> None:
    with fanzha_up(tmp_path, workers=1, **NO_CASCADE) as up:
        target = json.loads((tmp_path / "endpoints.json").read_text())["warning"]
        sent = [a_request("1", "+8613800000001"), a_request("2", "110")]
        with grpc.insecure_channel(target) as channel:
            stub = warning_pb2_grpc.WarningServiceStub(channel)
            answers = list(stub.SubmitWarnings(iter(sent), timeout=PATIENCE_SECONDS))
        eventually(lambda: bool(handed(up)))

        (message,) = handed(up)
        assert [answer.taken for answer in answers] == [pb.TAKEN_ACCEPTED, pb.TAKEN_REFUSED]
        assert faults(message["text"]) == []
        assert message["region"]

        (record,) = json.loads(up.fanzha("warnings", "sources", "--json").stdout)
        assert (record["source"], record["accepted"], record["refused"]) == (
            *("carrier.example", 1),
            1,
        )

        output = up.fanzha("warnings", "feedback", "carrier.example").stdout
        assert next(csv.reader(output.splitlines())) == [
            *("place", "reference", "case_id", "what", "at_ms")
        ]

        assert asyncio.run(lost_money(up, answers[0].case_id)) == [
            "proposed: change 1 blocks pay.example"
        ]
        change = json.loads(up.fanzha("changes", "show", "1", "--json").stdout)["change"]
        assert change["author"] == "warning-pipeline"
        assert change["state"] == "pending"

        bury(up)
        listed = up.fanzha("warnings", "dead-letters", "list", "--json").stdout
        assert "hit: cannot be read" in listed
        assert "+8617000000001" not in listed
        check_replay(up)
