"""Assigns the recipients of approved campaigns, and hands their messages over, day by day.

One process does it at a time. It may end at any moment: who was assigned stays so, a message is
appended once by its id, and the ledger of the channel sends it at most once.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from fanzha.errors import VersionConflict
from infra.periodic import run_periodically
from infra.redis.damaged_records import DamagedRecord
from services.education.audience import Audience
from services.education.draft import DAY_MS
from services.education.metrics import EducationMetrics
from services.education.model import (
    KEPT_HISTORY,
    SERVICE,
    EducationCampaign,
    EducationHistory,
    EducationState,
    HistoryKind,
    PersonState,
)
from services.education.recipient_store import RecipientStore
from services.education.send_queue import EducationQueue
from services.education.service import keep_until_ms
from services.education.store import EducationStore
from services.warning.dispatch import limits
from services.warning.dispatch.limits import LimitRules

logger = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
_HELD_DAYS = 1


class EducationRunner:
    """Does what is due of all campaigns. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        *,
        store: EducationStore,
        recipients: RecipientStore,
        audience: Audience,
        queue: EducationQueue,
        rules: LimitRules,
        stopped: Callable[[], Awaitable[bool]],
        per_second: int,
        owner: str,
        now_ms: Callable[[], int],
        metrics: EducationMetrics,
    ) -> None:
        """Ask *stopped*, the kill switch; hand over *per_second* messages at most."""
        self._store = store
        self._recipients = recipients
        self._audience = audience
        self._queue = queue
        self._rules = rules
        self._stopped = stopped
        self._per_second = per_second
        self._owner = owner
        self._now_ms = now_ms
        self._metrics = metrics
        self._known: dict[int, EducationCampaign] = {}

    async def run(self) -> None:
        """Do what is due, every second."""
        await run_periodically(
            self.step, every_seconds=EVERY_SECONDS, task="educational campaigns", logger=logger
        )

    async def step(self) -> int:
        """Do what is due; return how many messages were handed over."""
        if not await self._store.alone(self._owner):
            return 0
        left = self._per_second
        waiting = 0
        for campaign in await self._due():
            try:
                sent = await self._advance(campaign, left)
            except (VersionConflict, DamagedRecord):
                # Stopped, or an event was recorded: looked at again in the next round. Damage of
                # one holds up no other.
                continue
            left -= sent
            waiting += await self._recipients.waiting(campaign.campaign_id)
        self._metrics.waits(waiting)
        return self._per_second - left

    async def _due(self) -> list[EducationCampaign]:
        """Return the campaigns with something to do; reads only what has changed."""
        revisions = await self._store.revisions()
        known = {
            number: self._known[number]
            for number, revision in revisions.items()
            if number in self._known and self._known[number].revision == revision
        }
        for number in revisions.keys() - known.keys():
            with contextlib.suppress(DamagedRecord):  # counted where it is read
                known[number] = await self._store.get(number)
        self._known = known
        return [one for _, one in sorted(known.items()) if one.may_be_due]

    async def _advance(self, campaign: EducationCampaign, most: int) -> int:
        now = self._now_ms()
        if now >= campaign.end_ms:
            await self._end(campaign)
            return 0
        if now < campaign.start_ms:
            return 0
        if campaign.state is EducationState.APPROVED:
            await self._assign(campaign)
            return 0
        return await self._hand_over(campaign, most)

    async def _assign(self, campaign: EducationCampaign) -> None:
        """Decide on all recipients, and store that, before anything is sent."""
        held_ms = campaign.end_ms + (campaign.outcome_days + _HELD_DAYS) * DAY_MS - self._now_ms()
        async for people, decided in self._audience.decide(campaign):
            await self._recipients.assign(campaign.campaign_id, decided)
            held = [
                people[one.person].number for one in decided if one.state is PersonState.HELD_OUT
            ]
            await self._audience.hold_out(campaign, held, held_ms // 1000)
            await self._store.alone(self._owner)
        await self._recipients.keep_until(campaign.campaign_id, keep_until_ms(campaign))
        counts = await self._recipients.counts(campaign.campaign_id)
        await self._put(
            replace(campaign, state=EducationState.RUNNING, assigned_at_ms=self._now_ms()),
            HistoryKind.ASSIGNED,
            ", ".join(f"{state.value} {count}" for state, count in sorted(counts.by_state.items())),
        )

    async def _hand_over(self, campaign: EducationCampaign, most: int) -> int:
        now = self._now_ms()
        if await self._stopped() or limits.quiet_until_ms(self._rules, now):
            return 0
        today = limits.next_day_ms(self._rules, now) - DAY_MS
        of_day = campaign.daily_cap - await self._recipients.queued_since(
            campaign.campaign_id, today
        )
        room = min(most, of_day, await self._queue.room())
        if room <= 0:
            return 0
        pending = await self._recipients.pending(campaign.campaign_id, room)
        if not pending:
            await self._end(campaign)
            return 0
        people = {person: found for person, found in pending.items() if found is not None}
        await self._queue.append(campaign, people, now)
        await self._recipients.queue(campaign.campaign_id, list(pending), now)
        for person in pending.keys() - people.keys():
            await self._recipients.settle(campaign.campaign_id, person, PersonState.FAILED)
        await self._recipients.keep_until(campaign.campaign_id, keep_until_ms(campaign))
        self._metrics.counted("queued", len(people))
        return len(people)

    async def _end(self, campaign: EducationCampaign) -> None:
        now = self._now_ms()
        await self._put(
            replace(campaign, state=EducationState.ENDED, finished_at_ms=now), HistoryKind.ENDED, ""
        )

    async def _put(self, changed: EducationCampaign, what: HistoryKind, note: str) -> None:
        event = EducationHistory(at_ms=self._now_ms(), by=SERVICE, what=what, note=note)
        history = (*changed.history, event)[-KEPT_HISTORY:]
        await self._store.put(replace(changed, history=history))
        logger.info("educational campaign %d: %s", changed.campaign_id, what.value)
