"""Takes, decides and withdraws appeals.

The deciding officer has taken the appeal, and neither submitted it nor entered or approved the
blocking entry: the officer is the second person for the lift. Without authentication
(development), one person may do all of it, and the audit log has the name they claimed.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from blocklists.entries import Direction, Source
from fanzha.errors import InvalidInput, NotAllowed, VersionConflict
from fanzha.phone import HomePlan
from fanzha.translation.message import Message
from infra import text_limits
from services.appeals import serialization, subjects
from services.appeals.lift import Lifter
from services.appeals.lift_plan import blocking
from services.appeals.list_access import ListAccess
from services.appeals.model import (
    DECIDED,
    OPEN,
    STATEMENT,
    Appeal,
    AppealEvent,
    AppealEventKind,
    AppealOutcome,
    AppealState,
)
from services.appeals.scope import check_hand, check_review, may_lift
from services.appeals.store import AppealStore
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity, roles

LIFT_SECONDS = 10.0
"""Longest time the deciding call waits for the lift."""
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecision:
    """The decision an officer submits."""

    appeal_id: int
    outcome: AppealState
    reason: str
    remedy: str = ""
    documents_required: str = ""
    by: str = ""
    expected_revision: int | None = None
    allow: bool = False
    direction: int = 0
    lift_pattern: str = ""
    allow_days: int = 0


class Review:
    """The operations of appeals officers."""

    def __init__(
        self,
        *,
        store: AppealStore,
        lifter: Lifter,
        lists: ListAccess,
        trail: AuditedActions,
        home: HomePlan,
        now_ms: Callable[[], int],
        decided: Callable[[AppealState, float], None] = lambda _state, _seconds: None,
    ) -> None:
        self._store = store
        self._lifter = lifter
        self._lists = lists
        self._trail = trail
        self._home = home
        self._now_ms = now_ms
        self._decided = decided

    async def take(self, appeal_id: int, by_field: str) -> Appeal:
        """Take an appeal into review, also from another officer."""
        by = identity.author(by_field, "by")
        check_review(await self._store.get(appeal_id))
        taking = self._store.move(
            appeal_id,
            self._event(by, AppealEventKind.TAKEN),
            allowed=OPEN,
            to=AppealState.IN_REVIEW,
            given={"officer": by},
        )
        await self._trail.around(AuditKind.APPEAL_TAKEN, appeal_id, by, {}, taking)
        return await self._store.get(appeal_id)

    async def decide(self, decision: ReviewDecision) -> Appeal:
        """Decide an appeal; if upheld, wait briefly for its lift."""
        by = identity.author(decision.by, "by")
        outcome = self._checked(decision)
        appeal = await self._store.get(decision.appeal_id)
        check_review(appeal)
        if appeal.state is not AppealState.IN_REVIEW:
            raise InvalidInput(
                f"appeal {appeal.appeal_id} is {appeal.state}: take it first"
                if appeal.is_open
                else f"appeal {appeal.appeal_id} is {appeal.state} already"
            )
        if decision.expected_revision not in {None, appeal.revision}:
            raise VersionConflict.between(
                "expected_revision",
                Message("the appeal is"),
                expected=decision.expected_revision,
                actual=appeal.revision,
            )
        await self._check_officer(appeal, by)
        await self._check_regions(appeal, outcome)
        upheld = decision.outcome is AppealState.UPHELD
        deciding = self._store.move(
            appeal.appeal_id,
            self._event(by, AppealEventKind.UPHELD if upheld else AppealEventKind.REJECTED),
            allowed={AppealState.IN_REVIEW},
            revision=appeal.revision,
            to=decision.outcome,
            lifting="begin" if upheld else "",
            given={"outcome": serialization.outcome(outcome), "officer": by},
        )
        details = _audited(appeal, decision)
        await self._trail.around(AuditKind.APPEAL_DECIDED, appeal.appeal_id, by, details, deciding)
        self._decided(decision.outcome, (self._now_ms() - appeal.received_at_ms) / 1000)
        if upheld:
            await self._lift(appeal.appeal_id)
        return await self._store.get(appeal.appeal_id)

    async def withdraw(self, appeal_id: int, reason: str, by_field: str) -> Appeal:
        """Withdraw an appeal."""
        by, reason = (
            identity.author(by_field, "by"),
            text_limits.required("reason", reason, STATEMENT),
        )
        appeal = await self._store.get(appeal_id)
        check_hand(appeal)
        withdrawing = self._store.move(
            appeal_id,
            self._event(by, AppealEventKind.WITHDRAWN, reason),
            allowed=OPEN,
            to=AppealState.WITHDRAWN,
        )
        details = {"outcome": AppealState.WITHDRAWN.value}
        await self._trail.around(AuditKind.APPEAL_DECIDED, appeal_id, by, details, withdrawing)
        self._decided(AppealState.WITHDRAWN, (self._now_ms() - appeal.received_at_ms) / 1000)
        return await self._store.get(appeal_id)

    def _checked(self, decision: ReviewDecision) -> AppealOutcome:
        if decision.outcome not in DECIDED:
            raise InvalidInput("outcome: upheld or rejected")
        rejected = decision.outcome is AppealState.REJECTED
        # Art. 32: a rejected appellant gets the reason, the remedies, and the documents needed.
        check = text_limits.required if rejected else text_limits.optional
        if not 0 <= decision.allow_days <= MOST_DAYS:
            raise InvalidInput(
                "allow_days: 1 to {most_days}, not {allow_days}",
                most_days=MOST_DAYS,
                allow_days=decision.allow_days,
            )
        if decision.direction and decision.direction not in {1, 2, 3}:
            raise InvalidInput("direction: there is no such direction")
        if rejected and (decision.allow or decision.lift_pattern or decision.direction):
            raise InvalidInput("allow, direction and lift_pattern: only to uphold")
        instead = (
            subjects.parse(decision.lift_pattern, self._home) if decision.lift_pattern else None
        )
        return AppealOutcome(
            reason=text_limits.required("reason", decision.reason, STATEMENT),
            remedy=check("remedy", decision.remedy, STATEMENT),
            documents_required=check("documents_required", decision.documents_required, STATEMENT),
            allow=decision.allow,
            direction=int(Direction(decision.direction)),
            lift=instead,
            allow_days=decision.allow_days,
            development=identity.current().development,
        )

    async def _check_officer(self, appeal: Appeal, by: str) -> None:
        if appeal.officer != by:
            raise NotAllowed(
                "appeal {appeal_id} was taken by {officer}: take it to decide it",
                appeal_id=appeal.appeal_id,
                officer=appeal.officer,
            )
        if identity.current().development:
            return
        if identity.same_person(by, [appeal.opened_by]):
            raise NotAllowed("you handed this appeal in; another officer must decide it")
        found = await self._lists.find(appeal.subject.pattern) if appeal.subject.pattern else None
        now = blocking(found.entries, self._now_ms() // 1000) if found else []
        sources = {Source[str(entry["source"]).upper()] for entry in appeal.entries}
        roles.check_source(identity.current(), sources | {entry.source for entry in now})
        signatories = {str(entry[name]) for entry in appeal.entries for name in _SIGNATURES}
        signatories |= {getattr(entry, name) for entry in now for name in _SIGNATURES}
        if identity.same_person(by, signatories):
            raise NotAllowed(
                "you entered or approved what blocks here; another officer must decide it"
            )

    async def _check_regions(self, appeal: Appeal, outcome: AppealOutcome) -> None:
        """Raise `NotAllowed` where a lift would change entries beyond the officer's regions.

        A lift is made in the name of the officer, and not held up by regions any more.
        """
        if not identity.current().regions:
            return
        for subject in filter(None, (appeal.subject, outcome.lift)):
            found = (await self._lists.find(subject.pattern)).entries
            touched = blocking(found, self._now_ms() // 1000)
            touched += [entry for entry in found if entry.pattern == subject.pattern]
            if not may_lift(touched):
                raise NotAllowed(
                    "appeal {appeal_id}: what is beyond your regions blocks it, too; an officer of "
                    "the province decides it",
                    appeal_id=appeal.appeal_id,
                )

    async def _lift(self, appeal_id: int) -> None:
        lifting = self._lifter.begin(appeal_id)
        # A longer lift continues after the call returns.
        await asyncio.wait([lifting], timeout=LIFT_SECONDS)
        if lifting.done():
            lifting.result()

    def _event(self, by: str, what: AppealEventKind, note: str = "") -> AppealEvent:
        return AppealEvent(at_ms=self._now_ms(), by=by, what=what, note=note)


_SIGNATURES = ("created_by", "approved_by")


def _audited(appeal: Appeal, decision: ReviewDecision) -> Mapping[str, str]:
    return {
        "outcome": decision.outcome.value,
        "decision_id": str(appeal.decision_id) if appeal.decision_id else "",
        "blocked_by": appeal.blocked_by,
        "received_at_ms": str(appeal.received_at_ms),
        "development": str(identity.current().development).lower(),
    }
