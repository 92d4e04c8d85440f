"""WarningOperationsService where identities are asked for: roles, records, masks, hostile input."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.v1 import warning_operations_pb2 as pb
from fanzha.v1.warning_operations_pb2_grpc import WarningOperationsServiceStub
from infra.redis.client import connect
from infra.redis.dead_letters import DeadLetters
from services.audit.events import AuditKind
from services.auth.identity import Role
from services.processes import operations_wiring
from services.settings.settings import Settings
from services.warning import keys
from services.warning.intake.service import IntakeResult, IntakeStatus
from services.warning.intake.sources import WarningSources
from tests.support.change_desk import MemoryAudit
from tests.support.identities import Issuer
from tests.support.secured_server import SecuredServer, secured_server

VICTIM, STREAM = "+8613800000001", "fanzha:hits:confirmed"
OPERATORS = {Role.OPERATOR}
LOOKERS = {Role.OPERATOR, Role.AUDITOR}
POLICY = """version = "trial"
[points]
medium = 10
high = 20
[[line]]
id = "sure"
about = "the source says high"
when = { risk_at_least = "high" }
at_least = "high"
"""


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json")


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@asynccontextmanager
async def served(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> AsyncIterator[SecuredServer]:
    client = connect(redis_url)
    servicer = operations_wiring.servicer(
        Settings(redis_url=redis_url),
        client,
        log=None,
        audit=audit,
        policies=operations_wiring.policies_in_force(Settings(redis_url=redis_url), client, None),
    )
    servicers = {"warning_operations": servicer}
    try:
        async with secured_server(servicers, WarningOperationsServiceStub, issuer) as server:
            yield server
    finally:
        await client.aclose()


async def bury(redis_url: str, count: int = 1) -> None:
    client = connect(redis_url)
    for number in range(count):
        await DeadLetters(client, keys.DEAD_LETTERS).put(
            stream=STREAM,
            place=f"{number + 1}-0",
            fields={
                "decision_id": str(number),
                "to_party": VICTIM,
                "text": "pay at once",
                "callback": VICTIM,
            },
            reason="hit: cannot be read",
            tries=5,
            at_ms=1,
        )
    await client.aclose()


async def test_each_role_calls_its_permitted_methods(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    missing = pb.ReplayDeadLettersRequest(places=["1-1"])
    examples = pb.ExportExamplesRequest(since_ms=1)
    policy = pb.PreviewPolicyRequest(policy=POLICY)
    source = pb.GetSourceFeedbackRequest(source_name="carrier.example")
    async with served(redis_url, issuer, audit) as server:
        found = {
            "list": await server.who_may("ListDeadLetters", pb.ListDeadLettersRequest()),
            "replay": await server.who_may("ReplayDeadLetters", missing),
            "sources": await server.who_may("ListSources", pb.ListSourcesRequest()),
            "feedback": await server.who_may("GetSourceFeedback", source),
            "entries": await server.who_may("ListEntryOutcomes", pb.ListEntryOutcomesRequest()),
            "examples": await server.who_may("ExportExamples", examples, streams=True),
            "policy": await server.who_may("PreviewPolicy", policy, streams=True),
            "templates": await server.who_may("ListTemplates", pb.ListTemplatesRequest()),
            "lint": await server.who_may("LintText", pb.LintTextRequest(text="a")),
        }

    assert found == {
        "list": LOOKERS,
        "replay": OPERATORS,
        "sources": LOOKERS,
        "feedback": LOOKERS,
        "entries": {Role.EDITOR, Role.APPROVER, Role.AUDITOR, Role.APPEALS_OFFICER},
        "examples": {Role.AUDITOR},
        "policy": {Role.OPERATOR, Role.APPROVER, Role.AUDITOR},
        "templates": {Role.OPERATOR, Role.APPROVER, Role.AUDITOR, Role.DISPATCHER},
        "lint": {Role.OPERATOR, Role.APPROVER, Role.AUDITOR, Role.DISPATCHER},
    }


async def test_templates_in_force_are_listed_and_a_text_is_linted(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    wanted = pb.ListTemplatesRequest(form="sms", language="zh")
    bad = pb.LintTextRequest(text="请回拨 13800000000")
    async with served(redis_url, issuer, audit) as server:
        templates = await server.call("ListTemplates", wanted, "operator")
        linted = await server.call("LintText", bad, "operator")
        good = await server.call(
            "LintText", pb.LintTextRequest(text=templates.templates[0].text), "operator"
        )

    assert {(one.form, one.language) for one in templates.templates} == {("sms", "zh")}
    assert all(one.sms_parts >= 1 and one.text for one in templates.templates)
    assert {fault.rule for fault in linted.faults} == {"invitation", "number"}
    assert bad.text[linted.faults[-1].start : linted.faults[-1].end] == "13800000000"
    assert list(good.faults) == []


async def test_dead_letters_are_masked_paged_and_their_replay_is_audited(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    await bury(redis_url, 3)
    request = pb.ListDeadLettersRequest(page_size=2)
    async with served(redis_url, issuer, audit) as server:
        first = await server.call("ListDeadLetters", request, "auditor")
        request.page_token = first.next_page_token
        second = await server.call("ListDeadLetters", request, "auditor")
        letters = [*first.letters, *second.letters]
        places = [one.place for one in letters]
        replay = pb.ReplayDeadLettersRequest(
            places=[*places, places[0], "7-7"], replayed_by="somebody else"
        )
        done = await server.call("ReplayDeadLetters", replay, "operator", name="li")
        left = await server.call("ListDeadLetters", pb.ListDeadLettersRequest(), "auditor")

    client = connect(redis_url)
    again: Any = await client.xrange(STREAM)
    await client.aclose()
    assert (first.total, len(first.letters), len(second.letters)) == (3, 2, 1)
    assert second.next_page_token == ""
    assert VICTIM not in str(letters)
    assert "pay at once" not in str(letters)
    assert letters[0].fields["decision_id"] == "0"
    assert (done.replayed, list(done.missing), left.total) == (3, ["7-7"], 0)
    assert [fields["to_party"] for _, fields in again] == [VICTIM] * 3
    ((kind, _, details, actor),) = audit.records
    assert (kind, details["letters"], actor) == (AuditKind.DEAD_LETTERS_REPLAYED, "4", "li")


async def test_a_dead_letter_is_dropped_once_and_only_with_an_audit_record(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    await bury(redis_url)
    async with served(redis_url, issuer, audit) as server:
        found = await server.call("ListDeadLetters", pb.ListDeadLettersRequest(), "operator")
        drop = pb.DropDeadLetterRequest(place=found.letters[0].place)
        audit.full = True
        unrecorded = await server.refused("DropDeadLetter", drop, "operator")
        audit.full = False
        await server.call("DropDeadLetter", drop, "operator", name="li")
        again = await server.refused("DropDeadLetter", drop, "operator")

    assert unrecorded[0] is grpc.StatusCode.UNAVAILABLE
    assert again[0] is grpc.StatusCode.NOT_FOUND
    assert [(record[0], record[3]) for record in audit.records] == [
        (AuditKind.DEAD_LETTER_DROPPED, "li")
    ]


async def test_the_quality_of_a_source_is_reported(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    client = connect(redis_url)
    refused = IntakeResult(status=IntakeStatus.REFUSED, reason="victim: protected")
    await WarningSources(client).count("carrier.example", [refused, refused])
    await client.aclose()
    async with served(redis_url, issuer, audit) as server:
        found = await server.call("ListSources", pb.ListSourcesRequest(), "operator")

    (source,) = found.sources
    assert (source.source_name, source.refused, source.reliability) == ("carrier.example", 2, 0.5)


async def test_an_export_of_examples_is_audited_before_its_first_row(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    request = pb.ExportExamplesRequest(since_ms=1, unmasked=True)
    async with served(redis_url, issuer, audit) as server:
        answers = await server.stream("ExportExamples", request, "auditor")
        audit.full = True
        refused = await server.refused("ExportExamples", request, "auditor", streams=True)

    assert (answers[-1].counts.cases, answers[-1].counts.without_log) == (0, True)
    assert audit.kinds == [AuditKind.EXAMPLES_EXPORTED]
    assert refused[0] is grpc.StatusCode.UNAVAILABLE


async def test_an_identity_with_a_regional_scope_tries_policies_on_its_cases_only(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with served(redis_url, issuer, audit) as server:
        token = issuer.token("approver", regions=["33"])
        metadata = (("authorization", f"Bearer {token}"),)
        found = {}
        for region in ("", "34", "3301"):
            request = pb.PreviewPolicyRequest(policy=POLICY, region=region)
            call = server.stub.PreviewPolicy(request, metadata=metadata, timeout=60)
            try:
                found[region] = [one async for one in call][-1].preview.after_version
            except grpc.aio.AioRpcError as error:
                found[region] = error.code().name

    assert found == {"": "PERMISSION_DENIED", "34": "PERMISSION_DENIED", "3301": "trial"}


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("ListDeadLetters", {"page_size": 1001}),
        ("ListDeadLetters", {"page_token": "+"}),
        ("ReplayDeadLetters", {}),
        ("ReplayDeadLetters", {"places": ["1-0"] * 1001}),
        ("ReplayDeadLetters", {"places": ["1-0", "-"]}),
        ("DropDeadLetter", {"place": "all"}),
        ("ListSources", {"source_name": "a\nb"}),
        ("GetSourceFeedback", {}),
        ("GetSourceFeedback", {"source_name": "a.example", "after": "$"}),
        ("GetSourceFeedback", {"source_name": "a.example", "page_size": 2**31}),
    ],
)
async def test_an_invalid_request_is_refused(
    redis_url: str, issuer: Issuer, method: str, fields: dict[str, Any]
) -> None:
    request = getattr(pb, f"{method}Request")(**fields)
    async with served(redis_url, issuer, MemoryAudit()) as server:
        code, why = await server.refused(method, request, "operator")

    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert len(why) < 200


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("ExportExamples", {}),
        ("ExportExamples", {"since_ms": 1, "model": "call"}),
        ("PreviewPolicy", {"policy": "version = "}),
        ("PreviewPolicy", {"policy": "#" * (2**18 + 1)}),
        ("PreviewPolicy", {"policy": POLICY, "against": "x = 1"}),
        ("PreviewPolicy", {"policy": POLICY, "examples": 101}),
        ("PreviewPolicy", {"policy": "a = " + "[" * 100_000}),
    ],
)
async def test_an_invalid_stream_is_refused(
    redis_url: str, issuer: Issuer, method: str, fields: dict[str, Any]
) -> None:
    request = getattr(pb, f"{method}Request")(**fields)
    async with served(redis_url, issuer, MemoryAudit()) as server:
        code, _ = await server.refused(method, request, "auditor", streams=True)

    assert code is grpc.StatusCode.INVALID_ARGUMENT
