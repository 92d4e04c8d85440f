"""Previews change requests: diff, conflicts, impact, and whether a second person is needed."""

import asyncio
import logging
from dataclasses import replace

import numpy as np

from blocklists.conflicts import search
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot.snapshot import Snapshot
from fanzha.translation.message import Message
from services.auth import identity
from services.changes import impact as impacts
from services.changes import permissions, preview, second_person
from services.changes.change_context import ChangeContents, ChangeContext, SubmissionResult
from services.changes.diff import ChangeDiff, compute_diff
from services.changes.impact import ImpactEstimate
from services.changes.model import ChangeRequest, Draft

logger = logging.getLogger(__name__)


class ChangePreviewer:
    """Previews requests; changes nothing."""

    def __init__(self, context: ChangeContext) -> None:
        self._context = context

    async def evaluate(
        self,
        snapshot: Snapshot,
        request: Draft | ChangeRequest,
        contents: ChangeContents,
        *,
        undoes_approved: bool = False,
    ) -> SubmissionResult:
        """Compare a request with the lists, then preview it."""
        compared = await self.compare(snapshot, contents)
        return await self.preview(compared, request, contents, undoes_approved=undoes_approved)

    async def compare(self, snapshot: Snapshot, contents: ChangeContents) -> SubmissionResult:
        """Compare the rows with the lists and find the entries they contradict."""
        additions, removals = contents.additions, contents.removals
        now_s = self._context.now_ms() // 1000
        return SubmissionResult(
            record=None,
            diff=await asyncio.to_thread(compute_diff, snapshot, additions, removals),
            snapshot=snapshot,
            conflicts=await asyncio.to_thread(search.find, snapshot, additions, now_s),
            preview=None,
            second_person=None,
            version=snapshot.version,
        )

    async def preview(
        self,
        compared: SubmissionResult,
        request: Draft | ChangeRequest,
        contents: ChangeContents,
        *,
        undoes_approved: bool = False,
    ) -> SubmissionResult:
        """Add the impact by the decision log, and whether a second person is needed."""
        snapshot, diff = compared.snapshot, compared.diff
        made = await asyncio.to_thread(
            preview.preview,
            snapshot,
            request,
            contents.additions,
            diff,
            conflicts=compared.conflicts,
            impact=await asyncio.to_thread(self._impact, snapshot, contents, diff),
            shadow_impact=await asyncio.to_thread(self._shadow_impact, contents, diff),
            popular=self._context.popular,
            popular_rank=self._context.options.popular_host_rank,
            risks=self._context.risks,
            at_ms=self._context.now_ms(),
        )
        second = second_person.evaluate(
            made,
            removals=int(diff.present.sum()),
            threshold=self._context.options.impact_threshold,
            rule=self._context.options.second_person,
            identity=identity.current(),
            undoes_approved=undoes_approved,
            lifts=isinstance(request, Draft) and permissions.is_lift(request),
        )
        return replace(compared, preview=made, second_person=second)

    def _impact(
        self, snapshot: Snapshot, contents: ChangeContents, diff: ChangeDiff
    ) -> ImpactEstimate:
        acting = preview.effective(snapshot, contents.additions, diff)
        removals = contents.removals.take(np.flatnonzero(diff.present))
        if not len(acting) and not len(removals):
            return impacts.no_impact()
        return self._estimate(acting, removals)

    def _shadow_impact(self, contents: ChangeContents, diff: ChangeDiff) -> ImpactEstimate | None:
        shadows = preview.shadows(contents.additions, diff)
        nothing = contents.removals.take(np.zeros(0, np.int64))
        return self._estimate(shadows, nothing, shadows_enforce=True) if len(shadows) else None

    def _estimate(
        self, table: EntryTable, removals: Identities, *, shadows_enforce: bool = False
    ) -> ImpactEstimate:
        hours, now_ms = self._context.options.impact_hours, self._context.now_ms()
        try:
            found = self._context.impact.of(
                table, removals, hours=hours, now_ms=now_ms, shadows_enforce=shadows_enforce
            )
        except (OSError, ValueError) as error:
            # Lists must stay editable when the log is broken; such a change needs two people.
            logger.warning("impact preview: the decision log could not be read: %s", error)
            why = Message("the decision log could not be read")
            return ImpactEstimate(known=False, hours=hours, unknown_because=why)
        return impacts.estimate(found, hours)
