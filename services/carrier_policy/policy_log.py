"""The log of carrier policies in Redis: every version whole, the newest in force.

==============================  =====================================================
key                             what
==============================  =====================================================
``{fanzha:policy}:log``         stream: one entry per version, with the id ``<version>-0``
``{fanzha:policy}:workers``     hash: what each worker has in force
==============================  =====================================================

A commit is one script that compares the newest version and appends one entry, so a policy exists
whole or not at all. The entry ends the waits of all workers. A commit has a name, by which it is
found after a crash, and which makes it happen once. List administration seals each version, as it
seals changes of the lists (`blocklists.store.seals`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from blocklists.store.seals import CheckSeal, Sign
from fanzha.errors import NotFound, VersionConflict
from infra.redis.client import Client, execute_synced, within
from infra.redis.consumer_group import pairs_of_stream
from infra.redis.damaged_records import readable, reading
from services.carrier_policy.version import PolicyVersion, from_fields

LOG, WORKERS = "{fanzha:policy}:log", "{fanzha:policy}:workers"
RETAINED_VERSIONS = 1_000
"""Older versions are deleted; the audit log has the record of each."""
WAIT_MS = 3_000
"""The longest wait for a change; below the timeout of the socket."""
REPORT_AGE_MS = 10_000
"""Time without a report after which a worker counts as gone."""
_READ_SECONDS = 2.0
_WRITE_SECONDS = 4.0
_COMMIT = """
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local version = newest and newest[1]:match('^(%d+)') or '0'
if version ~= ARGV[1] then
    local fields = newest and newest[2] or {}
    for place = 1, #fields, 2 do
        if fields[place] == 'commit' and fields[place + 1] == ARGV[2] then
            return {1, version}
        end
    end
    return {0, version}
end
local next = string.format('%.0f', tonumber(version) + 1)
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], next .. '-0', 'commit', ARGV[2], unpack(ARGV, 4))
return {1, next}
"""
"""Arguments: the expected version, the name of the commit, the number of versions retained, then
fields and values. Returns whether it is committed, and the newest version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReport:
    """The report of a worker on the policy it has in force."""

    worker: str
    reported_at_ms: int
    version: int
    source: str
    """``store``, ``copy`` (that of its host, until the store answers) or ``file`` (its setting)."""
    refused: str = ""
    """Why it did not take over the newest version; empty: it did."""
    unaudited: bool = False
    """Whether the version in force has no valid seal of list administration."""


class PolicyLog:
    """Reads and commits versions. The client returns text.

    Raises `Unavailable`, soon, while Redis is away.
    """

    def __init__(
        self, client: Client, *, sign: Sign | None = None, check_seal: CheckSeal | None = None
    ) -> None:
        """Seal commits by *sign*, and verify seals with *check_seal*; None: neither."""
        self._client: Any = client
        self._sign = sign
        self._check_seal = check_seal

    def audited(self, policy: PolicyVersion) -> bool | None:
        """Return whether a version has a valid seal; None where seals are not verified."""
        if self._check_seal is None or not policy.version:
            return None
        return self._check_seal(policy.signed_payload(), policy.seal)

    async def head(self) -> PolicyVersion:
        """Return the newest version; version 0, which sets nothing, before the first commit."""
        async with within(_READ_SECONDS):
            entries = await self._client.xrevrange(LOG, count=1)
        return _version(*entries[0]) if entries else PolicyVersion()

    async def get(self, version: int) -> PolicyVersion:
        """Return a version; `NotFound` when there is none, or it is no longer retained."""
        if version == 0:
            return PolicyVersion()
        async with within(_READ_SECONDS):
            entries = await self._client.xrange(LOG, f"{version}-0", f"{version}-0")
        if not entries:
            raise NotFound(f"there is no policy version {version}, or it is no longer retained")
        return _version(*entries[0])

    async def page(self, before: int, size: int) -> list[PolicyVersion]:
        """Return up to *size* versions below *before* (0: from the newest), newest first."""
        highest = f"({before}-0" if before else "+"
        async with within(_READ_SECONDS):
            entries = await self._client.xrevrange(LOG, highest, "-", count=size)
        return readable("carrier policy", lambda entry: _version(*entry), entries)

    async def commit(self, policy: PolicyVersion, *, expected_version: int) -> int:
        """Append *policy* over *expected_version*; return its version.

        A commit of this name that is the newest version already is not repeated. Raises
        `VersionConflict` when another version came first.
        """
        policy = replace(policy, version=expected_version + 1)
        if self._sign is not None:
            policy = replace(policy, seal=self._sign(policy.signed_payload()))
        fields = [part for field in policy.fields().items() for part in field]
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(_COMMIT, 1, LOG, expected_version, policy.commit, RETAINED_VERSIONS,
                         *fields)  # fmt: skip
            ((done, version),), _on_disk = await execute_synced(self._client, writing, LOG)
        if not done:
            raise VersionConflict.between(
                "expected_version",
                "the carrier policy is",
                expected=expected_version,
                actual=int(version),
                advice="propose the change again",
            )
        return int(version)

    async def version_of(self, commit: str, *, after: int) -> int | None:
        """Return the version above *after* that a commit made; None where it made none."""
        async with within(_READ_SECONDS):
            entries = await self._client.xrange(LOG, f"({after}-0", "+")
        for id_, fields in entries:
            if fields.get("commit") == commit:
                return _number(id_)
        return None

    async def wait_for_change(self, version: int) -> None:
        """Return once there is a version above *version*, or after `WAIT_MS`."""
        async with within(_READ_SECONDS + WAIT_MS / 1000):
            answer = await self._client.xread({LOG: f"{version}-0"}, count=1, block=WAIT_MS)
        pairs_of_stream(answer)

    async def report(self, report: PolicyReport) -> None:
        """Store the report of a worker."""
        fields = {name: value for name, value in asdict(report).items() if name != "worker"}
        async with within(_READ_SECONDS):
            await self._client.hset(WORKERS, report.worker, json.dumps(fields))

    async def reports(self, now_ms: int) -> list[PolicyReport]:
        """Return the workers that reported lately, by name; forget the others."""
        async with within(_READ_SECONDS):
            fields = await self._client.hgetall(WORKERS)
            reports = readable("report of the carrier policy", _report, sorted(fields.items()))
            oldest = now_ms - REPORT_AGE_MS
            silent = [one.worker for one in reports if one.reported_at_ms < oldest]
            if silent:
                await self._client.hdel(WORKERS, *silent)
        return [one for one in reports if one.worker not in silent]


def _version(id_: str, fields: Mapping[str, str]) -> PolicyVersion:
    with reading("carrier policy"):
        return from_fields(_number(id_), fields)


def _number(id_: str) -> int:
    return int(id_.partition("-")[0])


def _report(pair: Sequence[str]) -> PolicyReport:
    worker, text = pair
    return PolicyReport(worker=worker, **json.loads(text))
