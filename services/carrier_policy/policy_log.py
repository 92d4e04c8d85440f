"""A log of policies in Redis: every version whole, the newest in force.

The carrier policy has one, and the warning policy another (`services.warning.policy`).

==============================  =====================================================
key                             what
==============================  =====================================================
``{fanzha:policy}:log``         stream: one entry per version, the newest in force
``{fanzha:policy}:workers``     hash: what each worker has in force
``…:log:given-up:<commit>``     there while a commit may still arrive that must not
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

from blocklists.store import given_up
from blocklists.store.given_up import CommitGivenUp
from blocklists.store.seals import CheckSeal, Sign
from fanzha.errors import NotFound, VersionConflict
from fanzha.translation.message import Message
from infra.redis.client import Client, execute_durable, within
from infra.redis.damaged_records import readable
from services.carrier_policy.version import CARRIER_SEAL, PolicyVersion, from_fields

LOG, WORKERS = "{fanzha:policy}:log", "{fanzha:policy}:workers"
RETAINED_VERSIONS = 1_000
"""Older versions are deleted; the audit log has the record of each."""
WAIT_MS = 4_500
"""The longest wait for a change; below the timeout of the socket."""
REPORT_AGE_MS = 10_000
"""Time without a report after which a worker counts as gone."""
_SEARCHED = 20
"""Entries among which the newest version is searched; what others added by hand is skipped."""
_CHUNK = 50
_NO_BOUND = 2**63
_READ_SECONDS = 2.0
_WRITE_SECONDS = 4.0
_COMMIT = """
local version, commit = '0', ''
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[4])) do
    local fields = {}
    for place = 1, #entry[2], 2 do fields[entry[2][place]] = entry[2][place + 1] end
    if fields.commit and fields.version and fields.version:match('^%d+$') then
        version, commit = fields.version, fields.commit
        break
    end
end
if version ~= ARGV[1] then return {commit == ARGV[2] and 1 or 0, version} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {-1, version} end
local next = string.format('%.0f', tonumber(version) + 1)
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], '*', 'version', next, 'commit', ARGV[2],
           unpack(ARGV, 5))
return {1, next}
"""
"""Arguments: the expected version, the name of the commit, the number of versions retained, the
number of entries searched, then fields and values. Keys: the log, and one that says that this
commit was given up. Returns whether it is committed, -1 where it was given up, and the newest
version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLogNames:
    """What tells the log of one policy from that of another."""

    log: str
    """Key of the stream; it shares its hash tag with *workers*."""
    workers: str
    """Key of the hash of reports."""
    seal: str
    """What seals are about, so that no seal of one log counts in another."""
    noun: Message
    """As in "the carrier policy is at version 3"."""


CARRIER_POLICY = PolicyLogNames(
    log=LOG, workers=WORKERS, seal=CARRIER_SEAL, noun=Message("the carrier policy is")
)


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
        self,
        client: Client,
        *,
        sign: Sign | None = None,
        check_seal: CheckSeal | None = None,
        names: PolicyLogNames = CARRIER_POLICY,
    ) -> None:
        """Seal commits by *sign*, and verify seals with *check_seal*; None: neither."""
        self._names = names
        self._client: Any = client
        self._sign = sign
        self._check_seal = check_seal
        self._seen = "0-0"
        """The last entry that `head` has seen."""

    def audited(self, policy: PolicyVersion) -> bool | None:
        """Return whether a version has a valid seal; None where seals are not verified."""
        if self._check_seal is None or not policy.version:
            return None
        return self._check_seal(policy.signed_payload(self._names.seal), policy.seal)

    async def head(self) -> PolicyVersion:
        """Return the newest version; version 0, which sets nothing, before the first commit."""
        async with within(_READ_SECONDS):
            entries = await self._client.xrevrange(self._names.log, count=1)
            if entries and not _versions(entries):
                # Somebody else wrote it: look for the newest of ours below.
                entries = await self._client.xrevrange(self._names.log, count=_SEARCHED)
        if entries:
            self._seen = entries[0][0]
        found = _versions(entries)
        return found[0] if found else PolicyVersion()

    async def get(self, version: int) -> PolicyVersion:
        """Return a version; `NotFound` when there is none, or it is no longer retained."""
        found = [PolicyVersion()] if version == 0 else await self._below(version + 1, 1)
        if not found or found[0].version != version:
            raise NotFound(
                "there is no policy version {version}, or it is no longer retained",
                version=version,
            )
        return found[0]

    async def page(self, before: int, size: int) -> list[PolicyVersion]:
        """Return up to *size* versions below *before* (0: from the newest), newest first."""
        return await self._below(before or _NO_BOUND, size)

    async def _below(self, version: int, size: int) -> list[PolicyVersion]:
        found: list[PolicyVersion] = []
        place = "+"
        while len(found) < size:
            async with within(_READ_SECONDS):
                entries = await self._client.xrevrange(self._names.log, place, "-", count=_CHUNK)
            if not entries:
                break
            found += [one for one in _versions(entries) if one.version < version]
            place = f"({entries[-1][0]}"
        return found[:size]

    async def commit(self, policy: PolicyVersion, *, expected_version: int) -> int:
        """Append *policy* over *expected_version*; return its version.

        A commit of this name that is the newest version already is not repeated. Raises
        `VersionConflict` when another version came first, or it was given up.
        """
        policy = replace(policy, version=expected_version + 1)
        if self._sign is not None:
            policy = replace(policy, seal=self._sign(policy.signed_payload(self._names.seal)))
        fields = [part for field in policy.fields().items() for part in field]
        refused = given_up.key_of(self._names.log, policy.commit)
        async with within(_WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.eval(
                _COMMIT, 2, self._names.log, refused, expected_version, policy.commit,
                RETAINED_VERSIONS, _SEARCHED, *fields,
            )  # fmt: skip
            ((done, version),) = await execute_durable(self._client, writing)
        if done < 0:
            raise CommitGivenUp
        if not done:
            raise VersionConflict.between(
                "expected_version",
                self._names.noun,
                expected=expected_version,
                actual=int(version),
                advice=Message("propose the change again"),
            )
        return int(version)

    async def give_up(self, commit: str) -> None:
        """Refuse a commit from now on; it may have arrived before."""
        await given_up.give_up(self._client, self._names.log, commit)

    async def version_of(self, commit: str, *, after: int) -> int | None:
        """Return the version above *after* that a commit made; None where it made none."""
        newest = (await self.head()).version
        later = await self._below(newest + 1, max(0, newest - after))
        return next((one.version for one in later if one.commit == commit), None)

    async def wait_for_change(self) -> None:
        """Return once an entry was added since the last `head`, or after `WAIT_MS`."""
        async with within(_READ_SECONDS + WAIT_MS / 1000):
            await self._client.xread({self._names.log: self._seen}, count=1, block=WAIT_MS)

    async def report(self, report: PolicyReport) -> None:
        """Store the report of a worker."""
        fields = {name: value for name, value in asdict(report).items() if name != "worker"}
        async with within(_READ_SECONDS):
            await self._client.hset(self._names.workers, report.worker, json.dumps(fields))

    async def reports(self, now_ms: int) -> list[PolicyReport]:
        """Return the workers that reported lately, by name; forget the others."""
        async with within(_READ_SECONDS):
            fields = await self._client.hgetall(self._names.workers)
            reports = readable("report of the carrier policy", _report, sorted(fields.items()))
            oldest = now_ms - REPORT_AGE_MS
            silent = [one.worker for one in reports if one.reported_at_ms < oldest]
            if silent:
                await self._client.hdel(self._names.workers, *silent)
        return [one for one in reports if one.worker not in silent]


def _versions(entries: Sequence[tuple[str, Mapping[str, str]]]) -> list[PolicyVersion]:
    """Read entries; those that are not what was written are counted, logged and left out."""
    return readable("carrier policy", lambda entry: from_fields(entry[1]), entries)


def _report(pair: Sequence[str]) -> PolicyReport:
    worker, text = pair
    return PolicyReport(worker=worker, **json.loads(text))
