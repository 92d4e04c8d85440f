"""Carries what other processes put on record to the audit log, which list administration keeps.

Whom workers turned away, and what desks did to cases. By the stream ``fanzha:refusals`` in Redis:
they append, administration records and then deletes. A record that was written and not yet deleted
when the process died is written again. While nobody reads, the stream holds `MOST_WAITING`; what
comes beyond is refused: a refusal is then in the log of its worker only, and what a desk wanted to
do does not happen.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from fanzha.errors import FanzhaError, Unavailable
from infra.redis.client import Client, within
from infra.redis.damaged_records import readable
from services.audit.events import Audit, AuditKind

logger = logging.getLogger(__name__)

STREAM = "fanzha:refusals"
ASIDE = "fanzha:refusals:unreadable"
"""What cannot be read goes here."""
MOST_WAITING = 10_000
MOST_ASIDE = 100
READ_ROWS = 100
_SECONDS = 3.0
_PAUSE_SECONDS = 1.0


class AuditForwarder:
    """The end of another process: an `Audit` that sends on what it is told."""

    def __init__(self, client: Client, worker: str) -> None:
        self._client: Any = client
        self._worker = worker

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        """Send a record; raise `Unavailable` when it cannot be."""
        said = {
            "kind": kind.value,
            "subject": subject,
            "actor": actor,
            "details": dict(details) | {"worker": self._worker},
        }
        async with within(_SECONDS):
            if await self._client.xlen(STREAM) >= MOST_WAITING:
                raise Unavailable(f"{STREAM}: {MOST_WAITING} wait for list administration to run")
            await self._client.xadd(STREAM, {"record": json.dumps(said, ensure_ascii=False)})


class AuditForwardIntake:
    """The end of list administration: puts what arrives into *audit*."""

    def __init__(self, client: Client, audit: Audit) -> None:
        self._client: Any = client
        self._audit = audit

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                more = await self.read() == READ_ROWS
            except FanzhaError as error:
                logger.warning("records of other processes wait: %s", error)
                more = False
            await asyncio.sleep(0 if more else _PAUSE_SECONDS)

    async def read(self) -> int:
        """Take what waits, up to `READ_ROWS`; return how many there were."""
        async with within(_SECONDS):
            found = await self._client.xrange(STREAM, count=READ_ROWS)
        for place, fields in found:
            for kind, subject, actor, details in readable("refusal", _read, [fields]):
                await self._audit.record(kind, subject=subject, details=details, actor=actor)
                break
            else:
                await self._put_aside(fields)
            async with within(_SECONDS):
                await self._client.xdel(STREAM, place)
        return len(found)

    async def _put_aside(self, fields: Mapping[str, str]) -> None:
        """Keep what cannot be read, for whoever looks into it."""
        async with within(_SECONDS):
            await self._client.xadd(ASIDE, dict(fields), maxlen=MOST_ASIDE)


def _read(fields: Mapping[str, str]) -> tuple[AuditKind, str, str, dict[str, str]]:
    said = json.loads(fields["record"])
    texts = said["subject"], said["actor"], *said["details"], *said["details"].values()
    if not all(isinstance(one, str) for one in texts):
        raise ValueError("something else where a text is expected")
    return AuditKind(said["kind"]), said["subject"], said["actor"], said["details"]
