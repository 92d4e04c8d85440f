"""Looks at what a request does: judges it, previews it, and tells whether it has to wait."""

import asyncio
import logging
from dataclasses import replace

import numpy as np

from blocklists.conflicts import search
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from services.auth import identity
from services.changes import impact as impacts
from services.changes import permissions, preview, second_person
from services.changes.change_context import ChangeContents, ChangeContext, SubmissionResult
from services.changes.diff import ChangeDiff, compute_diff
from services.changes.impact import ImpactEstimate
from services.changes.model import ChangeRequest, Draft

logger = logging.getLogger(__name__)


class ChangePreviewer:
    """Looks at requests, and changes nothing."""

    def __init__(self, parts: ChangeContext) -> None:
        self._parts = parts

    async def look(
        self,
        snapshot: Snapshot,
        request: Draft | ChangeRequest,
        contents: ChangeContents,
        *,
        undoes: bool = False,
    ) -> SubmissionResult:
        """Judge, preview, and tell whether a second person is needed."""
        seen = await self.judge(snapshot, contents)
        return await self.preview(seen, request, contents, undoes=undoes)

    async def judge(self, snapshot: Snapshot, contents: ChangeContents) -> SubmissionResult:
        """Tell what becomes of each row, and what it contradicts."""
        additions, removals = contents.additions, contents.removals
        now_s = self._parts.now_ms() // 1000
        return SubmissionResult(
            record=None,
            judged=await asyncio.to_thread(compute_diff, snapshot, additions, removals),
            snapshot=snapshot,
            conflicts=await asyncio.to_thread(search.find, snapshot, additions, now_s),
            preview=None,
            second_person=None,
            version=snapshot.version,
        )

    async def preview(
        self,
        seen: SubmissionResult,
        request: Draft | ChangeRequest,
        contents: ChangeContents,
        *,
        undoes: bool = False,
    ) -> SubmissionResult:
        """Ask the decision log, too, and tell whether a second person is needed."""
        snapshot, judged = seen.snapshot, seen.judged
        made = await asyncio.to_thread(
            preview.preview,
            snapshot,
            request,
            contents.additions,
            judged,
            conflicts=seen.conflicts,
            impact=await asyncio.to_thread(self._impact, snapshot, contents, judged),
            shadow_impact=await asyncio.to_thread(self._shadow_impact, contents, judged),
            popular=self._parts.popular,
            popular_rank=self._parts.options.popular_host_rank,
            at_ms=self._parts.now_ms(),
        )
        second = second_person.evaluate(
            made,
            removals=int(judged.there.sum()),
            threshold=self._parts.options.impact_threshold,
            rule=self._parts.options.second_person,
            who=identity.current(),
            undoes_approved=undoes,
            lifts=isinstance(request, Draft) and permissions.is_lift(request),
        )
        return replace(seen, preview=made, second_person=second)

    def _impact(
        self, snapshot: Snapshot, contents: ChangeContents, judged: ChangeDiff
    ) -> ImpactEstimate:
        acting = preview.effective(snapshot, contents.additions, judged)
        removals = contents.removals.take(np.flatnonzero(judged.there))
        if not len(acting) and not len(removals):
            return impacts.no_impact()
        return self._asked(acting, removals)

    def _shadow_impact(self, contents: ChangeContents, judged: ChangeDiff) -> ImpactEstimate | None:
        shadows = preview.shadows(contents.additions, judged)
        nothing = contents.removals.take(np.zeros(0, np.int64))
        return self._asked(shadows, nothing, shadows_enforce=True) if len(shadows) else None

    def _asked(
        self, table: EntryTable, removals: Identities, *, shadows_enforce: bool = False
    ) -> ImpactEstimate:
        hours, now_ms = self._parts.options.impact_hours, self._parts.now_ms()
        try:
            found = self._parts.impact.of(
                table, removals, hours=hours, now_ms=now_ms, shadows_enforce=shadows_enforce
            )
        except (OSError, ValueError) as error:
            # Lists must be changed when the log is broken, too; then two people look.
            logger.warning("the decision log could not be asked: %s", error)
            why = "the decision log could not be read"
            return ImpactEstimate(known=False, hours=hours, unknown_because=why)
        return impacts.estimate(found, hours)
