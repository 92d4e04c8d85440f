"""Send ledger: makes sure that each message is sent at most once.

``state:{<send stream>}:<message id>`` is a hash with the ``status`` of a message:

=========  ===================================================  ===================================
status     meaning                                              next
=========  ===================================================  ===================================
(none)     not tried, to be retried, or replayed                claimed
claimed    a worker acquired it, and has not sent it            sending, (none), refused; doubt [1]
sending    the worker is sending it                             sent, refused, (none), doubt
sent       the channel accepted it                              end
refused    the channel will never accept it, or it is withheld  end
doubt      it may have been sent: the worker died, or the       end; claimed if repeatable [2]
           channel did not answer
=========  ===================================================  ===================================

[1] A claim by another worker finds *claimed*. If the server of the store has been the primary ever
since (``run``), the message was not sent, and the claim succeeds. After a restart or a failover the
status may have been *sending*, because that write waits for no disk and no replica: the message is
in doubt. The worker that made the claim may repeat it.

[2] A channel is repeatable if its provider deduplicates by message id. Only such a channel sends a
message in doubt again.

Until ``until_ms``, by the clock of the store, whoever claimed a message holds it: others that come
upon it, because an entry of the stream was repeated or a failover lost who had it, wait and ask
again. A claim is one by its owner and its time (``by``, ``at_ms``): a worker that comes upon its
own message once more waits, too.

A claim is durable before the message is sent, so neither a crash of the store nor a failover makes
it look untried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from infra.redis.client import Client, execute_durable, is_cluster, within

_SECONDS = 8.0
STATE_S = 90 * 86_400
"""Retention of the status of a message."""
PROVIDER_S = 7 * 86_400
"""Time within which receipts are matched."""
_CLAIM = """
local known = redis.call('HMGET', KEYS[1], 'status', 'by', 'at_ms', 'run', 'until_ms', 'why')
local status = known[1]
if status == 'sent' or status == 'refused' then return {status, known[6] or '', 0} end
local active = status == 'claimed' or status == 'sending'
local ours = status == 'claimed' and known[2] == ARGV[1] and known[3] == ARGV[2]
local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if active and not ours then
  local left = (tonumber(known[5] or '0') or 0) - now_ms
  -- More is left only where the clock of the store was set back.
  if left > 0 and left <= tonumber(ARGV[6]) then return {status, '', left} end
end
local untouched = ours or (status == 'claimed' and ARGV[5] ~= '' and known[4] == ARGV[5])
if status and not untouched and ARGV[3] == '0' then
  if status ~= 'doubt' then
    redis.call('HSET', KEYS[1], 'status', 'doubt', 'why', 'whoever was sending it left')
  end
  return {'doubt', redis.call('HGET', KEYS[1], 'why') or '', 0}
end
redis.call('HSET', KEYS[1], 'status', 'claimed', 'by', ARGV[1], 'at_ms', ARGV[2],
           'run', ARGV[5], 'until_ms', string.format('%.0f', now_ms + tonumber(ARGV[6])))
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {'claimed', '', 0}
"""
_BEGIN = """
local known = redis.call('HMGET', KEYS[1], 'status', 'by', 'at_ms')
if known[2] ~= ARGV[1] or (ARGV[2] ~= '' and known[3] ~= ARGV[2]) then return 0 end
if known[1] ~= 'claimed' and known[1] ~= 'sending' then return 0 end
local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[1], 'status', 'sending',
           'until_ms', string.format('%.0f', now_ms + tonumber(ARGV[3])))
return 1
"""
_WITHDRAW = """
local known = redis.call('HGET', KEYS[1], 'status')
if known and known ~= 'claimed' then return known end
redis.call('HSET', KEYS[1], 'status', 'refused', 'why', ARGV[1], 'settled_at_ms', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 'refused'
"""
_SETTLE = """
local known = redis.call('HGET', KEYS[1], 'status')
if known == 'sent' or known == 'refused' then return known end
if ARGV[1] == '' then
  redis.call('HDEL', KEYS[1], 'status')
else
  redis.call('HSET', KEYS[1], 'status', ARGV[1], 'why', ARGV[2], 'settled_at_ms', ARGV[3],
             'parts', ARGV[6])
end
for at = 2, #KEYS do redis.call('SET', KEYS[at], ARGV[4], 'EX', ARGV[5]) end
return ARGV[1]
"""
_PART = """
redis.call('HSET', KEYS[1], 'part:' .. ARGV[1], ARGV[2])
local parts = tonumber(redis.call('HGET', KEYS[1], 'parts') or '1')
local delivered = 0
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  if string.sub(all[at], 1, 5) == 'part:' and all[at + 1] == 'delivered' then
    delivered = delivered + 1
  end
end
return delivered >= parts and 1 or 0
"""


class SendStatus(StrEnum):
    """Statuses of a message: see the module."""

    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    DOUBT = "doubt"
    OPEN = ""
    """No status: it may be claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendClaim:
    """The result of a claim: CLAIMED if acquired, otherwise the known status."""

    status: SendStatus
    why: str = ""
    at_ms: int = 0
    """What tells this claim from others of its owner."""
    held_ms: int = 0
    """If positive, not acquired: the message is another claim's for so long, at most."""


class SendLedger:
    """The ledger of one channel. Raises `Unavailable` while Redis is away."""

    def __init__(
        self, client: Client, stream: str, *, owner: str, on_disk: bool = True, hold_ms: int = 0
    ) -> None:
        """Claims of *owner* are held for *hold_ms*; without *on_disk*, they may be lost."""
        self._client = client
        self._stream = stream
        self._owner = owner
        self._on_disk = on_disk
        self._hold_ms = hold_ms

    async def claim(
        self, message_ids: Sequence[str], now_ms: int, *, repeatable: bool
    ) -> list[SendClaim]:
        """Claim different messages; result i is that of message i. Waits until claims are durable.

        Idempotent by owner and *now_ms*: repeat the call if the answer was lost. Other calls of
        the owner have other times.
        """
        if not message_ids:
            return []
        async with within(_SECONDS):
            run = await self._run()
            claiming = self._client.pipeline(transaction=False)
            for one in message_ids:
                values = (self._owner, now_ms, int(repeatable), STATE_S, run, self._hold_ms)
                claiming.eval(_CLAIM, 1, self._state(one), *values)
            if self._on_disk:
                answers = await execute_durable(self._client, claiming)
            else:
                answers = await claiming.execute()
        return [
            SendClaim(status=SendStatus(status), why=why, at_ms=now_ms, held_ms=int(held_ms))
            for status, why, held_ms in answers
        ]

    async def begin(self, message_id: str, claimed_ms: int | None = None) -> bool:
        """Mark a claimed message as being sent; False: the claim was lost.

        The claim is that of *claimed_ms*, or the owner's last. May be repeated if the answer was
        lost and nothing was sent.
        """
        token = "" if claimed_ms is None else str(claimed_ms)
        async with within(_SECONDS):
            ours: Any = await self._client.eval(
                _BEGIN, 1, self._state(message_id), self._owner, token, str(self._hold_ms)
            )
        return bool(ours)

    async def withdraw(self, message_id: str, now_ms: int, *, why: str) -> SendStatus:
        """Refuse a message that no channel has been given; return the status that holds.

        A worker that has claimed it cannot begin to send it any more.
        """
        async with within(_SECONDS):
            known: Any = await self._client.eval(
                _WITHDRAW, 1, self._state(message_id), why[:300], str(now_ms), STATE_S
            )
        return SendStatus(known)

    async def settle(
        self,
        message_id: str,
        status: SendStatus,
        now_ms: int,
        *,
        why: str = "",
        provider_ids: Sequence[str] = (),
        remember: str = "",
    ) -> SendStatus:
        """Write the status of a message; *provider_ids* map receipts to *remember*.

        Returns the status that holds: *status*, or SENT or REFUSED where one of these was written
        before, which nothing changes.
        """
        # Receipts vary in leading zeros and case.
        forms = {form: None for one in provider_ids for form in (one, one.lstrip("0").lower())}
        names = [self._state(message_id), *map(self._provider, filter(None, forms))]
        async with within(_SECONDS):
            values = (
                *(status.value, why[:300], str(now_ms), remember, str(PROVIDER_S)),
                str(len(provider_ids)),
            )
            known: Any = await self._client.eval(_SETTLE, len(names), *names, *values)
        return SendStatus(known)

    async def remembered(self, forms: Sequence[str]) -> str | None:
        """Return what was remembered for a provider id, written in one of *forms*."""
        async with within(_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for form in forms:
                reading.get(self._provider(form))
            found = await reading.execute()
        return next((str(text) for text in found if text), None)

    async def part_delivered(self, message_id: str, provider_id: str) -> bool:
        """Record the delivery of one part; return whether all parts were delivered."""
        async with within(_SECONDS):
            names = (self._state(message_id), provider_id, "delivered")
            done: Any = await self._client.eval(_PART, 1, *names)
        return bool(done)

    async def _run(self) -> str:
        """Return for how long the server has been the primary; empty for a cluster of several.

        The id of its run changes with a restart. That of its replication changes, too, when it
        becomes the primary: it may have been one before, and a replica since.
        """
        if is_cluster(self._client):
            return ""
        asking = self._client.pipeline(transaction=False)
        asking.info("server")
        asking.info("replication")
        server, replication = await asking.execute()
        return f"{server['run_id']} {replication['master_replid']}"

    def _state(self, message_id: str) -> str:
        return f"state:{{{self._stream}}}:{message_id}"

    def _provider(self, provider_id: str) -> str:
        return f"provider:{{{self._stream}}}:{provider_id}"
