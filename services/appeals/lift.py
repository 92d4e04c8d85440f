"""Lifts the blocks of upheld appeals, and measures until every worker lets the traffic through.

The decision is recorded before anything changes, so an interrupted lift starts again: planning is
idempotent, and a plan already carried out leaves nothing to do. Of several hosts one changes the
lists. The seconds count by the clock of this process from the decision until every worker that
reports has the version; a worker that was started later has that version from the start.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from uuid import uuid4

from blocklists.wrong_entries import Retract, retract_nothing
from fanzha.decisions import Reason
from fanzha.errors import FanzhaError, NotFound, Unavailable, VersionConflict
from infra.clock import monotonic_seconds
from infra.periodic import run_periodically
from services.appeals import serialization
from services.appeals.lift_changes import LiftChanges
from services.appeals.list_access import ListAccess
from services.appeals.model import (
    MODEL_REASONS,
    SERVICE,
    Appeal,
    AppealEvent,
    AppealEventKind,
    AppealState,
    Lift,
)
from services.appeals.retractions import retracted_by
from services.appeals.store import AppealStore
from services.auth import identity
from services.auth.identity import Identity, Role
from services.feedback.service import FeedbackService, FeedbackVerdict

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.02
PATIENCE_SECONDS = 60.0
"""Longest wait for all workers in one attempt; then the lift is retried later."""
AGAIN_SECONDS = 5.0
_MOST_AT_ONCE = 100
_PUTS = 5
"""How often a record is tried while others change the appeal."""
_DISMISSED = MODEL_REASONS | {Reason.RELATED.name}
"""Reasons of decisions that an upheld appeal dismisses; the other rules would decide so again."""


class Lifter:
    """Lifts blocks, one appeal at a time each."""

    def __init__(
        self,
        *,
        store: AppealStore,
        lists: ListAccess,
        changes: LiftChanges,
        feedback: FeedbackService,
        now_ms: Callable[[], int],
        retract: Retract = retract_nothing,
        measured: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._store = store
        self._lists = lists
        self._changes = changes
        self._feedback = feedback
        self._retract = retract
        self._now_ms = now_ms
        self._measured = measured
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Resume interrupted lifts periodically, until cancelled."""
        await run_periodically(
            self._resume, every_seconds=AGAIN_SECONDS, task="lifts of appeals", logger=logger
        )

    def begin(self, appeal_id: int) -> "asyncio.Task[None]":
        """Start lifting the block of an upheld appeal and return the task; one task an appeal.

        An obstacle is recorded with the appeal, and the lift is retried.
        """
        task = self._under_way.get(appeal_id)
        if task is None:
            task = self._under_way[appeal_id] = asyncio.create_task(self._attempt(appeal_id))
            task.add_done_callback(lambda _: self._under_way.pop(appeal_id, None))
        return task

    async def _resume(self) -> None:
        for appeal in await self._store.page("lifting", 0, _MOST_AT_ONCE):
            await asyncio.shield(self.begin(appeal.appeal_id))

    async def _attempt(self, appeal_id: int) -> None:
        appeal = await self._store.get(appeal_id)
        lifted = appeal.lift is not None and appeal.lift.done
        if appeal.state is not AppealState.UPHELD or (
            lifted and appeal.lift and not appeal.lift.held_by
        ):
            return
        # Background work has no caller: the change is made as the officer who decided.
        officer = Identity(
            name=appeal.officer,
            roles=frozenset({Role.APPEALS_OFFICER}),
            development=appeal.outcome is not None and appeal.outcome.development,
        )
        try:
            with identity.acting_as(officer):
                await (self._remove_held(appeal) if lifted else self._lift(appeal))
        except FanzhaError as error:
            await self._failed(appeal, str(error))

    async def _lift(self, appeal: Appeal) -> None:
        lift = appeal.lift or Lift()
        if not lift.version:
            async with self._leased(appeal.appeal_id) as leased:
                if not leased:
                    return
                lift = await self._committed(appeal.appeal_id)
        # Before the lift is done, so that a crash repeats it.
        await self._retract(retracted_by(appeal, lift, self._now_ms()))
        lift = await self._wait_for_workers(appeal, lift)
        await self._dismiss(appeal)
        note = f"{lift.seconds:.3f} s" if lift.seconds is not None else "not measured: no worker"
        await self._put(appeal.appeal_id, lift, AppealEventKind.LIFT_DONE, note)
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

    async def _committed(self, appeal_id: int) -> Lift:
        """Change the lists, unless another process has done so before it gave up the lease."""
        appeal = await self._store.get(appeal_id)
        lift = appeal.lift or Lift()
        if lift.version:
            return lift
        lift = await self._changes.make(appeal)
        note = ", ".join(filter(None, (f"version {lift.version}", lift.change_id, lift.held_by)))
        await self._put(appeal_id, lift, AppealEventKind.LIFT_COMMITTED, note)
        return lift

    @asynccontextmanager
    async def _leased(self, appeal_id: int) -> AsyncIterator[bool]:
        """Keep other hosts from lifting the same; False where another is at it.

        Two at once would each see the request of the other as one that locks the entry, and add an
        allow entry that nobody needs.
        """
        owner = uuid4().hex
        leased = await self._store.take_lease(appeal_id, owner)
        try:
            yield leased
        finally:
            if leased:
                with suppress(Unavailable):  # it ends by itself
                    await self._store.end_lease(appeal_id, owner)

    async def _remove_held(self, appeal: Appeal) -> None:
        lift, version = await self._changes.remove_held(appeal, appeal.lift or Lift())
        note = f"entry removed, version {version}"
        await self._put(appeal.appeal_id, lift, AppealEventKind.LIFT_COMMITTED, note)

    async def _wait_for_workers(self, appeal: Appeal, lift: Lift) -> Lift:
        deadline = monotonic_seconds() + PATIENCE_SECONDS
        while True:
            reports = await self._lists.workers()
            lagging = [one.worker for one in reports if one.list_version < lift.version]
            if not lagging:
                break
            if monotonic_seconds() > deadline:
                reason = f"{len(lagging)} of {len(reports)} workers, such as {lagging[0]}"
                raise Unavailable(
                    "version {version} is not in force yet in {reason}",
                    version=lift.version,
                    reason=reason,
                )
            await asyncio.sleep(LOOK_SECONDS)
        # Another host, whose clock differs, may have decided.
        seconds = max(0, self._now_ms() - appeal.closed_at_ms) / 1000
        return replace(
            lift,
            workers=len(reports),
            seconds=seconds if reports else None,
            pending_reason="",
            done=True,
        )

    async def _dismiss(self, appeal: Appeal) -> None:
        """Dismiss the decision: it becomes a training example, or lifts a suspicion."""
        if not appeal.decision_id or appeal.decision.get("reason") not in _DISMISSED:
            return
        verdict = FeedbackVerdict(
            decision_id=appeal.decision_id,
            by=appeal.officer,
            note=f"appeal {appeal.appeal_id} upheld",
        )
        try:
            await self._feedback.dismiss(verdict)
        except (NotFound, Unavailable) as error:
            await self._note(appeal, AppealEventKind.NOT_DISMISSED, str(error))
        else:
            await self._note(appeal, AppealEventKind.DISMISSED)

    async def _failed(self, appeal: Appeal, why: str) -> None:
        try:
            newest = await self._store.get(appeal.appeal_id)
            lift = newest.lift or Lift()
            # Retried every few seconds, but logged once for each reason.
            if lift.pending_reason != why and not lift.done:
                logger.warning("a lift is retried: %s", why, extra={"appeal": appeal.appeal_id})
                failed = replace(lift, pending_reason=why)
                await self._put_if_unchanged(newest, failed, AppealEventKind.LIFT_FAILED, why)
        except (Unavailable, VersionConflict) as error:
            logger.warning("the reason of a retried lift could not be recorded: %s", error)

    async def _put(self, appeal_id: int, lift: Lift, what: AppealEventKind, note: str) -> None:
        """Record a lift beside what others record of the appeal meanwhile."""
        for left in reversed(range(_PUTS)):
            newest = await self._store.get(appeal_id)
            try:
                await self._put_if_unchanged(newest, lift, what, note)
            except VersionConflict:
                if not left:
                    raise
            else:
                return

    async def _put_if_unchanged(
        self, seen: Appeal, lift: Lift, what: AppealEventKind, note: str
    ) -> None:
        """Record a lift, unless the appeal has changed since it was seen.

        A write may reach the store long after nobody waits for its answer any more. That of an
        attempt that failed would undo what the next attempt has recorded.
        """
        await self._store.move(
            seen.appeal_id,
            self._event(what, note),
            allowed={AppealState.UPHELD},
            revision=seen.revision,
            lifting="end" if lift.done and not lift.held_by else "",
            given={"lift": serialization.lift(lift)},
        )

    async def _note(self, appeal: Appeal, what: AppealEventKind, note: str = "") -> None:
        await self._store.move(
            appeal.appeal_id, self._event(what, note), allowed={AppealState.UPHELD}
        )

    def _event(self, what: AppealEventKind, note: str) -> AppealEvent:
        return AppealEvent(at_ms=self._now_ms(), by=SERVICE, what=what, note=note)
