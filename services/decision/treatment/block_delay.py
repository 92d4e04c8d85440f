"""How long the network waits before a block takes effect, so that senders cannot probe.

A sender who sees a refusal at once can try variants until one passes. A delay that varies makes
each trial slow, and hides how long the decision itself took. The network waits, not a worker.
"""

import secrets
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

KEY_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDelay:
    """A delay for each decision, which nobody without the key can predict."""

    least_ms: int
    jitter_ms: int
    key: bytes

    @classmethod
    def with_own_key(cls, least_ms: int, jitter_ms: int) -> Self:
        """Draw a key; nobody but this process needs to know it."""
        return cls(least_ms=least_ms, jitter_ms=jitter_ms, key=secrets.token_bytes(KEY_BYTES))

    def of(self, decision_id: int) -> int:
        """Return the milliseconds for a decision, always the same."""
        digest = blake2b(decision_id.to_bytes(8), key=self.key, digest_size=8).digest()
        return self.least_ms + int.from_bytes(digest) % (self.jitter_ms + 1)
