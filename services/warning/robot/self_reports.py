"""Cases for people who say that they paid, where no SMS of a warning leads to a case of theirs.

==================================================  ===============================================
who says so                                         what follows
==================================================  ===============================================
was warned by any channel, as long as cases are     their case, where it is open; else a new one
kept
was not, and has a number of this country           a new case, within the most of an hour
any other                                           nothing: a message abroad costs, and finds
                                                    nobody of ours
==================================================  ===============================================

A new case has no plan: nobody is warned or called about what they told us. It is at tier high and
needs a person, so dispatchers of its region find it first. Anybody can send a text under any
number, so a number has one such case until a week after its end, and strangers share the most of an
hour; those we warned do not. Each new case is in the audit log.
"""

from collections.abc import Callable

from blocklists.entries import Source
from fanzha.phone import HomePlan
from services.audit.events import Audit, AuditKind
from services.warning.cases import ids
from services.warning.cases.model import Case
from services.warning.cases.opening import REJOIN_MS, ContactStep, Router, TierAssessment
from services.warning.cases.store import CaseStore
from services.warning.intake.service import WarningIntake
from services.warning.model import NOT_KNOWN, SELF_REPORTS, Region, Risk, Tier, WarningRecord
from services.warning.robot.outcome_events import PAID_LINE, ROBOT
from services.warning.robot.store import RobotStore


class PersonOnlyRouter:
    """Knows regions as another router does; each case is at tier high, and has no steps."""

    def __init__(self, regions: Router) -> None:
        self._regions = regions

    def region(self, victim: str) -> Region:
        """Return the region of *victim*."""
        return self._regions.region(victim)

    def assess(self, case: Case) -> TierAssessment:  # noqa: ARG002 - all are alike
        """Return tier high."""
        return TierAssessment(tier=Tier.HIGH, lines=(PAID_LINE,), version=ROBOT)

    def step(self, tier: Tier, number: int) -> ContactStep | None:  # noqa: ARG002
        """Return no step: a person goes on."""
        return None


class SelfReports:
    """Finds or opens the case of somebody who says that they paid."""

    def __init__(
        self,
        *,
        cases: CaseStore,
        store: RobotStore,
        intake: WarningIntake,
        audit: Audit,
        home: HomePlan,
        most_an_hour: int,
        now_ms: Callable[[], int],
    ) -> None:
        """*intake* has a `PersonOnlyRouter`; *most_an_hour* are the cases of strangers."""
        self._cases = cases
        self._store = store
        self._intake = intake
        self._audit = audit
        self._home = f"+{home.country_code}"
        self._most = most_an_hour
        self._now_ms = now_ms

    async def case_of(self, victim: str, reply_id: str, said_at_ms: int) -> Case | None:
        """Return the case; None for a number abroad. Raises `NoRoom` beyond the most of an hour.

        Asked again about a reply, with the same id and time, it opens no second one.
        """
        known = await self._store.contact_case_of(victim)
        if known:
            (case,) = await self._cases.find([known])
            if case is not None and (case.open or self._is_known(case)):
                return case
        elif not victim.startswith(self._home):
            return None
        elif not await self._store.take_room(reply_id, self._now_ms(), self._most):
            raise NoRoom
        return await self._opened(victim, reply_id, said_at_ms, known)

    def _is_known(self, case: Case) -> bool:
        """Whether a closed case is about such a word, and so fresh that another would join it."""
        fresh = self._now_ms() - case.closed_at_ms < REJOIN_MS
        return fresh and case.campaign == ids.NOT_KNOWN_CAMPAIGN

    async def _opened(self, victim: str, reply_id: str, said_at_ms: int, known: str) -> Case:
        report = WarningRecord(
            source=Source.BUREAU,
            source_name=SELF_REPORTS,
            reference=reply_id,
            victim=victim,
            means=NOT_KNOWN,
            risk=Risk.HIGH,
            occurred_at_ms=said_at_ms,
            received_at_ms=self._now_ms(),
        )
        await self._audit.record(
            AuditKind.CASE_CHANGED,
            subject=f"case:{ids.base_of(victim, ids.campaign_of(report))}",
            details={"what": "opened_by_reply", "warned_before": known or "no"},
            actor=ROBOT,
        )
        (result,) = await self._intake.ingest([report])
        case = await self._cases.get(result.case_id)
        await self._store.save_contact(victim, case.id)
        return case


class NoRoom(Exception):
    """Strangers have opened as many cases in this hour as they may."""
