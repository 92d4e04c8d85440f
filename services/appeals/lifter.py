"""Lifts the blocks of upheld appeals, and measures until every worker lets the traffic through.

The decision is on record before anything changes, so whatever interrupts a lift, it is begun
anew: a plan that is carried out leaves nothing to plan. The seconds count by the clock of this
process from the decision until every worker that reports has the version; a worker that was
started later has that version from the start.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from blocklists.entries import Source
from fanzha.decisions import Action
from fanzha.errors import FanzhaError, NotFound, Unavailable, VersionConflict
from services import identity
from services.appeals import fields
from services.appeals.lists import Lifted, LiftOrder, Lists
from services.appeals.plan import Plan, plan
from services.appeals.records import (
    MODEL_REASONS,
    SERVICE,
    Appeal,
    Event,
    Lift,
    Outcome,
    State,
    Subject,
    What,
    by_list,
)
from services.appeals.store import AppealStore
from services.feedback import Feedback, Verdict
from services.identity import Identity, Role

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 60.0
"""After so long without every worker, the lift waits for the next attempt."""
AGAIN_SECONDS = 5.0
_DAY_S = 86_400
_MOST_AT_ONCE = 100


class Lifter:
    """Lifts blocks, one appeal at a time each."""

    def __init__(
        self,
        *,
        store: AppealStore,
        lists: Lists,
        feedback: Feedback,
        now_ms: Callable[[], int],
        allow_days: int,
        measured: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._store = store
        self._lists = lists
        self._feedback = feedback
        self._now_ms = now_ms
        self._allow_days = allow_days
        self._measured = measured
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Finish what was interrupted, until cancelled."""
        while True:
            try:
                for appeal in await self._store.page("lifting", 0, _MOST_AT_ONCE):
                    await asyncio.shield(self.begin(appeal.appeal_id))
            except Unavailable as error:
                logger.warning("lifts wait: %s", error)
            await asyncio.sleep(AGAIN_SECONDS)

    def begin(self, appeal_id: int) -> "asyncio.Task[None]":
        """Lift the block of an upheld appeal, unless that is under way; return what does it.

        What stands in the way is put on record, and the lift is tried again.
        """
        task = self._under_way.get(appeal_id)
        if task is None:
            task = self._under_way[appeal_id] = asyncio.create_task(self._attempt(appeal_id))
            task.add_done_callback(lambda _: self._under_way.pop(appeal_id, None))
        return task

    async def _attempt(self, appeal_id: int) -> None:
        appeal = await self._store.get(appeal_id)
        if appeal.state is not State.UPHELD or (appeal.lift and appeal.lift.done):
            return
        # In the background nobody asks: the officer who decided stands for the change.
        officer = Identity(
            name=appeal.officer,
            roles=frozenset({Role.APPEALS_OFFICER}),
            development=appeal.outcome is not None and appeal.outcome.development,
        )
        try:
            with identity.acting(officer):
                await self._lift(appeal)
        except FanzhaError as error:
            await self._failed(appeal, str(error))

    async def planned(self, appeal: Appeal, outcome: Outcome | None = None) -> Plan:
        """Plan what upholding an appeal, on these terms, would change now."""
        terms = outcome or Outcome(reason="")
        subject = terms.lift or appeal.subject
        found = await self._lists.find(subject.pattern)
        return plan(
            found.entries,
            subject,
            now_s=self._now_ms() // 1000,
            by_list=by_list(appeal),
            allow_anyway=terms.allow,
            direction=terms.direction,
        )

    async def _lift(self, appeal: Appeal) -> None:
        lift = appeal.lift or Lift()
        if not lift.version:
            lift = await self._change(appeal)
            note = f"version {lift.version}" + (f", {lift.change_id}" if lift.change_id else "")
            await self._put(appeal, lift, What.LIFT_COMMITTED, note)
        lift = await self._wait_for_workers(appeal, lift)
        await self._dismiss(appeal)
        note = f"{lift.seconds:.3f} s" if lift.seconds is not None else "not measured: no worker"
        await self._put(appeal, lift, What.LIFT_DONE, note)
        if lift.seconds is not None:
            self._measured(lift.seconds)
        logger.info(
            "a block is lifted",
            extra={
                "appeal": appeal.appeal_id,
                "list_version": lift.version,
                "workers": lift.workers,
                "seconds": lift.seconds,
            },
        )

    async def _change(self, appeal: Appeal) -> Lift:
        outcome = appeal.outcome or Outcome(reason="")
        subject = outcome.lift or appeal.subject
        wanted = await self.planned(appeal, outcome)
        days = outcome.allow_days or self._allow_days
        until_s = self._now_ms() // 1000 + days * _DAY_S
        if wanted.replaces is not None:
            until_s = max(until_s, int(wanted.replaces.expires_at.timestamp()))
        lifted = await self._committed(appeal, subject, wanted, until_s)
        return Lift(
            version=lifted.version,
            change_id=lifted.change_id,
            removed=[(entry.kind, entry.pattern) for entry in wanted.removals],
            allowed=(subject.kind, subject.pattern) if wanted.allow else None,
            allowed_direction=int(wanted.allow),
            allowed_until_s=until_s if wanted.allow else 0,
            committed_at_ms=self._now_ms(),
        )

    async def _committed(
        self, appeal: Appeal, subject: Subject, wanted: Plan, until_s: int
    ) -> Lifted:
        if not wanted.removals and not wanted.allow:
            # Somebody lifted it already, or the entry has ended.
            return Lifted(version=(await self._lists.find(subject.pattern)).version)
        return await self._lists.lift(
            LiftOrder(
                appeal_id=appeal.appeal_id,
                subject=subject,
                plan=wanted,
                allow_until_s=until_s,
                officer=appeal.officer,
                source=_source(appeal),
            )
        )

    async def _wait_for_workers(self, appeal: Appeal, lift: Lift) -> Lift:
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            reports = await self._lists.workers()
            behind = [one.worker for one in reports if one.list_version < lift.version]
            if not behind:
                break
            if monotonic() > deadline:
                waiting = f"{len(behind)} of {len(reports)} workers, such as {behind[0]}"
                raise Unavailable(f"version {lift.version} is not in force yet in {waiting}")
            await asyncio.sleep(LOOK_SECONDS)
        seconds = (self._now_ms() - appeal.closed_at_ms) / 1000
        return replace(
            lift,
            workers=len(reports),
            seconds=seconds if reports else None,
            waiting_for="",
            done=True,
        )

    async def _dismiss(self, appeal: Appeal) -> None:
        """Make a wrong block by a model an example to learn from."""
        if not appeal.decision_id or appeal.decision.get("reason") not in MODEL_REASONS:
            return
        verdict = Verdict(
            decision_id=appeal.decision_id,
            by=appeal.officer,
            note=f"appeal {appeal.appeal_id} upheld",
        )
        try:
            await self._feedback.dismiss(verdict)
        except (NotFound, Unavailable) as error:
            await self._note(appeal, What.NOT_DISMISSED, str(error))
        else:
            await self._note(appeal, What.DISMISSED)

    async def _failed(self, appeal: Appeal, why: str) -> None:
        try:
            newest = await self._store.get(appeal.appeal_id)
            lift = newest.lift or Lift()
            # It is tried again every few seconds, and told of once for each reason.
            if lift.waiting_for != why and not lift.done:
                logger.warning("a lift waits: %s", why, extra={"appeal": appeal.appeal_id})
                await self._put(newest, replace(lift, waiting_for=why), What.LIFT_FAILED, why)
        except (Unavailable, VersionConflict) as error:
            logger.warning("a lift that waits is not on record: %s", error)

    async def _put(self, appeal: Appeal, lift: Lift, what: What, note: str) -> None:
        await self._store.move(
            appeal.appeal_id,
            self._event(what, note),
            allowed={State.UPHELD},
            lifting="end" if lift.done else "",
            given={"lift": fields.lift(lift)},
        )

    async def _note(self, appeal: Appeal, what: What, note: str = "") -> None:
        await self._store.move(appeal.appeal_id, self._event(what, note), allowed={State.UPHELD})

    def _event(self, what: What, note: str) -> Event:
        return Event(at_ms=self._now_ms(), by=SERVICE, what=what, note=note)


def _source(appeal: Appeal) -> Source:
    # The exception is answered for by whoever answers for the block.
    for entry in appeal.entries:
        if entry["action"] == Action.BLOCK:
            return Source[str(entry["source"]).upper()]
    return Source.BUREAU
