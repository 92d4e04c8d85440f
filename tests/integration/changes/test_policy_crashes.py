"""What becomes of a carrier policy when a process ends at the worst moment, on a real store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fanzha.errors import Unavailable, VersionConflict
from infra.redis.client import Client, connect
from services.auth.identity import acting_as
from services.carrier_policy.policy_log import LOG, PolicyLog
from services.carrier_policy.version import PolicyVersion
from services.changes import wiring
from services.changes.model import ChangeRequest, ChangeState
from services.changes.policy.requests import PolicyContents, PolicyTerms
from services.changes.service import ChangeService
from tests.support.change_desk import LI, WANG, ChangeDesk, change_desk

STRICT = "[carrier.cmcc.call]\nthreshold = 0.5\n"


class DyingLog(PolicyLog):
    """A log whose process ends before or after its commit has arrived."""

    arrives = True

    async def commit(self, policy: PolicyVersion, *, expected_version: int) -> int:
        if self.arrives:
            await super().commit(policy, expected_version=expected_version)
        raise Unavailable("the process ended here")


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists") as found:
        yield found


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    found = connect(redis_url)
    yield found
    await found.aclose()


def another_process(desk: ChangeDesk, log: PolicyLog) -> ChangeService:
    changes, _ = wiring.build(
        desk.client,
        store=desk.store,
        replica=desk.replica,
        now_ms=lambda: desk.clock[0],
        policies=log,
    )
    return changes


async def die(desk: ChangeDesk, client: Client, *, arrives: bool) -> ChangeRequest:
    """Approve a policy with a process that ends at its commit; return what is left of it."""
    log = DyingLog(client)
    log.arrives = arrives
    terms = PolicyTerms(author="li", reason="by contract")
    with acting_as(LI):
        await desk.changes.propose_policy(PolicyContents(document=STRICT), terms)
    with acting_as(WANG), pytest.raises(Unavailable, match="outcome of its commit is unknown"):
        await another_process(desk, log).approve(1)
    return await desk.changes.views.get(1)


async def test_a_commit_that_arrived_is_found_and_its_request_is_applied(
    desk: ChangeDesk, client: Client
) -> None:
    left = await die(desk, client, arrives=True)

    await desk.upkeep.recover()

    healed = await desk.changes.views.get(1)
    assert (left.state, left.applying_after) == (ChangeState.APPROVED, 0)
    assert (healed.state, healed.applied_version) == (ChangeState.APPLIED, 1)


async def test_it_is_applied_once_however_often_it_is_asked_for(
    desk: ChangeDesk, client: Client
) -> None:
    await die(desk, client, arrives=True)

    with acting_as(WANG):
        applied = await desk.changes.apply(1)

    assert (applied.state, applied.applied_version) == (ChangeState.APPLIED, 1)
    assert (await PolicyLog(client).head()).version == 1


async def test_an_approved_policy_whose_commit_never_arrived_is_applied_again(
    desk: ChangeDesk, client: Client
) -> None:
    left = await die(desk, client, arrives=False)
    desk.clock[0] += 31_000
    await desk.upkeep.recover()
    still = await desk.changes.views.get(1)

    with acting_as(WANG):
        applied = await desk.changes.apply(1)

    assert left.state is still.state is ChangeState.APPROVED
    assert (applied.state, applied.applied_version) == (ChangeState.APPLIED, 1)
    assert (await PolicyLog(client).head()).document == STRICT


async def test_a_request_that_ended_between_approval_and_commit_can_be_withdrawn(
    desk: ChangeDesk, client: Client
) -> None:
    left = await die(desk, client, arrives=False)

    with acting_as(LI):
        rejected = await desk.changes.reject(1, reason="not any more")

    assert rejected.state is ChangeState.REJECTED
    late = PolicyVersion(document=STRICT, commit=left.commit)
    with pytest.raises(VersionConflict, match="took too long and was rejected"):
        await PolicyLog(client).commit(late, expected_version=0)
    assert (await PolicyLog(client).head()).version == 0


async def test_a_committed_policy_cannot_be_rejected(desk: ChangeDesk, client: Client) -> None:
    await die(desk, client, arrives=True)

    with acting_as(WANG), pytest.raises(VersionConflict, match="applied already"):
        await desk.changes.reject(1, reason="too late")


async def test_two_who_apply_at_once_apply_it_once(desk: ChangeDesk, client: Client) -> None:
    terms = PolicyTerms(author="li", reason="by contract")
    with acting_as(LI):
        await desk.changes.propose_policy(PolicyContents(document=STRICT), terms)
    with acting_as(WANG):
        await desk.changes.approve(1, hold=True)
        other = another_process(desk, PolicyLog(client))
        both = await asyncio.gather(desk.changes.apply(1), other.apply(1), return_exceptions=True)

    applied = [one for one in both if isinstance(one, ChangeRequest)]
    assert {one.applied_version for one in applied} == {1}
    assert all(isinstance(one, ChangeRequest | VersionConflict) for one in both)
    assert await client.xlen(LOG) == 1
