"""Activation of a model by two people, over a real socket and store."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from classifiers import bundles
from fanzha.v1 import model_pb2 as pb
from services.audit.events import AuditKind
from services.auth.identity import Role
from tests.integration.models.test_model_control import SMS, activate, office
from tests.support.change_desk import MemoryAudit
from tests.support.identities import Issuer

WAITING, APPROVED = pb.MODEL_REQUEST_STATE_WAITING, pb.MODEL_REQUEST_STATE_APPROVED
REJECTED = pb.MODEL_REQUEST_STATE_REJECTED


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json")


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


def proposal(version: str = "2", **fields: Any) -> pb.ProposeModelRequest:
    usual: dict[str, Any] = {"kind": SMS, "version": version, "reason": "better recall"}
    return pb.ProposeModelRequest(**usual | fields)


def verdict(number: int, *, approve: bool = True) -> pb.DecideModelRequestRequest:
    return pb.DecideModelRequestRequest(number=number, approve=approve, note="looked at")


async def test_a_second_person_lets_a_model_decide(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit, rule="by_identity") as control:
        await control.runs("a/1", "1")
        made = (await control.call("ProposeModel", proposal(), "operator", name="wang")).request
        before = await control.store.desired()

        done = await control.call("DecideModelRequest", verdict(made.number), "approver", name="li")

        after = await control.store.desired()
    assert before == {}
    assert [one.active for one in after.values()] == ["2"]
    assert (made.state, made.author, made.running) == (WAITING, "wang", "1")
    assert (done.request.state, done.request.decided_by) == (APPROVED, "li")
    assert audit.kinds == [AuditKind.MODEL_CHANGED] * 3


async def test_nobody_approves_their_own_request(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        made = (await control.call("ProposeModel", proposal(), "operator", name="wang")).request

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await control.call(
                "DecideModelRequest", verdict(made.number), "approver", name="ＷＡＮＧ"
            )
        withdrawn = await control.call(
            "DecideModelRequest", verdict(made.number, approve=False), "operator", name="wang"
        )
        desired = await control.store.desired()

    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert withdrawn.request.state == REJECTED
    assert desired == {}


async def test_where_two_are_needed_nobody_activates_alone(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit, rule="by_identity") as control:
        await control.runs("a/1", "1")
        code, details = await control.refused("ActivateModel", activate())
        listed = await control.call("ListModelRequests", pb.ListModelRequestsRequest(), "operator")

    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "second person" in details
    assert listed.second_person_needed


async def test_a_request_is_decided_once(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        made = (await control.call("ProposeModel", proposal(), "operator", name="wang")).request
        await control.call(
            "DecideModelRequest", verdict(made.number, approve=False), "approver", name="li"
        )

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await control.call("DecideModelRequest", verdict(made.number), "approver", name="zhao")

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_request_is_stale_once_another_model_decides(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        made = (await control.call("ProposeModel", proposal(), "operator", name="wang")).request
        await control.runs("a/1", "3")

        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await control.call("DecideModelRequest", verdict(made.number), "approver", name="li")

    assert "propose anew" in str(caught.value.details())


@pytest.mark.parametrize(
    "fields",
    [{"version": "99"}, {"version": "1"}, {"reason": ""}, {"reason": "x" * 1001}, {"kind": 0}],
)
async def test_what_cannot_be_activated_cannot_be_proposed(
    redis_url: str, issuer: Issuer, audit: MemoryAudit, fields: dict[str, Any]
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await control.call("ProposeModel", proposal(**fields), "operator")
        listed = await control.call("ListModelRequests", pb.ListModelRequestsRequest(), "operator")

    assert caught.value.code() in {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
    }
    assert list(listed.requests) == []


async def test_roles_propose_and_decide(redis_url: str, issuer: Issuer, audit: MemoryAudit) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        may_propose = {role for role in Role if await control.may("ProposeModel", proposal(), role)}

    assert may_propose == {Role.OPERATOR}


async def test_a_card_is_read_by_version_only(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    newest = bundles.newest(bundles.SHIPPED, "sms").name
    async with office(redis_url, issuer, audit) as control:
        shipped = pb.GetModelCardRequest(kind=SMS, version=newest)
        found = await control.call("GetModelCard", shipped, "operator")
        refusals = []
        for version in ("../sms/5", "99", ""):
            request = pb.GetModelCardRequest(kind=SMS, version=version)
            code, _ = await control.refused("GetModelCard", request)
            refusals.append(code)

    assert "threshold" in found.card
    assert refusals == [
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.INVALID_ARGUMENT,
    ]
