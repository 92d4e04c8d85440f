"""The stream by which workers tell each other of calls: ``{fanzha:calls}:told``.

An entry is what one worker tells at a time, with the worker and its host. It holds numbers, as keys
that can be read back; so the stream keeps `MOST_ENTRIES`, seconds of a busy fleet, and is gone
`KEPT_MS` after the last.
"""

from dataclasses import dataclass
from typing import Any

from infra.redis.client import Client, within
from services.decision.exchange.told_calls import ToldCalls, unpacked

STREAM = "{fanzha:calls}:told"
MOST_ENTRIES = 1_000
KEPT_MS = 10_000
WAIT_MS = 2_000
READ_ENTRIES = 64
_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardCalls:
    """What some worker has told."""

    worker: str
    host: str
    told: ToldCalls | None
    """None where it could not be read."""


class ExchangeStore:
    """Writes and reads the stream. The client must not decode answers.

    Raises `Unavailable` within seconds while Redis is down.
    """

    def __init__(self, client: Client, *, worker: str, host: str) -> None:
        self._client: Any = client
        self._own = {"worker": worker.encode(), "host": host.encode()}
        self._seen = b""

    async def tell(self, told: ToldCalls) -> None:
        """Append what this worker tells."""
        async with within(_SECONDS):
            telling = self._client.pipeline(transaction=False)
            telling.xadd(STREAM, {**self._own, **told.packed()}, maxlen=MOST_ENTRIES)
            telling.pexpire(STREAM, KEPT_MS)
            await telling.execute()

    async def hear(self) -> list[HeardCalls]:
        """Wait a moment for what others tell; the first call begins with what is told after it."""
        async with within(_SECONDS + WAIT_MS / 1000):
            if not self._seen:
                newest = await self._client.xrevrange(STREAM, count=1)
                self._seen = newest[0][0] if newest else b"0-0"
            answer = await self._client.xread(
                {STREAM: self._seen}, count=READ_ENTRIES, block=WAIT_MS
            )
        heard = []
        for place, fields in _entries(answer):
            self._seen = place
            if fields.get(b"worker") != self._own["worker"]:
                heard.append(_heard(fields))
        return heard

    def skip(self) -> None:
        """Begin anew with what is told from now on, after an outage or when far behind."""
        self._seen = b""


def _heard(fields: dict[bytes, bytes]) -> HeardCalls:
    told: ToldCalls | None
    try:
        told = unpacked(fields)
    except ValueError:
        told = None
    worker, host = (fields.get(name, b"").decode(errors="replace") for name in (b"worker", b"host"))
    return HeardCalls(worker=worker, host=host, told=told)


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    # A list in version 2 of the protocol, a mapping with nested lists in version 3.
    if isinstance(answer, dict):
        return [entry for parts in answer.values() for part in parts for entry in part]
    return [entry for _stream, entries in answer or [] for entry in entries]
