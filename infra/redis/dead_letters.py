"""Dead letters: entries of streams that were given up, with the reason.

A dead letter holds its entry and the name of the stream it came from. Replaying appends the entry
to that stream again, where it is handled like a repeated delivery.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.redis.client import Client, hand_over, within
from infra.redis.damaged_records import readable, reading

_SECONDS = 4.0
MAX_LETTERS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An entry that was given up."""

    place: str
    """Its ID in the stream of dead letters."""
    stream: str
    """The stream of the entry."""
    reason: str
    tries: int
    at_ms: int
    fields: Mapping[str, str]
    """The fields of the entry."""


class DeadLetters:
    """A stream of dead letters. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, stream: str, *, max_letters: int = MAX_LETTERS) -> None:
        """Keep about *max_letters*; the oldest are dropped first."""
        self._client = client
        self._stream = stream
        self._max_letters = max_letters

    async def put(
        self,
        *,
        stream: str,
        place: str,
        fields: Mapping[str, str],
        reason: str,
        tries: int,
        at_ms: int,
    ) -> None:
        """Append an entry of *stream*; acknowledge it there only afterwards.

        A crash in between leaves two letters, which are replayed like any repeated delivery.
        """
        own = {"stream": stream, "place": place, "reason": reason[:500]}
        entry = own | {"tries": str(tries), "at_ms": str(at_ms)}
        entry |= {f"field:{name}": value for name, value in fields.items()}
        async with within(_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.xadd(self._stream, _text(entry), maxlen=self._max_letters, approximate=True)
            await hand_over(self._client, writing)

    async def list(self, *, after: str = "-", count: int = 100) -> list[DeadLetter]:
        """Return dead letters, oldest first."""
        first = after if after == "-" else f"({after}"
        async with within(_SECONDS):
            found: Any = await self._client.xrange(self._stream, first, "+", count)
        return readable("dead letter", lambda row: _parse(str(row[0]), row[1]), found)

    async def get(self, place: str) -> DeadLetter | None:
        """Return one dead letter."""
        async with within(_SECONDS):
            found: Any = await self._client.xrange(self._stream, place, place)
        return _letter(place, found[0][1]) if found else None

    async def count(self) -> int:
        """Return how many there are."""
        async with within(_SECONDS):
            return int(await self._client.xlen(self._stream))

    async def replay(self, letter: DeadLetter) -> None:
        """Append the entry to its stream again, and delete the letter."""
        async with within(_SECONDS):
            writing = self._client.pipeline(transaction=False)
            writing.xadd(letter.stream, _text(letter.fields))
            await hand_over(self._client, writing)
            await self._client.xdel(self._stream, letter.place)

    async def drop(self, letter: DeadLetter) -> None:
        """Delete a letter."""
        async with within(_SECONDS):
            await self._client.xdel(self._stream, letter.place)


def _text(fields: Mapping[str, str]) -> Any:
    # redis-py wants an invariant dict; its types say less than it takes.
    return dict(fields)


def _letter(place: str, entry: Mapping[str, str]) -> DeadLetter:
    with reading("dead letter"):
        return _parse(place, entry)


def _parse(place: str, entry: Mapping[str, str]) -> DeadLetter:
    return DeadLetter(
        place=place,
        stream=entry.get("stream", ""),
        reason=entry.get("reason", ""),
        tries=int(entry.get("tries", 0)),
        at_ms=int(entry.get("at_ms", 0)),
        fields={
            name.removeprefix("field:"): value
            for name, value in entry.items()
            if name.startswith("field:")
        },
    )
