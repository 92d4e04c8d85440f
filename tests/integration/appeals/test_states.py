"""Whatever officers do with appeals in whatever order: states go forward, and queues agree."""

import asyncio
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from blocklists.entries import EntryKind
from blocklists.queries import MatchingEntries
from fanzha.errors import FanzhaError, InvalidInput, NotAllowed, Unavailable, VersionConflict
from fanzha.phone import HomePlan
from services.appeals import serialization
from services.appeals.model import (
    DECIDED,
    OPEN,
    Appeal,
    AppealEvent,
    AppealEventKind,
    AppealState,
    AppealSubject,
    Lift,
)
from services.appeals.review import Review, ReviewDecision
from services.appeals.store import AppealStore
from services.audit.audited_actions import AuditedActions
from services.auth.identity import Identity, Role, acting_as
from tests.support.change_desk import MemoryAudit
from tests.support.store_machines import StoreMachine, explore

RECEIVED, IN_REVIEW = AppealState.RECEIVED, AppealState.IN_REVIEW
NEXT = {
    RECEIVED: {IN_REVIEW, AppealState.WITHDRAWN},
    IN_REVIEW: {IN_REVIEW, *DECIDED, AppealState.WITHDRAWN},
}
OFFICERS = st.sampled_from(["zhou", "wu"])
NUMBERS = st.just(1)
SUBJECT = AppealSubject(kind=EntryKind.NUMBER, pattern="+8617000000123")


class NoLists:
    """Lists without an entry."""

    async def find(self, pattern: str) -> MatchingEntries:
        return MatchingEntries(entries=(), version=1, protected_because="")


class NoLifter:
    """Lifts nothing; the machine writes the progress of lifts itself."""

    def begin(self, appeal_id: int) -> "asyncio.Task[None]":
        return asyncio.ensure_future(asyncio.sleep(0))


class Office(StoreMachine):
    """One appeal, and two officers of whom one may have handed it in."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.store, self.audit, self.now = AppealStore(self.client), MemoryAudit(), 10
        lists: Any = NoLists()
        lifter: Any = NoLifter()
        self.review = Review(
            store=self.store,
            lifter=lifter,
            lists=lists,
            trail=AuditedActions(self.audit),
            home=HomePlan(),
            now_ms=lambda: self.now,
        )
        self.known: dict[int, Appeal] = {}
        self.lifting: set[int] = set()

    def act(self, officer: str, work: Any) -> FanzhaError | None:
        self.now += 1
        with acting_as(Identity(name=officer, roles=frozenset({Role.APPEALS_OFFICER}))):
            try:
                self.do(work)
            except (InvalidInput, NotAllowed, VersionConflict, Unavailable) as refused:
                return refused
        return None

    @precondition(lambda self: not self.known)
    @rule(opened_by=st.sampled_from(["wu", "desk"]))
    def open(self, opened_by: str) -> None:
        number = self.do(self.store.next_id()) if not self.known else 0
        if not number:
            return
        appeal = Appeal(
            appeal_id=number,
            received_at_ms=self.now,
            deadline_ms=self.now + 100,
            appellant="张三",
            contact="zhang@company.example",
            grounds="ours",
            subject=SUBJECT,
            opened_by=opened_by,
        )
        event = AppealEvent(at_ms=self.now, by=opened_by, what=AppealEventKind.OPENED)
        assert self.do(self.store.open(appeal, f"m{number}", event)) == (number, True)
        # Whoever loses the answer sends it again.
        assert self.do(self.store.open(appeal, f"m{number}", event)) == (number, True)
        self.known[number] = self.do(self.store.get(number))
        assert self.known[number].state is RECEIVED

    @precondition(lambda self: self.known)
    @rule(number=NUMBERS, officer=OFFICERS)
    def take(self, number: int, officer: str) -> None:
        if number in self.known:
            before = self.known[number]
            refused = self.act(officer, self.review.take(number, ""))
            assert (refused is None) == (before.is_open and not self.audit.full)
            self.look(number, IN_REVIEW if refused is None else before.state)
            assert refused or self.known[number].officer == officer

    @precondition(lambda self: self.known)
    @rule(
        number=NUMBERS,
        officer=OFFICERS,
        upheld=st.booleans(),
        stale=st.sampled_from([0, 0, 0, 1]),
        reason=st.sampled_from(["theirs", "theirs", "theirs", ""]),
    )
    def decide(self, number: int, officer: str, upheld: bool, stale: int, reason: str) -> None:
        if number not in self.known:
            return
        before = self.known[number]
        to = AppealState.UPHELD if upheld else AppealState.REJECTED
        decision = ReviewDecision(
            appeal_id=number,
            outcome=to,
            reason=reason,
            remedy="court",
            documents_required="none",
            expected_revision=before.revision - stale,
        )
        refused = self.act(officer, self.review.decide(decision))

        is_theirs = before.officer == officer != before.opened_by
        may = before.state is IN_REVIEW and is_theirs and bool(reason) and not stale
        assert (refused is None) == (may and not self.audit.full)
        self.look(number, to if refused is None else before.state)
        if refused is None and upheld:
            self.lifting.add(number)

    @precondition(lambda self: self.known)
    @rule(number=NUMBERS, officer=OFFICERS, early=st.integers(0, 4))
    def withdraw(self, number: int, officer: str, early: int) -> None:
        before = self.known[number]
        # Seldom while it is open, for what is withdrawn sees no decision.
        if not before.is_open or not early:
            refused = self.act(officer, self.review.withdraw(number, "they called", ""))
            assert (refused is None) == (before.is_open and not self.audit.full)
            self.look(number, AppealState.WITHDRAWN if refused is None else before.state)

    @precondition(lambda self: self.known)
    @rule(number=NUMBERS, done=st.booleans())
    def lift(self, number: int, done: bool) -> None:
        """Write the progress of a lift, as its task does."""
        if number not in self.known:
            return
        before = self.known[number]
        what = AppealEventKind.LIFT_DONE if done else AppealEventKind.LIFT_COMMITTED
        moving = self.store.move(
            number,
            AppealEvent(at_ms=self.now, by="fanzha", what=what),
            allowed={AppealState.UPHELD},
            lifting="end" if done else "",
            given={"lift": serialization.lift(Lift(version=3, done=done))},
        )
        refused = self.act("zhou", moving)
        assert (refused is None) == (before.state is AppealState.UPHELD)
        self.look(number, before.state)
        if refused is None and done:
            self.lifting.discard(number)

    @precondition(lambda self: self.known)
    @rule(number=NUMBERS)
    def erase(self, number: int) -> None:
        if number not in self.known or self.known[number].is_open:
            return
        event = AppealEvent(at_ms=self.now, by="fanzha", what=AppealEventKind.ERASED)
        assert self.do(self.store.erase(self.known[number], event))
        # A second one has read what is no longer there.
        assert not self.do(self.store.erase(self.known[number], event))
        self.look(number, self.known[number].state)
        assert (self.known[number].appellant, self.known[number].subject.pattern) == ("", "")

    @rule(full=st.sampled_from([False, False, True]))
    def fill_the_audit_log(self, full: bool) -> None:
        self.audit.full = full

    def look(self, number: int, expected: AppealState) -> None:
        before, after = self.known[number], self.do(self.store.get(number))
        assert after.state is expected
        if after.state is not before.state:
            assert after.state in NEXT[before.state]
        assert after.revision in {before.revision, before.revision + 1}
        remaining = [(one.at_ms, one.by, one.what) for one in after.events]
        assert remaining[: len(before.events)] == [
            (one.at_ms, one.by, one.what) for one in before.events
        ]
        assert bool(after.closed_at_ms) == (after.state not in OPEN)
        self.known[number] = after

    @invariant()
    def queues_agree_with_states(self) -> None:
        for queue, members in (
            ("due", {number for number, one in self.known.items() if one.is_open}),
            ("closed", {number for number, one in self.known.items() if not one.is_open}),
            ("received", set(self.known)),
            ("lifting", self.lifting),
        ):
            page = self.do(self.store.page(queue, 0, 10))
            assert {one.appeal_id for one in page} == members
            assert all(one.state is self.known[one.appeal_id].state for one in page)
            assert all(one.revision == self.known[one.appeal_id].revision for one in page)


def test_the_state_machine_holds_in_every_order_of_reviews(redis_url: str) -> None:
    explore(Office, redis_url, examples=12, steps=14)


def test_a_decided_appeal_cannot_be_decided_again_or_withdrawn(redis_url: str) -> None:
    machine = Office(redis_url)
    machine.open("desk")
    machine.take(1, "zhou")
    machine.decide(1, "zhou", upheld=True, stale=0, reason="theirs")

    decision = ReviewDecision(
        appeal_id=1,
        outcome=AppealState.REJECTED,
        reason="ours",
        remedy="court",
        documents_required="none",
    )
    with (
        acting_as(Identity(name="zhou", roles=frozenset({Role.APPEALS_OFFICER}))),
        pytest.raises(InvalidInput, match="already"),
    ):
        machine.do(machine.review.decide(decision))
    with (
        acting_as(Identity(name="zhou", roles=frozenset({Role.APPEALS_OFFICER}))),
        pytest.raises(InvalidInput, match="cannot be withdrawn"),
    ):
        machine.do(machine.review.withdraw(1, "they called", ""))
    machine.teardown()
