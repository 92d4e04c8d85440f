"""Forward audit records from other processes to the audit log, which `fanzha admin` writes.

Workers forward refused requests, the warning desk what was done to cases. They append to the Redis
stream ``fanzha:refusals``; `AuditForwardIntake` in `admin` consumes it. A record is written at
least once: again, if `admin` dies between writing and acknowledging it. While `admin` is down the
stream holds `MAX_QUEUED` records. Beyond that `AuditForwarder.record` raises `Unavailable`: a
refusal is then only in the log of its worker, and an action on a case is not carried out.

A record that cannot be parsed becomes a dead letter in ``fanzha:refusals:unreadable``, which
holds about the last `MAX_UNREADABLE`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fanzha.errors import InvalidInput, Unavailable
from infra.redis.client import Client, within
from infra.redis.consumer_group import ConsumerGroup, StreamEntry
from infra.redis.damaged_records import DamagedRecord, reading
from infra.redis.dead_letters import DeadLetters
from infra.redis.stream_consumer import BLOCK_MS, StreamConsumer
from services.audit.events import Audit, AuditKind

STREAM = "fanzha:refusals"
UNREADABLE = "fanzha:refusals:unreadable"
GROUP = "audit log"
MAX_QUEUED = 10_000
MAX_UNREADABLE = 100
_CLAIM_MS = 15_000
_SECONDS = 3.0


class AuditForwarder:
    """An `Audit` for processes other than `admin`: forwards each record to it."""

    def __init__(self, client: Client, worker: str) -> None:
        self._client: Any = client
        self._worker = worker

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        """Forward a record; raise `Unavailable` where that fails."""
        record = {
            "kind": kind.value,
            "subject": subject,
            "actor": actor,
            "details": dict(details) | {"worker": self._worker},
        }
        async with within(_SECONDS):
            if await self._client.xlen(STREAM) >= MAX_QUEUED:
                raise Unavailable(
                    "{stream}: {max_queued} records wait for `fanzha admin`",
                    stream=STREAM,
                    max_queued=MAX_QUEUED,
                )
            await self._client.xadd(STREAM, {"record": json.dumps(record, ensure_ascii=False)})


class AuditForwardIntake:
    """Consumes forwarded records and writes them to *audit*; one process does."""

    def __init__(
        self, client: Client, audit: Audit, *, now_ms: Callable[[], int], block_ms: int = BLOCK_MS
    ) -> None:
        """With *block_ms* 0, `run` ends once the stream is empty."""
        self._audit = audit
        self.consumer = StreamConsumer(
            ConsumerGroup(client, stream=STREAM, group=GROUP, consumer="admin"),
            self._handle,
            dead_letters=DeadLetters(client, UNREADABLE, max_letters=MAX_UNREADABLE),
            now_ms=now_ms,
            drop=True,
            # An outage halfway through a batch would write its first records twice.
            batch=1,
            block_ms=block_ms,
            claim_ms=_CLAIM_MS,
        )

    async def run(self) -> None:
        """Consume until cancelled."""
        await self.consumer.run()

    async def _handle(self, entries: Sequence[StreamEntry]) -> None:
        for entry in entries:
            try:
                with reading("refusal"):
                    kind, subject, actor, details = _read(entry.fields)
            except DamagedRecord as error:
                raise InvalidInput(str(error)) from error
            await self._audit.record(kind, subject=subject, details=details, actor=actor)


def _read(fields: Mapping[str, str]) -> tuple[AuditKind, str, str, dict[str, str]]:
    record = json.loads(fields["record"])
    details = record["details"]
    texts = record["subject"], record["actor"], *details, *details.values()
    if not all(isinstance(one, str) for one in texts):
        raise TypeError("text expected")
    return AuditKind(record["kind"]), record["subject"], record["actor"], details
