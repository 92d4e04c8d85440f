"""The carrier policy goes through change requests, on a real store."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from blocklists.entries import Source
from fanzha.errors import InvalidInput, NotAllowed, NotFound, RisksUnconfirmed, VersionConflict
from fanzha.tables import Channel
from infra.redis.client import connect
from services.audit.events import AuditKind
from services.auth.identity import DEVELOPER, acting_as
from services.carrier_policy.document import with_settings
from services.carrier_policy.policy_log import PolicyLog
from services.carrier_policy.version import PolicyVersion
from services.changes import wiring
from services.changes.model import ChangeKind, ChangeRequest, ChangeState
from services.changes.policy.requests import PolicyContents, PolicyProposal, PolicyTerms
from services.decision.carriers.policy import CarrierPolicies
from services.decision_log.impact.policy_replay import PolicyReplay
from tests.support.builders import an_entry
from tests.support.change_desk import CHEN, LI, WANG, ZHAO, ChangeDesk, a_draft, change_desk

STRICT = "[carrier.cmcc.call]\nthreshold = 0.5\n"
TERMS = PolicyTerms(author="li", reason="by contract")


@pytest.fixture
async def desk(redis_url: str, tmp_path: Path) -> AsyncIterator[ChangeDesk]:
    async with change_desk(redis_url, tmp_path / "lists") as found:
        yield found


@pytest.fixture
async def log(redis_url: str) -> AsyncIterator[PolicyLog]:
    client = connect(redis_url)
    yield PolicyLog(client)
    await client.aclose()


async def propose(
    desk: ChangeDesk, *assignments: str, terms: PolicyTerms = TERMS, document: str = STRICT
) -> PolicyProposal:
    contents = PolicyContents(document=document, assignments=assignments)
    return await desk.changes.propose_policy(contents, terms)


async def apply_as_two(desk: ChangeDesk, *assignments: str) -> ChangeRequest:
    with acting_as(LI):
        made = await propose(desk, *assignments)
    assert made.record is not None
    with acting_as(WANG):
        return await desk.changes.approve(made.record.id)


async def test_one_proposes_another_approves_and_the_policy_is_in_force(
    desk: ChangeDesk, log: PolicyLog
) -> None:
    with acting_as(LI):
        made = await propose(desk)
    waiting = await log.head()
    with acting_as(WANG):
        done = await desk.changes.approve(1, note="seen")

    assert made.record is not None
    assert (made.record.kind, made.record.state) == (ChangeKind.POLICY, ChangeState.PENDING)
    assert made.second_person.reasons == ("it changes the policy of cmcc (1 policy setting)",)
    assert waiting.version == 0
    assert (done.state, done.applied_version, done.approved_by) == (ChangeState.APPLIED, 1, "wang")
    head = await log.head()
    assert (head.version, head.document, head.author) == (1, STRICT, "li")
    assert (head.approved_by, head.change_id, head.reason) == ("wang", 1, "by contract")
    assert desk.audit.kinds == [
        AuditKind.REQUEST_SUBMITTED, AuditKind.REQUEST_APPROVED, AuditKind.CHANGE_APPLIED,
    ]  # fmt: skip
    details = desk.audit.records[0][2]
    assert details["policy_settings"] == "cmcc call.threshold: of the settings or model -> 0.5"


async def test_nobody_approves_their_own_policy(desk: ChangeDesk, log: PolicyLog) -> None:
    with acting_as(WANG):
        await propose(desk)
        with pytest.raises(NotAllowed, match="a second person has to approve it"):
            await desk.changes.approve(1)

    assert (await log.head()).version == 0


@pytest.mark.parametrize("who", [ZHAO, CHEN, replace(LI, sources=frozenset({Source.BUREAU}))])
async def test_who_may_not_propose_is_refused_and_recorded(who: object, desk: ChangeDesk) -> None:
    with acting_as(who), pytest.raises(NotAllowed):  # type: ignore[arg-type]
        await propose(desk)

    assert desk.audit.kinds == [AuditKind.REFUSED]


async def test_an_approver_of_one_carrier_does_not_approve_the_policy_of_all(
    desk: ChangeDesk,
) -> None:
    with acting_as(LI):
        await propose(desk)

    with acting_as(replace(WANG, carrier="cmcc")), pytest.raises(NotAllowed, match="about all"):
        await desk.changes.approve(1)


async def test_an_approver_of_one_carrier_does_not_reject_the_policy_of_all(
    desk: ChangeDesk,
) -> None:
    with acting_as(LI):
        await propose(desk)

    with acting_as(replace(WANG, carrier="cmcc")), pytest.raises(NotAllowed, match="about all"):
        await desk.changes.reject(1, reason="not ours")


async def test_an_approval_that_the_policy_has_overtaken_is_not_recorded_as_applied(
    desk: ChangeDesk, log: PolicyLog
) -> None:
    with acting_as(LI):
        await propose(desk)
    meanwhile = PolicyVersion(document="", author="zhao", commit="another")
    await log.commit(meanwhile, expected_version=(await log.head()).version)

    with acting_as(WANG), pytest.raises(VersionConflict):
        await desk.changes.approve(1)

    assert AuditKind.CHANGE_APPLIED not in desk.audit.kinds


async def test_without_identities_its_author_confirms_each_carrier_and_it_is_unreviewed(
    desk: ChangeDesk, log: PolicyLog
) -> None:
    risk = "cmcc (1 policy setting)"
    with acting_as(DEVELOPER):
        with pytest.raises(RisksUnconfirmed) as refused:
            await propose(desk)
        unchanged = (await log.head()).version
        done = await propose(desk, terms=replace(TERMS, confirmed_risks=(risk,)))

    assert refused.value.risks == (risk,)
    assert unchanged == 0
    assert done.record is not None
    assert (done.record.state, done.record.unreviewed_risks) == (ChangeState.APPLIED, (risk,))
    assert desk.audit.records[-1][2]["unreviewed"] == risk


async def test_a_held_policy_is_confirmed_when_it_is_applied(desk: ChangeDesk) -> None:
    with acting_as(DEVELOPER):
        await propose(desk, terms=replace(TERMS, hold=True))
        with pytest.raises(RisksUnconfirmed):
            await desk.changes.apply(1, by="li")
        done = await desk.changes.apply(1, by="li", confirmed=["cmcc (1 policy setting)"])

    assert done.state is ChangeState.APPLIED


async def test_a_dry_run_compares_and_leaves_no_request(desk: ChangeDesk, log: PolicyLog) -> None:
    with acting_as(LI):
        found = await propose(desk, terms=replace(TERMS, dry_run=True))
        same = await propose(desk, document="# nothing is set\n")

    assert [one.setting for one in found.policy.differences] == ["call.threshold"]
    assert found.record is None
    assert same.record is None
    assert (await log.head()).version == 0
    assert (await desk.changes.views.page(None, before_id=0, size=0)).records == []


async def test_only_one_policy_is_open_at_a_time(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await propose(desk)
        with pytest.raises(VersionConflict, match="change 1 of the carrier policy is open"):
            await propose(desk, "cmcc.text.mode=monitor")
        await desk.changes.reject(1, reason="withdrawn")
        again = await propose(desk, "cmcc.text.mode=monitor")

    assert again.record is not None
    assert again.record.state is ChangeState.PENDING


async def test_of_two_who_propose_at_once_one_is_told(desk: ChangeDesk, redis_url: str) -> None:
    clients = connect(redis_url, decode_responses=False), connect(redis_url)
    other, _ = wiring.build(
        clients[0],
        store=desk.store,
        replica=desk.replica,
        now_ms=lambda: desk.clock[0],
        policies=PolicyLog(clients[1]),
    )
    with acting_as(LI):
        both = await asyncio.gather(
            propose(desk),
            other.propose_policy(PolicyContents(document=STRICT), TERMS),
            return_exceptions=True,
        )
    for client in clients:
        await client.aclose()

    assert sorted(type(one).__name__ for one in both) == ["PolicyProposal", "VersionConflict"]


async def test_who_saw_an_older_version_is_told(desk: ChangeDesk) -> None:
    await apply_as_two(desk)

    with acting_as(LI), pytest.raises(VersionConflict, match="the carrier policy is at 1, not 0"):
        await propose(desk, "cmcc.call.mode=monitor", terms=replace(TERMS, expected_version=0))


async def test_a_policy_that_changed_behind_a_request_is_never_overwritten(
    desk: ChangeDesk, log: PolicyLog
) -> None:
    with acting_as(LI):
        made = await propose(desk)
    assert made.record is not None
    head = await log.head()
    await log.commit(replace(head, document="", commit="by another release"), expected_version=0)

    with acting_as(WANG), pytest.raises(VersionConflict, match="reject change 1 and propose it"):
        await desk.changes.approve(1)

    assert (await log.head()).commit == "by another release"
    assert desk.audit.kinds[-1] is AuditKind.REFUSED


async def test_settings_change_the_policy_in_force_at_that_time(
    desk: ChangeDesk, log: PolicyLog
) -> None:
    await apply_as_two(desk)
    await apply_as_two(desk, "cmcc.call.mode=monitor", "cucc.link.on_failure=block")

    expected = with_settings(STRICT, ["cmcc.call.mode=monitor", "cucc.link.on_failure=block"])
    assert (await log.head()).document == expected


async def test_an_approved_policy_is_undone_by_two_again(desk: ChangeDesk, log: PolicyLog) -> None:
    await apply_as_two(desk)
    await apply_as_two(desk, "cmcc.text.mode=monitor", "cmcc.call.threshold=0.6")
    await apply_as_two(desk, "cmcc.call.threshold=0.7")

    with acting_as(LI):
        made = await desk.changes.revert(2, reason="a mistake")
    with acting_as(WANG):
        done = await desk.changes.approve(4)

    assert made.record is not None
    assert made.record.state is ChangeState.PENDING
    assert (done.reverts, done.left_alone) == (2, 1)
    assert done.left_alone_examples == ("cmcc.call.threshold",)
    assert (await desk.changes.views.get(2)).state is ChangeState.REVERTED
    assert (await log.head()).document == "[carrier.cmcc.call]\nthreshold = 0.7\n"


async def test_an_earlier_version_is_restored_whole(desk: ChangeDesk, log: PolicyLog) -> None:
    await apply_as_two(desk)
    await apply_as_two(desk, "cmcc.text.mode=monitor")

    with acting_as(LI):
        await desk.changes.propose_policy(PolicyContents(restores_version=1), TERMS)
    with acting_as(WANG):
        await desk.changes.approve(3)

    assert [one.version for one in await log.page(0, 10)] == [3, 2, 1]
    assert (await log.head()).document == STRICT
    with acting_as(LI), pytest.raises(NotFound, match="no policy version 9"):
        await desk.changes.propose_policy(PolicyContents(restores_version=9), TERMS)


async def test_a_policy_is_no_emergency_and_no_false_positive(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await propose(desk)
        with pytest.raises(InvalidInput, match="a carrier policy does not end by itself"):
            await desk.changes.apply(1, emergency_why="now")
    await _approved(desk)

    with acting_as(LI), pytest.raises(InvalidInput, match="blocks nothing by itself"):
        await desk.changes.revert(1, reason="wrong", false_positive=True)


async def _approved(desk: ChangeDesk) -> None:
    with acting_as(WANG):
        await desk.changes.approve(1)


async def test_policies_leave_the_versions_of_the_lists_alone(desk: ChangeDesk) -> None:
    with acting_as(LI):
        await desk.changes.submit_and_apply(a_draft(an_entry("+8617000000001")))
    await apply_as_two(desk)

    assert await desk.requests.ids_by_version(0, 10) == {1: 1}
    assert len(await desk.listed()) == 1


async def test_a_document_that_workers_would_refuse_is_never_proposed(desk: ChangeDesk) -> None:
    for document in ("[carrier", "[carrier.x.call]\nthreshold = 2", "x" * 70_000):
        with acting_as(LI), pytest.raises(InvalidInput):
            await propose(desk, document=document)

    assert (await desk.changes.views.page(None, before_id=0, size=0)).records == []


async def test_a_cluster_keeps_policies_as_one_node_does(cluster_url: str, tmp_path: Path) -> None:
    async with change_desk(cluster_url, tmp_path / "cluster") as desk:
        await apply_as_two(desk)
        done = await apply_as_two(desk, "cmcc.call.mode=monitor")

    assert (done.state, done.applied_version) == (ChangeState.APPLIED, 2)


async def test_a_preview_says_what_the_log_says_and_a_broken_log_hinders_nobody(
    redis_url: str, tmp_path: Path
) -> None:
    def source(before: CarrierPolicies, after: CarrierPolicies, since_ms: int) -> PolicyReplay:
        if "broken" in after.carriers:
            raise OSError("the disk is gone")
        found = PolicyReplay(since_ms=since_ms, first_ms=since_ms - 1, rows_examined=7)
        found.would_block["cmcc", Channel.CALL] = 3
        return found

    async with change_desk(redis_url, tmp_path / "lists", policy_impact=source) as desk:
        with acting_as(LI):
            made = await propose(desk)
            stored = await desk.changes.views.get(1)
            await desk.changes.reject(1, reason="withdrawn")
            broken = await propose(desk, "broken.call.mode=monitor")
            same = await propose(desk, document="", terms=replace(TERMS, dry_run=True))

    impact = made.policy.impact
    assert impact is not None
    assert (impact.hours, impact.rows_examined, impact.unknown_because) == (24.0, 7, "")
    assert [(one.carrier, one.channel, one.would_block) for one in impact.carriers] == [
        ("cmcc", "call", 3),
    ]
    assert stored.policy == made.policy
    assert broken.record is not None
    assert broken.policy.impact is not None
    assert broken.policy.impact.unknown_because == "the decision log could not be read"
    assert same.policy.impact is None
