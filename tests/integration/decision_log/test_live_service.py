"""Traffic and the tail of decisions over a real socket: roles, masks, records, hostile input."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.phone import HomePlan, masked
from fanzha.v1 import decision_log_pb2 as pb
from fanzha.v1 import decision_log_pb2_grpc as pb_grpc
from fanzha.v1 import decision_pb2
from services.audit.events import AuditKind
from services.auth.identity import Role
from services.decision_log.query import DecisionQuery
from services.decision_log.service import DecisionLogReader
from services.rpc.decision_log.handler import DecisionLogServicer
from tests.integration.decision_log.test_log_service import entries_of
from tests.support.builders import an_entry, some_calls
from tests.support.change_desk import MemoryAudit
from tests.support.decision_logs import HOUR_MS, NOW_MS, Logged, logged
from tests.support.identities import Issuer
from tests.support.secured_server import DEADLINE, SecuredServer, secured_server

FRAUD, OTHER, ANN = "+8617000000123", "+8619900000007", "+8619900000001"
DAY = pb.GetTrafficRequest(since_ms=NOW_MS - HOUR_MS)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json")


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    log = logged(tmp_path / "decisions")
    log.decide(some_calls(FRAUD, OTHER, callee=ANN), an_entry(FRAUD))
    return log


@asynccontextmanager
async def served(log: Logged, issuer: Issuer, audit: MemoryAudit) -> AsyncIterator[SecuredServer]:
    reader = DecisionLogReader(
        DecisionQuery(log.folder, HomePlan()),
        find_entries=entries_of,
        audit=audit,
        now_ms=log.clock,
    )
    servicers = {"decision_log": DecisionLogServicer(reader)}
    async with secured_server(servicers, pb_grpc.DecisionLogServiceStub, issuer) as server:
        yield server


async def first_news(
    server: SecuredServer, log: Logged, role: str, **fields: Any
) -> pb.TailDecisionsResponse:
    """Follow, decide a call, and return the first part that has something."""
    request = pb.TailDecisionsRequest(**fields)
    parts = server.stub.TailDecisions(request, metadata=server.metadata(role), timeout=DEADLINE)
    await parts.read()
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD))
    while not (part := await parts.read()).decisions:
        pass
    parts.cancel()
    found: pb.TailDecisionsResponse = part
    return found


async def test_traffic_is_told_to_who_oversees(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with served(log, issuer, audit) as server:
        may = await server.who_may("GetTraffic", DAY)
        found = await server.call("GetTraffic", DAY, "operator")

    assert may == set(Role) - {Role.CARRIER, Role.SOURCE, Role.DISPATCHER, Role.PARTNER}
    blocked = [one for one in found.by_reason if one.action == decision_pb2.ACTION_BLOCK]
    assert [(one.reason, one.events) for one in blocked] == [(decision_pb2.REASON_BLOCKLISTED, 1)]
    assert [one.start_ms for one in found.by_time] == [NOW_MS, NOW_MS]
    assert audit.records == []


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        (pb.GetTrafficRequest(), "since_ms"),
        (pb.GetTrafficRequest(since_ms=-5), "since_ms"),
        (pb.GetTrafficRequest(since_ms=NOW_MS - 40 * 24 * HOUR_MS), "31 days"),
        (pb.GetTrafficRequest(since_ms=NOW_MS, bucket_minutes=1441), "bucket_minutes"),
        (pb.GetTrafficRequest(since_ms=NOW_MS, until_ms=2**62, bucket_minutes=1), "buckets"),
    ],
)
async def test_unreasonable_periods_are_refused(
    log: Logged, issuer: Issuer, audit: MemoryAudit, request_: pb.GetTrafficRequest, fault: str
) -> None:
    async with served(log, issuer, audit) as server:
        code, details = await server.refused("GetTraffic", request_, "operator")

    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert fault in details


async def test_the_tail_is_masked(log: Logged, issuer: Issuer, audit: MemoryAudit) -> None:
    async with served(log, issuer, audit) as server:
        part = await first_news(server, log, "operator")

    (one,) = part.decisions
    assert (one.from_party, one.to_party) == (masked(FRAUD), masked(ANN))
    assert audit.records == []


async def test_a_whole_tail_takes_a_role_and_is_audited(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    whole = pb.TailDecisionsRequest(unmasked=True)
    async with served(log, issuer, audit) as server:
        code, _ = await server.refused("TailDecisions", whole, "operator", streams=True)
        part = await first_news(server, log, "auditor", unmasked=True)

    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert part.decisions[0].from_party == FRAUD
    assert audit.kinds == [AuditKind.DECISIONS_READ]


@pytest.mark.parametrize("role", ["carrier", "dispatcher", "editor", "source"])
async def test_others_may_not_follow(
    log: Logged, issuer: Issuer, audit: MemoryAudit, role: str
) -> None:
    async with served(log, issuer, audit) as server:
        request = pb.TailDecisionsRequest()
        code, _ = await server.refused("TailDecisions", request, role, streams=True)

    assert code is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("fields", [{"most": 201}, {"reason": 99}, {"channel": 99}])
async def test_odd_requests_are_refused(
    log: Logged, issuer: Issuer, audit: MemoryAudit, fields: dict[str, Any]
) -> None:
    async with served(log, issuer, audit) as server:
        request = pb.TailDecisionsRequest(**fields)
        code, _ = await server.refused("TailDecisions", request, "operator", streams=True)

    assert code is grpc.StatusCode.INVALID_ARGUMENT
