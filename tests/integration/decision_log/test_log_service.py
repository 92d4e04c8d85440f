"""DecisionLogService over a real socket: roles, masks, records, pages, hostile input."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from blocklists.queries import MatchingEntries
from blocklists.snapshot.snapshot import Snapshot
from fanzha.phone import HomePlan
from fanzha.v1 import decision_log_pb2 as pb
from fanzha.v1 import decision_log_pb2_grpc as pb_grpc
from fanzha.v1 import decision_pb2
from services.audit.events import AuditKind
from services.auth.entry_sight import EntrySight
from services.auth.identity import Role
from services.decision_log.query import DecisionQuery
from services.decision_log.service import DecisionLogReader
from services.rpc.decision_log.handler import DecisionLogServicer
from tests.support.builders import an_entry, some_calls, some_texts
from tests.support.change_desk import MemoryAudit
from tests.support.decision_logs import Logged, logged
from tests.support.identities import Issuer
from tests.support.secured_server import SecuredServer, secured_server

FRAUD, ANN, BOB = "+8617000000123", "+8619900000001", "+8619900000002"
BODY = "您的账户异常，请点击"
READERS = {Role.APPROVER, Role.AUDITOR, Role.APPEALS_OFFICER, Role.OPERATOR}
ENTRY = an_entry(FRAUD)
FIND = pb.FindDecisionsRequest(since_ms=1)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json")


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    """Log a blocked call and three that were let through."""
    log = logged(tmp_path / "decisions")
    log.decide(some_calls(FRAUD, ANN, ANN, BOB, callees=(ANN, BOB, BOB, ANN)), ENTRY)
    return log


@pytest.fixture
def text_log(tmp_path: Path) -> Logged:
    """Log a blocked text with what it said."""
    log = logged(tmp_path / "decisions", texts=True)
    log.decide(some_texts(BODY, sender=FRAUD, receiver=ANN), ENTRY)
    return log


async def entries_of(_query: str) -> MatchingEntries:
    return MatchingEntries(entries=[ENTRY], version=1, protected_because="")


@asynccontextmanager
async def served(
    log: Path, issuer: Issuer, audit: MemoryAudit, lists: Snapshot | None = None
) -> AsyncIterator[SecuredServer]:
    reader = DecisionLogReader(
        DecisionQuery(log, HomePlan()),
        find_entries=entries_of,
        audit=audit,
        sight=EntrySight(lambda: lists) if lists else None,
    )
    servicers = {"decision_log": DecisionLogServicer(reader)}
    async with secured_server(servicers, pb_grpc.DecisionLogServiceStub, issuer) as server:
        yield server


async def test_each_role_reads_what_its_permissions_allow(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    whole = pb.FindDecisionsRequest(since_ms=1, unmasked=True)
    count = pb.CountDecisionsRequest(since_ms=1, by=[pb.DECISION_GROUPING_ACTION])
    async with served(log.folder, issuer, audit) as server:
        may_find = await server.who_may("FindDecisions", FIND)
        may_unmask = await server.who_may("FindDecisions", whole)
        may_count = await server.who_may("CountDecisions", count)

    assert may_find == READERS
    assert may_unmask == {Role.AUDITOR, Role.APPEALS_OFFICER}
    assert may_count == set(Role) - {Role.CARRIER, Role.SOURCE, Role.DISPATCHER, Role.PARTNER}


async def test_parties_are_masked_and_unmasking_is_audited(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    blocked = pb.FindDecisionsRequest(
        since_ms=1, action=decision_pb2.ACTION_BLOCK, channel=decision_pb2.CHANNEL_CALL
    )
    async with served(log.folder, issuer, audit) as server:
        (masked,) = (await server.call("FindDecisions", blocked, "operator")).decisions
        before = list(audit.records)
        blocked.unmasked = True
        (whole,) = (await server.call("FindDecisions", blocked, "auditor")).decisions

    assert FRAUD not in str(masked)
    assert ANN not in str(masked)
    assert masked.from_party.endswith("0123")
    assert (whole.from_party, whole.to_party, whole.pattern) == (FRAUD, ANN, FRAUD)
    assert before == []
    assert audit.kinds == [AuditKind.DECISIONS_READ]


async def test_a_query_about_a_number_is_audited_with_the_number_masked(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with served(log.folder, issuer, audit) as server:
        found = await server.call(
            "FindDecisions", pb.FindDecisionsRequest(since_ms=1, number=ANN), "operator"
        )

    ((kind, subject, details, _),) = audit.records
    assert found.total == 4
    assert (kind, subject) == (AuditKind.DECISIONS_READ, "decisions")
    assert details["number"].endswith("0001")
    assert ANN not in str(details)


async def test_without_an_audit_record_nothing_is_shown(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    audit.full = True
    async with served(log.folder, issuer, audit) as server:
        request = pb.FindDecisionsRequest(since_ms=1, unmasked=True)
        code, _ = await server.refused("FindDecisions", request, "auditor")

    assert code is grpc.StatusCode.UNAVAILABLE


async def test_pages_list_each_decision_once(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    found: list[int] = []
    totals: list[int] = []
    request = pb.FindDecisionsRequest(since_ms=1, page_size=1)
    async with served(log.folder, issuer, audit) as server:
        while True:
            page = await server.call("FindDecisions", request, "operator")
            found += [one.decision_id for one in page.decisions]
            totals.append(page.total)
            request.page_token = page.next_page_token
            if not request.page_token:
                break

    assert len(found) == len(set(found)) == 4
    assert totals == [4, 0, 0, 0]


async def test_a_decision_is_explained_with_its_entry_and_its_text_for_an_auditor(
    text_log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with served(text_log.folder, issuer, audit) as server:
        texts_only = pb.FindDecisionsRequest(since_ms=1, channel=decision_pb2.CHANNEL_TEXT)
        (row,) = (await server.call("FindDecisions", texts_only, "operator")).decisions
        plain = pb.GetDecisionRequest(decision_id=row.decision_id)
        answer = await server.call("GetDecision", plain, "operator")
        request = pb.GetDecisionRequest(decision_id=row.decision_id, with_content=True)
        refused = await server.refused("GetDecision", request, "operator")
        read = await server.call("GetDecision", request, "auditor")

    assert answer.why.zh.startswith("该短信已被拦截")
    assert "Art. 32" in answer.entry.legal_basis
    assert FRAUD not in str(answer)
    assert not answer.HasField("content")
    assert refused[0] is grpc.StatusCode.PERMISSION_DENIED
    assert read.content == BODY
    assert [record[1] for record in audit.records] == [f"decision:{row.decision_id}"]


async def test_counts_are_grouped_by_the_requested_column(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    by = [pb.DECISION_GROUPING_CHANNEL, pb.DECISION_GROUPING_ACTION]
    async with served(log.folder, issuer, audit) as server:
        request = pb.CountDecisionsRequest(since_ms=1, by=by)
        found = await server.call("CountDecisions", request, "editor")

    assert {tuple(one.values): one.logged for one in found.counts} == {
        ("CALL", "ALLOW"): 3,
        ("CALL", "BLOCK"): 1,
    }


@pytest.mark.parametrize(
    ("method", "request_", "code"),
    [
        ("FindDecisions", {"since_ms": 0}, "INVALID_ARGUMENT"),
        ("FindDecisions", {"since_ms": 1, "page_size": 1001}, "INVALID_ARGUMENT"),
        ("FindDecisions", {"since_ms": 1, "page_token": "1-' OR 1=1"}, "INVALID_ARGUMENT"),
        ("FindDecisions", {"since_ms": 1, "page_token": f"1-{2**64}"}, "INVALID_ARGUMENT"),
        ("FindDecisions", {"since_ms": 1, "number": "no number"}, "INVALID_ARGUMENT"),
        ("FindDecisions", {"since_ms": 1, "host": "a" * 100_000}, "INVALID_ARGUMENT"),
        ("FindDecisions", {"since_ms": 1, "reason": 4711}, "INVALID_ARGUMENT"),
        ("GetDecision", {}, "INVALID_ARGUMENT"),
        ("GetDecision", {"decision_id": 2**64 - 1}, "NOT_FOUND"),
        ("CountDecisions", {"since_ms": 1}, "INVALID_ARGUMENT"),
        ("CountDecisions", {"since_ms": 1, "by": [1, 1]}, "INVALID_ARGUMENT"),
        ("CountDecisions", {"since_ms": 1, "by": [99]}, "INVALID_ARGUMENT"),
        ("CountDecisions", {"since_ms": 1, "by": [1, 2, 3, 4, 5]}, "INVALID_ARGUMENT"),
    ],
)
async def test_an_invalid_request_is_refused(
    log: Logged, issuer: Issuer, method: str, request_: dict[str, Any], code: str
) -> None:
    message = getattr(pb, f"{method}Request")(**request_)
    async with served(log.folder, issuer, MemoryAudit()) as server:
        found, _ = await server.refused(method, message, "auditor")

    assert found.name == code


async def test_a_host_without_a_log_says_so(
    tmp_path: Path, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with served(tmp_path / "none", issuer, audit) as server:
        code, why = await server.refused("FindDecisions", FIND, "auditor")

    assert code is grpc.StatusCode.NOT_FOUND
    assert "no decision log on the host" in why


async def test_people_with_regions_learn_of_entries_that_are_there_for_them_only(
    log: Logged, issuer: Issuer, audit: MemoryAudit
) -> None:
    lists = Snapshot.build(1, [replace(ENTRY, region="3301")])
    blocked = pb.FindDecisionsRequest(since_ms=1, action=decision_pb2.ACTION_BLOCK)
    seen = {}
    async with served(log.folder, issuer, audit, lists) as server:
        for region in ("3301", "3302"):
            token = issuer.token("auditor", sub="wang", regions=[region])
            metadata = (("authorization", f"Bearer {token}"),)
            page = await server.stub.FindDecisions(blocked, metadata=metadata, timeout=60)
            (found,) = page.decisions
            request = pb.GetDecisionRequest(decision_id=found.decision_id, since_ms=1)
            one = await server.stub.GetDecision(request, metadata=metadata, timeout=60)
            seen[region] = found, one

    (mine, mine_whole), (foreign, foreign_whole) = seen.values()
    assert mine.entry_id == ENTRY.entry_id
    assert ENTRY.entry_id in mine_whole.why.en
    assert (foreign.entry_id, foreign.pattern, foreign.source) == ("", "", 0)
    assert foreign.decision_id == mine.decision_id
    assert ENTRY.entry_id not in str(foreign_whole)
    assert not foreign_whole.HasField("entry")
