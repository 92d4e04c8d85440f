"""Leases: work that one process at a time does, of all that share a store.

A lease is a key with the name of its holder, which expires unless it is renewed: when the holder
dies or hangs, another process takes over. It saves work and no more. A holder that was stopped for
longer than the lease, or a failover that lost it, makes two; so each step of the work must compare
what it changes with what it read.
"""

from typing import Any

from infra.redis.client import Client, within

_SECONDS = 4.0
_ACQUIRE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""


class Lease:
    """A lease as one process sees it. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, key: str, *, owner: str, duration_ms: int) -> None:
        """*owner* names this process, and no other."""
        self._client = client
        self._key = key
        self._owner = owner
        self._duration_ms = duration_ms

    async def acquire(self) -> bool:
        """Acquire or renew it; False while another process holds it."""
        async with within(_SECONDS):
            held: Any = await self._client.eval(
                _ACQUIRE, 1, self._key, self._owner, str(self._duration_ms)
            )
        return bool(held)
