"""Stores in Redis the desired models, and the reports of workers.

==============================  =====================================================
key                             what
==============================  =====================================================
``{fanzha:models}:wanted``      hash: the desired models, by the word of each kind
``{fanzha:models}:workers``     hash: what each worker reports
``{fanzha:models}:changed``     stream of one entry: a change of the desired models ends a wait
==============================  =====================================================

A desired model is replaced only if it is still the one that was read (compare-and-set), so that
operators cannot overwrite each other unawares. It is acknowledged after ``WAITAOF``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fanzha.errors import VersionConflict
from infra.redis.client import Client, execute_synced, within
from infra.redis.consumer_group import pairs_of_stream
from infra.redis.damaged_records import readable
from services.decision.model_kinds import ModelKind
from services.models import desired_models
from services.models.desired_models import DesiredModel

DESIRED, WORKERS = "{fanzha:models}:wanted", "{fanzha:models}:workers"
CHANGED = "{fanzha:models}:changed"
WAIT_MS = 4_500
"""The longest wait for a change; below the timeout of the socket."""
REPORT_AGE_MS = 10_000
"""Time without a report after which a worker counts as gone."""

_READ_SECONDS = 2.0
_WRITE_SECONDS = 4.0
_REPLACE = """
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', 1, '*', 'kind', ARGV[1])
return 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """The report of a worker on its models."""

    worker: str
    reported_at_ms: int
    channels: Mapping[str, Mapping[str, Any]]
    """By the word of the kind, for those it holds: the fields of a `SlotStatus`."""


class ModelStore:
    """Reads and writes desired models and reports. Raises `Unavailable` while Redis is down."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client
        self._seen = "0-0"
        """The last change that a wait has returned."""

    async def wait_for_change(self) -> None:
        """Return once a desired model was replaced since the last wait, or after `WAIT_MS`."""
        async with within(_READ_SECONDS + WAIT_MS / 1000):
            answer = await self._client.xread({CHANGED: self._seen}, count=1, block=WAIT_MS)
        for place, _ in pairs_of_stream(answer):
            self._seen = str(place)

    async def desired(self) -> dict[ModelKind, DesiredModel]:
        """Return the desired models; kinds without one are left out."""
        async with within(_READ_SECONDS):
            fields = await self._client.hgetall(DESIRED)
        return desired_models.read_all(fields)

    async def replace(
        self, kind: ModelKind, before: DesiredModel | None, after: DesiredModel
    ) -> bool:
        """Replace *before* by *after*; return whether the store has it on disk.

        Raises `VersionConflict` when *before* is no longer the stored one.
        """
        old = before.written() if before else ""
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(_REPLACE, 2, DESIRED, CHANGED, kind.value, old, after.written())
            (replaced,), synced = await execute_synced(self._client, writing)
        if not replaced:
            raise VersionConflict("somebody else changed the {kind} models; look again", kind=kind)
        return synced

    async def wake_workers(self, kind: ModelKind) -> None:
        """End the waits of `wait_for_change`: bundles on the disks of workers may have changed."""
        async with within(_WRITE_SECONDS):
            await self._client.xadd(CHANGED, {"kind": kind.value}, maxlen=1, approximate=False)

    async def report(self, report: ModelReport) -> None:
        """Store the report of a worker."""
        text = json.dumps({"at": report.reported_at_ms, "channels": report.channels})
        async with within(_READ_SECONDS):
            await self._client.hset(WORKERS, report.worker, text)

    async def reports(self, now_ms: int) -> list[ModelReport]:
        """Return the workers that reported lately, by name; forget the others."""
        async with within(_READ_SECONDS):
            fields = await self._client.hgetall(WORKERS)
            reports = readable(
                "report of models",
                lambda pair: _report(pair[0], json.loads(pair[1])),
                sorted(fields.items()),
            )
            oldest = now_ms - REPORT_AGE_MS
            silent = [report.worker for report in reports if report.reported_at_ms < oldest]
            if silent:
                await self._client.hdel(WORKERS, *silent)
        return [report for report in reports if report.worker not in silent]


def _report(worker: str, fields: Mapping[str, Any]) -> ModelReport:
    return ModelReport(worker=worker, reported_at_ms=fields["at"], channels=fields["channels"])
