"""Keeps in Redis the largest campaigns that each worker saw, for `fanzha campaigns`.

``{fanzha:campaigns}:workers`` is a hash: the last report of each worker. A report outlives its
worker by `KEPT_MS`, so that a restart does not hide a campaign.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fanzha import fingerprint
from infra.periodic import run_periodically
from infra.redis.client import Client, within
from infra.redis.damaged_records import readable
from services.decision.campaigns.bulk_texts import Campaign
from services.decision.campaigns.counter import Campaigns
from services.decision.campaigns.near_texts import NOWHERE, NearTexts

WORKERS = "{fanzha:campaigns}:workers"
KEPT_MS = 86_400_000
MOST = 100
"""Most campaigns in the report of a worker."""

_SECONDS = 2.0
logger = logging.getLogger(__name__)

_REPORT_SECONDS = 2.0


class CampaignStore:
    """Reads and writes the reports. Raises `Unavailable` within seconds while Redis is down."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    async def report(self, worker: str, campaigns: list[Campaign], now_ms: int) -> None:
        """Write the report of a worker."""
        text = json.dumps({"at": now_ms, "campaigns": [asdict(one) for one in campaigns]})
        async with within(_SECONDS):
            await self._client.hset(WORKERS, worker, text)
            await self._client.pexpire(WORKERS, KEPT_MS)

    async def all(self, now_ms: int) -> list[Campaign]:
        """Return the merged campaigns of all workers; delete expired reports."""
        async with within(_SECONDS):
            fields = await self._client.hgetall(WORKERS)
            reports = dict(readable("report of campaigns", _report, sorted(fields.items())))
            old = [name for name, (at, _) in reports.items() if at < now_ms - KEPT_MS]
            if old:
                await self._client.hdel(WORKERS, *old)
        reported = [campaigns for name, (_, campaigns) in reports.items() if name not in old]
        return together([one for campaigns in reported for one in campaigns])


class CampaignReporter:
    """Reports the campaigns of one worker to the store periodically."""

    def __init__(
        self, campaigns: Campaigns, store: CampaignStore, *, worker: str, now_ms: Callable[[], int]
    ) -> None:
        self._campaigns = campaigns
        self._store = store
        self._worker = worker
        self._now_ms = now_ms

    async def run(self) -> None:
        """Report until cancelled."""
        await run_periodically(
            self.report, every_seconds=_REPORT_SECONDS, task="campaign reports", logger=logger
        )

    async def report(self) -> None:
        """Report once, unless there is no campaign; raise `Unavailable` without the store."""
        top = list(self._campaigns.top(MOST))
        if top:
            await self._store.report(self._worker, top, self._now_ms())


def together(campaigns: list[Campaign]) -> list[Campaign]:
    """Merge the parts of a campaign that several workers saw; the largest first."""
    near = NearTexts(max(len(campaigns), 1))
    joined: list[Campaign] = []
    listed: dict[str, int] = {}
    # Listed ones first, so that near-duplicates of an entry merge into it.
    for one in sorted(campaigns, key=lambda one: (not one.listed, -one.texts)):
        values = fingerprint.read([one.fingerprint])[0]
        # Two list entries stay separate, even if they are near-duplicates.
        place = listed.get(one.fingerprint, NOWHERE) if one.listed else near.find(values)
        if place == NOWHERE:
            if one.listed:
                listed[one.fingerprint] = len(joined)
            near.put(len(joined), values)
            joined.append(one)
            continue
        other = joined[place]
        other.texts += one.texts
        other.blocked += one.blocked
        other.sender_bits |= one.sender_bits
        if one.last_ms > other.last_ms:
            other.last_ms, other.score = one.last_ms, one.score
        other.first_ms = min(other.first_ms, one.first_ms)
    return sorted(joined, key=lambda one: -one.texts)


def _report(pair: tuple[str, str]) -> tuple[str, tuple[int, list[Campaign]]]:
    """Read worker, time and campaigns of a report."""
    worker, reported = pair[0], json.loads(pair[1])
    campaigns = [Campaign(**fields) for fields in reported["campaigns"]]
    fingerprint.read([one.fingerprint for one in campaigns])
    return worker, (int(reported["at"]), campaigns)
