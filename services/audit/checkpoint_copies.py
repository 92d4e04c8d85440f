"""Copies of checkpoints in Redis, which reveal a truncated log.

Stream ``fanzha:audit:checkpoints`` with the fields ``sequence``, ``hash`` and ``line``, the whole
record as in the log.
"""

from dataclasses import dataclass
from typing import Any

from infra.redis.client import Client, within
from services.audit.records import AuditRecord

STREAM = "fanzha:audit:checkpoints"
_SECONDS = 3.0
_READ_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointCopy:
    """The copy of a checkpoint."""

    sequence: int
    hash: str


class CheckpointCopies:
    """Writes and reads copies. Raises `Unavailable` within seconds while Redis is down."""

    place = "Redis"

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    async def append(self, checkpoint: AuditRecord) -> None:
        """Add a copy of *checkpoint*."""
        async with within(_SECONDS):
            await self._client.xadd(
                STREAM,
                {
                    "sequence": str(checkpoint.sequence),
                    "hash": checkpoint.hash,
                    "line": checkpoint.line.decode(),
                },
            )

    async def newest(self) -> CheckpointCopy | None:
        """Return the newest copy."""
        async with within(_SECONDS):
            found = await self._client.xrevrange(STREAM, count=1)
        return _copy(found[0][1]) if found else None

    async def all(self) -> list[CheckpointCopy]:
        """Return all copies, oldest first."""
        copies: list[CheckpointCopy] = []
        after = "-"
        while True:
            async with within(_SECONDS):
                found = await self._client.xrange(STREAM, after, "+", count=_READ_ROWS)
            copies += [_copy(fields) for _, fields in found]
            if len(found) < _READ_ROWS:
                return copies
            after = f"({_text(found[-1][0])}"


def _copy(fields: dict[Any, Any]) -> CheckpointCopy:
    fields = {_text(name): _text(value) for name, value in fields.items()}
    return CheckpointCopy(sequence=int(fields["sequence"]), hash=fields["hash"])


def _text(value: bytes | str) -> str:
    # The client may or may not decode answers.
    return value.decode() if isinstance(value, bytes) else value
