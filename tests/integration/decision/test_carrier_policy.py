"""Carriers with identities ask one server, and each is answered by its own policy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fanzha.phone import HomePlan
from fanzha.v1 import decision_pb2, interception_pb2_grpc
from fanzha.v1 import interception_pb2 as pb
from infra.clock import now_ms
from infra.reloaded_file import ReloadedFile
from services.decision.carriers.policy import CarrierPolicies
from services.decision.carriers.policy_document import read_policies
from services.decision.observer import Observer
from services.rpc.decide.handler import InterceptionServicer
from services.rpc.decide.message_decoder import MessageDecoder
from tests.support.builders import an_engine, some_models
from tests.support.identities import Issuer
from tests.support.secured_server import DEADLINE, SecuredServer, secured_server

STRICT = "[carrier.strict.text]\nthreshold = 0.3\n"
WATCHED = '[carrier.strict.text]\nthreshold = 0.3\nmode = "monitor"\n'
BLOCK, ALLOW = decision_pb2.ACTION_BLOCK, decision_pb2.ACTION_ALLOW


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "carriers.toml"
    path.write_text(STRICT)
    return path


@pytest.fixture
def policies(file: Path) -> ReloadedFile[CarrierPolicies]:
    return ReloadedFile(file, lambda data: read_policies(data.decode()))


@asynccontextmanager
async def serving(
    policies: ReloadedFile[CarrierPolicies], issuer: Issuer
) -> AsyncIterator[SecuredServer]:
    servicer = InterceptionServicer(
        engine=an_engine(models=some_models(0.5), policies=policies.current),
        reader=MessageDecoder(HomePlan()),
        now_ms=now_ms,
        observer=Observer(),
    )
    stub = interception_pb2_grpc.InterceptionServiceStub
    async with secured_server({"interception": servicer}, stub, issuer) as server:
        yield server


async def decide(server: SecuredServer, carrier: str | None) -> decision_pb2.Decision:
    token = server.issuer.token("carrier", carrier=carrier)
    text = pb.Text(sender="+8617000000001", receiver="+8617000000999", body="hello")
    answer = await server.stub.DecideText(
        pb.DecideTextRequest(text=text),
        metadata=(("authorization", f"Bearer {token}"),),
        timeout=DEADLINE,
    )
    return answer.decision  # type: ignore[no-any-return]


def put_in_force(text: str, file: Path, policies: ReloadedFile[CarrierPolicies]) -> None:
    file.write_text(text)
    policies.reload()


async def test_each_carrier_gets_the_policy_of_its_token(
    policies: ReloadedFile[CarrierPolicies], tmp_path: Path
) -> None:
    async with serving(policies, Issuer(tmp_path / "jwks.json")) as server:
        requests = ["strict", "other", None] * 8
        found = await asyncio.gather(*(decide(server, carrier) for carrier in requests))

    assert [one.action for one in found] == [BLOCK, ALLOW, ALLOW] * 8
    assert [one.threshold for one in found[:3]] == pytest.approx([0.3, 0.9, 0.9])


async def test_monitor_mode_set_at_runtime_lets_traffic_through_and_marks_it(
    policies: ReloadedFile[CarrierPolicies], file: Path, tmp_path: Path
) -> None:
    async with serving(policies, Issuer(tmp_path / "jwks.json")) as server:
        before = await decide(server, "strict")
        put_in_force(WATCHED, file, policies)
        watched = await decide(server, "strict")
        put_in_force("[carrier", file, policies)
        monitored = await decide(server, "strict")

    assert (before.action, before.monitored) == (BLOCK, False)
    assert (watched.action, watched.monitored) == (ALLOW, True)
    assert watched.reason == before.reason == decision_pb2.REASON_SCORED
    assert (monitored.action, monitored.monitored) == (ALLOW, True)
