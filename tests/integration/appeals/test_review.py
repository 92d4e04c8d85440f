"""Who may decide an appeal, once only, and never unseen; asked directly, on a real store."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from blocklists.entries import Source
from fanzha.decisions import Action
from fanzha.errors import InvalidInput, NotAllowed, NotFound, Unavailable, VersionConflict
from services.appeals import review, submission
from services.appeals.documents import SubmittedDocument
from services.appeals.model import Appeal, AppealState
from services.audit.events import AuditKind
from services.auth.identity import Identity, Role, acting_as
from services.rpc.appeals import messages
from tests.support.appeals import LISTED, LISTED_ID, Office, office, somebody

DESK = somebody("desk", Role.CARRIER)
OTHER_DESK = somebody("other-desk", Role.CARRIER)
ZHOU = somebody("zhou", Role.APPEALS_OFFICER)
WU = somebody("wu", Role.APPEALS_OFFICER)
AUDITOR = somebody("sun", Role.AUDITOR)

REJECTED: dict[str, Any] = {
    "outcome": AppealState.REJECTED,
    "reason": "recognised by victims",
    "remedy": "complain to the administration",
    "documents_required": "a licence",
}
UPHELD: dict[str, Any] = {"outcome": AppealState.UPHELD, "reason": "the number is that of a bank"}


async def an_appeal(running: Office) -> Appeal:
    await running.list_(LISTED)  # by li
    await running.listed_hit()
    with acting_as(DESK):
        appeal, _ = await running.built.appeals.opening.open(
            submission.AppealRequest(
                decision_id=LISTED_ID,
                appellant="Zhang San",
                contact="zhang@company.example",
                grounds="our customer service",
            )
        )
    return appeal


async def decide(running: Office, appeal_id: int, **fields: Any) -> Appeal:
    return await running.built.appeals.review.decide(
        review.ReviewDecision(appeal_id=appeal_id, **fields)
    )


async def test_the_authenticated_name_is_recorded(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(ZHOU):
            await running.built.appeals.review.take(appeal.appeal_id, "somebody else")
            done = await decide(running, appeal.appeal_id, by="somebody else", **REJECTED)

    assert (done.opened_by, done.officer) == ("desk", "zhou")
    assert [one.actor for one in running.audit.records] == ["desk", "zhou", "zhou"]


async def test_only_the_officer_who_took_an_appeal_decides_it(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(WU), pytest.raises(InvalidInput, match="take it first"):
            await decide(running, appeal.appeal_id, **UPHELD)
        with acting_as(ZHOU):
            await running.built.appeals.review.take(appeal.appeal_id, "")

        with acting_as(WU):
            with pytest.raises(NotAllowed, match="taken by zhou"):
                await decide(running, appeal.appeal_id, **UPHELD)
            await running.built.appeals.review.take(appeal.appeal_id, "")
            done = await decide(running, appeal.appeal_id, **UPHELD)

    assert (done.state, done.officer) == (AppealState.UPHELD, "wu")


@pytest.mark.parametrize("name", ["li", "ｌｉ", "LI", "l\u200bi"])
async def test_the_author_of_the_entry_may_not_decide(
    redis_url: str, tmp_path: Path, name: str
) -> None:
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(somebody(name, Role.APPEALS_OFFICER)):
            await running.built.appeals.review.take(appeal.appeal_id, "")
            with pytest.raises(NotAllowed, match="entered or approved"):
                await decide(running, appeal.appeal_id, **UPHELD)
        left = await running.patterns(LISTED)

    assert left == {(LISTED, Action.BLOCK)}


async def test_an_officer_decides_appeals_of_their_own_sources_only(
    redis_url: str, tmp_path: Path
) -> None:
    of_carriers = Identity(
        name="zhou",
        roles=frozenset({Role.APPEALS_OFFICER}),
        sources=frozenset({Source.CARRIER}),
    )
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(of_carriers):
            await running.built.appeals.review.take(appeal.appeal_id, "")
            with pytest.raises(NotAllowed, match="not bureau"):
                await decide(running, appeal.appeal_id, **UPHELD)


@pytest.mark.parametrize("name", ["desk", "ｄｅｓｋ", "Desk", "d\u200besk"])
async def test_the_submitter_of_an_appeal_may_not_decide_it(
    redis_url: str, tmp_path: Path, name: str
) -> None:
    both = somebody(name, Role.APPEALS_OFFICER)
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(both):
            await running.built.appeals.review.take(appeal.appeal_id, "")
            with pytest.raises(NotAllowed, match="handed this appeal in"):
                await decide(running, appeal.appeal_id, **UPHELD)


async def test_an_appeal_is_decided_once(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(ZHOU):
            await running.built.appeals.review.take(appeal.appeal_id, "")
            both = await asyncio.gather(
                decide(running, appeal.appeal_id, **UPHELD),
                decide(running, appeal.appeal_id, **REJECTED),
                return_exceptions=True,
            )
            with pytest.raises(InvalidInput, match="already"):
                await decide(running, appeal.appeal_id, **REJECTED)

    assert sum(isinstance(one, Appeal) for one in both) == 1
    assert running.audit.kinds().count(AuditKind.APPEAL_DECIDED) >= 1


async def test_a_decision_on_an_older_revision_is_a_conflict(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(ZHOU):
            taken = await running.built.appeals.review.take(appeal.appeal_id, "")
            with pytest.raises(VersionConflict):
                await decide(
                    running, appeal.appeal_id, expected_revision=taken.revision - 1, **UPHELD
                )
            done = await decide(
                running, appeal.appeal_id, expected_revision=taken.revision, **UPHELD
            )

    assert done.state is AppealState.UPHELD


async def test_without_an_audit_record_no_review_is_accepted(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(ZHOU):
            await running.built.appeals.review.take(appeal.appeal_id, "")
            running.audit.away = True
            with pytest.raises(Unavailable):
                await decide(running, appeal.appeal_id, **UPHELD)
        after, _, _ = await running.built.appeals.get(appeal.appeal_id)
        left = await running.patterns(LISTED)

    assert (after.state, left) == (AppealState.IN_REVIEW, {(LISTED, Action.BLOCK)})


async def test_a_carrier_sees_its_own_appeals_only(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        appeals = running.built.appeals
        with acting_as(OTHER_DESK):
            with pytest.raises(NotFound):
                await appeals.get(appeal.appeal_id)
            with pytest.raises(NotFound):
                await appeals.notice(appeal.appeal_id, "", "zh")
            with pytest.raises(NotFound):
                await appeals.review.withdraw(appeal.appeal_id, "no longer", "")
            with pytest.raises(NotFound):
                await appeals.opening.add_documents(
                    appeal.appeal_id, [SubmittedDocument(name="a", content=b"a")], ""
                )
        with acting_as(DESK):
            seen, evidence, masked = await appeals.get(appeal.appeal_id)
            notice = await appeals.notice(appeal.appeal_id, "", "zh")
            done = await appeals.review.withdraw(appeal.appeal_id, "no longer wanted", "")

    assert (evidence, masked, seen.appellant) == (None, True, "Z***")
    assert LISTED not in notice.text
    assert "0123" in notice.text
    assert done.state is AppealState.WITHDRAWN


async def test_an_auditor_sees_every_appeal_without_personal_data(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(AUDITOR):
            seen, evidence, masked = await running.built.appeals.get(appeal.appeal_id)
            with pytest.raises(NotAllowed):
                await running.built.appeals.document(appeal.appeal_id, "0" * 64)

    assert masked
    assert evidence is not None
    for personal in ("Zhang", "+861700000012", LISTED):
        assert personal not in repr(seen)
        assert personal not in repr(evidence.decision)
        assert personal not in str(messages.evidence(evidence, running.clock()))
    assert evidence.entries_then[0].created_by == "li"


async def test_the_reviewer_sees_other_appeals_about_the_same_subject(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        first = await an_appeal(running)
        with acting_as(DESK):
            second, _ = await running.built.appeals.opening.open(
                submission.AppealRequest(
                    decision_id=LISTED_ID, appellant="Li Si", contact="li", grounds="mine too"
                )
            )
        with acting_as(ZHOU):
            _, evidence, _ = await running.built.appeals.get(second.appeal_id)

    assert evidence is not None
    assert [one.appeal_id for one in evidence.others] == [first.appeal_id]
    assert "Zhang" not in repr(evidence.others)


async def test_the_delivery_of_a_notice_is_recorded(redis_url: str, tmp_path: Path) -> None:
    async with office(redis_url, tmp_path) as running:
        appeal = await an_appeal(running)
        with acting_as(ZHOU):
            await running.built.appeals.notice(appeal.appeal_id, "", "en", delivered=True)
            seen, _, _ = await running.built.appeals.get(appeal.appeal_id)

    last = seen.events[-1]
    assert (last.what, last.by, last.note) == ("notified", "zhou", "receipt-1 en")


async def test_a_restriction_notice_shows_a_carrier_no_number(
    redis_url: str, tmp_path: Path
) -> None:
    async with office(redis_url, tmp_path) as running:
        await running.list_(LISTED, legal_bases=["Order 7"])
        await running.listed_hit()
        with acting_as(DESK):
            by_decision = await running.built.appeals.restriction(LISTED_ID, "", "zh")
        with acting_as(ZHOU):
            by_entry = await running.built.appeals.restriction(0, LISTED, "en")

    assert LISTED not in by_decision.text
    assert f"D{LISTED_ID}" in by_decision.text
    assert "Order 7" in by_decision.text
    assert LISTED in by_entry.text
