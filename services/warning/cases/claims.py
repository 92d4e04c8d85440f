"""Claims: who has a case open, so that no two people work on one at once, and who passed it over.

A claim ends by itself `CLAIM_MS` after it was last renewed, so a closed laptop locks no case. Both
kinds of keys lie in the slot of their case:

=============================================================  =====================================
key                                                            value
=============================================================  =====================================
``fanzha:{warning:<shard>}:claim:<case id>``                   who has it open; expires
``fanzha:{warning:<shard>}:skipped:<case id>:<digest of who>`` ``1``; expires after `SKIPPED_MS`
=============================================================  =====================================
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases.store import READ_SECONDS, WRITE_SECONDS

CLAIM_MS = 120_000
"""How long a claim lasts without being renewed."""
SKIPPED_MS = 30 * 60_000
"""How long a skipped case is not offered to the person who skipped it."""

_CLAIM = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and ARGV[3] ~= '1' then
  return {holder, redis.call('PTTL', KEYS[1])}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {ARGV[1], tonumber(ARGV[2])}
"""
"""KEYS: the claim. ARGV: who, milliseconds, 1 to take it over. Returns the holder and its end."""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""KEYS: the claim. ARGV: who. Returns 1 when *who* had it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClaim:
    """Who has a case open."""

    holder: str
    """The name of an identity; empty: nobody."""
    until_ms: int
    """When it ends unless it is renewed; 0: nobody has it open."""


NOT_CLAIMED = CaseClaim(holder="", until_ms=0)


class CaseClaims:
    """The claims of all processes. Raises `Unavailable` within seconds while Redis is away."""

    def __init__(self, client: Client, *, now_ms: Callable[[], int]) -> None:
        """*client* must decode answers."""
        self._client = client
        self._now_ms = now_ms

    async def claim(self, case_id: str, by: str, *, take_over: bool = False) -> CaseClaim:
        """Claim a case, or renew a claim of *by*; return the claim in force, also another's."""
        async with within(WRITE_SECONDS):
            asking: Any = self._client.eval(
                _CLAIM, 1, _claim(case_id), by, str(CLAIM_MS), "1" if take_over else ""
            )
            holder, left_ms = await asking
        return CaseClaim(holder=str(holder), until_ms=self._now_ms() + int(left_ms))

    async def release(self, case_id: str, by: str) -> bool:
        """End the claim of *by*; False if there was none."""
        async with within(WRITE_SECONDS):
            asking: Any = self._client.eval(_RELEASE, 1, _claim(case_id), by)
            return bool(await asking)

    async def of(self, case_ids: Sequence[str]) -> list[CaseClaim]:
        """Return the claims of cases, in order; `NOT_CLAIMED` where nobody has one open."""
        if not case_ids:
            return []
        async with within(READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for one in case_ids:
                reading.get(_claim(one))
                reading.pttl(_claim(one))
            answers = await reading.execute()
        now = self._now_ms()
        return [
            CaseClaim(holder=str(holder), until_ms=now + max(0, int(left)))
            if holder
            else NOT_CLAIMED
            for holder, left in zip(answers[::2], answers[1::2], strict=True)
        ]

    async def skip(self, case_id: str, by: str) -> None:
        """Remember for `SKIPPED_MS` that *by* passed a case over."""
        async with within(WRITE_SECONDS):
            await self._client.set(_skipped(case_id, by), "1", px=SKIPPED_MS)

    async def skipped(self, case_ids: Sequence[str], by: str) -> list[bool]:
        """Return for each case whether *by* has passed it over lately."""
        if not case_ids:
            return []
        async with within(READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for one in case_ids:
                reading.exists(_skipped(one, by))
            return [bool(answer) for answer in await reading.execute()]


def _claim(case_id: str) -> str:
    return keys.key(keys.shard_of(case_id), "claim", case_id)


def _skipped(case_id: str, by: str) -> str:
    # A digest, because a name may hold any character.
    who = blake2b(by.encode(), digest_size=12).hexdigest()
    return keys.key(keys.shard_of(case_id), "skipped", case_id, who)
