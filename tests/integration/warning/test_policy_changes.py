"""The warning policy by two people, over a real socket and store, and how the pipeline follows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from blocklists.store.seals import CheckSeal
from fanzha.v1 import warning_policy_pb2 as pb
from fanzha.v1 import warning_policy_pb2_grpc as pb_grpc
from infra.redis.client import Client, connect
from services.audit.events import AuditKind
from services.auth.identity import Role
from services.carrier_policy.policy_log import PolicyLog
from services.carrier_policy.version import PolicyVersion
from services.rpc import security
from services.rpc.server import RpcServer
from services.rpc.warnings.policy_handler import WarningPolicyServicer
from services.warning.dispatch.limits import LimitRules
from services.warning.messages.catalog import MessageCatalog
from services.warning.policy.follower import WarningPolicyFollower
from services.warning.policy.in_force import WARNING_POLICY, WarningPolicyInForce, shipped
from services.warning.policy.proposal_store import WarningPolicyProposalStore
from services.warning.policy.proposals import WarningPolicyProposals
from services.warning.policy.tiers import TierPolicy
from tests.support.change_desk import MemoryAudit
from tests.support.identities import Issuer

NOW_MS = 1_767_603_600_000
DEADLINE = 60
STRICT = shipped().replace('version = "1"', 'version = "strict"').replace("high = 60", "high = 40")
WAITING = pb.WARNING_POLICY_PROPOSAL_STATE_WAITING
APPROVED = pb.WARNING_POLICY_PROPOSAL_STATE_APPROVED
REJECTED = pb.WARNING_POLICY_PROPOSAL_STATE_REJECTED


@dataclass
class PolicyOffice:
    """WarningPolicyService, and what is behind it."""

    stub: Any
    client: Client
    store: WarningPolicyProposalStore
    audit: MemoryAudit
    issuer: Issuer

    async def call(self, method: str, request: Any, role: str = "operator", **who: Any) -> Any:
        token = self.issuer.token(role, **{"sub": "wang", **who})
        metadata = (("authorization", f"Bearer {token}"),)
        return await getattr(self.stub, method)(request, metadata=metadata, timeout=DEADLINE)

    async def refused(self, method: str, request: Any, role: str = "operator", **who: Any) -> Any:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.call(method, request, role, **who)
        return caught.value.code(), str(caught.value.details())

    async def propose(self, **fields: Any) -> pb.ProposeWarningPolicyResponse:
        request = pb.ProposeWarningPolicyRequest(
            **{"document": STRICT, "reason": "too few calls", **fields}
        )
        made: pb.ProposeWarningPolicyResponse = await self.call("ProposeWarningPolicy", request)
        return made

    async def in_force(self) -> pb.GetWarningPolicyResponse:
        found: pb.GetWarningPolicyResponse = await self.call(
            "GetWarningPolicy", pb.GetWarningPolicyRequest(), "auditor"
        )
        return found

    def log(self, check_seal: CheckSeal | None = None) -> PolicyLog:
        return PolicyLog(self.client, check_seal=check_seal, names=WARNING_POLICY)

    def follower(self, used: list[TierPolicy], **more: Any) -> WarningPolicyFollower:
        log = more.pop("log", self.log())
        return WarningPolicyFollower(
            log, worker="host/1", use=used.append, now_ms=lambda: NOW_MS, **more
        )


def approval(number: int, *, approve: bool = True) -> pb.DecideWarningPolicyProposalRequest:
    return pb.DecideWarningPolicyProposalRequest(number=number, approve=approve, note="looked at")


@asynccontextmanager
async def office(
    redis_url: str, tmp_path: Path, file: Path | None = None
) -> AsyncIterator[PolicyOffice]:
    client, issuer, audit = connect(redis_url), Issuer(tmp_path / "jwks.json"), MemoryAudit()
    log = PolicyLog(client, sign=lambda message: f"sealed {len(message)}", names=WARNING_POLICY)
    policies = WarningPolicyInForce(log, file=file)
    store = WarningPolicyProposalStore(client)
    servicer = WarningPolicyServicer(
        policies,
        WarningPolicyProposals(policies, store, audit=audit, now_ms=lambda: NOW_MS),
        limits=LimitRules(),
        language="zh",
        templates=MessageCatalog.load,
        now_ms=lambda: NOW_MS,
    )
    server = RpcServer(
        {"warning_policy": servicer},
        max_message_bytes=2**20,
        security=security.of(issuer.settings(), "admin"),
    )
    port = await server.start("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = pb_grpc.WarningPolicyServiceStub(channel)
        yield PolicyOffice(stub, client, store, audit, issuer)
    await server.drain(1)
    await client.aclose()


async def test_a_second_person_puts_a_policy_in_force(redis_url: str, tmp_path: Path) -> None:
    used: list[TierPolicy] = []
    async with office(redis_url, tmp_path) as desk:
        pipeline = desk.follower(used)
        await pipeline.follow_once()
        before = await desk.in_force()
        made = await desk.propose()
        waiting = await desk.call(
            "GetWarningPolicyProposal",
            pb.GetWarningPolicyProposalRequest(number=made.proposal.number),
            "approver",
        )

        done = await desk.call(
            "DecideWarningPolicyProposal", approval(made.proposal.number), "approver", sub="li"
        )
        await pipeline.follow_once()
        after = await desk.in_force()

    assert (before.source, before.tiers.high) == (pb.WARNING_POLICY_SOURCE_SHIPPED, 60)
    assert [one.part for one in waiting.differences] == ["version", "points.high"]
    assert waiting.proposal.document == STRICT
    assert (done.proposal.state, done.proposal.version) == (APPROVED, 1)
    assert (after.source, after.tiers.high) == (pb.WARNING_POLICY_SOURCE_STORE, 40)
    assert (after.policy.author, after.policy.approved_by) == ("wang", "li")
    assert [policy.version for policy in used] == ["strict"]
    assert [(one.process, one.version) for one in after.processes] == [("host/1", 1)]
    assert desk.audit.kinds == [AuditKind.WARNING_POLICY_CHANGED] * 2
    assert desk.audit.records[1][2]["policy_parts"] == "version; points.high"


async def test_nobody_approves_their_own_policy_but_may_withdraw_it(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as desk:
        number = (await desk.propose()).proposal.number

        code, _ = await desk.refused("DecideWarningPolicyProposal", approval(number), "approver")
        other, _ = await desk.refused(
            "ProposeWarningPolicy",
            pb.ProposeWarningPolicyRequest(document=STRICT, reason="another"),
        )
        withdrawn = await desk.call("DecideWarningPolicyProposal", approval(number, approve=False))
        again, _ = await desk.refused(
            "DecideWarningPolicyProposal", approval(number), "approver", sub="li"
        )
        after = await desk.in_force()

    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert other is grpc.StatusCode.ABORTED
    assert withdrawn.proposal.state == REJECTED
    assert again is grpc.StatusCode.INVALID_ARGUMENT
    assert after.policy.version == 0


async def test_a_version_is_undone_by_restoring_the_one_before(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as desk:
        wanted: list[dict[str, Any]] = [
            {},
            {"document": None, "restore_version": 0},
            {"document": None, "restore_version": 1},
        ]
        for contents in wanted:
            made = await desk.propose(**contents)
            await desk.call(
                "DecideWarningPolicyProposal", approval(made.proposal.number), "approver", sub="li"
            )
        after = await desk.in_force()
        package = await desk.call("GetWarningPolicy", pb.GetWarningPolicyRequest(version=2))
        versions = await desk.call(
            "ListWarningPolicyVersions", pb.ListWarningPolicyVersionsRequest(page_size=2)
        )

    assert (after.policy.version, after.tiers.name) == (3, "strict")
    assert (package.source, package.policy.document) == (
        pb.WARNING_POLICY_SOURCE_SHIPPED,
        shipped(),
    )
    assert [one.version for one in versions.versions] == [3, 2]
    assert versions.versions[0].sha256 == after.policy.sha256
    assert versions.next_page_token


async def test_a_proposal_is_stale_once_another_version_is_in_force(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as desk:
        number = (await desk.propose()).proposal.number
        await desk.log().commit(PolicyVersion(document=STRICT, commit="x"), expected_version=0)

        code, details = await desk.refused(
            "DecideWarningPolicyProposal", approval(number), "approver", sub="li"
        )
        listed = await desk.call(
            "ListWarningPolicyProposals", pb.ListWarningPolicyProposalsRequest(waiting_only=True)
        )

    assert code is grpc.StatusCode.ABORTED
    assert "propose it again" in details
    assert [one.state for one in listed.proposals] == [WAITING]


async def test_an_approval_that_died_after_its_commit_is_completed_and_not_repeated(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as desk:
        number = (await desk.propose()).proposal.number
        before = await desk.store.get(number)
        await desk.store.replace(before, replace(before, approving="li"))
        version = PolicyVersion(document=STRICT, commit=before.commit, approved_by="li")
        await desk.log().commit(version, expected_version=0)

        rejected, _ = await desk.refused(
            "DecideWarningPolicyProposal", approval(number, approve=False), "approver", sub="li"
        )
        done = await desk.call(
            "DecideWarningPolicyProposal", approval(number), "approver", sub="li"
        )
        after = await desk.in_force()

    assert rejected is grpc.StatusCode.INVALID_ARGUMENT
    assert (done.proposal.state, done.proposal.version) == (APPROVED, 1)
    assert after.policy.version == 1


async def test_a_file_pins_the_policy_and_says_so(redis_url: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(STRICT, encoding="utf-8")
    async with office(redis_url, tmp_path, file) as desk:
        found = await desk.in_force()
        code, details = await desk.refused(
            "ProposeWarningPolicy",
            pb.ProposeWarningPolicyRequest(document=shipped(), reason="back"),
        )
        compared = await desk.propose(document=shipped(), dry_run=True)

    assert (found.source, found.file) == (pb.WARNING_POLICY_SOURCE_FILE, "policy.toml")
    assert found.tiers.high == 40
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "warning_policy_file" in details
    assert [one.part for one in compared.differences] == ["version", "points.high"]


@pytest.mark.parametrize(
    "fields",
    [
        {"document": "not = [toml"},
        {"document": " "},
        {"document": STRICT + "#" * 70_000},
        {"document": "a = " + "[" * 5_000},
        {"reason": ""},
        {"reason": "x" * 1001},
        {"document": None},
        {"document": None, "restore_version": 99},
        {"expected_version": 7},
    ],
)
async def test_what_is_no_policy_is_not_proposed(
    redis_url: str, tmp_path: Path, fields: dict[str, Any]
) -> None:
    async with office(redis_url, tmp_path) as desk:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await desk.propose(**fields)
        listed = await desk.call(
            "ListWarningPolicyProposals", pb.ListWarningPolicyProposalsRequest()
        )

    assert caught.value.code() in {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.ABORTED,
    }
    assert list(listed.proposals) == []


async def test_a_policy_without_a_valid_seal_or_that_cannot_be_read_is_refused(
    redis_url: str, tmp_path: Path
) -> None:
    used: list[TierPolicy] = []
    async with office(redis_url, tmp_path) as desk:
        number = (await desk.propose()).proposal.number
        await desk.call("DecideWarningPolicyProposal", approval(number), "approver", sub="li")
        checking = desk.log(lambda _, seal: seal.startswith("sealed"))
        pipeline = desk.follower(used, log=checking, refuse_unaudited=True)
        await pipeline.follow_once()
        await desk.log().commit(
            PolicyVersion(document=shipped(), commit="by hand"), expected_version=1
        )
        await pipeline.follow_once()
        unsealed = (await desk.in_force()).processes[0]
        lenient = desk.follower(used)
        await desk.log().commit(
            PolicyVersion(document="points = 7", commit="broken"), expected_version=2
        )
        await lenient.follow_once()
        reports = await desk.log().reports(NOW_MS)

    assert [policy.version for policy in used] == ["strict"]
    assert (unsealed.version, "seal" in unsealed.refused) == (1, True)
    assert "version" in reports[0].refused


async def test_only_operators_of_all_regions_propose(redis_url: str, tmp_path: Path) -> None:
    request = pb.ProposeWarningPolicyRequest(document=STRICT, dry_run=True)
    async with office(redis_url, tmp_path) as desk:
        answers = {}
        for role in Role:
            try:
                await desk.call("ProposeWarningPolicy", request, role.value)
                answers[role] = grpc.StatusCode.OK
            except grpc.aio.AioRpcError as error:
                answers[role] = error.code()
        scoped, _ = await desk.refused("ProposeWarningPolicy", request, regions=["3405"])

    refused = dict.fromkeys(Role, grpc.StatusCode.PERMISSION_DENIED)
    assert answers == refused | {Role.OPERATOR: grpc.StatusCode.OK}
    assert scoped is grpc.StatusCode.PERMISSION_DENIED
