"""Copies of checkpoints in Redis: who cuts the end of the log does not cut them, too.

Stream ``fanzha:audit:checkpoints``; of each checkpoint ``sequence``, ``hash`` and ``line``, the
whole record as it stands in the log.
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
    """What the store says of a checkpoint."""

    sequence: int
    hash: str


class CheckpointCopies:
    """Writes and reads them. Raises `Unavailable`, soon, while Redis is away."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    async def append(self, checkpoint: AuditRecord) -> None:
        """Keep a copy of *checkpoint*."""
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
    told = {_text(name): _text(value) for name, value in fields.items()}
    return CheckpointCopy(sequence=int(told["sequence"]), hash=told["hash"])


def _text(value: bytes | str) -> str:
    # Whether answers are decoded is up to whoever connects.
    return value.decode() if isinstance(value, bytes) else value
