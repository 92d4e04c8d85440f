"""What could not be done after all tries: kept with its reason, until somebody replays or drops it.

A dead letter names the stream it came from and holds the entry as it was, so replaying it is
appending it there again. Whoever handles that stream must bear repeats, as they do anyway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.redis.client import Client, within

_SECONDS = 4.0
_ROWS = 100_000
"""Dead letters kept, about; the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something that failed for good."""

    place: str
    """Its id among the dead."""
    stream: str
    """Where it came from."""
    origin_place: str
    reason: str
    tries: int
    at_ms: int
    fields: Mapping[str, str]
    """The entry as it was."""


class DeadLetters:
    """Keeps dead letters. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, stream: str) -> None:
        self._client = client
        self._stream = stream

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
        """Keep an entry of *stream*; acknowledge it there only afterwards.

        Repeated after a crash it is kept twice, and a replay of both is a repeat like any other.
        """
        own = {"stream": stream, "place": place, "reason": reason[:500]}
        entry = own | {"tries": str(tries), "at_ms": str(at_ms)}
        entry |= {f"field:{name}": value for name, value in fields.items()}
        async with within(_SECONDS):
            await self._client.xadd(self._stream, _text(entry), maxlen=_ROWS, approximate=True)

    async def list(self, *, after: str = "-", count: int = 100) -> list[DeadLetter]:
        """Return dead letters, oldest first."""
        first = after if after == "-" else f"({after}"
        async with within(_SECONDS):
            found: Any = await self._client.xrange(self._stream, first, "+", count)
        return [_letter(str(place), fields) for place, fields in found]

    async def get(self, place: str) -> DeadLetter | None:
        """Return one dead letter."""
        async with within(_SECONDS):
            found: Any = await self._client.xrange(self._stream, place, place)
        return _letter(place, found[0][1]) if found else None

    async def count(self) -> int:
        """Count them."""
        async with within(_SECONDS):
            return int(await self._client.xlen(self._stream))

    async def replay(self, letter: DeadLetter) -> None:
        """Append the entry to its stream again, and forget the letter."""
        async with within(_SECONDS):
            await self._client.xadd(letter.stream, _text(letter.fields))
            await self._client.xdel(self._stream, letter.place)

    async def drop(self, letter: DeadLetter) -> None:
        """Forget a letter for good."""
        async with within(_SECONDS):
            await self._client.xdel(self._stream, letter.place)


def _text(fields: Mapping[str, str]) -> Any:
    # redis-py wants an invariant dict; its types say less than it takes.
    return dict(fields)


def _letter(place: str, entry: Mapping[str, str]) -> DeadLetter:
    return DeadLetter(
        place=place,
        stream=entry.get("stream", ""),
        origin_place=entry.get("place", ""),
        reason=entry.get("reason", ""),
        tries=int(entry.get("tries", 0)),
        at_ms=int(entry.get("at_ms", 0)),
        fields={
            name.removeprefix("field:"): value
            for name, value in entry.items()
            if name.startswith("field:")
        },
    )
