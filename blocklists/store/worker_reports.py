"""Reports of workers on the list version they serve, in Redis: one hash, a field per worker.

Each worker writes its field when it takes lists over, and every few seconds. Whoever reads the hash
drops reports that are stale or unreadable.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any

from infra.redis.client import within

logger = logging.getLogger(__name__)

WORKERS = "{fanzha:workers}"
REPORT_AGE_MS = 10_000
"""Reports older than this are stale."""
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """The lists that a worker serves; times in milliseconds since the Unix epoch."""

    worker: str
    list_version: int
    applied_at_ms: int
    reported_at_ms: int


async def write(client: Any, report: WorkerReport) -> None:
    """Write a report over the worker's last one; `Unavailable` while Redis is away."""
    text = json.dumps([report.list_version, report.applied_at_ms, report.reported_at_ms])
    async with within(_TIMEOUT_SECONDS):
        await client.hset(WORKERS, report.worker, text)


async def active(client: Any, now_ms: int) -> list[WorkerReport]:
    """Return the reports that are not stale, by worker, and delete the others."""
    async with within(_TIMEOUT_SECONDS):
        fields = await client.hgetall(WORKERS)
        reports = {name: _read(name, text) for name, text in sorted(fields.items())}
        oldest = now_ms - REPORT_AGE_MS
        stale = [n for n, one in reports.items() if one is None or one.reported_at_ms < oldest]
        if stale:
            await client.hdel(WORKERS, *stale)
    return [one for name, one in reports.items() if one is not None and name not in stale]


def _read(name: bytes, text: bytes) -> WorkerReport | None:
    """Parse a report; None where it is malformed."""
    try:
        version, applied, reported = map(int, json.loads(text))
    except (ValueError, TypeError, OverflowError, RecursionError):
        logger.warning("dropped a malformed report of a worker on its lists")
        return None
    return WorkerReport(
        worker=name.decode(errors="replace"),
        list_version=version,
        applied_at_ms=applied,
        reported_at_ms=reported,
    )
