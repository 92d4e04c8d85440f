"""Queues for call centres: one Redis stream for each city, read through consumer groups.

A message is appended once by its id to ``fanzha:warning:queue:<channel>:<city>``. A call centre
reads it with ``XREADGROUP`` in the group `GROUP`, and acknowledges it with ``XACK`` once the person
was handled. `QueueReceipts` turns acknowledgements into receipts. Other groups may read the stream
too; their acknowledgements are ignored.
"""

import contextlib
from collections.abc import Callable
from typing import Any

from redis.exceptions import ResponseError

from fanzha.errors import Unavailable
from infra.redis.client import Client, within
from services.warning.channels.channel import OnReceipt, Outgoing, Receipt, ReceiptState, SendResult
from services.warning.keys import region_key

GROUP = "call-centre"
_SECONDS = 4.0
_ROWS = 1_000_000
_MARKER_S = 180 * 86_400
_AGAIN_SECONDS = 5.0
_CITY_DIGITS = 4
_SCANNED = 500
_ADD = """
local known = redis.call('GET', KEYS[2])
if known then return known end
local place = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(ARGV, 3))
redis.call('SET', KEYS[2], place, 'EX', ARGV[1])
redis.call('ZADD', KEYS[3], 'NX', tonumber(string.match(place, '^%d+')), place)
return place
"""

_WITHDRAW = """
local place = redis.call('GET', KEYS[2])
if not place or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local function order(id)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end
local ms, number = order(place)
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local fields = {}
  for at = 1, #group, 2 do fields[group[at]] = group[at + 1] end
  if fields['name'] == ARGV[1] then
    local read_ms, read_number = order(fields['last-delivered-id'])
    if ms < read_ms or (ms == read_ms and number <= read_number) then return 0 end
  end
end
redis.call('ZREM', KEYS[3], place)
return redis.call('XDEL', KEYS[1], place)
"""


class CityQueues:
    """Sends a message to the queue of the recipient's city."""

    repeatable = True

    def __init__(self, client: Client, channel: str, *, width: int = 64) -> None:
        self._client = client
        self._channel = channel
        self.width = width

    async def ready(self) -> None:
        """Return at once: the queue is in the same store as the send stream."""

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Append a message to its queue."""
        city = city_of(outgoing.region)
        stream = queue(self._channel, city)
        fields = {
            "message_id": outgoing.message_id,
            "case_id": outgoing.case_id,
            "to": outgoing.to,
            "text": outgoing.text,
            "priority": str(outgoing.priority),
            "region": outgoing.region,
        }
        values = [part for field in fields.items() for part in field]
        marker = f"once:{{{stream}}}:{outgoing.message_id}"
        try:
            async with within(_SECONDS):
                await self._making_group(stream)
                place: Any = await self._client.eval(
                    _ADD, 3, stream, marker, _queue_key(stream), str(_MARKER_S), str(_ROWS), *values
                )
                await self._client.sadd(cities_key(self._channel), city)
        except Unavailable as error:
            return SendResult(
                error=str(error), retry_after=_AGAIN_SECONDS, in_doubt=True, down=True
            )
        return SendResult(accepted=True, provider_ids=(f"{city}/{place}",))

    async def withdraw(self, message_id: str, region: str) -> bool:
        """Remove a message that no call centre has read from the queue of a region."""
        stream = queue(self._channel, city_of(region))
        marker = f"once:{{{stream}}}:{message_id}"
        async with within(_SECONDS):
            removed: Any = await self._client.eval(
                _WITHDRAW, 3, stream, marker, _queue_key(stream), GROUP
            )
        return bool(removed)

    async def close(self) -> None:
        """Do nothing: the caller owns the client."""

    async def _making_group(self, stream: str) -> None:
        try:
            await self._client.xgroup_create(stream, GROUP, "0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise


class QueueReceipts:
    """Turns acknowledgements of call centres into receipts."""

    def __init__(
        self, client: Client, channel: str, *, on_receipt: OnReceipt, now_ms: Callable[[], int]
    ) -> None:
        self._client = client
        self._channel = channel
        self._on_receipt = on_receipt
        self._now_ms = now_ms

    async def step(self) -> int:
        """Check the queues of all cities; return the number of acknowledged messages."""
        async with within(_SECONDS):
            cities: Any = await self._client.smembers(cities_key(self._channel))
        return sum([await self._look_at(str(city)) for city in sorted(cities)])

    async def _look_at(self, city: str) -> int:
        stream = queue(self._channel, city)
        async with within(_SECONDS):
            reached = await self._last_given(stream)
            due: Any = await self._client.zrange(_queue_key(stream), 0, _SCANNED - 1)
            given = [str(place) for place in due if _order(str(place)) <= _order(reached)]
            asking = self._client.pipeline(transaction=False)
            for place in given:
                asking.xpending_range(stream, GROUP, place, place, 1)
            pending = await asking.execute() if given else []
        handled = [place for place, held in zip(given, pending, strict=True) if not held]
        for place in handled:
            await self._on_receipt(
                Receipt(
                    provider_id=f"{city}/{place}",
                    state=ReceiptState.DELIVERED,
                    at_ms=self._now_ms(),
                    why="acknowledged by the call centre",
                )
            )
            async with within(_SECONDS):
                await self._client.zrem(_queue_key(stream), place)
        return len(handled)

    async def _last_given(self, stream: str) -> str:
        with contextlib.suppress(ResponseError):  # there is no stream yet
            groups: Any = await self._client.xinfo_groups(stream)
            for group in groups:
                if group["name"] == GROUP:
                    return str(group["last-delivered-id"])
        return "0-0"


def city_of(region: str) -> str:
    """Return the city of a region: four digits, or a name; ``unknown`` if there is none."""
    key = region_key(region)
    return (key[:_CITY_DIGITS] if key.isdigit() else key) or "unknown"


def queue(channel: str, city: str) -> str:
    """Return the stream key of a city."""
    return f"fanzha:warning:queue:{channel}:{city}"


def cities_key(channel: str) -> str:
    """Return the key of the set of cities with a queue."""
    return f"fanzha:warning:cities:{channel}"


def _queue_key(stream: str) -> str:
    return f"waiting:{{{stream}}}"


def _order(place: str) -> tuple[int, int]:
    at_ms, _, number = place.partition("-")
    return int(at_ms), int(number or 0)
