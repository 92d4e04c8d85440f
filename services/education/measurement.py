"""Makes the report of a campaign, in one pass over the cases of its days."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from services.education.draft import DAY_MS
from services.education.model import EducationState
from services.education.recipient_store import RecipientStore, digest_of
from services.education.report import EducationReport, EducationTally, window_of
from services.education.service import EducationCampaigns
from services.warning.cases.listing import CaseListing

_TELL_EVERY = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationProgress:
    """Progress of a report."""

    examined: int
    expected: int
    report: EducationReport | None = None


class EducationMeasurement:
    """Makes reports. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        campaigns: EducationCampaigns,
        recipients: RecipientStore,
        listing: CaseListing,
        *,
        now_ms: Callable[[], int],
    ) -> None:
        self._campaigns = campaigns
        self._recipients = recipients
        self._listing = listing
        self._now_ms = now_ms
        self._one_at_a_time = asyncio.Lock()

    async def make(self, campaign_id: int) -> AsyncIterator[EducationProgress]:
        """Yield progress now and then, and at last the report."""
        campaign, now = await self._campaigns.get(campaign_id), self._now_ms()
        window = window_of(campaign, now)
        expected = await self._listing.count(only_open=False)
        yield EducationProgress(examined=0, expected=expected)
        examined = 0
        async with self._one_at_a_time:
            tally = EducationTally(await self._recipients.states(campaign_id), window)
            # Of all regions: a person is found wherever a case was routed.
            if tally.states:
                cases = self._listing.walk(since=window.before_from_ms, until=window.after_until_ms)
                async for case, _ in cases:
                    tally.add(digest_of(case.victim), case)
                    examined += 1
                    if examined % _TELL_EVERY == 0:
                        yield EducationProgress(examined=examined, expected=expected)
            over = campaign.state in (EducationState.ENDED, EducationState.STOPPED)
            days_over = now >= window.after_from_ms + campaign.outcome_days * DAY_MS
            report = EducationReport(
                campaign=campaign,
                people=await self._campaigns.counts(campaign),
                window=window,
                complete=over and days_over,
                exposed=tally.exposed,
                lost=tally.lost,
            )
        yield EducationProgress(examined=examined, expected=expected, report=report)
