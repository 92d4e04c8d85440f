"""ModelService over a real socket where identities are asked for: roles, records, hostile input."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from fanzha.v1 import model_pb2 as pb
from fanzha.v1 import model_pb2_grpc as pb_grpc
from infra.redis.client import connect
from services.audit.events import AuditKind
from services.auth.identity import Role, SecondPersonRule
from services.decision.model_kinds import ModelKind
from services.models.desired_models import DesiredModel
from services.models.request_store import ModelRequestStore
from services.models.requests import ModelRequests
from services.models.service import ModelControl
from services.models.store import ModelReport, ModelStore
from services.rpc import security
from services.rpc.models.handler import ModelServicer
from services.rpc.server import RpcServer
from tests.support.change_desk import MemoryAudit
from tests.support.identities import Issuer
from tests.support.model_bundles import some_bundles

NOW_MS = 1_767_603_600_000
DEADLINE = 60
SMS = pb.MODEL_KIND_TEXT
WRITERS = {Role.OPERATOR}
READERS = set(Role) - {Role.CARRIER, Role.SOURCE, Role.DISPATCHER, Role.PARTNER}


@dataclass
class Office:
    """ModelService, and what is behind it."""

    stub: Any
    store: ModelStore
    audit: MemoryAudit
    issuer: Issuer

    async def call(self, method: str, request: Any, *roles: str, name: str = "wang") -> Any:
        """Call *method* as somebody with these roles."""
        token = self.issuer.token(*roles, sub=name)
        metadata = (("authorization", f"Bearer {token}"),)
        return await getattr(self.stub, method)(request, metadata=metadata, timeout=DEADLINE)

    async def refused(self, method: str, request: Any, *roles: str) -> tuple[grpc.StatusCode, str]:
        """Call *method* and return the status it fails with."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.call(method, request, *(roles or ("operator",)))
        return caught.value.code(), str(caught.value.details())

    async def may(self, method: str, request: Any, role: Role) -> bool:
        """Tell whether *role* may call *method*."""
        try:
            await self.call(method, request, role.value)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.PERMISSION_DENIED:
                return False
            raise
        return True

    async def runs(self, worker: str, active: str, **more: Any) -> None:
        """Let a worker report what it runs of SMS."""
        status: Mapping[str, Any] = {
            "active": active,
            "threshold": 0.5,
            "previous": "",
            "shadow": "",
            "share": 0.0,
            "refused": {},
            "cascade_fault": "",
            "available": ["1", "2", "3", "10"],
        } | more
        await self.store.report(
            ModelReport(worker=worker, reported_at_ms=NOW_MS, channels={"text": status})
        )


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "jwks.json")


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@asynccontextmanager
async def office(
    redis_url: str,
    issuer: Issuer,
    audit: MemoryAudit,
    root: Path | None = None,
    rule: SecondPersonRule = "off",
) -> AsyncIterator[Office]:
    client = connect(redis_url)
    store = ModelStore(client)
    control = ModelControl(store, root, audit=audit, now_ms=lambda: NOW_MS)
    requests = ModelRequests(
        control, ModelRequestStore(client), audit=audit, now_ms=lambda: NOW_MS, rule=rule
    )
    server = RpcServer(
        {"models": ModelServicer(control, requests)},
        max_message_bytes=2**20,
        security=security.of(issuer.settings(), "admin"),
    )
    port = await server.start("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Office(pb_grpc.ModelServiceStub(channel), store, audit, issuer)
    await server.drain(1)
    await client.aclose()


def activate(version: str = "2", kind: Any = SMS) -> pb.ActivateModelRequest:
    return pb.ActivateModelRequest(kind=kind, version=version, changed_by="somebody else")


async def test_each_role_reads_or_changes_what_its_permissions_allow(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    status = pb.GetModelStatusRequest(kind=SMS)
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        may_read = {role for role in Role if await control.may("GetModelStatus", status, role)}
        may_write = {role for role in Role if await control.may("ActivateModel", activate(), role)}

    assert (may_read, may_write) == (READERS, WRITERS)


async def test_a_change_is_audited_under_the_authenticated_name(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        done = await control.call("ActivateModel", activate(), "operator", name="li")
        shadow = pb.ShadowModelRequest(kind=SMS, version="3", share=0.25)
        await control.call("ShadowModel", shadow, "operator", name="wang")

    assert done.desired.changed_by == "li"
    assert [(kind, subject, actor) for kind, subject, _, actor in audit.records] == [
        (AuditKind.MODEL_CHANGED, "model:text", "li"),
        (AuditKind.MODEL_CHANGED, "model:text", "wang"),
    ]
    first, second = (details for _, _, details, _ in audit.records)
    assert first == {"what": "activate", "active": "2", "previous": "1"}
    assert (second["shadow"], second["share"]) == ("3", "0.25")


async def test_without_an_audit_record_nothing_changes(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    audit.full = True
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        code, _ = await control.refused("ActivateModel", activate())
        desired = await control.store.desired()

    assert code is grpc.StatusCode.UNAVAILABLE
    assert desired == {}


async def test_an_unknown_version_is_refused_and_the_available_ones_are_named(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        active = await control.refused("ActivateModel", activate("99"))
        shadow = await control.refused("ShadowModel", pb.ShadowModelRequest(kind=SMS, version="99"))
        desired = await control.store.desired()

    why = "there is no text model 99; there are: 1, 2, 3, 10"
    assert active == shadow == (grpc.StatusCode.NOT_FOUND, why)
    assert desired == {}
    assert audit.records == []


async def test_while_no_worker_reports_the_bundles_of_this_host_count(
    redis_url: str, issuer: Issuer, audit: MemoryAudit, tmp_path: Path
) -> None:
    root = tmp_path / "models"
    root.mkdir()
    some_bundles(root)
    async with office(redis_url, issuer, audit, root) as control:
        known = await control.call("ActivateModel", activate("1"), "operator")
        code, why = await control.refused("ActivateModel", activate("2"))
        found = await control.call("ListModels", pb.ListModelsRequest(), "auditor")

    assert known.desired.active == "1"
    assert (code, why) == (
        grpc.StatusCode.NOT_FOUND,
        "there is no text model 2; there are: 1",
    )
    assert [one.kind for one in found.models] == [1, 2, 3, 4]
    assert {one.kind: len(one.bundles) for one in found.bundles}[SMS] == 1


async def test_a_rollback_after_a_refused_bundle_returns_to_what_runs(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        await control.call("ActivateModel", activate("2"), "operator")
        await control.runs("a/1", "2", previous="1")
        await control.call("ActivateModel", activate("3"), "operator")
        await control.runs("a/1", "2", previous="1", refused={"3": "sha256"})
        refused = await control.call(
            "GetModelStatus", pb.GetModelStatusRequest(kind=SMS), "operator"
        )
        first = await control.call("RollbackModel", pb.RollbackModelRequest(kind=SMS), "operator")
        await control.runs("a/1", "2", previous="1")
        second = await control.call("RollbackModel", pb.RollbackModelRequest(kind=SMS), "operator")

    (worker,) = refused.model.workers
    assert worker.active_state == pb.FOLLOW_STATE_REFUSED
    assert worker.shadow_state == pb.FOLLOW_STATE_DONE
    assert (first.desired.active, first.desired.previous) == ("2", "1")
    assert (second.desired.active, second.desired.previous) == ("1", "2")


async def test_after_a_refused_bundle_another_one_is_preceded_by_what_ran(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        await control.call("ActivateModel", activate("2"), "operator")
        await control.runs("a/1", "1", refused={"2": "sha256"})
        done = await control.call("ActivateModel", activate("3"), "operator")

    assert (done.desired.active, done.desired.previous) == ("3", "1")


async def test_a_rollback_without_an_earlier_change_is_refused(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        code, why = await control.refused("RollbackModel", pb.RollbackModelRequest(kind=SMS))

    assert code is grpc.StatusCode.NOT_FOUND
    assert why == "nothing to roll back to: no other text model ran before"


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("GetModelStatus", pb.GetModelStatusRequest()),
        ("ActivateModel", pb.ActivateModelRequest(version="2")),
        ("ActivateModel", activate("")),
        ("ActivateModel", activate("../../etc")),
        ("ActivateModel", activate("1" * 10_000)),
        ("ActivateModel", activate("2\x1b[2J")),
        ("ShadowModel", pb.ShadowModelRequest(kind=SMS, version="2", share=1.5)),
        ("ShadowModel", pb.ShadowModelRequest(kind=SMS, version="2", share=float("nan"))),
        ("ShadowModel", pb.ShadowModelRequest(kind=SMS, version="1")),
        ("RollbackModel", pb.RollbackModelRequest(kind=77)),  # type: ignore[arg-type]
    ],
)
async def test_an_invalid_request_is_refused(
    redis_url: str, issuer: Issuer, audit: MemoryAudit, method: str, request_: Any
) -> None:
    async with office(redis_url, issuer, audit) as control:
        await control.runs("a/1", "1")
        code, why = await control.refused(method, request_)
        desired = await control.store.desired()

    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert len(why) < 200
    assert desired == {}


async def test_of_two_concurrent_operators_the_second_gets_a_conflict(
    redis_url: str, issuer: Issuer, audit: MemoryAudit
) -> None:
    class Overtaken(ModelStore):
        """Lets another operator change the model right after it was read."""

        async def reports(self, now_ms: int) -> list[ModelReport]:
            desired = (await self.desired()).get(ModelKind.TEXT)
            await self.replace(ModelKind.TEXT, desired, DesiredModel(active="10", by="zhao"))
            return await super().reports(now_ms)

    async with office(redis_url, issuer, audit) as asked:
        await asked.runs("a/1", "1")
        client = connect(redis_url)
        control = ModelControl(Overtaken(client), None, audit=audit, now_ms=lambda: NOW_MS)
        requests = ModelRequests(
            control, ModelRequestStore(client), audit=audit, now_ms=lambda: NOW_MS
        )
        server = RpcServer(
            {"models": ModelServicer(control, requests)},
            max_message_bytes=2**20,
            security=security.of(issuer.settings(), "admin"),
        )
        port = await server.start("127.0.0.1", 0)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            asked.stub = pb_grpc.ModelServiceStub(channel)
            code, _ = await asked.refused("ActivateModel", activate("2"))
        await server.drain(1)
        desired = await asked.store.desired()
        await client.aclose()

    assert code is grpc.StatusCode.ABORTED
    assert desired[ModelKind.TEXT].active == "10"
    assert audit.kinds == [AuditKind.MODEL_CHANGED, AuditKind.REFUSED]
