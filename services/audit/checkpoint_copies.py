"""Copies of checkpoints in Redis, which reveal a truncated log.

Stream ``fanzha:audit:checkpoints`` with the fields ``sequence``, ``hash`` and ``line``, the whole
record as in the log. Hosts that share a store share the stream; each has a log, and a key, of its
own, and skips the checkpoints that name another's.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.redis.client import Client, within
from services.audit.keys import read_public
from services.audit.records import AuditRecord, DamagedAuditRecord, read

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

    def __init__(self, client: Client, public_file: Path | None = None) -> None:
        """*public_file* has the keys of this log; copies that name others are of other logs.

        Without it, or while it is missing, all copies are taken for those of this log.
        """
        self._client: Any = client
        self._public_file = public_file

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
        own, before = self._own_keys(), "+"
        while True:
            async with within(_SECONDS):
                found = await self._client.xrevrange(STREAM, before, "-", count=_READ_ROWS)
            for _, fields in found:
                if _is_of(fields, own):
                    return _copy(fields)
            if len(found) < _READ_ROWS:
                return None
            before = f"({_text(found[-1][0])}"

    async def all(self) -> list[CheckpointCopy]:
        """Return all copies, oldest first."""
        copies: list[CheckpointCopy] = []
        own, after = self._own_keys(), "-"
        while True:
            async with within(_SECONDS):
                found = await self._client.xrange(STREAM, after, "+", count=_READ_ROWS)
            copies += [_copy(fields) for _, fields in found if _is_of(fields, own)]
            if len(found) < _READ_ROWS:
                return copies
            after = f"({_text(found[-1][0])}"

    def _own_keys(self) -> frozenset[str] | None:
        if self._public_file is None:
            return None
        try:
            text = self._public_file.read_text()
        except FileNotFoundError:
            return None  # before the first start there are no copies either
        return frozenset(read_public(text, str(self._public_file)).by_id)


def _is_of(fields: dict[Any, Any], own: frozenset[str] | None) -> bool:
    """Return whether a copy is of the log with these keys, or does not say of which."""
    if own is None:
        return True
    try:
        record = read(
            _text({_text(name): value for name, value in fields.items()}["line"]).encode()
        )
    except (DamagedAuditRecord, KeyError):
        return True
    key = record.details.get("key_id")
    return key is None or key in own


def _copy(fields: dict[Any, Any]) -> CheckpointCopy:
    fields = {_text(name): _text(value) for name, value in fields.items()}
    return CheckpointCopy(sequence=int(fields["sequence"]), hash=fields["hash"])


def _text(value: bytes | str) -> str:
    # The client may or may not decode answers.
    return value.decode() if isinstance(value, bytes) else value
