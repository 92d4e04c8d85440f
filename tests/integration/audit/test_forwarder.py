"""What workers turn away reaches the audit log of list administration, through a real store."""

from collections.abc import Mapping

import pytest

from fanzha.errors import Unavailable
from infra.redis.client import connect
from services.audit.events import AuditKind
from services.audit.forwarder import MAX_QUEUED, STREAM, AuditForwarder, AuditForwardIntake

SAID = {"peer": "10.0.0.1", "why": "token: expired", "times": "3"}


class Kept:
    """An audit log in memory; full, it takes nothing."""

    def __init__(self) -> None:
        self.records: list[tuple[AuditKind, str, str, Mapping[str, str]]] = []
        self.full = False

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        if self.full:
            raise Unavailable("the disk is full")
        self.records.append((kind, subject, actor, details))


async def test_a_forwarded_refusal_is_recorded_once(redis_url: str) -> None:
    client, audit = connect(redis_url), Kept()
    intake = AuditForwardIntake(client, audit, now_ms=lambda: 0, block_ms=0)

    await AuditForwarder(client, "host/7").record(
        AuditKind.LOGIN_FAILED, subject="method:a", details=SAID, actor="unknown"
    )
    read = [await intake.consumer.step(), await intake.consumer.step()]

    assert read == [1, 0]
    assert audit.records == [
        (AuditKind.LOGIN_FAILED, "method:a", "unknown", SAID | {"worker": "host/7"})
    ]
    await client.aclose()


async def test_refusals_wait_while_the_audit_log_is_unavailable(redis_url: str) -> None:
    client, audit = connect(redis_url), Kept()
    intake = AuditForwardIntake(client, audit, now_ms=lambda: 0, block_ms=0)
    await AuditForwarder(client, "w").record(AuditKind.REFUSED, subject="method:a", details=SAID)

    audit.full = True
    with pytest.raises(Unavailable):
        await intake.consumer.step()
    audit.full = False
    await intake.consumer.step()

    assert len(audit.records) == 1
    await client.aclose()


async def test_a_full_stream_of_refusals_accepts_no_more(redis_url: str) -> None:
    client = connect(redis_url)
    post = AuditForwarder(client, "w")
    pipeline = client.pipeline(transaction=False)
    for _ in range(MAX_QUEUED):
        pipeline.xadd(STREAM, {"record": "{}"})
    await pipeline.execute()

    with pytest.raises(Unavailable, match="wait for `fanzha admin`"):
        await post.record(AuditKind.REFUSED, subject="method:a", details=SAID)

    assert await client.xlen(STREAM) == MAX_QUEUED
    await client.aclose()
